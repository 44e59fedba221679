"""What travels through a bulk job: one row, from its validation to its outcome."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import BaseModel

    from alianza_async.bulk.engine.row_run import AnyRowRun
    from alianza_async.bulk.input.rows import Row
    from alianza_async.bulk.journal.store import Evidence, RowState
    from alianza_async.bulk.report import Status
    from alianza_async.errors import AlianzaError

__all__ = ["Later", "Parked", "Payload", "RowEnd", "Work"]


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
class Work:
    """One row on its way, from its first turn to its outcome.

    Attributes:
        row: The row as it was read.
        payload: What it asks for.
        key: Its natural key in the input's own text.
        digest: What its values come to, where a journal keeps it.
        state: What the journal has of it, where it is not settled.
        look_first: Whether its objects may be there already, made by an earlier run or by somebody else.
        unknown_before: Whether an earlier run could not find out its outcome.
        run: Its way through the steps, between two turns.
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
    run: AnyRowRun | None = None
    attempts: int = 0
    maybe_sent: bool = False
    request_id: str | None = None
    began: float = 0.0


class RowEnd(NamedTuple):
    """The outcome of a row's steps.

    Attributes:
        status: Its status.
        id: The id of its main object, where that is there.
        adopted: Whether something of it was found after its answer was lost.
        evidence: What proves who made its main object.
        objects: Ids of what exists of it, by step.
        failed_step: The step that did not end well.
        number_state: `in service` or `not in service`, where it has a telephone number on an account.
        sent_again: Whether one of its steps was sent more than once.
        latency: Seconds that one of its requests took, the journal included.
        requests: Requests sent in its last turn.
        error: Why it did not end well.
    """

    status: Status
    id: str | None = None
    adopted: bool = False
    evidence: Evidence | None = None
    objects: Mapping[str, str] = {}
    failed_step: str | None = None
    number_state: str | None = None
    sent_again: bool = False
    latency: float | None = None
    requests: int = 1
    error: AlianzaError | None = None


class Later(Exception):  # noqa: N818  (no error: the row asks for another turn)
    """Asks for another turn: what was sent may yet be carried out, or the server is at work.

    Meanwhile the row holds no worker and no permit.

    Args:
        due: When it may have its turn: a time of the event loop's clock (`anyio.current_time()`).
    """

    def __init__(self, due: float) -> None:
        super().__init__(due)
        self.due = due


class Parked(Exception):  # noqa: N818  (no error of the row's: the server cannot be reached)
    """The row's turn ended because the server cannot be reached: it has another one when that is over.

    Args:
        error: What happened.
    """

    def __init__(self, error: AlianzaError) -> None:
        super().__init__(str(error))
        self.error = error
