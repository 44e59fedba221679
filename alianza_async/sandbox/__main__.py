"""`python -m alianza_async.sandbox`: serve an embedded Alianza on a loopback port."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from alianza_async.sandbox.arguments import options_of, parser
from alianza_async.sandbox.server import run

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until told to stop and answer the exit code.

    Args:
        arguments: Command line without the program's name; None = the process's own.
    """
    command = parser()
    given = command.parse_args(arguments)
    try:
        options = options_of(given)
    except ValueError as error:
        command.error(str(error))
    try:
        run(options, port=given.port, as_json=given.json, exit_with_parent=given.exit_with_parent)
    except OSError as error:
        sys.stderr.write(
            f"The sandbox cannot listen on port {given.port}: {error.strerror}; choose another.\n"
        )
        return 2
    except ValueError as error:  # the inventory's
        command.error(str(error))
    return 0


if __name__ == "__main__":
    sys.exit(main())
