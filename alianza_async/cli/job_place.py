"""Where a job continues: a journal is a file, and whoever wrote it must not decide where a password goes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from alianza_async.calls.hosts import is_same_place
from alianza_async.cli.connect import make_session, place
from alianza_async.cli.journals import place_of
from alianza_async.errors import ConfigurationError
from alianza_async.settings import Environment, Settings, resolve_base_url

if TYPE_CHECKING:
    from alianza_async.bulk.journal import JobFacts
    from alianza_async.cli.options import Where
    from alianza_async.session import Session

__all__ = ["as_it_began", "options_given", "options_to"]


def as_it_began(facts: JobFacts, where: Where, rate: float | None) -> Session:
    """Return the session that continues a job, not yet open.

    Of a journal's places only the provider's own are taken. Any other base URL, and the environment beside
    it, has to be given again, by option or variable; and what is given has to be the job's place. The
    partition is the job's, unless another one is given, and so is the rate.

    Raises:
        ConfigurationError: A setting is missing or invalid, or the job's place has to be given.
    """
    told = Settings.load(where.env_file) if where.env_file is None or where.env_file.is_file() else None
    if told is not None:  # else `make_session` says what is wrong with it
        if told.where(base_url=where.base_url, environment=where.environment) == (None, None):
            own = _own_environment(facts)
            if own is None:
                raise ConfigurationError(
                    f"this job was sent to {place_of(facts)}, which is none of the provider's own addresses, "
                    f"and a journal does not decide where a password goes: {_give(facts)}, if it may go there"
                )
            where = replace(where, environment=own)
        if where.partition is None and told.partition_id is None:
            where = replace(where, partition=facts.scope)
    kept = facts.options.get("rate")
    if rate is None and isinstance(kept, (int, float)):
        rate = float(kept)
    session = make_session(where, rate=rate)
    _refuse_other_place(facts, session)
    return session


def options_given(where: Where, *, partition: bool = True) -> list[str]:
    """Return the options that said where a command goes: one that it proposes goes there with the same.

    Args:
        where: The command's own options.
        partition: Whether the partition counts; a journal has its own.
    """
    given = {
        "--env-file": where.env_file,
        "--base-url": where.base_url,
        "--environment": where.environment,
        "--partition": where.partition if partition else None,
    }
    return [word for name, value in given.items() if value is not None for word in (name, str(value))]


def options_to(facts: JobFacts, where: Where | None = None, *, has_journal: bool = True) -> list[str]:
    """Return the options with which a command that is typed here goes where a job went.

    Args:
        facts: The job.
        where: The options of the command that proposes it; None for one that goes nowhere itself.
        has_journal: Whether it is one that continues the journal, and takes the provider's own places of it.
    """
    given = [] if where is None else options_given(where, partition=not has_journal)
    return given if _leads_to(facts, where, has_journal=has_journal) else [*given, *_options(facts)]


def _leads_to(facts: JobFacts, where: Where | None, *, has_journal: bool) -> bool:
    """Tell whether options and variables alone lead where a job went."""
    env_file, base_url, environment = (
        (None, None, None) if where is None else (where.env_file, where.base_url, where.environment)
    )
    try:
        told = Settings.load(env_file).where(base_url=base_url, environment=environment)
        if told == (None, None):
            own = _own_environment(facts)
            return own is not None if has_journal else own is Environment.BETA  # which is meant by nothing
        base_url, leads_to = resolve_base_url(*told)
    except ConfigurationError:
        return False
    return is_same_place(facts.base_url, base_url) and facts.environment in {None, leads_to}


def _own_environment(facts: JobFacts) -> Environment | None:
    """Return the environment that a job was sent to, at the provider's own URL of it; None for any other."""
    for environment in Environment:
        if facts.environment in {None, environment} and is_same_place(facts.base_url, environment.base_url):
            return environment
    return None


def _refuse_other_place(facts: JobFacts, session: Session) -> None:
    """Refuse a session that is not where a job was sent, before it logs in.

    Raises:
        ConfigurationError: It is not.
    """
    is_same = is_same_place(facts.base_url, session.base_url)
    if not is_same or facts.environment not in {None, session.environment}:
        what = "environment" if is_same else "base URL"
        raise ConfigurationError(
            f"this job was sent to {place_of(facts)}, and the {what} given is another one, {place(session)}: "
            f"{_give(facts)}"
        )


def _give(facts: JobFacts) -> str:
    """Return what to give so that a job continues where it began."""
    alone = "" if _own_environment(facts) is None else " alone"
    return f"give {' '.join(_options(facts))}{alone}"


def _options(facts: JobFacts) -> list[str]:
    """Return the options that name a job's place."""
    own = _own_environment(facts)
    if own is not None:
        return ["--environment", own.value]
    beside = [] if facts.environment is None else ["--environment", facts.environment]
    return ["--base-url", facts.base_url, *beside]
