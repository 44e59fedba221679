"""Bulk jobs: rows in, one result per row, nothing lost and nothing made twice.

The modules below are for the library itself: import from here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from alianza_async.bulk.engine.context import (
        OnExists as OnExists,
    )
    from alianza_async.bulk.engine.history_facts import (
        ACCOUNTS as ACCOUNTS,
        DEVICE_LINES as DEVICE_LINES,
        TELEPHONE_NUMBERS as TELEPHONE_NUMBERS,
        USER_CALLING_PLANS as USER_CALLING_PLANS,
        USERS as USERS,
        Subject as Subject,
        Traces as Traces,
    )
    from alianza_async.bulk.engine.steps import (
        Item as Item,
        Made as Made,
        Need as Need,
        Step as Step,
        create as create,
        find_created as find_created,
        step as step,
    )
    from alianza_async.bulk.engine.workflow import (
        Workflow as Workflow,
    )
    from alianza_async.bulk.entry import (
        Bulk as Bulk,
    )
    from alianza_async.bulk.errors import (
        BulkStoppedError as BulkStoppedError,
        FailureBudgetError as FailureBudgetError,
    )
    from alianza_async.bulk.half_done import (
        HalfDone as HalfDone,
    )
    from alianza_async.bulk.input.change_tally import (
        ChangeExample as ChangeExample,
        ChangeGroup as ChangeGroup,
        ChangeTally as ChangeTally,
    )
    from alianza_async.bulk.input.file_options import (
        EncodingName as EncodingName,
        FileOptions as FileOptions,
    )
    from alianza_async.bulk.input.fingerprints import (
        Fingerprint as Fingerprint,
    )
    from alianza_async.bulk.input.places import (
        Place as Place,
    )
    from alianza_async.bulk.job import (
        BulkJob as BulkJob,
    )
    from alianza_async.bulk.journal import (
        Control as Control,
        Entry as Entry,
        Fence as Fence,
        JobFacts as JobFacts,
        JobState as JobState,
        JournalReader as JournalReader,
        JournalStore as JournalStore,
        KnownJob as KnownJob,
        MemoryStore as MemoryStore,
        NullStore as NullStore,
        Purpose as Purpose,
        RowOutcome as RowOutcome,
        RowState as RowState,
        SqliteStore as SqliteStore,
        StepEntry as StepEntry,
        StepIntent as StepIntent,
        StepOutcome as StepOutcome,
        UndoEntry as UndoEntry,
        UndoIntent as UndoIntent,
        UndoOutcome as UndoOutcome,
        forget_job as forget_job,
        known_jobs as known_jobs,
    )
    from alianza_async.bulk.kinds.by_name import (
        KINDS as KINDS,
    )
    from alianza_async.bulk.kinds.kind_table import (
        WORKFLOWS as WORKFLOWS,
    )
    from alianza_async.bulk.options import (
        JobOptions as JobOptions,
        Via as Via,
    )
    from alianza_async.bulk.output.export import (
        Export as Export,
        export as export,
    )
    from alianza_async.bulk.planning.plan import (
        plan as plan,
    )
    from alianza_async.bulk.planning.plan_file import (
        PlanFacts as PlanFacts,
        check_plan as check_plan,
    )
    from alianza_async.bulk.planning.plan_report import (
        Held as Held,
        NearRow as NearRow,
        Plan as Plan,
        PlannedRow as PlannedRow,
        Reason as Reason,
        Shown as Shown,
        Verdict as Verdict,
    )
    from alianza_async.bulk.reconciling.doubles import (
        doubles as doubles,
    )
    from alianza_async.bulk.reconciling.reconciliation import (
        Double as Double,
        Reconciliation as Reconciliation,
        StillUnknown as StillUnknown,
    )
    from alianza_async.bulk.report import (
        ItemResult as ItemResult,
        Outage as Outage,
        Report as Report,
        Status as Status,
    )
    from alianza_async.bulk.undoing.undo_plan import (
        UndoEffect as UndoEffect,
        UndoPlan as UndoPlan,
        Unproven as Unproven,
        plan_undo as plan_undo,
    )
    from alianza_async.bulk.undoing.undo_report import (
        UndoReport as UndoReport,
        UndoResult as UndoResult,
        UndoStatus as UndoStatus,
    )

if not TYPE_CHECKING:  # checkers read the list above; a test holds the two equal
    from alianza_async._names import lazy

    __getattr__, __dir__, __all__ = lazy(
        __name__,
        {
            "engine.context": "OnExists",
            "engine.history_facts": """
                ACCOUNTS DEVICE_LINES TELEPHONE_NUMBERS USERS USER_CALLING_PLANS Subject Traces
            """,
            "engine.steps": "Item Made Need Step create find_created step",
            "engine.workflow": "Workflow",
            "entry": "Bulk",
            "errors": "BulkStoppedError FailureBudgetError",
            "half_done": "HalfDone",
            "input.change_tally": "ChangeExample ChangeGroup ChangeTally",
            "input.file_options": "EncodingName FileOptions",
            "input.fingerprints": "Fingerprint",
            "input.places": "Place",
            "job": "BulkJob",
            "journal": """
                Control Entry Fence JobFacts JobState JournalReader JournalStore KnownJob
                MemoryStore NullStore Purpose RowOutcome RowState SqliteStore StepEntry
                StepIntent StepOutcome UndoEntry UndoIntent UndoOutcome forget_job known_jobs
            """,
            "kinds.by_name": "KINDS",
            "kinds.kind_table": "WORKFLOWS",
            "options": "JobOptions Via",
            "output.export": "Export export",
            "planning.plan": "plan",
            "planning.plan_file": "PlanFacts check_plan",
            "planning.plan_report": "Held NearRow Plan PlannedRow Reason Shown Verdict",
            "reconciling.doubles": "doubles",
            "reconciling.reconciliation": "Double Reconciliation StillUnknown",
            "report": "ItemResult Outage Report Status",
            "undoing.undo_plan": "UndoEffect UndoPlan Unproven plan_undo",
            "undoing.undo_report": "UndoReport UndoResult UndoStatus",
        },
    )
