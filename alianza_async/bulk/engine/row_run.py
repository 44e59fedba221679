"""One row's way through a workflow: step after step, each journaled before it is sent.

```
journal says done            -> used as it is
intent without an outcome    -> settled: waited for, looked up, adopted, sent again or unknown
answer lost                  -> the same
refused with 400, 409, 422   -> looked up: equal = exists, different = failed or updated, absent = failed
a step it needs is not done  -> skipped
```
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

import anyio

from alianza_async.bulk.engine.claims import Claims
from alianza_async.bulk.engine.row_context import RowContext
from alianza_async.bulk.engine.row_journal import RowJournal
from alianza_async.bulk.engine.step_run import StepRun
from alianza_async.bulk.engine.steps import Item, Step
from alianza_async.bulk.engine.turns import Later, Parked, RowEnd
from alianza_async.bulk.report import DONE
from alianza_async.endpoints.models import WriteModel
from alianza_async.errors import AlianzaError, CallError, InvalidInputError, StepError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alianza_async.bulk.engine.context import JobContext
    from alianza_async.bulk.engine.valid_row import ValidRow
    from alianza_async.bulk.engine.workflow import Workflow
    from alianza_async.bulk.journal.store import Evidence
    from alianza_async.bulk.report import Status

__all__ = ["AnyRowRun", "RowRun"]

R = TypeVar("R", bound=WriteModel)

_NOT_DONE: Final = frozenset({"failed", "unknown", "skipped"})
_MADE: Final = frozenset({"created", "updated"})
_PROOFS: Final[tuple[Evidence, ...]] = ("none", "history", "answered")  # the weakest first
_BAD: Final[tuple[tuple[Status, Status], ...]] = (
    ("unknown", "unknown"),
    ("failed", "failed"),
    ("skipped", "failed"),
)


class RowRun(Generic[R]):
    """A row on its way.

    Args:
        workflow: What it becomes.
        job: What all rows of the job have in common.
        work: The row.
        choices: The workflow's choices, by name.
    """

    def __init__(
        self, workflow: Workflow[R], job: JobContext, work: ValidRow, row: R, choices: Mapping[str, str]
    ) -> None:
        self._workflow = workflow
        session = job.take_session()
        self.journal = RowJournal(job.store, job.fence, work, keeps=job.keeps_journal)
        claims = Claims(self.journal, work.row.number)
        item = Item(session, row, choices, work.payload.ids, claims, shared=job.shared)
        item.journal = self.journal
        self._row = RowContext(job, work, self.journal, session, item, claims)
        self.steps = {step.name: StepRun(step, self._row) for step in workflow.steps}
        self._take_over()

    def _take_over(self) -> None:
        """Go on from what an earlier run has done, and what it may have done."""
        work, job = self._row.work, self._row.job
        known = self.journal.known
        settled_at = anyio.current_time() + job.settle_s if known else 0.0
        for name, run in self.steps.items():
            entry = known.get(name)
            if entry is not None:
                run.take_over(entry, settled_at=settled_at)
            if run.known.status is None and not run.is_open and (job.ensure or work.look_first):
                run.expect()
        for run in self.steps.values():
            if not run.step.writes and self._is_needed(run.step):
                run.read_again()

    def _is_needed(self, step: Step[R]) -> bool:
        """Tell whether a step that is still to be done goes by what this one reads.

        A gate that was passed is not asked again for what comes long after it: its verdict may have changed.
        """
        waiting = (run for run in self.steps.values() if step.name in run.step.after)
        return any(
            run.known.status is None or (not step.gate and self._is_needed(run.step)) for run in waiting
        )

    def close(self) -> None:
        """Let go of what the row used and held: it has ended, or is left unsent."""
        self._row.job.locks.let_go(self._row.number)
        self._row.job.give_back(self._row.session)

    @property
    def item(self) -> Item[R]:
        """The row as its steps see it."""
        return self._row.item

    @property
    def is_open(self) -> bool:
        """Whether the outcome of a request of it is not known."""
        return any(run.is_open for run in self.steps.values())

    async def go_on(self) -> RowEnd:
        """Do what is left to do.

        Raises:
            Later: It needs another turn, later.
            JournalError: The journal cannot be written.
            AuthenticationError: The login was refused: no row will do better.
            ConfigurationError: Likewise.
        """
        return await self._turns(settle_only=False)

    async def settle_only(self) -> RowEnd:
        """Find out what became of what was sent, and send nothing.

        Raises:
            Later: It needs another turn, later.
            AlianzaError: As of `go_on`.
        """
        return await self._turns(settle_only=True)

    async def _turns(self, *, settle_only: bool) -> RowEnd:
        row = self._row
        began, before = time.monotonic(), row.session.requests
        try:
            for run in self.steps.values():
                if run.known.status is None:
                    await (self._settle(run) if settle_only else self._turn(run))
            for run in self.steps.values():
                if run.is_unclear:
                    await run.clear_up(resend=not settle_only)
        except (Later, Parked):
            raise
        except BaseException:
            row.job.locks.let_go(row.number)
            raise
        finally:
            work = row.work
            work.attempts, work.request_id = self._sends, row.session.request_id or work.request_id
            work.maybe_sent = work.maybe_sent or row.session.attempts > 0
        row.job.locks.let_go(row.number)
        sent = row.session.requests - before
        return self._end((time.monotonic() - began) / sent if sent else None, sent)

    async def _turn(self, run: StepRun[R]) -> None:
        item, step = self._row.item, run.step
        item.decided.clear()
        for name in step.after:
            needed = self.steps[name]
            if needed.known.status in _NOT_DONE:
                root = needed.known.root or name
                if run.is_open and self.steps[root].step.gate:
                    # It was sent when the row was let through: what became of it can still be looked up.
                    await run.settle_only()
                    if run.known.status is not None:
                        return
                await run.skip(root, unknown=self.steps[root].known.status == "unknown")
                return
        if step.when is not None and not step.when(item.row):
            run.known.status = "exists"  # not wanted: nothing is written, and nothing of it is in `made`
            return
        await run.turn()

    async def _settle(self, run: StepRun[R]) -> None:
        """Give a step whose outcome is open its turn, and those that read what it needs."""
        if run.is_open:
            await run.settle_only()
        elif not run.step.writes and not run.step.gate and self._reads_for_open(run.step):
            await self._turn(run)

    def _reads_for_open(self, step: Step[R]) -> bool:
        return any(
            other.is_open or (not other.step.writes and self._reads_for_open(other.step))
            for other in self.steps.values()
            if step.name in other.step.after
        )

    @property
    def _sends(self) -> int:
        return sum(run.known.sends for run in self.steps.values())

    @property
    def is_begun(self) -> bool:
        """Whether anything of it was sent, or about to be sent, in this run or an earlier one."""
        return self.journal.intended or self.is_open or self.has_made

    @property
    def has_made(self) -> bool:
        """Whether a step of it has made or changed something."""
        return any(run.step.writes and run.known.status in _MADE for run in self.steps.values())

    def left(self) -> RowEnd:
        """Sum up a row that is left as it is: what exists of it, and whether more of it may be there."""
        lost = next(
            (name for name, run in self.steps.items() if run.may_be_there or run.known.status == "unknown"),
            None,
        )
        return self._end(None, 0)._replace(status="skipped" if lost is None else "unknown", failed_step=lost)

    def _made_nothing(self) -> bool:
        """Tell whether all that was made of it was there before: a reservation of what is in use already."""
        made = set[str | None]()
        for name, run in self.steps.items():
            found = self.item.made.get(name)
            if found is None or run.step.purpose != "create" or not run.step.writes:
                continue
            if run.known.status == "created":
                made.add(found.id)
            elif found.id is not None:
                made.discard(found.id)  # a later step found it there
        return not made

    def _end(self, latency: float | None, requests: int) -> RowEnd:
        """Sum the steps up."""
        made, steps = self._row.item.made, self.steps
        main = made.get(self._workflow.main)
        objects: dict[str, str] = {}
        adopted = sent_again = False
        proofs: set[Evidence] = set()
        found: set[Status | None] = set()
        for name, run in steps.items():
            status = run.known.status
            if run.known.sends > 1:
                sent_again = True
            if not run.step.writes or name not in made:
                found.add(status if status in _NOT_DONE or status is None else "exists")
                continue
            found.add(status)
            adopted = adopted or run.known.adopted
            taken_back = run.step.undo is not None or run.step.restore is not None
            if status in DONE and (run.known.evidence != "none" or (run.known.adopted and taken_back)):
                proofs.add(run.known.evidence)
            object_id = made[name].id
            if object_id is not None and (status in _MADE or run.known.adopted):
                objects["number" if run.step.state else name] = object_id
        if "created" in found and "exists" in found and self._made_nothing():
            found.discard("created")
        status, failed = _status(found, steps)
        error = None if failed is None else steps[failed].known.error
        evidence: Evidence = min(proofs, key=_PROOFS.index) if proofs else "none"
        return RowEnd(
            status,
            main.id if main else None,
            adopted=adopted,
            evidence=evidence,
            objects=objects,
            failed_step=failed,
            number_state=self._workflow.number_state(made),
            sent_again=sent_again,
            latency=latency,
            requests=requests,
            error=None if failed is None else _named(failed, error, alone=len(steps) == 1),
        )


def _status(found: set[Status | None], steps: Mapping[str, StepRun[Any]]) -> tuple[Status, str | None]:
    """Return a row's status by those of its steps, and the step that did not end well."""
    for bad, status in _BAD:
        if bad in found:
            return status, next(name for name, run in steps.items() if run.known.status == bad)
    if "created" in found:
        return "created", None
    if "updated" in found:
        return "updated", None
    # Settled without sending: a run goes on with what was never sent.
    return ("skipped" if None in found else "exists"), None


def _named(step: str, error: AlianzaError | None, *, alone: bool) -> AlianzaError | None:
    """Return an error that says which step it is about; its type, and all it holds, stays."""
    if alone or error is None:
        return error
    if isinstance(error, CallError):
        error.message = f"its {step}: {error.message}"
        return error
    if isinstance(error, InvalidInputError):
        return InvalidInputError(f"its {step}: {error}", fields=error.fields)
    if isinstance(error, StepError):
        return StepError(f"its {step}: {error}")
    return AlianzaError(f"its {step}: {error}")


AnyRowRun = RowRun[Any]
