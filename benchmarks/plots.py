"""The plots of `docs/performance.md`: small SVG files, the same bytes for the same figures."""

# matplotlib's own annotations leave much of it unknown.
# pyright: reportUnknownMemberType=false
from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import matplotlib as mpl
from matplotlib.figure import Figure

from benchmarks import paced, scaling, throughput
from benchmarks.transports import TRANSPORTS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from matplotlib.axes import Axes

    from benchmarks.record import Record

__all__ = ["draw"]

_SIZE: Final = (7.2, 3.2)
_WIDE_BARS: Final = 5
"""So many bars a group leave room for labels of the usual size."""

_STYLE: Final[dict[Any, Any]] = {  # matplotlib's keys are a union of hundreds of literals
    "svg.hashsalt": "alianza_async",  # else every run would give the parts of a drawing other names
    "svg.fonttype": "none",  # text stays text: a tenth of the size
    "font.family": "sans-serif",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
}
_COLOURS: Final = {
    "default": "#2b6cb0",
    "fast": "#2f855a",
    "raw_aiohttp": "#a0aec0",
    "aiohttp_models": "#b7791f",
    "pyreqwest_models": "#c05621",
    "gather": "#cbd5e0",
    "requests": "#718096",
    "bare_httpx": "#a0aec0",
}
_WORDS: Final = {
    "default": "alianza_async over httpx",
    "fast": "alianza_async, fast",
    "raw_aiohttp": "raw aiohttp loop",
    "aiohttp_models": "aiohttp + models",
    "pyreqwest_models": "pyreqwest + models",
    "gather": "gather on httpx",
    "requests": "requests, 5 threads",
    "bare_httpx": "bare httpx",
}


def draw(record: Record, folder: Path) -> list[tuple[Path, str]]:
    """Draw what can be drawn of a run; return file and caption of each."""
    drawn: list[tuple[Path, str]] = []
    with mpl.rc_context(_STYLE):
        for name, caption, plot in (
            (
                "throughput",
                "Items a second in bulk, everything on, beside what one would write by hand",
                _throughput,
            ),
            ("paced", "CPU that 100 requests a second take", _paced),
            ("scaling", "CPU an item takes, by how many are under way", _scaling),
            ("memory", "Resident memory while a million items are streamed", _memory),
        ):
            figure = Figure(figsize=_SIZE, layout="constrained")
            if plot(record, figure.add_subplot()):
                path = folder / f"performance-{name}.svg"
                figure.savefig(path, format="svg", metadata={"Date": None, "Creator": None})
                drawn.append((path, caption))
    return drawn


def _throughput(record: Record, axes: Axes) -> bool:
    sides = (*TRANSPORTS, *throughput.AGAINST)
    groups = [f"{latency} ms" if latency else "no latency" for latency in throughput.LATENCIES]
    names = {
        side: [throughput.speed_name(side, latency) for latency in throughput.LATENCIES] for side in sides
    }
    axes.set_ylabel("items/s")
    return _bars(record, axes, groups, names)


def _paced(record: Record, axes: Axes) -> bool:
    sides = (*TRANSPORTS, paced.BARE)
    groups = [f"{latency} ms" for latency in paced.LATENCIES]
    names = {side: [paced.figure_name("cpu", latency, side) for latency in paced.LATENCIES] for side in sides}
    axes.set_ylabel("% of a core")
    return _bars(record, axes, groups, names)


def _bars(record: Record, axes: Axes, groups: Sequence[str], names: dict[str, list[str]]) -> bool:
    """Draw a bar for each side in each group, with a line from the least round to the most."""
    there = {side: [record.get(name) for name in of_side] for side, of_side in names.items()}
    there = {side: series for side, series in there.items() if any(series)}
    width = 0.8 / max(1, len(there))
    label_size = 7 if len(there) <= _WIDE_BARS else 5
    for place, (side, series) in enumerate(there.items()):
        found = [(group, one) for group, one in enumerate(series) if one is not None]
        at = [group + (place - (len(there) - 1) / 2) * width for group, _ in found]
        middle = [one.value or 0.0 for _, one in found]
        under = [value - min(one.samples) for value, (_, one) in zip(middle, found, strict=True)]
        over = [max(one.samples) - value for value, (_, one) in zip(middle, found, strict=True)]
        spread = [[max(0.0, less) for less in under], [max(0.0, more) for more in over]]
        bars = axes.bar(at, middle, width * 0.92, yerr=spread, color=_COLOURS[side], label=_WORDS[side])
        axes.bar_label(bars, fmt="{:,.0f}", fontsize=label_size, padding=2)
    axes.set_xticks(range(len(groups)), groups)
    if there:
        axes.legend(frameon=False, fontsize=8)
    return bool(there)


def _scaling(record: Record, axes: Axes) -> bool:
    for name in TRANSPORTS:
        found = [(count, record.get(scaling.cost_name(name, count))) for count in scaling.IN_FLIGHT]
        points = [(count, one.value) for count, one in found if one is not None]
        if points:
            across, up = zip(*points, strict=True)
            colour, words = _COLOURS[name], _WORDS[name]
            axes.plot(across, up, marker="o", color=colour, label=words)
    axes.set_xlabel("under way")
    axes.set_ylabel("us of CPU an item")
    axes.set_ylim(bottom=0)
    return _legend(axes)


def _memory(record: Record, axes: Axes) -> bool:
    for name, words in (("memory.streamed", "streamed"), ("memory.journaled", "streamed and journaled")):
        points = record.curves.get(name)
        if points:
            across, up = zip(*points, strict=True)
            axes.plot(across, up, label=words, linewidth=1)
    axes.set_xlabel("items")
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.set_ylabel("MB resident")
    axes.set_ylim(bottom=0)
    return _legend(axes)


def _legend(axes: Axes) -> bool:
    if not axes.lines:
        return False
    axes.legend(frameon=False, fontsize=8)
    return True
