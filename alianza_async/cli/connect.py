"""From a command line to a session."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alianza_async.errors import ConfigurationError
from alianza_async.policies.values import LimitPolicy
from alianza_async.session import Session
from alianza_async.settings import Settings
from alianza_async.transports.base import default_tls
from alianza_async.transports.choice import fastest

if TYPE_CHECKING:
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
        ConfigurationError: A setting is missing or invalid.
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
    return Session(
        environment=where.environment,
        base_url=where.base_url,
        partition_id=where.partition,
        limit=None if rate is None else LimitPolicy(rate=rate),
        retry=retry,
        transport=transport or settings.transport or fastest(),
        ssl_context=context,
        settings=settings,
    )


def place(session: Session) -> str:
    """Name where a session calls: its environment, where it is one, and the URL."""
    return f"{session.environment}, {session.base_url}" if session.environment else session.base_url
