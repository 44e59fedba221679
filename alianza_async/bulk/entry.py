"""`session.bulk`: many items at once, one result each."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, Unpack

from alianza_async.bulk.input.sources import open_source
from alianza_async.bulk.job import BulkJob
from alianza_async.bulk.journal import Journal
from alianza_async.bulk.journaling import read_facts
from alianza_async.bulk.kinds import (
    create_kind,
    kept_kind,
    kept_kind_options,
    kind_options,
    make_kind,
    workflow_kind,
)
from alianza_async.bulk.options import JobOptions, JobSettings
from alianza_async.errors import ConfigurationError
from alianza_async.operations import BoundEndpoint

if TYPE_CHECKING:
    import os
    from collections.abc import AsyncIterable, Iterable, Mapping

    from pydantic import JsonValue

    from alianza_async.bulk.planning.plan_report import Plan
    from alianza_async.bulk.reconciling.reconcile import Reconciliation
    from alianza_async.bulk.undoing.undo_report import UndoReport
    from alianza_async.bulk.work import Kind
    from alianza_async.bulk.workflows.workflow import Workflow
    from alianza_async.models.accounts import Account, AccountCreate
    from alianza_async.models.base import WriteModel
    from alianza_async.models.users import User, UserCreate
    from alianza_async.session import Session

__all__ = ["Bulk"]

R = TypeVar("R")
W = TypeVar("W", bound="WriteModel")


class Bulk:
    """Bulk jobs of a session; every job takes the options of `JobOptions`.

    Args:
        session: Where items are sent.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    def create_accounts(
        self,
        source: str
        | os.PathLike[str]
        | Iterable[AccountCreate | Mapping[str, object]]
        | AsyncIterable[AccountCreate | Mapping[str, object]],
        **options: Unpack[JobOptions],
    ) -> BulkJob[Account]:
        """Create an account a row.

        Args:
            source: A CSV or JSON Lines file, or an iterable or async iterable of models or mappings.
            **options: See `JobOptions`.

        Raises:
            SourceError: The file cannot be read, or lacks a column.
            ConfigurationError: An option cannot be meant.
        """
        settings, session = self._told(options)
        create = session.accounts.create
        return self._job(session, create_kind(session, create, settings, name="accounts"), source, settings)

    def create_users(
        self,
        source: str
        | os.PathLike[str]
        | Iterable[UserCreate | Mapping[str, object]]
        | AsyncIterable[UserCreate | Mapping[str, object]],
        *,
        account_id: str | None = None,
        **options: Unpack[JobOptions],
    ) -> BulkJob[User]:
        """Create a user a row.

        A row names its account by `account_id`, or by `account_number`, which is looked up once and
        remembered; `account_id=` names it for all of them.

        Args:
            source: A CSV or JSON Lines file, or an iterable or async iterable of models or mappings.
            account_id: The account of every row.
            **options: See `JobOptions`.

        Raises:
            SourceError: The file cannot be read, or lacks a column.
            ConfigurationError: An option cannot be meant.
        """
        settings, session = self._told(options)
        ids = {} if account_id is None else {"account_id": account_id}
        kind = create_kind(session, session.users.create, settings, ids, name="users")
        return self._job(session, kind, source, settings, {"ids": {**ids}})

    def create(
        self,
        create: BoundEndpoint[..., R],
        source: str | os.PathLike[str] | Iterable[object] | AsyncIterable[object],
        *,
        ids: Mapping[str, str] | None = None,
        **options: Unpack[JobOptions],
    ) -> BulkJob[R]:
        """Run any declared create that has a natural key.

        Args:
            create: Such as `session.accounts.create`.
            source: A CSV or JSON Lines file, or an iterable or async iterable of models or mappings.
            ids: Ids of the path that are the same for every row.
            **options: See `JobOptions`.

        Raises:
            SourceError: The file cannot be read, or lacks a column.
            ConfigurationError: The operation cannot run in bulk, or an option cannot be meant.
        """
        settings, session = self._told(options)
        kind = create_kind(session, BoundEndpoint(create.endpoint, session), settings, ids)
        return self._job(session, kind, source, settings, {"ids": {**(ids or {})}})

    def workflow(
        self,
        workflow: Workflow[W],
        source: str | os.PathLike[str] | Iterable[object] | AsyncIterable[object],
        *,
        choices: Mapping[str, str] | None = None,
        **options: Unpack[JobOptions],
    ) -> BulkJob[object]:
        """Run a workflow a row: a chain of steps, each journaled.

        Args:
            workflow: One of `alianza_async.bulk.kinds.WORKFLOWS`, or your own.
            source: A CSV or JSON Lines file, or an iterable or async iterable of models or mappings.
            choices: What it leaves to be decided, such as `{"corrections": "accept"}`.
            **options: See `JobOptions`.

        Raises:
            SourceError: The file cannot be read, or lacks a column.
            ConfigurationError: An option or a choice cannot be meant.
        """
        settings, session = self._told(options)
        kind = workflow_kind(session, workflow, settings, choices)
        return self._job(session, kind, source, settings, {"choices": {**(choices or {})}})

    def run(
        self,
        kind: str,
        source: str | os.PathLike[str] | Iterable[object] | AsyncIterable[object],
        *,
        ids: Mapping[str, str] | None = None,
        choices: Mapping[str, str] | None = None,
        **options: Unpack[JobOptions],
    ) -> BulkJob[object]:
        """Run a kind of job by its name, as the command line does.

        Args:
            kind: `accounts`, `users`, `subscribers` and the other names of `KINDS`.
            source: A CSV or JSON Lines file, or an iterable or async iterable of models or mappings.
            ids: Ids of the path that are the same for every row, such as `account_id`.
            choices: What a workflow leaves to be decided.
            **options: See `JobOptions`.

        Raises:
            SourceError: The file cannot be read, or lacks a column.
            ConfigurationError: There is no such kind, or an option cannot be meant.
        """
        settings, session = self._told(options)
        told = kind_options(ids=ids, choices=choices)
        return self._job(session, make_kind(session, kind, settings, told), source, settings, told)

    def resume(
        self,
        path: str | os.PathLike[str],
        source: str | os.PathLike[str] | Iterable[object] | AsyncIterable[object] | None = None,
        *,
        workflow: Workflow[W] | None = None,
        retry_failed: bool = False,
        **changes: Unpack[JobOptions],
    ) -> BulkJob[object]:
        """Go on with a job from its journal: what is done is left alone, what may be done is looked up first.

        Args:
            path: Its journal.
            source: Its input, where that is not a file or has moved; the same rows.
            workflow: The workflow, where it is one of your own.
            retry_failed: Whether rows that failed are tried again.
            **changes: Options that are to be others than those it began with.

        Raises:
            JournalError: There is no such journal, or it cannot be read.
            SourceError: The input cannot be read.
            ConfigurationError: An option cannot be meant, or its rows came from Python and none are given.
        """
        journal = Path(path)
        facts = read_facts(journal)
        settings, session = self._told(changes, JobSettings.from_json(facts.options))
        since = datetime.fromtimestamp(facts.created_at, UTC)
        settings = replace(settings, journal=str(journal), job_id=facts.job_id, since=since)
        made = kept_kind(session, facts, settings, workflow)
        told = kept_kind_options(facts.options)
        given = source if source is not None else facts.input
        if given is None:
            raise ConfigurationError(f"the rows of {journal} came from Python: give them again as source")
        return self._job(session, made, given, settings, told, resumed=True, retry_failed=retry_failed)

    async def reconcile(
        self,
        path: str | os.PathLike[str],
        source: str | os.PathLike[str] | Iterable[object] | AsyncIterable[object] | None = None,
    ) -> Reconciliation:
        """Find out what became of rows of which nobody could tell, and list doubles; creates nothing.

        Args:
            path: The job's journal; no process may work with it.
            source: The job's input, where that is not a file or has moved; the same rows.

        Raises:
            JournalError: The journal cannot be used, or is of another place.
            InputChangedError: The input is not the job's.
            CallError: The login failed.
        """
        from alianza_async.bulk.reconciling.reconcile import reconcile

        async with Journal.open(path) as journal:
            return await reconcile(self._session, journal, source=source)

    async def undo(
        self,
        path: str | os.PathLike[str],
        source: str | os.PathLike[str] | Iterable[object] | AsyncIterable[object] | None = None,
        *,
        workflow: Workflow[W] | None = None,
        include_live: bool = False,
        unverified: bool = False,
        dry_run: bool = False,
    ) -> UndoReport:
        """Take a job back: delete what it made, and nothing else; run again, it goes on where it was cut off.

        Args:
            path: The job's journal; no process may work with it.
            source: The job's input, where that is not a file or has moved; the same rows.
            workflow: The workflow, where it is one of your own.
            include_live: Whether numbers in service are released too: that cuts off calls, emergency calls
                included.
            unverified: Whether rows are taken back of which nobody can tell whether they were changed since.
            dry_run: Whether rows are looked at, and nothing is deleted or written.

        Raises:
            JournalError: The journal cannot be used, or is of another place.
            InputChangedError: The input is not the job's.
            CallError: The login failed.
        """
        from alianza_async.bulk.undoing.undo import undo

        return await undo(
            self._session,
            path,
            include_live=include_live,
            unverified=unverified,
            dry_run=dry_run,
            workflow=workflow,
            source=source,
        )

    async def plan(
        self,
        kind: str,
        source: str | os.PathLike[str] | Iterable[object] | AsyncIterable[object],
        *,
        check_remote: bool = False,
        ensure: bool = False,
        ids: Mapping[str, str] | None = None,
        save: str | os.PathLike[str] | None = None,
        force: bool = False,
    ) -> Plan:
        """Tell what a run of an input would do; nothing is created or changed.

        Args:
            kind: `accounts`, `users` and the other names of `KINDS`.
            source: A CSV or JSON Lines file, or an iterable or async iterable of models or mappings.
            check_remote: Look each row up by its key: is it there, and the same?
            ensure: Whether the run will look each row up first; for the number of calls.
            ids: Ids of the path that are the same for every row, such as `account_id`.
            save: Write the plan to this file too, for `alianza bulk run --plan`.
            force: Whether a file that is there may be replaced by the plan; never a journal or the input.

        Raises:
            SourceError: The input cannot be read, or lacks a column.
            ConfigurationError: An option cannot be meant.
            ResultFileError: The plan cannot be written.
            CallError: The login failed.
        """
        from alianza_async.bulk.planning.plan import plan

        return await plan(
            self._session,
            kind,
            source,
            check_remote=check_remote,
            ensure=ensure,
            ids=ids,
            save=save,
            force=force,
        )

    def _told(self, options: JobOptions, before: JobSettings | None = None) -> tuple[JobSettings, Session]:
        """Return a job's settings, and the view of the session it is sent through."""
        settings = JobSettings.of(options, before)
        session = self._session
        if settings.settle_s is not None:
            session = session.with_options(retry=replace(session.retry_policy, settle_s=settings.settle_s))
        return settings, session

    @staticmethod
    def _job(
        session: Session,
        kind: Kind[R],
        source: str | os.PathLike[str] | Iterable[object] | AsyncIterable[object],
        settings: JobSettings,
        told: Mapping[str, JsonValue] | None = None,
        *,
        resumed: bool = False,
        retry_failed: bool = False,
    ) -> BulkJob[R]:
        opened = open_source(source, fields=kind.fields, required=kind.required, key_field=kind.key_field)
        return BulkJob(
            session,
            kind,
            opened,
            settings,
            kind_options=told,
            resumed=resumed,
            retry_failed=retry_failed,
        )
