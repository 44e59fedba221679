"""The unit of an address: an apartment, a suite, a floor, and the place in a building without a number."""

from __future__ import annotations

import re
from typing import Annotated, Final, NamedTuple

from pydantic import AfterValidator

__all__ = ["NO_UNIT", "Unit", "UnitNumber", "UnitType", "split_unit", "unit_in"]

_LONGEST: Final = 10
_TYPES: Final = {
    spelling: usual
    for usual, spellings in {
        "APARTMENT": "apartment apt",
        "BASEMENT": "basement bsmt",
        "BUILDING": "building bldg",
        "DEPARTMENT": "department dept",
        "FLOOR": "floor fl flr",
        "FRONT": "front frnt",
        "HANGER": "hanger hangar hngr",
        "KEY": "key",
        "LOBBY": "lobby lbby",
        "LOT": "lot",
        "LOWER": "lower lowr",
        "OFFICE": "office ofc",
        "PENTHOUSE": "penthouse ph",
        "PIER": "pier",
        "REAR": "rear",
        "ROOM": "room rm",
        "SIDE": "side",
        "SLIP": "slip",
        "SPACE": "space spc",
        "STOP": "stop",
        "SUITE": "suite ste",
        "TRAILER": "trailer trlr",
        "UNIT": "unit #",
        "UPPER": "upper uppr",
    }.items()
    for spelling in spellings.split()
}
_WORDS: Final = "|".join(sorted((word for word in _TYPES if word != "#"), key=len, reverse=True))
# A number, or a letter: `Lot St` and `Front Royal` are streets.
_NUMBER: Final = r"(?:[^\s,#]*\d[^\s,#]*|[A-Za-z])"
_ON_A_LINE: Final = re.compile(
    rf"[\s,]+(?:(?P<type>(?:{_WORDS})\b\.?|\#)\s*\#?\s*)(?P<unit>{_NUMBER})\s*$", re.IGNORECASE
)
_WRITTEN: Final = re.compile(rf"(?P<type>(?:{_WORDS})\b\.?|\#)\s*\#?\s*(?P<unit>\S.*)", re.IGNORECASE)


class Unit(NamedTuple):
    """A unit.

    Attributes:
        type: One of the API's words, such as `APARTMENT`; None = not said.
        number: Its number or letter; None where the place has none, such as the lobby.
    """

    type: str | None
    number: str | None

    @property
    def line(self) -> str:
        """What is written behind a street; empty where there is no unit."""
        return " ".join(part for part in self if part)


NO_UNIT: Final = Unit(None, None)
"""An address without a unit."""


def split_unit(text: str) -> Unit:
    """Take `Apt 3`, `# 3` or `3` apart."""
    found = _WRITTEN.fullmatch(text)
    return Unit(None, text) if found is None else Unit(_usual(found["type"]), found["unit"])


def unit_in(street: str) -> Unit:
    """Return the unit that a street line ends with, as far as it is plain to see."""
    found = _ON_A_LINE.search(street)
    return NO_UNIT if found is None else Unit(_usual(found["type"]), found["unit"])


def _usual(word: str) -> str:
    return _TYPES[word.rstrip(".").casefold()]


def _number(value: str) -> str:
    number = split_unit(value).number or ""
    if not number:
        raise ValueError("is empty")
    if len(number) > _LONGEST:
        raise ValueError(f"is longer than {_LONGEST} characters, and the server would cut it; shorten it")
    return value


def _type(value: str) -> str:
    usual = _TYPES.get(value.rstrip(".").casefold())
    if usual is None:
        raise ValueError("is no kind of unit the API knows, such as APARTMENT, SUITE, FLOOR or UNIT")
    return usual


UnitNumber = Annotated[str, AfterValidator(_number)]
"""The number of a unit, alone or with its kind: at most ten characters, which nobody cuts."""

UnitType = Annotated[str, AfterValidator(_type)]
"""The kind of a unit, in one of the API's words."""
