"""Column headers: which of our fields a header, however it is written, means."""

from __future__ import annotations

import difflib
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from alianza_async.bulk.input.file_options import AS_IT_IS
from alianza_async.bulk.input.rows import RESULT_COLUMNS
from alianza_async.errors import ConfigurationError, SourceError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from alianza_async.bulk.input.file_options import FileOptions

__all__ = ["Columns", "FieldNames", "Layout", "misspelt", "normalise", "read_header", "unmapped"]

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_NOT_WORD = re.compile(r"[\W_]+")
_CLOSE_ENOUGH = 0.6
_MISSPELT = 0.84  # nearer than this a header is taken for a field's name with a slip in it


@lru_cache(maxsize=4096)
def normalise(header: str) -> str:
    """Return a header or key as snake_case.

    Args:
        header: `accountNumber`, `Account Number`, `ACCOUNT-NUMBER`, ` "account_number" ` and the like.

    Returns:
        `account_number` for each of these; `""` where nothing is left.
    """
    words = _HUMP.sub("_", unicodedata.normalize("NFKC", header))
    return _NOT_WORD.sub("_", words).strip("_").casefold()


@lru_cache(maxsize=4096)
def _from_camel(key: str) -> str:
    """Return a camelCase key as snake_case; every row of an input has the same ones."""
    return _HUMP.sub("_", key).lower()


class FieldNames:
    """The fields a kind of row knows, found by any way of writing them.

    Args:
        fields: Our names, snake_case.
    """

    __slots__ = ("_exact", "_squashed")

    def __init__(self, fields: Iterable[str]) -> None:
        self._exact = frozenset(fields)
        self._squashed: dict[str, str] = {}
        for field in sorted(self._exact):
            self._squashed.setdefault(field.replace("_", ""), field)

    def match(self, header: str) -> str | None:
        """Return our name of the field a header means, or None where we know none.

        Word borders that a header lost (`accountnumber`, `ACCOUNTNUMBER`) do not matter.
        """
        if header in self._exact:
            return header
        name = normalise(header)
        return name if name in self._exact else self._squashed.get(name.replace("_", ""))

    def match_key(self, key: str) -> str | None:
        """Return our name of the field that a key of a Python mapping means: snake_case or camelCase only."""
        if key in self._exact:
            return key
        name = _from_camel(key)
        return name if name in self._exact and "_" not in key else None


class Columns:
    """What headers mean: by the caller's word, else by their own text.

    Args:
        fields: Our names of the fields a row may have.
        options: What the caller says of some of them.

    Raises:
        ConfigurationError: A header is mapped to what is no field.
    """

    __slots__ = ("_mapped", "_names")

    def __init__(self, fields: frozenset[str], options: FileOptions = AS_IT_IS) -> None:
        self._names = FieldNames(fields)
        self._mapped: dict[str, str | None] = dict.fromkeys(map(_plain, options.drop))
        for header, field in options.columns.items():
            ours = self._names.match(field)
            if ours is None:
                near = difflib.get_close_matches(field, fields, n=1, cutoff=_CLOSE_ENOUGH)
                told = f" (did you mean {near[0]}?)" if near else ""
                raise ConfigurationError(
                    f"{header!r} is mapped to {field!r}, which is no field{told}: map it to one"
                )
            self._mapped[_plain(header)] = ours

    def match(self, header: str) -> str | None:
        """Return our name of the field that a header means, or None where it means none."""
        if self._mapped:
            name = _plain(header)
            if name in self._mapped:
                return self._mapped[name]
        return self._names.match(header)

    def decides(self, header: str) -> bool:
        """Tell whether the caller said what a header means."""
        return _plain(header) in self._mapped


def _plain(header: str) -> str:
    """Return a header as the caller may write it: by its words, else by its signs."""
    return normalise(header) or header.strip()


def unmapped(options: FileOptions, headers: Iterable[str]) -> SourceError | None:
    """Return the error for what the caller says of a column that is not there.

    Args:
        options: What the caller says.
        headers: The columns that are there.
    """
    there = {_plain(header): header for header in headers}
    for name in (*options.columns, *options.drop):
        if _plain(name) not in there:
            near = difflib.get_close_matches(_plain(name), there, n=1, cutoff=_CLOSE_ENOUGH)
            told = f" (did you mean {there[near[0]]!r}?)" if near else ""
            return SourceError(f"there is no column {name!r}{told}: name one as it stands in the header")
    return None


