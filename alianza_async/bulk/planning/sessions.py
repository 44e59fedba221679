"""Sessions that change nothing: one that is never opened, and a view that refuses whatever is no reading."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alianza_async.calls.call import OperationClass
from alianza_async.errors import ConfigurationError
from alianza_async.session import Session
from alianza_async.settings import Settings

if TYPE_CHECKING:
    from alianza_async.calls.call import Call, Reply

__all__ = ["ReadOnlySession", "offline_session"]


def offline_session() -> Session:
    """Return a session that has no login and makes no call; neither the variables nor a place are read."""
    return Session(
        auth_token="none",  # noqa: S106  (it stands for a login that is never made)
        base_url="https://offline.invalid",
        settings=Settings.model_construct(),
    )


class ReadOnlySession(Session):
    """A session that changes nothing; made by `ReadOnlySession.over(session)`."""

    async def send(self, call: Call) -> Reply[object]:
        """Send one call that only reads.

        Raises:
            ConfigurationError: It would change something.
        """
        if call.operation_class is not OperationClass.SAFE:
            raise ConfigurationError(
                f"a plan sends nothing that changes something, and looking this row up would send "
                f"{call.operation.operation_id}: plan it without check_remote"
            )
        return await super().send(call)
