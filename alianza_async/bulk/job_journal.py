"""Between a job and its journal: begun or resumed, the right input, what another terminal asks."""

from __future__ import annotations

import asyncio
import os
import socket
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import anyio

from alianza_async.bulk.engine.resume_state import ResumeState, refuse_undone
from alianza_async.bulk.input.file_options import FileOptions
from alianza_async.bulk.input.fingerprints import Fingerprint
from alianza_async.bulk.journal.job_facts import with_login
from alianza_async.bulk.journal.null import NullStore
from alianza_async.bulk.journal.reader import JournalReader
from alianza_async.bulk.journal.sqlite import SqliteStore
from alianza_async.bulk.journal.store import JobFacts
from alianza_async.calls.hosts import is_same_place
from alianza_async.calls.identifiers import new_call_id
from alianza_async.errors import InputChangedError, JournalError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import JsonValue

    from alianza_async.bulk.engine.runner import Runner
    from alianza_async.bulk.input.sources import Source
    from alianza_async.bulk.journal.store import Fence, JournalStore
    from alianza_async.bulk.options import JobSettings
    from alianza_async.bulk.report import Report
    from alianza_async.session import Session

__all__ = ["Kept", "heed", "lease", "open_journal", "read_facts", "refuse_elsewhere"]

LEASE_S: Final = 30.0
"""Seconds after which a job that no longer beats has lost its lease."""

_LOOK_EVERY_S: Final = 0.5
_BEAT_EVERY: Final = 4  # looks


class Kept(NamedTuple):
    """A job's journal while the job runs.

    Attributes:
        store: The journal.
        fence: What writes to it are fenced with.
        path: Where it is; None for a job that keeps none.
        resumed: What earlier runs have done; None in the first run.
    """

    store: JournalStore
    fence: Fence
    path: Path | None
    resumed: ResumeState | None


def read_facts(path: Path) -> JobFacts:
    """Return what a journal says of its job; takes no lock.

    Raises:
        JournalError: There is no such journal, or it cannot be read.
    """
    with JournalReader(path) as reader:
        return reader.facts


async def lease(store: JournalStore) -> Fence:
    """Take the lease of a job whose rows are one chunk.

    Raises:
        JournalError: Another process has it, or the journal cannot be written.
    """
    return await store.lease(owner=f"{socket.gethostname()}:{os.getpid()}", ttl_s=LEASE_S)


async def open_journal(
    session: Session,
    source: Source,
    settings: JobSettings,
    *,
    kind: str,
    kind_options: Mapping[str, JsonValue],
    resumed: bool,
    retry_failed: bool,
    restored: bool = False,
) -> Kept:
    """Begin a job's journal, or go on with it.

    Args:
        session: Where the job is sent.
        source: Its input.
        settings: Its options.
        kind: What a row becomes.
        kind_options: The kind's own options.
        resumed: Whether the journal must be there already.
        retry_failed: Whether rows that failed are tried again.
        restored: Whether the journal may be an older copy of itself: then every row is looked up first.

    Raises:
        JournalError: It is there and must not be, or must be and is not; it cannot be written; it is another
            job's.
        InputChangedError: The input is not the one it was begun with.
        CallError: The login failed.
    """
    # Reading a large file takes seconds: not on the event loop.
    found = await anyio.to_thread.run_sync(Fingerprint.of, source.name) if source.is_file else None
    if found is not None:
        source.expect(found)  # from here on: what is sent is what was there when the job began
    asked = JobFacts(
        job_id=settings.job_id or new_call_id(),
        kind=kind,
        input=None,
        input_sha256=None if found is None else found.sha256,
        options={
            **settings.to_json(),
            "rate": session.full_rate,
            **({} if found is None else {"fingerprint": found.to_json()}),
            **({"kind": dict(kind_options)} if kind_options else {}),
        },
        base_url=session.base_url,
        environment=None if session.environment is None else session.environment.value,
        scope=None,
        login=None,
        rows=None,
    )
    if settings.journal is None:
        nothing = NullStore(asked)
        return Kept(nothing, await lease(nothing), None, None)
    path = Path(settings.journal)
    asked = replace(asked, scope=await session.partition_id(), login=_login(session))
    if source.is_file:
        asked = replace(
            asked,
            input=str(await anyio.Path(source.name).resolve()),
            rows=await anyio.to_thread.run_sync(source.count),
        )
    goes_on = resumed or (settings.job_id is not None and await anyio.Path(path).exists())
    if not goes_on:
        store = await SqliteStore.create(path, asked)
    else:
        store = await SqliteStore.open(path, restored=restored)
    try:
        fence = await lease(store)
        if not goes_on:
            return Kept(store, fence, store.path, None)
        _check(store, asked, named=settings.job_id is not None)
        await refuse_undone(store, store.path)
        options = with_login(store.facts, asked.login)
        await store.set_job(fence, state="running", login=asked.login, options=options)
        past = await ResumeState.of(store, by_key=not source.is_file, retry_failed=retry_failed)
        return Kept(store, fence, store.path, past)
    except BaseException:
        await store.aclose()
        raise


