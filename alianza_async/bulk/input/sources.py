"""Where the rows of a bulk job come from: files, iterables and async iterables, behind one protocol."""

from __future__ import annotations

import os
from collections.abc import AsyncIterable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Protocol, cast

from pydantic import BaseModel

from alianza_async.bulk.input.cleaning import GIVEN_TWICE, complaints
from alianza_async.bulk.input.csv_source import CsvSource
from alianza_async.bulk.input.file_options import AS_IT_IS
from alianza_async.bulk.input.headers import FieldNames
from alianza_async.bulk.input.jsonl_source import JsonlSource
from alianza_async.bulk.input.readings import NO_READINGS
from alianza_async.bulk.input.rows import Row
from alianza_async.bulk.input.sheet_source import SheetSource
from alianza_async.bulk.input.text_files import guessed, inspect_file, is_spreadsheet
from alianza_async.errors import FieldError, SourceError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from alianza_async.bulk.input.file_options import FileOptions
    from alianza_async.bulk.input.fingerprints import Fingerprint
    from alianza_async.bulk.input.readings import Readings

__all__ = ["AsyncIterableSource", "IterableSource", "Source", "open_source", "refuse_misspelt"]

_MOST_SHAPES: Final = 256
_NONE: Final[Mapping[str, str]] = MappingProxyType({})


class Source(Protocol):
    """Rows, one after the other, in the input's order."""

    @property
    def name(self) -> str:
        """The file's path, or `<iterable>`."""
        ...

    @property
    def columns(self) -> tuple[str, ...]:
        """A CSV file's own headers as they stand in it, without `result_*`; empty for every other input."""
        ...

    @property
    def unknown_columns(self) -> tuple[str, ...]:
        """A file's headers, or the keys met so far, that mean no field we know: kept, not sent."""
        ...

    @property
    def misspelt(self) -> Mapping[str, str]:
        """A table's unknown headers that nearly name a field which has no column, with that field."""
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """How a file was read, a sentence each: what was guessed, found or skipped; complete at its end."""
        ...

    @property
    def is_file(self) -> bool:
        """Whether the rows come from a file."""
        ...

    @property
    def is_async(self) -> bool:
        """Whether the rows can be had by `async for` only."""
        ...

    @property
    def handed_out(self) -> int | None:
        """How many rows were handed out before a file was found changed; None where it was not."""
        ...

    def count(self) -> int | None:
        """Count a file's rows quickly, to show how far a job is; None where that takes long, or it is none.

        Raises:
            SourceError: It cannot be read.
        """
        ...

    def expect(self, fingerprint: Fingerprint) -> None:
        """Hold the readings of a file that follow to a fingerprint; the first one that was given stays.

        From then on a row is handed out only where all its bytes lie in blocks that match. At the first block
        that does not, or where the file vanished, a reading raises `InputChangedError`.

        Raises:
            InputChangedError: Another one was given before.
        """
        ...

    def __iter__(self) -> Iterator[Row]:
        """Yield the rows; the quick way, wherever `is_async` is False."""
        ...

    def __aiter__(self) -> AsyncIterator[Row]:
        """Yield the rows; works for every source."""
        ...


