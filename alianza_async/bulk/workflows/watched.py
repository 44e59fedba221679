"""A view of a session that tells what was sent through it: how a workflow's engine knows what a step did."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from alianza_async.call import OperationClass
from alianza_async.session import Session

if TYPE_CHECKING:
    from alianza_async.call import Call, Reply

__all__ = ["Watched"]


class Watched(Session):
    """A session as the steps of one row see it; made by `Watched.over(session)`.

    A create whose answer was lost is handed back to the engine, which looks it up later and holds no worker
    meanwhile.

    Attributes:
        requests: Calls made so far, those that only read too.
        attempts: Requests sent so far that change something.
        request_id: Our id of the last of them.
        lost: Whether one of them, since this was last set to False, may have arrived without our having its
            answer.
    """

    requests: int
    attempts: int
    request_id: str | None
    lost: bool

    @classmethod
    def over(cls, session: Session) -> Self:
        """Return a view with the session's own road: one login, one pool, one rate."""
        # One session to another: nobody else may know what a view is made of.
        view = cls.__new__(cls)._over(session._shared, session._retry, session._limits)  # noqa: SLF001  (as above)
        view._road = session._current_road()  # noqa: SLF001
        view.requests = view.attempts = 0
        view.request_id = None
        view.lost = False
        return view

    async def send(self, call: Call) -> Reply[object]:
        """Send one call, and take down what came of it."""
        self.requests += 1
        if call.operation_class is OperationClass.SAFE:
            return await super().send(call)
        call.hand_back = True
        try:
            return await super().send(call)
        except Exception:
            self.lost = self.lost or call.maybe_sent
            raise
        finally:
            self.attempts += call.attempts
            self.request_id = call.request_id
