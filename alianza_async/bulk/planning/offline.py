"""A session that is never opened, for what only has to be declared on one."""

from __future__ import annotations

from alianza_async.session import Session
from alianza_async.settings import Settings

__all__ = ["offline_session"]


def offline_session() -> Session:
    """Return a session that has no login and calls nobody; neither the variables nor a place are read."""
    return Session(
        auth_token="none",  # noqa: S106  (it stands for the login that nobody makes)
        base_url="https://offline.invalid",
        settings=Settings.model_construct(),
    )
