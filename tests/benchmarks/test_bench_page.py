"""The page of figures is written from what was measured, the same bytes for the same figures."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

import pytest

from benchmarks.frame import NAMES, Series, load
from benchmarks.page import DOCS, PAGE, RECORD, render, write
from benchmarks.plots import draw
from benchmarks.record import Record, machine

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def record() -> Record:
    """A run in which everything was measured, and the figures are made up."""
    return Record(
        machine="A made-up processor, 2 cores, Linux 6.1, CPython 3.11.7",
        software={"alianza-async": "0.1.0", "httpx": "0.28.1"},
        server="embedded (uvloop + httptools)",
        day="2026-01-31",
        rounds=3,
        series=[
            Series(figure, [10.0 + place, 20.0 + place, 40.0 + place])
            for name in NAMES
            for place, figure in enumerate(load(name).figures)
        ],
        curves={
            "memory.streamed": [(1e4 * step, 60 + step / 100) for step in range(1, 101)],
            "memory.journaled": [(1e4 * step, 70 + step / 50) for step in range(1, 101)],
        },
    )


def figures_of(text: str) -> list[str]:
    """Return the names of all figures in a text's rows, sorted; `a.{1,2}` are two."""
    names: list[str] = []
    for line in text.splitlines():
        if line.startswith("| `"):
            before, _, rest = line.split("`")[1].partition("{")
            numbers, _, after = rest.partition("}")
            names += [before + number + after for number in numbers.split(",")]
    return sorted(names)


def test_page_shows_every_figure(record: Record) -> None:
    """Each figure is in a row, with its goal where it has one; the machine is named; the page is short."""
    page = render(record, [("a.svg", "A plot")])
    goals, others = (figures_of(part) for part in page.split("## Everything else"))

    assert goals == sorted(one.figure.name for one in record.series if one.figure.goal is not None)
    assert others == sorted(one.figure.name for one in record.series if one.figure.goal is None)
    assert "| `overhead.call` | 20 us of CPU (10 - 40) | <= 60 | met | the same transport" in page
    assert "A made-up processor, 2 cores" in page
    for peer in ("aiohttp", "pyreqwest"):
        assert f"times those of the quickest {peer} loop with" in " ".join(page.split())
        assert f"| `throughput.fast_over_{peer}_models.{{0,10,50}}ms` |" in page
        assert f"`throughput.cpu_per_item.{peer}_models.0ms`" in page
    assert "![A plot](a.svg)" in page
    assert len(page.splitlines()) < 150


def test_what_is_not_there_yet_is_told(record: Record) -> None:
    """A goal without a figure stays on the page; a figure without a goal or a value does not."""
    for one in record.series:
        one.samples.clear()
    page = render(record)
    rows = [line for line in page.splitlines() if line.startswith("| `")]

    assert figures_of(page) == sorted(one.figure.name for one in record.series if one.figure.goal is not None)
    assert {row.split(" | ")[1] for row in rows} == {"-"}
    assert {row.split(" | ")[3] for row in rows} == {"not there yet"}


def test_figures_that_differ_in_a_number_share_a_row(record: Record) -> None:
    """The values of a row are in the order of the numbers in its name, and so are verdicts that differ."""
    wanted = [f"throughput.fast_over_aiohttp_models.{latency}ms" for latency in (0, 10, 50)]
    for name, sample in zip(wanted, (0.95, 0.5, 0.9), strict=True):
        found = record.get(name)
        assert found is not None
        found.samples[:] = [sample]

    assert (
        "| `throughput.fast_over_aiohttp_models.{0,10,50}ms` | 0.95 x / 0.5 x / 0.9 x | >= 0.9 "
        "| met / missed / met | aiohttp + models |"
    ) in render(record)


def test_record_is_read_back(record: Record) -> None:
    """What was measured is kept as data, and the page can be written from it again."""
    assert Record.from_json(record.to_json()) == record


def test_plots_are_small_and_always_the_same(record: Record, tmp_path: Path) -> None:
    """Each plot is an SVG of at most 40 kB whose bytes depend on the figures alone."""
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    drawn = draw(record, first)
    draw(record, second)

    assert [path.name for path, _ in drawn] == [
        f"performance-{name}.svg" for name in ("throughput", "paced", "scaling", "memory")
    ]
    for path, _caption in drawn:
        assert path.stat().st_size < 40_000
        assert path.read_bytes() == (second / path.name).read_bytes()
        assert ET.parse(path).getroot().tag.endswith("svg")  # noqa: S314  (our own file)


def test_plot_without_figures_is_left_out(record: Record, tmp_path: Path) -> None:
    """What was not measured is not drawn."""
    for one in record.series:
        if not one.figure.name.startswith("paced."):
            one.samples.clear()
    record.curves.clear()

    assert [path.name for path, _ in draw(record, tmp_path)] == ["performance-paced.svg"]


def test_everything_is_written(record: Record, tmp_path: Path) -> None:
    """Page, data and plots are written, and the page shows each plot."""
    written = write(record, tmp_path)
    page = (tmp_path / PAGE).read_text("utf-8")

    assert sorted(tmp_path.iterdir()) == sorted(written)
    assert [path.name for path in written if path.suffix == ".svg" and f"({path.name})" not in page] == []
    assert Record.from_json((tmp_path / RECORD).read_text("utf-8")) == record


def test_page_in_the_docs_is_what_its_data_says() -> None:
    """Nobody mends a published figure by hand: the page is the one that its data gives."""
    kept = DOCS / RECORD
    page = (DOCS / PAGE).read_text("utf-8") if (DOCS / PAGE).exists() else None
    if not kept.exists():
        assert page is None
        return
    record = Record.from_json(kept.read_text("utf-8"))
    text = str(page)
    shown = [
        (line.partition("](")[2].rstrip(")"), line.partition("](")[0].removeprefix("!["))
        for line in text.splitlines()
        if line.startswith("![")
    ]

    assert text == render(record, shown)


def test_machine_is_named() -> None:
    """The machine is a processor, its cores, a system and a Python."""
    processor, cores, *rest = machine().split(", ")

    assert processor
    assert cores.split()[0].isdigit()
    assert len(rest) == 2
