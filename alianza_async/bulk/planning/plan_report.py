"""What a plan says: how many rows of each class, why some cannot run, and what a run will cost."""

from __future__ import annotations

import re
from bisect import insort
from dataclasses import asdict, dataclass, field as data_field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, get_args

from alianza_async.bulk.input.change_tally import ChangeTally
from alianza_async.bulk.input.places import Place

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from alianza_async.bulk.engine.steps import Need
    from alianza_async.bulk.engine.workflow import Workflow
    from alianza_async.errors import FieldError

__all__ = [
    "LEVELS",
    "VERDICTS",
    "Held",
    "NearRow",
    "Plan",
    "PlannedRow",
    "Reason",
    "Shown",
    "Verdict",
    "held",
]

Verdict = Literal["valid", "create", "partly", "same", "differs", "blocked", "unknown", "invalid", "done"]
"""What a run would make of a row.

* `valid`: it can be sent; it was not looked up, or nothing can look it up.
* `create`: nothing of it is there, or done: a run does all of it.
* `partly`: some of its steps are done: a run does the rest.
* `same`: it is there, equal in every field; or done already.
* `differs`: it is there, with other values.
* `blocked`: what it belongs to is not there, such as a user's account.
* `unknown`: it can be sent, and looking it up failed.
* `invalid`: it cannot be sent.
* `done`: an earlier run did it: the input is its result file.
"""

LEVELS: Final = (
    *("DENIED", "NONE", "READ_MYUSER", "READ", "EDIT_MYUSER", "EDIT"),
    *("CREATE_MYUSER", "CREATE", "DELETE_MYUSER", "DELETE"),
)
"""The levels of a permission; each allows what those before it do, `..._MYUSER` for one's own user alone."""

VERDICTS: Final[tuple[Verdict, ...]] = get_args(Verdict)
_CAN_RUN: Final = frozenset({"valid", "create", "partly", "same", "done"})
_MOST_REASONS: Final = 100
_LONGEST: Final = 500
_VARIES: Final = (
    (re.compile(r" as its character \d+"), ""),
    (re.compile(r"\brow \d+"), "an earlier row"),
    (re.compile(r"^would be read as '.*' \("), "would be read otherwise ("),
    (re.compile(r'^would be read as ".*" \('), "would be read otherwise ("),
)
_OTHER_ROW: Final = re.compile(r"\brow (\d+)")


class Held(NamedTuple):
    """A permission that a job needs, beside what the login holds.

    Attributes:
        area: The permission's type.
        level: The least level needed.
        has: The login's level; None where it holds none there.
        enough: Whether that is enough.
    """

    area: str
    level: str
    has: str | None
    enough: bool


def held(needs: Iterable[Need], permissions: Mapping[str, str] | None) -> tuple[Held, ...] | None:
    """Hold what a job needs against what its login may do.

    Args:
        needs: The permissions needed.
        permissions: What the login was answered: a level for each type.

    Returns:
        One line per need; None where the answer named no permissions.
    """
    if not permissions:
        return None

    def enough(need: Need) -> bool:
        has = permissions.get(need.area)
        return has in LEVELS and LEVELS.index(has) >= LEVELS.index(need.level)

    return tuple(Held(need.area, need.level, permissions.get(need.area), enough(need)) for need in needs)


class Shown(NamedTuple):
    """A difference as it may be shown and written down.

    Attributes:
        field: Our name of the field; after its step's, where a row has several steps.
        sent: What the row has.
        found: What is there.
        hidden: Whether the field may hold an address or a secret: then both values are left out.
    """

    field: str
    sent: str | float | None = None
    found: str | float | None = None
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class PlannedRow:
    """One row of a plan.

    Attributes:
        row: Its number in the input, from 1.
        key: Its natural key in the input's own text, where it has one.
        verdict: What a run would make of it.
        id: The id of what is there.
        complaints: What makes it invalid.
        differences: In what it differs from what is there.
        error: Why it is `blocked` or `unknown`.
        steps: How each step is, where a row has several: `there`, `differs`, `to do`, `not asked`.
        updates: Whether `--on-exists update` would bring what differs to what the row says.
        destroys: What running it destroys, by step, where that is known: account ids, products of plans.
        place: Where it stands in the input.
    """

    row: int
    key: str | None
    verdict: Verdict
    id: str | None = None
    complaints: tuple[FieldError, ...] = ()
    differences: tuple[Shown, ...] = ()
    error: str | None = None
    steps: tuple[tuple[str, str], ...] = ()
    updates: bool = False
    destroys: tuple[tuple[str, str], ...] = ()
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class NearRow:
    """A row whose key differs from an earlier row's in what people overlook.

    Attributes:
        row: Its number.
        key: Its key.
        like: The earlier row.
        like_key: That row's key.
        by: In what they differ: `case`, `spaces`, `letter forms`, or several of them.
    """

    row: int
    key: str
    like: int
    like_key: str
    by: str


