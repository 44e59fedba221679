"""Telephone numbers of North America, however they are written."""

from __future__ import annotations

import functools
import re
from importlib import import_module
from typing import Final, Protocol, cast

__all__ = ["read_area_code", "read_number"]

_PLAIN: Final = re.compile(r"1[2-9]\d\d[2-9]\d{6}", re.ASCII)
_AREA: Final = re.compile(r"[2-9]\d\d", re.ASCII)
_PART: Final = r"[\s./\u2010-\u2015\u2212-]*"  # what stands between groups of digits: spaces, dots, dashes
_SPELLED: Final = re.compile(
    rf"(?:tel:)?(?:\+?{_PART}1{_PART})?\(?{_PART}([2-9]\d\d){_PART}\)?{_PART}([2-9]\d\d){_PART}(\d{{4}})",
    re.ASCII | re.IGNORECASE,
)
_EXTENSION: Final = re.compile(
    r"\d[\s,;(]*(?:x|ext|extn|extension|#)[\s.:=]*\d+[\s)]*", re.ASCII | re.IGNORECASE
)
_ABROAD: Final = re.compile(r"(?:\+|011(?=\D|[2-9]))\s*[02-9]", re.ASCII)
_DECIMALS: Final = re.compile(r"\d+[.,]\d+", re.ASCII)
_SHORT, _LONG = 10, 11
_LONGEST: Final = 64
_EXPECTED: Final = "is not a telephone number of North America: 11 digits such as 18015551212"


class _Parsed(Protocol):
    country_code: int | None
    national_number: int | None
    extension: str | None


class _Library(Protocol):
    """As much of `phonenumbers` as is used here."""

    NumberParseException: type[Exception]

    def parse(self, number: str, region: str) -> _Parsed: ...
    def is_possible_number(self, numobj: _Parsed) -> bool: ...


def read_number(text: str) -> str:
    """Return a telephone number of North America as the API writes it: 11 digits such as 18015551212.

    Ten or eleven digits with spaces, dots, dashes, slashes and brackets between them are read by themselves.
    Rarer spellings are read where the package `phonenumbers` is installed (the extra `numbers`).

    Args:
        text: The number, as somebody wrote it.

    Raises:
        ValueError: It is none, or has more to it than the number; the message is half a sentence that says
            what is wrong, and does not repeat the number.
    """
    if _PLAIN.fullmatch(text):
        number = text
    elif len(text) > _LONGEST:
        raise ValueError(_EXPECTED)
    elif spelled := _SPELLED.fullmatch(text.strip()):
        number = f"1{spelled[1]}{spelled[2]}{spelled[3]}"
    else:
        number = _unusual(text.strip())
    if _is_service_code(number[1:4]):
        raise ValueError("has a service code such as 911 where its area code is")
    return number


def read_area_code(text: str) -> str:
    """Return an area code: three digits such as 801, also given as `(801)`.

    Raises:
        ValueError: It is none.
    """
    code = text.strip()
    if code.startswith("(") and code.endswith(")"):
        code = code[1:-1].strip()
    if not _AREA.fullmatch(code) or _is_service_code(code):
        raise ValueError("is not an area code: three digits such as 801")
    return code


def _is_service_code(digits: str) -> bool:
    """Tell whether three digits are a service code such as 911."""
    return digits.endswith("11")


def _unusual(text: str) -> str:
    """Return a number that is in none of the usual spellings.

    Raises:
        ValueError: It is none.
    """
    if _EXTENSION.search(text):
        raise ValueError("has an extension: give the number alone")
    if any(character.isalpha() for character in text):
        raise ValueError("has letters in it: write the number in digits")
    if _ABROAD.match(text):
        raise ValueError("is not a telephone number of North America: its country code is not 1")
    if any(character.isdigit() and not character.isascii() for character in text):
        raise ValueError("has digits other than 0 to 9: write the number with those")
    count = sum(character.isdigit() for character in text)
    if count not in {_SHORT, _LONG}:
        raise ValueError(
            f"has {count} digits, where a telephone number of North America has 10, or 11 with its 1"
        )
    number = None if _DECIMALS.fullmatch(text) else _by_library(text)
    if number is None:
        raise ValueError(_EXPECTED)
    return number


def _by_library(text: str) -> str | None:
    """Return a number as `phonenumbers` reads it; None where it reads none, or is not installed."""
    library = _library()
    if library is None:
        return None
    try:
        parsed = library.parse(text, "US")
    except library.NumberParseException:
        return None
    number = f"{parsed.country_code}{parsed.national_number}"
    if parsed.extension or not library.is_possible_number(parsed) or not _PLAIN.fullmatch(number):
        return None
    return number


@functools.cache
def _library() -> _Library | None:
    """Return `phonenumbers`, loaded when it is first needed; None where it is not installed."""
    try:
        return cast("_Library", import_module("phonenumbers"))
    except ModuleNotFoundError:
        return None
