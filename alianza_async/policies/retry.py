"""What may be sent again, as a table; and the policy that does what the table says.

stamina decides when, the table decides what. The first attempt meets nothing of all this: the policy is
entered only after a failure.
"""

from __future__ import annotations

import random
import time
from enum import Enum, auto
from functools import partial
from typing import TYPE_CHECKING, Final

import anyio
from pydantic import ValidationError

from alianza_async.calls.call import Call, OperationClass, Reply
from alianza_async.calls.events import RetryPlanned
from alianza_async.calls.failures import Failure, classify
from alianza_async.calls.logs import fields_of, logger
from alianza_async.errors import (
    CallError,
    RateLimitError,
    UnknownOutcomeError,
)
from alianza_async.policies.lookup import Lookup
from alianza_async.policies.own import chained
from alianza_async.policies.private_stamina import retry_context

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from alianza_async.calls.events import Emitter
    from alianza_async.policies.base import Attach, Next, Policy
    from alianza_async.policies.values import RetryPolicy

__all__ = ["TABLE", "Decision", "Retry", "Unsettled"]


class Decision(Enum):
    """What the table says."""

    AGAIN = auto()
    """Send it again after a back-off."""
    LOOK_UP = auto()
    """Back off, look the object up by its key: found = adopt it, absent = send again, else unknown."""
    COMPARE = auto()
    """Look the object up: equal = it exists, different = conflict, absent = the refusal stands."""
    DONE_IF_OURS = auto()
    """Done where an earlier attempt of this call may have done it; else the refusal stands."""
    UNKNOWN = auto()
    """Nobody can tell: never again."""
    RAISE = auto()
    """The answer stands."""


_SAFE, _IDEMPOTENT, _CREATE, _ACTION = (
    OperationClass.SAFE,
    OperationClass.IDEMPOTENT,
    OperationClass.CREATE,
    OperationClass.ACTION,
)

TABLE: Final[dict[Failure, dict[OperationClass, Decision]]] = {
    Failure.NOT_SENT: dict.fromkeys(OperationClass, Decision.AGAIN),
    Failure.THROTTLED: dict.fromkeys(OperationClass, Decision.AGAIN),
    Failure.LOST: {
        _SAFE: Decision.AGAIN,
        _IDEMPOTENT: Decision.AGAIN,
        _CREATE: Decision.LOOK_UP,
        _ACTION: Decision.UNKNOWN,
    },
    Failure.MISREAD: {
        _SAFE: Decision.RAISE,
        _IDEMPOTENT: Decision.RAISE,
        _CREATE: Decision.LOOK_UP,
        _ACTION: Decision.RAISE,
    },
    Failure.REJECTED: {
        _SAFE: Decision.RAISE,
        _IDEMPOTENT: Decision.RAISE,
        _CREATE: Decision.COMPARE,
        _ACTION: Decision.RAISE,
    },
    Failure.GONE: {
        _SAFE: Decision.RAISE,
        _IDEMPOTENT: Decision.DONE_IF_OURS,
        _CREATE: Decision.RAISE,
        _ACTION: Decision.RAISE,
    },
    Failure.FINAL: dict.fromkeys(OperationClass, Decision.RAISE),
}


class Unsettled(Exception):  # noqa: N818  (no end of the call: its caller is to come back)
    """Hands back a create whose answer was lost, where its caller asked for that.

    Args:
        failure: What happened.
        wait: Seconds until it can be looked up.
        last: Whether it may not be sent again, should it not be there.
    """

    def __init__(self, failure: CallError, wait: float, *, last: bool) -> None:
        super().__init__(str(failure))
        self.failure = failure
        self.wait = wait
        self.last = last


class _Again(Exception):  # noqa: N818  (it is no error of ours: stamina alone sees it)
    """Tells stamina to plan another attempt.

    Args:
        failure: What happened.
        wait: Seconds that the server asked for, or None for stamina's own back-off.
    """

    def __init__(self, failure: CallError, wait: float | None) -> None:
        super().__init__(str(failure))
        self.failure = failure
        self.wait = wait


