"""`journal`: what it costs that every step of every item is on disk before the next one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from benchmarks.frame import Benchmark, Figure, Run
from benchmarks.meter import journal_file, metered
from benchmarks.rows import rows
from benchmarks.stub import StubTransport
from benchmarks.transports import stubbed

if TYPE_CHECKING:
    from benchmarks.worker import Facts

__all__ = ["BENCHMARK", "at_a_thousand"]

RATE: Final = 1000.0
LATENCY_S: Final = 0.01
IN_FLIGHT: Final = 100
_AGAINST: Final = "the same job without a journal"

FIGURES: Final = (
    Figure("journal.time_added", "%", "lower", _AGAINST, 10.0),
    Figure("journal.cpu_added", "% of a core", "lower", _AGAINST, 10.0),
)


async def at_a_thousand(count: int, *, journaled: bool) -> Facts:
    """Run a job at a thousand items a second through a transport that answers in 10 ms."""
    done = 0
    with journal_file() as path:
        async with stubbed(StubTransport(IN_FLIGHT, latency=LATENCY_S), rate=RATE) as session:
            job = session.bulk.create_accounts(
                rows(count), concurrency=IN_FLIGHT, journal=path if journaled else None
            )
            with metered() as spent:
                async for result in job:
                    done += result.status == "created"
    return {"done": done, "wall_s": spent.wall_s, "cpu_s": spent.cpu_s}


def measure(run: Run) -> None:
    """Run with and without in turn."""
    count = run.pick(3_000, 200)
    worker = run.worker("journal")
    worker.ask(at_a_thousand, 50, journaled=True)
    told = run.in_turn(
        {
            "with": lambda: worker.ask(at_a_thousand, count, journaled=True),
            "without": lambda: worker.ask(at_a_thousand, count, journaled=False),
        },
        rounds=run.at_most(3),
    )
    pairs = list(zip(told["with"], told["without"], strict=True))
    run.add("journal.time_added", [100 * (ours["wall_s"] / plain["wall_s"] - 1) for ours, plain in pairs])
    run.add(
        "journal.cpu_added",
        [100 * (ours["cpu_s"] / ours["wall_s"] - plain["cpu_s"] / plain["wall_s"]) for ours, plain in pairs],
    )


BENCHMARK: Final = Benchmark("what a journal costs at 1,000 items a second", FIGURES, measure)
