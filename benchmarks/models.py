"""`models`: what checking costs on the way out and on the way in, beside plain JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from alianza_async import Account, AccountCreate
from benchmarks.frame import Benchmark, Figure, Run
from benchmarks.meter import metered
from benchmarks.rows import account_json, row

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.worker import Facts

__all__ = ["BENCHMARK", "costs"]

FIGURES: Final = (
    Figure("models.write", "us of CPU", "lower", "json.dumps of the same mapping"),
    Figure("models.read", "us of CPU", "lower", "json.loads of the same answer"),
    Figure("models.dumps", "us of CPU", "lower"),
    Figure("models.loads", "us of CPU", "lower"),
)


async def costs(count: int) -> Facts:
    """Check a row and write it, read an answer and check it; CPU us each."""
    body, answer = row(1), account_json("BENCH-00000001")
    works: dict[str, Callable[[], object]] = {
        "write": lambda: AccountCreate.model_validate(body).to_wire(),
        "read": lambda: Account.model_validate_json(answer),
        "dumps": lambda: json.dumps(body).encode(),
        "loads": lambda: json.loads(answer),
    }
    facts: Facts = {}
    for name, work in works.items():
        work()
        with metered() as spent:
            for _ in range(count):
                work()
        facts[name] = 1e6 * spent.cpu_s / count
    return facts


def measure(run: Run) -> None:
    """Measure each round in the same child."""
    for _ in range(run.rounds):
        for name, value in run.worker("models").ask(costs, run.pick(5_000, 200)).items():
            run.add(f"models.{name}", [value])


BENCHMARK: Final = Benchmark("checking a row and an answer, beside plain JSON", FIGURES, measure)
