"""What happens to a row before anything is sent: read, checked, compared with the rows before it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from alianza_async.bulk.engine.work import Work
from alianza_async.bulk.input.seen import Seen, comparable
from alianza_async.bulk.report import DONE, ItemResult
from alianza_async.errors import FieldError, InvalidInputError

if TYPE_CHECKING:
    from alianza_async.bulk.engine.kind import AnyKind
    from alianza_async.bulk.engine.valid_row import Payload
    from alianza_async.bulk.input.rows import Row

__all__ = ["MAY_BE_THERE", "Validation"]

MAY_BE_THERE: Final = frozenset({"failed", "unknown"})
"""How a row may have ended in an earlier run without its being known that its object is absent."""


class Validation:
    """Takes rows in the input's order, so that of two rows with one key the first is the one that is sent.

    Args:
        kind: What a row is to become.
        name: The input's name, for errors.
    """

    def __init__(self, kind: AnyKind, name: str) -> None:
        self._kind = kind
        self._name = name
        self._seen = Seen()

    def take(self, row: Row) -> Work | ItemResult:
        """Return what is to be sent for a row, or its result where nothing is."""
        earlier = row.earlier
        key = self._kind.key_of(row.given)
        if earlier is not None and earlier.status in DONE:
            self._note(row)
            return ItemResult(
                row.number,
                key,
                "skipped",
                id=earlier.id,
                attempts=earlier.attempts,
                request_id=earlier.request_id,
                done_before=True,
            )
        if row.problems:
            return self._invalid(row, key, row.problems)
        try:
            payload = self._kind.read(row.values)
        except InvalidInputError as error:
            return self._invalid(row, key, error.fields or (FieldError("", str(error)),))
        double = self._double(row, payload)
        if double is not None:
            return self._invalid(row, key, (double,))
        return Work(
            row,
            payload,
            key or payload.key,
            look_first=earlier is not None and earlier.status in MAY_BE_THERE,
            unknown_before=earlier is not None and earlier.status == "unknown",
        )

    def pass_over(self, row: Row) -> None:
        """Note the key of a row that an earlier run of the job has settled, and nothing else."""
        self._note(row)

    def close(self) -> None:
        """Forget the keys."""
        self._seen.close()

    def _note(self, row: Row) -> None:
        """Note what no later row may have, of a row that is not read any more."""
        key = self._kind.key_of(row.values)
        if key is not None:
            self._seen.first(comparable(key), row.number)

    def _double(self, row: Row, payload: Payload) -> FieldError | None:
        first = self._seen.first(comparable(payload.key), row.number)
        if first is not None:
            return FieldError(self._kind.key_field, f"is a duplicate: row {first} has the same")
        for field, value in payload.unique.items():
            first = self._seen.first(f"\0{field}\0{comparable(value)}", row.number)
            if first is not None:
                return FieldError(field, f"is a duplicate: row {first} has the same")
        return None

    def _invalid(self, row: Row, key: str | None, complaints: tuple[FieldError, ...]) -> ItemResult:
        text = "; ".join(str(complaint) for complaint in complaints)
        error = InvalidInputError(f"{self._name} {row.place}, {text}", fields=complaints)
        return ItemResult(row.number, key, "invalid", error=error, place=row.place)
