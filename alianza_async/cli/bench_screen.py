"""What somebody reads of a bench: where the load went, what came of it, and how long it took."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rich.table import Table

from alianza_async.cli.connect import place
from alianza_async.cli.load import percentile
from alianza_async.cli.screen import plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alianza_async.cli.load import Load
    from alianza_async.cli.screen import Screen
    from alianza_async.session import Session

__all__ = ["UNPACED", "Bench", "introduction", "tell_bench"]

UNPACED: Final = 1_000_000.0
"""More requests a second than anybody sends: the rate limit is passed, and never waited for."""

_PER_MILLE: Final = {"p50": 500, "p90": 900, "p99": 990, "p99.9": 999}
_MS: Final = 1000


@dataclass(slots=True)
class Bench:
    """One bench: where the load goes, and what came of it.

    Attributes:
        load: The calls that are measured.
        prefix: What the numbers of the accounts begin with; None where none are made.
        latency_ms: Milliseconds the embedded Alianza is away; None where the server is the user's own.
        base_url: Where the load goes.
        place: The same, for people.
        transport: What carries it.
        capacity: How many requests may be under way at once.
        rate: Requests a second at the most; None = unpaced.
        warm_up: Calls made before the first that is measured.
        throttled: 429s that came while it was measured.
        interrupted: Whether it was cut short.
    """

    load: Load
    prefix: str | None = None
    latency_ms: float | None = None
    base_url: str = ""
    place: str = ""
    transport: str = ""
    capacity: int = 0
    rate: float | None = None
    warm_up: int = 0
    throttled: int = 0
    interrupted: bool = False

    @property
    def operation(self) -> str:
        """What is called."""
        return "authorize.user_info" if self.prefix is None else "accounts.create"

    def note(self, session: Session) -> None:
        """Take down what the session, once open, is like."""
        self.base_url, self.place = session.base_url, place(session)
        if self.latency_ms is not None:
            self.place = f"an embedded Alianza ({self.base_url}), {self.latency_ms:g} ms away"
        self.transport, self.capacity = session.transport, session.capacity
        self.rate = None if session.full_rate >= UNPACED else session.full_rate

    def latencies_ms(self) -> Iterator[tuple[str, float]]:
        """Yield each figure of the latency by its name; none where nothing was answered."""
        ordered = sorted(self.load.taken)
        if ordered:
            yield "min", ordered[0] * _MS
            for name, per_mille in _PER_MILLE.items():
                yield name, percentile(ordered, per_mille) * _MS
            yield "max", ordered[-1] * _MS

    def to_json(self) -> dict[str, object]:
        """Return what `--json` prints."""
        load = self.load
        names = ("min", *_PER_MILLE, "max")
        latencies = dict(self.latencies_ms())
        return {
            "operation": self.operation,
            "base_url": self.base_url,
            "sandbox_latency_ms": self.latency_ms,
            "account_number_prefix": self.prefix,
            "transport": self.transport,
            "concurrency": min(load.concurrency, self.capacity),
            "rate_per_second": self.rate,
            "warm_up_requests": self.warm_up,
            "requests": load.calls,
            "answered": load.answered,
            "failed": load.failed,
            "failures": dict(load.failures.most_common()),
            "sent_again": load.sent_again,
            "throttled": self.throttled,
            "seconds": round(load.seconds, 3),
            "requests_per_second": round(load.answered / load.seconds, 1),
            **{
                f"{name.replace('.', '_')}_ms": round(latencies[name], 3) if latencies else None
                for name in names
            },
            "cpu_percent": round(100 * load.cpu_s / load.seconds, 1),
            "cpu_us_per_request": round(1e6 * load.cpu_s / max(1, load.ended), 1),
            "interrupted": self.interrupted,
        }


def introduction(bench: Bench) -> str:
    """Return the sentence that says what is about to be done."""
    load = bench.load
    pace = "unpaced" if bench.rate is None else f"at most {bench.rate:g} a second"
    at_once = min(load.concurrency, bench.capacity)
    capped = "" if at_once == load.concurrency else " (as many connections as ALIANZA_MAX_CONNECTIONS allows)"
    return (
        f"{load.calls:,} requests ({bench.operation}) to {bench.place}, over {bench.transport}, "
        f"{at_once:,} at once{capped}, {pace}"
    )


def tell_bench(bench: Bench, screen: Screen) -> None:
    """Print what came of it: for people, and as the one JSON object where that is wanted."""
    load = bench.load
    every = load.answered == load.calls
    headline = (
        f"{'All ' if every else ''}{load.answered:,}{'' if every else f' of {load.calls:,}'} requests were"
    )
    screen.line()
    screen.line(
        f"{headline} answered in {load.seconds:.1f} s: {load.answered / load.seconds:,.0f} a second",
        "bold green" if every else "bold yellow",
    )
    table = Table(box=None, show_header=False, padding=(0, 0, 0, 2))
    table.add_column(no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(style="dim", overflow="fold")
    for row in (*_ends(bench), *_costs(bench)):
        table.add_row(*row)
    screen.show(table)
    if load.taken:
        screen.line("Latency is from call to answer, the wait for the rate limit included.", "dim")
    screen.line(f"Not measured: {bench.warm_up:,} reads before, for the login and the connections.", "dim")
    if bench.prefix is not None:
        screen.line(f"The accounts' numbers begin with {bench.prefix}", "dim")
    if load.first_failure is not None:
        screen.say(f"first failure: {load.first_failure}", "red")
    if screen.as_json:
        screen.json(bench.to_json())


def _ends(bench: Bench) -> Iterator[tuple[str, str, str]]:
    """Yield how the calls ended: name, figure and meaning of each line."""
    load = bench.load
    yield "answered", f"{load.answered:,}", ""
    for kind, count in load.failures.most_common():
        yield "failed", f"{count:,}", plain(kind)
    if load.calls > load.ended:
        yield (
            "left out",
            f"{load.calls - load.ended:,}",
            "interrupted before their answer, or before their turn",
        )
    if load.sent_again:
        yield "sent again", f"{load.sent_again:,}", "requests, by calls that were answered in the end"
    yield "429s", f"{bench.throttled:,}", "requests refused as too many"


def _costs(bench: Bench) -> Iterator[tuple[str, str, str]]:
    """Yield what the calls took: name, figure and unit of each line."""
    load = bench.load
    for name, milliseconds in bench.latencies_ms():
        yield name, f"{milliseconds:,.1f}", "ms" if load.answered == load.ended else "ms, of those answered"
    share, each = load.cpu_s / load.seconds, 1e6 * load.cpu_s / max(1, load.ended)
    yield "CPU", f"{share:.0%}", f"of a core in this process: {each:,.0f} us a request"