def open_source(
    source: str | bytes | os.PathLike[str] | Iterable[object] | AsyncIterable[object],
    *,
    fields: frozenset[str],
    required: frozenset[str] = frozenset(),
    key_field: str,
    expected: Fingerprint | None = None,
    options: FileOptions = AS_IT_IS,
    readings: Readings = NO_READINGS,
) -> Source:
    """Make a source of rows from whatever the caller has.

    Args:
        source: A file's path (CSV, Excel by its suffix, or JSON Lines by its suffix or its first character),
            or an iterable or async iterable of models or mappings.
        fields: Our names (snake_case) of the fields a row may have.
        required: Those that a CSV file must have a column for.
        key_field: The field that tells rows apart; a CSV file must have a column for it too.
        expected: What a file has to hold while its rows are read, see `Source.expect`.
        options: How a file is to be read.
        readings: How the text of each field is read; by default it is taken as it stands.

    Returns:
        A source of numbered rows. A file can be iterated again; an iterable only as often as itself.

    Raises:
        SourceError: A file cannot be read or its header does not fit, or `source` holds no rows at all.
        ConfigurationError: An option does not go with the source, or the package for Excel files is missing.
    """
    kind = type(source).__name__
    required |= {key_field}
    if isinstance(source, (str, bytes, os.PathLike)):
        path = Path(os.fsdecode(source))
        if is_spreadsheet(path):
            options.refuse("encoding", why="an Excel file")
            return SheetSource(
                path, fields=fields, required=required, expected=expected, options=options, readings=readings
            )
        file = inspect_file(path, options)
        options.refuse("sheet", why="a text file")
        if file.is_jsonl:
            options.refuse("header_row", why="JSON Lines")
            return JsonlSource(file, fields=fields, expected=expected, options=options, readings=readings)
        if options.encoding is None:
            file = guessed(file)
        return CsvSource(
            file, fields=fields, required=required, expected=expected, options=options, readings=readings
        )
    options.refuse("columns", "drop", "header_row", "sheet", "encoding", why="rows that come from Python")
    if isinstance(source, (BaseModel, Mapping)):
        raise SourceError(f"one {kind} was given where rows are needed: put it in a list")
    if isinstance(source, AsyncIterable):
        return AsyncIterableSource(source, fields=fields, readings=readings)
    if isinstance(source, Iterable):  # pyright: ignore[reportUnnecessaryIsInstance] - callers may be untyped
        return IterableSource(source, fields=fields, readings=readings)
    raise SourceError(f"a value of type {kind} holds no rows: give a path, an iterable or an async iterable")


def refuse_misspelt(source: Source) -> None:
    """Refuse a file with a column that nearly names a field: its values would be left out without a word.

    Raises:
        SourceError: There is one that was neither mapped nor dropped.
    """
    for header, field in source.misspelt.items():
        columns, drop = {header: field}, [header]
        raise SourceError(
            f"{source.name}: the column {header!r} is no field; did you mean {field}? Map it with {columns=}"
            f", or leave it out with {drop=}"
        )


class IterableSource:
    """Rows from models or mappings in Python.

    Args:
        items: Models, or mappings with snake_case or camelCase keys. Anything else becomes a row with a
            problem.
        fields: Our names of the fields a row may have. Other keys stay in the row, for the model to refuse.
        readings: How the text of mappings is read; models are taken as they are.
    """

    is_file = False
    is_async = False
    name = "<iterable>"
    columns: tuple[str, ...] = ()
    unknown_columns: tuple[str, ...] = ()
    misspelt: Mapping[str, str] = _NONE
    notes: tuple[str, ...] = ()
    handed_out: int | None = None

    def __init__(
        self, items: Iterable[object], *, fields: frozenset[str], readings: Readings = NO_READINGS
    ) -> None:
        self._items = items
        self._shapes = _Shapes(fields, readings)

    def count(self) -> None:
        """Return None: the rows are not there yet."""

    def expect(self, fingerprint: Fingerprint) -> None:
        """Do nothing: rows from Python have no bytes."""

    def __iter__(self) -> Iterator[Row]:
        """Yield the rows, numbered from 1."""
        for number, item in enumerate(self._items, 1):
            yield _row(number, item, self._shapes)

    async def __aiter__(self) -> AsyncIterator[Row]:
        """Yield the rows, numbered from 1."""
        for row in self:
            yield row


