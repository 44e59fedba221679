"""The load of `alianza bench`: workers over one iterator, and what each call took."""

from __future__ import annotations

import time
from array import array
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import anyio

from alianza_async.errors import AlianzaError, AuthenticationError, ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence

    from alianza_async.calls.call import Reply

    MakeCall = Callable[[int], Awaitable[Reply[object]]]

__all__ = ["Load", "percentile"]


def percentile(ordered: Sequence[float], per_mille: int) -> float:
    """Return the smallest value that so many thousandths of the values do not exceed: the nearest rank.

    Args:
        ordered: At least one value, ascending.
        per_mille: 500 for the median, 999 for p99.9; whole numbers keep the rank exact.
    """
    rank = -(-per_mille * len(ordered) // 1000)
    return ordered[max(rank, 1) - 1]


@dataclass(slots=True)
class Load:
    """So many calls, so many of them at once, and what came of them.

    Attributes:
        calls: How many are to be made.
        concurrency: How many are under way at once.
        taken: Seconds each answered call took, in the order of their ends.
        failures: How many calls failed, by the class of their error.
        first_failure: The first of those errors.
        sent_again: Requests beyond the first of a call, of those that were answered.
        seconds: From the first call to the last answer.
        cpu_s: Seconds of processor time that this process used meanwhile.
    """

    calls: int
    concurrency: int
    taken: array[float] = field(default_factory=lambda: array("d"))
    failures: Counter[str] = field(default_factory=Counter[str])
    first_failure: AlianzaError | None = None
    sent_again: int = 0
    seconds: float = 0.0
    cpu_s: float = 0.0

    @property
    def answered(self) -> int:
        """How many calls were answered."""
        return len(self.taken)

    @property
    def failed(self) -> int:
        """How many calls failed."""
        return self.failures.total()

    @property
    def ended(self) -> int:
        """How many calls were answered or failed."""
        return self.answered + self.failed

    async def run(self, make_call: MakeCall) -> None:
        """Make the calls; a failed one is counted and ends nothing.

        What was measured stays measured where this is cancelled.

        Args:
            make_call: Makes the call of a number, from 0 on.

        Raises:
            AuthenticationError: The login was refused: no further call can be answered.
            ConfigurationError: A setting is missing or invalid.
        """
        turns = iter(range(self.calls))
        cpu, began = time.process_time(), time.perf_counter()
        try:
            async with anyio.create_task_group() as workers:
                for _ in range(min(self.concurrency, self.calls)):
                    workers.start_soon(self._work, turns, make_call)
        except ExceptionGroup as group:
            raise group.exceptions[0] from None  # one worker's ended the others'
        finally:
            self.seconds, self.cpu_s = time.perf_counter() - began, time.process_time() - cpu

    async def _work(self, turns: Iterator[int], make_call: MakeCall) -> None:
        clock, taken = time.perf_counter, self.taken
        for turn in turns:
            began = clock()
            try:
                reply = await make_call(turn)
            except (AuthenticationError, ConfigurationError):
                raise
            except AlianzaError as error:
                self.failures[type(error).__name__] += 1
                self.first_failure = self.first_failure or error
            else:
                taken.append(clock() - began)
                self.sent_again += reply.attempts - 1
