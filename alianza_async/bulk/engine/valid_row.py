"""One row of a bulk job, once it has passed validation."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import BaseModel

    from alianza_async.bulk.input.rows import Row
    from alianza_async.bulk.journal.store import RowState

__all__ = ["Payload", "ValidRow"]


@dataclass(frozen=True, slots=True)
class Payload:
    """What one row asks for.

    Attributes:
        key: The natural key as it will be sent.
        model: What the row holds, checked.
        ids: Ids that the row names, by path placeholder; `account_number` stands for an `account_id` that has
            to be looked up.
        unique: Values that no other row may have, by field, the key aside.
    """

    key: str
    model: BaseModel
    ids: Mapping[str, str] = field(default_factory=dict[str, str])
    unique: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(slots=True, eq=False)
class ValidRow:
    """One row that passed validation: what it asks for, and what was sent for it.

    Attributes:
        row: The row as it was read.
        payload: What it asks for.
        key: Its natural key in the input's own text.
        digest: What its values come to, where a journal keeps it.
        state: What the journal has of it, where it is not settled.
        look_first: Whether its objects may be there already, made by an earlier run or by somebody else.
        unknown_before: Whether an earlier run could not find out its outcome.
        attempts: Requests that may create, change or delete, sent for it so far, earlier runs included.
        maybe_sent: Whether one of them may have arrived in this run.
        request_id: Our id of its last request.
        began: `time.monotonic()` of its first turn.
    """

    row: Row
    payload: Payload
    key: str
    digest: bytes | None = None
    state: RowState | None = None
    look_first: bool = False
    unknown_before: bool = False
    attempts: int = 0
    maybe_sent: bool = False
    request_id: str | None = None
    began: float = 0.0
