"""Plan before apply: read every row as a run would, ask what is there already, and write nothing."""

from __future__ import annotations

import math
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import anyio.lowlevel

from alianza_async.bulk.budget import FailureBudget
from alianza_async.bulk.engine.kind import Kind
from alianza_async.bulk.engine.pool import Pool
from alianza_async.bulk.engine.prefetch import RowFeed
from alianza_async.bulk.engine.shapes import ACCOUNT_NUMBER
from alianza_async.bulk.engine.steps import Item
from alianza_async.bulk.engine.validation import Validation
from alianza_async.bulk.engine.work import Work
from alianza_async.bulk.input.file_options import AS_IT_IS
from alianza_async.bulk.input.near import NearKeys, told_apart_by
from alianza_async.bulk.input.seen import Seen, comparable
from alianza_async.bulk.input.sources import open_source
from alianza_async.bulk.kinds.by_name import kind_of, kind_options, workflow_named
from alianza_async.bulk.options import JobSettings
from alianza_async.bulk.planning.plan_file import READING, PlanFile
from alianza_async.bulk.planning.plan_report import NearRow, Plan, PlannedRow
from alianza_async.bulk.planning.remote_check import StepCheck, calls_of, check_row
from alianza_async.bulk.planning.sessions import ReadOnlySession, offline_session
from alianza_async.errors import (
    AuthenticationError,
    CallError,
    ConfigurationError,
    InvalidInputError,
)
from alianza_async.policies.values import LimitPolicy

if TYPE_CHECKING:
    import os
    from collections.abc import AsyncIterable, Callable, Iterable, Mapping

    from alianza_async.bulk.engine.kind import AnyKind
    from alianza_async.bulk.engine.valid_row import Payload
    from alianza_async.bulk.engine.workflow import Workflow
    from alianza_async.bulk.input.file_options import FileOptions
    from alianza_async.bulk.input.places import Place
    from alianza_async.bulk.input.rows import Row
    from alianza_async.bulk.input.sources import Source
    from alianza_async.bulk.report import ItemResult
    from alianza_async.session import Session

__all__ = ["plan"]

_BREATHER = 200  # rows that are not looked up wait for nothing: so often they let others run


async def plan(
    session: Session | None,
    kind: str | Workflow[Any] | AnyKind,
    source: str | os.PathLike[str] | Iterable[object] | AsyncIterable[object],
    *,
    check_remote: bool = False,
    ensure: bool = False,
    strict: bool = False,
    ids: Mapping[str, str] | None = None,
    choices: Mapping[str, str] | None = None,
    rate: float | None = None,
    save: str | os.PathLike[str] | None = None,
    force: bool = False,
    file: FileOptions = AS_IT_IS,
    keep: int = 20,
    on_progress: Callable[[Plan], None] | None = None,
) -> Plan:
    """Tell what a run of an input would do; nothing is created or changed.

    Every row is read and checked as a run does it, duplicates are found, and near-duplicates reported.
    Memory does not grow with the input.

    Args:
        session: An open session; None where nothing is looked up.
        kind: What a row becomes: a name such as `accounts`, a workflow of your own, or a kind.
        source: A CSV or JSON Lines file, or an iterable or async iterable of models or mappings.
        check_remote: Look each row up, within the session's rate limit: is it there, and the same?
        ensure: Whether the run will look each row up before it sends it; for the number of calls.
        strict: Whether a value that would be read otherwise than it stands is refused.
        ids: Ids of the path that are the same for every row, where `kind` is no `Kind`.
        choices: The workflow's choices, where `kind` is no `Kind`.
        rate: Requests a second of the run; None = the session's, or the usual one.
        save: Write the plan to this file too; the input has to be a file.
        force: Whether a file that is there may be replaced by the plan; never a journal or the input.
        file: How a file is read, where it does not say so itself.
        keep: How many rows of each class the plan keeps.
        on_progress: Called with the plan so far: once the login was asked, before the first row, then after
            each.

    Raises:
        SourceError: The input cannot be read, or lacks a column.
        ConfigurationError: An option is invalid, or a look-up would change something.
        ResultFileError: The plan cannot be written.
        AuthenticationError: The login was refused.
        CallError: The login could not be made.
    """
    if not isinstance(kind, Kind):
        workflow = workflow_named(kind) if isinstance(kind, str) else kind
        given = kind_options(ids=ids, choices=choices)
        kind = kind_of(session or offline_session(), workflow, JobSettings(ensure=ensure), given)
    rows = open_source(
        source,
        fields=kind.fields,
        required=kind.required,
        key_field=kind.key_field,
        options=file,
        readings=kind.readings(strict=strict),
    )
    if check_remote and session is None:
        raise ConfigurationError("check_remote needs an open session; give one, or leave it out")
    LimitPolicy(rate=1.0 if rate is None else rate)  # refuses what is no rate
    if rate is None:
        rate = LimitPolicy().rate if session is None else session.full_rate
    report = Plan(kind.workflow, rows.name, check_remote, ensure, rate, keep)
    report.destroys = kind.workflow.destroys(kind.choices)
    report.misspelt = dict(rows.misspelt)
    report.warns = kind.workflow.warned(kind.choices)
    on, width = None, 1
    if session is not None and check_remote:
        await _ask_who_we_are(session, report)
        on, width = ReadOnlySession.over(session), max(1, min(session.capacity, math.ceil(session.rate)))
    with ExitStack() as stack:
        saved = None
        if save is not None:
            if not rows.is_file:
                raise ConfigurationError("a plan is saved for a file alone; give a path, or leave save out")
            kept: dict[str, object] = {"ensure": ensure, "strict": strict, READING: file.to_json()}
            options = {**kept, **(ids or {}), **(choices or {})}
            where = {"base_url": report.base_url, "partition_id": report.partition_id}
            saved = stack.enter_context(
                PlanFile(save, rows.name, kind=report.kind, options=options, force=force, **where)
            )
        if on_progress is not None:
            on_progress(report)
        planner = _Planner(stack, kind, rows, report, session=on, file=saved, on_progress=on_progress)
        await planner.run(width)
        if saved is not None:
            saved.finish(report)
    return report


