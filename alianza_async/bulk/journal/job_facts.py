"""What becomes of a job's facts when something more is known of it: the same for every store."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import JsonValue

    from alianza_async.bulk.journal.entries import JobFacts, JobState

__all__ = ["changed_facts"]


def changed_facts(
    facts: JobFacts,
    *,
    now: float,
    begins: bool,
    state: JobState | None,
    rows: int | None,
    partition_id: str | None,
    login: str | None,
    options: Mapping[str, JsonValue] | None,
) -> JobFacts:
    """Return a job's facts with what has become known; what is None stays as it is."""
    ended = now if state in {"stopped", "finished"} else None if state else facts.ended_at
    return replace(
        facts,
        runs=facts.runs + begins,
        started_at=now if begins else facts.started_at,
        ended_at=ended,
        state=state or facts.state,
        rows=facts.rows if rows is None else rows,
        partition_id=facts.partition_id if partition_id is None else partition_id,
        login=facts.login if login is None else login,
        options=facts.options if options is None else dict(options),
    )
