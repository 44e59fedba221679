"""What a bulk job reports: one result per item, and the sums."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, get_args

from alianza_async.bulk.half_done import IN_SERVICE, NUMBER_STATES, HalfDone
from alianza_async.bulk.input.change_tally import ChangeTally

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from alianza_async.bulk.input.places import Place
    from alianza_async.errors import AlianzaError

__all__ = [
    "DONE",
    "MAY_BE_LOST",
    "STATUSES",
    "Evidence",
    "ItemResult",
    "Outage",
    "Report",
    "Status",
    "as_status",
]

Status = Literal["created", "exists", "updated", "failed", "invalid", "unknown", "skipped"]
"""How an item ended.

* `created`: it is there, made by this job (also where a lost answer had to be looked up).
* `exists`: it was there before, equal in every field sent.
* `updated`: it was there before, and was brought to what was sent.
* `failed`: it is not there, or is there and differs; the error says which.
* `invalid`: it cannot be sent; nothing was.
* `unknown`: it may be there, and no look-up could determine that.
* `skipped`: an earlier run had done it, or the job stopped before it, or the rest of it, was sent.
"""

STATUSES: tuple[Status, ...] = get_args(Status)
DONE: frozenset[str] = frozenset({"created", "exists", "updated"})
"""The statuses that leave nothing to do."""
MAY_BE_LOST: frozenset[str] = frozenset({"intent", "unknown"})
"""What may have been sent without its outcome being known, as a journal has it."""


def as_status(text: str) -> Status:
    """Return a status that a journal has, as the type that holds it."""
    status: Status = text  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]
    return status


Evidence = Literal["answered", "history", "none"]
"""What proves that this login made an object: our own answer, the account's history, or nothing."""

_HALF_DONE: Final = frozenset({"failed", "unknown", "skipped"})
_NAMED: Final = 20


class Outage(NamedTuple):
    """A host that cannot be reached.

    Attributes:
        host: Its name.
        since: Since when, in Unix seconds.
    """

    host: str
    since: float

    def __str__(self) -> str:
        """Return it in one line."""
        return f"{self.what}; waiting"

    @property
    def what(self) -> str:
        """What is the matter, without what the job does about it."""
        clock = datetime.fromtimestamp(self.since, UTC).astimezone()
        return f"cannot reach {self.host} since {clock:%H:%M}"


@dataclass(frozen=True, slots=True)
class ItemResult:
    """What became of one item.

    Attributes:
        row: Data record number in the input, from 1.
        key: The item's natural key in the input's own text; None where it has none.
        status: How it ended.
        id: The object's id, where it is there.
        error: Why it is not, or why that is not known.
        attempts: Requests sent for it, look-ups not counted.
        request_id: Our id of the last request, for support.
        elapsed: Seconds from its turn to its end.
        adopted: True where it was `created` by an attempt whose answer was lost.
        done_before: True where it was `skipped` because an earlier run had done it.
        evidence: What proves that this login made the object; None where there is none.
        objects: The id of each object that the job made of it, by step: `account`, `user`, `number`, `line`.
        number_state: `reserved`, `activated` or `in service`; None where it has no number.
        failed_step: The step that stopped it, where one did.
        resent: Whether a request that creates or changes something was sent more than once for it.
        place: Where its row stands in the input; None where that is not known any more.
    """

    row: int
    key: str | None
    status: Status
    id: str | None = None
    error: AlianzaError | None = None
    attempts: int = 0
    request_id: str | None = None
    elapsed: float = 0.0
    adopted: bool = False
    done_before: bool = False
    evidence: Evidence | None = None
    objects: Mapping[str, str] = field(default_factory=dict[str, str])
    number_state: str | None = None
    failed_step: str | None = None
    resent: bool = False
    place: Place | None = None

    @property
    def in_service(self) -> bool | None:
        """Whether its number is in service; None where it has no number."""
        return None if self.number_state is None else self.number_state == IN_SERVICE

    @property
    def without_911(self) -> bool:
        """Whether its number is on an account and not in service: such rows are shown first."""
        return not self.done and self.number_state == NUMBER_STATES["activation"]

    @property
    def maker_unknown(self) -> bool:
        """Whether something of it was found after a lost answer, and nothing proves who made it."""
        return self.status in DONE and self.adopted and self.evidence == "none"

    @property
    def done(self) -> bool:
        """Whether nothing is left to do for it."""
        return self.done_before or self.status in DONE


