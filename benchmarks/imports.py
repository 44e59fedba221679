"""`imports`: what importing costs before anything is done."""

from __future__ import annotations

import subprocess
import sys
from functools import partial
from typing import Final

from benchmarks.frame import Benchmark, Figure, Run, ratios
from benchmarks.worker import ROOT, clean_environment

__all__ = ["BENCHMARK"]

_THEIRS: Final = "import httpx, pydantic"
FIGURES: Final = (
    Figure("imports.package", "x", "lower", _THEIRS, 1.25),
    Figure("imports.session", "x", "lower", _THEIRS),
    Figure("imports.httpx_and_pydantic", "ms of CPU", "lower"),
)

_STATEMENTS: Final = {
    "theirs": _THEIRS,
    "package": "import alianza_async",
    # The package loads a name when it is touched: this is what a service pays before its first call.
    "session": "from alianza_async import AccountCreate, Session",
}
_TIMED: Final = "import time; began = time.process_time(); {}; print(time.process_time() - began)"


def _cpu_s(statement: str) -> float:
    done = subprocess.run(  # noqa: S603  (our own statements)
        [sys.executable, "-c", _TIMED.format(statement)],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env=clean_environment(),
    )
    return float(done.stdout)


def measure(run: Run) -> None:
    """Import in fresh processes, in turn."""
    sides = {name: partial(_cpu_s, statement) for name, statement in _STATEMENTS.items()}
    run.in_turn(sides, rounds=run.pick(1, 0))  # the first one may write byte code
    told = run.in_turn(sides)
    run.add("imports.package", ratios(told["package"], told["theirs"]))
    run.add("imports.session", ratios(told["session"], told["theirs"]))
    run.add("imports.httpx_and_pydantic", [1000 * seconds for seconds in told["theirs"]])


BENCHMARK: Final = Benchmark("importing, beside httpx and pydantic", FIGURES, measure)