async def _ask_who_we_are(session: Session, report: Plan) -> None:
    """Log in, and note where and with which permissions: before the first row."""
    report.base_url = session.base_url
    report.environment = None if session.environment is None else str(session.environment)
    report.partition_id = await session.partition_id()
    info = session.info
    if info is None:  # a token was given, or the login is yet to be made
        try:
            info = await session.authorize.user_info()
        except AuthenticationError:
            raise
        except CallError:
            return
    report.permissions = info.permissions


class _Planner:
    """Plans rows one by one, as many at once as look-ups may be under way."""

    def __init__(
        self,
        stack: ExitStack,
        kind: AnyKind,
        source: Source,
        report: Plan,
        *,
        session: ReadOnlySession | None,
        file: PlanFile | None,
        on_progress: Callable[[Plan], None] | None,
    ) -> None:
        self._kind = kind
        self._source = source
        self._report = report
        self._session = session
        self._file = file
        self._on_progress = on_progress
        self._rows = RowFeed(source)
        self._validation = Validation(kind, source.name)
        stack.callback(self._validation.close)
        self._near = stack.enter_context(NearKeys())
        self._parents = stack.enter_context(Seen())
        self._shared: dict[str, object] = {}
        self._budget = FailureBudget()
        self._broken: Exception | None = None

    async def run(self, width: int) -> None:
        """Plan every row.

        Args:
            width: How many rows may be looked up at once.

        Raises:
            AlianzaError: What ended it before the input's end.
        """
        await Pool(self._take, self._turn, width=lambda: width).run()
        self._report.unknown_columns = self._source.unknown_columns
        self._report.notes = self._source.notes
        if self._broken is not None:
            raise self._broken

    async def _take(self) -> tuple[Row, None] | None:
        try:
            row = None if self._broken is not None else await self._rows.next()
        except Exception as error:  # noqa: BLE001  (the caller's own iterator may raise anything)
            self._stop(error)
            return None
        return None if row is None else (row, None)

    async def _turn(self, row: Row) -> None:
        try:
            await self._plan(row)
        except Exception as error:  # noqa: BLE001  (raised by run(), without a group around it)
            self._stop(error)
        if row.number % _BREATHER == 0:
            await anyio.lowlevel.checkpoint()

    def _stop(self, error: Exception) -> None:
        self._broken = self._broken or error
        self._rows.stop()

    async def _plan(self, row: Row) -> None:
        taken = self._validation.take(row)
        near: NearRow | None = None
        if isinstance(taken, Work):
            near = self._near_row(taken.payload.key, row.number)
            self._count_parent(taken.payload, row.number)
            key = self._kind.key_of(row.given) or taken.payload.key
            planned = await self._checked(PlannedRow(row.number, key, "valid", place=row.place), taken)
        else:
            planned = _not_sent(taken, row.place)
        self._report.add(planned)
        if row.changes:
            self._report.changes.add(row)
        if near is not None:
            self._report.add_near(near)
        if self._file is not None:
            self._file.row(planned, row.given, near)
        if self._on_progress is not None:
            self._on_progress(self._report)

    def _near_row(self, key: str, number: int) -> NearRow | None:
        twin = self._near.twin(key, number)
        if twin is None:
            return None
        return NearRow(number, key, twin.row, twin.key, told_apart_by(key, twin.key))

    def _count_parent(self, payload: Payload, number: int) -> None:
        """Count the look-up of the account that a row belongs to, once for each account."""
        parent = payload.ids.get(ACCOUNT_NUMBER)
        if parent is not None and self._parents.first(comparable(parent), number) is None:
            self._report.calls += 1

    async def _checked(self, row: PlannedRow, work: Work) -> PlannedRow:
        """Look a row up, where that is asked for, and count the calls of its run."""
        checks: dict[str, StepCheck] = {}
        if self._session is not None:
            row, checks = await self._look(self._session, row, work.payload)
        if row.verdict not in {"blocked", "invalid"}:
            model, ensure = work.payload.model, self._report.ensure or work.look_first
            wanted = [step for step in self._kind.workflow.steps if step.when is None or step.when(model)]
            self._report.calls += calls_of(wanted, checks, ensure=ensure)
        return row

    async def _look(
        self, session: ReadOnlySession, row: PlannedRow, payload: Payload
    ) -> tuple[PlannedRow, dict[str, StepCheck]]:
        """Look a row up; where too many look-ups fail, no more are made."""
        report, kind = self._report, self._kind
        if report.stopped is not None:
            return replace(row, verdict="unknown", error="it was not looked up: look-ups stopped"), {}
        ids = {**kind.ids, **payload.ids}
        item = Item(session, payload.model, kind.choices, ids, shared=self._shared)
        planned, checks = await check_row(kind.workflow, item, row)
        reason = self._budget.spend("unknown" if planned.verdict == "unknown" else "exists")
        if reason is not None and report.stopped is None:
            report.stopped = f"look-ups stopped after row {row.row}: {reason}"
        return planned, checks


def _not_sent(result: ItemResult, place: Place) -> PlannedRow:
    """Return a row of which a run sends nothing."""
    if result.done_before:
        return PlannedRow(result.row, result.key, "done", id=result.id, place=place)
    complaints = result.error.fields if isinstance(result.error, InvalidInputError) else ()
    return PlannedRow(result.row, result.key, "invalid", complaints=complaints, place=place)
