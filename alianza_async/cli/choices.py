"""What a kind leaves to be decided, as the command line gives it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from alianza_async.bulk.kinds.by_name import KINDS, workflow_named
from alianza_async.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["as_options", "chosen", "refuse_account_id"]

_NAMED: Final = frozenset({"corrections", "others"})
"""Choices with an option of their own."""
_FLAGS: Final = {
    ("prevalidate", "skip"): "--skip-prevalidate",
    ("e911_coordinates", "send"): "--e911-coordinates",
}
"""Values of choices with a flag of their own."""


def as_options(choices: Mapping[str, str]) -> list[str]:
    """Return choices as the words of a command line."""
    words: list[str] = []
    for name, value in choices.items():
        if (name, value) in _FLAGS:
            words.append(_FLAGS[name, value])
        else:
            words += [f"--{name}", value] if name in _NAMED else ["--choice", f"{name}={value}"]
    return words


def chosen(pairs: Sequence[str] | None, **named: str | None) -> dict[str, str]:
    """Return the choices: those that have an option of their own, and `--choice NAME=VALUE`.

    Args:
        pairs: What `--choice` was given.
        **named: What the options of their own were given, by the choice's name; None = not given.

    Raises:
        ConfigurationError: One is not NAME=VALUE, or is given twice.
    """
    choices = {name: value for name, value in named.items() if value is not None}
    for pair in pairs or ():
        name, equals, value = pair.partition("=")
        name = name.strip().replace("-", "_")
        if not equals or not name:
            raise ConfigurationError(f"--choice takes NAME=VALUE, and was given {pair!r}")
        if choices.get(name, value) != value:
            raise ConfigurationError(f"{name} is given twice, as {choices[name]!r} and as {value!r}")
        choices[name] = value
    return choices


def refuse_account_id(kind: str) -> None:
    """Refuse one account for all rows of a kind whose rows name theirs, or belong to none.

    Args:
        kind: The kind's name.

    Raises:
        ConfigurationError: The kind takes none, or there is no such kind.
    """
    if workflow_named(kind).takes_account_id:
        return
    takes = [f"--kind {name}" for name in KINDS if workflow_named(name).takes_account_id]
    raise ConfigurationError(f"--account-id goes with {' or '.join(takes)}, not with {kind}; leave it out")
