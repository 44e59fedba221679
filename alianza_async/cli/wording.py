"""Messages of the library in the command line's words: an argument of Python becomes its option."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["in_options"]

_OPTIONS: Final = {
    "check_remote": "--check-remote",
    "grace_s": "--grace",
    "include_live": "--include-live",
    "max_failures": "--max-failures",
    "on_exists": "--on-exists",
    "outage_limit_s": "--outage-limit",
    "retry_failed": "--retry-failed",
    "settle_s": "--settle",
    "header_row": "--header-row",
    "encoding": "--encoding",
    "sheet": "--sheet",
    "batch": "--batch",
    "canary": "--canary",
    "concurrency": "--concurrency",
    "force": "--force",
    "journal": "--journal",
    "rate": "--rate",
    "results": "--results",
    "save": "--save",
    "source": "--input",
    "strict": "--strict",
    "via": "--via",
}
_ARGUMENT: Final = re.compile(rf"(?<![\w-])({'|'.join(_OPTIONS)})=(?:'([^']*)'|True\b)?")
"""`via='server'`, `include_live=True`, `source=`."""

_FILE: Final = "--map, --drop, --header-row, --sheet and --encoding"
_MAPPED: Final = re.compile(r"columns=\{(.*?'\w+')\}")
_PAIR: Final = re.compile(r"(['\"])(.*?)\1: '(\w+)'")
_DROPPED: Final = re.compile(r"drop=\[(['\"])(.*?)\1\]")
"""`columns={'Acct #': 'account_number'}`, `drop=['Acct #']`."""

_NAME: Final = re.compile(rf"(?<![\w-])({'|'.join(name for name in _OPTIONS if '_' in name)})(?!\w)")
"""A name that no sentence has but as an argument."""

_START: Final = re.compile(
    rf"^({'|'.join(name for name in _OPTIONS if '_' not in name)})(?= (?:is|goes|does) )"
)
"""`rate is 0; give ...`: what a message is about."""


def in_options(message: str) -> str:
    """Return a message with the options of the command line where it names arguments of Python."""
    message = message.replace("file=", _FILE)
    message = _MAPPED.sub(_as_map, message)
    message = _DROPPED.sub(r'--drop "\2"', message)
    message = _ARGUMENT.sub(lambda found: " ".join(filter(None, (_OPTIONS[found[1]], found[2]))), message)
    for names in (_NAME, _START):
        message = names.sub(lambda found: _OPTIONS[found[1]], message)
    return message


def _as_map(columns: re.Match[str]) -> str:
    return " ".join(f'--map "{pair[2]}={pair[3]}"' for pair in _PAIR.finditer(columns[1]))
