"""The journal of a job: a file that survives what the job does not. See docs/journal.md."""

from __future__ import annotations

from alianza_async.bulk.journal.control import ask
from alianza_async.bulk.journal.entries import Control, Entry, JobFacts, JobState, StepEntry, UndoEntry
from alianza_async.bulk.journal.journal import Journal
from alianza_async.bulk.journal.reader import JournalReader
from alianza_async.bulk.journal.texts import safe_text

__all__ = [
    "Control",
    "Entry",
    "JobFacts",
    "JobState",
    "Journal",
    "JournalReader",
    "StepEntry",
    "UndoEntry",
    "ask",
    "safe_text",
]
