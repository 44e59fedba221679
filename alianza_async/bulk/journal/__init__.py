"""The journal of a job: a file that survives what the job does not. See docs/journal.md."""

from __future__ import annotations

from alianza_async.bulk.journal.control import ask
from alianza_async.bulk.journal.entries import (
    Control,
    Entry,
    Evidence,
    JobFacts,
    JobState,
    Purpose,
    RowState,
    StepEntry,
    UndoEntry,
)
from alianza_async.bulk.journal.known_jobs import KnownJob, forget_job, known_jobs
from alianza_async.bulk.journal.memory import MemoryStore
from alianza_async.bulk.journal.null import NullStore
from alianza_async.bulk.journal.reader import JournalReader
from alianza_async.bulk.journal.sqlite import SqliteStore
from alianza_async.bulk.journal.store import (
    Change,
    Fence,
    JournalStore,
    PutBack,
    RowOutcome,
    StepIntent,
    StepOutcome,
    UndoIntent,
    UndoOutcome,
)
from alianza_async.bulk.journal.texts import safe_text

__all__ = [
    "Change",
    "Control",
    "Entry",
    "Evidence",
    "Fence",
    "JobFacts",
    "JobState",
    "JournalReader",
    "JournalStore",
    "KnownJob",
    "MemoryStore",
    "NullStore",
    "Purpose",
    "PutBack",
    "RowOutcome",
    "RowState",
    "SqliteStore",
    "StepEntry",
    "StepIntent",
    "StepOutcome",
    "UndoEntry",
    "UndoIntent",
    "UndoOutcome",
    "ask",
    "forget_job",
    "known_jobs",
    "safe_text",
]
