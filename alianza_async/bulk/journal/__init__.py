"""The journal of a job: a file that survives what the job does not. See docs/journal.md."""

from __future__ import annotations

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
from alianza_async.bulk.journal.memory import MemoryStore
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
    "JournalStore",
    "MemoryStore",
    "Purpose",
    "PutBack",
    "RowOutcome",
    "RowState",
    "StepEntry",
    "StepIntent",
    "StepOutcome",
    "UndoEntry",
    "UndoIntent",
    "UndoOutcome",
    "safe_text",
]
