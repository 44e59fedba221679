"""How the text of a cell is read, by the sort of its field: where it has one meaning, or why it has none."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING, Final

from alianza_async.models._reading.macs import read_mac
from alianza_async.models._reading.numbers import read_area_code, read_number
from alianza_async.models._reading.places import read_country, read_postal_code, read_state
from alianza_async.models._reading.sorts import Sort
from alianza_async.models.time_zones import to_api_time_zone

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["FREE", "NO_VALUE", "Reading", "read_text"]

FREE: Final = frozenset({Sort.TEXT, Sort.NAME})
"""Sorts in which any text may be meant as it stands: what looks wrong there is named, not refused."""

_NUMERIC: Final = frozenset(
    {Sort.IDENTIFIER, Sort.WHOLE_NUMBER, Sort.TELEPHONE_NUMBER, Sort.AREA_CODE, Sort.MAC, Sort.POSTAL_CODE}
)
"""Sorts whose digits a spreadsheet takes for a number."""

_TRUE: Final = frozenset({"true", "yes", "1", "y", "t", "on"})
_FALSE: Final = frozenset({"false", "no", "0", "n", "f", "off"})
NO_VALUE: Final = frozenset(
    "".join(letters)
    for word in ("null", "nan", "none", "n/a", "-", "\\n")
    for letters in product(*({letter, letter.upper()} for letter in word))
)
"""Words that programs write where there is no value, in every case."""

_ERROR: Final = re.compile(
    r"#(?:N/A|REF!|VALUE!|DIV/0!|NAME\?|NUM!|NULL!|SPILL!|CALC!|FIELD!|BLOCKED!|CONNECT!|UNKNOWN!|GETTING_DATA|#{2,})",
    re.IGNORECASE,
)
_EXPONENT: Final = re.compile(
    r"[+-]?(?:\d+(?:[.,]\d*)?E\+\d+|\d(?:[.,]\d*)?E-\d+|\d+[.,]\d*E-?\d+)", re.IGNORECASE | re.ASCII
)
_WHOLE: Final = re.compile(r"([+-]?\d+)[.,]0+", re.ASCII)
_DECIMALS: Final = re.compile(r"[+-]?\d+[.,]\d+", re.ASCII)
_QUOTED: Final = re.compile(r'=\s*"((?:[^"]|"")*)"')
_MARKED: Final = re.compile(r"'(?:[=+@-].*|[\d().,\s+/-]*\d[\d().,\s+/-]*)", re.DOTALL)
"""An apostrophe before what a spreadsheet would take for a number or a formula; names begin with one too."""

_INVISIBLE: Final = frozenset({"Cf", "Zl", "Zp"})
_SPACES: Final = "Zs"


@dataclass(frozen=True, slots=True)
class Reading:
    """What a text is read as.

    Attributes:
        value: The value; empty where the text says nothing.
        rules: The names of the rules that changed it.
        doubt: Why it may not be meant as it stands, as a rule's name.
        problem: Why it cannot be sent, as half a sentence that does not repeat it.
    """

    value: str
    rules: tuple[str, ...] = ()
    doubt: str | None = None
    problem: str | None = None

    def changed(self, value: str, rule: str) -> Reading:
        """Return what it becomes by a rule."""
        if value == self.value:
            return self
        rules = self.rules if rule in self.rules else (*self.rules, rule)
        return replace(self, value=value, rules=rules)


def read_text(sort: Sort, text: str) -> Reading:
    """Read the text of a cell.

    What is read is read as itself: a value that came of it is not changed again.

    Args:
        sort: What its field holds.
        text: The text, trimmed and without control characters.
    """
    if sort is Sort.SECRET:
        return Reading(text)
    reading = _unwrapped(sort, Reading(text))
    for rule in (
        _refuse_error,
        _look_inside,
        _look_for_formula,
        _look_for_no_value,
        _read_number,
        _read_sort,
    ):
        if reading.problem is not None or not reading.value:
            break
        reading = rule(sort, reading)
    return reading


def _unwrapped(sort: Sort, reading: Reading) -> Reading:
    """Take off what is around the value: invisible characters, and what keeps a spreadsheet from counting."""
    while True:
        before = reading
        if not reading.value.isprintable():
            reading = reading.changed(_trimmed(reading.value), "invisible characters")
            reading = reading.changed(_plain_spaces(reading.value), "unusual spaces")
        quoted = _QUOTED.fullmatch(reading.value)
        if quoted is not None:
            reading = reading.changed(quoted[1].replace('""', '"').strip(), 'text in ="..."')
        elif reading.value.startswith("'") and (sort not in FREE or _MARKED.fullmatch(reading.value)):
            reading = reading.changed(reading.value[1:].strip(), "apostrophe before it")
        if reading is before:
            return reading


def _trimmed(text: str) -> str:
    """Return a text without what nobody sees at its ends."""
    start, end = 0, len(text)
    while start < end and _is_nothing(text[start]):
        start += 1
    while end > start and _is_nothing(text[end - 1]):
        end -= 1
    return text[start:end]


def _is_nothing(character: str) -> bool:
    return character.isspace() or unicodedata.category(character) in _INVISIBLE


def _plain_spaces(text: str) -> str:
    return "".join(" " if unicodedata.category(each) == _SPACES else each for each in text)


def _refuse_error(_sort: Sort, reading: Reading) -> Reading:
    if not _ERROR.fullmatch(reading.value):
        return reading
    shown = reading.value.upper() if "##" not in reading.value else "####"
    return replace(
        reading, problem=f"is the spreadsheet's error {shown}: correct the cell there, or leave it empty"
    )


def _look_inside(sort: Sort, reading: Reading) -> Reading:
    """Refuse invisible characters inside, and doubt full-width ones where letters are compared."""
    if reading.value.isascii():
        return reading
    for place, character in enumerate(reading.value, 1):
        if unicodedata.category(character) in _INVISIBLE:
            problem = (
                f"holds an invisible character (U+{ord(character):04X}) as its character {place}: remove it"
            )
            return replace(reading, problem=problem)
    wide = any(unicodedata.east_asian_width(character) == "F" for character in reading.value)
    return replace(reading, doubt="full-width characters") if wide and sort is Sort.IDENTIFIER else reading


def _look_for_formula(sort: Sort, reading: Reading) -> Reading:
    if not reading.value.startswith("="):
        return reading
    if sort in FREE:
        return replace(reading, doubt="formula")
    return replace(reading, problem="is a formula: replace it by its value, and export the file again")


def _look_for_no_value(sort: Sort, reading: Reading) -> Reading:
    word = reading.value
    if word not in NO_VALUE:
        return reading
    if sort in FREE:
        return replace(reading, doubt="word for no value")
    return replace(reading, problem=f"is {word!r}, a word for no value: leave the cell empty")


def _read_number(sort: Sort, reading: Reading) -> Reading:
    """Take back what a spreadsheet did to digits, where that is possible."""
    if sort not in _NUMERIC:
        return reading
    if _EXPONENT.fullmatch(reading.value):
        return replace(
            reading,
            problem="was shortened by a spreadsheet, and its last digits are lost: format the column as "
            "text, and export the file again",
        )
    whole = _WHOLE.fullmatch(reading.value)
    if whole is not None:
        return reading.changed(whole[1], "number with .0")
    if sort is not Sort.TELEPHONE_NUMBER and _DECIMALS.fullmatch(reading.value):
        return replace(reading, problem="is a number with decimals, where a whole one is needed: correct it")
    return reading


def _read_sort(sort: Sort, reading: Reading) -> Reading:
    """Bring a value into the API's spelling; what has none is left to the row's model, which says why."""
    read = _READERS.get(sort)
    if read is None:
        return reading
    try:
        value = read(reading.value)
    except ValueError:
        return reading
    return reading.changed(value, sort.value)


def _read_yes_no(text: str) -> str:
    word = text.lower()
    if word in _TRUE:
        return "true"
    if word in _FALSE:
        return "false"
    raise ValueError("is neither yes nor no")


_READERS: Final[dict[Sort, Callable[[str], str]]] = {
    Sort.YES_NO: _read_yes_no,
    Sort.TELEPHONE_NUMBER: read_number,
    Sort.AREA_CODE: read_area_code,
    Sort.MAC: read_mac,
    Sort.STATE: read_state,
    Sort.COUNTRY: read_country,
    Sort.POSTAL_CODE: read_postal_code,
    Sort.TIME_ZONE: to_api_time_zone,
}
