"""`throughput`: a bulk job with every layer on, beside what a user would write by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, ParamSpec

from benchmarks import alternatives, peers
from benchmarks.frame import Benchmark, Figure, Run, ratios
from benchmarks.meter import metered
from benchmarks.rows import rows
from benchmarks.transports import TRANSPORTS, open_session
from benchmarks.worker import BenchmarkError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from alianza_async.transports.choice import TransportName
    from benchmarks.server import Server
    from benchmarks.worker import Facts

__all__ = ["BENCHMARK", "bulk_create"]

P = ParamSpec("P")

IN_FLIGHT: Final = 100
LATENCIES: Final = (0, 10, 50)
GATHERED: Final = 2_000
"""How many calls `asyncio.gather` is given: what httpx's own pool costs grows with it."""

AGAINST: Final = {
    "raw_aiohttp": "raw aiohttp loop without validation",
    "aiohttp_models": "aiohttp + models",
    "pyreqwest_models": "pyreqwest + models",
    "gather": f"asyncio.gather over {GATHERED:,} on httpx defaults",
    "requests": f"requests + {alternatives.THREADS} threads",
}
_GOALS: Final = {
    **{("fast", "raw_aiohttp", latency): 0.75 for latency in LATENCIES},
    **{("fast", "aiohttp_models", latency): 0.9 for latency in LATENCIES},
    **{("fast", "pyreqwest_models", latency): 0.65 for latency in LATENCIES},
    ("default", "gather", 0): 5.0,
    ("fast", "requests", 0): 2.0,
    ("fast", "requests", 50): 12.0,
    ("default", "requests", 0): 0.7,
    ("default", "requests", 50): 4.0,
}


_IN_ONE_LOOP: Final = {
    "raw_aiohttp": alternatives.raw_aiohttp,
    "aiohttp_models": peers.aiohttp_models,
    "pyreqwest_models": peers.pyreqwest_models,
}
"""The sides that are one event loop with a few tasks, as ours is."""


def latencies_of(other: str) -> tuple[int, ...]:
    """Return the latencies a side is measured at; gather's cost is its pool's, whatever the server's is."""
    return (0,) if other == "gather" else LATENCIES


def ratio_name(ours: str, other: str, latency: int) -> str:
    """Return the name of the figure that compares two sides."""
    return f"throughput.{ours}_over_{other}.{latency}ms"


def speed_name(side: str, latency: int) -> str:
    """Return the name of the figure that tells a side's items a second."""
    return f"throughput.{side}.{latency}ms"


def cost_name(side: str) -> str:
    """Return the name of the figure for the CPU that an item costs a side, without latency."""
    return f"throughput.cpu_per_item.{side}.0ms"


_OURS: Final = tuple(TRANSPORTS)
_COSTS: Final = (*_OURS, *_IN_ONE_LOOP)
"""The sides whose CPU per item is shown: they all have as many requests under way."""

FIGURES: Final = (
    *(
        Figure(
            ratio_name(ours, other, latency),
            "x",
            "higher",
            f"{what}, {f'{latency} ms' if latency else 'no latency'}",
            _GOALS.get((ours, other, latency)),
        )
        for ours in _OURS
        for other, what in AGAINST.items()
        for latency in latencies_of(other)
    ),
    *(
        Figure(speed_name(side, latency), "items/s", "higher")
        for side in (*_OURS, *AGAINST)
        for latency in latencies_of(side)
    ),
    *(Figure(cost_name(side), "us of CPU", "lower") for side in _COSTS),
    Figure("throughput.server_busy", "% of a core", "lower"),
)


async def bulk_create(url: str, transport: TransportName, count: int, in_flight: int) -> Facts:
    """Create in bulk: every row validated, limited, retried, told from its doubles, its answer parsed."""
    async with open_session(url, transport, connections=in_flight) as session:
        done = 0
        with metered() as spent:
            async for result in session.bulk.create_accounts(rows(count), concurrency=in_flight):
                done += result.status == "created"
    return {"done": done, "wall_s": spent.wall_s, "cpu_s": spent.cpu_s}


def measure(run: Run) -> None:
    """Let all sides create in turn, latency by latency."""
    busy = [share for latency in LATENCIES for share in _measure_at(run, latency)]
    run.add("throughput.server_busy", [max(busy, default=0.0)])


