"""Child processes that do the work that is measured, one for each side, so that none pays for another.

A parent writes a line of JSON naming one of our functions and its arguments; the child runs it in an event
loop of its own and writes back what it returned. The function must return a mapping of numbers.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import subprocess
import sys
import traceback
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final, ParamSpec, Self, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from types import TracebackType

__all__ = ["ROOT", "BenchmarkError", "Facts", "Worker", "clean_environment"]

P = ParamSpec("P")

Facts = dict[str, float]
"""What a piece of work tells: numbers by name."""

ROOT: Final = Path(__file__).resolve().parent.parent
"""Where this project lies; children start here."""

_PATIENCE_S: Final = 10


class BenchmarkError(Exception):
    """Report that something could not be measured, and why."""


def clean_environment() -> dict[str, str]:
    """Return this process's environment without what would change a measurement: proxies and our settings."""
    return {
        name: value
        for name, value in os.environ.items()
        if not (name.upper().startswith("ALIANZA_") or name.lower().endswith("_proxy"))
    }


class Worker:
    """One child process that works until it is closed.

    Args:
        name: What it does, for errors.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.worker"],
            stdin=pipe,
            stdout=pipe,
            text=True,
            cwd=ROOT,
            env=clean_environment(),
        )

    def ask(
        self, work: Callable[P, Coroutine[object, object, Facts]], *args: P.args, **kwargs: P.kwargs
    ) -> Facts:
        """Have a function of ours run in the child, and return what it tells.

        Raises:
            BenchmarkError: It raised; the child's own words are in the message.
        """
        self.tell(work, *args, **kwargs)
        return self.hear()

    def tell(
        self, work: Callable[P, Coroutine[object, object, Facts]], *args: P.args, **kwargs: P.kwargs
    ) -> None:
        """Have a function run, without waiting for its end; `hear()` does."""
        assert self._process.stdin is not None  # noqa: S101  (a pipe was asked for)
        order = {"module": work.__module__, "function": work.__qualname__, "args": args, "kwargs": kwargs}
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()

    def hear(self) -> Facts:
        """Return what the function that was told of last tells.

        Raises:
            BenchmarkError: It raised, or the child ended.
        """
        assert self._process.stdout is not None  # noqa: S101  (a pipe was asked for)
        line = self._process.stdout.readline()
        if not line:
            raise BenchmarkError(f"{self.name}: its process ended; its own words are above")
        told = cast("dict[str, object]", json.loads(line))
        if "error" in told:
            raise BenchmarkError(f"{self.name}: {told['error']}")
        return cast("Facts", told["facts"])

    def close(self) -> None:
        """End the child: it goes when its standard input does."""
        process = self._process
        assert process.stdin is not None  # noqa: S101  (a pipe was asked for)
        assert process.stdout is not None  # noqa: S101  (a pipe was asked for)
        process.stdin.close()
        try:
            process.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:  # it was in the middle of something that nobody waits for any more
            process.kill()
            process.wait()
        process.stdout.close()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the child."""
        self.close()


def _carry_out(line: str) -> dict[str, object]:
    order = json.loads(line)
    work = getattr(import_module(order["module"]), order["function"])
    gc.collect()  # what the round before left behind is not this one's to clear away
    try:
        return {"facts": asyncio.run(work(*order["args"], **order["kwargs"]))}
    except Exception:  # noqa: BLE001  (whatever it is, the parent has to know)
        return {"error": traceback.format_exc(limit=-4)}


def main() -> None:
    """Carry out what standard input asks for, until it ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a library prints must not be taken for an answer
    for line in sys.stdin:
        answers.write(json.dumps(_carry_out(line)) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