def misspelt(header: str, fields: Collection[str]) -> str | None:
    """Return the field that a header nearly names, or None where it is near none.

    Args:
        header: A header that means no field.
        fields: The fields that have no column.
    """
    squashed = {field.replace("_", ""): field for field in fields}
    name = normalise(header).replace("_", "")
    near = difflib.get_close_matches(name, squashed, n=1, cutoff=_MISSPELT)
    return squashed[near[0]] if near else None


@dataclass(frozen=True, slots=True)
class Layout:
    """What the columns of one CSV file mean.

    Attributes:
        width: How many cells the header has.
        known: Our field name and its position, for each column we know.
        results: Position of each `result_*` column the file has.
        own: Positions of the input's own columns: all but the `result_*` ones.
        columns: The texts of the own columns, as they stand in the file.
        unknown: Those of them that we do not know, each once; nameless columns are left out.
        misspelt: Those of the unknown ones that nearly name a field which has no column, with that field.
        required: The fields without which no row can be sent.
    """

    width: int
    known: tuple[tuple[str, int], ...]
    results: dict[str, int]
    own: tuple[int, ...]
    columns: tuple[str, ...]
    unknown: tuple[str, ...]
    misspelt: Mapping[str, str]
    required: frozenset[str]


def read_header(
    cells: Sequence[str],
    *,
    fields: frozenset[str],
    required: frozenset[str],
    source_name: str,
    options: FileOptions = AS_IT_IS,
) -> Layout:
    """Work out what each column of a header line means.

    Args:
        cells: The header line's cells, as they stand in the file.
        fields: Our names of the fields a row may have.
        required: Those without which no row can be sent.
        source_name: The file's name, for messages.
        options: What the caller says of some columns.

    Raises:
        SourceError: Two columns mean the same field, a required column is missing, or one that is mapped or
            dropped is not there.
        ConfigurationError: A column is mapped to what is no field.
    """
    names = Columns(fields | frozenset(RESULT_COLUMNS), options)
    if (error := unmapped(options, cells)) is not None:
        raise SourceError(f"{source_name}: {error}")
    found: dict[str, int] = {}
    own: list[int] = []
    unknown: list[str] = []
    for position, text in enumerate(cells):
        field = names.match(text)
        if field not in RESULT_COLUMNS:
            own.append(position)
        if field is None:
            unknown.append(text)
            continue
        if field in found:
            raise SourceError(
                f"{source_name}: the columns {cells[found[field]]!r} and {text!r} both mean {field}: "
                "remove or rename one of them"
            )
        found[field] = position
    named = tuple(dict.fromkeys(text for text in unknown if text.strip()))
    missing = sorted(required - found.keys())
    if missing:
        raise SourceError(_missing_columns(missing, named, source_name))
    return Layout(
        width=len(cells),
        known=tuple((field, position) for field, position in found.items() if field in fields),
        results={field: position for field, position in found.items() if field in RESULT_COLUMNS},
        own=tuple(own),
        columns=tuple(cells[position] for position in own),
        unknown=named,
        misspelt=_misspelt(named, names, fields - found.keys()),
        required=required,
    )


def _misspelt(unknown: Sequence[str], names: Columns, free: Collection[str]) -> dict[str, str]:
    near = {text: misspelt(text, free) for text in unknown if not names.decides(text)}
    return {text: field for text, field in near.items() if field is not None}


def _missing_columns(missing: Sequence[str], unknown: Sequence[str], source_name: str) -> str:
    """Return the sentence for a header that lacks columns, with the nearest of those it has.

    Only near misses are quoted: a file without a header line has customers' data where the header should be.
    """
    texts = {normalise(text): text for text in unknown}
    wanted: list[str] = []
    columns: dict[str, str] = {}
    for field in missing:
        near = difflib.get_close_matches(field, texts, n=1, cutoff=_CLOSE_ENOUGH)
        wanted.append(f"{field} (did you mean {texts[near[0]]!r}?)" if near else field)
        columns |= {texts[name]: field for name in near}
    noun = "column" if len(missing) == 1 else "columns"
    mapped = f", or give {columns=}" if columns else ""
    return f"{source_name} lacks the {noun} {', '.join(wanted)}: name each in the header{mapped}"
