"""How a file of rows is to be read, where it does not say so itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Final, Literal, cast, get_args

from alianza_async.errors import ConfigurationError

if TYPE_CHECKING:
    from pydantic import JsonValue

__all__ = ["AS_IT_IS", "EncodingName", "FileOptions"]

EncodingName = Literal["utf-8", "utf-16", "cp1252"]
"""The encodings that a file may be read in; `cp1252` is Windows-1252, which Excel writes as plain CSV."""

_LAST_HEADER_ROW: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class FileOptions:
    """How a file is to be read; what is not given is found out.

    Attributes:
        columns: For a column's header, as it stands in the file, the field that it means.
        drop: Headers of columns that mean nothing: kept in the results, not sent.
        header_row: The header's row as a spreadsheet counts rows, from 1; None = it is looked for.
        sheet: The spreadsheet's sheet; None = the first one that has a header.
        encoding: The text file's encoding; None = it is found out.

    Raises:
        ConfigurationError: One is invalid.
    """

    columns: Mapping[str, str] = field(default_factory=dict[str, str])
    drop: Sequence[str] = ()
    header_row: int | None = None
    sheet: str | None = None
    encoding: EncodingName | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.columns, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance] - untyped
            raise ConfigurationError("columns is no mapping; give one such as {'Acct #': 'account_number'}")
        if isinstance(self.drop, str):
            raise ConfigurationError("drop is one text; give a list of headers")
        object.__setattr__(self, "drop", tuple(self.drop))
        both = sorted(set(self.columns) & set(self.drop))
        if both:
            raise ConfigurationError(f"the column {both[0]!r} is mapped and dropped: do one of them")
        if self.encoding is not None and self.encoding not in get_args(EncodingName):
            raise ConfigurationError(
                f"encoding is {self.encoding!r}; give one of {', '.join(get_args(EncodingName))}"
            )
        row = self.header_row
        if row is not None and (isinstance(row, bool) or not 1 <= row <= _LAST_HEADER_ROW):
            raise ConfigurationError(f"header_row is {row!r}; give a row from 1 to {_LAST_HEADER_ROW:,}")

    def to_json(self) -> dict[str, JsonValue]:
        """Return those that are given, as a journal or a plan keeps them."""
        options: dict[str, JsonValue] = {
            "columns": dict(self.columns),
            "drop": list(self.drop),
            "header_row": self.header_row,
            "sheet": self.sheet,
            "encoding": self.encoding,
        }
        return {name: value for name, value in options.items() if value}

    @classmethod
    def from_json(cls, kept: object) -> FileOptions:
        """Return the options that a journal or a plan keeps; an older release's keeps none."""
        if not isinstance(kept, dict):
            return AS_IT_IS
        names = {each.name for each in fields(cls)}
        given = {name: value for name, value in cast("dict[str, Any]", kept).items() if name in names}
        return cls(**given)

    def refuse(self, *names: str, why: str) -> None:
        """Refuse options that do not go with an input.

        Args:
            *names: The options.
            why: What they do not go with, such as `a CSV file`.

        Raises:
            ConfigurationError: One of them is given.
        """
        given = self.to_json()
        for name in names:
            if name in given:
                raise ConfigurationError(f"{name} does not go with {why}: leave it out")


AS_IT_IS: Final = FileOptions()
"""Nothing is given: everything is found out."""
