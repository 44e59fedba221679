"""From a command line to a session."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alianza_async.calls.hosts import is_same_place
from alianza_async.errors import ConfigurationError
from alianza_async.policies.values import LimitPolicy
from alianza_async.session import Session
from alianza_async.settings import Settings, place_in
from alianza_async.transports.base import default_tls
from alianza_async.transports.choice import fastest

if TYPE_CHECKING:
    from pathlib import Path

    from alianza_async.cli.options import Where
    from alianza_async.policies.values import RetryPolicy
    from alianza_async.transports.choice import TransportName

__all__ = ["make_session", "place"]


def make_session(
    where: Where,
    *,
    rate: float | None = None,
    retry: RetryPolicy | None = None,
    transport: TransportName | None = None,
    direct: bool = False,
) -> Session:
    """Return the session that a command line and the `ALIANZA_*` variables ask for, not yet open.

    Args:
        where: The common options.
        rate: Requests a second; None = as the variables say.
        retry: How patient calls are; None = as the variables say.
        transport: What carries requests; None = as the variables say, else the fast one if it is installed.
        direct: Go through no proxy, whatever the variables say.

    Raises:
        ConfigurationError: A setting is missing or invalid, or the file of variables names another place than
            the command line or the process's variables.
    """
    if where.env_file is not None and not where.env_file.is_file():
        raise ConfigurationError(f"there is no file {where.env_file}: check --env-file")
    settings = Settings.load(where.env_file)
    if where.log_level is not None:
        settings = settings.model_copy(update={"log_level": where.log_level})
    context = None
    if direct:
        # The environment may name a proxy, and certificates: those still count.
        context = default_tls(trust_env=True) if settings.trust_env else None
        settings = settings.model_copy(update={"proxy": None, "trust_env": False})
    session = Session(
        environment=where.environment,
        base_url=where.base_url,
        partition_id=where.partition,
        limit=None if rate is None else LimitPolicy(rate=rate),
        retry=retry,
        transport=transport or settings.transport or fastest(),
        ssl_context=context,
        settings=settings,
    )
    if where.env_file is not None:
        _refuse_dropped(where.env_file, session)
    return session


def _refuse_dropped(env_file: Path, session: Session) -> None:
    """Refuse a file that was named and says another place than the one that is called.

    One of the two is a mistake. The file's values are not echoed: a base URL may hold a password.

    Raises:
        ConfigurationError: It does.
    """
    base_url, environment = place_in(env_file)
    for name, is_called in (
        ("ALIANZA_BASE_URL", base_url is None or is_same_place(base_url, session.base_url)),
        ("ALIANZA_ENVIRONMENT", environment is None or environment == session.environment),
    ):
        if not is_called:
            raise ConfigurationError(
                f"{env_file} has another {name} than this command, which goes to {place(session)}: leave out "
                "--env-file, or the option or variable that says otherwise"
            )


def place(session: Session) -> str:
    """Name where a session calls: its environment, where it is one, and the URL."""
    return f"{session.environment}, {session.base_url}" if session.environment else session.base_url
