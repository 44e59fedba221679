"""What a piece of work cost this process: time, CPU and memory as the system counts them."""

from __future__ import annotations

import contextlib
import resource
import sys
import tempfile
import time
from bisect import bisect_left
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

__all__ = [
    "Spent",
    "cpu_s",
    "fullest_second",
    "journal_file",
    "metered",
    "rss_mb",
    "seconds_over",
]


@dataclass(slots=True)
class Spent:
    """What was spent between two moments.

    Attributes:
        wall_s: Seconds by the clock.
        cpu_s: Seconds of CPU of this process, all threads, user and system.
    """

    wall_s: float = 0.0
    cpu_s: float = 0.0

    @property
    def core_percent(self) -> float:
        """Share of one core that was busy."""
        return 100 * self.cpu_s / self.wall_s


def cpu_s() -> float:
    """Return the CPU seconds this process has used."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


@contextlib.contextmanager
def metered() -> Generator[Spent]:
    """Measure a block; the figures are there at its end."""
    spent = Spent()
    cpu, wall = cpu_s(), time.perf_counter()
    yield spent
    spent.wall_s = time.perf_counter() - wall
    spent.cpu_s = cpu_s() - cpu


def rss_mb() -> float:
    """Return the memory this process has resident, in MB; the most it ever had where no system file tells."""
    try:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    except OSError:  # pragma: no cover  (no Linux)
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most / (1e6 if sys.platform == "darwin" else 1e3)
    return pages * resource.getpagesize() / 1e6


def fullest_second(times: Sequence[float]) -> int:
    """Return the most moments that any sliding second holds; the moments ascend."""
    return max((bisect_left(times, start + 1) - index for index, start in enumerate(times)), default=0)


def seconds_over(times: Sequence[float], limit: int) -> int:
    """Return how many sliding seconds, each from one moment on, hold more moments than the limit."""
    return sum(bisect_left(times, start + 1) - index > limit for index, start in enumerate(times))


@contextlib.contextmanager
def journal_file() -> Generator[str]:
    """Yield a path where there is no file yet; it goes with all that is put beside it."""
    with tempfile.TemporaryDirectory(prefix="alianza-bench-") as folder:
        yield str(Path(folder) / "job.db")
