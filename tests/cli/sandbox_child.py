"""A sandbox in a process of its own, for tests of a command that brings its own event loop."""

from __future__ import annotations

import json
import multiprocessing
import os
import socket
import sys
import time
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Self, cast
from urllib.parse import urlsplit

from alianza_async.sandbox import SandboxOptions, Truth
from alianza_async.sandbox.__main__ import main
from alianza_async.sandbox.arguments import arguments_of

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Mapping, Sequence
    from pathlib import Path

HEADER = "account_number,account_name,account_type,time_zone,billing_cycle_day"


def accounts_csv(path: Path, numbers: Sequence[str], *, name: str = "Acme") -> Path:
    """Write a file of accounts."""
    lines = [HEADER, *(f"{number},{name},SIMPLE,US/Eastern,1" for number in numbers)]
    path.write_text("\n".join(lines) + "\n")
    return path


def numbers(count: int) -> list[str]:
    """Make so many account numbers."""
    return [f"ACME-{number:05}" for number in range(count)]


def still_runs(process: subprocess.Popen[str] | subprocess.Popen[bytes]) -> None:
    """Leave the processor for a moment to a process that is watched, and must not have ended."""
    assert process.poll() is None
    time.sleep(0.01)


def _serve(parent: socket.socket, arguments: Sequence[str]) -> None:
    """Be `python -m alianza_async.sandbox`, with a socket for its standard input and output."""
    for stream in (0, 1):
        os.dup2(parent.fileno(), stream)
    parent.close()
    sys.stdin, sys.stdout = os.fdopen(0), os.fdopen(1, "w")
    sys.exit(main(arguments))


class SandboxChild:
    """Runs a sandbox while the context lasts.

    Args:
        options: Options of the sandbox, by name.
    """

    def __init__(self, options: Mapping[str, object]) -> None:
        self._arguments = arguments_of(SandboxOptions().with_changes(options), port=0)
        self.base_url = ""

    def __enter__(self) -> Self:
        """Start it and wait for its first line."""
        # Most of a start is loading, and two hundred tests need one: what is loaded once is forked for each.
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([__name__])
        self._ours, its = socket.socketpair()
        with its:
            self._process = context.Process(target=_serve, args=(its, self._arguments), daemon=True)
            self._process.start()
        with self._ours.makefile() as said:
            greeting = cast("dict[str, str]", json.loads(said.readline()))
        self.base_url = greeting["base_url"]
        return self

    def __exit__(self, *_: object) -> None:
        """End it, without the rest of a second in which it would part from its clients."""
        self._process.kill()
        self.stop()

    def stop(self) -> None:
        """End it before its time."""
        self._process.terminate()
        self._process.join()
        self._ours.close()

    def ask(self, method: str, path: str, body: object = None) -> object:
        """Send one request to its own pages."""
        address = urlsplit(self.base_url)
        connection = HTTPConnection(str(address.hostname), address.port, timeout=10)
        try:
            connection.request(method, path, None if body is None else json.dumps(body))
            return cast("object", json.loads(connection.getresponse().read()))
        finally:
            connection.close()

    def truth(self) -> Truth:
        """Ask what happened so far."""
        facts = cast("dict[str, object]", self.ask("GET", "/_sandbox/truth"))
        return Truth(**facts)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]

    def account_numbers(self) -> list[str]:
        """List the numbers of every account, sorted."""
        accounts = cast("list[dict[str, str]]", self.ask("GET", "/_sandbox/accounts"))
        return sorted(account["accountNumber"] for account in accounts)
