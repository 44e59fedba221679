"""Signals: the first asks for an orderly end, the second leaves at once.

A terminal that is closed sends SIGHUP, and often twice: by the shell, then by the kernel. It asks as SIGTERM
does, but never counts as the second signal. A process that ignored it at its start (`nohup`) goes on.
"""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType, TracebackType

    _Handler = Callable[[int, FrameType | None], object] | int | None

__all__ = ["Interrupts"]

_HANG_UP: Final = getattr(signal, "SIGHUP", None)  # Windows has none


class Interrupts:
    """Takes SIGINT and SIGTERM while its context lasts, and SIGHUP unless that is ignored.

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
        self._taken: tuple[signal.Signals, ...] = ()
        self._before: dict[signal.Signals, _Handler] = {}

    def __enter__(self) -> Self:
        """Take the signals over."""
        self._loop = loop = asyncio.get_running_loop()
        self._task = asyncio.current_task()
        self._taken = _signals()
        for number in self._taken:
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
        elif not self.left and number is not _HANG_UP:
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
        for number in self._taken:
            try:
                loop.remove_signal_handler(number)
            except NotImplementedError:  # Windows
                signal.signal(number, self._before[number])


def _signals() -> tuple[signal.Signals, ...]:
    """Return the signals that ask for an end."""
    hangs_up = _HANG_UP is not None and signal.getsignal(_HANG_UP) is not signal.SIG_IGN
    return (signal.SIGINT, signal.SIGTERM, *((_HANG_UP,) if hangs_up and _HANG_UP is not None else ()))
