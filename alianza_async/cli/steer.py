"""`alianza bulk pause`, `continue` and `rate`: what one terminal asks of a job in another."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from alianza_async.bulk.journal import JournalReader, ask
from alianza_async.cli.exits import Exit
from alianza_async.cli.journals import rows_of

if TYPE_CHECKING:
    from pathlib import Path

    from alianza_async.cli.screen import Screen

__all__ = ["run_pause", "run_rate"]


def run_pause(journal: Path, screen: Screen, *, paused: bool) -> int:
    """Have a running job pause, or go on, and return the exit code.

    Args:
        journal: Its journal.
        screen: Where the result is shown.
        paused: Whether it is to pause.

    Raises:
        JournalError: There is no such journal, or no job works with it.
    """
    ask(journal, paused=paused)
    if paused:
        done = "Paused: the job takes no further row within a second, what is under way ends"
    else:
        done = "The job takes rows again within a second"
    return _told(journal, screen, done, {"paused": paused})


def run_rate(journal: Path, rate: float, screen: Screen) -> int:
    """Have a running job send at another rate, and return the exit code.

    Args:
        journal: Its journal.
        rate: Requests a second.
        screen: Where the result is shown.

    Raises:
        ConfigurationError: The rate is invalid.
        JournalError: There is no such journal, or no job works with it.
    """
    ask(journal, rate=rate)
    done = f"The job sends at most {rate:g} requests a second, within a second and until it ends"
    return _told(journal, screen, done, {"rate": rate})


def _told(journal: Path, screen: Screen, done: str, facts: dict[str, object]) -> int:
    with JournalReader(journal) as reader:
        counts = reader.counts()
        rows, asked = rows_of(reader.facts, counts), reader.control()
        path = str(reader.path)
    open_rows = sum(counts.get(status, 0) for status in ("pending", "intent", "unknown"))
    settled = sum(counts.values()) - open_rows
    if screen.as_json:
        told = {"paused": asked.paused, "rate": asked.rate, "settled": settled, "rows": rows}
        screen.json({"journal": path, **told, **facts})
    else:
        of = "" if rows is None else f" of {rows:,}"
        screen.line(f"{done}; {settled:,}{of} rows are settled.")
        if asked.paused:
            screen.line("To have it go on:")
            screen.line(f"  {shlex.join(['alianza', 'bulk', 'continue', str(journal)])}", "bold")
    return Exit.DONE