class _Spent(_Again):
    """As `_Again`, where no further attempt is allowed."""

    def __init__(self, failure: CallError) -> None:
        super().__init__(failure, None)


def _planned_wait(error: Exception) -> bool | float:
    """Stamina's hook: whether to go on, and after how long."""
    if not isinstance(error, _Again) or isinstance(error, _Spent):
        return False
    return True if error.wait is None else error.wait


class Retry:
    """Sends again what the table allows, as often and as long as the policy allows.

    Args:
        policy: How often, how long.
        failure_of: Tells which row of the table an error belongs to; a carrier may have its own.
        around: What stands around it: a look-up, which is a call of its own, passes that too.
        emit: Told of each attempt that is planned, where somebody asked for events.
        attach: Lets an error keep the answer that it is about.
        clock: Seconds, monotonic.

    Attributes:
        lookup: Finds what a create makes, by its natural key.
    """

    def __init__(
        self,
        policy: RetryPolicy,
        *,
        failure_of: Callable[[CallError], Failure] = classify,
        around: Sequence[Policy] = (),
        emit: Emitter | None = None,
        attach: Attach | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._policy = policy
        self._failure_of = failure_of
        self._clock = clock
        self._around = tuple(around)
        self._emit = emit
        self.lookup = Lookup(self._with_all_around, emit=emit, attach=attach)

    async def __call__(self, call: Call, next_: Next) -> Reply[object]:
        """Send the call; after a failure do what the table says."""
        try:
            return await next_(call)
        except CallError as error:
            failure = error
        return await self._recover(call, next_, failure)

    async def _with_all_around(self, call: Call, next_: Next) -> Reply[object]:
        """Send a call of its own, such as a look-up: what stands around the retries sees it too."""
        return await chained(self._around, partial(self, next_=next_))(call)

    async def _recover(self, call: Call, next_: Next, failure: CallError) -> Reply[object]:
        policy = self._policy
        latest: CallError = failure
        entered = False
        failed_at = self._clock()
        try:
            async for attempt in retry_context(
                on=_planned_wait,
                attempts=policy.attempts,
                timeout=None,
                wait_initial=policy.wait_initial,
                wait_max=policy.wait_max,
                wait_jitter=policy.wait_jitter,
            ):
                with attempt:
                    try:
                        if not entered:
                            # The attempt that brought us here: stamina plans the wait after it.
                            entered = True
                            return await self._decide(call, next_, latest)
                        call.spent += self._clock() - failed_at
                        if call.spent >= policy.total_timeout:
                            raise _Spent(latest)
                        # What a look-up raises ends the call: it says what became of the object.
                        adopted = await self._adopted(call, next_)
                        if adopted is not None:
                            return adopted
                        try:
                            return await next_(call)
                        except CallError as error:
                            latest, failed_at = error, self._clock()
                            return await self._decide(call, next_, error)
                    except _Again as again:
                        if not isinstance(again, _Spent) and attempt.num < policy.attempts:
                            self._plan(call, again, attempt.next_wait)
                        raise
        except _Again as spent:
            return await self._give_up(call, next_, spent.failure)
        raise AssertionError("unreachable: stamina returns or raises")  # pragma: no cover

    async def _adopted(self, call: Call, next_: Next) -> Reply[object] | None:
        """Return what an attempt of this call whose answer was lost did create, where it did."""
        if call.maybe_sent and call.operation_class is OperationClass.CREATE:
            return await self.lookup.adopt(call, next_)
        return None

    async def _decide(self, call: Call, next_: Next, error: CallError) -> Reply[object]:
        """Return a reply, raise the end of the call, or raise `_Again`."""
        # An error of another operation is the login's: tried again already, while this call was not sent.
        ours = error.context.operation_id == call.operation.operation_id
        failure = self._failure_of(error) if ours else Failure.FINAL
        decision = TABLE[failure][call.operation_class]
        if failure in {Failure.LOST, Failure.MISREAD}:
            call.maybe_sent, call.losses = True, call.losses + 1
        match decision:
            case Decision.LOOK_UP:
                wait = self._settled_after(call, self._wait(call, error))
                if call.hand_back:
                    last = call.losses >= self._policy.attempts
                    raise Unsettled(error, wait, last=last) from None
                raise _Again(error, wait) from None
            case Decision.AGAIN:
                raise _Again(error, self._wait(call, error)) from None
            case Decision.COMPARE:
                return await self.lookup.compare(call, next_, error)
            case Decision.DONE_IF_OURS if call.maybe_sent and call.operation.method == "DELETE":
                return Reply(
                    status=error.status or 0,
                    headers={},
                    body=b"",
                    elapsed=0.0,
                    request_id=call.request_id,
                    value=_answer_of_nothing(call, error),
                    attempts=call.attempts,
                )
            case Decision.UNKNOWN:
                raise UnknownOutcomeError(
                    f"it may have been carried out, and it cannot be sent twice ({error.message}); "
                    f"{_where_to_look(call)} before you send it again",
                    context=call.context(),
                    status=error.status,
                ) from error
            case _:
                return await self._give_up(call, next_, error)

    def _plan(self, call: Call, again: _Again, backed_off: float) -> None:
        """Say that another attempt is planned: in the log, and to whoever asked for events."""
        failure, wait = again.failure, backed_off if again.wait is None else again.wait
        logger.info(
            "%s is tried again in %.1f s: %s (%s)",
            call.operation.operation_id,
            wait,
            failure.message,
            call.request_id,
            extra=fields_of(call, status=failure.status),
        )
        if self._emit is not None:
            self._emit(
                RetryPlanned(
                    **call.facts(),
                    attempt=call.attempts,
                    error=type(failure).__name__,
                    status=failure.status,
                    wait_s=wait,
                )
            )

    def _wait(self, call: Call, error: CallError) -> float | None:
        """Return how long the server asks to wait, or None; raises the error where that is too long."""
        policy = self._policy
        if call.spent >= policy.total_timeout:
            raise _Spent(error)
        told: float | None = getattr(error, "retry_after", None)
        if isinstance(error, RateLimitError):
            # The pause makes everybody wait; waiting here too would count it twice.
            if told is not None and told > policy.max_retry_after:
                raise _Spent(error)
            return 0.0
        if told is None:
            return None
        if told > min(policy.max_retry_after, policy.total_timeout - call.spent):
            raise _Spent(error)
        return told + random.uniform(0.0, policy.wait_jitter)  # noqa: S311  (spreads load, guards nothing)

    def _settled_after(self, call: Call, told: float | None) -> float:
        """Return the wait before a lost create is looked up: the server may be about to carry it out."""
        policy = self._policy
        backed_off = min(policy.wait_max, policy.wait_initial * 2.0 ** min(max(call.losses - 1, 0), 60))
        wait = max(policy.settle_s, backed_off, told or 0.0)
        return wait + random.uniform(0.0, policy.wait_jitter)  # noqa: S311  (spreads load, guards nothing)

    async def _give_up(self, call: Call, next_: Next, error: CallError) -> Reply[object]:
        """End a call that cannot go on; a lost create is looked up one last time."""
        # However the call's time was spent, the last look-up has time for one answer.
        policy = self._policy
        call.spent = min(call.spent, max(0.0, policy.total_timeout - policy.attempt_timeout))
        if call.maybe_sent and call.operation_class is OperationClass.CREATE:
            if call.hand_back:
                raise Unsettled(error, self._settled_after(call, None), last=True) from None
            await anyio.sleep(policy.settle_s)
        adopted = await self._adopted(call, next_)
        if adopted is not None:
            return adopted
        raise error


def _answer_of_nothing(call: Call, gone: CallError) -> object:
    """Return what a DELETE answers whose own answer was lost; raises where it answers more than nothing."""
    try:
        if not call.wants_file:
            return call.parse(b"")
    except ValidationError:
        pass
    raise UnknownOutcomeError(
        "it is gone, and an earlier attempt of this call may have deleted it, but what that answered "
        "was lost; do not send it again",
        context=call.context(),
        status=gone.status,
    ) from gone


def _where_to_look(call: Call) -> str:
    """Return how its caller finds out what became of an action."""
    probe = call.operation.probe
    return f"look with {probe}" if probe else "look at the object"
