"""What became of rows whose outcome is not known, for every kind: the engine's settlement, without the send.

```
first   rows that are intent or unknown: each open step is settled; what was never sent is left to a resume
then    rows of which a request was sent more than once, or something was adopted: is anything there twice?
```
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Final, TypeVar

import anyio

from alianza_async.bulk.engine.context import JobContext
from alianza_async.bulk.engine.pool import Pool
from alianza_async.bulk.engine.private import private_values
from alianza_async.bulk.engine.turns import Later
from alianza_async.bulk.engine.work import Work
from alianza_async.bulk.history import history_of, journaled_samples
from alianza_async.bulk.input.again import RowsAgain, read_again
from alianza_async.bulk.job_journal import refuse_elsewhere
from alianza_async.bulk.journal.leased import leased
from alianza_async.bulk.journal.store import PutBack, RowOutcome, StepOutcome
from alianza_async.bulk.kinds.by_name import kept_kind
from alianza_async.bulk.options import JobSettings
from alianza_async.bulk.reconciling.blind import Verdict, settle_blindly
from alianza_async.bulk.reconciling.doubles import CannotTell, Creation, Gone, SomebodyElses, creations_of
from alianza_async.bulk.reconciling.reconciliation import Double, Reconciliation, StillUnknown
from alianza_async.bulk.report import MAY_BE_LOST
from alianza_async.endpoints.models import WriteModel
from alianza_async.errors import AlianzaError, ConflictError, InvalidInputError

if TYPE_CHECKING:
    import os
    from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable

    from alianza_async.bulk.engine.kind import AnyKind
    from alianza_async.bulk.engine.step_run import AnyStepRun
    from alianza_async.bulk.engine.turns import RowEnd
    from alianza_async.bulk.engine.valid_row import Payload
    from alianza_async.bulk.engine.workflow import Workflow
    from alianza_async.bulk.input.file_options import FileOptions
    from alianza_async.bulk.input.rows import Row
    from alianza_async.bulk.journal.store import Change, JournalStore, RowState, StepEntry
    from alianza_async.session import Session

__all__ = ["Creation", "Double", "Reconciliation", "StillUnknown", "reconcile"]

W = TypeVar("W", bound=WriteModel)

_UNDER_WAY: Final = 8
_OLDER: Final = (
    "its journal is of an older version: resume the job, which looks it up before it sends anything"
)
_FINISHED: Final = "its update was sent and did not arrive: `alianza bulk resume` finishes it"


async def reconcile(
    session: Session,
    journal: str | os.PathLike[str] | JournalStore,
    *,
    source: str | os.PathLike[str] | Iterable[object] | AsyncIterable[object] | None = None,
    workflow: Workflow[W] | None = None,
    settle_s: float | None = None,
    file: FileOptions | None = None,
) -> Reconciliation:
    """Find out what became of the rows of a job that are `intent` or `unknown`; creates and changes nothing.

    Each open step is looked up, and account history is asked who made what: proven ours is `created`,
    somebody else's or unproven is `exists` where it is equal, else `failed`; absent is `pending`, for a
    resume. What cannot be determined stays `unknown`. Then every row of which a request was sent more than
    once, or an object adopted, is checked for doubles.

    Args:
        session: Where to ask; of the job's own partition.
        journal: The job's journal, or its path; no process may work with it.
        source: The job's input, where that is not a file or has moved; by default the file it began with.
        workflow: The job's workflow, where it is one of your own.
        settle_s: Seconds until a server has carried out what it took in; None = as the job was given.
        file: How the input is read, where that is not as the job began.

    Raises:
        JournalError: The journal cannot be used, or is of another place.
        InputChangedError: A row is not what it was.
        SourceError: The given input cannot be read.
        ConfigurationError: There is no such kind.
        CallError: The login was refused.
    """
    async with leased(journal) as (store, fence):
        facts = store.facts
        await refuse_elsewhere(session, facts, getattr(store, "path", facts.job_id), "reconcile")
        settings = JobSettings.from_json(facts.options)
        kind = kept_kind(session, facts, settings, workflow)
        kept = session.retry_policy.settle_s if settings.settle_s is None else settings.settle_s
        job = JobContext(
            session,
            store,
            fence,
            history_of(session, store),
            settle_s=kept if settle_s is None else settle_s,
            on_exists=kind.on_exists,
            ensure=kind.ensure,
        )
        job.history.calibrate(await journaled_samples(store, kind, session))
        rows = await read_again(store, kind, source, _may_be_needed, file=file)
        work = _Reconciler(job, kind, None if isinstance(rows, str) else rows)
        work.found.no_input = rows if isinstance(rows, str) else None
        return await work.run()


def _may_be_needed(state: RowState) -> bool:
    sent_again = any(step.attempts > 1 or step.adopted for step in state.steps.values())
    return state.entry.status in MAY_BE_LOST or sent_again


@dataclass(slots=True, eq=False)
class _Open:
    """One row that is looked at.

    Attributes:
        state: What the journal has of it.
        work: The row on its way; None where its values are not at hand.
        payload: What it asks for, likewise.
    """

    state: RowState
    payload: Payload | None
    work: Work | None


class _Reconciler:
    """Two passes over a journal, by row."""

    def __init__(self, job: JobContext, kind: AnyKind, rows: RowsAgain | None) -> None:
        self._job = job
        self._kind = kind
        self._rows = rows
        self._broken: AlianzaError | None = None
        self.found = Reconciliation()

    async def run(self) -> Reconciliation:
        """Look at every row that needs it.

        Raises:
            AlianzaError: It cannot go on.
        """
        store, found = self._job.store, self.found
        await self._pass(store.entries(*MAY_BE_LOST), self._settle)
        if self._broken is None:
            await self._pass(store.entries(resent=True, adopted=True), self._check)
        if self._broken is not None:
            raise self._broken
        found.no_history = self._job.history.why_not
        for names in (found.doubles, found.still_unknown, found.cannot_tell, found.gone, found.disowned):
            names.sort(key=attrgetter("row"))
        return found

    async def _pass(
        self, entries: AsyncIterator[RowState], turn: Callable[[_Open], Awaitable[float | None]]
    ) -> None:
        one = anyio.Lock()
        if self._rows is not None:
            self._rows.rewind()

        async def take() -> tuple[_Open, float | None] | None:
            try:
                async with (
                    one
                ):  # an async generator serves one at a time, and the input is read along with it
                    state = None if self._broken else await anext(entries, None)
                    return None if state is None else (self._opened(state), self._due(state))
            except AlianzaError as error:
                self._broken = self._broken or error
                return None

        async def guarded(opened: _Open) -> float | None:
            try:
                return None if self._broken else await turn(opened)
            except AlianzaError as error:
                self._broken = self._broken or error
                return None

        await Pool(take, guarded, width=lambda: min(_UNDER_WAY, self._job.session.capacity)).run()

    def _opened(self, state: RowState) -> _Open:
        """Return a row with its values, where the input has them."""
        row: Row | None = None if self._rows is None else self._rows.find(state.entry)
        if row is None:
            return _Open(state, None, None)
        try:
            payload = self._kind.read(row.values)
        except InvalidInputError:
            return _Open(state, None, None)
        work = Work(row, payload, state.entry.key or payload.key, state.entry.digest, state)
        work.attempts = state.entry.attempts
        return _Open(state, payload, work)

    def _due(self, state: RowState) -> float | None:
        """Return when what was sent must be there, in the event loop's time."""
        times = [state.entry.intent_at or 0.0, *(step.intent_at or 0.0 for step in state.steps.values())]
        # A clock that was set back must not make anybody wait for ever.
        wait = min(max(0.0, max(times) + self._job.settle_s - time.time()), self._job.settle_s)
        return anyio.current_time() + wait if wait > 0 and state.entry.status in MAY_BE_LOST else None

    # --- rows whose outcome is not known --------------------------------------------------------------------

    async def _settle(self, opened: _Open) -> float | None:
        """Settle a row's open steps, and write what they make of it."""
        try:
            verdict = await self._verdict(opened)
        except Later as later:
            return later.due
        except AlianzaError:
            raise
        except Exception as error:  # noqa: BLE001  (a step is the caller's own code)
            verdict = Verdict(
                "unknown", AlianzaError(f"an unexpected {type(error).__name__}; please report it")
            )
        await self._write(opened, verdict)
        return None

    async def _verdict(self, opened: _Open) -> Verdict:
        """Find out what became of a row.

        Raises:
            Later: It needs another turn, later.
            AlianzaError: No further question would be answered.
        """
        state, work, job = opened.state, opened.work, self._job
        if not state.steps:
            return Verdict("unknown", AlianzaError(_OLDER))
        if work is None:
            view = job.take_session()
            try:
                return await settle_blindly(self._kind, state, job.history, view)
            finally:
                job.give_back(view)
        run = self._kind.run_of(job, work)
        end = await run.settle_only()
        row = run.item.row
        left = [
            each.step.name
            for each in run.steps.values()
            if each.step.writes
            and each.known.status is None
            and (each.step.when is None or each.step.when(row))
        ]
        status, error = _status_of(end, state, left)
        changes = run.journal.taken()
        run.close()
        if status == "unknown" and any(_did_not_arrive(each) for each in run.steps.values()):
            error = AlianzaError(_FINISHED)
        return Verdict(status, error, end.id, changes, end.evidence, end.adopted, end.failed_step)

    async def _write(self, opened: _Open, verdict: Verdict) -> None:
        """Write a row's outcome with those of its steps, before it is counted."""
        state, found, entry, error = opened.state, self.found, opened.state.entry, verdict.error
        model = None if opened.payload is None else opened.payload.model
        outcome: Change = PutBack(entry.row)
        if verdict.status != "pending":
            outcome = RowOutcome(
                entry.row,
                entry.key,
                entry.digest,
                verdict.status,
                object_id=verdict.object_id,
                evidence=verdict.evidence,
                error=error,
                request_id=entry.request_id,
                adopted=verdict.adopted,
                failed_step=verdict.failed_step,
                attempts=entry.attempts,
                private=() if error is None or model is None else private_values(model),
            )
        await self._job.store.write(self._job.fence, *verdict.changes, outcome)
        found.looked_at += 1
        found.counts[verdict.status] = found.counts.get(verdict.status, 0) + 1
        if verdict.status == "unknown":
            reason = str(error or "its outcome is not known")
            found.still_unknown.append(StillUnknown(entry.row, entry.key or "", verdict.object_id, reason))
            if not _is_checked(state):
                await self._check(opened)

    # --- rows that may be there twice -----------------------------------------------------------------------

    async def _check(self, opened: _Open) -> None:
        """Look whether anything of a row is there twice."""
        state, found, entry = opened.state, self.found, opened.state.entry
        job, view, counted = self._job, self._job.take_session(), False
        item = self._kind.item_of(view, state.steps, opened.payload)
        for step in self._kind.workflow.steps:
            sent = state.steps.get(step.name)
            if sent is None or not step.writes or step.purpose != "create" or not _may_be_twice(sent):
                continue
            counted = True
            key, known = sent.key or entry.key or "", sent.status in {"created", "updated", "exists"}
            named = (entry.row, key, sent.object_id)
            try:
                creations = await creations_of(step, item, sent, job.history, known=known)
            except CannotTell as why:
                found.cannot_tell.append(StillUnknown(*named, str(why)))
            except Gone as why:
                found.gone.append(StillUnknown(*named, str(why)))
            except SomebodyElses as why:
                await self._disown(state, sent, AlianzaError(str(why)))
            else:
                if len(creations) > 1:
                    found.doubles.append(Double(entry.row, step.name, key, tuple(creations)))
        found.checked += counted and entry.status not in MAY_BE_LOST
        job.give_back(view)

    async def _disown(self, state: RowState, step: StepEntry, why: AlianzaError) -> None:
        """Have a created object that is somebody else's be `exists`."""
        entry = state.entry
        if step.status != "created":
            return
        changes: list[Change] = [
            StepOutcome(
                entry.row,
                step.step,
                "exists",
                step.key,
                step.object_id,
                error=why,
                request_id=step.request_id,
            )
        ]
        others = (other for name, other in state.steps.items() if name != step.step)
        if entry.status == "created" and not any(other.status in {"created", "updated"} for other in others):
            changes.append(
                RowOutcome(
                    entry.row,
                    entry.key,
                    entry.digest,
                    "exists",
                    object_id=entry.object_id,
                    evidence="none",
                    error=why,
                    request_id=entry.request_id,
                    attempts=entry.attempts,
                )
            )
        await self._job.store.write(self._job.fence, *changes)
        self.found.disowned.append(StillUnknown(entry.row, step.key or "", step.object_id, str(why)))


def _did_not_arrive(run: AnyStepRun) -> bool:
    """Tell whether a step's update was looked up and found undone: what is there still differs."""
    known = run.known
    return known.purpose == "update" and known.status == "unknown" and isinstance(known.error, ConflictError)


def _is_checked(state: RowState) -> bool:
    """Tell whether the second pass looks at a row."""
    return any(step.attempts > 1 or step.adopted for step in state.steps.values())


def _may_be_twice(step: StepEntry) -> bool:
    return step.attempts > 1 or step.adopted or step.status in MAY_BE_LOST


def _status_of(end: RowEnd, state: RowState, left: list[str]) -> tuple[str, AlianzaError | None]:
    """Return a row's status once its open steps are settled.

    Args:
        end: What its steps come to.
        state: What the journal had of it.
        left: The steps that have no outcome: never sent, absent, or failed in an earlier run.
    """
    if end.status in {"unknown", "failed"} or not left:
        # What only reads, and was not run, changes nothing of what is there.
        return "exists" if end.status == "skipped" else end.status, end.error
    before = next((state.steps[name] for name in left if name in state.steps), None)
    if before is not None and before.status == "failed":
        return "failed", AlianzaError(before.error or f"its {before.step} failed")
    return "pending", None  # a resume goes on with it
