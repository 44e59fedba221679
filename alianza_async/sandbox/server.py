"""The sandbox over real sockets, on the loopback interface only."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import logging
import os
import shlex
import signal
import socket
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import uvicorn

from alianza_async.sandbox.app import Sandbox
from alianza_async.sandbox.faults import ConnectionCutError
from alianza_async.sandbox.options import SandboxOptions

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Generator, Iterator

HOST: Final = "127.0.0.1"
_KEEP_ALIVE_S: Final = 75  # longer than any client keeps an idle connection, so the client closes first
_GRACE_S: Final = 1


@dataclass(frozen=True, slots=True)
class RunningSandbox:
    """A sandbox that listens.

    Attributes:
        base_url: Where it listens, without a trailing slash.
        sandbox: The app and its store.
    """

    base_url: str
    sandbox: Sandbox


class Server(uvicorn.Server):
    """A uvicorn server in somebody else's event loop: it leaves the signals alone and says when it is up."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        """Leave signals to whoever owns the process."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then tell."""
        await super().startup(sockets)
        self.up.set()


@contextlib.asynccontextmanager
async def serve(
    sandbox: Sandbox | SandboxOptions | None = None, *, port: int = 0
) -> AsyncGenerator[RunningSandbox]:
    """Serve a sandbox in this event loop while the context lasts.

    Args:
        sandbox: The sandbox, or the options of a new one.
        port: Loopback port; 0 = any free one.

    Yields:
        The running sandbox and its base URL.

    Raises:
        OSError: The port is taken.
    """
    served = sandbox if isinstance(sandbox, Sandbox) else Sandbox(sandbox)
    listener = _bind(port)
    server = Server(_config(served))
    task = asyncio.create_task(server.serve(sockets=[listener]))
    task.add_done_callback(lambda _: server.up.set())  # a server that never came up must not be waited for
    try:
        await server.up.wait()
        if task.done():
            await task
        yield RunningSandbox(f"http://{HOST}:{listener.getsockname()[1]}", served)
    finally:
        server.should_exit = True
        served.faults.release()
        try:
            await task
            if server.server_state.tasks:  # cancelled after the grace, but not yet at their end
                await asyncio.wait(server.server_state.tasks, timeout=_GRACE_S)
        finally:
            listener.close()


def run(
    options: SandboxOptions | None = None,
    *,
    port: int = 0,
    as_json: bool = False,
    exit_with_parent: bool = False,
) -> None:
    """Serve a sandbox until SIGINT or SIGTERM; print where it is first.

    Args:
        options: How it behaves.
        port: Loopback port; 0 = any free one.
        as_json: Print one JSON line `{"base_url", "pid"}` instead of `export` lines.
        exit_with_parent: Also end when standard input closes.

    Raises:
        OSError: The port is taken.
    """
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(
            _run(options or SandboxOptions(), port, as_json=as_json, exit_with_parent=exit_with_parent)
        )


async def _run(options: SandboxOptions, port: int, *, as_json: bool, exit_with_parent: bool) -> None:
    """Serve until a signal, or the end of standard input, says stop."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    with contextlib.suppress(NotImplementedError):  # Windows: an interrupt ends the runner instead
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
    if exit_with_parent:
        loop.add_reader(sys.stdin.fileno(), _stop_at_end_of_input, stop)
    # What is loaded by now stays: a collection of it all would be a stall of tens of milliseconds.
    gc.collect()
    gc.freeze()
    # And the store only grows, so that looking through all of it again and again would stall more each time.
    gc.set_threshold(50_000, 50, 1_000)
    async with serve(options, port=port) as running:
        for line in greeting(running.base_url, options, as_json=as_json):
            sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
        await stop.wait()


def _stop_at_end_of_input(stop: asyncio.Event) -> None:
    """Stop once standard input has closed; whatever is written to it before is thrown away."""
    if not os.read(sys.stdin.fileno(), 4096):
        stop.set()


def greeting(base_url: str, options: SandboxOptions, *, as_json: bool) -> Iterator[str]:
    """Yield the lines that tell how to reach the sandbox."""
    if as_json:
        yield json.dumps({"base_url": base_url, "pid": os.getpid()})
        return
    yield f"export ALIANZA_BASE_URL={base_url}"
    yield f"export ALIANZA_USERNAME={shlex.quote(options.username or 'sandbox')}"
    yield f"export ALIANZA_PASSWORD={shlex.quote(options.password or 'sandbox')}"


def _bind(port: int) -> socket.socket:
    """Take a loopback port."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
    except OSError:
        listener.close()
        raise
    return listener


def _config(sandbox: Sandbox) -> uvicorn.Config:
    """Write uvicorn's settings."""
    logging.getLogger("uvicorn.error").addFilter(_worth_telling)
    return uvicorn.Config(
        sandbox.app,
        http="auto",
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=False,  # the app writes its own: its clock can be set off
        proxy_headers=False,
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=_GRACE_S,
    )


def _worth_telling(record: logging.LogRecord) -> bool:
    """Keep out of the log what is meant: connections dropped by a fault, requests cut off at the end."""
    if record.exc_info:
        return not isinstance(record.exc_info[1], (ConnectionCutError, asyncio.CancelledError))
    return not str(record.msg).startswith("Cancel %s running task(s)")


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Answer uvloop's loop where it is installed."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop
