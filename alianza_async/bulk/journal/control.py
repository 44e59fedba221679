"""Asking something of a job that runs in another process: pause, continue, another rate."""

from __future__ import annotations

import math
import sqlite3
import time
from contextlib import closing
from typing import TYPE_CHECKING

from alianza_async.bulk.journal.commands import command_line
from alianza_async.bulk.journal.files import connect, real_path
from alianza_async.bulk.journal.lock import is_locked
from alianza_async.bulk.journal.writer import reason_of
from alianza_async.errors import ConfigurationError, JournalError

if TYPE_CHECKING:
    import os

__all__ = ["ask"]


def ask(path: str | os.PathLike[str], *, paused: bool | None = None, rate: float | None = None) -> None:
    """Ask something of the job that works with a journal; it is on disk when this returns.

    It holds until something else is asked, or until the run ends: the next one begins without it.

    Args:
        path: The journal.
        paused: True: send nothing for now. False: continue. None: as it is.
        rate: Requests a second. None: as it is.

    Raises:
        ConfigurationError: The rate is invalid.
        JournalError: There is no journal, no process works with it, or it cannot be written.
    """
    if rate is not None and not (math.isfinite(rate) and rate > 0):
        raise ConfigurationError(f"rate is {rate}; give requests a second, over 0")
    real = real_path(path)
    with closing(connect(real, "rw")) as database:
        if not is_locked(real):
            raise JournalError(f"no job works with {real}: continue it with `{command_line('resume', real)}`")
        try:
            database.execute("PRAGMA synchronous = FULL")
            database.execute(
                "UPDATE control SET paused = coalesce(?, paused), rate = coalesce(?, rate), asked_at = ?",
                (paused, rate, time.time()),
            )
        except sqlite3.Error as error:
            raise JournalError(
                f"the journal {real} cannot be written ({reason_of(error)}): try again"
            ) from error
