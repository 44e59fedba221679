"""The rows of the server's bulk operations: what they may hold, and which output is of which row."""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, cast

from alianza_async.calls.own_words import private_in, without_values
from alianza_async.calls.redaction import Redactor
from alianza_async.errors import FieldError, InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

__all__ = [
    "CREATE_TELEPHONE_NUMBERS",
    "CREATE_USERS",
    "DELETE_TELEPHONE_NUMBERS",
    "DELETE_USERS",
    "BulkWork",
    "Outcome",
    "Row",
    "ServerRow",
    "checked",
    "matched",
]

Row = dict[str, object]
Outcome = Literal["done", "failed", "unknown"]

_FAILURE = ("error", "fail", "invalid", "reject")
_SUCCESS = ("succe", "creat", "delet", "complet", "done")
_COMPLAINTS = ("error", "errors")


@dataclass(frozen=True, slots=True)
class BulkWork:
    """One of the four things the server does in bulk.

    Attributes:
        job_type: The job's type on the wire.
        row_type: The rows' type on the wire.
        key: The column by which an output row is recognised that does not say which input row it was.
        columns: The columns a row may have; empty where the API does not publish them.
    """

    job_type: str
    row_type: str
    key: str
    columns: tuple[str, ...] = ()


CREATE_USERS: Final = BulkWork(
    "create users",
    "CreateUserInput",
    "Username",
    (
        *("First Name", "Last Name", "Extension Number", "User Tags", "Time Zone", "Email", "Username"),
        *("Feature Plan", "Voice Portal Access", "Calling Plan", "Language"),
    ),
)
DELETE_USERS: Final = BulkWork("delete users", "DeleteUserInput", "Username")
CREATE_TELEPHONE_NUMBERS: Final = BulkWork(
    "create telephone numbers", "CreateTelephoneNumberInput", "Telephone Number"
)
DELETE_TELEPHONE_NUMBERS: Final = BulkWork(
    "delete telephone numbers", "DeleteTelephoneNumberInput", "Telephone Number"
)


@dataclass(frozen=True, slots=True)
class ServerRow:
    """What became of one row.

    Attributes:
        index: Its place in what was given, from 0.
        row: The row. Kept out of the repr, as is the output: they hold names and addresses.
        outcome: `done`, `failed`, or `unknown` where the server does not tell.
        error: Why it failed, where the server says so.
        output: What the server tells of it, as it tells it.
    """

    index: int
    row: Mapping[str, object] = field(repr=False)
    outcome: Outcome
    error: str | None = field(default=None, repr=False)
    output: Mapping[str, object] | None = field(default=None, repr=False)

    @property
    def object_id(self) -> str | None:
        """The id of what was made of it, where the server tells one; whether it does is not published."""
        found = None if self.output is None else _value(self.output, "id")
        return None if found is None or found == "" else str(found)


def checked(work: BulkWork, rows: Iterable[Mapping[str, object]]) -> list[Row]:
    """Return the rows, each a mapping of its own.

    Raises:
        InvalidInputError: A row has a column that there is not.
    """
    given = [dict(row) for row in rows]
    if work.columns:
        unknown = sorted({name for row in given for name in row} - set(work.columns))
        if unknown:
            raise InvalidInputError(
                f"{work.row_type} has no column {', '.join(map(repr, unknown))}; nothing was sent",
                fields=[FieldError(name, "is no column") for name in unknown],
            )
    return given


def matched(
    work: BulkWork, rows: Sequence[Row], outputs: Iterable[tuple[str, Row]]
) -> tuple[tuple[ServerRow, ...], tuple[Row, ...]]:
    """Lay outputs beside the rows they came from, each row once; and return those that fit none.

    Args:
        work: What was done.
        rows: The rows that were given.
        outputs: Each output row, under the name of the collection it is in.
    """
    waiting: defaultdict[str, deque[int]] = defaultdict(deque)
    for index, row in enumerate(rows):
        waiting[_key(row, work.key)].append(index)
    told: dict[int, ServerRow] = {}
    unmatched: list[Row] = []
    for name, output in outputs:
        of = next((at for at in _candidates(work, rows, output, waiting) if at not in told), None)
        if of is None:
            unmatched.append(output)
        else:
            told[of] = _told(of, rows[of], name, output, work.key)
    every = tuple(told.get(index) or ServerRow(index, row, "unknown") for index, row in enumerate(rows))
    return every, tuple(unmatched)


def _candidates(
    work: BulkWork, rows: Sequence[Row], output: Row, waiting: Mapping[str, deque[int]]
) -> Iterator[int]:
    """Yield the rows that an output may be of: the one it counts, where the two agree; else by the key.

    The API does not publish from where it counts, so a count alone is no proof.
    """
    index = _value(output, "index")
    if isinstance(index, int) and 0 <= index < len(rows) and _agree(rows[index], output):
        yield index
    key = _key(output, work.key)
    queue = waiting.get(key) if key else None
    while queue:
        yield queue[0]
        queue.popleft()  # asked for another: that one is told already


def _agree(row: Row, output: Row) -> bool:
    shared = [(value, _value(output, column.casefold())) for column, value in row.items()]
    known = [(_plain(ours), _plain(theirs)) for ours, theirs in shared if theirs is not None]
    return bool(known) and all(ours == theirs for ours, theirs in known)


def _told(index: int, row: Row, name: str, output: Row, key: str) -> ServerRow:
    """Return a row with what an output tells of it; a collection's name says what its rows are."""
    complaint = next((found for column in _COMPLAINTS if (found := _value(output, column))), None)
    lowered = name.casefold()
    outcome: Outcome = "unknown"
    if complaint or any(word in lowered for word in _FAILURE):
        outcome = "failed"
    elif any(word in lowered for word in _SUCCESS):
        outcome = "done"
    return ServerRow(index, row, outcome, _text(complaint, row, _key(row, key)), output)


def _text(complaint: object, row: Row, key: str) -> str | None:
    """Return a complaint without secrets, and without those of the row's own values that are private."""
    if complaint is None:
        return None
    several = cast("list[object]", complaint) if isinstance(complaint, list) else [complaint]
    text = "; ".join(str(one) for one in several)
    return Redactor()(without_values(text, tuple(private_in(row)), (key,)))


def _value(row: Mapping[str, object], name: str) -> object:
    """Return a column's value, in capitals or not; None where there is none."""
    return next((value for column, value in row.items() if column.casefold() == name), None)


def _key(row: Row, column: str) -> str:
    return _plain(_value(row, column.casefold()))


def _plain(value: object) -> str:
    return "" if value is None else str(value).strip().casefold()
