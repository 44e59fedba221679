"""What a run measured, and on what machine, as data that a page can be written from again."""

from __future__ import annotations

import json
import os
import platform
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from benchmarks.frame import Figure, Series

if TYPE_CHECKING:
    from benchmarks.frame import Run

__all__ = ["Record", "machine"]

_PACKAGES: Final = ("alianza-async", "httpx", "aiohttp", "pyreqwest", "requests", "pydantic", "uvloop")


@dataclass(frozen=True, slots=True)
class Record:
    """One run.

    Attributes:
        machine: What it ran on, in words.
        software: Versions by package.
        server: What answered without latency.
        day: When, as `2026-01-31`.
        rounds: Turns each side had.
        series: Every figure with its samples.
        curves: Points to draw, by name.
    """

    machine: str
    software: dict[str, str]
    server: str
    day: str
    rounds: int
    series: list[Series]
    curves: dict[str, list[tuple[float, float]]]

    @classmethod
    def of(cls, run: Run) -> Self:
        """Return what a run measured."""
        return cls(
            machine=machine(),
            software=_software(),
            server=run.server.kind,
            day=datetime.now(UTC).date().isoformat(),
            rounds=run.rounds,
            series=list(run.series.values()),
            curves=run.curves,
        )

    def to_json(self) -> str:
        """Return it as text, in one stable form."""
        return json.dumps(asdict(self), indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json()` wrote."""
        told = json.loads(text)
        told["series"] = [
            Series(Figure(**one["figure"]), one["samples"], one["why_absent"]) for one in told["series"]
        ]
        told["curves"] = {
            name: [(float(x), float(y)) for x, y in points] for name, points in told["curves"].items()
        }
        return cls(**told)

    def get(self, name: str) -> Series | None:
        """Return a figure's series, where it was measured."""
        found = next((one for one in self.series if one.figure.name == name), None)
        return found if found and found.samples else None


def machine() -> str:
    """Return what this runs on: processor, cores, system, Python."""
    system = f"{platform.system()} {platform.release().split('-')[0]}"
    cores = os.cpu_count() or 1
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{_processor()}, {cores} core{'s' if cores > 1 else ''}, {system}, {python}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:  # pragma: no cover  (no Linux)
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor() or platform.machine())


def _software() -> dict[str, str]:
    found: dict[str, str] = {}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
