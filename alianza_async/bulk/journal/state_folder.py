"""The folder in which programs of this library keep what they know of a user's jobs."""

from __future__ import annotations

import os
from pathlib import Path

from alianza_async.errors import JournalError

__all__ = ["state_folder"]


def state_folder() -> Path:
    """Return the folder: `alianza` in `$XDG_STATE_HOME`, else in `~/.local/state`; it may not exist yet.

    Raises:
        JournalError: There is no home folder.
    """
    named = os.environ.get("XDG_STATE_HOME", "")
    if Path(named).is_absolute():  # anything else is to be ignored, says the XDG specification
        return Path(named) / "alianza"
    try:
        return Path.home() / ".local" / "state" / "alianza"
    except RuntimeError:
        raise JournalError("there is no home folder for a journal: name a place with --journal") from None
