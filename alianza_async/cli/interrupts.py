"""Signals: the first asks for an orderly end, the second leaves at once."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType, TracebackType

    _Handler = Callable[[int, FrameType | None], object] | int | None

__all__ = ["Interrupts"]

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


class Interrupts:
    """Takes SIGINT and SIGTERM while its context lasts.

    Args:
        on_first: Called at the first signal.

    Attributes:
        number: The first signal that came, or None.
        left: Whether a second one came, and cancelled the task that entered the context.
    """

    def __init__(self, on_first: Callable[[signal.Signals], None]) -> None:
        self._on_first = on_first
        self.number: signal.Signals | None = None
        self.left = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[object] | None = None
        self._before: dict[signal.Signals, _Handler] = {}

    def __enter__(self) -> Self:
        """Take the signals over."""
        self._loop = loop = asyncio.get_running_loop()
        self._task = asyncio.current_task()
        for number in _SIGNALS:
            try:
                loop.add_signal_handler(number, self.arrived, number)
            except NotImplementedError:  # Windows
                self._before[number] = signal.signal(number, self._arrived_elsewhere)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give the signals back."""
        self._give_back()

    def arrived(self, number: signal.Signals) -> None:
        """Act on a signal."""
        if self.number is None:
            self.number = number
            self._on_first(number)
        elif not self.left:
            self.left = True
            self._give_back()  # a third one kills
            if self._task is not None:
                self._task.cancel()

    def _arrived_elsewhere(self, number: int, _frame: FrameType | None) -> None:
        """Carry a signal over to the event loop, where the loop cannot take it itself."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self.arrived, signal.Signals(number))

    def _give_back(self) -> None:
        loop, self._loop = self._loop, None
        if loop is None:
            return
        for number in _SIGNALS:
            try:
                loop.remove_signal_handler(number)
            except NotImplementedError:  # Windows
                signal.signal(number, self._before[number])
