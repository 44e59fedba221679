"""Account history of one job: whose creations count as ours, and which keys other known jobs sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alianza_async.bulk.engine.evidence import History

if TYPE_CHECKING:
    from alianza_async.bulk.journal.store import JournalStore
    from alianza_async.session import Session

__all__ = ["history_of"]


def history_of(session: Session, store: JournalStore) -> History:
    """Return what tells who made the objects of a job."""
    return History()
