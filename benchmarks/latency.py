"""`latency`: what the layers add to the time of one call, with nothing else under way."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from alianza_async import AccountCreate
from alianza_async.cli.load import percentile
from benchmarks.frame import Benchmark, Figure, Run
from benchmarks.rows import rows
from benchmarks.transports import TRANSPORTS, bare, open_session

if TYPE_CHECKING:
    from alianza_async.transports.choice import TransportName
    from benchmarks.worker import Facts

__all__ = ["BENCHMARK", "one_by_one"]

_GOALS: Final = {"p99": 0.25}
_AGAINST: Final = "the same transport, called directly, call by call in turn"

FIGURES: Final = tuple(
    Figure(f"latency.{share}_added.{name}", "ms", "lower", _AGAINST, _GOALS.get(share))
    for name in TRANSPORTS
    for share in ("p50", "p99")
)


async def one_by_one(url: str, transport: TransportName, count: int) -> Facts:
    """Call through the layers and past them in turn, one request at a time."""
    layered: list[float] = []
    direct: list[float] = []
    async with open_session(url, transport) as session:
        below = bare(session)
        headers = {
            "Accept": "application/json",
            "Content-Type": "application/json",
            "X-AUTH-TOKEN": "bench-token-of-a-usual-length-0123456789abcdef0123456789abcdef",
        }
        accounts = [AccountCreate.model_validate(body) for body in rows(count)]
        calls = [await session.accounts.create.prepare(account) for account in accounts]
        for account, call in zip(accounts, calls, strict=True):
            began = time.perf_counter()
            await session.accounts.create(account)
            middle = time.perf_counter()
            await below.send(call, headers, 30.0)
            direct.append(time.perf_counter() - middle)
            layered.append(middle - began)
    return {
        name: 1000 * (percentile(sorted(layered), per_mille) - percentile(sorted(direct), per_mille))
        for name, per_mille in (("p50", 500), ("p99", 990))
    }


def measure(run: Run) -> None:
    """Let each transport have its turn."""
    url = run.server.url(0)
    count = run.pick(1_500, 50)
    sides = {name: run.side(name, one_by_one, url, TRANSPORTS[name], count) for name in TRANSPORTS}
    for name, told in run.in_turn(sides).items():
        for share in ("p50", "p99"):
            run.add(f"latency.{share}_added.{name}", [facts[share] for facts in told])


BENCHMARK: Final = Benchmark("what the layers add to the time of a call, one under way", FIGURES, measure)
