"""Plan before apply: read every row as a run would, ask what is there already, and write nothing."""

from __future__ import annotations

import math
from contextlib import ExitStack
from typing import TYPE_CHECKING

import anyio
import anyio.lowlevel

from alianza_async.bulk.budget import FailureBudget
from alianza_async.bulk.creates import ACCOUNT_NUMBER
from alianza_async.bulk.feed import Feed
from alianza_async.bulk.input.near import NearKeys, told_apart_by
from alianza_async.bulk.input.seen import Seen, comparable
from alianza_async.bulk.input.sources import open_source
from alianza_async.bulk.intake import Intake
from alianza_async.bulk.kinds import destroys, kind_options, make_kind
from alianza_async.bulk.options import JobSettings
from alianza_async.bulk.planning.demands import DEMANDS, Demand
from alianza_async.bulk.planning.lookups import LookUp, There, look_up_of, said_safely, shown
from alianza_async.bulk.planning.offline import offline_session
from alianza_async.bulk.planning.plan_file import PlanFile
from alianza_async.bulk.planning.plan_report import NearRow, Plan, PlannedRow
from alianza_async.bulk.work import Work
from alianza_async.errors import (
    AuthenticationError,
    CallError,
    ConfigurationError,
    InvalidInputError,
    NotFoundError,
)
from alianza_async.settings import LimitPolicy

if TYPE_CHECKING:
    import os
    from collections.abc import AsyncIterable, Callable, Iterable, Mapping

    from alianza_async.bulk.input.rows import Row
    from alianza_async.bulk.input.sources import Source
    from alianza_async.bulk.report import ItemResult
    from alianza_async.bulk.work import Kind, Payload
    from alianza_async.session import Session

__all__ = ["plan"]

_BREATHER = 200  # rows that are not looked up wait for nothing: so often they let others run


async def plan(
    session: Session | None,
    kind: str | Kind[object],
    source: str | os.PathLike[str] | Iterable[object] | AsyncIterable[object],
    *,
    check_remote: bool = False,
    ensure: bool = False,
    ids: Mapping[str, str] | None = None,
    choices: Mapping[str, str] | None = None,
    rate: float | None = None,
    save: str | os.PathLike[str] | None = None,
    force: bool = False,
    keep: int = 20,
    look_up: LookUp | None = None,
    on_progress: Callable[[Plan], None] | None = None,
) -> Plan:
    """Tell what a run of an input would do; nothing is created or changed.

    Every row is read and checked as a run does it, duplicates are found, and near-duplicates reported.
    Memory does not grow with the input.

    Args:
        session: An open session; None where nothing is looked up.
        kind: What a row becomes: a name such as `accounts`, or the kind itself.
        source: A CSV or JSON Lines file, or an iterable or async iterable of models or mappings.
        check_remote: Look each row up by its key, within the session's rate limit: is it there, and the same?
        ensure: Whether the run will look each row up before it creates it; for the number of calls.
        ids: Ids of the path that are the same for every row, where `kind` is a name.
        choices: What the kind leaves to be decided, by name, where `kind` is a name.
        rate: Requests a second of the run; None = the session's, or the usual one.
        save: Write the plan to this file too; the input has to be a file.
        force: Whether a file that is there may be replaced by the plan; never a journal or the input.
        keep: How many rows of each class the plan keeps.
        look_up: How a row is looked up; None = by the natural key of the kind's create.
        on_progress: Called with the plan so far: once the login was asked, before the first row, then after
            each.

    Raises:
        SourceError: The input cannot be read, or lacks a column.
        ConfigurationError: An option cannot be meant.
        ResultFileError: The plan cannot be written.
        AuthenticationError: The login was refused.
        CallError: The login could not be made.
    """
    if isinstance(kind, str):
        on = session if session is not None and check_remote else offline_session()
        kind = make_kind(on, kind, JobSettings(ensure=ensure), kind_options(ids=ids, choices=choices))
    name = kind.name
    rows = open_source(source, fields=kind.fields, required=kind.required, key_field=kind.key_field)
    ask = None
    if check_remote:
        if session is None:
            raise ConfigurationError("check_remote needs an open session; give one, or leave it out")
        ask = look_up or _look_up(session, kind, name)
    LimitPolicy(rate=1.0 if rate is None else rate)  # refuses what is no rate
    if rate is None:
        rate = LimitPolicy().rate if session is None else session.full_rate
    report = Plan(name, rows.name, ask is not None, ensure, rate, DEMANDS.get(name, Demand(None)), keep)
    report.destroys = destroys(name, choices)
    workers = 1
    if session is not None and ask is not None:
        await _ask_who_we_are(session, report)
        workers = max(1, min(session.capacity, math.ceil(session.rate)))
    with ExitStack() as stack:
        file = None
        if save is not None:
            file = stack.enter_context(
                _plan_file(save, rows, report, {**(ids or {}), **(choices or {})}, force=force)
            )
        if on_progress is not None:
            on_progress(report)
        planner = _Planner(stack, kind, rows, report, ask=ask, file=file, on_progress=on_progress)
        await planner.run(workers)
        if file is not None:
            file.finish(report)
    return report


