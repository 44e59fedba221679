"""The server that everything is measured against, in a process of its own.

It serves every latency and counts what came.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self, cast

from benchmarks.worker import ROOT, BenchmarkError, clean_environment

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["LATENCIES", "Server"]

LATENCIES: Final = (0, 10, 50, 1000)
"""Milliseconds that an answer can be had to take."""

_PATIENCE_S: Final = 10


class Server:
    """A server that runs while the context lasts.

    Args:
        module: What serves.
        arguments: Words for it.

    Attributes:
        kind: What it is made of, for people.
    """

    def __init__(self, module: str, *arguments: object) -> None:
        self._command = [sys.executable, "-m", module, *map(str, arguments)]
        self._process: subprocess.Popen[str] | None = None
        self._ports: dict[str, int] = {}
        self._pid = 0
        self.kind = ""

    @classmethod
    def embedded(cls) -> Self:
        """Return the embedded server, with a port for each latency."""
        return cls("benchmarks.embedded", *LATENCIES)

    def __enter__(self) -> Self:
        """Start it.

        Raises:
            BenchmarkError: It ended before it listened.
        """
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(  # noqa: S603  (our own module)
            self._command, stdin=pipe, stdout=pipe, text=True, cwd=ROOT, env=clean_environment()
        )
        assert self._process.stdout is not None  # noqa: S101  (a pipe was asked for)
        greeting = self._process.stdout.readline()
        if not greeting:
            self.close()
            raise BenchmarkError("the server ended before it listened; its own words are above")
        told = cast("dict[str, object]", json.loads(greeting))
        self.kind = str(told["kind"])
        self._pid = cast("int", told["pid"]) or self._process.pid
        self._ports = cast("dict[str, int]", told["ports"])
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it."""
        self.close()

    def close(self) -> None:
        """End it: it goes when its standard input does."""
        process, self._process = self._process, None
        if process is not None and process.stdin is not None and process.stdout is not None:
            process.stdin.close()
            try:
                process.wait(_PATIENCE_S)
            except subprocess.TimeoutExpired:  # pragma: no cover  (only one that is stuck)
                process.kill()
                process.wait()
            process.stdout.close()

    def url(self, latency_ms: int = 0) -> str:
        """Return the base URL whose answers take so long."""
        return f"http://127.0.0.1:{self._ports[str(latency_ms)]}"

    def creates(self, latency_ms: int = 0) -> int:
        """Return how many creates came to a port so far."""
        return cast("dict[str, int]", json.loads(self._get(latency_ms, "facts")))["creates"]

    def arrivals(self, latency_ms: int = 0) -> list[float]:
        """Return when each create came to a port of the embedded server, `time.monotonic()`."""
        return cast("list[float]", json.loads(self._get(latency_ms, "arrivals")))

    def reset(self, latency_ms: int = 0) -> None:
        """Let the embedded server forget what came to a port."""
        self._get(latency_ms, "reset")

    def cpu_s(self) -> float | None:
        """Return the CPU seconds it has used; None where the system does not tell."""
        try:
            fields = Path(f"/proc/{self._pid}/stat").read_text("ascii").rpartition(")")[2].split()
        except OSError:  # pragma: no cover  (no Linux)
            return None
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def _get(self, latency_ms: int, page: str) -> str:
        with urllib.request.urlopen(f"{self.url(latency_ms)}/_bench/{page}", timeout=_PATIENCE_S) as answer:  # noqa: S310  (loopback)
            return cast("bytes", answer.read()).decode()
