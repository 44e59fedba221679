"""`overhead`: the CPU that the layers add to a call, over a transport that answers at once."""

from __future__ import annotations

import asyncio
import gc
from typing import TYPE_CHECKING, Final

from alianza_async import AccountCreate
from benchmarks.frame import Benchmark, Figure, Run
from benchmarks.meter import journal_file, metered
from benchmarks.rows import row, rows
from benchmarks.stub import StubTransport
from benchmarks.transports import stubbed

if TYPE_CHECKING:
    from alianza_async import Session
    from benchmarks.worker import Facts

__all__ = ["BENCHMARK", "calls", "garbage"]

IN_FLIGHT: Final = 100
_BARE: Final = "the same transport, called directly"

FIGURES: Final = (
    Figure("overhead.call", "us of CPU", "lower", _BARE, 60.0),
    Figure("overhead.call_100_in_flight", "us of CPU", "lower", _BARE),
    Figure("overhead.call_from_mapping", "us of CPU", "lower", _BARE),
    Figure("overhead.bulk", "us of CPU", "lower", _BARE),
    Figure("overhead.bulk_journaled", "us of CPU", "lower", _BARE),
    Figure("overhead.bulk_garbage", "objects per row", "lower"),
)


async def calls(count: int) -> Facts:
    """Make calls with every layer on, and the same transport's answers without any; CPU us each."""
    facts: Facts = {}
    async with stubbed(StubTransport()) as session:
        accounts = [AccountCreate.model_validate(body) for body in rows(count)]
        prepared = [await session.accounts.create.prepare(account) for account in accounts]
        transport = StubTransport()
        headers = {"Accept": "application/json"}
        with metered() as spent:
            for call in prepared:
                await transport.send(call, headers, 30.0)
        floor = spent.cpu_s

        with metered() as spent:
            for account in accounts:
                await session.accounts.create(account)
        facts["call"] = spent.cpu_s - floor

        with metered() as spent:
            for number in range(count):
                await session.accounts.create(AccountCreate.model_validate(row(number)))
        facts["call_from_mapping"] = spent.cpu_s - floor

        source = iter(accounts)

        async def work() -> None:
            for account in source:
                await session.accounts.create(account)
                await asyncio.sleep(0)

        with metered() as spent:
            await asyncio.gather(*(work() for _ in range(IN_FLIGHT)))
        facts["call_100_in_flight"] = spent.cpu_s - floor

        facts["bulk"] = await _bulk(session, count, None) - floor
        with journal_file() as path:
            facts["bulk_journaled"] = await _bulk(session, count, path) - floor
    return {name: 1e6 * cpu / count for name, cpu in facts.items()}


async def _bulk(session: Session, count: int, journal: str | None) -> float:
    """Return the CPU seconds that a bulk job takes, those of the journal's thread included."""
    with metered() as spent:
        async for _result in session.bulk.create_accounts(
            rows(count), concurrency=IN_FLIGHT, journal=journal
        ):
            pass
    return spent.cpu_s


async def garbage(count: int) -> Facts:
    """Count the objects per row that only the garbage collector frees, because they refer to each other."""
    async with stubbed(StubTransport()) as session:
        gc.collect()
        gc.disable()
        try:
            await _bulk(session, count, None)
            return {"bulk_garbage": gc.collect() / count}
        finally:
            gc.enable()


def measure(run: Run) -> None:
    """Measure each round in the same child."""
    count = run.pick(4_000, 100)
    worker = run.worker("overhead")
    worker.ask(calls, 50)  # models and resources are loaded on their first use
    for _ in range(run.rounds):
        for name, value in (worker.ask(calls, count) | worker.ask(garbage, count)).items():
            run.add(f"overhead.{name}", [value])


BENCHMARK: Final = Benchmark(
    "what the layers add to a call: validation, ids, login, limit, retry", FIGURES, measure
)