def _plan_file(
    path: str | os.PathLike[str],
    rows: Source,
    report: Plan,
    chosen: Mapping[str, str],
    *,
    force: bool,
) -> PlanFile:
    """Return the file that the plan is written to as it is made.

    Raises:
        ConfigurationError: The input is no file.
        ResultFileError: The place cannot be written.
    """
    if not rows.is_file:
        raise ConfigurationError("a plan is saved for a file alone; give a path, or leave save out")
    return PlanFile(
        path,
        rows.name,
        kind=report.kind,
        options={"ensure": report.ensure, **chosen},
        force=force,
        base_url=report.base_url,
        partition_id=report.partition_id,
    )


def _look_up(session: Session, kind: Kind[object], name: str) -> LookUp:
    """Return what looks rows of a kind up.

    Raises:
        ConfigurationError: Nothing does.
    """
    ask = look_up_of(session, kind)
    if ask is None:
        raise ConfigurationError(
            f"rows of {name} cannot be looked up before they run: leave check_remote (--check-remote) out"
        )
    return ask


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
    """Takes rows from one iterator, in as many workers as look-ups may be under way."""

    def __init__(
        self,
        stack: ExitStack,
        kind: Kind[object],
        source: Source,
        report: Plan,
        *,
        ask: LookUp | None,
        file: PlanFile | None,
        on_progress: Callable[[Plan], None] | None,
    ) -> None:
        self._kind = kind
        self._source = source
        self._report = report
        self._ask = ask
        self._file = file
        self._on_progress = on_progress
        self._rows = Feed(source)
        self._intake = Intake(kind, source.name)
        stack.callback(self._intake.close)
        self._near = stack.enter_context(NearKeys())
        self._parents = stack.enter_context(Seen())
        self._budget = FailureBudget()
        self._broken: Exception | None = None

    async def run(self, workers: int) -> None:
        """Plan every row.

        Raises:
            AlianzaError: What ended it before the input's end.
        """
        async with anyio.create_task_group() as group:
            for _ in range(workers):
                group.start_soon(self._work)
        self._report.unknown_columns = self._source.unknown_columns
        if self._report.demand.calls is None:
            self._report.calls = None
        if self._broken is not None:
            raise self._broken

    async def _work(self) -> None:
        try:
            while self._broken is None and (row := await self._rows.next()) is not None:
                await self._plan(row)
                if row.number % _BREATHER == 0:
                    await anyio.lowlevel.checkpoint()
        except Exception as error:  # noqa: BLE001  (raised by run(), without a group around it)
            self._broken = self._broken or error
            self._rows.stop()

    async def _plan(self, row: Row) -> None:
        taken = self._intake.take(row)
        near: NearRow | None = None
        if isinstance(taken, Work):
            near = self._near_row(taken.payload.key, row.number)
            self._count_parent(taken.payload, row.number)
            key = self._kind.key_of(row.values) or taken.payload.key
            planned = await self._look(PlannedRow(row.number, key, "valid"), taken.payload)
            self._count_calls(planned, ensure=self._report.ensure or taken.look_first)
        else:
            planned = _not_sent(taken)
        self._report.add(planned)
        if near is not None:
            self._report.add_near(near)
        if self._file is not None:
            self._file.row(planned, row.values, near)
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
        if parent is None or self._report.calls is None:
            return
        if self._parents.first(comparable(parent), number) is None:
            self._report.calls += 1

    def _count_calls(self, planned: PlannedRow, *, ensure: bool) -> None:
        calls = self._report.demand.calls
        if calls is None or self._report.calls is None:
            return
        match planned.verdict:
            case "blocked":
                return
            case "same" | "differs":
                # One look-up finds it; or the create is refused, and then it is looked up.
                self._report.calls += 1 if ensure else 2
            case _:
                self._report.calls += calls + ensure

    async def _look(self, row: PlannedRow, payload: Payload) -> PlannedRow:
        """Ask what is there under a row's key."""
        report = self._report
        if self._ask is None:
            return row
        if report.stopped is not None:
            return PlannedRow(row.row, row.key, "unknown", error="it was not looked up: look-ups stopped")
        try:
            there = await self._ask(payload)
        except NotFoundError as error:
            return PlannedRow(row.row, row.key, "blocked", error=error.message)
        except InvalidInputError as error:  # such as an id that cannot stand in a path
            return PlannedRow(row.row, row.key, "invalid", complaints=error.fields)
        except CallError as error:
            if isinstance(error, AuthenticationError) and error.login_refused:
                raise
            return self._failed(row, error)
        self._budget.spend("exists")
        return _answered(row, there)

    def _failed(self, row: PlannedRow, error: CallError) -> PlannedRow:
        """Return a row that nobody could tell of; too many of them, and no more are asked for."""
        reason = self._budget.spend("unknown")
        if reason is not None and self._report.stopped is None:
            self._report.stopped = (
                f"look-ups stopped after row {row.row}: {reason.replace('items', 'of them')}"
            )
        return PlannedRow(row.row, row.key, "unknown", error=said_safely(error))


def _not_sent(result: ItemResult) -> PlannedRow:
    """Return a row of which a run sends nothing."""
    if result.done_before:
        return PlannedRow(result.row, result.key, "done", id=result.id)
    complaints = result.error.fields if isinstance(result.error, InvalidInputError) else ()
    return PlannedRow(result.row, result.key, "invalid", complaints=complaints)


def _answered(row: PlannedRow, there: There | None) -> PlannedRow:
    if there is None:
        return PlannedRow(row.row, row.key, "create")
    if not there.differences:
        return PlannedRow(row.row, row.key, "same", id=there.id)
    differences = tuple(shown(difference) for difference in there.differences)
    return PlannedRow(row.row, row.key, "differs", id=there.id, differences=differences)
