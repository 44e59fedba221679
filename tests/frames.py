"""Looks for secrets where error reporters look: in the variables of every frame of an error's tracebacks."""

from __future__ import annotations

import traceback
from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Final, cast

from rich.pretty import pretty_repr

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from types import FrameType

__all__ = ["frames_of", "leaks_in", "linked"]

_DEEPEST: Final = 4


def linked(error: BaseException) -> Iterator[BaseException]:
    """Yield an error, what it came from, and the members of groups; each once."""
    seen: set[int] = set()
    left: list[BaseException | None] = [error]
    while left:
        each = left.pop()
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        left += each.__cause__, each.__context__
        if isinstance(each, BaseExceptionGroup):
            left += cast("BaseExceptionGroup[BaseException]", each).exceptions


def frames_of(error: BaseException) -> Iterator[FrameType]:
    """Yield every frame of an error's tracebacks that is no test's own."""
    for each in linked(error):
        for frame, _ in traceback.walk_tb(each.__traceback__):
            if "/tests/" not in frame.f_code.co_filename:
                yield frame


def _texts(value: object, depth: int) -> Iterator[str]:
    """Yield what reporters show of a value: its repr, and, within containers, that of what is in them."""
    yield _shown(repr, value)
    if depth == 0:
        return
    if isinstance(value, Mapping):
        for pair in cast("Mapping[object, object]", value).items():
            for each in pair:
                yield from _texts(each, depth - 1)
    elif isinstance(value, (list, tuple, set, frozenset)):
        for each in cast("Iterable[object]", value):
            yield from _texts(each, depth - 1)


def _shown(show: Callable[[object], str], value: object) -> str:
    """Return a value as it is shown; of an object that is half made nothing can be."""
    try:
        return show(value)
    except AttributeError:
        return ""


def leaks_in(error: BaseException, secrets: Sequence[str]) -> list[str]:
    """Return where a secret is shown: by an error's texts, or by a variable, as Sentry and rich show it."""
    found: list[str] = []
    for each in linked(error):
        said = f"{each!s} {each!r} {getattr(each, '__notes__', '')}"
        found += [f"{type(each).__name__} says {secret}" for secret in secrets if secret in said]
    for frame in frames_of(error):
        for name, value in frame.f_locals.items():
            drawn = _shown(partial(pretty_repr, max_depth=_DEEPEST, max_string=8), value)
            shown = "\n".join([*_texts(value, _DEEPEST), drawn])
            where = f"{frame.f_code.co_filename.rpartition('/')[2]}:{frame.f_code.co_qualname}"
            found += [f"{where} {name} shows {secret}" for secret in secrets if secret in shown]
    return found
