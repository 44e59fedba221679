"""A job's progress: a live bar on a terminal, a line now and then anywhere else."""

from __future__ import annotations

import contextlib
import time
from collections import deque
from typing import TYPE_CHECKING, Final, Protocol

from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

from alianza_async.cli.ticking import ticking

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from alianza_async.bulk.report import Report
    from alianza_async.cli.screen import Screen
    from alianza_async.session import Session

__all__ = ["BarView", "LineView", "Pace", "View", "shown"]

_LINE_EVERY_S: Final = 5.0
_WINDOW_S: Final = 5.0
_FOREVER_S: Final = 100 * 3600


class Pace:
    """How fast rows settle, over the last five seconds.

    Args:
        clock: Seconds, monotonic.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._samples: deque[tuple[float, int]] = deque([(clock(), 0)])

    def per_second(self, settled: int) -> float:
        """Note how many rows are settled by now; returns rows a second."""
        now, samples = self._clock(), self._samples
        samples.append((now, settled))
        while len(samples) > 2 and now - samples[1][0] >= _WINDOW_S:  # noqa: PLR2004  (a slope needs two)
            samples.popleft()
        then, before = samples[0]
        return (settled - before) / (now - then) if now > then else 0.0


def time_left(rows: int, per_second: float) -> str:
    """Write how long so many rows take: `0:08`, `1:02:03`, or `-:--` where that is not known."""
    seconds = rows / per_second if per_second > 0 else _FOREVER_S
    if seconds >= _FOREVER_S:
        return "-:--"
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


def ended(report: Report) -> int:
    """Count the rows that had their turn; those passed over by a job that stopped had none."""
    return report.settled - (report.skipped - report.done_before)


def not_done(report: Report) -> int:
    """Count the rows that ended otherwise than they should."""
    return report.failed + report.unknown + report.invalid


def _pace(report: Report, per_second: float) -> str:
    """Write how fast a job is, or what holds it back."""
    if report.outage is not None:
        return str(report.outage)
    if report.paused:
        return "paused"
    slowed = "" if report.slowed_to is None else f" (429: at most {report.slowed_to:.0f} requests a second)"
    return f"{per_second:.0f}/s{slowed}"


class View(Protocol):
    """Something that shows how far a job is."""

    def update(self, report: Report) -> None:
        """Show the report as it is now."""
        ...

    def close(self, report: Report) -> None:
        """Show the report a last time."""
        ...


class BarView:
    """A live bar.

    Args:
        screen: Where it is drawn.
        total: Rows of the input, where they are known.
    """

    def __init__(self, screen: Screen, total: int | None) -> None:
        self._pace = Pace()
        self._total = total
        self._bar = Progress(
            SpinnerColumn("line", style="cyan", finished_text=" "),
            BarColumn(None, complete_style="cyan", finished_style="green"),
            TextColumn("{task.fields[done]}"),
            TextColumn("{task.fields[rate]}", style="cyan"),
            TextColumn("{task.fields[flight]}"),
            TextColumn("{task.fields[errors]}", style="none"),
            TextColumn("{task.fields[left]}", style="dim"),
            console=screen.err,
            auto_refresh=False,
            expand=True,
        )
        self._task = self._bar.add_task("", total=total, done="", rate="", flight="", errors="", left="")
        self._bar.start()

    def update(self, report: Report) -> None:
        """Draw the bar."""
        settled, bad, total = ended(report), not_done(report), self._total
        rate = self._pace.per_second(settled - report.previously_settled)
        self._bar.update(
            self._task,
            completed=settled,
            done=f"{settled:,}/{total:,}" if total is not None else f"{settled:,} rows",
            rate=_pace(report, rate),
            flight=f"{report.in_flight} in flight",
            errors=f"[red]{bad:,} errors[/red]" if bad else "0 errors",
            left="" if total is None else f"{time_left(total - settled, rate)} left",
            refresh=True,
        )

    def close(self, report: Report) -> None:
        """Draw the bar as it ended, and let go of the terminal."""
        self.update(report)
        settled = ended(report)
        total = report.total if self._total is None else self._total
        self._bar.update(
            self._task,
            total=total or 1,
            done=f"{settled:,}/{total:,}",
            rate=f"{report.items_per_s:.0f}/s",
            left=f"in {report.elapsed_s:.1f} s",
        )
        self._bar.refresh()
        self._bar.stop()


class LineView:
    """A line every five seconds.

    Args:
        screen: Where it is written.
        total: Rows of the input, where they are known.
        clock: Seconds, monotonic.
    """

    def __init__(
        self, screen: Screen, total: int | None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._screen = screen
        self._total = total
        self._clock = clock
        self._pace = Pace(clock)
        self._last = clock()

    def update(self, report: Report) -> None:
        """Write a line, where it is time for one."""
        settled, total = ended(report), self._total
        rate = self._pace.per_second(settled - report.previously_settled)
        if self._clock() - self._last < _LINE_EVERY_S:
            return
        self._last = self._clock()
        of, left = ("", "")
        if total is not None:
            of, left = f" of {total:,}", f", {time_left(total - settled, rate)} left"
        errors = not_done(report)
        self._screen.say(
            f"{settled:,}{of} rows, {_pace(report, rate)}, {report.in_flight} in flight, "
            f"{errors:,} errors{left}"
        )

    def close(self, report: Report) -> None:
        """Write nothing more: the summary follows."""


@contextlib.asynccontextmanager
async def shown(
    report: Report, screen: Screen, total: int | None, session: Session | None = None
) -> AsyncGenerator[None]:
    """Show a job's progress while the context lasts.

    Args:
        report: The job's live report.
        screen: Where.
        total: Rows of the input, where they are known.
        session: The job's session: how often it was answered 429, and how fast it may send, is noted.
    """
    refused_before = 0 if session is None else session.throttled
    view: View = BarView(screen, total) if screen.err.is_terminal else LineView(screen, total)

    def note() -> None:
        if session is not None:
            report.note_pace(session.throttled - refused_before, session.rate, session.full_rate)

    def update() -> None:
        note()
        view.update(report)

    try:
        async with ticking(update):
            yield
    finally:
        note()
        view.close(report)
