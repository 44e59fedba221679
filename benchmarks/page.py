"""`docs/performance.md` and its plots, written from what a run measured."""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING, Final

from benchmarks.table import goal_text, value_text, verdict
from benchmarks.worker import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from benchmarks.frame import Series
    from benchmarks.record import Record

__all__ = ["DOCS", "render", "write"]

DOCS: Final = ROOT / "docs"
PAGE: Final = "performance.md"
RECORD: Final = "performance.json"

_NUMBER: Final = re.compile(r"(?<=\.)\d+(?=ms\b|\.|$)")
"""The latency, rate or number in flight in a figure's name."""

_OWN_NUMBER: Final = re.compile(r", (?:no latency|\d+ ms)$|^\d+ (?=requests in any second)")
"""The same in what it is compared with."""

_PAGE: Final = """\
# Performance

{short}{measured}

`make bench` measures all of it again in a few minutes; `make bench ARGS=--write-docs` writes this page.

A row goes out with about 600 bytes and comes back with about 900. All sides of a comparison have their
turns in the same run, up to {rounds} each, so **ratios** say more than absolute figures do. A value is the
median, with the least and the most of the rounds behind it. "Everything on" is validation both ways, the
rate limit, retries, the login, and a bulk job that tells doubles apart. "aiohttp + models" and "pyreqwest +
models" are the quickest loops we could write by hand: the same rows over 100 connections, bytes in and out,
each row validated by `AccountCreate` and each answer by `Account`, and nothing else. A job starts with four
rows under way and widens as they succeed, so its first five round trips carry fewer; each side makes enough
items that this weighs little. `{{0,10,50}}ms` is three figures, one for each latency of the server; their
values are in that order.

{plots}
## Goals

| figure | measured | goal | | against |
| --- | --- | --- | --- | --- |
{goals}

## Everything else that was measured

| figure | measured | against |
| --- | --- | --- |
{others}

## Your own figures

```sh
alianza bench                                       # an embedded Alianza, unpaced
alianza bench --transport httpx --latency-ms 50 --rate 100 --json
alianza bench --base-url http://127.0.0.1:8080      # a server of yours, as the variables say
```

It tells requests a second, latency (p50 to p99.9), CPU and 429s. It asks who is logged in, or with `--create`
makes accounts; those at this machine alone, and a gateway here passes them on. Load leaves this machine only
with `--anywhere`: it takes from the login's 100 requests a second. The code is 1 where a request failed.

A job tells how fast it is. Where it is slower than the rate limit, the answers take long (see `concurrency`
in [Bulk jobs](bulk.md)) or the machine is busy.

```python
from alianza_async import Session

async with Session.from_env() as session:
    report = await session.bulk.create_accounts("accounts.csv").run()
    print(f"{{report.items_per_s:.0f}} items a second, {{report.concurrency}} under way at the end")
```
"""


def render(record: Record, plots: Iterable[tuple[str, str]] = ()) -> str:
    """Return the page.

    Args:
        record: What was measured.
        plots: File name and caption of each plot.
    """
    software = [f"{name} {version}" for name, version in record.software.items()]
    busy = record.get("throughput.server_busy")
    measured = _MEASURED.format(
        day=record.day,
        machine=record.machine,
        software=", ".join(software),
        server=record.server,
        busy="no more than it could" if busy is None else f"{busy.value:.3g} % of a core",
    )
    return _PAGE.format(
        short=_in_short(record),
        measured=_paragraph(measured),
        rounds=record.rounds,
        plots="".join(f"![{caption}]({name})\n\n" for name, caption in plots),
        goals="\n".join(_goal_rows(record.series)),
        others="\n".join(_other_rows(record.series)),
    )