def _check(store: SqliteStore, asked: JobFacts, *, named: bool) -> None:
    """Refuse a journal that is another job's, and an input that is not the one it was begun with.

    Raises:
        JournalError: It is another job's.
        InputChangedError: The input is another one.
    """
    facts = store.facts
    pairs = {
        "job": (facts.job_id, asked.job_id if named else facts.job_id),
        "kind": (facts.kind, asked.kind),
        # What a server's job may still do, single calls would do a second time.
        "a job via": (facts.options.get("via", "calls"), asked.options["via"]),
        "base URL": (_as_asked(facts.base_url, asked.base_url), asked.base_url),
        "partition": (facts.scope, asked.scope),
    }
    for name, (has, wanted) in pairs.items():
        if has != wanted:
            raise JournalError(
                f"{store.path} is the journal of {name} {has!r}, not {wanted!r}: give another path to begin "
                "another job"
            )
    if facts.input is not None and _file_of(facts) != _file_of(asked):
        raise JournalError(
            f"the input of {store.path} was read in another way when the job began: give file= as then, "
            "or another path to begin another job"
        )
    if facts.input_sha256 != asked.input_sha256:
        was, now = (found.input or "rows from Python" for found in (facts, asked))
        how = "has changed since" if was == now else f"is not the input of {store.path}, which is {was}"
        raise InputChangedError(
            f"{now} {how}: resume the job with the input it had, and run what has changed as a job of its own"
        )


def _as_asked(base_url: str, asked: str) -> str:
    """Return a base URL as another one spells it, where both are one place."""
    return asked if is_same_place(base_url, asked) else base_url


def _file_of(facts: JobFacts) -> FileOptions:
    return FileOptions.from_json(facts.options.get("file"))


async def refuse_elsewhere(session: Session, facts: JobFacts, path: object, verb: str) -> None:
    """Refuse a session that is not where a job was sent: there all of its objects would be absent.

    Args:
        session: The session.
        facts: The job.
        path: Its journal, for the message.
        verb: What is to be done there, such as `undo`.

    Raises:
        JournalError: It was sent elsewhere.
        CallError: The login failed.
    """
    elsewhere = f"the job of {path} was sent to"
    if not is_same_place(facts.base_url, session.base_url):  # before a login: it would go to the wrong place
        raise JournalError(
            f"{elsewhere} base URL {facts.base_url!r}, not {session.base_url!r}: {verb} it there"
        )
    partition_id = await session.partition_id()
    if facts.scope and facts.scope != partition_id:
        raise JournalError(f"{elsewhere} partition {facts.scope!r}, not {partition_id!r}: {verb} it there")


async def heed(kept: Kept, runner: Runner, session: Session, report: Report) -> None:
    """Do what another terminal asks of a running job, keep its lease, note its pace; ends by cancellation."""
    refusals = session.throttled
    rate: float | None = None
    looks = 0
    while True:
        try:
            await kept.store.watch()
            asked = await kept.store.control()
            looks += 1
            if looks % _BEAT_EVERY == 0:
                await kept.store.heartbeat(kept.fence, LEASE_S)
        except JournalError as error:
            runner.broken(error)  # what cannot be read cannot be relied on
            return
        runner.pause(asked.paused)
        if asked.rate is not None and asked.rate != rate:
            rate = asked.rate
            session.change_rate(rate)
        report.note_pace(session.throttled - refusals, session.rate, session.full_rate)
        await asyncio.sleep(_LOOK_EVERY_S)


def _login(session: Session) -> str | None:
    info = session.info
    return None if info is None else info.username
