"""The command lines that a message about a journal proposes."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["command_line"]


def command_line(verb: str, path: Path, *options: str) -> str:
    """Write the command that does something with a journal, as a shell takes it.

    Args:
        verb: Such as `resume`.
        path: The journal.
        *options: Further words.
    """
    return shlex.join(["alianza", "bulk", verb, str(path), *options])
