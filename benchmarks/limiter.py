"""`limiter`: how much of a rate is used, and whether a sliding second is over it, here and at the server."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Final

from benchmarks.frame import Benchmark, Figure, Run
from benchmarks.meter import fullest_second, seconds_over
from benchmarks.rows import rows
from benchmarks.stub import RecordingTransport
from benchmarks.transports import TRANSPORTS, bare, open_session, stubbed

if TYPE_CHECKING:
    from alianza_async.transports.choice import TransportName
    from benchmarks.worker import Facts

__all__ = ["BENCHMARK", "at_a_rate"]

RATES: Final = (10, 100, 1000)
_WITH_GOALS: Final = (100, 1000)
_SETTLED_S: Final = 0.5
WHERE: Final = ("client", "server")


def _figures(rate: int) -> tuple[Figure, ...]:
    goals = rate in _WITH_GOALS
    limit = f"{rate} requests in any second"
    return (
        Figure(f"limiter.share.{rate}", "%", "higher", limit, 97.0 if goals else None),
        *(
            Figure(
                f"limiter.seconds_over.{where}.{rate}",
                "sliding seconds",
                "lower",
                limit,
                0.0 if goals else None,
            )
            for where in WHERE
        ),
        *(Figure(f"limiter.fullest_second.{where}.{rate}", "requests", "lower", limit) for where in WHERE),
    )


FIGURES: Final = tuple(figure for rate in RATES for figure in _figures(rate))


async def at_a_rate(url: str, transport: TransportName, rate: int, count: int) -> Facts:
    """Create as fast as the limiter lets, and tell when requests left."""
    async with AsyncExitStack() as stack:
        carrier = await stack.enter_async_context(open_session(url, transport))
        recorder = RecordingTransport(bare(carrier))
        session = await stack.enter_async_context(stubbed(recorder, rate=rate))
        async for _result in session.bulk.create_accounts(rows(count)):
            pass
    left = recorder.departures
    settled = [moment for moment in left if moment >= left[0] + _SETTLED_S]
    return {
        "share": 100 * (len(settled) - 1) / (settled[-1] - settled[0]) / rate,
        "fullest": fullest_second(left),
        "over": seconds_over(left, rate),
    }


def measure(run: Run) -> None:
    """Run at each rate in turn, once, over the transport that costs the least."""
    name = "fast"  # the default does not reach 1,000 a second everywhere
    url = run.server.url(0)
    seconds = run.pick(5, 1)
    # Imports and first connections are no part of it.
    run.worker(name).ask(at_a_rate, url, TRANSPORTS[name], RATES[1], RATES[1])
    for rate in RATES:
        run.server.reset(0)
        told = run.worker(name).ask(at_a_rate, url, TRANSPORTS[name], rate, seconds * rate)
        arrived = run.server.arrivals(0)
        run.add(f"limiter.share.{rate}", [told["share"]])
        run.add(f"limiter.seconds_over.client.{rate}", [told["over"]])
        run.add(f"limiter.fullest_second.client.{rate}", [told["fullest"]])
        run.add(f"limiter.seconds_over.server.{rate}", [seconds_over(arrived, rate)])
        run.add(f"limiter.fullest_second.server.{rate}", [fullest_second(arrived)])


BENCHMARK: Final = Benchmark("the rate limit, used and kept", FIGURES, measure)
