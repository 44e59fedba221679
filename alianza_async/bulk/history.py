"""Account history of one job: whose creations count as ours, and which keys other known jobs sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import anyio

from alianza_async.bulk.engine.evidence import History, Sample
from alianza_async.bulk.engine.kind import made_of
from alianza_async.bulk.engine.private import change_in
from alianza_async.bulk.engine.recording_session import RecordingSession
from alianza_async.bulk.engine.settlement import sought_of
from alianza_async.bulk.engine.steps import Item
from alianza_async.bulk.journal.job_facts import logins_of
from alianza_async.bulk.journal.known_jobs import KnownJob, known_jobs
from alianza_async.bulk.journal.reader import JournalReader
from alianza_async.calls.hosts import is_same_place
from alianza_async.errors import AlianzaError, JournalError

if TYPE_CHECKING:
    from alianza_async.bulk.engine.evidence import Subject
    from alianza_async.bulk.engine.kind import AnyKind
    from alianza_async.bulk.journal.store import JobFacts, JournalStore, RowState
    from alianza_async.session import Session

__all__ = ["history_of", "journaled_samples"]

_SAMPLES = 5
_LOOKED_AT = 200
_BEGUN = ("created", "updated", "failed", "unknown", "intent", "pending")  # of which a step may be answered


def history_of(session: Session, store: JournalStore) -> History:
    """Return what tells who made the objects of a job.

    Args:
        session: Where to ask.
        store: The job's journal.
    """
    facts = store.facts
    logins = logins_of(facts)

    async def sent_elsewhere(subject: Subject, since: float | None) -> bool:
        return await anyio.to_thread.run_sync(_sent_elsewhere, facts, subject.key, since)

    return History(session, logins=logins, sent_elsewhere=sent_elsewhere)


async def journaled_samples(store: JournalStore, kind: AnyKind, session: Session) -> list[Sample]:
    """Return what earlier runs made or changed with a known answer, to measure the server's clock by.

    Args:
        store: The job's journal.
        kind: What its rows become.
        session: A session, for what its steps say of their objects.

    Raises:
        JournalError: The journal cannot be read.
    """
    found: list[Sample] = []
    view = RecordingSession.over(session)
    looked_at = 0
    async for state in store.entries(*_BEGUN):
        looked_at += 1
        found += _samples_of(state, kind, view)
        if len(found) >= _SAMPLES or looked_at >= _LOOKED_AT:
            break
    return found[:_SAMPLES]


def _samples_of(state: RowState, kind: AnyKind, session: Session) -> list[Sample]:
    """Return what a row's answered steps tell of the server's clock."""
    item: Item[Any] = Item(session, None, kind.choices, kind.ids)
    for name, entry in state.steps.items():
        if entry.object_id is not None:
            item.made[name] = made_of(entry)
    found: list[Sample] = []
    for step in kind.workflow.steps:
        kept = state.steps.get(step.name)
        if kept is None or step.subject is None or kept.evidence != "answered" or kept.adopted:
            continue
        if kept.sent_at is None or kept.settled_at is None or kept.attempts != 1:
            continue
        item.begin(step.name, kept.key, lost=False)
        try:
            subject = step.subject(item)
        except AlianzaError:
            continue
        if subject is not None:
            own = kept.object_id if kept.object_id != kept.key else None
            # The journal cuts its times off to milliseconds.
            answered_at = kept.settled_at + 0.001
            sought = sought_of(kept.purpose or step.purpose, change_in(kept.change))
            named = subject.owner_id or (own if sought is None else kept.object_id)
            found.append(Sample(subject, named, kept.sent_at, answered_at, sought))
    return found


def _sent_elsewhere(facts: JobFacts, key: str, since: float | None) -> bool:
    """Tell whether another job of the same login that this machine knows of has sent a key."""
    for job in known_jobs():
        if job.job_id != facts.job_id and _is_rival(job, facts):
            try:
                with JournalReader(job.path) as reader:
                    if reader.sent_key(key, since=since):
                        return True
            except JournalError:
                continue  # it is gone, or is no journal any more: nothing is known of it
    return False


def _is_rival(job: KnownJob, facts: JobFacts) -> bool:
    """Tell whether a job sends by the same login to the same place."""
    same_place = job.scope == facts.scope and is_same_place(job.base_url, facts.base_url)
    return same_place and (job.login is None or facts.login is None or job.login in logins_of(facts))
