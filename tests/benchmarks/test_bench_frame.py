"""The benchmarks' frame: every goal is there, samples become values, and lines are well-formed."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING

import pytest

from benchmarks.__main__ import main
from benchmarks.frame import NAMES, Benchmark, Figure, Run, Series, load, ratios
from benchmarks.meter import fullest_second, seconds_over
from benchmarks.table import goal_text, lines, value_text, verdict
from benchmarks.transports import TRANSPORTS
from benchmarks.worker import ROOT, BenchmarkError, Worker, clean_environment

if TYPE_CHECKING:
    from collections.abc import Sequence

# What was promised, figure by figure: the goals of the table, with the way they are to go.
GOALS = {
    "paced.share.1000ms.default": (97, "higher"),
    "paced.share.1000ms.fast": (97, "higher"),
    "paced.cpu.50ms.default": (30, "lower"),
    "paced.cpu.50ms.fast": (12, "lower"),
    "throughput.fast_over_raw_aiohttp.0ms": (0.75, "higher"),
    "throughput.fast_over_raw_aiohttp.10ms": (0.75, "higher"),
    "throughput.fast_over_raw_aiohttp.50ms": (0.75, "higher"),
    "throughput.fast_over_aiohttp_models.0ms": (0.9, "higher"),
    "throughput.fast_over_aiohttp_models.10ms": (0.9, "higher"),
    "throughput.fast_over_aiohttp_models.50ms": (0.9, "higher"),
    "throughput.fast_over_pyreqwest_models.0ms": (0.65, "higher"),
    "throughput.fast_over_pyreqwest_models.10ms": (0.65, "higher"),
    "throughput.fast_over_pyreqwest_models.50ms": (0.65, "higher"),
    "throughput.default_over_gather.0ms": (5, "higher"),
    "throughput.fast_over_requests.0ms": (2, "higher"),
    "throughput.fast_over_requests.50ms": (12, "higher"),
    "throughput.default_over_requests.0ms": (0.7, "higher"),
    "throughput.default_over_requests.50ms": (4, "higher"),
    "overhead.call": (60, "lower"),
    "latency.p99_added.default": (0.25, "lower"),
    "latency.p99_added.fast": (0.25, "lower"),
    "lag.p99_added.default": (5, "lower"),
    "lag.p99_added.fast": (5, "lower"),
    "scaling.cpu_500_over_10.fast": (1.25, "lower"),
    "imports.package": (1.25, "lower"),
    "memory.streamed": (5, "lower"),
    "memory.journaled": (25, "lower"),
    "limiter.share.100": (97, "higher"),
    "limiter.share.1000": (97, "higher"),
    "limiter.seconds_over.client.100": (0, "lower"),
    "limiter.seconds_over.server.100": (0, "lower"),
    "limiter.seconds_over.client.1000": (0, "lower"),
    "limiter.seconds_over.server.1000": (0, "lower"),
    "sharing.p99_beside_bulk.default": (1.5, "lower"),
    "sharing.p99_beside_bulk.fast": (1.5, "lower"),
    "sharing.p99_accepted": (1, "lower"),
    "journal.time_added": (10, "lower"),
    "journal.cpu_added": (10, "lower"),
}


def figures() -> list[Figure]:
    """Return every figure of every benchmark."""
    return [figure for name in NAMES for figure in load(name).figures]


def series(*samples: float, goal: float | None = None, higher: bool = True) -> Series:
    """Return a series of a figure."""
    return Series(Figure("a.b", "x", "higher" if higher else "lower", None, goal), list(samples))


def test_every_goal_is_there() -> None:
    """The goals are exactly those that were promised, neither softer nor fewer."""
    found = {one.name: (one.goal, one.better) for one in figures() if one.goal is not None}

    assert found == GOALS


def test_every_figure_has_one_name() -> None:
    """No two figures share a name, and each begins with its benchmark's."""
    names = [figure.name for figure in figures()]
    prefixes = {name: {one.name.partition(".")[0] for one in load(name).figures} for name in NAMES}

    assert sorted(names) == sorted(set(names))
    assert prefixes == {name: {name} for name in NAMES}


def test_each_transport_has_the_same_figures() -> None:
    """What is measured of one transport is measured of each."""
    first, *rest = [
        sorted(
            figure.name.replace(f"{name}_over_", "*_over_").replace(f".{name}", ".*")
            for figure in figures()
            if f"{name}_over_" in figure.name or f".{name}" in figure.name
        )
        for name in TRANSPORTS
    ]

    assert rest == [first] * (len(TRANSPORTS) - 1)
    assert len(first) >= 20


def test_the_value_is_the_median() -> None:
    """One bad round does not move the value; four digits of it are told."""
    assert series(1.0, 2.00004, 900.0).value == 2.0
    assert series(1.0, 2.0).value == 1.5
    assert series().value is None


