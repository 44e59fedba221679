"""`sharing`: how long interactive calls take beside a bulk job, and under more load than the rate allows."""

from __future__ import annotations

import asyncio
import random
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from alianza_async import OverloadedError
from alianza_async.cli.load import percentile
from benchmarks.frame import Benchmark, Figure, Run, ratios
from benchmarks.rows import rows
from benchmarks.transports import TRANSPORTS, open_session

if TYPE_CHECKING:
    from alianza_async import Session
    from alianza_async.transports.choice import TransportName
    from benchmarks.worker import Facts

__all__ = ["BENCHMARK", "beside_a_job", "overloaded"]

RATE: Final = 100
LATENCY_MS: Final = 50
ASKED: Final = 40
OFFERED: Final = 150
QUEUE: Final = 50

FIGURES: Final = (
    *(
        Figure(
            f"sharing.p99_beside_bulk.{name}",
            "times",
            "lower",
            f"the same {ASKED} calls a second on a session without a job",
            1.5,
        )
        for name in TRANSPORTS
    ),
    Figure(
        "sharing.p99_accepted",
        "of its bound",
        "lower",
        f"max_queue / rate, and two answers; {OFFERED} a second offered, {QUEUE} may wait",
        1.0,
    ),
    Figure("sharing.p99_unbounded", "of that bound", "lower", "the same load without max_queue"),
    Figure("sharing.accepted", "calls a second", "higher", f"{RATE} requests in any second"),
)


async def _ask(session: Session, took: list[float]) -> None:
    began = time.perf_counter()
    with suppress(OverloadedError):
        await session.accounts.get_by_number("ACME-1")
        took.append(time.perf_counter() - began)


async def _offer(session: Session, a_second: float, seconds: float) -> list[float]:
    """Make calls at random moments, whatever became of the ones before; return how long each took."""
    chances = random.Random(7)
    took: list[float] = []
    loop = asyncio.get_running_loop()
    due, end = loop.time(), loop.time() + seconds
    async with asyncio.TaskGroup() as calls:
        while due < end:
            await asyncio.sleep(max(0.0, due - loop.time()))
            calls.create_task(_ask(session, took))
            due += chances.expovariate(a_second)
    return took


async def beside_a_job(url: str, transport: TransportName, seconds: float, job: bool) -> Facts:
    """Ask at random moments, with or without a bulk job that would take all of the rate."""
    async with open_session(url, transport, rate=RATE) as session:
        await session.accounts.get_by_number("ACME-1")  # the login is no part of it
        bulk = session.bulk.create_accounts(rows(int(RATE * (seconds + 5))))
        running = asyncio.create_task(bulk.run()) if job else None
        await asyncio.sleep(1.0)
        took = await _offer(session, ASKED, seconds)
        if running is not None:
            bulk.stop()
            await running
    return {"p99": percentile(sorted(took), 990)}


async def overloaded(url: str, transport: TransportName, seconds: float, max_queue: int | None) -> Facts:
    """Offer more than the rate allows."""
    async with open_session(url, transport, rate=RATE, max_queue=max_queue) as session:
        await session.accounts.get_by_number("ACME-1")
        began = time.perf_counter()
        took = await _offer(session, OFFERED, seconds)
        lasted = time.perf_counter() - began
    bound = QUEUE / RATE + 2 * LATENCY_MS / 1000
    return {"share": percentile(sorted(took), 990) / bound, "accepted": len(took) / lasted}


def measure(run: Run) -> None:
    """Let the sides have their turns."""
    url = run.server.url(LATENCY_MS)
    seconds = run.pick(10.0, 1.0)
    rounds = run.at_most(3)
    for name in TRANSPORTS:
        sides = {
            job: run.side(name, beside_a_job, url, TRANSPORTS[name], seconds, job) for job in (False, True)
        }
        told = run.in_turn(sides, rounds=rounds)
        run.add(
            f"sharing.p99_beside_bulk.{name}",
            ratios([facts["p99"] for facts in told[True]], [facts["p99"] for facts in told[False]]),
        )
    queues = {
        queue: run.side("fast", overloaded, url, TRANSPORTS["fast"], seconds, queue)
        for queue in (QUEUE, None)
    }
    told_of = run.in_turn(queues, rounds=rounds)
    run.add("sharing.p99_accepted", [facts["share"] for facts in told_of[QUEUE]])
    run.add("sharing.accepted", [facts["accepted"] for facts in told_of[QUEUE]])
    run.add("sharing.p99_unbounded", [facts["share"] for facts in told_of[None]])


BENCHMARK: Final = Benchmark("interactive calls beside a bulk job, and beyond the rate", FIGURES, measure)
