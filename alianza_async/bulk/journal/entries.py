"""What a journal holds, as values: the job, its items, their steps, and what was undone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import JsonValue

__all__ = [
    "Control",
    "Entry",
    "Evidence",
    "JobFacts",
    "JobState",
    "Purpose",
    "RowState",
    "StepEntry",
    "UndoEntry",
]

JobState = Literal["running", "stopped", "finished"]

Purpose = Literal["create", "update", "delete"]
"""What the request of a step does."""

Evidence = Literal["answered", "history", "none"]
"""What proves that this login made an object: our own answer, the account's history, or nothing."""


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
        scope: What the calls' paths are filled in with, such as the partition of its login.
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
    scope: str | None
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
        digest: The keyed hash of its values.
        status: `pending intent created exists updated failed invalid skipped unknown`.
        object_id: The object's id, where it is there.
        error_class: Name of the error's class.
        error: The error as one sentence, where that can hold no address and no secret.
        attempts: Requests sent for it, look-ups not counted.
        request_id: Our id of its last request.
        adopted: Whether it was found after its answer was lost.
        intent_at: When it was last about to be sent, in Unix seconds.
        settled_at: When its outcome was known, in Unix seconds.
        evidence: What proves that this login made the object: `answered`, `history` or `none`; None where
            there is no object, and in a journal of an older version.
        failed_step: The step that stopped the row.
        message: The server's own words, without secrets and private values.
        server_request_id: The server's id of its last request.
    """

    row: int
    key: str | None
    digest: bytes | None
    status: str
    object_id: str | None = None
    error_class: str | None = None
    error: str | None = None
    attempts: int = 0
    request_id: str | None = None
    adopted: bool = False
    intent_at: float | None = None
    settled_at: float | None = None
    evidence: Evidence | None = None
    failed_step: str | None = None
    message: str | None = None
    server_request_id: str | None = None


@dataclass(frozen=True, slots=True)
class StepEntry:
    """One step of one row.

    Attributes:
        row: The row's number.
        step: The step's name.
        key: The natural key of the object, as the step gave it.
        status: As of an item.
        object_id: Id of the object that it made or found.
        detail: What else a later step needs of it; never a street address.
        error_class: As of an item; likewise what follows.
        purpose: What its last intent was for: `create`, `update` or `delete`; None before its first.
        change: Of an update, `{"field": [old, new]}` as JSON; a private field is `{"field": null}`.
        evidence: What proves that this login made or changed the object.
        first_intent_at: When it was about to be sent for the first time ever, in Unix seconds.
        sent_at: When the request that brought its outcome was sent, in Unix seconds.
        message: As of an item; likewise what follows.
    """

    row: int
    step: str
    key: str | None
    status: str
    object_id: str | None = None
    detail: str | None = None
    error_class: str | None = None
    error: str | None = None
    attempts: int = 0
    request_id: str | None = None
    adopted: bool = False
    intent_at: float | None = None
    settled_at: float | None = None
    purpose: Purpose | None = None
    change: str | None = None
    evidence: Evidence | None = None
    first_intent_at: float | None = None
    sent_at: float | None = None
    message: str | None = None
    server_request_id: str | None = None


@dataclass(frozen=True, slots=True)
class RowState:
    """One row with its steps.

    Attributes:
        entry: The row.
        steps: Its steps, by name.
    """

    entry: Entry
    steps: Mapping[str, StepEntry]


@dataclass(frozen=True, slots=True)
class UndoEntry:
    """How far one step of one row was undone.

    Attributes:
        row: The row's number.
        step: The step's name.
        status: `intent undone failed skipped unknown`.
        object_id: Id of the object that was removed.
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
        rate: Requests a second; None where no other rate was asked for.
    """

    paused: bool = False
    rate: float | None = None
