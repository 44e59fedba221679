"""An outage is no row's failure: rows wait until the host answers again, and no failure is counted.

```
row fails -> note_failure -> True: park the row, count nothing
parked    -> await wait_over(row) -> True: give the row its turn again; False: stop, the row is not sent
row ends  -> note_success
```
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

import anyio

from alianza_async.bulk.report import Outage
from alianza_async.errors import (
    AlianzaError,
    AnswerError,
    CallError,
    ConnectionFailedError,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

__all__ = ["GATEWAY_STATUSES", "OUTAGE_LIMIT_S", "OutageDetector"]

GATEWAY_STATUSES: Final = frozenset({502, 503, 504})
"""Answers of a gateway whose server is not there."""

OUTAGE_LIMIT_S: Final = 3600.0
"""Seconds that a job waits for a host that cannot be reached, unless it is given another limit."""

_ROWS_IN_A_ROW: Final = 10
_TIMES: Final = 3
_ALONE_S: Final = 300.0
_FIRST_PROBE_S: Final = 2.0
_LAST_PROBE_S: Final = 30.0
_GROWTH: Final = 1.5
_DEPTH: Final = 8

_Cause = Literal["unreachable", "gateway", "answered", "other"]


class _Refusals(NamedTuple):
    """How often the gateway has answered for a row.

    Attributes:
        in_a_row: How often since the host last answered another row.
        spells: How many times it began to, with an answer of the host to another row in between.
        answers: Answers of the host, to any row, when it last did.
    """

    in_a_row: int = 0
    spells: int = 0
    answers: int = -1


class OutageDetector:
    """Tells an outage from failures of single rows, and waits for its end.

    An outage begins when no connection can be made, or when 502, 503 or 504 is the answer to ten different
    rows in a row, or to one row three times in a row: then no other row is answered in between. A row that is
    answered so while others are answered well is parked twice; the third time it is that row's failure.
    An outage is over when the probe is answered. Where the next rows fail all the same, with none that
    succeeds in between, it is the same outage still: its limit counts from its beginning. Where that lasts
    five minutes and fewer than ten rows are refused, the rows fail: the host can be reached.

    Args:
        host: The host's name, for messages.
        probe: Sends one cheap request that changes nothing; raises what the request raises.
        limit_s: Seconds after which the job gives up.
        clock: Seconds, monotonic.
        wall: Seconds since 1970, for messages.
        sleep: Waits for some seconds.
        on_change: Called when an outage begins and when it ends.

    Attributes:
        host: The host's name.
        since: When the outage began, in seconds since 1970; None where there is none.
        outages: How many outages there have been.
        given_up: Whether one lasted longer than the limit.
    """

    def __init__(
        self,
        host: str,
        *,
        probe: Callable[[], Awaitable[object]],
        limit_s: float = OUTAGE_LIMIT_S,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
        on_change: Callable[[OutageDetector], None] | None = None,
    ) -> None:
        self.host = host
        self.since: float | None = None
        self.outages = 0
        self.given_up = False
        self._probe = probe
        self._limit_s = limit_s
        self._clock = clock
        self._wall = wall
        self._sleep = sleep
        self._on_change = on_change
        self._began, self._began_wall = 0.0, 0.0
        self._proven = True
        self._delay = _FIRST_PROBE_S
        self._suspects: set[int] = set()
        self._refusals: dict[int, _Refusals] = {}
        self._answers = 0
        self._probe_answered = False
        self._prober = anyio.Lock()
        self._waits: set[anyio.CancelScope] = set()
        self._stopped = False

    @property
    def active(self) -> bool:
        """Whether there is an outage now."""
        return self.since is not None

    @property
    def message(self) -> str | None:
        """The outage in one line: `cannot reach api.example.com since 22:01; waiting`; None without one."""
        if self.since is None:
            return None
        outage = Outage(self.host, self.since)
        if not self.given_up:
            return str(outage)
        return f"{outage.what}, longer than the outage limit; stopped; resume the job once it answers"

    def note_failure(self, row: int, error: AlianzaError) -> bool:
        """Note that a row's turn ended in an error.

        Args:
            row: The row's number.
            error: The error.

        Returns:
            Whether the row is to be parked: its failure counts for nothing, and it is given another turn
            after `wait_over`. False where the failure is the row's own.
        """
        match _cause_of(error):
            case "unreachable":
                self._begin()
            case "gateway":
                return not self._is_refused_alone(row)
            case "answered":
                self.note_success(row)
                return False
            case "other":
                return self.active
        return True

    def note_success(self, row: int | None = None) -> None:
        """Note that the host has answered as itself; ends an outage.

        Args:
            row: The row that was answered, where it was one.
        """
        self._proven = True
        self._answers += 1
        if row is not None and self._refusals:
            self._refusals.pop(row, None)
        if self._suspects:
            self._suspects.clear()
        if self.active:
            self._refusals.clear()
            self._end()

    async def wait_over(self, row: int) -> bool:
        """Wait until a parked row may have its turn; one waiter probes for all of them.

        A row that is parked without an outage waits for some seconds: other rows show meanwhile whether it is
        one.

        Args:
            row: The row's number.

        Returns:
            Whether the row may have its turn. False where the outage lasted longer than the limit, or `stop`
            was called: the row is not sent.
        """
        if not self.active and (refused := self._refusals.get(row)) is not None:
            await self._pause(_FIRST_PROBE_S * min(_TIMES, max(refused.in_a_row, refused.spells)))
        while not self._is_over():
            async with self._prober:
                await self._look()
        return not (self._stopped or self.given_up)

    def stop(self) -> None:
        """Wait no longer: every `wait_over` returns False."""
        self._stopped = True
        self._wake()

    def _is_refused_alone(self, row: int) -> bool:
        """Note that a gateway answers for the host; tell whether that is the row's own failure."""
        self._suspects.add(row)
        before = self._refusals.get(row, _Refusals())
        again = before.answers == self._answers
        now = self._refusals[row] = _Refusals(
            before.in_a_row + 1 if again else 1, before.spells + (not again), self._answers
        )
        if now.spells >= _TIMES:
            return True
        lasts = not self._proven and self._clock() - self._began >= _ALONE_S
        if lasts and self._probe_answered and len(self._suspects) < _ROWS_IN_A_ROW:
            if self.active:
                self._end()
            return True
        if len(self._suspects) >= _ROWS_IN_A_ROW or now.in_a_row >= _TIMES:
            self._begin()
        return False

    async def _look(self) -> None:
        """Wait for a while, then send one probe."""
        if self._is_over():  # while it waited for whoever probed
            return
        await self._pause(min(self._delay, max(0.0, self._began + self._limit_s - self._clock())))
        if self._is_over():  # a row that got through has ended it
            return
        self._delay = min(_LAST_PROBE_S, self._delay * _GROWTH)
        try:
            await self._probe()
        except AlianzaError as error:
            self._probe_answered = _cause_of(error) == "answered"
        else:
            self._probe_answered = True
        if self._probe_answered and self.active:
            self._end()

    async def _pause(self, seconds: float) -> None:
        """Wait, unless it is woken."""
        if self._stopped:
            return
        with anyio.CancelScope() as scope:
            self._waits.add(scope)
            try:
                await self._sleep(seconds)
            finally:
                self._waits.discard(scope)

    def _is_over(self) -> bool:
        """Tell whether there is nothing to wait for any more: no outage, or a stop, or the limit."""
        if self.since is not None and self._clock() - self._began >= self._limit_s:
            self.given_up = True
        return self.since is None or self._stopped or self.given_up

    def _begin(self) -> None:
        if self.active:
            return
        if self._proven:
            self._began, self._began_wall = self._clock(), self._wall()
            self._delay, self._probe_answered = _FIRST_PROBE_S, False
            self.outages += 1
        self._proven = False
        self.since = self._began_wall
        self._changed()

    def _end(self) -> None:
        self.since = None
        self._wake()
        self._changed()

    def _wake(self) -> None:
        for scope in self._waits:
            scope.cancel()

    def _changed(self) -> None:
        if self._on_change is not None:
            self._on_change(self)


def _cause_of(error: BaseException) -> _Cause:
    """Tell what an error says of the host: also the one behind an outcome that could not be looked up."""
    answered = False
    cause: BaseException | None = error
    for _ in range(_DEPTH):
        match cause:
            case ConnectionFailedError(problem=problem) if not problem.permanent:
                return "unreachable"
            case CallError(status=int(status)) if status in GATEWAY_STATUSES:
                return "gateway"
            case AnswerError():
                answered = True
            case None:
                break
            case _:
                pass
        cause = cause.__cause__
    return "answered" if answered else "other"
