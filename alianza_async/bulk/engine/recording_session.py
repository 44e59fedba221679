"""A view of a session through which each request that changes something is journaled before it is sent."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Self

from alianza_async.calls.call import OperationClass
from alianza_async.errors import ConnectionFailedError
from alianza_async.session import Session

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from alianza_async.calls.call import Call, Reply
    from alianza_async.client import Client

__all__ = ["RecordingSession"]


class RecordingSession(Session):
    """A session as the steps of one row see it; made by `RecordingSession.over(session)`.

    Before every attempt of a call that may create, change or delete something, `before_send` is awaited:
    what it raises ends the call unsent. A create whose answer was lost is handed back to the engine, which
    looks it up later and holds no worker meanwhile.

    Attributes:
        before_send: Awaited before each attempt; None = nothing is journaled.
        requests: Calls made so far, those that only read too.
        attempts: Requests sent so far that change something.
        request_id: Our id of the last of them.
        sent_at: When the last of them left, in Unix seconds.
        accepted: Whether the last of them was answered with success.
        lost: Whether one of them, since this was last set to False, may have arrived without our having its
            answer.
        reached: Whether one of them, since this was last set to False, was more than a connection that could
            not be made.
    """

    before_send: Callable[[], Awaitable[None]] | None
    requests: int
    attempts: int
    request_id: str | None
    sent_at: float | None
    accepted: bool
    lost: bool
    reached: bool
    _recorder: RecordingSession | None

    @classmethod
    def over(cls, client: Client) -> Self:
        """Return a view with the session's own policies: one login, one pool, one rate limit.

        What a view of a recording session sends is that session's to record.
        """
        view = super().over(client)
        view.reset()
        if isinstance(client, RecordingSession):
            view._recorder = client._recorder or client  # noqa: SLF001  (its own)
        return view

    def reset(self) -> None:
        """Reset it for another row."""
        self._recorder = None
        self.before_send = None
        self.requests = self.attempts = 0
        self.request_id = self.sent_at = None
        self.accepted = self.lost = self.reached = False

    async def send(self, call: Call) -> Reply[object]:
        """Send one call, and note what came of it."""
        recorder = self._recorder or self
        recorder.requests += 1
        if call.operation_class is OperationClass.SAFE:
            return await super().send(call)
        call.hand_back = True
        if recorder.before_send is not None:
            call.before_attempt = recorder._before  # noqa: SLF001  (its own)
        recorder.accepted = False
        try:
            reply = await super().send(call)
        except Exception as error:
            recorder.lost = recorder.lost or call.maybe_sent
            recorder.reached = recorder.reached or not isinstance(error, ConnectionFailedError)
            raise
        else:
            recorder.accepted = recorder.reached = True
            return reply
        finally:
            recorder.attempts += call.attempts
            recorder.request_id, recorder.sent_at = call.request_id, call.sent_at

    async def announce(self) -> None:
        """Journal and count a request that carries this row too, and that another row is about to send."""
        if self.before_send is not None:
            await self.before_send()
        self.attempts += 1
        self.sent_at = time.time()

    async def _before(self, _call: Call) -> None:
        assert self.before_send is not None  # noqa: S101  (set where this is)
        await self.before_send()
