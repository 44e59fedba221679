"""What travels through a bulk job, and what a job asks of a kind: one row, its turns, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypedDict, TypeVar, Unpack

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import BaseModel

    from alianza_async.bulk.input.rows import Row
    from alianza_async.bulk.journal.entries import Entry, StepEntry
    from alianza_async.bulk.report import Status
    from alianza_async.errors import AlianzaError

__all__ = ["Ended", "Kind", "Ledger", "Payload", "Settle", "StepFacts", "Work"]

R_co = TypeVar("R_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Payload:
    """What one row asks for.

    Attributes:
        key: The natural key as it will be sent.
        model: What the row holds, checked.
        ids: Ids of the path, by placeholder; `account_number` stands in for an `account_id` to be looked up.
        unique: Values that no other row may have, by field, the key aside.
    """

    key: str
    model: BaseModel
    ids: Mapping[str, str] = field(default_factory=dict[str, str])
    unique: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(slots=True, eq=False)
class Work:
    """One row on its way, from its first turn to its end.

    Attributes:
        row: The row as it was read.
        payload: What it asks for.
        key: Its natural key in the input's own text.
        digest: What its values come to, where a journal keeps it.
        entry: What the journal has of it, where it is not done.
        look_first: Whether it may be there already, made by an earlier run or by somebody else.
        lost: Whether it was sent and nobody knows what became of it: it is looked up before anything is sent,
            and what is found equal is ours.
        unknown_before: Whether an earlier run could not tell what became of it.
        state: The kind's own, between two turns.
        intended: Whether the journal has an intent for it from this run.
        before: Requests that earlier runs sent for it.
        attempts: Requests sent for it so far, look-ups not counted.
        maybe_sent: Whether a request that changes something may have arrived.
        request_id: Our id of its last request.
        began: `time.monotonic()` of its first turn.
    """

    row: Row
    payload: Payload
    key: str
    digest: bytes | None = None
    entry: Entry | None = None
    look_first: bool = False
    lost: bool = False
    unknown_before: bool = False
    state: object = None
    intended: bool = False
    before: int = 0
    attempts: int = 0
    maybe_sent: bool = False
    request_id: str | None = None
    began: float = 0.0


class Ended(NamedTuple):
    """How a row ended well, or as well as it could.

    Attributes:
        status: Its status.
        id: The object's id, where it is there.
        adopted: Whether it was found after its answer was lost.
        latency: Seconds that its last answer took, and the journal with it: what one turn costs.
        error: Why it did not end well, where the kind says so itself.
    """

    status: Status
    id: str | None = None
    adopted: bool = False
    latency: float | None = None
    error: AlianzaError | None = None


class Settle(Exception):  # noqa: N818  (no error: the kind asks to be asked again)
    """Asks for another turn, later: what was sent may yet be carried out.

    Meanwhile the row holds no worker and no permit.

    Args:
        due: When it may have its turn: a time of the event loop's clock (`anyio.current_time()`).
    """

    def __init__(self, due: float) -> None:
        super().__init__(due)
        self.due = due


class StepFacts(TypedDict, total=False):
    """What is known of a step's end, beside its status.

    Attributes:
        key: The natural key of what it makes, where its intent did not say.
        object_id: Id of what it made or found.
        detail: What else a later step needs of it; no street address, no secret.
        error: Why it did not end well.
        attempts: Requests sent for it.
        request_id: Our id of its last request.
        adopted: Whether it was found after its answer was lost.
    """

    key: str | None
    object_id: str | None
    detail: str | None
    error: AlianzaError | None
    attempts: int
    request_id: str | None
    adopted: bool


class Ledger(Protocol):
    """The journal as a kind sees it; without one every method does nothing, at once."""

    @property
    def settle_s(self) -> float:
        """Seconds until what was sent, and not answered, is looked up."""
        ...

    async def intend(self, work: Work, *, step: str | None = None, step_key: str | None = None) -> None:
        """Write that something is about to be sent for a row; it is on disk when this returns.

        Raises:
            JournalError: It cannot be written; then nothing may be sent.
        """
        ...

    async def settle_step(self, work: Work, step: str, status: Status, **facts: Unpack[StepFacts]) -> None:
        """Write how a step of a row ended; it is on disk when this returns.

        Raises:
            JournalError: It cannot be written.
        """
        ...

    def steps(self, work: Work) -> Mapping[str, StepEntry]:
        """Return what is known of a row's steps, by name."""
        ...

    def known_elsewhere(self, work: Work, step: str, key: str) -> bool:
        """Tell whether another row has, or had, a step with this key: then it is looked up first."""
        ...


class Kind(Protocol[R_co]):
    """What a row of a job becomes."""

    @property
    def name(self) -> str:
        """What it is called on the command line, such as `accounts`."""
        ...

    @property
    def fields(self) -> frozenset[str]:
        """The fields a row may have."""
        ...

    @property
    def required(self) -> frozenset[str]:
        """Those that a CSV file must have a column for."""
        ...

    @property
    def key_field(self) -> str:
        """The field that tells rows apart; of two rows with the same value the later one is refused."""
        ...

    @property
    def at_once(self) -> int | None:
        """How many rows have to be under way, where they wait for each other; None where they do not."""
        ...

    def key_of(self, values: Mapping[str, object] | BaseModel) -> str | None:
        """Return a row's natural key in its own text, where it has one; never fails."""
        ...

    def read(self, values: Mapping[str, object] | BaseModel) -> Payload:
        """Make what is to be done of a row's values; asks nobody.

        Raises:
            InvalidInputError: It cannot be done; names each field.
        """
        ...

    def make_ready(self, work: Work) -> None:
        """Do ahead of a row's turn what asks nobody and cannot fail; a few rows are made ready in one go."""
        ...

    async def carry_out(self, work: Work, ledger: Ledger) -> Ended:
        """Give a row its turn.

        Raises:
            Settle: It needs another turn, later.
            JournalError: The journal cannot be written.
            AlianzaError: It ended badly.
        """
        ...
