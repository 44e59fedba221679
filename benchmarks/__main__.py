"""`python -m benchmarks [NAME...] [--json] [--rounds N] [--quick] [--write-docs]`."""

from __future__ import annotations

import argparse
import json
import sys
import time
from typing import TYPE_CHECKING

from benchmarks.frame import NAMES, Run, Series, load
from benchmarks.table import lines
from benchmarks.worker import BenchmarkError

if TYPE_CHECKING:
    from collections.abc import Sequence


def _arguments(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which: {', '.join(NAMES)}; all if none")
    parser.add_argument(
        "--json", action="store_true", help="print one JSON object a figure, and nothing else"
    )
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="turns each side has (3)")
    parser.add_argument("--quick", action="store_true", help="tiny sizes, to see that everything runs")
    parser.add_argument("--write-docs", action="store_true", help="write docs/performance.md and its plots")
    given = parser.parse_args(words)
    unknown = [name for name in given.names if name not in NAMES]
    if unknown:
        parser.error(f"there is no benchmark {unknown[0]!r}; give some of {', '.join(NAMES)}")
    if given.rounds < 1:
        parser.error(f"--rounds is {given.rounds}; give 1 or more")
    if given.write_docs and (given.quick or given.names):
        parser.error("--write-docs publishes every figure at its full size; leave --quick and the names out")
    return given


def main(words: Sequence[str] | None = None) -> int:
    """Measure, and print what came of it; answer the exit code."""
    given = _arguments(words)
    names = given.names or list(NAMES)
    began = time.monotonic()
    if given.quick:
        print(
            "quick: the sizes are tiny, so the figures say nothing but that they can be had", file=sys.stderr
        )
    with Run(rounds=given.rounds, quick=given.quick) as run:
        for name in names:
            if not given.json:
                print(f"\n{name}: {load(name).title}", flush=True)
            try:
                measured = run.measure(name)
            except BenchmarkError as error:
                print(f"{name} could not be measured: {error}", file=sys.stderr)
                return 1
            _print(measured, as_json=given.json)
        if given.write_docs:
            _write_docs(run)
    if not given.json:
        print(f"\n{time.monotonic() - began:.0f} s in all")
    return 0


def _write_docs(run: Run) -> None:
    from benchmarks import page
    from benchmarks.record import Record

    for path in page.write(Record.of(run)):
        print(f"wrote {path}", file=sys.stderr)


def _print(measured: list[Series], *, as_json: bool) -> None:
    for line in (json.dumps(one.to_json()) for one in measured) if as_json else lines(measured):
        print(line, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
