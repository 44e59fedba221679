"""The session: a client of Alianza, with every resource under it.

```python
async with Session.from_env() as session:
    account = await session.accounts.get_by_number("ACME-1")
```
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, ClassVar, Final, cast

from pydantic import SecretStr

from alianza_async.calls.files import DEFAULT_MAX_DOWNLOAD_BYTES
from alianza_async.calls.frames import forget_variables
from alianza_async.calls.hidden import HiddenUrl
from alianza_async.carrier import ALIANZA, PARTITION, AlianzaLogin
from alianza_async.client import Client, ClientSettings
from alianza_async.endpoints.large_bodies import DEFAULT_MAX_LIST_ITEMS, DEFAULT_MAX_PARSED_BYTES
from alianza_async.errors import ConfigurationError
from alianza_async.resources.namespace import Namespace
from alianza_async.settings import Credentials, Settings, resolve_base_url, set_log_level
from alianza_async.transports.base import DEFAULT_MAX_BODY_BYTES, Transport

if TYPE_CHECKING:
    import os
    import ssl
    from collections.abc import Sequence

    from alianza_async.calls.events import OnEvent
    from alianza_async.models.authorize import LoginInfo
    from alianza_async.policies.own import OwnPolicy
    from alianza_async.policies.values import LimitPolicy, RetryPolicy, TokenPolicy
    from alianza_async.settings import Environment
    from alianza_async.transports.choice import TransportName

__all__ = ["Session"]

_NO_CREDENTIALS: Final = "the credentials are no user name and password; give Credentials(username, password)"


class Session(Client, Namespace):
    """One login, one connection pool, one rate limit, and everything the API can do under them.

    What is not given is read from `ALIANZA_*` variables. Use it as `async with Session(...) as session:`.

    Args:
        credentials: User name and password.
        environment: development, qa, beta or production; without a choice it is beta, with a warning.
        base_url: Where the API answers, instead of at the environment's own URL; plain http to this machine
            alone. An environment that is named stays named beside it.
        auth_token: A token already issued; used until it is refused.
        partition_id: Overrides the login's partition.
        retry: How often and how long a call is tried.
        limit: How many requests a second leave.
        token: When a login is renewed.
        transport: What carries requests: `httpx`, the default; `fast` (needs the extra of that name); or one
            of your own, which is closed with the session.
        max_connections: Connections, and so requests under way, at the most.
        max_body_bytes: The largest decoded body that is read.
        max_download_bytes: The largest answer that is a file.
        max_list_items: Items of a list that one answer may hold.
        max_parsed_bytes: Bytes that an answer may take once it is parsed, as estimated.
        file_hosts: Hosts that files may lie on, by the API's word, with a private address or plain http:
            names and addresses, without a port. The base URL's own host is always one.
        ssl_context: An own TLS context.
        system_trust: Whether the operating system's certificates are trusted instead of certifi's; needs the
            extra `system-trust`.
        proxy: URL of a proxy, http or https.
        trust_env: Whether `HTTPS_PROXY` and its like are heeded.
        send_request_id: Whether our request id is sent as `X-Request-ID`.
        close_timeout: Seconds that requests under way have when the session closes.
        max_queue: How many interactive calls may wait; a new one beyond that raises `OverloadedError` at once
            and is not sent. Look-ups, further attempts, logins and bulk calls are never refused.
        share: Whether sessions of one process that use the same login at the same host share its rate limit
            and its token.
        policies: Policies of your own, each in its place: `per_call(...)` or `per_attempt(...)`.
        on_event: Takes events: calls, attempts, retries, look-ups, logins, 429s, jobs and their rows.
        settings: Variables already read, instead of the process's.

    Raises:
        ConfigurationError: A setting is missing or invalid.
    """

    _noun: ClassVar[str] = "session"

    def __init__(
        self,
        credentials: Credentials | None = None,
        environment: Environment | str | None = None,
        *,
        base_url: str | None = None,
        auth_token: str | SecretStr | None = None,
        partition_id: str | None = None,
        retry: RetryPolicy | None = None,
        limit: LimitPolicy | None = None,
        token: TokenPolicy | None = None,
        transport: TransportName | Transport | None = None,
        max_connections: int | None = None,
        max_body_bytes: int = DEFAULT_MAX_BODY_BYTES,
        max_download_bytes: int = DEFAULT_MAX_DOWNLOAD_BYTES,
        max_list_items: int = DEFAULT_MAX_LIST_ITEMS,
        max_parsed_bytes: int = DEFAULT_MAX_PARSED_BYTES,
        file_hosts: Sequence[str] | None = None,
        ssl_context: ssl.SSLContext | None = None,
        system_trust: bool | None = None,
        proxy: str | None = None,
        trust_env: bool | None = None,
        send_request_id: bool | None = None,
        close_timeout: float = 5.0,
        max_queue: int | None = None,
        share: bool = True,
        policies: Sequence[OwnPolicy] = (),
        on_event: OnEvent | None = None,
        settings: Settings | None = None,
    ) -> None:
        # What is a secret is hidden first: this frame is in the traceback of whatever is refused below.
        if credentials is not None and not _are_credentials(credentials):
            del credentials
            raise ConfigurationError(_NO_CREDENTIALS)
        auth_token = SecretStr(auth_token) if isinstance(auth_token, str) else auth_token
        proxy = HiddenUrl(proxy) if isinstance(proxy, str) else proxy
        base_url = HiddenUrl(base_url) if isinstance(base_url, str) else base_url
        read = settings or Settings.load()
        who, token_given = read.who(credentials=credentials, auth_token=auth_token)
        if read.log_level:
            set_log_level(read.log_level)
        handled = sys.exception()
        try:
            url, known = resolve_base_url(*read.where(base_url=base_url, environment=environment))
        except ConfigurationError as error:
            forget_variables(error, handled)  # a URL that is refused may hold a password
            raise
        partition = read.partition_id if partition_id is None else partition_id
        self._environment = known
        super().__init__(
            ALIANZA,
            AlianzaLogin(who),
            ClientSettings(
                base_url=url,
                token=token_given,
                defaults={} if partition is None else {PARTITION: partition},
                retry=retry or read.retry_policy(),
                limit=limit or read.limit_policy(),
                renewal=token or read.token_policy(),
                transport=transport or read.transport or "httpx",
                max_connections=(read.max_connections or 120) if max_connections is None else max_connections,
                max_body_bytes=max_body_bytes,
                max_download_bytes=max_download_bytes,
                max_list_items=max_list_items,
                max_parsed_bytes=max_parsed_bytes,
                file_hosts=read.listed_file_hosts() if file_hosts is None else file_hosts,
                ssl_context=ssl_context,
                system_trust=read.system_trust if system_trust is None else system_trust,
                proxy=proxy or read.proxy,
                trust_env=read.trust_env if trust_env is None else trust_env,
                send_request_id=read.send_request_id if send_request_id is None else send_request_id,
                close_timeout=close_timeout,
                max_queue=read.max_queue if max_queue is None else max_queue,
                share=share,
                policies=policies,
                on_event=on_event,
            ),
        )

    @classmethod
    def from_env(cls, *, env_file: str | os.PathLike[str] | None = None) -> Session:
        """Return a session as the `ALIANZA_*` variables say, and a `.env` file where one is named.

        Raises:
            ConfigurationError: A variable is missing or invalid.
        """
        return cls(settings=Settings.load(env_file))

    # --- who is logged in, and where ------------------------------------------------------------------

    async def login(self) -> LoginInfo:
        """Log in now, also after a login was refused; calls do so by themselves when they need it.

        `POST /v2/authorize`.

        Raises:
            AuthenticationError: The login was refused.
            CallError: It could not be made.
        """
        opened = self._opened
        self._check_loop(opened)
        return cast("LoginInfo", (await opened.credential.authenticator.login()).info)

    def change_credentials(self, credentials: Credentials) -> None:
        """Log in with another user name or password from now on, such as after the password was changed.

        The token serves on until its end, or until the server refuses it; refused logins are forgotten.
        Sessions that share this one's login change with it.

        Args:
            credentials: The new ones.

        Raises:
            ConfigurationError: They are none.
        """
        if not _are_credentials(credentials):
            del credentials
            raise ConfigurationError(_NO_CREDENTIALS)
        self.change_auth(AlianzaLogin(credentials))

    @property
    def info(self) -> LoginInfo | None:
        """Who is logged in, once a login was made; None before."""
        identity = self._opened.credential.authenticator.identity
        return None if identity is None else cast("LoginInfo", identity.info)

    @property
    def must_change_password(self) -> bool:
        """Whether the login answered that its password must be changed."""
        info = self.info
        return bool(info and info.must_change_password)

    @property
    def environment(self) -> Environment | None:
        """The provider's environment in use; None for another base URL."""
        return self._environment

    @property
    def known_partition(self) -> str | None:
        """The partition in use, where it is known without asking."""
        return self.known_default(PARTITION)

    async def partition_id(self) -> str:
        """Return the partition in use: the one given, or the login's.

        Raises:
            ConfigurationError: The login has none.
            CallError: The login failed.
        """
        return await self.default(PARTITION)


def _are_credentials(given: object) -> bool:
    """Tell whether credentials are some: callers without types give anything."""
    return isinstance(given, Credentials)
