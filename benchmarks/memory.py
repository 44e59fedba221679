"""`memory`: how much a job grows from its ten-thousandth item to its millionth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from benchmarks.frame import Benchmark, Figure, Run
from benchmarks.meter import journal_file, rss_mb
from benchmarks.stub import StubTransport
from benchmarks.transports import stubbed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.worker import Facts

__all__ = ["BENCHMARK", "streamed"]

IN_FLIGHT: Final = 100  # so many share a write to the journal: with 20 it takes ten minutes
FIGURES: Final = (
    Figure("memory.streamed", "MB", "lower", "the same job at 10,000 items", 5.0),
    Figure("memory.journaled", "MB", "lower", "the same job at 10,000 items", 25.0),
)


def _small_rows(count: int) -> Iterator[dict[str, object]]:
    """Yield rows with the required fields alone: what is kept of a row does not depend on its size."""
    for number in range(count):
        yield {
            "accountNumber": f"BENCH-{number:08}",
            "accountName": "Ardent Bakery",
            "accountType": "SIMPLE",
            "timeZone": "US/Eastern",
            "billingCycleDay": 5,
        }


async def streamed(count: int, first: int, *, journaled: bool) -> Facts:
    """Stream items through a transport that answers at once, and look at the resident memory on the way.

    Returns:
        MB by the number of items done.
    """
    resident: Facts = {}
    done = 0
    with journal_file() as path:
        async with stubbed(StubTransport(IN_FLIGHT)) as session:
            job = session.bulk.create_accounts(
                _small_rows(count), concurrency=IN_FLIGHT, journal=path if journaled else None
            )
            async for _result in job:
                done += 1
                if done % first == 0:
                    resident[str(done)] = rss_mb()
    return resident


def measure(run: Run) -> None:
    """Stream in children of their own, both at once: it is not their speed that is looked at."""
    count, first = run.pick((1_000_000, 10_000), (3_000, 500))
    names = {"memory.streamed": False, "memory.journaled": True}
    for name, journaled in names.items():
        run.worker(name).tell(streamed, count, first, journaled=journaled)
    for name in names:
        points = [(float(done), mb) for done, mb in run.worker(name).hear().items()]
        run.curves[name] = points
        run.add(name, [max(mb for _, mb in points) - points[0][1]])


BENCHMARK: Final = Benchmark("memory from 10,000 to 1,000,000 streamed items", FIGURES, measure)
