from __future__ import annotations

import asyncio
import io
import logging
import re
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from alianza_async.bulk.input.counting import count_rows
from alianza_async.bulk.report import ItemResult, Report
from alianza_async.cli.options import Output
from alianza_async.cli.progress import BarView, LineView, Pace, shown, time_left
from alianza_async.cli.screen import Screen, set_up_logging
from alianza_async.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path


class Clock:
    """A clock that is set by hand."""

    now = 0.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


def terminal(width: int = 80) -> tuple[Screen, io.StringIO]:
    """Make a screen whose standard error is a terminal, and what is drawn on it."""
    drawn = io.StringIO()
    screen = Screen(Output())
    screen.err = Console(
        file=drawn, force_terminal=True, width=width, highlight=False, markup=False, color_system=None
    )
    return screen, drawn


def test_pace() -> None:
    """The pace is that of the last five seconds, not of the whole job."""
    clock = Clock()
    pace = Pace(clock)
    assert pace.per_second(0) == 0
    for second in range(1, 11):
        clock.now = second
        assert pace.per_second(10 * second) == pytest.approx(10)
    for second in range(11, 16):
        clock.now = second
        pace.per_second(100 + 50 * (second - 10))
    clock.now = 16
    assert pace.per_second(400) == pytest.approx(50)


@pytest.mark.parametrize(
    ("rows", "rate", "expected"),
    [(800, 100, "0:08"), (6100, 100, "1:01"), (366_500, 100, "1:01:05"), (1, 0, "-:--"), (10**9, 1, "-:--")],
)
def test_time_left(rows: int, rate: float, expected: str) -> None:
    """Time left is written as a clock would, and not at all where nobody can tell."""
    assert time_left(rows, rate) == expected


@pytest.mark.parametrize("width", [80, 120])
def test_bar(width: int) -> None:
    """The bar is one line of the terminal's width: done, rate, in flight, errors, time left."""
    screen, drawn = terminal(width)
    report = Report(created=1000, failed=2, skipped=5, done_before=3, total=1010, in_flight=5)
    view = BarView(screen, 2000)
    view.update(report)
    view.close(report)
    text = re.sub(r"\x1b\[[?0-9;]*[A-Za-z]", "", drawn.getvalue()).replace("\r", "\n")
    lines = [line for line in text.splitlines() if "in flight" in line]
    assert "1,005/2,000" in lines[-1]
    assert "5 in flight" in lines[-1]
    assert "2 errors" in lines[-1]
    assert " left" in lines[0]
    assert {len(line) for line in lines} == {width}


def test_bar_of_a_job_gone_on_with() -> None:
    """What earlier runs settled is done, and no pace of this one; a paused job has none, and says why."""
    screen, drawn = terminal()
    report = Report(created=1500, total=1500, previously_settled=1500, paused=True)
    view = BarView(screen, 2000)
    view.update(report)
    assert "1,500/2,000 paused" in drawn.getvalue()
    report.paused = False
    view.update(report)
    assert "1,500/2,000 0/s" in drawn.getvalue()
    view.close(report)


def test_bar_without_a_total() -> None:
    """An input that was not counted has a bar that only says how many are done."""
    screen, drawn = terminal()
    report = Report(created=7, total=7)
    view = BarView(screen, None)
    view.update(report)
    view.close(report)
    assert "7 rows" in drawn.getvalue()
    assert "7/7" in drawn.getvalue()
    assert " left" not in drawn.getvalue()


@pytest.mark.parametrize(
    ("total", "expected"),
    [
        (1000, "500 of 1,000 rows, 100/s, 9 in flight, 0 errors, 0:05 left\n"),
        (None, "500 rows, 100/s, 9 in flight, 0 errors\n"),
    ],
)
def test_lines(total: int | None, expected: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Where there is no terminal, a line is written every five seconds."""
    clock = Clock()
    view = LineView(Screen(Output()), total, clock)
    report = Report(in_flight=9)
    for tick in range(1, 51):
        clock.now = tick / 10
        report.created = tick * 10
        view.update(report)
    report.paused = True
    clock.now = 10
    view.update(report)
    view.close(report)
    first, second = capsys.readouterr().err.splitlines(keepends=True)
    assert first == expected
    assert second == expected.replace("100/s", "paused").replace("0:05", "-:--")


async def test_shown_on_a_terminal() -> None:
    """The bar lives as long as the job, and shows how it ended."""
    screen, drawn = terminal()
    report = Report()
    async with shown(report, screen, 1):
        await asyncio.sleep(0)
        report.total += 1
        report.add(ItemResult(1, "ACME-1", "created"))
        report.end()
    assert "1/1" in drawn.getvalue()
    assert drawn.getvalue().rstrip("\r\n").endswith("s\n\x1b[?25h")


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("a.csv", "h\n1\n2\n", 2),
        ("a.csv", 'h,i\n\n1,"two\nlines"\n\n2,x', 2),
        ("a.csv", "h\n", 0),
        ("a.jsonl", '{"a": "\\""}\n\n{"a": 1}\n', 2),
        ("a.csv", "\ufeffh\r\n1\r\n", 1),
    ],
)
def test_counting(name: str, text: str, expected: int, tmp_path: Path) -> None:
    """Rows are counted as the job will count them: no header, no blank lines, line ends within quotes."""
    (tmp_path / name).write_bytes(text.encode())
    assert count_rows(tmp_path / name) == expected


def test_counting_what_takes_long(tmp_path: Path) -> None:
    """A very large file, and one whose bytes cannot be counted as they are, is not counted."""
    (tmp_path / "u.csv").write_bytes("h\n1\n".encode("utf-16"))
    assert count_rows(tmp_path / "u.csv") is None
    with (tmp_path / "large.csv").open("wb") as large:
        large.write(b"h\n1\n")
        large.truncate(50_000_001)
    assert count_rows(tmp_path / "large.csv") is None


def test_log_lines(capsys: pytest.CaptureFixture[str]) -> None:
    """Our warnings are shown, and other libraries' from there on; retries and chatter are not."""
    set_up_logging(Screen(Output()), None)
    logging.getLogger("alianza_async").warning("something to know\x1b[2J")
    logging.getLogger("alianza_async").info("chatter")
    logging.getLogger("httpx").info("HTTP Request")
    logging.getLogger("alianza_async").error("it broke", exc_info=ValueError("secret"))
    assert capsys.readouterr().err == "warning: something to know?[2J\nerror: it broke (ValueError)\n"


def test_debug_log_lines(capsys: pytest.CaptureFixture[str]) -> None:
    """With DEBUG our own lines are shown; the HTTP libraries' lines, which hold headers, never."""
    set_up_logging(Screen(Output(log_level="debug")), "debug")
    for name in ("alianza_async", "httpcore", "httpx"):
        logging.getLogger(name).debug("X-AUTH-TOKEN")
        logging.getLogger(name).info("hello of %s", name)
    told = capsys.readouterr().err.splitlines()
    assert told == ["debug: X-AUTH-TOKEN", "info: hello of alianza_async"]


def test_a_log_line_that_cannot_be_written(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A log line that cannot be put together does not end the job."""
    monkeypatch.setattr(logging, "raiseExceptions", False)
    set_up_logging(Screen(Output()), None)
    logging.getLogger("alianza_async").warning("%d", "no number")
    assert capsys.readouterr().err == ""


def test_no_such_level() -> None:
    """A level that does not exist is refused."""
    with pytest.raises(ConfigurationError, match="LOUD"):
        set_up_logging(Screen(Output()), "LOUD")
