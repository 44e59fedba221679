"""What a bulk job asks of a journal, whatever keeps it: an async protocol, and the changes it takes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Protocol

from alianza_async.bulk.journal.entries import (
    Control,
    Entry,
    Evidence,
    JobFacts,
    JobState,
    Purpose,
    RowState,
    StepEntry,
    UndoEntry,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from pydantic import BaseModel, JsonValue

    from alianza_async.errors import AlianzaError, JournalError

__all__ = [
    "Change",
    "Control",
    "Entry",
    "Evidence",
    "Fence",
    "JobFacts",
    "JobState",
    "JournalStore",
    "Purpose",
    "PutBack",
    "RowOutcome",
    "RowState",
    "StepEntry",
    "StepIntent",
    "StepOutcome",
    "UndoEntry",
    "UndoIntent",
    "UndoOutcome",
]


class Fence(NamedTuple):
    """The right to write a part of a job's journal; whoever takes the lease over ends it.

    Attributes:
        job: The job's id.
        chunk: The part of its rows; a file has one.
        epoch: How many times the part was leased.
    """

    job: str
    chunk: int = 0
    epoch: int = 1


@dataclass(frozen=True, slots=True)
class StepIntent:
    """A step is about to be sent: row and step become `intent`, and each has one more attempt.

    Attributes:
        row: The row's number.
        key: The row's natural key.
        digest: The keyed hash of the row's values.
        step: The step's name.
        step_key: The natural key of the step's object.
        purpose: What the request does.
        change: Of an update, `{"field": [old, new]}` as JSON; a private field is `{"field": null}`.
    """

    row: int
    key: str | None
    digest: bytes | None
    step: str
    step_key: str | None = None
    purpose: Purpose = "create"
    change: str | None = None


@dataclass(frozen=True, slots=True)
class StepOutcome:
    """The outcome of a step; the row itself stays as it is.

    Attributes:
        row: The row's number.
        step: The step's name.
        status: `created exists updated failed skipped unknown`.
        step_key: The natural key of its object, where its intent did not name it.
        object_id: Id of the object that it made or found.
        evidence: What proves that this login made or changed the object.
        detail: What else a later step needs of it; no street address, no secret.
        error: Why it did not succeed; no more of it is kept than `safe_error` lets through.
        request_id: Our id of its last request.
        adopted: Whether the object was found after its answer was lost.
        sent_at: When the request that brought this outcome was sent, in Unix seconds.
        change: The change of an update, where its intent did not name it.
        private: Values of the row that must not be on disk: secrets, names of streets.
    """

    row: int
    step: str
    status: str
    step_key: str | None = None
    object_id: str | None = None
    evidence: Evidence = "none"
    detail: str | None = None
    error: AlianzaError | None = None
    request_id: str | None = None
    adopted: bool = False
    sent_at: float | None = None
    change: str | None = None
    private: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class RowOutcome:
    """The outcome of a row.

    Attributes:
        row: The row's number.
        key: Its natural key.
        digest: The keyed hash of its values.
        status: `created exists updated failed invalid skipped unknown`.
        object_id: Id of its object.
        evidence: What proves that this login made or changed the object.
        error: Why it did not succeed; no more of it is kept than `safe_error` lets through.
        request_id: Our id of its last request.
        adopted: Whether an object was found after its answer was lost.
        failed_step: The step that stopped it.
        attempts: Requests sent for it, look-ups not counted; where the journal has counted more, that stays.
        private: As of a step's outcome.
    """

    row: int
    key: str | None
    digest: bytes | None
    status: str
    object_id: str | None = None
    evidence: Evidence | None = None
    error: AlianzaError | None = None
    request_id: str | None = None
    adopted: bool = False
    failed_step: str | None = None
    attempts: int = 0
    private: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class PutBack:
    """A row, or one step of it, was looked up and is absent: it is `pending`, and may be sent."""

    row: int
    step: str | None = None


@dataclass(frozen=True, slots=True)
class UndoIntent:
    """A step of a row is about to be undone."""

    row: int
    step: str


@dataclass(frozen=True, slots=True)
class UndoOutcome:
    """The outcome of undoing a step of a row.

    Attributes:
        row: The row's number.
        step: The step's name.
        status: `undone failed skipped unknown`.
        object_id: Id of the object that was removed.
        error: Why it was not.
    """

    row: int
    step: str
    status: str
    object_id: str | None = None
    error: AlianzaError | None = None


Change = StepIntent | StepOutcome | RowOutcome | PutBack | UndoIntent | UndoOutcome
"""One change of a journal."""


class JournalStore(Protocol):
    """The journal of one job.

    A write is durable when its `await` returns. Whoever is cancelled while waiting loses nothing: the change
    is written all the same. Once a write has failed for good (`broken`), every later one raises at once. Rows
    and steps move along the graph of `schema.TRANSITIONS` only.

    Attributes:
        facts: What the job is, as last written.
        broken: Why nothing more can be written; None as long as all is well.
        suspicion: Why every row must be looked up before it is sent, in one sentence; None as a rule.
    """

    @property
    def facts(self) -> JobFacts: ...  # noqa: D102
    @property
    def broken(self) -> JournalError | None: ...  # noqa: D102
    @property
    def suspicion(self) -> str | None: ...  # noqa: D102

    def digest(self, values: Mapping[str, object] | BaseModel) -> bytes:
        """Return the keyed hash of a row's values, comparable within this journal alone."""
        ...

    async def lease(self, *, owner: str, ttl_s: float, chunk: int = 0) -> Fence:
        """Take a part of the job's rows, for a time; an expired lease is taken over by raising its epoch.

        Args:
            owner: Who takes it, for messages.
            ttl_s: Seconds until it expires, unless a heartbeat comes before.
            chunk: The part.

        Raises:
            JournalLockedError: Somebody else has it, and it has not expired.
            JournalError: It cannot be written.
        """
        ...

    async def heartbeat(self, fence: Fence, ttl_s: float) -> None:
        """Have a lease expire later.

        Raises:
            JournalError: It was taken over, or it cannot be written.
        """
        ...

    async def release(self, fence: Fence) -> None:
        """Give a lease back; one that was taken over meanwhile stays with whoever has it."""
        ...

    async def rows(self, numbers: Sequence[int]) -> dict[int, RowState]:
        """Return what is known of rows, by number; a row that is not in the journal is left out."""
        ...

    async def rows_by_key(self, keys: Sequence[str]) -> dict[str, RowState]:
        """Return what is known of rows, by key as given; of several rows the first that is not `invalid`."""
        ...

    async def last_row(self) -> int:
        """Return the highest row number; 0 where there is none."""
        ...

    async def counts(self) -> dict[str, int]:
        """Return how many rows have which status; a status that no row has is left out."""
        ...

    async def undo_counts(self) -> dict[str, int]:
        """Return how many steps have which status of being undone."""
        ...

    def entries(self, *statuses: str, resent: bool = False, adopted: bool = False) -> AsyncIterator[RowState]:
        """Yield rows by number, a page at a time.

        Args:
            statuses: Only these; all where none is named.
            resent: Only rows of which a step was sent more than once. Where `adopted` is given too, rows of
                either kind.
            adopted: Only rows of which an object was found after its answer was lost.
        """
        ...

    async def undone(self, row: int) -> dict[str, UndoEntry]:
        """Return what was undone of a row, by step."""
        ...

    async def owner_of(self, step: str, key: str) -> int | None:
        """Return the row that has claimed a key of a step, or whose step has it; None where no row has."""
        ...

    async def claim(self, fence: Fence, step: str, key: str, row: int) -> int:
        """Claim a key of a step for a row.

        Returns:
            The row that has it: this one, or the one that claimed it first.

        Raises:
            JournalError: The lease was taken over, or it cannot be written.
        """
        ...

    async def control(self) -> Control:
        """Return what another terminal asks of the job."""
        ...

    async def write(self, fence: Fence, *changes: Change) -> None:
        """Write changes, all or none; they are durable when this returns.

        Raises:
            JournalError: The lease was taken over, a row cannot move there, or it cannot be written.
        """
        ...

    async def set_job(
        self,
        fence: Fence,
        *,
        state: JobState | None = None,
        rows: int | None = None,
        scope: str | None = None,
        login: str | None = None,
        options: Mapping[str, JsonValue] | None = None,
    ) -> None:
        """Write what has become known of the job; an argument that is None changes nothing.

        Args:
            fence: The lease.
            state: `running` begins another run, but for the one that made the journal; the others end it.
                `finished` ends every suspicion too.
            rows: Rows of the input.
            scope: What the calls' paths are filled in with, such as the partition of its login.
            login: The user name it logged in with.
            options: The options it runs with.

        Raises:
            JournalError: The lease was taken over, or it cannot be written.
        """
        ...

    async def watch(self) -> None:
        """Check that the journal is still where it was.

        Raises:
            JournalError: It was deleted, moved or replaced.
        """
        ...

    async def aclose(self) -> None:
        """Write what is waiting, give its leases back, let go of the journal; a second call does nothing."""
        ...
