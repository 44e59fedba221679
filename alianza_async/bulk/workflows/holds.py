"""What the rows of one job keep from each other: a shared step under way, a number somebody has chosen."""

from __future__ import annotations

from dataclasses import dataclass, field

import anyio

__all__ = ["Holds"]

_LOOK_AGAIN_S = 0.05
_NOBODY = -1


@dataclass(slots=True)
class _Held:
    """A shared step that a row is at.

    Attributes:
        row: Which.
        until: When it will be ready to go on, at the earliest.
    """

    row: int
    until: float


@dataclass(slots=True)
class Holds:
    """Which row of a job is at what; nothing here waits.

    Attributes:
        began: When the job gave its first row a turn.
    """

    began: float = field(default_factory=anyio.current_time)
    _held: dict[tuple[str, str], _Held] = field(default_factory=dict[tuple[str, str], _Held])
    _by_row: dict[int, list[tuple[str, str]]] = field(default_factory=dict[int, list[tuple[str, str]]])
    _settled: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    _claims: dict[tuple[str, str], int] = field(default_factory=dict[tuple[str, str], int])

    def hold(self, step: str, key: str, row: int, now: float) -> float | None:
        """Take a shared step for a row; return when to ask again where another row is at it."""
        held = self._held.get((step, key))
        if held is not None and held.row != row:
            return max(now, held.until) + _LOOK_AGAIN_S
        if held is None:
            self._held[step, key] = _Held(row, now)
            self._by_row.setdefault(row, []).append((step, key))
        return None

    def busy_until(self, step: str, key: str, row: int, until: float) -> None:
        """Tell the others when the row that is at a step will go on, so that they do not ask before."""
        held = self._held.get((step, key))
        if held is not None and held.row == row:
            held.until = until

    def settled(self, step: str, key: str | None, row: int) -> None:
        """Let go of a step whose end is known: whoever comes next has to look."""
        if key is not None:
            self._settled.add((step, key))
            held = self._held.get((step, key))
            if held is not None and held.row == row:
                del self._held[step, key]

    def was_settled(self, step: str, key: str) -> bool:
        """Tell whether another row of this run has brought a step with this key to its end."""
        return (step, key) in self._settled

    def let_go(self, row: int) -> None:
        """Let go of all that a row is at: it has ended."""
        for name in self._by_row.pop(row, ()):
            held = self._held.get(name)
            if held is not None and held.row == row:
                del self._held[name]

    def claim(self, step: str, value: str, row: int) -> bool:
        """Take a value for a row; False where another row has it."""
        return self._claims.setdefault((step, value), row) == row

    def spoil(self, step: str, value: str) -> None:
        """Let no row have a value: somebody outside the job has it."""
        self._claims[step, value] = _NOBODY

    def owner(self, step: str, value: str) -> int | None:
        """Return the row that has a value."""
        return self._claims.get((step, value))
