"""The options every command takes, before its name or after it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path  # noqa: TC003  (read at run time, to convert the option)
from typing import TYPE_CHECKING, Annotated, Final

from cyclopts import Group, Parameter

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["Flag", "Output", "Where", "hoisted"]

Flag = Annotated[bool, Parameter(negative=(), show_default=False)]
"""An option that takes no value: given or not."""

COMMON: Final = Group("Common options (before or after the command)", sort_key=9)


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Output:
    """How a command tells what it has to tell.

    Attributes:
        as_json: One JSON object on standard output, everything else on standard error.
        log_level: DEBUG, INFO, WARNING or ERROR; None = as `ALIANZA_LOG_LEVEL` says, else WARNING.
    """

    as_json: Annotated[
        bool,
        Parameter(
            "--json",
            negative=(),
            group=COMMON,
            show_default=False,
            help="Print one JSON object on standard output, everything else on standard error.",
        ),
    ] = False
    log_level: Annotated[
        str | None, Parameter("--log-level", group=COMMON, help="DEBUG, INFO, WARNING or ERROR.")
    ] = None


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Where(Output):
    """Which Alianza a command speaks to; the credentials come from `ALIANZA_*` variables alone.

    Attributes:
        base_url: Where the API answers, instead of at the environment's own URL.
        environment: development, qa, beta or production.
        partition: Overrides the login's partition.
        env_file: A file of `ALIANZA_*` variables; one that names another place is refused.
    """

    base_url: Annotated[
        str | None,
        Parameter(
            "--base-url",
            group=COMMON,
            help="Where the API answers, such as a tunnel; what that leads to says --environment.",
        ),
    ] = None
    environment: Annotated[
        str | None, Parameter("--environment", group=COMMON, help="development, qa, beta or production.")
    ] = None
    partition: Annotated[
        str | None, Parameter("--partition", group=COMMON, help="Partition id; the login's own without it.")
    ] = None
    env_file: Annotated[
        Path | None, Parameter("--env-file", group=COMMON, help="File of ALIANZA_* variables, such as .env.")
    ] = None


# Whether each takes a value.
_TAKES_VALUE: Final = {
    "--base-url": True,
    "--environment": True,
    "--partition": True,
    "--env-file": True,
    "--log-level": True,
    "--json": False,
}


def hoisted(tokens: Sequence[str], is_command: Callable[[Sequence[str]], bool]) -> list[str]:
    """Move common options that stand before a command, or between its words, to after it.

    Args:
        tokens: The command line.
        is_command: Whether some words name a command or a group of commands.
    """
    words: list[str] = []
    moved: list[str] = []
    at = 0
    while at < len(tokens):
        token = tokens[at]
        takes_value = _TAKES_VALUE.get(token.partition("=")[0])
        if takes_value is not None:
            size = 2 if takes_value and "=" not in token else 1
            moved += tokens[at : at + size]
            at += size
        elif not token.startswith("-") and is_command([*words, token]):
            words.append(token)
            at += 1
        else:
            break
    return [*words, *moved, *tokens[at:]]
