"""What all clients of one credential share in a process: the pause after a 429, the rate limit, the login.

The quota is the credential's: two clients with a limit each would send twice what the server allows, and each
would log in for itself.
"""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from weakref import WeakKeyDictionary

import anyio

from alianza_async.calls.events import LoggedIn
from alianza_async.calls.hidden import hidden
from alianza_async.errors import SessionStateError
from alianza_async.policies.authentication import Authenticator
from alianza_async.policies.limit import RateLimiter
from alianza_async.policies.pause import Pause
from alianza_async.policies.refusals import REFUSALS, Refusals

if TYPE_CHECKING:
    from alianza_async.calls.call import Call, Reply
    from alianza_async.calls.carrier import Carrier
    from alianza_async.calls.events import Emitter
    from alianza_async.calls.redaction import Redactor
    from alianza_async.client.settings import ClientSettings
    from alianza_async.policies.authentication import AuthScheme
    from alianza_async.policies.base import Next

__all__ = ["Credential", "Member"]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Member:
    """An open client.

    Attributes:
        carrier: Whose API it calls.
        auth: How it logs in.
        settings: What it is made with.
        redact: Takes secrets out of what its server says.
        emit: Takes its events.
        send: Its pipeline without a token.
    """

    carrier: Carrier
    auth: AuthScheme
    settings: ClientSettings
    redact: Redactor
    emit: Emitter | None
    send: Next


class Credential:
    """A credential in use at one host, in one event loop, by the clients that are open.

    Its rate is the lowest one that any of them was given; how a login is renewed is as the first one says.

    Args:
        first: The client that is the first to be opened.

    Attributes:
        pause: The pause that a 429 asks for.
        limiter: The rate limit.
        authenticator: The token, and the login under way.
        identity_lock: Held while it is found out who is logged in.
    """

    def __init__(self, first: Member) -> None:
        settings = first.settings
        self._members: list[Member] = []
        self._rate = settings.limit.rate
        self.pause = Pause()
        self.limiter = RateLimiter(settings.limit, self.pause)
        self.authenticator = Authenticator(
            first.auth,
            self._send,
            settings.renewal,
            token=hidden(settings.token) if settings.token else None,
            refusals=_refusals_of(first.carrier.name, settings, first.auth),
            on_token=self._hide,
            on_login=self._tell,
            on_waiting=self.limiter.wait_for_login,
        )
        self.identity_lock = anyio.Lock()

    @classmethod
    def join(cls, member: Member) -> Credential:
        """Return the credential of a client that is being opened; another one's where they share it."""
        settings = member.settings
        key = _key_of(member.carrier.name, settings, member.auth) if settings.share else None
        in_loop = _IN_USE.setdefault(asyncio.get_running_loop(), {})
        credential = None if key is None else in_loop.get(key)
        if credential is None:
            credential = cls(member)
            if key is not None:
                in_loop[key] = credential
        credential._add(member)
        return credential

    def _add(self, member: Member) -> None:
        self._members.append(member)
        self._agree()
        given = member.settings.token
        mine = (hidden(given) if given else None, *member.auth.secrets)
        for secret in (self.authenticator.token, *mine):
            if secret:
                member.redact.add(secret, keep=True)

    def change(self, auth: AuthScheme, settings: ClientSettings) -> None:
        """Log in otherwise from now on.

        Args:
            auth: How.
            settings: Those of the client that says so.
        """
        name = self._members[0].carrier.name
        for member in self._members:
            for secret in auth.secrets:
                member.redact.add(secret, keep=True)
        self.authenticator.change(auth, _refusals_of(name, settings, auth))
        in_loop = _IN_USE.get(asyncio.get_running_loop(), {})
        if self in in_loop.values() and (key := _key_of(name, settings, auth)) is not None:
            in_loop.setdefault(key, self)  # who opens with the new credential shares it too

    def step_back(self, redact: Redactor) -> None:
        """Let a client that begins to close make no login any more, where another one can."""
        self._members = self._without(redact) or self._members

    async def leave(self, redact: Redactor) -> None:
        """Let a client go; the last one ends a login under way.

        Args:
            redact: The client's own.
        """
        self._members = self._without(redact)
        if self._members:
            self._agree()
            return
        in_loop = _IN_USE.get(asyncio.get_running_loop(), {})
        for key in [key for key, credential in in_loop.items() if credential is self]:
            del in_loop[key]
        await self.authenticator.aclose()

    def _without(self, redact: Redactor) -> list[Member]:
        return [member for member in self._members if member.redact is not redact]

    def _agree(self) -> None:
        """Set the lowest rate of all; one that was set meanwhile stays where that is as it was."""
        rate = min(member.settings.limit.rate for member in self._members)
        if rate != self._rate:
            self._rate = rate
            self.limiter.change(rate)

    async def _send(self, call: Call) -> Reply[object]:
        """Send a call of the login through a client that is open; through another where that is closed."""
        while True:
            if not self._members:
                raise SessionStateError(
                    "every client of this login was closed before it was made; nothing was sent"
                )
            member = self._members[0]
            try:
                return await member.send(call)
            except Exception:
                if member in self._members:
                    raise

    def _hide(self, token: str) -> None:
        for member in self._members:
            member.redact.add(token)

    def _tell(self, error: BaseException | None) -> None:
        name = None if error is None else type(error).__name__
        for member in self._members:
            if member.emit is not None:
                member.emit(LoggedIn(carrier=member.carrier.name, error=name))


_IN_USE: Final[WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, Credential]]] = WeakKeyDictionary()


def _refusals_of(carrier: str, settings: ClientSettings, auth: AuthScheme) -> Refusals:
    """Return the refusals of a password; a transport of one's own may lead anywhere, and begins with none."""
    if auth.credential is None or not isinstance(settings.transport, str):
        return Refusals()
    key = _key_of(carrier, settings, auth)
    return Refusals() if key is None else REFUSALS.of(key)


def _key_of(carrier: str, settings: ClientSettings, auth: AuthScheme) -> str | None:
    """Return what tells a credential at a host from others; None where there is none."""
    credential = auth.credential
    if credential is None and settings.token is not None:
        credential = hidden(settings.token)
    if credential is None:
        return None
    # A transport of one's own may lead anywhere, whatever the URL says.
    transport = settings.transport
    own = "" if isinstance(transport, str) else str(id(transport))
    facts = hidden(f"{carrier}\0{settings.base_url}\0{own}\0{credential}")
    return hashlib.sha256(facts.encode("utf-8", "surrogatepass")).hexdigest()
