"""The values of rows, read by the rules for the sort of each field; what was changed is kept with the row."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from alianza_async.bulk.input.cleaning import complaint
from alianza_async.bulk.input.rows import Change
from alianza_async.bulk.input.text_rules import FREE, NO_VALUE, Reading, read_text
from alianza_async.errors import FieldError
from alianza_async.models._reading.places import with_lost_zeros
from alianza_async.models._reading.sorts import Sort

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["NO_READINGS", "Readings"]

_NO_WORD: Final = r"(?!(?i:null|nan|none|n/a)$)"
_MOST: Final = 4096
_NOTHING: Final[tuple[tuple[Change, ...], tuple[FieldError, ...]]] = ((), ())

# Text that no rule of its sort changes, told at a glance: nearly every cell of a large file.
_GATES: Final[dict[Sort, re.Pattern[str]]] = {
    Sort.TEXT: re.compile(rf"{_NO_WORD}[^\W_][\w ,.&()/:;@+'#\"-]*"),
    Sort.NAME: re.compile(rf"{_NO_WORD}[^\W_][\w ,.&()/:;@+'#\"-]*"),
    Sort.IDENTIFIER: re.compile(rf"{_NO_WORD}(?:[A-Za-z][\w@.+-]*|\d++(?![eE.,])[\w-]*)", re.ASCII),
    Sort.TELEPHONE_NUMBER: re.compile(r"1[2-9]\d\d[2-9]\d{6}", re.ASCII),
    Sort.MAC: re.compile(r"[0-9A-F]{12}"),
    Sort.POSTAL_CODE: re.compile(r"\d{5}", re.ASCII),
}


class Readings:
    """Reads the text of rows, field by field.

    The rules are for text alone: a value of another type is what its type says.

    Args:
        sorts: What each field holds, by our name of it; a field that is not in it is left alone.
        private: Fields whose values no message may repeat.
        strict: Whether a value that would be changed is refused instead.
    """

    def __init__(
        self, sorts: Mapping[str, Sort], *, private: frozenset[str] = frozenset(), strict: bool = False
    ) -> None:
        self._sorts = dict(sorts)
        self._private = private
        self._strict = strict
        self._memos: dict[Sort, dict[str, Reading]] = {}
        self._settled: dict[Sort, set[str]] = {}
        self._gates = {field: self._gate(sort) for field, sort in self._sorts.items()}
        self._all_gates = tuple(self._gates.items())
        self._typed_gates = tuple(
            (field, gate) for field, gate in self._all_gates if self._sorts[field] not in FREE | {Sort.SECRET}
        )
        self._postal = {
            field: state
            for field, sort in self._sorts.items()
            if sort is Sort.POSTAL_CODE and (state := self._state_beside(field)) is not None
        }

    def _gate(self, sort: Sort) -> Callable[[Any], object]:
        """Return what tells at a glance that a text of a sort is not changed."""
        if sort is Sort.SECRET:
            return bool
        pattern = _GATES.get(sort)
        return self._settled.setdefault(sort, set()).__contains__ if pattern is None else pattern.fullmatch

    def _state_beside(self, postal: str) -> str | None:
        """Return the field of the state that a postal code is in."""
        states = [field for field, sort in self._sorts.items() if sort is Sort.STATE]
        own = f"{postal.removesuffix('postal_code')}state"
        if own in states:
            return own
        return states[0] if len(states) == 1 else None

    def read(self, values: dict[str, object]) -> tuple[tuple[Change, ...], tuple[FieldError, ...]]:
        """Read a row's values, in place.

        Args:
            values: Our field names and what was given, text trimmed, nothing empty. A value that is refused
                stays as it was given; one that says nothing is taken out.

        Returns:
            What was changed or may not be meant, and what cannot be sent.
        """
        gates = self._gates
        suspects = [
            field
            for field, value in values.items()
            if field in gates and isinstance(value, str) and not gates[field](value)
        ]
        return self._settle(values, suspects) if suspects else _NOTHING

    def read_cells(
        self, values: dict[str, object], text: str
    ) -> tuple[tuple[Change, ...], tuple[FieldError, ...]]:
        """Read a row whose values are all text, as `read` does; quicker where nothing in it looks odd.

        Args:
            values: As for `read`.
            text: All of them in one.
        """
        # Nearly every row has no free text that is to be looked at: one look at all of it shows that.
        is_plain = (
            text.isascii()
            and "'" not in text
            and "=" not in text
            and "#" not in text
            and NO_VALUE.isdisjoint(values.values())
        )
        gates = self._typed_gates if is_plain else self._all_gates
        suspects = [field for field, gate in gates if field in values and not gate(values[field])]
        return self._settle(values, suspects) if suspects else _NOTHING

    def _settle(
        self, values: dict[str, object], suspects: list[str]
    ) -> tuple[tuple[Change, ...], tuple[FieldError, ...]]:
        changes: list[Change] = []
        problems: list[FieldError] = []
        private = self._private
        odd = frozenset(suspects)
        in_order = [field for field in values if field in odd]
        for field in sorted(in_order, key=self._postal.__contains__):  # a postal code after its state
            text = str(values[field])
            if complaint(text) is not None:
                continue  # said where all cells are looked at
            reading = self._reading(field, text, values)
            problem = reading.problem
            if problem is None and reading.value != text and self._strict:
                problem = self._refusal(field, reading)
            if problem is not None:
                problems.append(FieldError(field, problem))
            elif reading.value != text:
                changes.append(Change(field, text, reading.value, ", ".join(reading.rules), field in private))
                if reading.value:
                    values[field] = reading.value
                else:
                    del values[field]
            if problem is None and reading.doubt is not None:
                changes.append(Change(field, reading.value, reading.value, reading.doubt, field in private))
        return tuple(changes), tuple(problems)

    def _reading(self, field: str, text: str, values: Mapping[str, object]) -> Reading:
        sort = self._sorts[field]
        if sort in _GATES:
            reading = read_text(sort, text)
        else:
            memo = self._memos.setdefault(sort, {})
            known = memo.get(text)
            if known is not None:
                return known
            reading = read_text(sort, text)
            if len(memo) < _MOST:
                memo[text] = reading
                if reading == Reading(text):
                    self._settled[sort].add(text)
        if field in self._postal and reading.problem is None:
            state = values.get(self._postal[field])
            filled = with_lost_zeros(reading.value, state if isinstance(state, str) else None)
            reading = reading.changed(filled, "ZIP code without its zero")
        return reading

    def _refusal(self, field: str, reading: Reading) -> str:
        rules = ", ".join(reading.rules)
        if field in self._private:
            return f"would be read in another spelling ({rules}): write that, or leave out strict=True"
        return f"would be read as {reading.value!r} ({rules}): write it so, or leave out strict=True"


NO_READINGS: Final = Readings({})
"""Leaves every value as it is."""
