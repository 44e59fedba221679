"""One row of an input, and one line of a result file: what sources, runner and result file share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from pydantic import BaseModel

from alianza_async.bulk.input.places import Place

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alianza_async.errors import FieldError

__all__ = ["EXTRA_CELLS", "RESULT_COLUMNS", "UNREADABLE_LINE", "Change", "EarlierResult", "ResultLine", "Row"]

RESULT_COLUMNS: Final = (
    "result_row",
    "result_status",
    "result_id",
    "result_error",
    "result_attempts",
    "result_request_id",
    "result_account_id",
    "result_user_id",
    "result_number_state",
    "result_failed_step",
)
"""The columns a result file adds, in this order; taken off again when it is fed back."""

UNREADABLE_LINE: Final = "unreadable_line"
"""The key under which a JSON Lines result file keeps a line that was no JSON object."""

EXTRA_CELLS: Final = "extra_cells"
"""The key under which a JSON Lines result file keeps the cells a CSV row had beyond its header."""


@dataclass(frozen=True, slots=True)
class ResultLine:
    """What became of one row, as the `result_*` columns say it.

    Attributes:
        status: `created exists updated failed invalid unknown skipped`.
        id: Id of the object at Alianza, where known.
        error: One sentence, or None.
        attempts: How many requests were sent for the row.
        request_id: Our id of the last request, for support.
        account_id: Id of the account that the job made of the row.
        user_id: Id of the user that the job made of the row.
        number_state: What the row's number is: `reserved`, `activated` or `in service`.
        failed_step: The step that stopped the row.
    """

    status: str
    id: str | None = None
    error: str | None = None
    attempts: int = 0
    request_id: str | None = None
    account_id: str | None = None
    user_id: str | None = None
    number_state: str | None = None
    failed_step: str | None = None


EarlierResult = ResultLine
"""What an earlier run said of a row: the `result_*` columns of a result file that is fed back."""


class Change(NamedTuple):
    """A value that is read otherwise than it stands in the input, or that may not be meant as it stands.

    Attributes:
        field: Our name of its field.
        old: The text in the input.
        new: What it is read as, empty where it says nothing; the same as `old` where it was only doubted.
        rule: The names of the rules, such as `telephone number`.
        is_private: Whether the values may be a part of an address, and so are shown nowhere.
    """

    field: str
    old: str
    new: str
    rule: str
    is_private: bool = False

    @property
    def is_doubt(self) -> bool:
        """Whether the value is sent as it stands, and somebody should look at it."""
        return self.old == self.new


@dataclass(slots=True)
class Row:
    """One row of an input.

    Attributes:
        number: Data record number from 1; header and blank lines are not counted.
        values: What to send: our field names, strings trimmed, empty ones left out; or the model as it was
            given. A value that `problems` complains of is still here, so that the row's key can be told.
        cells: The input's own text without its `result_*` columns: a CSV row's cells, or the text of a JSON
            object; None for rows that came from Python.
        problems: What is wrong with the row itself; a row with any is never sent.
        earlier: What an earlier run said of it, where the input is a result file.
        changes: Values that were read otherwise than they stand in the input, and doubtful ones.
        line: The first of its lines in a text file, from 1; None where it came from elsewhere.
        sheet_row: Its row in a spreadsheet that opened the file, from 1; None where none opens it.
    """

    number: int
    values: Mapping[str, object] | BaseModel = field(repr=False)
    cells: tuple[str, ...] | str | None = field(repr=False)
    problems: tuple[FieldError, ...] = ()
    earlier: EarlierResult | None = None
    changes: tuple[Change, ...] = ()
    line: int | None = field(default=None, compare=False)
    sheet_row: int | None = field(default=None, compare=False)

    @property
    def place(self) -> Place:
        """Where it stands."""
        return Place(self.number, self.line, self.sheet_row)

    @property
    def given(self) -> Mapping[str, object] | BaseModel:
        """The values as they stand in the input: by them a row is known again."""
        if not self.changes or isinstance(self.values, BaseModel):
            return self.values
        return {**self.values, **{change.field: change.old for change in reversed(self.changes)}}
