"""What every benchmark is built of: figures with goals, rounds in turn, samples, and what they come to."""

from __future__ import annotations

import statistics
import sys
from contextlib import ExitStack
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Final, Literal, ParamSpec, Self, TypeVar, cast

from benchmarks.server import Server
from benchmarks.worker import BenchmarkError, Worker

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable, Mapping
    from types import TracebackType

    from benchmarks.worker import Facts

__all__ = ["NAMES", "Benchmark", "Figure", "Run", "Series", "load", "ratios"]

K = TypeVar("K")
P = ParamSpec("P")
S = TypeVar("S")

NAMES: Final = (
    "paced",
    "throughput",
    "overhead",
    "latency",
    "lag",
    "scaling",
    "limiter",
    "sharing",
    "imports",
    "memory",
    "journal",
    "models",
    "server",
)
"""The benchmarks, in the order in which they run; `server` lives in `ceiling.py`."""

_MODULES: Final = {"server": "ceiling"}
_DIGITS: Final = 4


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure, as data.

    Attributes:
        name: Such as `paced.share.1000ms.default`; its benchmark comes first.
        unit: What its value counts.
        better: Which way it is to go.
        against: What it is compared with, where it is.
        goal: What it is to reach; None where none was set.
    """

    name: str
    unit: str
    better: Literal["higher", "lower"]
    against: str | None = None
    goal: float | None = None


@dataclass(slots=True)
class Series:
    """A figure and what was measured of it.

    Attributes:
        figure: What it is.
        samples: One value a round; empty where it could not be measured.
        why_absent: Why not.
    """

    figure: Figure
    samples: list[float] = field(default_factory=list[float])
    why_absent: str | None = None

    @property
    def value(self) -> float | None:
        """The median."""
        return rounded(statistics.median(self.samples)) if self.samples else None

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; None where there is no goal, or no value."""
        value, goal = self.value, self.figure.goal
        if value is None or goal is None:
            return None
        return value >= goal if self.figure.better == "higher" else value <= goal

    def to_json(self) -> dict[str, object]:
        """Return the figure as `--json` prints it."""
        figure = self.figure
        return {
            "name": figure.name,
            "value": self.value,
            "unit": figure.unit,
            "better": figure.better,
            "against": figure.against,
            "goal": figure.goal,
        }


@dataclass(frozen=True, slots=True)
class Benchmark:
    """One benchmark: its figures, and what measures them.

    Attributes:
        title: What it shows, for people.
        figures: All of them, whether they can be measured here or not.
        measure: Measures, and adds a sample a round to each.
    """

    title: str
    figures: tuple[Figure, ...]
    measure: Callable[[Run], None]


def load(name: str) -> Benchmark:
    """Return a benchmark by its name, one of `NAMES`."""
    return cast("Benchmark", import_module(f"benchmarks.{_MODULES.get(name, name)}").BENCHMARK)


class Run:
    """One run of some benchmarks: its children, its server and its samples. Use it as a context.

    Args:
        rounds: How often each side of a comparison has its turn.
        quick: Whether it is only to be seen that everything runs.
        say: Takes a line for whoever watches.

    Attributes:
        series: What was measured, by figure.
        curves: Points to draw, by name: x and y in turn.
    """

    def __init__(
        self, *, rounds: int = 3, quick: bool = False, say: Callable[[str], None] | None = None
    ) -> None:
        self.rounds = rounds
        self.quick = quick
        self.say = say or _say
        self.series: dict[str, Series] = {}
        self.curves: dict[str, list[tuple[float, float]]] = {}
        self._open = ExitStack()
        self._workers: dict[str, Worker] = {}
        self._server: Server | None = None

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End every child."""
        self._open.close()

    # --- what a benchmark uses ------------------------------------------------------------------------

    @property
    def server(self) -> Server:
        """The embedded server, with every latency."""
        if self._server is None:
            self._server = self._open.enter_context(Server.embedded())
        return self._server

    def worker(self, name: str) -> Worker:
        """Return the child process of a side; it stays warm for the whole run."""
        if name not in self._workers:
            self._workers[name] = self._open.enter_context(Worker(name))
        return self._workers[name]

    def pick(self, full: S, quick: S) -> S:
        """Return a size: the full one, or the quick one."""
        return quick if self.quick else full

    def at_most(self, rounds: int) -> int:
        """Return the number of rounds of a benchmark that takes long."""
        return min(self.rounds, rounds)

    def side(
        self,
        name: str,
        work: Callable[P, Coroutine[object, object, Facts]],
        /,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Callable[[], Facts]:
        """Return what has a function of ours run in a side's child, again each time it is called."""

        def turn() -> Facts:
            return self.worker(name).ask(work, *args, **kwargs)

        return turn

    def in_turn(self, sides: Mapping[K, Callable[[], S]], *, rounds: int | None = None) -> dict[K, list[S]]:
        """Let every side have its turn in every round, a different one first each time.

        So what the machine does meanwhile falls on all of them, and ratios hold where figures do not.
        """
        told: dict[K, list[S]] = {name: [] for name in sides}
        names = list(sides)
        for number in range(self.rounds if rounds is None else rounds):
            first = number % len(names)
            for name in (*names[first:], *names[:first]):
                told[name].append(sides[name]())
        return told

    def add(self, name: str, samples: Iterable[float]) -> None:
        """Keep what was measured of a figure."""
        self.series[name].samples.extend(samples)

    def absent(self, why: str, *names: str) -> None:
        """Say why figures cannot be measured here."""
        for name in names:
            self.series[name].why_absent = why
        self.say(f"not measured: {', '.join(names)}: {why}")

    # --- what whoever runs it uses --------------------------------------------------------------------

    def measure(self, name: str) -> list[Series]:
        """Run one benchmark and return its series, every figure of it.

        Raises:
            BenchmarkError: Something could not be measured, or was measured and not declared.
        """
        benchmark = load(name)
        mine = [Series(figure) for figure in benchmark.figures]
        self.series.update({one.figure.name: one for one in mine})
        benchmark.measure(self)
        silent = [one.figure.name for one in mine if not one.samples and one.why_absent is None]
        if silent:
            raise BenchmarkError(f"{name} told nothing of {', '.join(silent)}")
        return mine


def ratios(ours: Iterable[float], theirs: Iterable[float]) -> list[float]:
    """Return ours over theirs, round by round, as far as both go."""
    return [one / other for one, other in zip(ours, theirs, strict=False)]


def rounded(value: float) -> float:
    """Return a value with as many digits as mean something."""
    return float(f"{value:.{_DIGITS}g}")


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()
