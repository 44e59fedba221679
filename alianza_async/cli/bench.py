"""`alianza bench`: load on an embedded Alianza, or on a server of the user's own, with percentiles."""

from __future__ import annotations

import asyncio
import secrets
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from alianza_async.calls.hosts import is_loopback
from alianza_async.cli.bench_screen import UNPACED, Bench, introduction, tell_bench
from alianza_async.cli.connect import make_session
from alianza_async.cli.exits import Exit
from alianza_async.cli.load import Load
from alianza_async.cli.sandbox import sandbox_options
from alianza_async.errors import ConfigurationError, ConnectionFailedError
from alianza_async.models.accounts import AccountCreate
from alianza_async.policies.values import LimitPolicy
from alianza_async.session import Session
from alianza_async.settings import Credentials, Environment, Settings, resolve_base_url

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from contextlib import AbstractAsyncContextManager

    from alianza_async.cli.bench_options import BenchOptions
    from alianza_async.cli.load import MakeCall
    from alianza_async.cli.options import Where
    from alianza_async.cli.screen import Screen
    from alianza_async.sandbox import SandboxOptions

__all__ = ["run_bench"]

_CONNECTIONS: Final = 120
"""The default number of connections of a session, and the least that the sandbox has."""

_FEW: Final = 2_000
_MANY: Final = 10_000


def run_bench(told: BenchOptions, where: Where, screen: Screen) -> int:
    """Put on the load, tell what came of it, and return the exit code.

    Raises:
        ConfigurationError: An option is invalid, the load would leave this machine unasked, or the
            extra `sandbox` is needed and not installed.
        AuthenticationError: The login was refused.
        ConnectionFailedError: The server does not answer.
        KeyboardInterrupt: It was interrupted; what was measured so far is told.
    """
    for name, count in (("--requests", told.requests), ("--concurrency", told.concurrency)):
        if count is not None and count < 1:
            raise ConfigurationError(f"{name} is {count}; give 1 or more")
    embedded = where.base_url is None and where.environment is None
    unhindered = embedded and told.rate is None and not told.latency_ms
    load = Load(told.requests or (_MANY if unhindered else _FEW), told.concurrency)
    prefix = f"BENCH-{secrets.token_hex(4)}-" if told.create else None
    opening: AbstractAsyncContextManager[Session]
    if embedded:
        latency_ms = told.latency_ms or 0.0
        bench = Bench(load, prefix, latency_ms=latency_ms)
        opening = _embedded(told, _options(told, where, latency_ms))
    else:
        bench = Bench(load, prefix)
        opening = _own(told, where)
    try:
        asyncio.run(_put(bench, opening, screen))
    except KeyboardInterrupt:
        if load.seconds:
            bench.interrupted = True
            tell_bench(bench, screen)
        raise
    tell_bench(bench, screen)
    return Exit.DONE if load.answered == load.calls else Exit.NOT_DONE


def _options(told: BenchOptions, where: Where, latency_ms: float) -> SandboxOptions:
    """Return the embedded sandbox's options.

    Raises:
        ConfigurationError: One is invalid, or the command line names another server too.
    """
    for name, is_told in (
        ("--partition", where.partition is not None),
        ("--env-file", where.env_file is not None),
        ("--anywhere", told.anywhere),
    ):
        if is_told:
            raise ConfigurationError(
                f"{name} is for a server of your own, and none is named: give --base-url as well"
            )
    return sandbox_options(rate=told.rate, latency_ms=latency_ms)


@asynccontextmanager
async def _embedded(told: BenchOptions, options: SandboxOptions) -> AsyncGenerator[Session]:
    """Start a sandbox in a process of its own, and a session that heeds no `ALIANZA_*` variable."""
    from alianza_async.sandbox import SandboxProcess

    async with (
        SandboxProcess(options) as sandbox,
        Session(
            Credentials("bench", "bench"),
            base_url=sandbox.base_url,
            limit=LimitPolicy(rate=told.rate or UNPACED),
            transport=told.transport,
            max_connections=max(told.concurrency, _CONNECTIONS),
            settings=Settings.model_construct(),
        ) as session,
    ):
        yield session


def _own(told: BenchOptions, where: Where) -> Session:
    """Return a session at a server of the user's own, not yet open.

    Raises:
        ConfigurationError: It is on another machine and may not have this load, or something is missing.
    """
    if told.latency_ms is not None:
        raise ConfigurationError(
            "--latency-ms is the embedded Alianza's; leave it out with a server of your own"
        )
    named = Settings.load(where.env_file).where(base_url=where.base_url, environment=where.environment)
    base_url, environment = resolve_base_url(*named)
    host = urlsplit(base_url).hostname or ""
    is_here = is_loopback(host)
    if told.create and environment is Environment.PRODUCTION:
        raise ConfigurationError(
            f"--create is not for {environment}: every account made there costs money, and nothing here "
            "takes it back; leave --create out"
        )
    if told.create and not is_here:
        raise ConfigurationError(
            f"--create is for this machine alone, with --anywhere too: every account made at {host} costs "
            "money, and nothing here takes it back; leave --create out"
        )
    if not (is_here or told.anywhere):
        raise ConfigurationError(
            f"{host} is another machine, and this puts load on it; add --anywhere if it may have that"
        )
    # A proxy would be another machine as well.
    return make_session(where, rate=told.rate, transport=told.transport, direct=is_here)


async def _put(bench: Bench, opening: AbstractAsyncContextManager[Session], screen: Screen) -> None:
    """Open the session, warm it up, and put on the load."""
    async with opening as session:
        bench.note(session)
        screen.line(introduction(bench))
        bench.warm_up = await _warm_up(session, bench.load)
        before = session.throttled
        try:
            await bench.load.run(_calls(session, bench.prefix))
        finally:
            bench.throttled = session.throttled - before


async def _warm_up(session: Session, load: Load) -> int:
    """Log in and open the connections, with a second's worth of calls at the most; return how many.

    Raises:
        ConnectionFailedError: The server does not answer, so every call would fail as slowly as these.
    """
    calls = min(load.calls, load.concurrency, session.capacity, max(1, int(session.full_rate)))
    warm = Load(calls, calls)
    await warm.run(_calls(session, None))
    if not warm.answered and isinstance(warm.first_failure, ConnectionFailedError):
        raise warm.first_failure
    return calls


def _calls(session: Session, prefix: str | None) -> MakeCall:
    """Return what makes one call: the cheapest read there is, or an account whose number has this prefix."""
    if prefix is None:
        ask = session.authorize.user_info
        return lambda _turn: ask.raw()
    create = session.accounts.create
    return lambda turn: create.raw(
        AccountCreate(
            account_number=f"{prefix}{turn + 1:06}",
            account_name="Made by alianza bench",
            account_type="SIMPLE",
            time_zone="US/Eastern",
            billing_cycle_day=1,
        )
    )
