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


def finish(output: Output, work: Callable[[Screen], int]) -> int:
    """Do a command's work and turn whatever ends it into an exit code."""
    from alianza_async.cli.screen import Screen, set_up_logging

    screen = Screen(output)
    try:
        set_up_logging(screen, output.log_level)
        return work(screen)
    except AlianzaError as error:
        screen.error(error)
        return code_of(error)
    except KeyboardInterrupt:
        screen.say("interrupted", "yellow")
        return interrupted(signal.SIGINT)
    except BrokenPipeError:
        raise
    except Exception as error:  # noqa: BLE001  (the last stop: a traceback tells users nothing)
        if screen.debug:
            screen.error(error)
        else:
            screen.error(
                f"unforeseen {type(error).__name__}; run it again with --log-level DEBUG and report it"
            )
        return Exit.NOT_DONE
