"""What is compared does its work: every row arrives at the server, whoever sends it."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from benchmarks import alternatives, ceiling, latency, limiter, memory, paced, throughput
from benchmarks.frame import NAMES, Run, load
from benchmarks.server import Server
from benchmarks.throughput import Sides
from benchmarks.worker import ROOT, BenchmarkError
from tests.benchmarks.test_bench_frame import GOALS

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator

    Side = Callable[..., Coroutine[object, object, dict[str, float]]]

COUNT = 37


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """The embedded server, in its own process."""
    with Server.embedded() as running:
        yield running


@pytest.fixture(autouse=True)
def _from_nothing(server: Server) -> None:
    """Let every test begin with nothing counted."""
    server.reset(0)


@pytest.mark.parametrize(
    ("side", "arguments"),
    [
        (alternatives.raw_aiohttp, (COUNT, 10)),
        (alternatives.gathered_httpx, (COUNT,)),
        (alternatives.threaded_requests, (COUNT,)),
        (throughput.bulk_create, (None, COUNT, 10)),
    ],
)
async def test_each_side_creates_every_row(
    server: Server, side: Side, arguments: tuple[int | None, ...]
) -> None:
    """Each side sends each row once and counts what was answered with an account."""
    facts = await side(server.url(0), *arguments)

    assert (facts["done"], server.creates(0)) == (COUNT, COUNT)
    assert facts["wall_s"] > 0
    assert facts["cpu_s"] > 0


@pytest.mark.parametrize(
    ("side", "arguments"),
    [
        (alternatives.httpx_paced, (100.0, 0.2, 0.3)),
        (paced.bulk_paced, (None, 100.0, 0.2, 0.3)),
    ],
)
async def test_paced_sides_look_at_a_part(
    server: Server, side: Side, arguments: tuple[float | None, ...]
) -> None:
    """What is counted is what was answered after the warm-up: some of what arrived, not all of it."""
    facts = await side(server.url(0), *arguments)

    assert 0 < facts["done"] < server.creates(0)


async def test_blunt_client_counts_its_answers(server: Server) -> None:
    """The client that finds the server's ceiling makes real creates."""
    host, port = server.url(0).removeprefix("http://").split(":")
    facts = await ceiling.blunt(host, int(port), 10 * ceiling.CONNECTIONS)

    assert facts["done"] == server.creates(0) == 10 * ceiling.CONNECTIONS


async def test_departures_are_what_arrives(server: Server) -> None:
    """The limiter's figures are taken of real requests, and its sums are those of what left."""
    facts = await limiter.at_a_rate(server.url(0), "httpx", 100, 90)

    assert server.creates(0) == 90
    assert facts["over"] == 0
    assert facts["fullest"] <= 100


async def test_one_by_one_calls_twice_a_row(server: Server) -> None:
    """Each row goes once through the layers and once past them."""
    facts = await latency.one_by_one(server.url(0), "httpx", 5)

    assert server.creates(0) == 10
    assert facts.keys() == {"p50", "p99"}


async def test_memory_is_looked_at_on_the_way() -> None:
    """The resident memory is told at every step of the stream."""
    facts = await memory.streamed(40, 10, journaled=False)

    assert list(facts) == ["10", "20", "30", "40"]
    assert all(mb > 1 for mb in facts.values())


def test_work_that_did_not_arrive_is_no_result(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """A side that claims more than reached the server is an error, not a quick side."""

    def side(*_args: object) -> Callable[[], dict[str, float]]:
        return lambda: {"done": 2, "wall_s": 1.0, "cpu_s": 1.0}

    run = Run(say=lambda _: None)
    monkeypatch.setattr(run, "side", side)
    turn = Sides(run, server, 0).make("a side", 2, throughput.bulk_create, server.url(0), "httpx", 2, 1)

    with pytest.raises(BenchmarkError, match="a side: 2 of 2 done, 0 arrived"):
        turn()


def test_whole_run() -> None:
    """`--json` prints one object a line and nothing else, for every figure of every benchmark, in order."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--quick", "--rounds", "1", "--json"],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr
    told = [json.loads(line) for line in done.stdout.splitlines()]

    assert [one["name"] for one in told] == [figure.name for name in NAMES for figure in load(name).figures]
    assert {tuple(one) for one in told} == {("name", "value", "unit", "better", "against", "goal")}
    assert {one["name"]: (one["goal"], one["better"]) for one in told if one["goal"] is not None} == GOALS
    absent = {one["name"] for one in told if one["value"] is None}
    said = {
        name
        for line in done.stderr.splitlines()
        if line.startswith("not measured: ")
        for name in line[14:].rpartition(": ")[0].partition(": ")[0].split(", ")
    }
    assert absent == said
    assert {one["name"] for one in told if one["name"].startswith("limiter.seconds_over")} & absent == set()


def test_table_for_people() -> None:
    """Without `--json` a benchmark says what it is and shows a line a figure."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--quick", "--rounds", "1", "models"],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    first, *shown, last = [line for line in done.stdout.splitlines() if line]

    assert done.returncode == 0, done.stderr
    assert first == f"models: {load('models').title}"
    assert [line.split()[0] for line in shown] == [figure.name for figure in load("models").figures]
    assert last.endswith(" s in all")
