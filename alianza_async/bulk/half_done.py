"""What is left of rows that stopped half way: what exists, the number's state, the step that failed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from alianza_async.bulk.journal.entries import Entry, StepEntry

__all__ = [
    "IN_SERVICE",
    "MAKER_UNKNOWN",
    "NOTHING",
    "NUMBER_STATES",
    "HalfDone",
    "Left",
    "counted",
    "left_by",
    "reason_of",
    "several",
]

IN_SERVICE: Final = "in service"
"""The state of a number that calls reach."""

_NUMBER: Final = "number"
_ACTIVATED: Final = "activated"
NUMBER_STATES: Final = {_NUMBER: "reserved", "activation": _ACTIVATED, "service": IN_SERVICE}
"""What the number of a row is once a step is done, by the step's name; later ones count more.

The kinds declare their steps with it, and journals, which hold no more than a step's name, are read with it.
"""

_MADE: Final = frozenset({"created", "updated"})
_STOPPED: Final = ("failed", "unknown", "intent")
MAKER_UNKNOWN: Final = "maker unknown: found after a lost answer, and nothing proves that this job made it"
"""What is said of a row that exists, where nothing proves whether the job made it."""


class Left(NamedTuple):
    """What exists of a row because of its job.

    Attributes:
        objects: The id of each object, by the step that made it: `account`, `user`, `number`, `line`.
        number_state: `reserved`, `activated` or `in service`; None where the row has no number.
        failed_step: The step that stopped the row, where one did.
    """

    objects: Mapping[str, str] = {}
    number_state: str | None = None
    failed_step: str | None = None


NOTHING: Final = Left()
"""What is left of a row that made nothing."""


def left_by(steps: Mapping[str, StepEntry]) -> Left:
    """Return what exists of a row, from its steps; what was there before the job is not counted.

    Args:
        steps: The row's steps, by name.
    """
    objects: dict[str, str] = {}
    state: str | None = None
    for name, step in sorted(steps.items(), key=_settled_at):
        if step.object_id is None or not _is_made(step):
            continue
        objects.setdefault(_NUMBER if name in NUMBER_STATES else name, step.object_id)
    for name, said in NUMBER_STATES.items():
        # What this job has activated comes into service by itself: that step finds it so.
        follows = state == _ACTIVATED and name in steps and steps[name].status == "exists"
        if follows or (name in steps and _is_made(steps[name])):
            state = said
    stopped = [step for status in _STOPPED for step in steps.values() if step.status == status]
    return Left(objects, state, stopped[0].step if stopped else None)


def _settled_at(named: tuple[str, StepEntry]) -> float:
    return named[1].settled_at or 0.0


def _is_made(step: StepEntry) -> bool:
    """Tell whether the job made it, or may have: what was found after a lost answer counts."""
    return step.status in _MADE or (step.status == "exists" and step.adopted)


@dataclass(slots=True)
class HalfDone:
    """Rows that are not done, and of which something exists.

    Attributes:
        rows: How many there are.
        steps: How many objects they have, by step.
        numbers_in_service: How many of their numbers are in service.
        numbers_not_in_service: How many of them are on an account and not in service: they ring, or are about
            to, and emergency calls from them may not reach the right place.
    """

    rows: int = 0
    steps: Counter[str] = field(default_factory=Counter[str])
    numbers_in_service: int = 0
    numbers_not_in_service: int = 0

    def add(self, objects: Iterable[str], number_state: str | None) -> None:
        """Count a row.

        Args:
            objects: The steps of which an object exists.
            number_state: What the row's number is.
        """
        self.rows += 1
        self.steps.update(list(objects))  # of a mapping it would add up the values
        self.numbers_in_service += number_state == IN_SERVICE
        self.numbers_not_in_service += number_state == _ACTIVATED

    def in_words(self) -> str:
        """Write them: `2 rows half done: 2 accounts, 2 users, 2 numbers in service`."""
        parts = [f"{several(count, step)}{self._service(step, count)}" for step, count in self.steps.items()]
        return f"{several(self.rows, 'row')} half done: {', '.join(parts)}"

    def _service(self, step: str, count: int) -> str:
        if step != _NUMBER or not self.numbers_in_service:
            return ""
        return (
            " in service"
            if count == self.numbers_in_service
            else f" ({self.numbers_in_service:,} in service)"
        )

    def warning(self) -> str | None:
        """Write what cannot wait, in one line; None where there is nothing."""
        count = self.numbers_not_in_service
        if not count:
            return None
        numbers = "1 number is on an account and" if count == 1 else f"{count:,} numbers are on accounts and"
        return f"{numbers} not in service: emergency calls may not reach the right place"

    def to_json(self) -> dict[str, object]:
        """Return what `--json` prints."""
        return {
            "rows": self.rows,
            "steps": dict(self.steps),
            "numbers_in_service": self.numbers_in_service,
            "numbers_not_in_service": self.numbers_not_in_service,
        }


def reason_of(entry: Entry) -> str | None:
    """Return why a row ended as it did, as far as the journal keeps it; None where it gives no reason.

    The server's own words stand behind ours, and its id of the request behind both.
    """
    reason = entry.error or entry.error_class
    if reason is None and entry.status == "exists" and entry.adopted and entry.evidence == "none":
        return MAKER_UNKNOWN
    if entry.message and entry.message not in (reason or ""):
        reason = entry.message if reason is None else f"{reason}: {entry.message}"
    if reason is not None and entry.server_request_id and entry.server_request_id not in reason:
        reason = f"{reason} (server's request {entry.server_request_id})"
    return reason


def counted(count: int, what: str) -> str:
    """Write a number of things with what is said of them: `2 numbers without prevalidation`."""
    noun, _, rest = what.partition(" ")
    return f"{several(count, noun)} {rest}"


def several(count: int, noun: str) -> str:
    """Write a number of things: `1 row`, `2 rows`, `1,200 addresses`."""
    if count == 1:
        return f"1 {noun}"
    return f"{count:,} {noun}{'es' if noun.endswith('s') else 's'}"
