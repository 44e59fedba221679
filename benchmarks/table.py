"""What was measured, as a table for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.frame import rounded

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.frame import Series

__all__ = ["goal_text", "lines", "value_text", "verdict"]

_SIGNS = {"higher": ">=", "lower": "<="}


def number(value: float) -> str:
    """Return a value as people read it."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{rounded(value):g}"  # noqa: PLR2004


def value_text(series: Series) -> str:
    """Return median and unit, with the least and the most where there was more than one round."""
    if series.value is None:
        return "-"
    text = f"{number(series.value)} {series.figure.unit}"
    if len(series.samples) > 1:
        text += f" ({number(min(series.samples))} - {number(max(series.samples))})"
    return text


def goal_text(series: Series) -> str:
    """Return the goal with its direction, or nothing."""
    figure = series.figure
    return "" if figure.goal is None else f"{_SIGNS[figure.better]} {figure.goal:g}"


def verdict(series: Series) -> str:
    """Return whether the goal is met, or why nobody can tell."""
    if series.value is None:
        return "not there yet"
    return {True: "met", False: "MISSED", None: ""}[series.met]


def lines(measured: Sequence[Series]) -> Iterator[str]:
    """Yield a line a figure, in columns."""
    cells = [
        (one.figure.name, value_text(one), goal_text(one), verdict(one), one.figure.against or "")
        for one in measured
    ]
    widths = [max(len(row[column]) for row in cells) for column in range(4)]
    for row in cells:
        head = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False))
        yield f"  {head}  {f'against {row[4]}' if row[4] else ''}".rstrip()