@pytest.mark.parametrize(
    ("one", "met"),
    [
        (series(5, goal=5), True),
        (series(4.9, goal=5), False),
        (series(0, goal=0, higher=False), True),
        (series(1, goal=0, higher=False), False),
        (series(1), None),
        (series(goal=5), None),
    ],
)
def test_a_goal_is_met_or_missed(one: Series, met: bool | None) -> None:
    """The goal itself is met; without a goal or a value there is no verdict."""
    assert one.met is met


def test_a_line_has_exactly_its_keys() -> None:
    """One figure is one JSON object with the six keys that were promised, a goal of zero included."""
    line = json.dumps(series(3, goal=0, higher=False).to_json())

    assert json.loads(line) == {
        "name": "a.b",
        "value": 3.0,
        "unit": "x",
        "better": "lower",
        "against": None,
        "goal": 0,
    }


def test_sides_have_their_turns_in_every_round() -> None:
    """Every side runs once a round, and another one begins each time."""
    order: list[str] = []

    def side(name: str) -> int:
        order.append(name)
        return len(order)

    told = Run(say=lambda _: None).in_turn({name: partial(side, name) for name in "abc"}, rounds=3)

    assert "".join(order) == "abcbcacab"
    assert told == {"a": [1, 6, 8], "b": [2, 4, 9], "c": [3, 5, 7]}


def test_ratios_are_taken_round_by_round() -> None:
    """A round is compared with itself, as far as both sides went."""
    assert ratios([2.0, 9.0, 5.0], [1.0, 3.0]) == [2.0, 3.0]


@pytest.mark.parametrize(
    ("samples", "why", "told"), [([1.0], None, 1), ([], "no such thing here", 1), ([], None, None)]
)
def test_a_figure_is_measured_or_said_to_be_absent(
    samples: Sequence[float], why: str | None, told: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A benchmark that says nothing of one of its figures is an error, never a figure less."""

    def measure(run: Run) -> None:
        run.add("models.a", samples)
        if why:
            run.absent(why, "models.a")

    made = Benchmark("a benchmark", (Figure("models.a", "x", "higher"),), measure)
    monkeypatch.setattr("benchmarks.models.BENCHMARK", made)
    run = Run(say=lambda _: None)

    if told is None:
        with pytest.raises(BenchmarkError, match=r"models told nothing of models\.a"):
            run.measure("models")
    else:
        assert len(run.measure("models")) == told


def test_table_shows_spread_goal_and_verdict() -> None:
    """People see median, least, most, goal and whether it is met; what is not there yet says so."""
    missed = series(1.0, 2.0, 3.0, goal=5)

    assert value_text(missed) == "2 x (1 - 3)"
    assert goal_text(missed) == ">= 5"
    assert [verdict(one) for one in (missed, series(6, goal=5), series(goal=5), series(1))] == [
        "MISSED",
        "met",
        "not there yet",
        "",
    ]
    assert [line.split() for line in lines([series(12345.6)])] == [["a.b", "12,350", "x"]]


def test_windows() -> None:
    """A sliding second is open at its end: what comes a whole second later is in the next one."""
    times = [0.0, 0.5, 0.999, 1.0, 1.4]

    assert fullest_second(times) == 4
    assert [seconds_over(times, limit) for limit in (2, 3, 4)] == [3, 1, 0]
    assert fullest_second([]) == 0


def test_children_get_no_settings_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy or a setting of whoever measures reaches no side."""
    for name in ("HTTPS_PROXY", "no_proxy", "ALIANZA_RATE", "KEPT"):
        monkeypatch.setenv(name, "1")
    kept = clean_environment()

    assert {"HTTPS_PROXY", "no_proxy", "ALIANZA_RATE"} & kept.keys() == set()
    assert kept["KEPT"] == "1"


def test_what_fails_in_a_child_is_told() -> None:
    """An error in a child carries its own words, and the child lives on."""
    from benchmarks.models import costs

    with Worker("a side") as worker:
        with pytest.raises(BenchmarkError, match=r"(?s)a side: .*TypeError"):
            worker.ask(costs, "not a number")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        assert worker.ask(costs, 1).keys() == {"write", "read", "dumps", "loads"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nonsense"], "there is no benchmark 'nonsense'"),
        (["--rounds", "0"], "--rounds is 0; give 1 or more"),
        (["--write-docs", "--quick"], "--write-docs publishes every figure at its full size"),
        (["--write-docs", "models"], "--write-docs publishes every figure at its full size"),
    ],
)
def test_wrong_words_are_refused(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What cannot be meant ends with code 2 and a sentence, before anything is measured."""
    with pytest.raises(SystemExit) as ended:
        main(words)

    assert ended.value.code == 2
    assert said in capsys.readouterr().err


def test_no_file_is_too_long_to_read() -> None:
    """The benchmarks are held to the same 400 lines a file as the package."""
    texts = {path.name: path.read_text("utf-8") for path in (ROOT / "benchmarks").glob("*.py")}

    assert {name for name, text in texts.items() if len(text.splitlines()) > 400} == set()
    assert len(texts) > 20
