"""What became of the items nobody could tell of: looked up, held against history, and written down."""

from __future__ import annotations

import heapq
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from operator import attrgetter
from typing import TYPE_CHECKING, Final, cast

import anyio

from alianza_async.bulk.creates import ACCOUNT_ID, CreateKind
from alianza_async.bulk.input.again import RowsAgain
from alianza_async.bulk.input.sources import open_source
from alianza_async.bulk.kinds import ids_of, kept_kind, kept_kind_options
from alianza_async.bulk.options import JobSettings
from alianza_async.bulk.past import MAY_BE_LOST
from alianza_async.bulk.reconciling.evidence import LAG_S, Evidence, Subject
from alianza_async.bulk.reconciling.verdicts import Judge, Verdict
from alianza_async.errors import (
    AlianzaError,
    CallContext,
    CallError,
    ConfigurationError,
    InputChangedError,
    InvalidInputError,
    JournalError,
    SourceError,
    UnknownOutcomeError,
)

if TYPE_CHECKING:
    import os
    from collections.abc import AsyncIterable, Callable, Iterable, Iterator, Mapping

    from pydantic import BaseModel

    from alianza_async.bulk.journal import Entry, JobFacts, Journal
    from alianza_async.bulk.reconciling.findings import Creation
    from alianza_async.call import Call
    from alianza_async.session import Session

    Values = Mapping[str, object] | BaseModel

__all__ = ["Double", "Reconciliation", "StillUnknown", "reconcile"]

_KINDS: Final = ("accounts", "users")
_ENDED: Final = ("created", "exists", "updated", "failed")


@dataclass(frozen=True, slots=True)
class Double:
    """A key that more than one object has.

    Attributes:
        row: The input's row.
        key: Its natural key.
        creations: The objects, oldest first: which, by whom, when, and whether that was us.
    """

    row: int
    key: str
    creations: tuple[Creation, ...]


@dataclass(frozen=True, slots=True)
class StillUnknown:
    """An item that nobody can tell of yet.

    Attributes:
        row: The input's row.
        key: Its natural key.
        object_id: The one object that has its key, where there is one.
        reason: Why it stays unknown, and what to do.
    """

    row: int
    key: str
    object_id: str | None
    reason: str


@dataclass(slots=True)
class Reconciliation:
    """What `reconcile` found.

    Attributes:
        looked_at: Items whose outcome was not known.
        counts: What they are now, by status; `pending` is absent, and is sent by a resume.
        checked: Items with a known end that were sent more than once, looked at for doubles.
        doubles: Keys that more than one object has, by row.
        still_unknown: Items that nobody can tell of yet, by row; doubles among them.
        no_history: Why account history was not consulted; None where it was.
        no_input: Why rows were not compared with what is there; None where they were.
    """

    looked_at: int = 0
    counts: dict[str, int] = field(default_factory=Counter[str])
    checked: int = 0
    doubles: list[Double] = field(default_factory=list[Double])
    still_unknown: list[StillUnknown] = field(default_factory=list[StillUnknown])
    no_history: str | None = None
    no_input: str | None = None

    @property
    def settled(self) -> int:
        """Items that were not known and are."""
        return self.looked_at - self.counts.get("unknown", 0)


