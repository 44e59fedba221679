"""The sandbox as a child process, so that its work does not share the caller's core."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from http.client import HTTPConnection
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

from alianza_async.sandbox.arguments import arguments_of
from alianza_async.sandbox.options import SandboxOptions
from alianza_async.sandbox.record import Truth
from alianza_async.sandbox.seeding import ANOTHER_LOGIN, THREE_DAYS_S

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from collections.abc import Mapping, Sequence
    from types import TracebackType
    from typing import Self

    from alianza_async.sandbox.options import Json

_PATIENCE_S = 10


class SandboxProcess:
    """Runs `python -m alianza_async.sandbox` while the context lasts.

    Args:
        options: How the sandbox behaves.
        port: Loopback port; 0 = any free one.

    Attributes:
        base_url: Where it listens, without a trailing slash; known inside the context.
        pid: Its process id; known inside the context.
    """

    def __init__(self, options: SandboxOptions | None = None, *, port: int = 0) -> None:
        self._arguments = arguments_of(options or SandboxOptions(), port=port)
        self._process: Process | None = None
        self.base_url = ""
        self.pid = 0

    async def __aenter__(self) -> Self:
        """Start the child and wait until it listens.

        Raises:
            RuntimeError: It ended, or said nothing that makes sense, before it listened.
        """
        pipe = asyncio.subprocess.PIPE
        # The child ends with its standard input, so it cannot outlive a parent that was killed.
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "alianza_async.sandbox",
            *self._arguments,
            stdin=pipe,
            stdout=pipe,
            start_new_session=True,  # a terminal's Ctrl-C is for the parent, whose calls it still answers
        )
        try:
            await self._greet(self._process)
        except BaseException:
            await self._end()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the child."""
        await self._end()

    async def truth(self) -> Truth:
        """Ask the child what happened so far.

        Raises:
            OSError: The child does not answer.
        """
        facts = await self.call("GET", "/_sandbox/truth")
        return Truth(**cast("Json", facts))  # type: ignore[arg-type]  # written by the same class

    async def seed(
        self, things: Mapping[str, Sequence[Json]], *, login: str = ANOTHER_LOGIN, ago_s: float = THREE_DAYS_S
    ) -> dict[str, list[Json]]:
        """Make objects in the child as though a login had made them some time ago; see `Sandbox.seed`.

        Raises:
            OSError: The child does not answer.
        """
        made = await self.call("POST", "/_sandbox/seed", {**things, "login": login, "ago_s": ago_s})
        return cast("dict[str, list[Json]]", made)

    async def call(self, method: str, path: str, body: object = None) -> object:
        """Send one request to the child's own pages and answer the decoded body.

        Args:
            method: HTTP verb.
            path: Path such as `/_sandbox/revoke`.
            body: JSON value to send; None = no body.

        Raises:
            OSError: The child does not answer.
        """
        return await asyncio.to_thread(self._call, method, path, body)

    def _call(self, method: str, path: str, body: object) -> object:
        """Send one request and read its answer."""
        address = urlsplit(self.base_url)
        connection = HTTPConnection(str(address.hostname), address.port, timeout=_PATIENCE_S)
        try:
            connection.request(method, path, None if body is None else json.dumps(body))
            return cast("object", json.loads(connection.getresponse().read()))
        finally:
            connection.close()

    async def _greet(self, process: Process) -> None:
        """Read where the child listens from its first line."""
        if process.stdout is None:  # pragma: no cover  # asked for a pipe above
            raise RuntimeError("the sandbox process has no standard output")
        line = await asyncio.wait_for(process.stdout.readline(), _PATIENCE_S)
        if not line:
            raise RuntimeError("the sandbox process ended before it listened; see its standard error")
        greeting = cast("dict[str, str | int]", json.loads(line))
        self.base_url, self.pid = str(greeting["base_url"]), int(greeting["pid"])

    async def _end(self) -> None:
        """Tell the child to stop, and make it stop where it does not listen."""
        process, self._process = self._process, None
        if process is None or process.stdin is None:  # pragma: no cover  # entered once, left once
            return
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), _PATIENCE_S)
        except TimeoutError:  # pragma: no cover  # only a child that is stuck
            process.kill()
            await process.wait()
        process.stdin.close()
