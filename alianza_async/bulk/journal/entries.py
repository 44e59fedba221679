"""What a journal holds, as values: the job, its items, their steps, and what was taken back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import JsonValue

__all__ = ["Control", "Entry", "JobFacts", "JobState", "StepEntry", "UndoEntry"]

JobState = Literal["running", "stopped", "finished"]


@dataclass(frozen=True, slots=True)
class JobFacts:
    """What a job is: all that `resume` needs, and no secret.

    Times are Unix seconds.

    Attributes:
        job_id: Its id; a service's own, or made up.
        kind: Such as `accounts`.
        input: Path of the input file; None where rows came from Python.
        input_sha256: The file's SHA-256, in hex.
        options: The options it was begun with.
        base_url: Where it sends.
        environment: The environment's name, where it is a known one.
        partition_id: The partition of its login.
        login: The user name it logged in with; never the password.
        rows: Rows of the input, once they are known.
        created_at: When the journal was made. This and what follows is the journal's own to fill.
        started_at: When its latest run began.
        ended_at: When its latest run ended; None while it runs, and after it was killed.
        state: `running` (or killed), `stopped` before its end, `finished`.
        runs: How many times it was begun.
        salt: What makes its digests its own.
    """

    job_id: str
    kind: str
    input: str | None
    input_sha256: str | None
    options: Mapping[str, JsonValue]
    base_url: str
    environment: str | None
    partition_id: str | None
    login: str | None
    rows: int | None
    created_at: float = 0.0
    started_at: float = 0.0
    ended_at: float | None = None
    state: JobState = "running"
    runs: int = 0
    salt: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the input.

    Attributes:
        row: Its number, from 1.
        key: Its natural key, trimmed and NFC-normalised; None where it has none.
        digest: What its values come to.
        status: `pending intent created exists updated failed invalid skipped unknown`.
        object_id: The object's id, where it is there.
        error_class: Name of the error's class.
        error: The error as one sentence, where that can hold no address and no secret.
        attempts: Requests sent for it, look-ups not counted.
        request_id: Our id of its last request.
        adopted: Whether it was found after its answer was lost.
        intent_at: When it was last about to be sent, in Unix seconds.
        settled_at: When its end was known, in Unix seconds.
    """

    row: int
    key: str | None
    digest: bytes | None
    status: str
    object_id: str | None
    error_class: str | None
    error: str | None
    attempts: int
    request_id: str | None
    adopted: bool
    intent_at: float | None
    settled_at: float | None


@dataclass(frozen=True, slots=True)
class StepEntry:
    """One step of one row.

    Attributes:
        row: The row's number.
        step: The step's name.
        key: The natural key of what it makes.
        status: As of an item.
        object_id: Id of what it made or found.
        detail: What else a later step needs of it; never a street address.
        error_class: As of an item; likewise what follows.
    """

    row: int
    step: str
    key: str | None
    status: str
    object_id: str | None
    detail: str | None
    error_class: str | None
    error: str | None
    attempts: int
    request_id: str | None
    adopted: bool
    intent_at: float | None
    settled_at: float | None


@dataclass(frozen=True, slots=True)
class UndoEntry:
    """How far one step of one row was taken back.

    Attributes:
        row: The row's number.
        step: The step's name.
        status: `intent undone failed skipped unknown`.
        object_id: Id of what was taken back.
        error_class: As of an item; likewise what follows.
    """

    row: int
    step: str
    status: str
    object_id: str | None
    error_class: str | None
    error: str | None
    intent_at: float | None
    settled_at: float | None


class Control(NamedTuple):
    """What another terminal asks of a running job.

    Attributes:
        paused: Whether it is to send nothing for now.
        rate: Requests a second; None where nobody asked for another rate.
    """

    paused: bool = False
    rate: float | None = None
