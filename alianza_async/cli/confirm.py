"""Nothing is written to production before somebody has said so."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from alianza_async.errors import ConfigurationError
from alianza_async.settings import Environment

if TYPE_CHECKING:
    from alianza_async.cli.screen import Screen
    from alianza_async.session import Session

__all__ = ["confirm_production"]


def confirm_production(session: Session, what: str, screen: Screen, *, yes: bool) -> None:
    """Have the environment's name typed, where that is production.

    Args:
        session: Where it is written.
        what: What is about to be done, such as `creates up to 20 accounts`.
        screen: Where it is asked.
        yes: Whether it was said on the command line already.

    Raises:
        ConfigurationError: It was not confirmed, or there is nobody to type it.
    """
    word = Environment.PRODUCTION.value
    if session.environment is not Environment.PRODUCTION or yes:
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise ConfigurationError(
            f"this writes to {word} and nobody is there to confirm it; say so with --yes"
        )
    screen.say(f"This {what} in {word} ({session.base_url}).", "bold yellow")
    screen.err.print("Type the environment's name to go on: ", end="")
    if sys.stdin.readline().strip() != word:
        raise ConfigurationError(f"{word} was not confirmed; nothing was sent")
