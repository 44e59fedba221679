"""What happens to a row before anything is sent: read, checked, told from the rows before it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

from alianza_async.bulk.report import DONE, ItemResult
from alianza_async.bulk.seen import Seen, comparable
from alianza_async.errors import FieldError, InvalidInputError

if TYPE_CHECKING:
    from alianza_async.bulk.kinds import Kind, Payload
    from alianza_async.bulk.rows import Row

__all__ = ["MAY_BE_THERE", "Intake", "Work"]

R = TypeVar("R")

MAY_BE_THERE: Final = frozenset({"failed", "unknown"})
"""How a row may have ended in an earlier run without anybody knowing that its object is not there."""


@dataclass(frozen=True, slots=True)
class Work:
    """A row that is to be sent.

    Attributes:
        row: The row as it was read.
        payload: What it asks for.
    """

    row: Row
    payload: Payload

    @property
    def look_first(self) -> bool:
        """Whether an earlier run may have made the object."""
        return self.row.earlier is not None and self.row.earlier.status in MAY_BE_THERE

    @property
    def unknown_before(self) -> bool:
        """Whether an earlier run could not tell what became of it."""
        return self.row.earlier is not None and self.row.earlier.status == "unknown"


class Intake:
    """Takes rows in the input's order, so that of two rows with one key the first is the one that is sent.

    Args:
        kind: What a row is to become.
        name: The input's name, for errors.
    """

    def __init__(self, kind: Kind[R], name: str) -> None:
        self._kind = kind
        self._name = name
        self._seen = Seen()

    def take(self, row: Row) -> Work | ItemResult:
        """Return what is to be sent for a row, or its result where nothing is."""
        earlier = row.earlier
        key = self._kind.key_of(row.values)
        if earlier is not None and earlier.status in DONE:
            if key is not None:
                self._seen.first(comparable(key), row.number)
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
        first = self._seen.first(comparable(payload.key), row.number)
        if first is not None:
            double = FieldError(self._kind.key_field, f"is a duplicate: row {first} has the same")
            return self._invalid(row, key, (double,))
        return Work(row, payload)

    def close(self) -> None:
        """Forget the keys."""
        self._seen.close()

    def _invalid(self, row: Row, key: str | None, complaints: tuple[FieldError, ...]) -> ItemResult:
        text = "; ".join(str(complaint) for complaint in complaints)
        error = InvalidInputError(f"{self._name} row {row.number}, {text}", fields=complaints)
        return ItemResult(row.number, key, "invalid", error=error)
