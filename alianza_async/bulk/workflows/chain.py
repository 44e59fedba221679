"""One row's way through a workflow: step after step, each written down before and after it is done.

```
journal says done            -> used as it is
intent without an outcome    -> wait until the server has settled, look: found = adopted, absent = done again
answer lost                  -> the same, as often as a call is tried
refused with 400, 409, 422   -> looked up: equal = exists, different = failed, absent = failed
look-up failed, two found    -> unknown
a step it needs is not done  -> skipped
```
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, Generic, TypeVar

import anyio

from alianza_async.bulk.work import Ended, Settle
from alianza_async.bulk.workflows.step_run import StepRun, Way, status_of
from alianza_async.bulk.workflows.steps import Item, Step
from alianza_async.bulk.workflows.watched import Watched
from alianza_async.errors import AlianzaError, CallError, InvalidInputError, StepError
from alianza_async.models.base import WriteModel

if TYPE_CHECKING:
    from alianza_async.bulk.work import Ledger, Work
    from alianza_async.bulk.workflows.holds import Holds
    from alianza_async.bulk.workflows.workflow import WorkflowKind

__all__ = ["Chain"]

R = TypeVar("R", bound=WriteModel)

_NOT_DONE: Final = frozenset({"failed", "unknown", "skipped"})
_BAD: Final = (("unknown", "unknown"), ("failed", "failed"), ("skipped", "failed"))


class Chain(Generic[R]):
    """A row on its way.

    Args:
        kind: The workflow on its session.
        row: What the row holds, checked.
        work: The row's turns.
        ledger: The journal.
        holds: What other rows of the job are at.
    """

    def __init__(self, kind: WorkflowKind[R], row: R, work: Work, ledger: Ledger, holds: Holds) -> None:
        self._workflow = kind.workflow
        session = Watched.over(kind.session)
        item = Item(session, row, kind.choices, self._claim)
        self._way = Way(row, work, ledger, holds, session, item)
        self._runs = {step.name: StepRun(step, self._way) for step in kind.workflow.steps}
        self._read_journal(ensure=kind.ensure)

    def _read_journal(self, *, ensure: bool) -> None:
        """Take over what an earlier run has done, and what it may have done."""
        work, ledger = self._way.work, self._way.ledger
        known = ledger.steps(work)
        # A row that is known to be lost has been waited for before it got its turn.
        settled_at = anyio.current_time() + (0.0 if work.lost else ledger.settle_s)
        # A journal with a step of the row knows that the others were not sent; without one nobody does.
        maybe_there = ensure or (not known and (work.look_first or work.lost))
        for name, run in self._runs.items():
            entry = known.get(name)
            if entry is not None:
                run.take_over(entry, settled_at=settled_at)
            elif maybe_there:
                run.expect()
        for run in self._runs.values():
            if not run.step.writes and self._is_needed(run.step):
                run.status = None  # what it read has gone with the process

    def _is_needed(self, step: Step[R]) -> bool:
        """Tell whether a step that is still to be done goes by what this one reads."""
        waiting = (run for run in self._runs.values() if step.name in run.step.after)
        return any(run.status is None or self._is_needed(run.step) for run in waiting)

    def _claim(self, step: str, value: str) -> bool:
        way = self._way
        owner = way.holds.owner(step, value)
        if owner is not None:
            return owner == way.number
        if way.ledger.known_elsewhere(way.work, step, value):
            return False
        return way.holds.claim(step, value, way.number)

    async def go_on(self) -> Ended:
        """Do what is left to do.

        Raises:
            Settle: It is to be asked again later.
            JournalError: The journal cannot be written.
            AuthenticationError: The login was refused: no row will do better.
            ConfigurationError: Likewise.
        """
        way = self._way
        began, before = time.monotonic(), way.session.requests
        try:
            for run in self._runs.values():
                if run.status is None:
                    await self._turn(run)
        except Settle:
            raise
        except BaseException:
            way.holds.let_go(way.number)
            raise
        finally:
            way.work.attempts, way.work.request_id = way.session.attempts, way.session.request_id
            way.work.maybe_sent = way.work.maybe_sent or way.session.attempts > 0
        way.holds.let_go(way.number)
        sent = way.session.requests - before
        return self._ended((time.monotonic() - began) / sent if sent else None)

    async def _turn(self, run: StepRun[R]) -> None:
        item, step = self._way.item, run.step
        item.decided.clear()
        for name in step.after:
            needed = self._runs[name]
            if needed.status in _NOT_DONE:
                root = needed.root or name
                await run.skip(root, unknown=self._runs[root].status == "unknown")
                return
        if step.when is not None and not step.when(self._way.row):
            run.status = "exists"  # not wanted: nothing is written, and nothing of it is in `made`
            return
        await run.turn()

    def _ended(self, latency: float | None) -> Ended:
        """Sum the steps up."""
        made = self._way.item.made
        wrote = [run for name, run in self._runs.items() if run.step.writes and name in made]
        main = made.get(self._workflow.main)
        object_id = main.id if main else None
        adopted = any(run.adopted for run in wrote)
        for bad, status in _BAD:
            for name, run in self._runs.items():
                if run.status == bad:
                    return Ended(status_of(status), object_id, adopted, latency, _named(name, run.error))
        for good in ("created", "updated"):
            if any(run.status == good for run in wrote):
                return Ended(status_of(good), object_id, adopted, latency)
        return Ended("exists", object_id, adopted, latency)


def _named(step: str, error: AlianzaError | None) -> AlianzaError | None:
    """Return an error that says which step it is of; its type, and all it holds, stays."""
    if isinstance(error, CallError):
        error.message = f"its {step}: {error.message}"
        return error
    if isinstance(error, InvalidInputError):
        return InvalidInputError(f"its {step}: {error}", fields=error.fields)
    if isinstance(error, StepError):
        return StepError(f"its {step}: {error}")
    return None if error is None else AlianzaError(f"its {step}: {error}")
