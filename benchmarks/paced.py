"""`paced`: how much of the API's 100 requests a second is used, and what that costs."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from benchmarks import alternatives
from benchmarks.frame import Benchmark, Figure, Run
from benchmarks.meter import metered
from benchmarks.rows import rows
from benchmarks.transports import TRANSPORTS, open_session

if TYPE_CHECKING:
    from alianza_async.transports.choice import TransportName
    from benchmarks.worker import Facts

__all__ = ["BENCHMARK", "bulk_paced"]

RATE: Final = 100.0
LATENCIES: Final = (50, 1000)
BARE: Final = "bare_httpx"
_GOALS: Final = {
    ("share", 1000, "default"): 97.0,
    ("share", 1000, "fast"): 97.0,
    ("cpu", 50, "default"): 30.0,
    ("cpu", 50, "fast"): 12.0,
}
_ENDLESS: Final = 10_000_000


def figure_name(what: str, latency: int, side: str) -> str:
    """Return a figure's name."""
    return f"paced.{what}.{latency}ms.{side}"


_SIDES: Final = (*TRANSPORTS, BARE)
FIGURES: Final = tuple(
    figure
    for side in _SIDES
    for latency in LATENCIES
    for figure in (
        Figure(
            figure_name("share", latency, side),
            "%",
            "higher",
            f"{RATE:g} requests a second",
            _GOALS.get(("share", latency, side)),
        ),
        Figure(
            figure_name("cpu", latency, side),
            "% of a core",
            "lower",
            None if side == BARE else "bare httpx, nothing on",
            _GOALS.get(("cpu", latency, side)),
        ),
    )
)


async def bulk_paced(url: str, transport: TransportName, rate: float, warm_s: float, seconds: float) -> Facts:
    """Run a bulk job at a rate and look at a part of it, once it is warm; everything is on."""
    async with open_session(url, transport, rate=rate) as session:
        job = session.bulk.create_accounts(rows(_ENDLESS))

        async def read() -> None:
            async for _result in job:
                pass

        reading = asyncio.create_task(read())
        await asyncio.sleep(warm_s)
        before = job.report.created
        with metered() as spent:
            await asyncio.sleep(seconds)
            done = job.report.created - before
        job.stop()
        await reading
    return {"done": done, "wall_s": spent.wall_s, "cpu_s": spent.cpu_s}


def measure(run: Run) -> None:
    """Let each transport, and bare httpx, hold the rate in turn."""
    seconds = run.pick(3.0, 0.5)
    for latency in LATENCIES:
        url = run.server.url(latency)
        # A job starts narrow and doubles its width with each round of answers: it is warm after that.
        warm = run.pick(8, 1) * latency / 1000 + run.pick(1.0, 0.3)
        sides = {
            name: run.side(name, bulk_paced, url, TRANSPORTS[name], RATE, warm, seconds)
            for name in TRANSPORTS
        }
        sides[BARE] = run.side(BARE, alternatives.httpx_paced, url, RATE, warm, seconds)
        for name, told in run.in_turn(sides, rounds=run.at_most(2)).items():
            run.add(
                figure_name("share", latency, name),
                [100 * facts["done"] / facts["wall_s"] / RATE for facts in told],
            )
            run.add(
                figure_name("cpu", latency, name),
                [100 * facts["cpu_s"] / facts["wall_s"] for facts in told],
            )


BENCHMARK: Final = Benchmark("100 requests a second, held, and what that costs", FIGURES, measure)
