"""What a session is told: where, who, how fast, how patient.

Arguments win over `ALIANZA_*` variables, which win over a `.env` file, which is read only when it is named.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from types import NoneType
from typing import TYPE_CHECKING, Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, DotEnvSettingsSource, SettingsConfigDict

from alianza_async.calls.frames import forget_variables
from alianza_async.calls.hidden import HiddenUrl
from alianza_async.calls.hosts import checked_base_url
from alianza_async.calls.logs import logger
from alianza_async.calls.wording import is_text
from alianza_async.errors import ConfigurationError
from alianza_async.policies.values import LimitPolicy, RetryPolicy, TokenPolicy

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

__all__ = [
    "Credentials",
    "Environment",
    "Settings",
    "resolve_base_url",
    "set_log_level",
]


class Environment(StrEnum):
    """The provider's environments; credentials differ in each."""

    DEVELOPMENT = "development"
    QA = "qa"
    BETA = "beta"
    PRODUCTION = "production"

    @property
    def base_url(self) -> str:
        """Where its API answers."""
        return _BASE_URLS[self]


_BASE_URLS = {
    Environment.DEVELOPMENT: "https://api.d2.alianza.com",
    Environment.QA: "https://api.q2.alianza.com",
    Environment.BETA: "https://api.b2.alianza.com",
    Environment.PRODUCTION: "https://api.alianza.com",
}
_ENVIRONMENTS = {urlsplit(url).hostname: name for name, url in _BASE_URLS.items()}


@dataclass(frozen=True, slots=True)
class Credentials:
    """User name and password of a login.

    Attributes:
        username: The login's name.
        password: Kept out of every repr; plain text is wrapped.
    """

    username: str
    password: SecretStr

    def __init__(self, username: str, password: str | SecretStr) -> None:
        """Take the password as text or already wrapped."""
        password = password if isinstance(password, SecretStr) else SecretStr(password)
        fit = {"user name": is_text(username), "password": is_text(password.get_secret_value())}
        for what, is_fit in fit.items():
            if not is_fit:
                raise ConfigurationError(f"the {what} is no valid Unicode text; give it as it was issued")
        if not username:
            raise ConfigurationError("the user name is empty; give the login's name")
        if not password.get_secret_value():
            raise ConfigurationError("the password is empty; give the login's password")
        object.__setattr__(self, "username", username)
        object.__setattr__(self, "password", password)


