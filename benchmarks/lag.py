"""`lag`: how late a bulk job makes everything else in the event loop that hosts it."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final

from alianza_async.cli.load import percentile
from benchmarks.frame import Benchmark, Figure, Run
from benchmarks.rows import rows
from benchmarks.transports import TRANSPORTS, open_session

if TYPE_CHECKING:
    from alianza_async.transports.choice import TransportName
    from benchmarks.worker import Facts

__all__ = ["BENCHMARK", "beside_a_job"]

RATE: Final = 100.0
LATENCY: Final = 50
_TICK_S: Final = 0.002
_GOALS: Final = {"p99": 5.0}
_AGAINST: Final = "the same loop without the job"

FIGURES: Final = tuple(
    Figure(f"lag.{share}_added.{name}", "ms", "lower", _AGAINST, _GOALS.get(share))
    for name in TRANSPORTS
    for share in ("p50", "p99")
)


async def _late_by(seconds: float) -> list[float]:
    """Return by how much each short sleep took longer than was asked, in ms."""
    late: list[float] = []
    end = time.perf_counter() + seconds
    while (began := time.perf_counter()) < end:
        await asyncio.sleep(_TICK_S)
        late.append(1000 * (time.perf_counter() - began - _TICK_S))
    return late


async def beside_a_job(url: str, transport: TransportName, seconds: float) -> Facts:
    """Tick in a loop without a job, then in the same loop beside one at the API's rate."""
    async with open_session(url, transport, rate=RATE) as session:
        alone = await _late_by(seconds)
        job = session.bulk.create_accounts(rows(int(RATE * (seconds + 60))))

        async def read() -> None:
            async for _result in job:
                pass

        reading = asyncio.create_task(read())
        await asyncio.sleep(5 * LATENCY / 1000)
        beside = await _late_by(seconds)
        job.stop()
        await reading
    return {
        name: percentile(sorted(beside), per_mille) - percentile(sorted(alone), per_mille)
        for name, per_mille in (("p50", 500), ("p99", 990))
    }


def measure(run: Run) -> None:
    """Let each transport have its turn."""
    url = run.server.url(LATENCY)
    seconds = run.pick(2.0, 0.3)
    sides = {name: run.side(name, beside_a_job, url, TRANSPORTS[name], seconds) for name in TRANSPORTS}
    for name, told in run.in_turn(sides, rounds=run.at_most(2)).items():
        for share in ("p50", "p99"):
            run.add(f"lag.{share}_added.{name}", [facts[share] for facts in told])


BENCHMARK: Final = Benchmark("how late a job at 100/s makes its host's event loop", FIGURES, measure)
