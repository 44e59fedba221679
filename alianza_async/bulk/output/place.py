"""Where an output may go: never over a journal, an input or a plan; over another file only with `force`."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from alianza_async.bulk.journal.schema import APPLICATION_ID
from alianza_async.calls.output_files import is_direct
from alianza_async.errors import ResultFileError

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["free_place", "is_journal", "is_plan", "refuse_place"]

_SQLITE: Final = b"SQLite format 3\0"
_ID_AT: Final = 68  # where SQLite keeps the application id
_BESIDE: Final = ("-wal", "-shm", "-journal", ".lock")
"""What belongs to a journal, by the end of its name."""

_PLAN: Final = re.compile(
    rb'\s*\{\s*"version":\s*\d+,\s*"kind":\s*"[^"\n]*",\s*"input":\s*"(?:[^"\\\n]|\\.)*",\s*"sha256":\s*"[0-9a-f]{64}"'
)
_LOOKED_AT: Final = 64 << 10  # a plan's first line begins with its input's path, which may be long


def refuse_place(
    path: str | os.PathLike[str],
    *,
    what: str = "results",
    force: bool = False,
    inputs: Iterable[str | os.PathLike[str]] = (),
    journals: Iterable[str | os.PathLike[str]] = (),
    over_plan: bool = False,
) -> Path:
    """Refuse a place that an output may not go to, and return the place without symbolic links.

    Every command asks here before it writes. Files are known by what they hold and by their identity, so a
    hard or symbolic link of another name is the same file.

    Args:
        path: Where the output is to go.
        what: What it is, for the sentence.
        force: Whether a file that is there may be replaced.
        inputs: What the command reads.
        journals: The command's own journals, also where they are yet to be made.
        over_plan: Whether a plan may be replaced, with `force`: by another plan alone.

    Returns:
        The place; as it was given where it is written directly, see `is_direct`.

    Raises:
        ResultFileError: It may not go there; the sentence says why and what to do.
    """
    other = f"name another file for the {what}"
    try:
        direct = is_direct(path)
    except OSError as error:
        raise ResultFileError(f"{path} cannot be written ({error.strerror}): {other}") from None
    place = Path(path) if direct else Path(os.path.realpath(path))
    if place.is_dir():
        raise ResultFileError(f"{place} is a directory: name a file for the {what}")
    held = _own_journal(place, journals)
    if held is None and place.is_file():
        held = _content(place, over_plan=over_plan)
    if held is None and any(_is_same(place, file) for file in inputs):
        held = "the input"
    if held is not None:
        raise ResultFileError(f"{place} is {held}: {other}")
    if place.is_file() and not (force or direct):
        raise ResultFileError(f"{place} is there already: {other}, or replace it with --force")
    return place


def free_place(path: Path) -> Path:
    """Return a path where nothing is: the one given, or the first of `NAME-2`, `NAME-3`, ... that is free."""
    place, number = path, 1
    while place.exists() or place.is_symlink():
        number += 1
        place = path.with_name(f"{path.stem}-{number}{path.suffix}")
    return place


def _own_journal(place: Path, journals: Iterable[str | os.PathLike[str]]) -> str | None:
    """Say that a place is the command's own journal, or belongs to it, also where that is yet to be made."""
    for journal in journals:
        name = os.path.realpath(journal)
        # By its name first: opening a journal's file and closing it would drop SQLite's locks on it.
        if str(place) in {name, *(name + end for end in _BESIDE)} or _is_same(place, journal):
            return "the journal of this job, or belongs to it"
    return None


def _content(place: Path, *, over_plan: bool) -> str | None:
    """Return what a file holds that may not be replaced."""
    if is_journal(place) or _is_beside_journal(place):
        return "the journal of a job, or belongs to one"
    return "a plan" if is_plan(place) and not over_plan else None


def is_journal(path: Path) -> bool:
    """Tell whether a file is a journal of this library, by its first bytes."""
    start = _start(path, _ID_AT + 4)
    return start.startswith(_SQLITE) and int.from_bytes(start[_ID_AT:], "big") == APPLICATION_ID


def is_plan(path: Path) -> bool:
    """Tell whether a file is a plan, by how its first line begins."""
    return _PLAN.match(_start(path, _LOOKED_AT)) is not None


def _is_beside_journal(path: Path) -> bool:
    return any(
        path.name.endswith(end) and is_journal(path.with_name(path.name.removesuffix(end)))
        for end in _BESIDE
        if path.name != end
    )


def _is_same(place: Path, other: str | os.PathLike[str]) -> bool:
    try:
        return place.samefile(other)
    except OSError:
        return os.fspath(place) == os.path.realpath(other)


def _start(path: Path, size: int) -> bytes:
    try:
        with path.open("rb") as handle:
            return handle.read(size)
    except OSError:
        return b""
