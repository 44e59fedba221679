"""Workflows: rows that become several objects, one after the other, as a chain of journaled steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Generic, TypeVar, cast

from pydantic import BaseModel

from alianza_async.bulk.report import DONE
from alianza_async.bulk.work import Payload
from alianza_async.bulk.workflows.chain import Chain
from alianza_async.bulk.workflows.holds import Holds
from alianza_async.bulk.workflows.steps import Item, Made, Step
from alianza_async.errors import ConfigurationError, InvalidInputError
from alianza_async.models.base import WriteModel, validate_write

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alianza_async.bulk.journal.entries import StepEntry
    from alianza_async.bulk.work import Ended, Ledger, Work
    from alianza_async.session import Session

__all__ = ["Workflow", "WorkflowKind"]

R = TypeVar("R", bound=WriteModel)
_JOINED: Final = "/"


class Workflow(Generic[R]):
    """A declared chain of steps; see `step`.

    Args:
        name: What it is called on the command line, such as `subscribers`.
        *steps: Its steps, each after those it needs. A row takes them in this order.
        fields: What a row holds: a model that checks all that can be checked without asking.
        key: The field, or fields, by which a row is told from the others.
        unique: Further fields whose value no two rows may share.
        choices: What may be decided when it is run, by name: the values there are, the first one the default;
            or, where any text will do, the default alone.

    Raises:
        ConfigurationError: It cannot be meant: a name twice, a step after one that is not before it, a field
            that the row does not have.
    """

    def __init__(
        self,
        name: str,
        *steps: Step[R],
        fields: type[R],
        key: str | tuple[str, ...],
        unique: tuple[str, ...] = (),
        choices: Mapping[str, tuple[str, ...] | str] | None = None,
    ) -> None:
        self.name = name
        self.steps = steps
        self.fields = fields
        self.key = (key,) if isinstance(key, str) else key
        self.unique = unique
        self.choices = dict(choices or {})
        self._check()
        by_key = [step.name for step in steps if step.key in self.key]
        self.main = [*by_key, *(step.name for step in reversed(steps) if step.writes)][0]

    def step_named(self, name: str) -> Step[R]:
        """Return one of its steps.

        Raises:
            ConfigurationError: It has none of that name.
        """
        for step in self.steps:
            if step.name == name:
                return step
        raise ConfigurationError(f"{self.name} has no step {name}")

    def destroys(self, choices: Mapping[str, str] | None = None) -> tuple[str, ...]:
        """Return what a job of it destroys, a sentence per step; empty where it destroys nothing.

        Args:
            choices: What is chosen, by name; the rest is as the workflow has it.

        Raises:
            ConfigurationError: There is no such choice, or not that value.
        """
        chosen = _choices(self, choices or {})
        found = (
            step.destroys
            if isinstance(step.destroys, str) or step.destroys is None
            else step.destroys(chosen)
            for step in self.steps
        )
        return tuple(sentence for sentence in found if sentence is not None)

    def _check(self) -> None:
        before: set[str] = set()
        known = self.fields.model_fields
        for step in self.steps:
            if step.name in before:
                raise ConfigurationError(f"{self.name} has two steps {step.name}; give each its own name")
            missing = [name for name in step.after if name not in before]
            if missing:
                raise ConfigurationError(f"{self.name}: {step.name} is after {missing[0]}, not before it")
            before.add(step.name)
        if not any(step.writes for step in self.steps):
            raise ConfigurationError(f"{self.name} has no step that writes: there is nothing to do")
        keys = [step.key for step in self.steps if isinstance(step.key, str)]
        for name in (*self.key, *self.unique, *keys):
            if name not in known:
                raise ConfigurationError(f"{self.name}: its rows have no field {name}")

    def __repr__(self) -> str:
        """Return its name and its steps."""
        return f"<Workflow {self.name}: {' -> '.join(step.name for step in self.steps)}>"


class WorkflowKind(Generic[R]):
    """A workflow on a session, as a bulk job sees it; one for each job.

    Args:
        session: Where requests go.
        workflow: The workflow.
        choices: What it is told, by name; the rest is as the workflow has it.
        ensure: Whether every step looks whether it is done already, before it is.

    Attributes:
        choices: All it was told, by name, defaults too: what a journal keeps for a resume.

    Raises:
        ConfigurationError: A choice has another name, or a value that there is not.
    """

    at_once: int | None = None

    def __init__(
        self,
        session: Session,
        workflow: Workflow[R],
        choices: Mapping[str, str] | None = None,
        *,
        ensure: bool = False,
    ) -> None:
        self.ensure = ensure
        self.session = session
        self.workflow = workflow
        self.name = workflow.name
        self.choices = _choices(workflow, choices or {})
        self.fields = frozenset(workflow.fields.model_fields)
        self.required = frozenset(
            name for name, info in workflow.fields.model_fields.items() if info.is_required()
        )
        self.key_field = workflow.key[0]
        self.unique_fields = workflow.unique
        self._holds: Holds | None = None

    def key_of(self, values: Mapping[str, object] | BaseModel) -> str | None:
        """Return a row's key in its own text, where it has one; never fails."""
        parts: list[str] = []
        for name in self.workflow.key:
            value = getattr(values, name, None) if isinstance(values, BaseModel) else values.get(name)
            if value is not None and value != "":
                parts.append(str(value))
        return _JOINED.join(parts) or None

    def read(self, values: Mapping[str, object] | BaseModel) -> Payload:
        """Check a row; asks nobody.

        Raises:
            InvalidInputError: It cannot be done; names each field.
        """
        model = self.workflow.fields
        if isinstance(values, BaseModel) and not isinstance(values, model):
            raise InvalidInputError(f"the row is a {type(values).__name__}, not a {model.__name__}")
        row = (
            values
            if isinstance(values, model)
            else validate_write(model, cast("Mapping[str, object]", values))
        )
        unique = {name: cast("object", getattr(row, name)) for name in self.workflow.unique}
        return Payload(
            self.key_of(row) or "",
            row,
            unique={name: str(value) for name, value in unique.items() if value is not None},
        )

    def make_ready(self, work: Work) -> None:
        """Nothing: what a step sends hangs on the steps before it."""

    async def carry_out(self, work: Work, ledger: Ledger) -> Ended:
        """Give a row its turn.

        Raises:
            Settle: It needs another turn, later.
            JournalError: The journal cannot be written.
            AuthenticationError: The login was refused: no row will do better.
            ConfigurationError: Likewise.
        """
        chain = cast("Chain[R] | None", work.state)
        if chain is None:
            self._holds = self._holds or Holds()
            work.state = chain = Chain(self, cast("R", work.payload.model), work, ledger, self._holds)
        return await chain.go_on()

    def item_of(
        self, steps: Mapping[str, StepEntry], row: R | None = None, step: str | None = None
    ) -> Item[R]:
        """Make the item of a row from what a journal has of it: what undoing a step needs.

        Args:
            steps: The journal's steps of the row, by name.
            row: What the row holds, where that is known.
            step: The step that is turned to.
        """
        item = Item(self.session, row, self.choices)
        for name, entry in steps.items():
            if entry.status in DONE:
                existed = entry.status == "exists"
                item.made[name] = Made(entry.object_id, existed=existed, detail=entry.detail, key=entry.key)
        if step is not None:
            begun = steps.get(step)
            item.begin(step, None if begun is None else begun.key, lost=False)
        return item


def _choices(workflow: Workflow[R], told: Mapping[str, str]) -> dict[str, str]:
    """Return every choice of a workflow, as told or as it has it.

    Raises:
        ConfigurationError: It has no choice of that name, or not that value.
    """
    for name, value in told.items():
        allowed = workflow.choices.get(name)
        if allowed is None:
            known = ", ".join(workflow.choices) or "none"
            raise ConfigurationError(f"{workflow.name} has nothing called {name} to choose; it has: {known}")
        if not isinstance(allowed, str) and value not in allowed:
            raise ConfigurationError(f"{name} is {value!r}; give one of {', '.join(allowed)}")
    defaults = {
        name: told_[0] if isinstance(told_, tuple) else told_ for name, told_ in workflow.choices.items()
    }
    return {**defaults, **told}
