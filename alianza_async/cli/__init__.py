"""The `alianza` command; needs the extra `cli`."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]

_NEEDED = ("cyclopts", "rich")
_USAGE = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code.

    Args:
        arguments: Command line without the program's name; None = the process's own.
    """
    if any(find_spec(name) is None for name in _NEEDED):
        sys.stderr.write("error: the alianza command needs its extra: pip install 'alianza-async[cli]'\n")
        return _USAGE
    from alianza_async.cli.app import run

    return run(sys.argv[1:] if arguments is None else list(arguments))