class Settings(BaseSettings):
    """What `ALIANZA_*` variables may say.

    Attributes:
        username: Login's name.
        password: Login's password.
        auth_token: A token already issued, instead of a login or until it ends.
        environment: development, qa, beta or production.
        base_url: Where the API answers, instead of at the environment's own URL; plain http to this machine
            alone.
        partition_id: Overrides the login's partition.
        log_level: Level of the `alianza_async` logger.
        rate: Requests a second.
        attempts: Requests a call may send.
        timeout: Seconds for one request.
        settle_s: Seconds after which a create whose answer was lost is looked up.
        token_lifetime: Seconds a token lives where the server does not say.
        token_sliding: Whether that counts from a token's last use.
        max_connections: Connections of the pool.
        file_hosts: Hosts with private addresses that files may lie on, separated by commas.
        max_queue: How many interactive calls may wait before new ones are refused.
        proxy: URL of a proxy; its user and password are in no repr.
        trust_env: Whether `HTTPS_PROXY` and its like are heeded.
        system_trust: Whether the operating system's certificates are trusted instead of certifi's.
        send_request_id: Whether `X-Request-ID` is sent.
        transport: httpx or fast.
    """

    model_config = SettingsConfigDict(
        env_prefix="ALIANZA_", env_ignore_empty=True, extra="ignore", hide_input_in_errors=True
    )

    username: str | None = None
    password: SecretStr | None = None
    auth_token: SecretStr | None = None
    environment: Environment | None = None
    base_url: Annotated[str, AfterValidator(HiddenUrl)] | None = None
    partition_id: str | None = None
    log_level: str | None = None
    rate: float | None = Field(default=None, gt=0)
    attempts: int | None = Field(default=None, ge=1)
    timeout: float | None = Field(default=None, gt=0)
    settle_s: float | None = Field(default=None, ge=0)
    token_lifetime: float | None = Field(default=None, gt=0)
    token_sliding: bool = False
    max_connections: int | None = Field(default=None, ge=1)
    file_hosts: str | None = None
    max_queue: int | None = Field(default=None, ge=1)
    proxy: Annotated[str, AfterValidator(HiddenUrl)] | None = None
    trust_env: bool = False
    system_trust: bool = False
    send_request_id: bool = True
    transport: Literal["httpx", "fast"] | None = None

    @classmethod
    def load(cls, env_file: str | os.PathLike[str] | None = None) -> Self:
        """Read the variables, and the file where one is named.

        Raises:
            ConfigurationError: The file is not there, or a variable's value is not allowed; names the
                variable, not its value.
        """
        if env_file is not None and not Path(env_file).is_file():
            raise ConfigurationError(
                f"there is no file {str(env_file)!r}; name the .env file that is to be read"
            )
        file = None if env_file is None else Path(env_file)
        try:
            # pydantic's mypy plugin knows this argument, pyright does not.
            return cls(_env_file=file)  # pyright: ignore[reportCallIssue]
        except ValidationError as error:
            forget_variables(error, None)
            problems = "; ".join(
                f"ALIANZA_{'_'.join(str(part) for part in item['loc']).upper()}: {item['msg']}"
                for item in error.errors(include_input=False, include_url=False, include_context=False)
            )
            raise ConfigurationError(f"a setting cannot be read: {problems}") from None

    def where(
        self, *, base_url: str | None, environment: Environment | str | None
    ) -> tuple[str | None, Environment | None]:
        """Return base URL and environment; an argument wins over its variable.

        An environment as an argument silences the variable of the base URL too: it says where calls go. A
        base URL as an argument leaves the environment's variable as it is, unless it is one of the
        provider's own: a tunnel is a way to an environment, and does not say to which.

        Raises:
            ConfigurationError: There is no such environment, or the base URL is none.
        """
        if environment is not None:
            try:
                return base_url, Environment(environment)
            except ValueError:
                names = ", ".join(Environment)
                raise ConfigurationError(
                    f"there is no environment {environment!r}; give one of {names}"
                ) from None
        if base_url is None:
            return self.base_url, self.environment
        own = environment_of(base_url)
        return base_url, self.environment if own in {None, self.environment} else None

    def who(
        self, *, credentials: Credentials | None, auth_token: str | SecretStr | None
    ) -> tuple[Credentials | None, SecretStr | None]:
        """Return credentials and token; what is given as an argument silences both variables.

        Raises:
            ConfigurationError: There is neither.
        """
        auth_token = SecretStr(auth_token) if isinstance(auth_token, str) else auth_token
        if credentials is None and auth_token is None:
            if self.username is not None and self.password is not None:
                credentials = Credentials(self.username, self.password)
            auth_token = self.auth_token
            if credentials is None and auth_token is None:
                raise ConfigurationError(
                    "there is nothing to log in with; set ALIANZA_USERNAME and ALIANZA_PASSWORD, "
                    "or give credentials"
                )
        if not isinstance(auth_token, (SecretStr, NoneType)):  # pyright: ignore[reportUnnecessaryIsInstance] - callers without types
            raise ConfigurationError("auth_token is no text; give it as it was issued")
        return credentials, auth_token

    def listed_file_hosts(self) -> tuple[str, ...]:
        """Return the hosts that the variable lists."""
        return tuple(host.strip() for host in (self.file_hosts or "").split(",") if host.strip())

    def retry_policy(self) -> RetryPolicy:
        """Return the retry policy the variables ask for."""
        policy = RetryPolicy()
        return replace(
            policy,
            attempts=self.attempts or policy.attempts,
            attempt_timeout=self.timeout or policy.attempt_timeout,
            settle_s=policy.settle_s if self.settle_s is None else self.settle_s,
        )

    def limit_policy(self) -> LimitPolicy:
        """Return the rate limit the variables ask for."""
        return LimitPolicy(rate=self.rate) if self.rate else LimitPolicy()

    def token_policy(self) -> TokenPolicy:
        """Return when a login is renewed, as the variables ask for it."""
        policy = TokenPolicy(sliding=self.token_sliding)
        return replace(policy, lifetime=self.token_lifetime) if self.token_lifetime else policy


def environment_of(base_url: str) -> Environment | None:
    """Return which of the provider's environments a base URL is, by its host; None where it is none of them.

    Raises:
        ConfigurationError: It is no base URL.
    """
    return _ENVIRONMENTS.get(urlsplit(checked_base_url(base_url)).hostname)


def place_in(env_file: str | os.PathLike[str]) -> tuple[str | None, str | None]:
    """Return the base URL and the environment that a file names, whatever the process's variables say.

    Args:
        env_file: The file, as `Settings.load` reads it.
    """
    source = DotEnvSettingsSource(
        Settings, env_file=Path(env_file), env_prefix="ALIANZA_", env_ignore_empty=True
    )
    values: Mapping[str, object] = source()
    base_url, environment = (values.get(name) for name in ("base_url", "environment"))
    return None if base_url is None else str(base_url), None if environment is None else str(environment)


def resolve_base_url(base_url: str | None, environment: Environment | None) -> tuple[str, Environment | None]:
    """Return where to call, and which environment that is; None where it is none of the provider's.

    An environment that is named stays named beside any other base URL: a tunnel or a gateway to production
    is production, and a sandbox that is named production is guarded like it.

    Raises:
        ConfigurationError: The URL is none, or plain http to another machine, or production unnamed, or
            another of the provider's environments than the one named.
    """
    if base_url is None:
        if environment is None:
            environment = Environment.BETA
            logger.warning(
                "no environment chosen, so it is beta (%s); set ALIANZA_ENVIRONMENT or environment=...",
                environment.base_url,
            )
        return environment.base_url, environment
    known = environment_of(base_url)
    if known is Environment.PRODUCTION and environment is not Environment.PRODUCTION:
        raise ConfigurationError("base_url is production; name it with environment='production'")
    if known is not None and environment not in {None, known}:
        raise ConfigurationError(
            f"base_url is {known}, and the environment is {environment}; leave one of them out"
        )
    return checked_base_url(base_url), known or environment


def set_log_level(level: str) -> None:
    """Set the level of the library's logger.

    Raises:
        ConfigurationError: There is no such level.
    """
    try:
        logger.setLevel(level.upper())
    except ValueError:
        raise ConfigurationError(
            f"ALIANZA_LOG_LEVEL is {level!r}; give DEBUG, INFO, WARNING or ERROR"
        ) from None