async def reconcile(
    session: Session,
    journal: Journal,
    *,
    source: str | os.PathLike[str] | Iterable[object] | AsyncIterable[object] | None = None,
    kind: CreateKind[object] | None = None,
    settle_s: float | None = None,
    lag_s: float = LAG_S,
    workers: int = 8,
) -> Reconciliation:
    """Find out what became of the items of a job that are `intent` or `unknown`; creates nothing.

    Each is looked up by its natural key, and account history is asked who created what. Found once and ours
    is `created`; somebody else's is `exists` where it is equal, else `failed`; absent is `pending`, for a
    resume to send; found twice, or not to be told, stays `unknown`. Items that were sent more than once are
    looked at for doubles, however they ended.

    Args:
        session: Where to ask; of the job's own partition.
        journal: The job's journal, open.
        source: The job's input, where that is not a file or has moved; by default the file it began with.
            Where that is gone nothing is compared.
        kind: What a row was to become, where that is not told by its name.
        settle_s: Seconds until a server has carried out what it took in; None = as the job was told.
        lag_s: Seconds until it shows that in its history.
        workers: Items under way at once.

    Raises:
        JournalError: The journal is another partition's, or cannot be written.
        InputChangedError: A row is not what it was.
        SourceError: The given input cannot be read.
        ConfigurationError: The job's kind is not one of declared creates.
        CallError: The login was refused.
    """
    facts = journal.facts
    await _refuse_elsewhere(session, facts)
    evidence = Evidence(
        session, since=datetime.fromtimestamp(facts.created_at, UTC), login=facts.login, lag_s=lag_s
    )
    made = kind or _kind_of(session, facts)
    found = Reconciliation()
    rows = await _read_again(journal, source, made, found)
    told = facts.options.get("settle_s")
    settle = settle_s if settle_s is not None else told if isinstance(told, (int, float)) else None
    settle = session.retry_policy.settle_s if settle is None else settle

    def wait(sent: float) -> float:
        """Return how long to wait until what was sent must be there, and to be seen in its history."""
        # A clock that was set back must not make anybody wait for ever.
        return min(max(0.0, sent + settle - time.time(), evidence.lag_left(sent)), max(settle, lag_s))

    work = _Reconciler(journal, made, rows, judge=Judge(session, evidence), wait=wait, found=found)
    await work.run(workers)
    found.no_history = evidence.why_not
    found.doubles.sort(key=attrgetter("row"))
    found.still_unknown.sort(key=attrgetter("row"))
    return found


class _Reconciler:
    """A few workers over the entries of a journal, by row."""

    def __init__(
        self,
        journal: Journal,
        kind: CreateKind[object],
        rows: RowsAgain | None,
        *,
        judge: Judge,
        wait: Callable[[float], float],
        found: Reconciliation,
    ) -> None:
        self._journal = journal
        self._kind = kind
        self._rows = rows
        self._judge = judge
        self._wait = wait
        self._found = found
        self._broken: AlianzaError | None = None

    async def run(self, workers: int) -> None:
        """Look at every entry that needs it.

        Raises:
            AlianzaError: It cannot go on.
        """
        entries = heapq.merge(
            self._journal.entries(*MAY_BE_LOST),
            self._journal.entries(*_ENDED, resent=True),
            key=attrgetter("row"),
        )
        async with anyio.create_task_group() as group:
            for _ in range(workers):
                group.start_soon(self._work, entries)
        if self._broken is not None:
            raise self._broken

    async def _work(self, entries: Iterator[Entry]) -> None:
        try:
            while self._broken is None and (entry := next(entries, None)) is not None:
                # Before anything is awaited: the input is read along with the journal.
                values = None if self._rows is None else _values_of(self._rows, entry)
                await anyio.sleep(self._wait(max(entry.intent_at or 0.0, entry.settled_at or 0.0)))
                call, subject = await self._call(entry, values)
                if entry.status in MAY_BE_LOST:
                    await self._open(entry, call, subject)
                elif subject is not None:
                    await self._ended(entry, subject)
        except AlianzaError as error:
            self._broken = self._broken or error

    async def _call(self, entry: Entry, values: Values | None) -> tuple[Call | None, Subject | None]:
        """Make an item's create again, where its row is there, and what to ask about it."""
        if values is not None:
            try:
                call = await self._kind.prepare(self._kind.read(values))
            except (InvalidInputError, CallError) as error:
                if getattr(error, "login_refused", False):
                    raise
            else:
                return call, Subject.of(call)
        key, operation_id = entry.key, self._kind.create.operation.operation_id
        account_id = ids_of(kept_kind_options(self._journal.facts.options)).get(ACCOUNT_ID)
        if key is not None and operation_id == "createAccount":
            return None, Subject("account", key)
        if key is not None and operation_id == "createEndUser" and account_id is not None:
            return None, Subject("user", key, account_id)
        return None, None

    # --- what is found --------------------------------------------------------------------------------------

    async def _open(self, entry: Entry, call: Call | None, subject: Subject | None) -> None:
        verdict = await self._judge.judge(entry, call, subject)
        await self._write(entry, verdict)
        found = self._found
        found.looked_at += 1
        found.counts[verdict.status] = found.counts.get(verdict.status, 0) + 1
        key = entry.key or ""
        if verdict.status == "unknown":
            found.still_unknown.append(
                StillUnknown(entry.row, key, verdict.object_id, verdict.reason or "nobody can tell")
            )
        if verdict.holders:
            found.doubles.append(Double(entry.row, key, verdict.holders))

    async def _ended(self, entry: Entry, subject: Subject) -> None:
        found, key = self._found, entry.key or ""
        found.checked += 1
        try:
            several = await self._judge.several(entry, subject)
        except CallError as error:
            if getattr(error, "login_refused", False):
                raise
            reason = f"it is {entry.status}, and whether it is there twice cannot be told ({error.message})"
            found.still_unknown.append(StillUnknown(entry.row, key, entry.object_id, reason))
            return
        if several:
            found.doubles.append(Double(entry.row, key, several))

    async def _write(self, entry: Entry, verdict: Verdict) -> None:
        """Write a verdict down, before it is told."""
        if verdict.status == "pending":
            await self._journal.put_back(entry.row)
            return
        operation = self._kind.create.operation
        context = CallContext(
            operation.operation_id, operation.method, operation.path, entry.request_id or "", entry.attempts
        )
        error = verdict.error
        if verdict.status == "unknown":
            error = UnknownOutcomeError(verdict.reason or "nobody can tell", context=context)
        await self._journal.settle(
            entry.row,
            entry.key,
            entry.digest,
            verdict.status,
            object_id=verdict.object_id,
            error=error,
            attempts=entry.attempts,
            request_id=entry.request_id,
            adopted=verdict.status == "created",
        )


