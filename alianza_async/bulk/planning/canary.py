"""The first few items of a job, read back and held against what was sent, before the rest follows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import anyio

from alianza_async.bulk.planning.lookups import (
    LookUp,
    Shown,
    There,
    is_secret,
    look_up_of,
    said_safely,
    shown,
)
from alianza_async.call import Call
from alianza_async.errors import CallError, ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alianza_async.bulk.work import Kind, Payload
    from alianza_async.session import Session

__all__ = ["CanaryReport", "CanaryRow", "check_canary"]

_AT_ONCE: Final = 10


@dataclass(frozen=True, slots=True)
class CanaryRow:
    """One item that was created and read back.

    Attributes:
        row: Its number in the input.
        found: `same`, `differs`, `absent`, `another` where another object has its key, or `unknown` where
            reading it back failed.
        id: The id of what was found.
        differences: The fields that differ; without values where they may hold an address or a secret.
        error: Why reading it back failed.
    """

    row: int
    found: Literal["same", "differs", "absent", "another", "unknown"]
    id: str | None = None
    differences: tuple[Shown, ...] = ()
    error: str | None = None

    def __str__(self) -> str:
        """Say what was found, in a few words."""
        match self.found:
            case "same":
                return f"row {self.row} is as it was sent"
            case "differs":
                return f"row {self.row} differs in {', '.join(one.field for one in self.differences)}"
            case "absent":
                return f"row {self.row} is not there"
            case "another":
                return f"row {self.row} is there with another id"
            case "unknown":
                return f"row {self.row} could not be read back: {self.error}"


@dataclass(frozen=True, slots=True)
class CanaryReport:
    """What became of the first items of a job.

    Attributes:
        rows: One entry an item, in the order given.
    """

    rows: tuple[CanaryRow, ...]

    @property
    def ok(self) -> bool:
        """Whether each of them is there exactly as it was sent."""
        return not self.bad

    @property
    def bad(self) -> tuple[CanaryRow, ...]:
        """Those that are not."""
        return tuple(row for row in self.rows if row.found != "same")

    def __str__(self) -> str:
        """Say in a sentence whether the job may go on; holds no values."""
        if self.ok:
            return f"the first {len(self.rows)} were read back as they were sent"
        told = "; ".join(str(row) for row in self.bad)
        return f"{len(self.bad)} of the first {len(self.rows)} were not read back as they were sent: {told}"


async def check_canary(
    session: Session,
    kind: Kind[object],
    works: Sequence[tuple[int, Call | Payload, str | None]],
    *,
    settle_s: float = 0.0,
    look_up: LookUp | None = None,
) -> CanaryReport:
    """Read items back by their keys, and compare them field by field with what was sent.

    A field whose name says that it holds a secret is no difference where the server answers none: that is as
    it should be.

    Args:
        session: An open session.
        kind: What the rows became.
        works: Row number, what was sent (its call, or the row's payload), and the id that was answered.
        settle_s: Seconds after which one that is not there is looked up a second time.
        look_up: How a payload is looked up; None = by the natural key of the kind's create.

    Raises:
        ConfigurationError: Items of this kind cannot be looked up.
    """
    by_payload = look_up or look_up_of(session, kind)
    found: dict[int, CanaryRow] = {}
    limiter = anyio.CapacityLimiter(_AT_ONCE)

    async def ask(sent: Call | Payload) -> There | None:
        if isinstance(sent, Call):
            answer = await session.find(sent)
            if answer is None:
                return None
            return There(answer.reply.object_id, answer.differences)
        if by_payload is None:
            raise ConfigurationError("items of this kind cannot be looked up by a key: leave canary out")
        return await by_payload(sent)

    async def read_back(at: int, row: int, sent: Call | Payload, object_id: str | None) -> None:
        async with limiter:
            try:
                there = await ask(sent)
                if there is None and settle_s > 0:
                    await anyio.sleep(settle_s)
                    there = await ask(sent)
            except CallError as error:
                found[at] = CanaryRow(row, "unknown", error=said_safely(error))
                return
        found[at] = _judged(row, there, object_id)

    if by_payload is None and not all(isinstance(sent, Call) for _, sent, _ in works):
        raise ConfigurationError("items of this kind cannot be looked up by a key: leave canary out")
    async with anyio.create_task_group() as group:
        for at, work in enumerate(works):
            group.start_soon(read_back, at, *work)
    return CanaryReport(tuple(found[at] for at in range(len(works))))


def _judged(row: int, there: There | None, object_id: str | None) -> CanaryRow:
    if there is None:
        return CanaryRow(row, "absent", object_id)
    if object_id is not None and there.id is not None and there.id != object_id:
        return CanaryRow(row, "another", there.id)
    differences = tuple(
        shown(difference)
        for difference in there.differences
        if not (is_secret(difference.field) and difference.found is None)
    )
    return CanaryRow(row, "differs" if differences else "same", there.id, differences)
