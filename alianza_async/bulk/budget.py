"""The failure budget: a job that fails everything should stop, not fail a million rows."""

from __future__ import annotations

import re
from dataclasses import dataclass

from alianza_async.errors import ConfigurationError

__all__ = ["FailureBudget"]

_FAILURES = frozenset({"failed", "unknown"})
_SAMPLE = 200


@dataclass(slots=True)
class FailureBudget:
    """How many `failed` and `unknown` items are too many; `invalid` ones never count.

    Attributes:
        in_a_row: So many one after the other, or None.
        share: More than this part of the items sent, once at least 200 were sent, or None.
        total: So many in all, or None.
    """

    in_a_row: int | None = 50
    share: float | None = 0.5
    total: int | None = None
    _row: int = 0
    _failed: int = 0
    _sent: int = 0

    @classmethod
    def parse(cls, text: str | int | None) -> FailureBudget:
        """Read a budget as users write it.

        Args:
            text: `N` in all, `P%` of at least 200 sent, `off`, or None for the default: 50 in a row or over
                half.

        Raises:
            ConfigurationError: It is none of these.
        """
        if text is None:
            return cls()
        text = str(text).strip().lower()
        if text == "off":
            return cls(in_a_row=None, share=None)
        if re.fullmatch(r"[1-9][0-9]{0,8}", text):
            return cls(in_a_row=None, share=None, total=int(text))
        if re.fullmatch(r"[0-9]{1,2}(\.[0-9]+)?\s?%|100\s?%", text):
            return cls(in_a_row=None, share=float(text.rstrip("% ")) / 100)
        raise ConfigurationError(
            f"max_failures is {text[:20]!r}; give a number, a percentage such as 5%, or off"
        )

    def spend(self, status: str) -> str | None:
        """Count one item that was sent; returns why the job must stop, or None."""
        self._sent += 1
        if status in _FAILURES:
            self._row += 1
            self._failed += 1
        else:
            self._row = 0
        if self.in_a_row is not None and self._row >= self.in_a_row:
            return f"{self._row} rows failed one after the other"
        if self.total is not None and self._failed >= self.total:
            return f"{self._failed} {'row' if self._failed == 1 else 'rows'} failed"
        if self.share is not None and self._sent >= _SAMPLE and self._failed > self.share * self._sent:
            return f"{self._failed} of {self._sent} rows failed"
        return None