class Turn(NamedTuple):
    """What one turn of a side comes to.

    Attributes:
        items_per_s: Items by the clock.
        cpu_us: Microseconds of CPU per item, all threads of the side's process.
    """

    items_per_s: float
    cpu_us: float


class Sides:
    """Makes sides whose work is checked: what did not reach the server was not done, however quick it was.

    Args:
        run: The run.
        server: What they all ask.
        latency: Milliseconds that its answers take.

    Attributes:
        busy: Share of a core that the server needed, turn by turn.
    """

    def __init__(self, run: Run, server: Server, latency: int) -> None:
        self._run = run
        self._server = server
        self._latency = latency
        self.busy: list[float] = []

    def make(
        self,
        name: str,
        count: int,
        work: Callable[P, Coroutine[object, object, Facts]],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Callable[[], Turn]:
        """Return what gives a side its turn and returns what it came to.

        Raises (when it is called):
            BenchmarkError: Fewer creates arrived, or were answered, than the side was to make.
        """
        ask, server, latency = self._run.side(name, work, *args, **kwargs), self._server, self._latency

        def turn() -> Turn:
            before, cpu = server.creates(latency), server.cpu_s()
            facts = ask()
            after, cpu_after = server.creates(latency), server.cpu_s()
            if not facts["done"] == count <= after - before:
                raise BenchmarkError(f"{name}: {facts['done']:.0f} of {count} done, {after - before} arrived")
            if cpu is not None and cpu_after is not None:
                self.busy.append(100 * (cpu_after - cpu) / facts["wall_s"])
            return Turn(count / facts["wall_s"], 1e6 * facts["cpu_s"] / count)

        return turn


def _measure_at(run: Run, latency: int) -> list[float]:
    """Let all sides have their turns at a latency; return how busy the server was."""
    server = run.server
    run.say(f"throughput at {latency} ms; the server is {server.kind}")
    url = server.url(latency)
    sides = Sides(run, server, latency)
    many = run.pick(6_000, 100)  # so that connecting, and a job's narrow start, weigh little
    few = run.pick({0: 1_000, 10: 300, 50: 100}[latency], 25)
    ours = {
        name: sides.make(name, many, bulk_create, url, TRANSPORTS[name], many, IN_FLIGHT)
        for name in TRANSPORTS
    }
    by_hand = {
        name: sides.make(name, many, work, url, many, IN_FLIGHT) for name, work in _IN_ONE_LOOP.items()
    }
    always = {
        **ours,
        **by_hand,
        "requests": sides.make("requests", few, alternatives.threaded_requests, url, few),
    }
    for name in TRANSPORTS:  # imports are no part of it
        run.worker(name).ask(bulk_create, url, TRANSPORTS[name], IN_FLIGHT, IN_FLIGHT)
    for name, work in _IN_ONE_LOOP.items():
        run.worker(name).ask(work, url, IN_FLIGHT, IN_FLIGHT)
    run.worker("requests").ask(alternatives.threaded_requests, url, IN_FLIGHT // 10)
    first = dict(always)
    if latency in latencies_of("gather"):  # it takes minutes where the others take seconds: it has one turn
        count = run.pick(GATHERED, 100)
        run.worker("gather").ask(alternatives.gathered_httpx, url, 10)
        first["gather"] = sides.make("gather", count, alternatives.gathered_httpx, url, count)
    turns = run.in_turn(first, rounds=1)
    for name, more in run.in_turn(always, rounds=run.rounds - 1).items():
        turns[name].extend(more)
    speeds_of = {name: [turn.items_per_s for turn in of_side] for name, of_side in turns.items()}
    for name, speeds in speeds_of.items():
        run.add(speed_name(name, latency), speeds)
        if name in AGAINST:
            for mine in TRANSPORTS:
                run.add(ratio_name(mine, name, latency), ratios(speeds_of[mine], speeds))
        if not latency and name in _COSTS:
            run.add(cost_name(name), [turn.cpu_us for turn in turns[name]])
    return sides.busy


BENCHMARK: Final = Benchmark(
    "bulk create, everything on, beside what one would write by hand", FIGURES, measure
)
