"""Alianza as a carrier: how to log in, and what its paths are filled in with."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final, cast

from alianza_async.calls.carrier import Carrier
from alianza_async.calls.hidden import hidden
from alianza_async.calls.logs import logger
from alianza_async.errors import AnswerError, ConfigurationError
from alianza_async.models.authorize import Login, LoginInfo
from alianza_async.policies.authentication import Identity, Token, refused_login
from alianza_async.resources.authorize import Authorize

if TYPE_CHECKING:
    from alianza_async.errors import AuthenticationError
    from alianza_async.policies.base import Next
    from alianza_async.settings import Credentials

__all__ = ["ALIANZA", "PARTITION", "AlianzaLogin"]

PARTITION: Final = "partition_id"
_NOT_PERMITTED: Final = "notpermitted"

ALIANZA: Final = Carrier(name="alianza", defaults={PARTITION: "give partition_id or ALIANZA_PARTITION_ID"})


class AlianzaLogin:
    """Logs in with a user name and a password (`POST /v2/authorize`); requests carry `X-AUTH-TOKEN`.

    Args:
        credentials: User name and password; None where only a token is given.
    """

    def __init__(self, credentials: Credentials | None) -> None:
        self._credentials = credentials

    @property
    def can_log_in(self) -> bool:
        """Whether there are credentials for another token."""
        return self._credentials is not None

    @property
    def credential(self) -> str | None:
        """User name and password, as one text."""
        who = self._credentials
        return None if who is None else hidden(f"{who.username}\0{who.password.get_secret_value()}")

    @property
    def secrets(self) -> tuple[str, ...]:
        """The password."""
        return () if self._credentials is None else (hidden(self._credentials.password),)

    @property
    def how_to_log_in(self) -> str:
        """What a user does to give credentials."""
        return "set ALIANZA_USERNAME and ALIANZA_PASSWORD"

    async def log_in(self, send: Next, /) -> Token:
        """Log in.

        Raises:
            ConfigurationError: The answer holds no token.
            CallError: The login was refused, or could not be made.
        """
        credentials = self._credentials
        assert credentials is not None  # noqa: S101  (asked only where there are some)
        body = Login(username=credentials.username, password=credentials.password)
        try:
            reply = await send(Authorize.login.prepare((body,), {}, {}))
        except AnswerError as error:
            if error.status == HTTPStatus.BAD_REQUEST and _NOT_PERMITTED in _said(error):
                raise _partition_refused(error) from None
            raise
        info = cast("LoginInfo", reply.value)
        if info.auth_token is None:
            raise ConfigurationError("the login answered without a token; is base_url an Alianza API?")
        if info.must_change_password:
            logger.warning("the password of this login must be changed; see session.must_change_password")
        return Token(hidden(info.auth_token), info.lifetime(), _identity(info))

    async def identify(self, send: Next, /) -> Identity:
        """Ask who the token speaks for: `GET /v2/authorize/userinfo`."""
        reply = await send(Authorize.user_info.prepare((), {}, {}))
        return _identity(cast("LoginInfo", reply.value))

    def stamp(self, token: str, headers: dict[str, str]) -> None:
        """Put a token on a request."""
        headers["X-AUTH-TOKEN"] = token


def _said(error: AnswerError) -> str:
    """Return what the server called the refusal, as letters alone."""
    texts = (error.code or "", *error.messages)
    return "".join(letter for text in texts for letter in text.lower() if letter.isalpha())


def _partition_refused(error: AnswerError) -> AuthenticationError:
    return refused_login(
        error,
        f"the login was refused because of its partition ({error.message}): user name and password are not "
        "the reason; ask the provider whether this login may use the API in this environment",
    )


def _identity(info: LoginInfo) -> Identity:
    return Identity(info, {} if info.partition_id is None else {PARTITION: info.partition_id})
