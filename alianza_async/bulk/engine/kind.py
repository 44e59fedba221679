"""A workflow on a session, with its options: what one job makes of its rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from alianza_async.bulk.engine.field_sorts import sorts_of
from alianza_async.bulk.engine.private import change_in, is_private
from alianza_async.bulk.engine.row_run import RowRun
from alianza_async.bulk.engine.steps import Item, Made
from alianza_async.bulk.input.readings import Readings
from alianza_async.bulk.report import DONE
from alianza_async.endpoints.models import WriteModel
from alianza_async.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import BaseModel

    from alianza_async.bulk.engine.context import JobContext, OnExists
    from alianza_async.bulk.engine.valid_row import Payload
    from alianza_async.bulk.engine.work import Work
    from alianza_async.bulk.engine.workflow import Workflow
    from alianza_async.bulk.journal.store import StepEntry
    from alianza_async.session import Session

__all__ = ["AnyKind", "Kind", "made_of"]

R = TypeVar("R", bound=WriteModel)


class Kind(Generic[R]):
    """A workflow on a session with its options: what one job makes of its rows.

    Args:
        session: Where requests go.
        workflow: The workflow.
        choices: The values chosen, by name; the rest is as the workflow has it.
        ids: Ids of the path that are the same for every row.
        on_exists: What becomes of rows whose objects are there already.
        ensure: Whether every step is looked up before it is sent.

    Attributes:
        choices: All values, by name, defaults too: what a journal keeps for a resume.

    Raises:
        ConfigurationError: An option does not go with the workflow.
    """

    def __init__(
        self,
        session: Session,
        workflow: Workflow[R],
        choices: Mapping[str, str] | None = None,
        *,
        ids: Mapping[str, str] | None = None,
        on_exists: OnExists = "skip",
        ensure: bool = False,
    ) -> None:
        if on_exists == "update" and workflow.no_update is not None:
            raise ConfigurationError(
                f"on_exists='update' does not go with {workflow.name}: {workflow.no_update}; "
                "use 'skip' or 'fail'"
            )
        self.session = session
        self.workflow = workflow
        self.name = workflow.name
        self.on_exists: OnExists = on_exists
        self.ensure = ensure or on_exists == "update"
        self.choices = workflow.chosen(choices or {})
        self.ids = dict(ids or {})
        shape = workflow.shape
        self.fields = shape.fields_beside(self.ids)
        self.required, self.key_field = shape.required, shape.key_field
        self.key_of = shape.key_of
        self.at_once = workflow.rows_at_once

    def readings(self, *, strict: bool = False) -> Readings:
        """Return how the text of its rows is read.

        Args:
            strict: Whether a value that would be changed is refused instead.
        """
        private = frozenset(field for field in self.fields if is_private(field))
        return Readings(sorts_of(self.workflow.fields, self.fields), private=private, strict=strict)

    def read(self, values: Mapping[str, object] | BaseModel) -> Payload:
        """Make what is to be sent of a row's values; asks nothing.

        Raises:
            InvalidInputError: It cannot be sent; names each field.
        """
        return self.workflow.shape.read(values, self.ids)

    def run_of(self, job: JobContext, work: Work) -> RowRun[R]:
        """Return a row's way through the steps."""
        run = cast("RowRun[R] | None", work.run)
        if run is None:
            run = RowRun(self.workflow, job, work, cast("R", work.payload.model), self.choices)
            work.run = run
        return run

    def item_of(
        self,
        session: Session,
        steps: Mapping[str, StepEntry],
        payload: Payload | None = None,
        step: str | None = None,
    ) -> Item[R]:
        """Make the item of a row from what a journal has of it: what taking a step back needs.

        Args:
            session: Where requests go.
            steps: The journal's steps of the row, by name.
            payload: What the row holds, where that is known.
            step: The step that is turned to.
        """
        row = None if payload is None else cast("R", payload.model)
        item = Item(session, row, self.choices, self.ids if payload is None else payload.ids)
        for name, entry in steps.items():
            if entry.status in DONE:
                item.made[name] = made_of(entry)
        if step is not None:
            begun = steps.get(step)
            item.begin(step, None if begun is None else begun.key, lost=False)
        return item


def made_of(entry: StepEntry) -> Made:
    """Return what the journal has of a step that is done."""
    return Made(
        entry.object_id,
        existed=entry.status == "exists",
        detail=entry.detail,
        key=entry.key,
        evidence=entry.evidence or "none",
        change=change_in(entry.change),
        at=entry.settled_at,
    )


AnyKind = Kind[Any]
