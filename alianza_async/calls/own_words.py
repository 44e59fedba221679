"""What a call sent in fields named as a secret or as a part of an address, taken out of the server's words.

Servers quote what they refuse: `pin 4711 is too weak`, `742 Evergreen Terrace is unknown`.

* A value is masked where it stands as a whole word, however it is cased and as JSON, URLs and HTML spell it,
  and so is each longer word of it. Within another word it stays: `Main` is in `maintenance`.
* Values and words of one or two characters (`5`, `N`, `UT`), and words that are in most addresses (`street`),
  are in every sentence: they are masked only beside a word that is.
* Keys and ids of the call, and numbers of rows and lines, stay, whatever else has the same value: without
  them nobody can tell what the message is about.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final, cast
from urllib.parse import parse_qsl

from alianza_async.calls.hidden import HiddenText
from alianza_async.calls.private import is_private, is_secret
from alianza_async.calls.redaction import MASK, spellings

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from alianza_async.calls.call import Call

__all__ = ["keeping", "keys_of", "own_values", "private_in", "without_values"]

_SHORTEST: Final = 3
_LONG_WORD: Final = 4
_WORD: Final = re.compile(r"\w+")
_CUT: Final = "…"
_BETWEEN: Final = re.compile(r"[\s,.;:/#-]*")
_PLACE_IN_INPUT: Final = r"\b(?:row|line|column|record)s?\s+#?\d+\b"
# In an address these name nobody's.
_NO_ADDRESS: Final = re.compile(r"(?:^|[_.])(?:id|type|language)$|(?:Id|Type)$")
_USUAL: Final = re.compile(
    r"address|apartment|avenue|boulevard|building|city|country|court|drive|east|floor|highway|house|lane|lower"
    r"|north|number|parkway|place|postal|road|room|south|square|states?|street|suite|terrace|unit|united|upper"
    r"|west",
    re.IGNORECASE,
)


def own_values(call: Call) -> tuple[HiddenText, ...]:
    """Return what a call sends in fields that are named as a secret or as a part of an address."""
    found: set[HiddenText] = set()
    if call.body is not None:
        found.update(_in_json(call.body))
    for part in call.parts:
        if isinstance(part.value, str):
            found.update(_in_json(part.value, part.name))
    query = call.target.partition("?")[2]
    for name, value in parse_qsl(query):
        found.update(private_in(value, name))
    return tuple(found)


def keys_of(call: Call) -> tuple[str, ...]:
    """Return by what a call names its object: its key, and the ids in its path."""
    key = () if call.key_value is None else (call.key_value,)
    return (*key, *call.path_values.values())


def without_values(text: str, values: Collection[str], keys: Iterable[str]) -> str:
    """Return a text without values.

    Args:
        text: One line; where it was shortened it ends in `…`.
        values: What is masked.
        keys: What stays, also where it is a value too.
    """
    if not values:
        return text
    known = {key.strip().casefold() for key in keys}
    folded = text.casefold()
    whole: set[str] = set()
    beside: set[str] = set()
    for value in {value.strip() for value in values}:
        if not value or value.casefold() in known:
            continue
        words = _WORD.findall(value)
        if words and value.isascii() and not any(word.casefold() in folded for word in words):
            continue
        (whole if len(value) >= _SHORTEST else beside).add(value)
        if len(words) > 1:
            long = {word for word in words if len(word) >= _LONG_WORD and not _USUAL.fullmatch(word)}
            whole |= {word for word in long if word.casefold() not in known}
            beside |= set(words) - long
    whole = {spelling for value in whole for spelling in spellings(value) if spelling.casefold() in folded}
    if whole:
        beside = {value for value in beside if value.casefold() in folded}
        text = keeping(text, known, lambda piece: _masked(piece, whole, beside))
    return _without_cut_value(text, values) if text.endswith(_CUT) else text


def keeping(text: str, keys: Iterable[str], mask: Callable[[str], str]) -> str:
    """Return a text that is masked, save where a key or the number of a row or line stands.

    Args:
        text: The text.
        keys: What stays where it stands as a whole word.
        mask: Masks what stands between.
    """
    kept = [_alone(key) for key in sorted(keys, key=len, reverse=True) if key]
    pieces = re.split(f"({'|'.join((*kept, _PLACE_IN_INPUT))})", text, flags=re.IGNORECASE)
    return "".join(piece if place % 2 else mask(piece) for place, piece in enumerate(pieces))


def _masked(text: str, whole: set[str], beside: set[str]) -> str:
    """Return a text without values that stand alone, and without shorter ones beside them."""
    longest_first = sorted(whole, key=lambda value: (-len(value), value))
    pattern = f"({'|'.join(map(_alone, longest_first))})"
    if beside:
        pattern += f"|{'|'.join(map(_alone, sorted(beside, key=len, reverse=True)))}"
    found = list(re.finditer(pattern, text, re.IGNORECASE))
    hides = [match[1] is not None for match in found]
    for steps in (range(1, len(found)), range(len(found) - 2, -1, -1)):  # what is beside, on either side
        step = -1 if steps.step > 0 else 1
        for place in steps:
            first, second = sorted((found[place].span(), found[place + step].span()))
            if hides[place + step] and _BETWEEN.fullmatch(text, first[1], second[0]):
                hides[place] = True
    out: list[str] = []
    done = 0
    for match, hide in zip(found, hides, strict=True):
        if not hide:
            continue
        between = text[done : match.start()]
        if not (out and _BETWEEN.fullmatch(between)):
            out += between, MASK
        done = match.end()
    return "".join(out) + text[done:]


def _alone(value: str) -> str:
    """Return a pattern of a value that is part of no longer word."""
    before = r"(?<!\w)" if value[0].isalnum() or value[0] == "_" else ""
    after = r"(?!\w)" if value[-1].isalnum() or value[-1] == "_" else ""
    return f"{before}{re.escape(value)}{after}"


def _without_cut_value(text: str, values: Collection[str]) -> str:
    """Return a shortened text without the first part of a value, where it was cut within one."""
    body = text.removesuffix(_CUT)
    folded = body.casefold()
    longest = 0
    for value in values:
        for length in range(len(value) - 1, max(longest, _SHORTEST - 1), -1):
            if folded.endswith(value[:length].casefold()):
                longest = length
                break
    return f"{body[: len(body) - longest]}{MASK}{_CUT}" if longest else text


def _in_json(text: str | bytes, name: str = "") -> Iterator[HiddenText]:
    try:
        value = cast("object", json.loads(text))
    except (ValueError, RecursionError):
        value = text if isinstance(text, str) else None
    yield from private_in(value, name)


def private_in(value: object, name: str = "") -> Iterator[HiddenText]:
    """Yield the texts and numbers in plain data that a name on the way to them says are private."""
    if isinstance(value, dict):
        for key, each in cast("Mapping[str, object]", value).items():
            yield from private_in(each, f"{name}.{key}" if name else key)
    elif isinstance(value, list):
        for each in cast("Sequence[object]", value):
            yield from private_in(each, name)
    elif value is None or isinstance(value, bool):
        return
    elif is_secret(name) or (is_private(name) and not _NO_ADDRESS.search(name)):
        yield HiddenText(value)
