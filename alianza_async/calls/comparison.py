"""Is the object that was found the one that was to be created? Equal in every field that was sent."""

from __future__ import annotations

import json
import re
import unicodedata
from typing import TYPE_CHECKING, Final, cast

from pydantic.alias_generators import to_snake

from alianza_async.errors import Difference

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["differences", "same_value"]

_NUMBER_DIGITS: Final = 11  # a telephone number with its country code 1
_PUNCTUATION: Final = re.compile(r"[\s+().:/-]")


def _without_case(text: str) -> str:
    return unicodedata.normalize("NFC", text.strip()).casefold()


def _without_marks(text: str) -> str:
    return _PUNCTUATION.sub("", text).casefold()


def _number(text: str) -> str:
    digits = _PUNCTUATION.sub("", text)
    return digits[1:] if len(digits) == _NUMBER_DIGITS and digits[0] == "1" else digits


# Fields that servers respell, by the end of their names: what is left of one when it is compared.
_RESPELLED: Final[tuple[tuple[re.Pattern[str], Callable[[str], str]], ...]] = (
    (re.compile(r"(?:^|[._])user_?name$"), _without_case),
    (re.compile(r"(?:^|[._])mac(?:_address)?$"), _without_marks),
    (re.compile(r"(?:^|[._])(?:(?:tele)?phone|emergency|callback|caller_id)_number$"), _number),
)


def same_value(field: str, one: object, other: object) -> bool:
    """Tell whether two values of a field are the same to a server that respells them.

    User names are compared without case, MAC addresses without case and punctuation, telephone numbers
    without punctuation and country code; everything else is compared exactly.

    Args:
        field: Our name of the field; after those of the fields it lies in, with dots between.
        one: One value, as parsed JSON.
        other: The other one.
    """
    if isinstance(one, bool) != isinstance(other, bool):
        return False
    if one == other:
        return True
    if not (isinstance(one, str) and isinstance(other, str)):
        return False
    folded = next((folded for name, folded in _RESPELLED if name.search(field)), None)
    return folded is not None and folded(one) == folded(other)


def differences(sent: bytes, found: object) -> tuple[Difference, ...]:
    """Return the fields of a sent body that a found object does not hold as they were sent.

    Fields the server added are no difference; neither is the order of an object's fields, nor another
    spelling of a value that servers respell (`same_value`).

    Args:
        sent: The JSON body of the create.
        found: The found object, as parsed JSON.
    """
    return tuple(_compare("", json.loads(sent), found))


def _compare(path: str, sent: object, found: object) -> list[Difference]:
    ours, theirs = _fields(sent), _fields(found)
    if ours is not None and theirs is not None:
        out: list[Difference] = []
        for name, value in ours.items():
            field = to_snake(name)
            out += _compare(f"{path}.{field}" if path else field, value, theirs.get(name))
        return out
    return [] if same_value(path, sent, found) else [Difference(path, sent, found)]


def _fields(value: object) -> dict[str, object] | None:
    """Return a JSON object's fields; None where it is no object."""
    return cast("dict[str, object]", value) if isinstance(value, dict) else None
