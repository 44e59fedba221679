"""An event loop whose time jumps: twenty seconds of pacing are over in a blink, and to the nanosecond."""

from __future__ import annotations

import asyncio
import selectors
from typing import TYPE_CHECKING, TypeVar

from alianza_async.bulk.engine.outage import OutageDetector
from alianza_async.policies.admission import Admission
from alianza_async.policies.authentication import Authenticator
from alianza_async.policies.limit import RateLimiter
from alianza_async.policies.pause import Pause
from alianza_async.policies.refusals import Refusals
from alianza_async.policies.retry import Retry

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    import pytest

T = TypeVar("T")
_TURN = 1e-9


class _JumpingSelector(selectors.SelectSelector):
    """Instead of waiting, moves the clock to when the wait would be over."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Return what is ready; where nothing is, jump."""
        # A turn takes a moment, or a timer that rounding puts a hair too early would be set for ever.
        self.now += _TURN
        ready = super().select(0)
        if not ready:
            if timeout is None:
                raise RuntimeError("nothing will ever happen: no task is ready and no timer is set")
            self.now += max(timeout, 0.0)
        return ready


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """An event loop in virtual time, from 0 on."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        """Return the virtual time in seconds."""
        return self._jumping.now


def run_virtual(main: Coroutine[object, object, T]) -> T:
    """Run a coroutine to its end in virtual time."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(main)


def now() -> float:
    """Return the running loop's time."""
    return asyncio.get_running_loop().time()


def use_clock(monkeypatch: pytest.MonkeyPatch, clock: Callable[[], float] = now) -> None:
    """Let everything in the pipeline that has a clock read this one, unless it is given another."""
    for kind in (Admission, Authenticator, OutageDetector, Pause, RateLimiter, Refusals, Retry):
        defaults = {**(kind.__init__.__kwdefaults__ or {}), "clock": clock}
        monkeypatch.setattr(kind.__init__, "__kwdefaults__", defaults)
