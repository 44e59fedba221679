"""Between a job and its journal: begun or gone on with, the right input, what another terminal asks."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import anyio

from alianza_async.bulk.input.counting import count_rows
from alianza_async.bulk.input.fingerprints import Fingerprint
from alianza_async.bulk.journal import JobFacts, Journal, JournalReader
from alianza_async.bulk.past import Past, refuse_undone
from alianza_async.errors import InputChangedError, JournalError
from alianza_async.identifiers import new_call_id

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import JsonValue

    from alianza_async.bulk.input.sources import Source
    from alianza_async.bulk.options import JobSettings
    from alianza_async.bulk.runner import Runner
    from alianza_async.session import Session

__all__ = ["Kept", "heed", "open_journal", "read_facts"]

_LOOK_EVERY_S: Final = 0.5


class Kept(NamedTuple):
    """A job's journal while the job runs.

    Attributes:
        journal: The journal.
        past: What earlier runs have done; None in the first run.
    """

    journal: Journal
    past: Past | None


def read_facts(path: Path) -> JobFacts:
    """Return what a journal says of its job; takes no lock.

    Raises:
        JournalError: There is no such journal, or it cannot be read.
    """
    with JournalReader(path) as reader:
        return reader.facts


async def open_journal(
    session: Session,
    source: Source,
    settings: JobSettings,
    *,
    kind: str,
    kind_options: Mapping[str, JsonValue],
    resumed: bool,
    retry_failed: bool,
) -> Kept | None:
    """Begin a job's journal, or go on with it; None where the job keeps none.

    Args:
        session: Where the job is sent.
        source: Its input.
        settings: Its options.
        kind: What a row becomes.
        kind_options: What the kind was told.
        resumed: Whether the journal must be there already.
        retry_failed: Whether rows that failed are tried again.

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
    if settings.journal is None:
        return None
    path = Path(settings.journal)
    asked = JobFacts(
        job_id=settings.job_id or new_call_id(),
        kind=kind,
        input=str(await anyio.Path(source.name).resolve()) if source.is_file else None,
        input_sha256=None if found is None else found.sha256,
        options={
            **settings.to_json(),
            "rate": session.full_rate,
            **({"fingerprint": found.to_json()} if found is not None else {}),
            **({"kind": dict(kind_options)} if kind_options else {}),
        },
        base_url=session.base_url,
        environment=None if session.environment is None else session.environment.value,
        partition_id=await session.partition_id(),
        login=_login(session),
        rows=await anyio.to_thread.run_sync(count_rows, source.name) if source.is_file else None,
    )
    goes_on = resumed or (settings.job_id is not None and await anyio.Path(path).exists())
    if not goes_on:
        return Kept(Journal.create(path, asked), None)
    journal = Journal.open(path)
    try:
        _check(journal, asked, named=settings.job_id is not None)
        refuse_undone(journal)
        await journal.set_job(state="running", login=asked.login)
        return Kept(journal, Past(journal, by_key=not source.is_file, retry_failed=retry_failed))
    except BaseException:
        await journal.aclose()
        raise


def _check(journal: Journal, asked: JobFacts, *, named: bool) -> None:
    """Refuse a journal that is another job's, and an input that is not the one it was begun with.

    Raises:
        JournalError: It is another job's.
        InputChangedError: The input is another one.
    """
    facts = journal.facts
    pairs = {
        "job": (facts.job_id, asked.job_id if named else facts.job_id),
        "kind": (facts.kind, asked.kind),
        # What a server's job may still do, single calls would do a second time.
        "a job via": (facts.options.get("via", "calls"), asked.options["via"]),
        "base URL": (facts.base_url, asked.base_url),
        "partition": (facts.partition_id, asked.partition_id),
    }
    for name, (has, wanted) in pairs.items():
        if has != wanted:
            raise JournalError(
                f"{journal.path} is the journal of {name} {has!r}, not {wanted!r}: give another path to "
                "begin another job"
            )
    if facts.input_sha256 != asked.input_sha256:
        was, now = (found.input or "rows from Python" for found in (facts, asked))
        how = "has changed since" if was == now else f"is not the input of {journal.path}, which is {was}"
        raise InputChangedError(
            f"{now} {how}: resume the job with the input it had, and run what has changed as a job of its own"
        )


async def heed(journal: Journal, runner: Runner[object], session: Session) -> None:
    """Do what another terminal asks of a running job: pause, go on, another rate; ends by cancellation."""
    rate: float | None = None
    while True:
        try:
            asked = journal.control()
        except JournalError as error:
            runner.broken(error)  # what cannot be read cannot be relied on
            return
        runner.pause(asked.paused)
        if asked.rate is not None and asked.rate != rate:
            rate = asked.rate
            session.change_rate(rate)
        await asyncio.sleep(_LOOK_EVERY_S)


def _login(session: Session) -> str | None:
    info = session.info
    return None if info is None else info.username