@dataclass(slots=True)
class Report:
    """The sums of a job; live while it runs.

    Attributes:
        total: Rows taken from the input so far.
        created: Rows by status, likewise `exists` and the others.
        adopted: How many were found after their answer was lost.
        maker_unknown: How many are done, and have an object that was found after a lost answer, with nothing
            that proves who made it.
        half_done: Rows that are not done, and of which something exists.
        sent_again: Rows for which a request that creates or changes something was sent more than once.
        sent_again_rows: The numbers of the first twenty of them.
        throttled: How many answers were 429: the server asked to be sent less.
        lowest_rate: Requests a second at the slowest, after a 429; None where there was none.
        slowed_to: Requests a second at this moment, where a 429 has slowed the job; None at full rate.
        outage: The host that cannot be reached now, and since when; None where all is well.
        done_before: How many of `skipped` an earlier run had done.
        warns: What the job's choices leave out for each number, such as `number without prevalidation`.
        numbers_warned: How many numbers it was left out for.
        begun: How many of `skipped` are half done: the job stopped before the rest of them was sent.
        previously_settled: Rows that earlier runs of the same job have settled, as its journal has them; they
            are counted in `total` and by status.
        in_flight: Items under way, those that wait to be looked up among them.
        concurrency: How many items may be under way at this moment.
        paused: Whether another terminal has asked it to take no further row for now.
        unsettled: Rows that were under way when the job was cut off.
        unknown_columns: Columns of the input that mean no field: kept, not sent.
        notes: How the input was read, a sentence each: what was guessed, found or skipped.
        results_path: Where the result file is.
        journal_path: Where the journal is.
        results: One result an item, where they were collected.
        missing: Rows that the journal has unsettled and that the input lacked.
        changes: Values of the rows taken that were read otherwise than they stand, and doubtful ones.
        previously_sent: How many of `previously_settled` the API was asked for.
    """

    total: int = 0
    created: int = 0
    exists: int = 0
    updated: int = 0
    failed: int = 0
    invalid: int = 0
    unknown: int = 0
    skipped: int = 0
    adopted: int = 0
    done_before: int = 0
    previously_settled: int = 0
    in_flight: int = 0
    concurrency: int = 0
    paused: bool = False
    unsettled: tuple[int, ...] = ()
    unknown_columns: tuple[str, ...] = ()
    results_path: Path | None = None
    journal_path: Path | None = None
    results: list[ItemResult] = field(default_factory=list["ItemResult"], repr=False)
    previously_sent: int = 0
    missing: tuple[int, ...] = ()
    maker_unknown: int = 0
    half_done: HalfDone = field(default_factory=HalfDone)
    sent_again: int = 0
    sent_again_rows: list[int] = field(default_factory=list[int], repr=False)
    throttled: int = 0
    lowest_rate: float | None = None
    slowed_to: float | None = None
    outage: Outage | None = None
    begun: int = 0
    notes: tuple[str, ...] = ()
    changes: ChangeTally = field(default_factory=ChangeTally, repr=False)
    warns: tuple[str, ...] = ()
    numbers_warned: int = 0
    _started: float = field(default_factory=time.monotonic, repr=False)
    _ended: float | None = field(default=None, repr=False)

    def __repr__(self) -> str:
        """Return the sums, in one line."""
        counts = ", ".join(f"{count} {status}" for status in STATUSES if (count := getattr(self, status)))
        going = f", {self.in_flight} under way" if self.in_flight else ""
        return f"<Report {self.total} rows: {counts or 'none settled'}{going}>"

    def begin(self) -> None:
        """Start the clock."""
        self._started = time.monotonic()

    def add(self, result: ItemResult) -> None:
        """Count one result."""
        setattr(self, result.status, getattr(self, result.status) + 1)
        self.adopted += result.adopted
        self.done_before += result.done_before
        on_account = result.number_state not in {None, NUMBER_STATES["number"]}
        if self.warns and on_account and result.status != "exists":
            self.numbers_warned += 1
        if result.maker_unknown:
            self.maker_unknown += 1
        if result.resent:
            self.sent_again += 1
            if len(self.sent_again_rows) < _NAMED:
                self.sent_again_rows.append(result.row)
        if result.objects and result.status in _HALF_DONE:
            self.half_done.add(result.objects, result.number_state)
            self.begun += result.status == "skipped"

    def note_pace(self, refusals: int, rate: float, full_rate: float) -> None:
        """Note how fast requests leave.

        Args:
            refusals: Answers with 429 since the job began.
            rate: Requests a second at this moment.
            full_rate: Requests a second when all is well.
        """
        if not refusals:
            return
        self.throttled = max(self.throttled, refusals)
        self.lowest_rate = rate if self.lowest_rate is None else min(rate, self.lowest_rate)
        self.slowed_to = rate if rate < full_rate else None

    def note_outage(self, host: str, since: float | None) -> None:
        """Note that a host cannot be reached, or is reached again.

        Args:
            host: The host's name.
            since: Since when it cannot, in Unix seconds; None = it is reached again.
        """
        self.outage = None if since is None else Outage(host, since)

    @property
    def waiting_since(self) -> float | None:
        """Since when the job waits for its host, in Unix seconds; None where it does not."""
        return None if self.outage is None else self.outage.since

    def end(self) -> None:
        """Stop the clock."""
        self._ended = time.monotonic()

    @property
    def settled(self) -> int:
        """Rows whose end is known."""
        return self.sent + self.invalid + self.skipped

    @property
    def sent(self) -> int:
        """Rows for which the API was asked."""
        return self.created + self.exists + self.updated + self.failed + self.unknown

    @property
    def all_done(self) -> bool:
        """Whether nothing is left to do for any row taken."""
        left = self.failed + self.invalid + self.unknown + (self.skipped - self.done_before)
        return left == 0 and not self.unsettled

    @property
    def elapsed_s(self) -> float:
        """Seconds since the job began; until it ended, once it has."""
        return (time.monotonic() if self._ended is None else self._ended) - self._started

    @property
    def items_per_s(self) -> float:
        """Items that were sent, a second."""
        elapsed = self.elapsed_s
        return (self.sent - self.previously_sent) / elapsed if elapsed > 0 else 0.0
