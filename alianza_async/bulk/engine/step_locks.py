"""Which row of a job is at which shared step; nothing here waits."""

from __future__ import annotations

from dataclasses import dataclass, field

import anyio

__all__ = ["StepLocks"]

_LOOK_AGAIN_S = 0.05


@dataclass(slots=True)
class _Held:
    """A shared step that a row is at.

    Attributes:
        row: Which row.
        until: When it will be ready to go on, at the earliest.
    """

    row: int
    until: float


@dataclass(slots=True)
class StepLocks:
    """Has the rows that share a step run it one after the other.

    Attributes:
        began: When the job gave its first row a turn, in the event loop's time.
    """

    began: float = field(default_factory=anyio.current_time)
    _held: dict[tuple[str, str], _Held] = field(default_factory=dict[tuple[str, str], _Held])
    _by_row: dict[int, list[tuple[str, str]]] = field(default_factory=dict[int, list[tuple[str, str]]])
    _ended: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    _made: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])

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
        """Note when the row that is at a step will go on, so that the others do not ask before."""
        held = self._held.get((step, key))
        if held is not None and held.row == row:
            held.until = until

    def ended(self, step: str, key: str, row: int, *, made: bool) -> None:
        """Let go of a step whose outcome is known: the next row looks first.

        Args:
            step: The step.
            key: Its key, as two are compared.
            row: The row that was at it.
            made: Whether this job made the object, so that it is no stranger to the rows that follow.
        """
        self._ended.add((step, key))
        if made:
            self._made.add((step, key))
        held = self._held.get((step, key))
        if held is not None and held.row == row:
            del self._held[step, key]

    def has_ended(self, step: str, key: str) -> bool:
        """Tell whether another row of this run has brought a step with this key to its end."""
        return (step, key) in self._ended

    def was_made(self, step: str, key: str) -> bool:
        """Tell whether a row of this run made the object."""
        return (step, key) in self._made

    def let_go(self, row: int) -> None:
        """Let go of everything a row is at: it has ended."""
        for name in self._by_row.pop(row, ()):
            held = self._held.get(name)
            if held is not None and held.row == row:
                del self._held[name]