async def _refuse_elsewhere(session: Session, facts: JobFacts) -> None:
    """Refuse to look for a job's items where they were never sent: all of them would be absent.

    Raises:
        JournalError: It was sent elsewhere.
    """
    partition_id = await session.partition_id()
    asked = {"base URL": (facts.base_url, session.base_url), "partition": (facts.partition_id, partition_id)}
    for name, (sent, here) in asked.items():
        if sent is not None and sent != here:
            raise JournalError(
                f"the job was sent to {name} {sent!r}, this session is on {here!r}: use that one"
            )


async def _read_again(
    journal: Journal,
    source: str | os.PathLike[str] | Iterable[object] | AsyncIterable[object] | None,
    kind: CreateKind[object],
    found: Reconciliation,
) -> RowsAgain | None:
    """Return the rows of the input, or None where it is gone."""
    given = journal.facts.input if source is None else source
    if given is None:
        found.no_input = "the job's rows came from Python: give them again as source"
        return None
    try:
        opened = open_source(given, fields=kind.fields, required=kind.required, key_field=kind.key_field)
    except SourceError as error:
        if source is not None:
            raise
        found.no_input = str(error)
        return None
    rows = RowsAgain(journal, opened, kind.key_of)
    await rows.load(lambda entry: entry.status in MAY_BE_LOST or entry.attempts > 1)
    return rows


def _values_of(rows: RowsAgain, entry: Entry) -> Values | None:
    """Return the values of an entry's row, or None where the input has it no more.

    Raises:
        InputChangedError: The row is not what it was.
        SourceError: The file cannot be read.
    """
    row = rows.find(entry)
    if row is None:
        return None
    if entry.digest is not None and not rows.is_as_it_was(row, entry):
        raise InputChangedError(
            f"row {entry.row} of {rows.name} is not what it was when the job began (its key was "
            f"{entry.key!r}): reconcile with the input it had, or with none"
        )
    return row.values


def _kind_of(session: Session, facts: JobFacts) -> CreateKind[object]:
    """Return what a row of a job was to become.

    Raises:
        ConfigurationError: It is not one declared create.
    """
    if facts.kind not in _KINDS:
        raise ConfigurationError(
            f"jobs of kind {facts.kind} are reconciled by resuming them: each step is looked up before "
            "anything is sent; `reconcile` is for accounts and users"
        )
    return cast("CreateKind[object]", kept_kind(session, facts, JobSettings()))
