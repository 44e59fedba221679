"""The calls of an open client: their end when it closes, and what is not known of writes that were cut off.

A write that was cut off after it may have been sent, by the client's close or by its cancellation, is
not forgotten: it stands in `unsettled`, and can be looked up through another client.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

from alianza_async.calls.call import OperationClass
from alianza_async.calls.deadline import too_late
from alianza_async.calls.logs import fields_of, logger
from alianza_async.calls.options import Lane
from alianza_async.errors import CallError, OverloadedError, SessionStateError, UnknownOutcomeError
from alianza_async.errors.plain import plain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alianza_async.calls.call import Call, Sender
    from alianza_async.calls.reply import Reply
    from alianza_async.errors import ClientError

__all__ = ["InFlight", "Unsettled", "UnsettledCall"]

_KEPT_AT_MOST: Final = 1_000


@dataclass(frozen=True, slots=True)
class UnsettledCall:
    """A write that may have been carried out, and whose answer nobody waited for.

    It can be pickled, and looked up in another process; it holds what was sent, so keep that as safe.

    Attributes:
        operation_id: The operation's id in the published description.
        key: The natural key that was sent; None where it has none.
        request_id: Our id of its last request, for the provider's support.
        sent_at: When its last request left, in Unix seconds; None where that is not known.
        bound: The caller's context.
        settled: Whether `resolve` has shown the object. While it has found none this stays False: a look-up
            may come too early.
    """

    operation_id: str
    key: str | None
    request_id: str
    sent_at: float | None
    bound: Mapping[str, str]
    settled: bool = field(default=False, init=False, compare=False)
    _call: Call = field(repr=False, compare=False)

    def is_of(self, call: Call) -> bool:
        """Tell whether it is that very call, or a look-up of it that was cut off in its turn."""
        return self._call.call_id == call.call_id

    async def resolve(self, client: Sender) -> Reply[object] | None:
        """Look up what the call was to create, through a client that is open.

        Args:
            client: Such as another session.

        Returns:
            The answer that shows the object, or None where there is none.

        Raises:
            UnknownOutcomeError: It has no natural key to look up, or more than one object has it.
            CallError: The look-up failed.
        """
        found = await client.find(replace(self._call, spent=0.0, ends_at=None))
        if found is None:
            return None
        object.__setattr__(self, "settled", True)
        return found.reply


class Unsettled:
    """Keeps the last thousand writes whose outcome is not known."""

    def __init__(self) -> None:
        self._calls: deque[UnsettledCall] = deque(maxlen=_KEPT_AT_MOST)

    @property
    def calls(self) -> tuple[UnsettledCall, ...]:
        """The writes, the oldest first."""
        return tuple(self._calls)

    def add(self, call: Call) -> UnsettledCall:
        """Keep a write, once."""
        for each in self._calls:
            if each.is_of(call):
                return each
        # A look-up sends no file and tells nobody of its attempts; without those it can be pickled.
        looked_up = replace(call, before_attempt=None, upload=None, parts=(), bound=dict(call.bound))
        kept = UnsettledCall(
            call.operation.operation_id,
            call.key_value,
            call.request_id,
            call.sent_at,
            looked_up.bound,
            looked_up,
        )
        self._calls.append(kept)
        return kept


class _Entered(NamedTuple):
    """A call in the pipeline, its task, and how often that was cancelled before."""

    call: Call
    task: asyncio.Task[object] | None
    cancelling: int


class InFlight:
    """The calls that are under way between a client's opening and its close.

    Args:
        unsettled: Where writes that are cut off are kept.
        noun: What the client is called in errors.
        max_queue: How many interactive calls may wait before new ones are refused; None for any number.
    """

    def __init__(self, unsettled: Unsettled, noun: str, max_queue: int | None = None) -> None:
        self._unsettled = unsettled
        self._noun = noun
        self._max_queue = max_queue
        self._interactive = 0
        self._at_the_server = 0
        self._calls: dict[int, _Entered] = {}
        # Calls and tasks with a request under way: a policy may pass a call on in a task of its own.
        self._exchanging: dict[int, asyncio.Task[object] | None] = {}
        self._cut: set[int] = set()
        self._changed: asyncio.Event | None = None  # set while it closes

    @property
    def closing(self) -> bool:
        """Whether it closes: nothing new may leave."""
        return self._changed is not None

    @property
    def queued(self) -> int:
        """How many interactive calls wait: for the login, for their turn, or to be sent again."""
        return max(0, self._interactive - self._at_the_server)  # one call may have several requests under way

    def begin(self, call: Call, *, new: bool = True) -> None:
        """Note a call that enters the pipeline.

        Args:
            call: The call.
            new: Whether it may be refused where too many wait; not so for a look-up.

        Raises:
            OverloadedError: Too many wait.
            SessionStateError: The client closes.
        """
        if self._changed is not None:
            raise self._closed()
        if call.lane is Lane.INTERACTIVE:
            if new and self._max_queue is not None and self.queued >= self._max_queue:
                raise OverloadedError(
                    f"{self._max_queue} calls wait already (max_queue); nothing was sent, try again later",
                    context=call.context(),
                )
            self._interactive += 1
        task = asyncio.current_task()
        self._calls[id(call)] = _Entered(call, task, 0 if task is None else task.cancelling())

    def end(self, call: Call) -> None:
        """Note that a call has left the pipeline."""
        if call.lane is Lane.INTERACTIVE:
            self._interactive -= 1
        entered = self._calls.pop(id(call), None)
        if id(call) in self._cut:
            self._cut.discard(id(call))
            if entered is not None and entered.task is not None:
                entered.task.uncancel()  # a policy has answered all the same: its caller goes on
        if self._changed is not None:
            self._changed.set()

    def exchange_begins(self, call: Call) -> None:
        """Note that a request is about to leave.

        Raises:
            SessionStateError: The client closes: it does not leave.
        """
        if self._changed is not None:
            raise self._closed()
        if call.lane is Lane.INTERACTIVE:
            self._at_the_server += 1
        self._exchanging[id(call)] = asyncio.current_task()

    def exchange_ends(self, call: Call) -> None:
        """Note that a request was answered, or broke."""
        if call.lane is Lane.INTERACTIVE:
            self._at_the_server -= 1
        self._exchanging.pop(id(call), None)
        if self._changed is not None:
            self._changed.set()

    def ended_by(self, call: Call, error: BaseException) -> BaseException:
        """Return what is raised for a call that ends with an error, and forget no write that may be done."""
        entered = self._calls[id(call)]
        by_close = id(call) in self._cut
        if by_close and entered.task is not None and entered.task.uncancel() > entered.cancelling:
            by_close = False  # somebody else has cancelled it too
        self._cut.discard(id(call))
        may_be_done = _may_be_done(call)
        if isinstance(error, CallError):
            if self.closing and may_be_done and isinstance(error, UnknownOutcomeError):
                self._tell(self._unsettled.add(call), call, error)
            return error
        refused = isinstance(error, SessionStateError)
        if not by_close and not (refused and self.closing):
            # Who acts before each attempt, or takes a lost create back, keeps books of its own.
            if may_be_done and not refused and call.before_attempt is None and not call.hand_back:
                self._tell(self._unsettled.add(call), call, error)
            return error
        if not may_be_done:
            return self._closed(sent=call.attempts > 0)
        unknown = UnknownOutcomeError(
            f"the {self._noun} was closed before its answer came, and it may have been carried out; "
            f"look it up: `await write.resolve(another)` for each of {self._noun}.unsettled",
            context=call.context(),
        )
        self._tell(self._unsettled.add(call), call, unknown)
        return unknown

    def out_of_time(self, call: Call, client: Sender) -> CallError:
        """Return what is raised for a call whose deadline has passed, and forget no write that may be done.

        Args:
            call: The call.
            client: Looks it up, should its caller ask.
        """
        if not _may_be_done(call):
            return too_late(call.context(), sent=call.attempts > 0)
        # Who acts before each attempt, or takes a lost create back, keeps books of its own.
        kept = None if call.before_attempt or call.hand_back else self._unsettled.add(call)
        error = UnknownOutcomeError(
            "its deadline passed before its answer came, and it may have been carried out; "
            "look before you send it again",
            context=call.context(),
            resolver=partial(kept.resolve, client) if kept is not None and kept.key is not None else None,
        )
        if kept is not None:
            self._tell(kept, call, error)
        return error

    def _tell(self, kept: UnsettledCall, call: Call, error: BaseException) -> None:
        key = "" if kept.key is None else f" of {plain(kept.key)}"
        note = f"{kept.operation_id}{key} may have been carried out (request {kept.request_id})"
        logger.warning("cut off: %s; see %s.unsettled", note, self._noun, extra=fields_of(call))
        error.add_note(note)

    async def close(self, seconds: float) -> None:
        """Let nothing new leave; wait for requests that are under way, then cut off what is left.

        Args:
            seconds: How long they may take.
        """
        self._changed = changed = asyncio.Event()
        self._cut_those_that_wait()
        try:
            async with asyncio.timeout(seconds):
                while self._is_left(self._exchanging):
                    await changed.wait()
                    changed.clear()
                    self._cut_those_that_wait()
        except TimeoutError:
            pass
        finally:
            for entered in list(self._calls.values()):
                self._cut_one(entered)
        while self._is_left({key: entered.task for key, entered in self._calls.items()}):
            changed.clear()  # each takes a turn of the event loop to end
            await changed.wait()

    @staticmethod
    def _is_left(tasks: Mapping[int, asyncio.Task[object] | None]) -> bool:
        """Tell whether another task has a call: who closes from within a call is not waited for."""
        return any(task is not asyncio.current_task() for task in tasks.values())

    def _cut_those_that_wait(self) -> None:
        """Cut off the calls without a request under way: they wait for their turn, or to try again."""
        tasks = set(self._exchanging.values())
        for key, entered in list(self._calls.items()):
            if key not in self._exchanging and entered.task not in tasks:
                self._cut_one(entered)

    def _cut_one(self, entered: _Entered) -> None:
        key, task = id(entered.call), entered.task
        if key not in self._cut and task is not None and task is not asyncio.current_task():
            self._cut.add(key)
            task.cancel()

    def _closed(self, *, sent: bool = False) -> ClientError:
        if sent:
            return SessionStateError(
                f"the {self._noun} was closed before it was answered; what was sent has changed nothing"
            )
        return SessionStateError(f"the {self._noun} was closed before it was sent; nothing was sent")


def _may_be_done(call: Call) -> bool:
    """Tell whether a call may have changed something."""
    return (call.maybe_sent or call.carried_out) and call.operation_class is not OperationClass.SAFE
