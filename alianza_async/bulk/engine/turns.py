"""How a row's turn ends: with its outcome, or with another turn to come."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alianza_async.bulk.journal.store import Evidence
    from alianza_async.bulk.report import Status
    from alianza_async.errors import AlianzaError

__all__ = ["Later", "Parked", "RowEnd"]


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
