"""The last stop of every command: its work is done here, and whatever ends it becomes an exit code."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from alianza_async.cli.exits import Exit, code_of, interrupted
from alianza_async.errors import AlianzaError

if TYPE_CHECKING:
    from collections.abc import Callable

    from alianza_async.cli.options import Output
    from alianza_async.cli.screen import Screen

__all__ = ["finish"]


def finish(output: Output, work: Callable[[Screen], int], *, only_reads: bool = False) -> int:
    """Do a command's work and turn whatever ends it into an exit code.

    Args:
        output: The command's common options.
        work: The command's work; returns its exit code.
        only_reads: Whether all that the command is for is what it prints: then it is not done where that
            cannot be written. What a command has changed is changed, whatever becomes of its output.
    """
    from alianza_async.cli.screen import Screen, set_up_logging

    screen = Screen(output)
    try:
        set_up_logging(screen, output.log_level)
        code = work(screen)
    except AlianzaError as error:
        screen.error(error)
        return code_of(error)
    except KeyboardInterrupt:
        screen.say("interrupted", "yellow")
        return interrupted(signal.SIGINT)
    except Exception as error:  # noqa: BLE001  (the last stop: a traceback tells users nothing)
        if screen.debug:
            screen.error(error)
        else:
            screen.error(
                f"unexpected {type(error).__name__}: please report it; with --log-level DEBUG a command "
                "shows where it happened"
            )
        return Exit.NOT_DONE
    return Exit.NOT_DONE if code == Exit.DONE and only_reads and screen.is_lost else code
