"""Answers that many rows ask for, kept for some seconds: asked once, however many wait."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Hashable
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

__all__ = ["Remembered"]

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


class Remembered(Generic[K, T]):
    """The latest answers by key.

    Args:
        ask: Brings the answer for a key.
        seconds: How long an answer is good for.
        most: How many are kept.
        clock: Seconds, monotonic.
    """

    def __init__(
        self,
        ask: Callable[[K], Coroutine[object, object, T]],
        *,
        seconds: float = 10.0,
        most: int = 200,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ask = ask
        self._seconds = seconds
        self._most = most
        self._clock = clock
        self._asked: OrderedDict[K, tuple[float, asyncio.Task[T]]] = OrderedDict()

    async def get(self, key: K, *, fresh: bool = False) -> T:
        """Return the answer for a key.

        Args:
            key: What is asked for.
            fresh: Whether it has to be asked for now.

        Raises:
            Exception: As `ask`; that is not kept.
        """
        now = self._clock()
        kept = self._asked.get(key)
        if kept is None or fresh or now - kept[0] >= self._seconds:
            # A task of its own: cancelling the row that asks first must not fail those that wait with it.
            kept = now, asyncio.create_task(self._ask(key))
            self._asked[key] = kept
            self._asked.move_to_end(key)
            if len(self._asked) > self._most:
                self._asked.popitem(last=False)
        try:
            return await asyncio.shield(kept[1])
        except Exception:
            if self._asked.get(key) is kept:
                del self._asked[key]
            raise
