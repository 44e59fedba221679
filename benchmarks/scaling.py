"""`scaling`: what an item costs as more of them are under way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from benchmarks.frame import Benchmark, Figure, Run, ratios
from benchmarks.meter import cpu_s
from benchmarks.rows import rows
from benchmarks.transports import TRANSPORTS, open_session

if TYPE_CHECKING:
    from collections.abc import Callable

    from alianza_async.transports.choice import TransportName
    from benchmarks.worker import Facts

__all__ = ["BENCHMARK", "steady_cost"]

IN_FLIGHT: Final = (10, 100, 500)
LATENCY: Final = 10
_GOALS: Final = {"fast": 1.25}


def ratio_name(side: str) -> str:
    """Return the name of the figure that compares the most under way with the least."""
    return f"scaling.cpu_500_over_10.{side}"


def cost_name(side: str, in_flight: int) -> str:
    """Return the name of the figure that tells what an item costs."""
    return f"scaling.cpu_per_item.{in_flight}.{side}"


FIGURES: Final = tuple(
    figure
    for name in TRANSPORTS
    for figure in (
        Figure(ratio_name(name), "x", "lower", "10 in flight", _GOALS.get(name)),
        *(Figure(cost_name(name, count), "us of CPU", "lower") for count in IN_FLIGHT),
    )
)


async def steady_cost(url: str, transport: TransportName, in_flight: int, items: int) -> Facts:
    """Tell what an item costs once every connection is made: CPU of so many items after the first ones."""
    first = 2 * in_flight
    done, began, ended = 0, 0.0, 0.0
    async with open_session(url, transport, connections=in_flight) as session:
        source = rows(first + items + in_flight)  # the last ones end with ever fewer under way: not counted
        async for _result in session.bulk.create_accounts(source, concurrency=in_flight):
            done += 1
            if done == first:
                began = cpu_s()
            elif done == first + items:
                ended = cpu_s()
    return {"cpu_us": 1e6 * (ended - began) / items}


def measure(run: Run) -> None:
    """Let each transport have each number of items under way in turn."""
    url = run.server.url(LATENCY)
    items = run.pick(1_000, 50)

    def turn(name: str, in_flight: int) -> Callable[[], Facts]:
        really = run.pick(in_flight, in_flight // 10)
        counted = max(items, 2 * really)  # answers come in bunches: a few of them would be all or nothing
        return run.side(name, steady_cost, url, TRANSPORTS[name], really, counted)

    sides = {(name, count): turn(name, count) for name in TRANSPORTS for count in IN_FLIGHT}
    for name in TRANSPORTS:
        sides[name, IN_FLIGHT[0]]()  # imports are no part of it
    told = {
        side: [facts["cpu_us"] for facts in rounds]
        for side, rounds in run.in_turn(sides, rounds=run.at_most(2)).items()
    }
    for name in TRANSPORTS:
        for count in IN_FLIGHT:
            run.add(cost_name(name, count), told[name, count])
        run.add(ratio_name(name), ratios(told[name, IN_FLIGHT[-1]], told[name, IN_FLIGHT[0]]))


BENCHMARK: Final = Benchmark("CPU per item at 10, 100 and 500 under way", FIGURES, measure)
