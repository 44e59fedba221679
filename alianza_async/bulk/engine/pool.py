"""The worker pool of every verb: so many at once over one iterator, a second turn for what has to wait."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

import anyio

from alianza_async.bulk.engine.delay_queue import DelayQueue

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from anyio.abc import TaskGroup

__all__ = ["Pool"]

T = TypeVar("T")


class Pool(Generic[T]):
    """Gives each item its turns.

    Args:
        take: Returns the next item; None where there is none, now and later. An item that has to wait before
            its first turn comes with the time of the event loop's clock when it is due.
        turn: Gives an item a turn; returns when it is to have its next one, None where it has ended. May
            raise nothing but cancellation.
        width: How many items may have a turn at once; may change while the pool runs.
        waiting: How many items may wait for their next turn before no new ones are taken: memory stays
            bounded while a server is down.

    Attributes:
        queue: The items that wait.
    """

    def __init__(
        self,
        take: Callable[[], Awaitable[tuple[T, float | None] | None]],
        turn: Callable[[T], Awaitable[float | None]],
        *,
        width: Callable[[], int],
        waiting: int = 500,
    ) -> None:
        self._take = take
        self._turn = turn
        self._width = width
        self._workers = 0
        self._ended = False
        self.queue: DelayQueue[T] = DelayQueue(waiting)

    def stop(self) -> None:
        """Take no further item; those that wait have their turns to their end."""
        self._ended = True
        self.queue.stop()

    def abandon(self) -> None:
        """Take no further item, and drop those that wait; only turns under way go on to their end."""
        self.stop()
        self.queue.clear()

    async def run(self) -> None:
        """Give every item its turns; returns when the last one has ended."""
        async with anyio.create_task_group() as later:
            later.start_soon(self._later_turns, later)
            async with anyio.create_task_group() as workers:
                self._hire(workers)
            self.queue.finish()

    def _hire(self, group: TaskGroup) -> None:
        while self._workers < self._width():
            self._workers += 1
            group.start_soon(self._work, group)

    async def _work(self, group: TaskGroup) -> None:
        """Take items and give each its first turn, until there is none or there are workers enough."""
        try:
            while self._workers <= self._width():
                if self.queue.is_full:
                    await self.queue.room()
                taken = await self._take()
                if taken is None:
                    self._ended = True
                    return
                item, due = taken
                if due is None:
                    due = await self._turn(item)
                if due is not None:
                    self.queue.put(item, due)
                if not self._ended:
                    self._hire(group)
        finally:
            self._workers -= 1

    async def _later_turns(self, group: TaskGroup) -> None:
        """Give each item that had to wait its next turn, once its time has come."""

        async def turn(item: T) -> None:
            try:
                due = await self._turn(item)
                if due is not None:
                    self.queue.put(item, due)
            finally:
                self.queue.turn_over()

        while (item := await self.queue.next(self._width)) is not None:
            group.start_soon(turn, item)