class AsyncIterableSource:
    """Rows from an async iterable of models or mappings.

    Args:
        items: As for `IterableSource`.
        fields: As for `IterableSource`.
        readings: As for `IterableSource`.
    """

    is_file = False
    is_async = True
    name = "<iterable>"
    columns: tuple[str, ...] = ()
    unknown_columns: tuple[str, ...] = ()
    misspelt: Mapping[str, str] = _NONE
    notes: tuple[str, ...] = ()
    handed_out: int | None = None

    def __init__(
        self, items: AsyncIterable[object], *, fields: frozenset[str], readings: Readings = NO_READINGS
    ) -> None:
        self._items = items
        self._shapes = _Shapes(fields, readings)

    def count(self) -> None:
        """Return None: the rows are not there yet."""

    def expect(self, fingerprint: Fingerprint) -> None:
        """Do nothing: rows from Python have no bytes."""

    def __iter__(self) -> Iterator[Row]:
        """Refuse: these rows come by `async for`.

        Raises:
            TypeError: Always.
        """
        raise TypeError("the rows of an async iterable come by `async for`")

    async def __aiter__(self) -> AsyncIterator[Row]:
        """Yield the rows, numbered from 1."""
        number = 0
        async for item in self._items:
            number += 1
            yield _row(number, item, self._shapes)


@dataclass(frozen=True, slots=True)
class _Shape:
    """What the keys of a mapping mean.

    Attributes:
        fields: For each key our name of its field, or the key where we have none; None = it is not taken.
        unknown: Those that we have no name of.
        problems: What is wrong with the keys themselves.
    """

    fields: tuple[str | None, ...]
    unknown: frozenset[str]
    problems: tuple[FieldError, ...]


class _Shapes:
    """What the keys of mappings mean, worked out once for all rows that have the same ones.

    Attributes:
        readings: How the text under them is read.
    """

    def __init__(self, fields: frozenset[str], readings: Readings) -> None:
        self.readings = readings
        self._names = FieldNames(fields)
        self._known: dict[tuple[object, ...], _Shape] = {}

    def of(self, keys: tuple[object, ...]) -> _Shape:
        """Return what a mapping's keys mean, in their order."""
        shape = self._known.get(keys)
        if shape is None:
            shape = self._work_out(keys)
            if len(self._known) < _MOST_SHAPES and not shape.problems:
                self._known[keys] = shape
        return shape

    def _work_out(self, keys: tuple[object, ...]) -> _Shape:
        fields: list[str | None] = []
        unknown: set[str] = set()
        problems: list[FieldError] = []
        for key in keys:
            field: str | None = None
            if not isinstance(key, str):
                message = f"a key is of type {type(key).__name__}, where text is needed"
                problems.append(FieldError("", message))
            elif (field := self._names.match_key(key)) is None:
                field = key
                unknown.add(key)
            elif field in fields:
                problems.append(FieldError(field, GIVEN_TWICE))
                field = None
            fields.append(field)
        return _Shape(tuple(fields), frozenset(unknown), tuple(problems))


def _row(number: int, item: object, shapes: _Shapes) -> Row:
    if isinstance(item, Mapping):
        return _mapping_row(number, cast("Mapping[object, object]", item), shapes)
    if isinstance(item, BaseModel):
        return Row(number, item, None, complaints(item))
    message = f"the row is of type {type(item).__name__}, where a mapping or a model is needed"
    return Row(number, {}, None, (FieldError("", message),))


def _mapping_row(number: int, item: Mapping[object, object], shapes: _Shapes) -> Row:
    shape = shapes.of(tuple(item))
    values: dict[str, object] = {}
    for field, value in zip(shape.fields, item.values(), strict=True):
        clean = value.strip() if isinstance(value, str) else value
        if field is not None and clean is not None and clean != "":
            values[field] = clean
    for key in shape.unknown:
        values[key] = item[key]  # even where it is empty: the model has to see it to refuse it
    changes, problems = shapes.readings.read(values)
    unfit = complaints(values.items())
    return Row(number, values, None, shape.problems + unfit + problems, changes=changes)
