"""What a run would find of a row: its steps in their order, with look-ups in the place of sends."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Literal

from alianza_async.bulk.engine.settlement import Unsure, ends_the_job, look_up
from alianza_async.bulk.engine.steps import Again, Made
from alianza_async.bulk.engine.turns import Later
from alianza_async.bulk.planning.plan_report import PlannedRow, Shown
from alianza_async.calls.private import is_private
from alianza_async.errors import (
    AlianzaError,
    AnswerError,
    CallError,
    ConflictError,
    InvalidInputError,
    NotFoundError,
    StepError,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from alianza_async.bulk.engine.steps import Item, Step
    from alianza_async.bulk.engine.workflow import Workflow
    from alianza_async.bulk.planning.plan_report import Verdict
    from alianza_async.errors import Difference

__all__ = ["StepCheck", "calls_of", "check_row", "said_safely", "shown"]

State = Literal["read", "there", "differs", "to do", "waits", "not asked"]
"""What is known of a step.

* `read`: it only reads, and has read.
* `there`: what it makes is there, equal.
* `differs`: it is there, with other values.
* `to do`: it was looked up, and is absent.
* `waits`: a step that it needs is yet to be done: there is nothing to look it up on.
* `not asked`: nothing can look it up.
"""

_UNDONE: Final = frozenset({"to do", "waits", "not asked"})
_SCALARS: Final = (str, int, float, type(None))


@dataclass(frozen=True, slots=True)
class StepCheck:
    """What is known of one step of a row.

    Attributes:
        state: How it is.
        id: The id of what is there.
        differences: In what that differs.
        updates: Whether an update brings that to what the row says.
        names: What running the step destroys, where it says so by its key.
    """

    state: State
    id: str | None = None
    differences: tuple[Shown, ...] = ()
    updates: bool = False
    names: str | None = None

    @property
    def stops(self) -> bool:
        """Whether what needs it has nothing to hang on: it is to be done, or a run leaves it as it is."""
        return self.state in _UNDONE or (self.state == "differs" and not self.updates)


async def check_row(
    workflow: Workflow[Any], item: Item[Any], row: PlannedRow
) -> tuple[PlannedRow, dict[str, StepCheck]]:
    """Find out what is there of a row; sends nothing that changes something.

    Args:
        workflow: What the row becomes.
        item: The row, on a session that only reads.
        row: Its number and key.

    Returns:
        What a run would make of it, and what is known of each step that it wants, by name.

    Raises:
        AlianzaError: What would meet every other row too.
    """
    checks: dict[str, StepCheck] = {}
    for step in workflow.steps:
        if step.when is not None and not step.when(item.row):
            continue
        try:
            checks[step.name] = await _check(step, item, checks)
        except AlianzaError as error:
            if ends_the_job(error):
                raise
            return _ended(row, f"its {step.name}: " if len(workflow.steps) > 1 else "", error), checks
    return _judged(row, workflow, checks), checks


async def _check(step: Step[Any], item: Item[Any], before: Mapping[str, StepCheck]) -> StepCheck:
    waits = [name for name in step.after if name in before and before[name].stops]
    if not step.writes:
        return StepCheck("waits") if waits else await _read(step, item)
    if waits:
        return StepCheck("waits", names=await _named(step, item))
    key = await step.key_for(item)
    item.begin(step.name, key, lost=False)
    if step.find is None:
        return StepCheck("not asked", names=key if step.destroys else None)
    try:
        made, differs = await look_up(step, item)
    except Again:
        made = differs = None  # another key would be chosen
    except Unsure as unsure:
        raise unsure.error from unsure
    except Later:
        raise AlianzaError("the server is at work on it; plan again later") from None
    if made is None:
        return StepCheck("to do", names=key if step.destroys else None)
    item.made[step.name] = Made(made.id, existed=True, detail=made.detail, key=key, value=made.value)
    if differs is None:
        return StepCheck("there", made.id)
    differences = tuple(shown(each) for each in differs.differences)
    return StepCheck("differs", made.id, differences, updates=step.update is not None)


async def _read(step: Step[Any], item: Item[Any]) -> StepCheck:
    """Run a step that only reads."""
    item.begin(step.name, None, lost=False)
    try:
        made = await step.send(item)
    except Later:
        return StepCheck("waits")  # a run waits for it too
    item.made[step.name] = made if isinstance(made, Made) else Made(made, existed=True)
    return StepCheck("read")


async def _named(step: Step[Any], item: Item[Any]) -> str | None:
    """Return what a step would destroy, where its key says so although it has yet to wait for others."""
    if step.destroys is None:
        return None
    item.begin(step.name, None, lost=False)
    try:
        return await step.key_for(item)
    except AlianzaError as error:
        if ends_the_job(error):
            raise
        return None  # that goes by what is not there yet


def _judged(row: PlannedRow, workflow: Workflow[Any], checks: Mapping[str, StepCheck]) -> PlannedRow:
    """Return what a run would make of a row by its steps that change something."""
    wrote = {step.name: checks[step.name] for step in workflow.steps if step.writes and step.name in checks}
    several, states = len(wrote) > 1, {each.state for each in wrote.values()}
    verdict: Verdict
    if "differs" in states:
        verdict = "differs"
    elif not states & _UNDONE:
        verdict = "same"
    elif "there" in states:
        verdict = "partly"
    else:
        verdict = "create" if "to do" in states else "valid"
    names = {name: "to do" if each.state == "waits" else each.state for name, each in wrote.items()}
    return replace(
        row,
        verdict=verdict,
        id=wrote[workflow.main].id if workflow.main in wrote else None,
        differences=tuple(
            each._replace(field=f"{name}.{each.field}") if several else each
            for name, step in wrote.items()
            for each in step.differences
        ),
        steps=tuple(names.items()) if several and verdict in {"partly", "differs"} else (),
        updates=verdict == "differs"
        and workflow.no_update is None
        and all(each.updates for each in wrote.values() if each.state == "differs"),
        destroys=tuple((name, each.names) for name, each in wrote.items() if each.names is not None),
    )


def _ended(row: PlannedRow, where: str, error: AlianzaError) -> PlannedRow:
    """Return what is known of a row that could not be followed to its end."""
    if isinstance(error, InvalidInputError):
        return replace(row, verdict="invalid", complaints=tuple(error.fields))
    compared = isinstance(error, ConflictError) and bool(error.differences)
    stands_in_the_way = compared or isinstance(error, (NotFoundError, StepError))
    said = error.message if stands_in_the_way and isinstance(error, CallError) else said_safely(error)
    return replace(row, verdict="blocked" if stands_in_the_way else "unknown", error=f"{where}{said}")


def calls_of(steps: Iterable[Step[Any]], checks: Mapping[str, StepCheck], *, ensure: bool) -> int:
    """Return the requests that a run sends for a row when all goes well.

    Args:
        steps: The steps that the row wants.
        checks: What looking it up has shown, by step; nothing where it was not looked up.
        ensure: Whether the run looks each step up before it is sent.
    """
    calls = 0
    for step in steps:
        check = checks.get(step.name)
        looks = step.writes and step.find is not None
        if check is None or check.state not in {"there", "differs"}:
            calls += step.calls + (ensure and looks)
            continue
        # One look-up finds it. Else a create is refused, then looked up; changes and deletions look first.
        calls += 1 if ensure else step.calls + (step.purpose == "create")
        if check.state == "differs":
            break
    return calls


def shown(difference: Difference) -> Shown:
    """Return a difference as it may be shown: where it may hold an address or a secret, the name alone."""
    field, sent, found = difference.field, difference.sent, difference.found
    if is_private(field) or not (isinstance(sent, _SCALARS) and isinstance(found, _SCALARS)):
        return Shown(field, hidden=True)
    return Shown(field, sent, found)


def said_safely(error: AlianzaError) -> str:
    """Return why a call failed in a sentence of ours: the server's own words may repeat what was sent."""
    if not isinstance(error, CallError):
        return str(error)
    said = "it was refused" if isinstance(error, AnswerError) else error.message
    status = "" if error.status is None else f"{error.status}: "
    return f"{status}{said} (request {error.request_id})"
