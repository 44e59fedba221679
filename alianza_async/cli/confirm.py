"""Nothing is written to production, and nothing destroyed, before somebody has typed it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from alianza_async.errors import ConfigurationError
from alianza_async.settings import Environment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alianza_async.cli.screen import Screen
    from alianza_async.session import Session

__all__ = ["confirm_destruction", "confirm_production", "refuse_unattended", "with_production"]


def confirm_production(session: Session, what: str, screen: Screen, *, yes: bool) -> None:
    """Have the environment's name typed, where that is production.

    Args:
        session: Where it is written.
        what: What is about to be done, such as `creates up to 20 accounts`.
        screen: Where it is asked.
        yes: Whether it was said on the command line already.

    Raises:
        ConfigurationError: It was not confirmed, or there is no terminal.
    """
    word = Environment.PRODUCTION.value
    if session.environment is not Environment.PRODUCTION or yes:
        return
    if not _is_attended():
        raise ConfigurationError(
            f"this writes to {word}, and there is no terminal to confirm it; confirm with --yes"
        )
    screen.say(f"This {what} in {word} ({session.base_url}).", "bold yellow")
    screen.err.print("Type the environment's name to continue: ", end="")
    if sys.stdin.readline().strip() != word:
        raise ConfigurationError(f"{word} was not confirmed; nothing was sent")


def refuse_unattended(destroys: Sequence[str], *, yes: bool) -> None:
    """Refuse to destroy anything where no terminal can ask; before a login is made.

    Args:
        destroys: What is about to be destroyed, as sentences; nothing is refused where there are none.
        yes: Whether it was said on the command line already.

    Raises:
        ConfigurationError: There is no terminal, and no `yes`.
    """
    if destroys and not yes and not _is_attended():
        raise ConfigurationError(
            f"this {'; it '.join(destroys)}; there is no terminal to confirm it; confirm with --yes"
        )


def with_production(words: str, session: Session) -> str:
    """Return the words that have to be typed before something is destroyed: in production with its name."""
    is_production = session.environment is Environment.PRODUCTION
    return f"{words} {Environment.PRODUCTION.value}" if is_production else words


def confirm_destruction(
    destroys: Sequence[str], words: str, *, where: str, screen: Screen, yes: bool
) -> None:
    """Say what is destroyed and where, and have it typed.

    Args:
        destroys: What is about to be destroyed, as sentences; without any nothing is asked.
        words: What has to be typed, such as `delete-accounts 20`.
        where: The host and the partition.
        screen: Where it is asked.
        yes: Whether it was said on the command line already: then it is said, and nothing asked.

    Raises:
        ConfigurationError: It was not typed, or there is no terminal.
    """
    if not destroys:
        return
    for sentence in destroys:
        screen.say(f"This {sentence}.", "bold red")
    screen.say(f"At {where}.", "bold red")
    if yes:
        return
    refuse_unattended(destroys, yes=yes)
    screen.err.print(f"Type {words!r} to continue: ", end="")
    if " ".join(sys.stdin.readline().split()) != words:
        raise ConfigurationError(f"{words!r} was not typed; nothing was sent")


def _is_attended() -> bool:
    """Tell whether somebody sits at a terminal."""
    return sys.stdin is not None and sys.stdin.isatty() and sys.stderr is not None and sys.stderr.isatty()
