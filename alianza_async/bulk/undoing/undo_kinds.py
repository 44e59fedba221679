"""How the rows of each kind of job are taken back: as their steps see them, and how they are compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol, cast

from alianza_async.bulk.creates import ACCOUNT_ID, CreateKind
from alianza_async.bulk.kinds import ids_of, kept_kind, kept_kind_options
from alianza_async.bulk.options import JobSettings
from alianza_async.bulk.undoing.undo_rows import ACCOUNT, CREATES
from alianza_async.bulk.workflows.steps import Item, Made
from alianza_async.bulk.workflows.workflow import WorkflowKind
from alianza_async.errors import ConfigurationError, UndoRefusedError
from alianza_async.policies.lookup import conflict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import BaseModel, JsonValue

    from alianza_async.bulk.journal.entries import JobFacts
    from alianza_async.bulk.undoing.undo_rows import AnyStep, RowToUndo
    from alianza_async.bulk.workflows.workflow import Workflow
    from alianza_async.call import Call
    from alianza_async.models.base import WriteModel
    from alianza_async.session import Session

__all__ = ["UndoKind", "undo_kind"]


class UndoKind(Protocol):
    """What taking back asks of a kind."""

    @property
    def fields(self) -> frozenset[str]:
        """The fields a row may have."""
        ...

    @property
    def required(self) -> frozenset[str]:
        """Those that a CSV file must have a column for."""
        ...

    @property
    def key_field(self) -> str:
        """The field that tells rows apart."""
        ...

    def key_of(self, values: Mapping[str, object] | BaseModel) -> str | None:
        """Return a row's natural key, where it has one; never fails."""
        ...

    async def item_of(self, undoing: RowToUndo) -> Item[Any]:
        """Return the row as its steps see it.

        Raises:
            UndoRefusedError: Neither journal nor input say where its things are.
            CallError: They could not be found.
        """
        ...

    async def compare(self, undoing: RowToUndo, step: AnyStep) -> bool:
        """Compare what a step has sent with what is there.

        Returns:
            Whether that could be done; what is gone is as it should be.

        Raises:
            ConflictError: It differs; names the fields.
            UndoRefusedError: It is not there any more, and would be put back.
            CallError: The look-up failed.
        """
        ...


def undo_kind(session: Session, facts: JobFacts, workflow: Workflow[Any] | None) -> UndoKind:
    """Return how a job's rows are taken back.

    Args:
        session: Where requests go.
        facts: The job.
        workflow: The workflow, where it is one of the caller's own.

    Raises:
        ConfigurationError: There is no such kind.
    """
    made = kept_kind(session, facts, JobSettings(), workflow)
    if isinstance(made, WorkflowKind):
        return _Steps(cast("WorkflowKind[WriteModel]", made))
    if facts.kind in CREATES and isinstance(made, CreateKind):
        told = kept_kind_options(facts.options)
        return _Create(session, cast("CreateKind[object]", made), CREATES[facts.kind], told)
    raise ConfigurationError(f"nothing takes back what a job of {facts.kind} makes")


class _Steps:
    """Rows of a workflow.

    Args:
        kind: The workflow on the session.
    """

    def __init__(self, kind: WorkflowKind[Any]) -> None:
        self._kind = kind
        self.fields, self.required, self.key_field = kind.fields, kind.required, kind.key_field
        self.key_of = kind.key_of

    async def item_of(self, undoing: RowToUndo) -> Item[Any]:
        """Return the row's item: all that it needs is in the journal."""
        return self._kind.item_of(undoing.made)

    async def compare(self, undoing: RowToUndo, step: AnyStep) -> bool:
        """Have the step look for what it made."""
        if step.find is None or undoing.row is None:
            return False
        row = self._kind.read(undoing.row.values).model
        there = await step.find(self._kind.item_of(undoing.made, row, step.name))
        if there is None and step.makes == "updated":
            raise UndoRefusedError(f"its {step.name} is not as the job left it: somebody took it back")
        return True


class _Create:
    """Rows of a declared create.

    Args:
        session: Where requests go.
        kind: The create on the session.
        step: The step that its rows are taken back as.
        told: The kind's own options.
    """

    _NOWHERE: Final = (
        "its journal does not say in which account it is, and the input that does is not as it was: give the "
        "input that the job began with"
    )

    def __init__(
        self, session: Session, kind: CreateKind[object], step: str, told: Mapping[str, JsonValue]
    ) -> None:
        self._session = session
        self._kind = kind
        self._step = step
        self._account_id = ids_of(told).get(ACCOUNT_ID)
        self.fields, self.required, self.key_field = kind.fields, kind.required, kind.key_field
        self.key_of = kind.key_of

    async def item_of(self, undoing: RowToUndo) -> Item[Any]:
        """Return the row's item; which account a user is in, the input alone may tell."""
        item: Item[Any] = Item(self._session, None, {})
        entry = undoing.entry
        item.made[self._step] = Made(entry.object_id, key=entry.key)
        if self._step != ACCOUNT:
            account_id = self._account_id
            if account_id is None:
                call = await self._call(undoing)
                account_id = None if call is None else call.path_values.get(ACCOUNT_ID)
            if account_id is None:
                raise UndoRefusedError(self._NOWHERE)
            item.made[ACCOUNT] = Made(account_id, existed=True)
        return item

    async def compare(self, undoing: RowToUndo, step: AnyStep) -> bool:  # noqa: ARG002  (there is but one)
        """Look the object up by its natural key."""
        call = await self._call(undoing)
        if call is None:
            return False
        found = await self._session.find(call)
        if found is not None and found.differences:
            raise conflict(call, found)
        return True

    async def _call(self, undoing: RowToUndo) -> Call | None:
        if undoing.row is None:
            return None
        return await self._kind.prepare(self._kind.read(undoing.row.values))
