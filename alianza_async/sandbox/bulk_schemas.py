"""What a row of the API's own bulk operations may hold, checked before anything is carried out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

from alianza_async.sandbox.validation import TIME_ZONES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from alianza_async.sandbox.options import Json

Values = dict[str, str]
"""A row's values by column; what is empty is left out."""

ZONES: Final = {name.casefold(): name for name in TIME_ZONES}
LANGUAGES: Final = {"ENGLISH": "en-US", "FRENCH": "fr-CA", "SPANISH": "es-MX"}


def _words(low: int = 0, high: int = 256) -> Callable[[str], str | None]:
    """Build a rule: so many characters."""
    return lambda value: None if low <= len(value) <= high else f"size must be between {low} and {high}"


def _pattern(pattern: str, complaint: str) -> Callable[[str], str | None]:
    """Build a rule: a pattern."""
    compiled = re.compile(pattern)
    return lambda value: None if compiled.fullmatch(value) else complaint


def _one_of(*words: str) -> Callable[[str], str | None]:
    """Build a rule: one of these words, in capitals or not."""
    return lambda value: None if value.upper() in words else f"must be one of {', '.join(words)}"


def _zone(value: str) -> str | None:
    """Require a time zone of the API, in capitals or not."""
    return None if value.casefold() in ZONES else "is not a time zone"


@dataclass(frozen=True, slots=True)
class Schema:
    """What one type of row may hold.

    Attributes:
        job_type: The job type that takes such rows.
        columns: A rule for each column.
        required: The columns that must not be empty.
    """

    job_type: str
    columns: Mapping[str, Callable[[str], str | None]]
    required: tuple[str, ...]

    def complaints(self, index: int, row: object) -> Iterator[Json]:
        """Yield what is wrong with a row: the row itself, what it lacks, then column by column."""
        if not isinstance(row, dict):
            yield _error(index, "", "must be an object")
            return
        cells = cast("Json", row)
        values = texts(cells)
        for name in self.required:
            if name not in values:
                yield _error(index, name, "must not be empty")
        for name, value in cells.items():
            if name not in self.columns:
                yield _error(index, name, "is not a column of this type")
            elif value is not None and (isinstance(value, bool) or not isinstance(value, (str, int))):
                yield _error(index, name, "must be a string or an integer")
            elif name in values and (complaint := self.columns[name](values[name])) is not None:
                yield _error(index, name, complaint)


def texts(row: Mapping[str, object]) -> Values:
    """Write a row's values as trimmed text; empty ones are left out."""
    written = {name: str(value).strip() for name, value in row.items() if value is not None}
    return {name: value for name, value in written.items() if value}


def _error(index: int, path: str, description: str) -> Json:
    """Write one schema error; the first row's index is 0."""
    return {"index": index, "path": path, "description": description}


_NAME: Final = _words(3)
_NUMBER: Final = _pattern(r"1\d{10}", "must be 11 digits that begin with 1")

USERNAME: Final = "Username"
NUMBER: Final = "Telephone Number"
ADDRESS: Final = {
    "Street Number": "streetNumber",
    "Street Name": "streetName",
    "Street Suffix": "streetSuffix",
    "Unit": "unit",
    "City": "city",
    "State": "state",
    "Postal Code": "postalCode",
    "Country": "country",
}
"""The columns of an emergency address, and the fields they stand for."""

SCHEMAS: Final[Mapping[str, Schema]] = {
    "CreateUserInput": Schema(
        "create users",
        {
            "First Name": _NAME,
            "Last Name": _NAME,
            "Extension Number": _pattern(r"\d{3,6}", "must be 3 to 6 digits"),
            "User Tags": _words(),
            "Time Zone": _zone,
            "Email": _pattern(r"[^@\s]+@[^@\s]+", "must be an e-mail address"),
            USERNAME: _NAME,
            "Feature Plan": _one_of("STANDARD", "ADVANCED", "PROFESSIONAL"),
            "Voice Portal Access": _one_of("YES", "NO"),
            "Calling Plan": _words(),
            "Language": _one_of(*LANGUAGES),
        },
        (USERNAME, "Time Zone"),
    ),
    "DeleteUserInput": Schema("delete users", {USERNAME: _NAME}, (USERNAME,)),
    "CreateTelephoneNumberInput": Schema(
        "create telephone numbers",
        {NUMBER: _NUMBER, USERNAME: _NAME, **dict.fromkeys(ADDRESS, _words())},
        (NUMBER,),
    ),
    "DeleteTelephoneNumberInput": Schema("delete telephone numbers", {NUMBER: _NUMBER}, (NUMBER,)),
}
"""By type of row."""
