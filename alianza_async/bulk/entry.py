"""`session.bulk`: many items at once, one result each."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, Unpack

from alianza_async.bulk.input.file_options import AS_IT_IS
from alianza_async.bulk.input.sources import open_source, refuse_misspelt
from alianza_async.bulk.job import BulkJob
from alianza_async.bulk.job_journal import read_facts
from alianza_async.bulk.kinds.by_name import (
    kept_kind,
    kept_kind_options,
    kind_named,
    kind_of,
    kind_options,
)
from alianza_async.bulk.options import JobOptions, JobSettings, takes_job_options
from alianza_async.errors import ConfigurationError

if TYPE_CHECKING:
    import os
    from collections.abc import AsyncIterable, Collection, Iterable, Mapping

    from pydantic import JsonValue

    from alianza_async.bulk.engine.kind import AnyKind
    from alianza_async.bulk.engine.workflow import Workflow
    from alianza_async.bulk.input.file_options import FileOptions
    from alianza_async.bulk.planning.plan_report import Plan
    from alianza_async.bulk.reconciling.reconcile import Reconciliation
    from alianza_async.bulk.undoing.undo_report import UndoReport
    from alianza_async.endpoints.endpoint import BoundEndpoint
    from alianza_async.endpoints.models import WriteModel
    from alianza_async.models.accounts import AccountCreate
    from alianza_async.models.users import UserCreate
    from alianza_async.session import Session

__all__ = ["Bulk"]

W = TypeVar("W", bound="WriteModel")


class Bulk:
    """Bulk jobs of a session; every job takes the options of `JobOptions`.

    Args:
        session: Where items are sent.
    """

    def __init__(self, session: Session) -> None:
        self._given = session

    @cached_property
    def _session(self) -> Session:
        """The view that jobs send over: they give way to calls that somebody waits for."""
        return self._given.with_options(traffic="bulk")

    def __repr__(self) -> str:
        """Return whose it is."""
        return f"<Bulk of {self._given!r}>"

    @takes_job_options
    def create_accounts(
        self,
        source: str
        | os.PathLike[str]
        | Iterable[AccountCreate | Mapping[str, object]]
        | AsyncIterable[AccountCreate | Mapping[str, object]],
        **options: Unpack[JobOptions],
    ) -> BulkJob:
        """Create one account per row.

        Args:
            source: A CSV or JSON Lines file, or an iterable or async iterable of models or mappings.
            **options: See `JobOptions`.

        Raises:
            SourceError: The file cannot be read, or lacks a column.
            ConfigurationError: An option is invalid.
        """
        return self.run("accounts", source, **options)

    @takes_job_options
    def create_users(
        self,
        source: str
        | os.PathLike[str]
        | Iterable[UserCreate | Mapping[str, object]]
        | AsyncIterable[UserCreate | Mapping[str, object]],
        *,
        account_id: str | None = None,
        **options: Unpack[JobOptions],
    ) -> BulkJob:
        """Create one user per row.

        A row names its account by `account_id`, or by `account_number`, which is looked up once and
        remembered; `account_id=` names it for all of them.

        Args:
            source: A CSV or JSON Lines file, or an iterable or async iterable of models or mappings.
            account_id: The account of every row.
            **options: See `JobOptions`.

        Raises:
            SourceError: The file cannot be read, or lacks a column.
            ConfigurationError: An option is invalid.
        """
        ids = {} if account_id is None else {"account_id": account_id}
        return self.run("users", source, ids=ids, **options)

    @takes_job_options
    def create(
        self,
        create: BoundEndpoint[..., object],
        source: str | os.PathLike[str] | Iterable[object] | AsyncIterable[object],
        *,
        ids: Mapping[str, str] | None = None,
        **options: Unpack[JobOptions],
    ) -> BulkJob:
        """Run any declared create that has a natural key.

        Args:
            create: Such as `session.accounts.create`.
            source: A CSV or JSON Lines file, or an iterable or async iterable of models or mappings.
            ids: Ids of the path that are the same for every row.
            **options: See `JobOptions`.

        Raises:
            SourceError: The file cannot be read, or lacks a column.
            ConfigurationError: The operation cannot run in bulk, or an option is invalid.
        """
        if create.options:
            named = ", ".join(create.options)
            raise ConfigurationError(
                f"a job does not take the options of one operation ({named}); give them to the session: "
                "session.with_options(...).bulk"
            )
        return self.run(create.operation.operation_id, source, ids=ids, **options)

    @takes_job_options
    def workflow(
        self,
        workflow: Workflow[W],
        source: str | os.PathLike[str] | Iterable[object] | AsyncIterable[object],
        *,
        choices: Mapping[str, str] | None = None,
        **options: Unpack[JobOptions],
    ) -> BulkJob:
        """Run a workflow per row: a chain of steps, each journaled.

        Args:
            workflow: One of `alianza_async.bulk.WORKFLOWS`, or your own.
            source: A CSV or JSON Lines file, or an iterable or async iterable of models or mappings.
            choices: Its choices, such as `{"corrections": "accept"}`.
            **options: See `JobOptions`.

        Raises:
            SourceError: The file cannot be read, or lacks a column.
            ConfigurationError: An option or a choice is invalid.
        """
        settings, session = self._settings(options)
        given = kind_options(choices=choices)
        return self._job(session, kind_of(session, workflow, settings, given), source, settings, given)

    @takes_job_options
    def run(
        self,
        kind: str,
        source: str | os.PathLike[str] | Iterable[object] | AsyncIterable[object],
        *,
        ids: Mapping[str, str] | None = None,
        choices: Mapping[str, str] | None = None,
        **options: Unpack[JobOptions],
    ) -> BulkJob:
        """Run a kind of job by its name, as the command line does.

        Args:
            kind: `accounts`, `users`, `subscribers` and the other names of `KINDS`.
            source: A CSV or JSON Lines file, or an iterable or async iterable of models or mappings.
            ids: Ids of the path that are the same for every row, such as `account_id`.
            choices: The workflow's choices.
            **options: See `JobOptions`.

        Raises:
            SourceError: The file cannot be read, or lacks a column.
            ConfigurationError: There is no such kind, or an option is invalid.
        """
        settings, session = self._settings(options)
        given = kind_options(ids=ids, choices=choices)
        return self._job(session, kind_named(session, kind, settings, given), source, settings, given)

    @takes_job_options
    def resume(
        self,
        path: str | os.PathLike[str],
        source: str | os.PathLike[str] | Iterable[object] | AsyncIterable[object] | None = None,
        *,
        workflow: Workflow[W] | None = None,
        retry_failed: bool = False,
        restored: bool = False,
        **changes: Unpack[JobOptions],
    ) -> BulkJob:
        """Resume a job from its journal: what is done is left alone, what may be done is looked up first.

        Options that are given are changed; the others are those it began with.

        Args:
            path: Its journal.
            source: Its input, where that is not a file or has moved; the same rows.
            workflow: The workflow, where it is one of your own.
            retry_failed: Whether rows that failed are tried again.
            restored: Whether the journal may be an older copy of itself, such as one from a backup: then each
                row that it does not know to be done is looked up before it is sent.
            **changes: See `JobOptions`.

        Raises:
            JournalError: There is no such journal, or it cannot be read.
            SourceError: The input cannot be read.
            ConfigurationError: An option is invalid, or its rows came from Python and none are given.
        """
        journal = Path(path)
        facts = read_facts(journal)
        began = JobSettings.from_json(facts.options)
        settings, session = self._settings(changes, began)
        if settings.file != began.file:
            raise ConfigurationError(
                f"the input of {journal} was read in another way when the job began: leave file= out, and it "
                "is read as it was"
            )
        settings = replace(settings, journal=str(journal), job_id=facts.job_id)
        made = kept_kind(session, facts, settings, workflow)
        kept = kept_kind_options(facts.options)
        given = source if source is not None else facts.input
        if given is None:
            raise ConfigurationError(f"the rows of {journal} came from Python: give them again as source")
        return self._job(
            session, made, given, settings, kept, resumed=True, retry_failed=retry_failed, restored=restored
        )

    async def reconcile(
        self,
        path: str | os.PathLike[str],
        source: str | os.PathLike[str] | Iterable[object] | AsyncIterable[object] | None = None,
        *,
        workflow: Workflow[W] | None = None,
        file: FileOptions | None = None,
    ) -> Reconciliation:
        """Find out what became of rows whose outcome is not known, and list doubles; creates nothing.

        Args:
            path: The job's journal; no process may work with it.
            source: The job's input, where that is not a file or has moved; the same rows.
            workflow: The workflow, where it is one of your own.
            file: How the input is read, where that is not as the job began.

        Raises:
            JournalError: The journal cannot be used, or is of another place.
            InputChangedError: The input is not the job's.
            CallError: The login failed.
        """
        from alianza_async.bulk.reconciling.reconcile import reconcile

        return await reconcile(self._session, path, source=source, workflow=workflow, file=file)

    async def undo(
        self,
        path: str | os.PathLike[str],
        source: str | os.PathLike[str] | Iterable[object] | AsyncIterable[object] | None = None,
        *,
        workflow: Workflow[W] | None = None,
        include_live: bool = False,
        unverified: bool = False,
        dry_run: bool = False,
        only: Collection[int] | None = None,
        file: FileOptions | None = None,
    ) -> UndoReport:
        """Undo a job: delete what it provably made, restore what it changed, and nothing else.

        Run again, it goes on where it was cut off.

        Args:
            path: The job's journal; no process may work with it.
            source: The job's input, where that is not a file or has moved; the same rows.
            workflow: The workflow, where it is one of your own.
            include_live: Whether numbers in service are released too: that cuts off calls, emergency calls
                included.
            unverified: Whether objects are deleted, or restored, of which nothing proves who made or changed
                them; never those that account history says somebody else made or changed.
            dry_run: Whether rows are looked at, and nothing is deleted or written.
            only: Numbers of the rows to undo; None = all.
            file: How the input is read, where that is not as the job began.

        Raises:
            JournalError: The journal cannot be used, or is of another place.
            ConfigurationError: What such a job makes cannot be undone.
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
            only=only,
            workflow=workflow,
            source=source,
            file=file,
        )

    async def plan(
        self,
        kind: str | Workflow[W],
        source: str | os.PathLike[str] | Iterable[object] | AsyncIterable[object],
        *,
        check_remote: bool = False,
        ensure: bool = False,
        strict: bool = False,
        ids: Mapping[str, str] | None = None,
        choices: Mapping[str, str] | None = None,
        save: str | os.PathLike[str] | None = None,
        force: bool = False,
        file: FileOptions = AS_IT_IS,
    ) -> Plan:
        """Tell what a run of an input would do; nothing is created or changed.

        Args:
            kind: `accounts`, `users` and the other names of `KINDS`, or a workflow of your own.
            source: A CSV or JSON Lines file, or an iterable or async iterable of models or mappings.
            check_remote: Look each row up by its keys: is it there, and the same?
            ensure: Whether the run will look each row up first; for the number of calls.
            strict: Whether a value that would be read otherwise than it stands is refused.
            ids: Ids of the path that are the same for every row, such as `account_id`.
            choices: The workflow's choices.
            save: Write the plan to this file too, for `alianza bulk run --plan`.
            force: Whether a file that is there may be replaced by the plan; never a journal or the input.
            file: How a file is read, where it does not say so itself.

        Raises:
            SourceError: The input cannot be read, or lacks a column.
            ConfigurationError: An option is invalid.
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
            strict=strict,
            ids=ids,
            choices=choices,
            save=save,
            force=force,
            file=file,
        )

    def _settings(
        self, options: JobOptions, before: JobSettings | None = None
    ) -> tuple[JobSettings, Session]:
        """Return a job's settings, and the view of the session it is sent through."""
        settings = JobSettings.of(options, before)
        session = self._session
        if settings.settle_s is not None:
            session = session.with_options(retry=replace(session.retry_policy, settle_s=settings.settle_s))
        return settings, session

    @staticmethod
    def _job(
        session: Session,
        kind: AnyKind,
        source: str | os.PathLike[str] | Iterable[object] | AsyncIterable[object],
        settings: JobSettings,
        kind_options: Mapping[str, JsonValue] | None = None,
        *,
        resumed: bool = False,
        retry_failed: bool = False,
        restored: bool = False,
    ) -> BulkJob:
        opened = open_source(
            source,
            fields=kind.fields,
            required=kind.required,
            key_field=kind.key_field,
            readings=kind.readings(strict=settings.strict),
            options=settings.file,
        )
        if not resumed:  # a job that began goes on with what it sent
            refuse_misspelt(opened)
        return BulkJob(
            session,
            kind,
            opened,
            settings,
            kind_options=kind_options,
            resumed=resumed,
            retry_failed=retry_failed,
            restored=restored,
        )