@dataclass(slots=True)
class Reason:
    """A reason that makes rows invalid.

    Attributes:
        field: The field it is about; empty where it is about the row.
        message: What is wrong with it.
        count: How many rows have it.
        rows: The first of them, each with the earlier row that it repeats, where it does.
        places: Where each of those stands in the input, by row.
    """

    field: str
    message: str
    count: int = 0
    rows: list[tuple[int, int | None]] = data_field(default_factory=list[tuple[int, "int | None"]])
    places: dict[int, Place] = data_field(default_factory=dict[int, "Place"])


@dataclass(slots=True)
class Plan:
    """What a run would do, as far as it can be known before; live while it is made.

    Attributes:
        workflow: What a row becomes.
        input: The input's name.
        checked: Whether each row was looked up at the API.
        ensure: Whether the run will look each row up before it sends it.
        rate: Requests a second that the run may send.
        keep: How many rows of each class are kept.
        rows: Rows read so far.
        counts: Rows of each class.
        calls: Requests that the run will send when all goes well, the login aside.
        first: The first rows of each class.
        updates: How many rows that differ `--on-exists update` would change.
        destroying: How many rows name what running them destroys.
        first_destroying: The first of those.
        reasons: Why rows are invalid, the first hundred different reasons; what is beyond has no message.
        near: How many rows have nearly the key of an earlier one.
        first_near: The first of those.
        permissions: What the login was answered: a level for each type; None where it was not asked.
        base_url: Where rows were looked up.
        environment: Which environment that is.
        partition_id: In which partition.
        stopped: Why look-ups stopped before the input's end, where they did.
        unknown_columns: Columns that mean no field: kept, not sent.
        misspelt: Those of them that nearly name a field, with that field: they stop a run.
        notes: How the input was read, a sentence each: what was guessed, found or skipped.
        saved: Where the plan was written.
        destroys: What a run destroys, as sentences.
        changes: Values that are read otherwise than they stand in the input, and doubtful ones.
        warns: What a run leaves out for each row, such as `number without prevalidation`.
    """

    workflow: Workflow[Any] = data_field(repr=False)
    input: str
    checked: bool
    ensure: bool
    rate: float
    keep: int = 20
    rows: int = 0
    counts: dict[Verdict, int] = data_field(default_factory=lambda: dict.fromkeys(VERDICTS, 0))
    calls: int = 0
    updates: int = 0
    destroying: int = 0
    first_destroying: list[PlannedRow] = data_field(default_factory=list[PlannedRow])
    first: dict[Verdict, list[PlannedRow]] = data_field(
        default_factory=lambda: {name: [] for name in VERDICTS}
    )
    reasons: dict[tuple[str, str], Reason] = data_field(default_factory=dict[tuple[str, str], Reason])
    near: int = 0
    first_near: list[NearRow] = data_field(default_factory=list[NearRow])
    permissions: Mapping[str, str] | None = None
    base_url: str | None = None
    environment: str | None = None
    partition_id: str | None = None
    stopped: str | None = None
    unknown_columns: tuple[str, ...] = ()
    misspelt: Mapping[str, str] = data_field(default_factory=dict[str, str])
    notes: tuple[str, ...] = ()
    saved: Path | None = None
    destroys: tuple[str, ...] = ()
    changes: ChangeTally = data_field(default_factory=ChangeTally, repr=False)
    warns: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Return the sums, in one line."""
        counts = ", ".join(f"{count} {verdict}" for verdict, count in self.counts.items() if count)
        return f"<Plan {self.kind} from {self.input}, {self.rows} rows: {counts or 'none read'}>"

    @property
    def kind(self) -> str:
        """What a row becomes, such as `accounts`."""
        return self.workflow.name

    @property
    def can_run(self) -> int:
        """Rows that will be done when all goes well."""
        return sum(self.counts[verdict] for verdict in VERDICTS if verdict in _CAN_RUN)

    @property
    def all_can_run(self) -> bool:
        """Whether every row will be done when all goes well, and the login may do what that needs.

        A column that nearly names a field stops a run, so none can.
        """
        return self.can_run == self.rows and not self.lacking and not self.misspelt

    @property
    def held(self) -> tuple[Held, ...] | None:
        """The permissions needed beside those the login holds; None where they are not known."""
        return held(self.workflow.needs, self.permissions)

    @property
    def lacking(self) -> tuple[Held, ...]:
        """The permissions that the login needs and does not hold."""
        return tuple(one for one in self.held or () if not one.enough)

    @property
    def seconds(self) -> float:
        """Seconds that the run's calls take at its rate."""
        return self.calls / self.rate

    def ends_at(self, begun: datetime | None = None) -> datetime:
        """Return when a run ends, in local time.

        Args:
            begun: When it begins; None = now.
        """
        return ((begun or datetime.now(UTC)) + timedelta(seconds=self.seconds)).astimezone()

    def add(self, row: PlannedRow) -> None:
        """Count a row, and keep it where it is among the first of its class."""
        self.rows += 1
        self.counts[row.verdict] += 1
        self._keep(self.first[row.verdict], row)
        self.updates += row.updates
        if row.destroys:
            self.destroying += 1
            self._keep(self.first_destroying, row)
        for complaint in row.complaints:
            self._add_reason(row, complaint)

    def _keep(self, first: list[PlannedRow], row: PlannedRow) -> None:
        insort(first, row, key=lambda each: each.row)  # look-ups end in any order
        del first[self.keep :]

    def add_near(self, row: NearRow) -> None:
        """Count a near-duplicate."""
        self.near += 1
        if len(self.first_near) < self.keep:
            self.first_near.append(row)

    def _add_reason(self, row: PlannedRow, complaint: FieldError) -> None:
        other = _OTHER_ROW.search(complaint.message)
        message = complaint.message[:_LONGEST]
        for varies, general in _VARIES:
            message = varies.sub(general, message)
        reason = self.reasons.get((complaint.field, message))
        if reason is None:
            if len(self.reasons) >= _MOST_REASONS:
                message = ""
            reason = self.reasons.setdefault((complaint.field, message), Reason(complaint.field, message))
        reason.count += 1
        if len(reason.rows) < self.keep:
            reason.rows.append((row.row, int(other[1]) if other else None))
            if row.place is not None:
                reason.places[row.row] = row.place

    def worst_reasons(self) -> list[Reason]:
        """Return the reasons, the most frequent first."""
        return sorted(self.reasons.values(), key=lambda reason: (-reason.count, min(reason.rows)[0]))

    def to_json(self) -> dict[str, object]:
        """Return the plan as JSON: counts, costs, and the first rows of what needs somebody's attention."""
        shown: Iterable[Verdict] = ("partly", "differs", "blocked", "unknown")
        return {
            "kind": self.kind,
            "input": self.input,
            "rows": self.rows,
            "checked": self.checked,
            "counts": {name: count for name, count in self.counts.items() if count},
            "can_run": self.can_run,
            "invalid": [
                {
                    "field": reason.field,
                    "reason": reason.message or "other reasons",
                    "count": reason.count,
                    "rows": [row for row, _ in reason.rows],
                    "places": [str(reason.places.get(row, Place(row))) for row, _ in reason.rows],
                }
                for reason in self.worst_reasons()
            ],
            **self.changes.to_json(),
            "near_duplicates": {"count": self.near, "rows": [asdict(near) for near in self.first_near]},
            "first": {
                name: [row_json(row) for row in self.first[name]] for name in shown if self.first[name]
            },
            "would_update": self.updates,
            "destroying": {
                "count": self.destroying,
                "rows": [row_json(row) for row in self.first_destroying],
            },
            "no_undo": self.workflow.no_undo,
            "no_update": self.workflow.no_update,
            "calls": self.calls,
            "rate": self.rate,
            "seconds": round(self.seconds, 1),
            "ends_at": self.ends_at().isoformat(timespec="seconds"),
            "permissions": {
                "needed": [{"area": need.area, "level": need.level} for need in self.workflow.needs],
                "held": None if self.held is None else [one._asdict() for one in self.held],
            },
            "base_url": self.base_url,
            "partition_id": self.partition_id,
            "destroys": list(self.destroys),
            "warns": list(self.warns),
            "unknown_columns": list(self.unknown_columns),
            "misspelt": dict(self.misspelt),
            "notes": list(self.notes),
            "stopped": self.stopped,
            "saved": None if self.saved is None else str(self.saved),
        }


def row_json(row: PlannedRow) -> dict[str, object]:
    """Return a row as JSON, without what it has nothing of."""
    facts: dict[str, object] = {"row": row.row, "key": row.key, "class": row.verdict}
    if row.place is not None and row.place.beside is not None:
        facts["place"] = row.place.beside
    if row.id is not None:
        facts["id"] = row.id
    if row.complaints:
        facts["reasons"] = [{"field": one.field, "message": one.message} for one in row.complaints]
    if row.differences:
        facts["differences"] = [
            {"field": one.field} if one.hidden else {"field": one.field, "sent": one.sent, "found": one.found}
            for one in row.differences
        ]
    if row.steps:
        facts["steps"] = dict(row.steps)
    if row.updates:
        facts["would_update"] = True
    if row.destroys:
        facts["destroys"] = dict(row.destroys)
    if row.error is not None:
        facts["error"] = row.error
    return facts