_MEASURED: Final = (
    "Measured on {day}, on {machine}, client and server on this one machine, with {software}. The server "
    "without latency was {server}; it was busy for {busy} at the most, so no figure is its own."
)
_IN_SHORT: Final = (
    (
        "throughput.fast_over_raw_aiohttp.0ms",
        "A bulk create, everything on, makes over `fast` **{:.2f}** times the items of a bare aiohttp loop,",
    ),
    (
        "throughput.fast_over_aiohttp_models.0ms",
        "**{:.2f}** times those of the quickest aiohttp loop with the same models,",
    ),
    (
        "throughput.fast_over_pyreqwest_models.0ms",
        "**{:.2f}** times those of the quickest pyreqwest loop with them,",
    ),
    (
        "throughput.default_over_requests.50ms",
        "and over httpx, at 50 ms, **{:.0f}** times those of requests in five threads.",
    ),
    ("paced.cpu.50ms.fast", "The API's 100 requests a second take **{:.0f} %** of a core over `fast`,"),
    ("paced.cpu.50ms.default", "and **{:.0f} %** over httpx."),
    ("overhead.call", "Validation, ids, login, limit and retry take **{:.0f} us** of a call."),
    ("memory.streamed", "From the ten-thousandth item to the millionth a job grows by **{:.0f} MB**."),
)
"""What is said first."""


def _in_short(record: Record) -> str:
    """Return the figures that most people come for, as sentences."""
    found = [(record.get(name), words) for name, words in _IN_SHORT]
    told = [words.format(one.value) for one, words in found if one is not None]
    return f"{_paragraph(' '.join(told))}\n\n" if told else ""


def _paragraph(text: str) -> str:
    return textwrap.fill(text, 110, break_long_words=False, break_on_hyphens=False)


def _goal_rows(series: Iterable[Series]) -> Iterator[str]:
    for names, ones in _together(one for one in series if one.figure.goal is not None):
        measured, goal = _joined(map(value_text, ones)), _joined(map(goal_text, ones))
        yield _row((names, measured, goal, _joined(verdict(one).lower() for one in ones), _stem(ones[0])))


def _other_rows(series: Iterable[Series]) -> Iterator[str]:
    for names, ones in _together(one for one in series if one.figure.goal is None and one.samples):
        yield _row((names, _joined(map(value_text, ones)), _stem(ones[0])))


def _together(series: Iterable[Series]) -> Iterator[tuple[str, list[Series]]]:
    """Yield the figures that share a row, with the name of all: those that differ in one number alone."""
    groups: dict[tuple[object, ...], list[Series]] = {}
    for one in series:
        key = (_NUMBER.sub("*", one.figure.name), one.figure.unit, one.figure.goal, _stem(one))
        groups.setdefault(key, []).append(one)
    for (pattern, *_), ones in groups.items():
        numbers = [found[0] for one in ones if (found := _NUMBER.search(one.figure.name))]
        names = (
            str(pattern).replace("*", f"{{{','.join(numbers)}}}") if len(ones) > 1 else ones[0].figure.name
        )
        yield f"`{names}`", ones


def _joined(texts: Iterable[str]) -> str:
    """Return one text for all where they are the same, else all of them in their order."""
    return " / ".join(several) if len(set(several := list(texts))) > 1 else several[0]


def _stem(one: Series) -> str:
    """Return what a figure is compared with, without the number that its name has already."""
    return _OWN_NUMBER.sub("", one.figure.against or "")


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |".replace("|  |", "| |")


def write(record: Record, folder: Path = DOCS) -> list[Path]:
    """Write the page, its plots and the data they are drawn from; return the files."""
    from benchmarks.plots import draw

    plots = draw(record, folder)
    page, data = folder / PAGE, folder / RECORD
    page.write_text(render(record, [(path.name, caption) for path, caption in plots]), encoding="utf-8")
    data.write_text(record.to_json(), encoding="utf-8")
    return [page, data, *(path for path, _ in plots)]


if __name__ == "__main__":  # other words, the same figures
    from benchmarks.record import Record as Read

    write(Read.from_json((DOCS / RECORD).read_text("utf-8")))
