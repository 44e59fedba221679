"""What is compared does its work: every row arrives at the server, whoever sends it."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import nullcontext
from typing import TYPE_CHECKING

import pytest
from aiohttp import web

from alianza_async import Account, AccountCreate
from benchmarks import alternatives, ceiling, latency, limiter, memory, overhead, paced, peers, throughput
from benchmarks.frame import NAMES, Run, load
from benchmarks.rows import ACCOUNTS_PATH, TOKEN, account_json, rows
from benchmarks.server import Server
from benchmarks.throughput import Sides
from benchmarks.worker import ROOT, BenchmarkError
from tests.benchmarks.test_bench_frame import GOALS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
    from pathlib import Path

    from pydantic import BaseModel

    Side = Callable[..., Coroutine[object, object, dict[str, float]]]

COUNT = 37

Received = tuple[str, list[tuple[str, bytes]], set[int]]
"""Where a server is, the token and body of each create that came, and the ports they came from."""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """The embedded server, in its own process."""
    with Server.embedded() as running:
        yield running


@pytest.fixture(autouse=True)
def _from_nothing(server: Server) -> None:
    """Let every test begin with nothing counted."""
    server.reset(0)


@pytest.fixture
async def received() -> AsyncIterator[Received]:
    """Run a server that keeps what it receives."""
    requests: list[tuple[str, bytes]] = []
    connections: set[int] = set()

    async def create(request: web.Request) -> web.Response:
        assert request.transport is not None
        connections.add(request.transport.get_extra_info("peername")[1])
        requests.append((request.headers["X-AUTH-TOKEN"], await request.read()))
        assert (request.content_type, request.path) == ("application/json", ACCOUNTS_PATH)
        return web.Response(body=account_json("BENCH-00000001"), content_type="application/json")

    app = web.Application()
    app.router.add_post("/{path:.*}", create)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}", requests, connections
    await runner.cleanup()


@pytest.mark.parametrize(
    ("side", "arguments"),
    [
        (alternatives.raw_aiohttp, (COUNT, 10)),
        (peers.aiohttp_models, (COUNT, 10)),
        (peers.pyreqwest_models, (COUNT, 10)),
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


@pytest.mark.parametrize("side", [peers.aiohttp_models, peers.pyreqwest_models])
async def test_peers_send_what_the_models_make(side: Side, received: Received) -> None:
    """A peer sends the token and the JSON of each row's model, over no more connections than it may use."""
    url, requests, connections = received
    facts = await side(url, COUNT, 10)

    assert facts["done"] == COUNT
    assert sorted(requests) == [(TOKEN, AccountCreate.model_validate(row).to_wire()) for row in rows(COUNT)]
    assert 1 <= len(connections) <= 10


@pytest.mark.parametrize("side", [peers.aiohttp_models, peers.pyreqwest_models])
@pytest.mark.parametrize("model", [AccountCreate, Account])
async def test_peers_validate_both_ways(
    server: Server, side: Side, model: type[BaseModel], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A peer validates every row and every answer with our models."""
    seen: list[object] = []

    def validated(validate: Callable[[object], BaseModel]) -> Callable[[object], BaseModel]:
        def noting(value: object) -> BaseModel:
            seen.append(validate(value))
            return validate(value)

        return noting

    name = "model_validate" if model is AccountCreate else "model_validate_json"
    monkeypatch.setattr(model, name, validated(getattr(model, name)))
    await side(server.url(0), COUNT, 10)

    assert [type(one) for one in seen] == [model] * COUNT


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


async def test_overhead_is_measured_with_and_without_a_journal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One run shows what a bulk row costs without a journal and with one, and that one is really written."""
    path = tmp_path / "job.db"
    monkeypatch.setattr(overhead, "journal_file", lambda: nullcontext(str(path)))
    facts = await overhead.calls(COUNT)

    assert {"bulk", "bulk_journaled"} <= facts.keys()
    assert path.stat().st_size > 0


async def test_bulk_rows_leave_no_reference_cycles() -> None:
    """What a bulk row needs is freed at its end; nothing of it waits for the garbage collector."""
    await overhead.garbage(COUNT)  # what the first use of a module leaves behind is no part of it
    facts = await overhead.garbage(500)

    assert facts["bulk_garbage"] < 1


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


@pytest.mark.slow
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
