"""Whose turn it is: the login first, then interactive calls, then bulk, which keeps a tenth."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Final

from anyio.lowlevel import checkpoint_if_cancelled

from alianza_async.calls.options import Lane

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Permits", "Turns"]

_ONE_IN: Final = 10


class Turns:
    """Callers that wait; first come, first served within a lane.

    The login goes first. Interactive calls go before bulk ones, but of ten turns in a row that are given
    while bulk calls wait, one is bulk's.
    """

    def __init__(self) -> None:
        self._lanes: tuple[deque[asyncio.Future[bool]], ...] = tuple(deque() for _ in Lane)
        self._waiting = 0
        self._without_bulk = 0

    def __len__(self) -> int:
        """Return how many callers wait."""
        return self._waiting

    @property
    def login_waits(self) -> bool:
        """Whether a login is among those that wait."""
        return any(not turn.done() for turn in self._lanes[Lane.LOGIN])

    async def wait(self, lane: Lane, give_back: Callable[[], None]) -> bool:
        """Wait for this caller's turn.

        Args:
            lane: Where it stands in line.
            give_back: Called where the turn came and the caller was cancelled before it could use it.

        Returns:
            Whether it has its turn; False where it was sent away (`send_away`).

        Raises:
            BaseException: What gives the turns has failed (`fail`).
        """
        turn: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._lanes[lane].append(turn)
        self._waiting += 1
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.cancelled():
                self._waiting -= 1
                if not self._waiting:  # a crowd that is cancelled leaves nothing behind
                    for waited in self._lanes:
                        waited.clear()
            elif turn.exception() is None and turn.result():
                give_back()
            raise

    def give(self, *, login_only: bool = False) -> bool:
        """Give the next caller its turn; returns whether there was one.

        Args:
            login_only: Whether only a login may go.
        """
        if not self._waiting:
            self._without_bulk = 0
            return False
        login, interactive, bulk = self._lanes
        if self._take(login):
            return True
        if login_only:
            return False
        if self._without_bulk >= _ONE_IN - 1 and self._take(bulk):
            self._without_bulk = 0
            return True
        if self._take(interactive):
            self._without_bulk += bool(bulk)
            return True
        self._without_bulk = 0
        return self._take(bulk)

    def send_away(self) -> None:
        """Let everybody but a login stop waiting, without a turn."""
        for lane in self._lanes[Lane.INTERACTIVE :]:
            while self._take(lane, has_turn=False):
                pass

    def fail(self, error: BaseException) -> None:
        """Let everybody stop waiting with an error: nobody gives turns any more."""
        for lane in self._lanes:
            for turn in lane:
                if not turn.done():
                    self._waiting -= 1
                    turn.set_exception(error)
            lane.clear()

    def _take(self, lane: deque[asyncio.Future[bool]], *, has_turn: bool = True) -> bool:
        while lane:
            turn = lane.popleft()
            if not turn.done():  # its caller has not been cancelled meanwhile
                self._waiting -= 1
                turn.set_result(has_turn)
                return True
        return False


class Permits:
    """As many callers at once as there are connections; whose turn is next is as `Turns` says.

    Args:
        number: How many there are.
    """

    def __init__(self, number: int) -> None:
        self._free = number
        self._turns = Turns()

    @property
    def free(self) -> int:
        """How many nobody holds."""
        return self._free

    async def acquire(self, lane: Lane) -> None:
        """Take one; wait for it where none is free."""
        await checkpoint_if_cancelled()  # a scope of anyio's that is cancelled tells so only where one asks
        if self._free:
            self._free -= 1
            return
        await self._turns.wait(lane, self.release)

    def release(self) -> None:
        """Give one back, to whoever is next."""
        if not self._turns.give():
            self._free += 1
