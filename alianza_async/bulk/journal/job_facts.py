"""What becomes of a job's facts when something more is known of it: the same for every store."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import JsonValue

    from alianza_async.bulk.journal.entries import JobFacts, JobState

__all__ = ["changed_facts", "logins_of", "with_login"]

_LOGINS: Final = "logins"


def changed_facts(
    facts: JobFacts,
    *,
    now: float,
    begins: bool,
    state: JobState | None,
    rows: int | None,
    scope: str | None,
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
        scope=facts.scope if scope is None else scope,
        login=facts.login if login is None else login,
        options=facts.options if options is None else dict(options),
    )


def logins_of(facts: JobFacts) -> tuple[str, ...]:
    """Return the user names of all logins that a job was run by, the latest last."""
    before = facts.options.get(_LOGINS)
    names = [name for name in before if isinstance(name, str)] if isinstance(before, list) else []
    return (*(name for name in names if name != facts.login), *([facts.login] if facts.login else []))


def with_login(facts: JobFacts, login: str | None) -> dict[str, JsonValue] | None:
    """Return a job's options once another login goes on with it; None where none does."""
    names = logins_of(facts)
    return None if login is None or login in names else {**facts.options, _LOGINS: [*names, login]}
