"""Workflows: what a row becomes, as a chain of steps. Every kind of bulk job is one."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from alianza_async.bulk.engine.shapes import ACCOUNT_ID, ModelShape
from alianza_async.endpoints.models import WriteModel
from alianza_async.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alianza_async.bulk.engine.shapes import RowShape
    from alianza_async.bulk.engine.steps import Made, Need, Step

__all__ = ["Workflow"]

R = TypeVar("R", bound=WriteModel)

_TAKES: Final = {
    "send": ("item",),
    "find": ("item",),
    "update": ("item", "conflict"),
    "undo": ("item", "made"),
    "restore": ("item", "made"),
    "change": ("item",),
    "holders": ("item",),
    "subject": ("item",),
}
"""What the functions of a step are called with."""


class Workflow(Generic[R]):
    """A declared chain of steps; see `step`.

    Args:
        name: Its name on the command line.
        *steps: Its steps, each after those it needs. A row takes them in this order.
        fields: What a row holds: a model that checks all that can be checked without asking the server.
        key: The field, or fields, that identify a row.
        unique: Further fields whose value no two rows may share.
        choices: What may be chosen when it is run, by name: the values there are, the first one the default;
            or, where any text will do, the default alone.
        shape: How its rows are read, where a model alone does not say it.
        no_undo: Why it cannot be undone, as half a sentence; None = it can.
        no_update: Why `on_exists="update"` does not go with it; None = it does.
        rows_at_once: How many rows have to be under way, where they wait for each other.
        warns: What a plan and a report count where a choice has a value: `{("prevalidate", "skip"): "number
            without prevalidation"}`.

    Attributes:
        main: The step whose object a row's result names.

    Raises:
        ConfigurationError: It is invalid: a name twice, a step after one that is not before it, a field that
            the row does not have.
    """

    def __init__(
        self,
        name: str,
        *steps: Step[R],
        fields: type[R],
        key: str | tuple[str, ...],
        unique: tuple[str, ...] = (),
        choices: Mapping[str, tuple[str, ...] | str] | None = None,
        shape: RowShape | None = None,
        no_undo: str | None = None,
        no_update: str | None = None,
        rows_at_once: int | None = None,
        warns: Mapping[tuple[str, str], str] | None = None,
    ) -> None:
        self.name = name
        self.steps = steps
        self.fields = fields
        self.key = (key,) if isinstance(key, str) else key
        self.unique = unique
        self.choices = dict(choices or {})
        self.no_undo = no_undo
        self.no_update = no_update
        self.rows_at_once = rows_at_once
        self.warns = dict(warns or {})
        self._check()
        self._states = [(step.name, step.state) for step in reversed(steps) if step.state is not None]
        self.shape: RowShape = shape or ModelShape(fields, self.key, unique)
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

    @property
    def takes_account_id(self) -> bool:
        """Whether one account may be given for all rows: it stands in the path of what they make."""
        return ACCOUNT_ID in self.shape.path_ids

    @property
    def needs(self) -> tuple[Need, ...]:
        """The permissions that its steps need."""
        return tuple(dict.fromkeys(need for step in self.steps for need in step.needs))

    @property
    def calls(self) -> int:
        """Requests per row that is not there yet, when all goes well."""
        return sum(step.calls for step in self.steps)

    def destroys(self, choices: Mapping[str, str] | None = None) -> tuple[str, ...]:
        """Return what a job of it destroys, a sentence per step; empty where it destroys nothing.

        Args:
            choices: What is chosen, by name; the rest is as the workflow has it.

        Raises:
            ConfigurationError: There is no such choice, or not that value.
        """
        chosen = self.chosen(choices or {})
        said = (step.destroys(chosen) if callable(step.destroys) else step.destroys for step in self.steps)
        return tuple(sentence for sentence in said if sentence is not None)

    def warned(self, choices: Mapping[str, str]) -> tuple[str, ...]:
        """Return what a plan and a report of a job count because of its choices, such as a check left out."""
        return tuple(said for (name, value), said in self.warns.items() if choices.get(name) == value)

    def chosen(self, choices: Mapping[str, str]) -> dict[str, str]:
        """Return the value of every choice, as chosen or as it has it.

        Raises:
            ConfigurationError: It has no choice of that name, or not that value.
        """
        for name, value in choices.items():
            allowed = self.choices.get(name)
            if allowed is None:
                known = ", ".join(self.choices) or "none"
                raise ConfigurationError(f"{self.name} has no choice {name}; its choices: {known}")
            if not isinstance(allowed, str) and value not in allowed:
                raise ConfigurationError(f"{name} is {value!r}; give one of {', '.join(allowed)}")
        defaults = {
            name: value[0] if isinstance(value, tuple) else value for name, value in self.choices.items()
        }
        return {**defaults, **choices}

    def number_state(self, made: Mapping[str, Made]) -> str | None:
        """Return how far the telephone number of a row is, by the steps that are done."""
        return next((state for name, state in self._states if name in made), None)

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
            self._check_calls(step)
        if not any(step.writes for step in self.steps):
            raise ConfigurationError(f"{self.name} has no step that writes: there is nothing to do")
        keys = [step.key for step in self.steps if isinstance(step.key, str)]
        for name in (*self.key, *self.unique, *keys):
            if name not in known:
                raise ConfigurationError(f"{self.name}: its rows have no field {name}")

    def _check_calls(self, step: Step[R]) -> None:
        """Refuse a function that cannot be called as it will be: beforehand, and not once rows were sent."""
        for argument, takes in _TAKES.items():
            function = getattr(step, argument)
            if function is None:
                continue
            try:
                inspect.signature(function).bind(*takes)
            except ValueError:  # one that has no signature to look at
                continue
            except TypeError:
                told = f"{argument}({', '.join(takes)})"
                raise ConfigurationError(f"{self.name}: {step.name} is called as {told}") from None

    def __repr__(self) -> str:
        """Return its name and its steps."""
        return f"<Workflow {self.name}: {' -> '.join(step.name for step in self.steps)}>"
