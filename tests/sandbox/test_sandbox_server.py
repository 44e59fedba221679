"""The sandbox over real sockets: in this loop, as a command, as a child process."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import shlex
import signal
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import httpx
import pytest

from alianza_async.sandbox import Sandbox, SandboxOptions, SandboxProcess, Truth, serve, server
from alianza_async.sandbox.__main__ import main
from alianza_async.sandbox.arguments import arguments_of, options_of, parser
from tests.sandbox.sandbox_caller import ACCOUNTS, account

if TYPE_CHECKING:
    from collections.abc import Iterator

COMMAND = (sys.executable, "-m", "alianza_async.sandbox")


async def _token(base_url: str) -> dict[str, str]:
    """Log in and answer the headers of further calls."""
    async with httpx.AsyncClient(base_url=base_url) as http:
        answer = await http.post("/v2/authorize", json={"username": "ann", "password": "secret"})
        return {"X-AUTH-TOKEN": answer.json()["authToken"]}


async def test_serve_listens_on_loopback_and_stops_clean() -> None:
    """A served sandbox answers on 127.0.0.1; after the context its port is closed and its truth remains."""
    sandbox = Sandbox()
    async with serve(sandbox) as running:
        assert running.sandbox is sandbox
        assert running.base_url.startswith("http://127.0.0.1:")
        headers = await _token(running.base_url)
        async with httpx.AsyncClient(base_url=running.base_url, headers=headers) as http:
            answers = await asyncio.gather(
                *(http.post(ACCOUNTS, json=account(f"ACME-{index}")) for index in range(50))
            )
        assert [answer.status_code for answer in answers] == [200] * 50
    assert sandbox.truth().accounts == 50
    async with httpx.AsyncClient() as http:
        with pytest.raises(httpx.ConnectError):
            await http.get(running.base_url + "/health")


async def test_serve_takes_options_and_a_port() -> None:
    """Options make a new sandbox; a port asked for is the port used, and a taken one is refused."""
    async with serve(SandboxOptions(partition_id="mine")) as first:
        assert first.sandbox.options.partition_id == "mine"
        port = int(first.base_url.rpartition(":")[2])
        with pytest.raises(OSError, match="in use"):
            async with serve(port=port):
                pass
    async with serve(port=port) as second:
        assert second.base_url == first.base_url


async def test_quoted_slashes_survive_the_socket() -> None:
    """A quoted key is one path segment on the wire too."""
    async with serve() as running:
        headers = await _token(running.base_url)
        async with httpx.AsyncClient(base_url=running.base_url, headers=headers) as http:
            made = (await http.post(ACCOUNTS, json=account("../MESS-1?a=b#c/d"))).json()
            url = f"{running.base_url}{ACCOUNTS}/..%2FMESS-1%3Fa%3Db%23c%2Fd?accountIdType=AccountNumber"
            assert (await http.get(url)).json() == made


async def test_serve_leaves_signals_alone() -> None:
    """A server in somebody else's loop installs no signal handlers."""
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    async with serve():
        assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


async def test_serve_tells_of_a_server_that_cannot_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that fails before it listens raises instead of waiting for ever."""

    async def broken(*_: object, **__: object) -> None:
        raise OSError("no more descriptors")

    monkeypatch.setattr(server.Server, "startup", broken)
    with pytest.raises(OSError, match="no more descriptors"):
        async with serve():
            pass


async def test_requests_in_flight_at_the_end_are_settled_quietly(caplog: pytest.LogCaptureFixture) -> None:
    """Leaving amid a slow request gives it up after the grace, without a stack trace in the log."""
    async with httpx.AsyncClient() as http:
        async with serve(SandboxOptions(latency_ms=60_000)) as running:
            arrived = asyncio.Event()
            running.sandbox.recorder.arrive = lambda *_: arrived.set()  # type: ignore[method-assign]
            request = asyncio.create_task(http.get(running.base_url + ACCOUNTS))
            await arrived.wait()
        assert (await request).status_code == 500
    assert [record.message for record in caplog.records if record.levelno >= logging.WARNING] == []


@pytest.fixture(name="child")
def _child() -> Iterator[subprocess.Popen[str]]:
    """Start the command with a pipe to its input, and see it ended."""
    command = (*COMMAND, "--exit-with-parent", "--username", "ann", "--password", "it's", "--no-unique")
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:  # noqa: S603
        yield child
        child.kill()


def _exports(child: subprocess.Popen[str]) -> dict[str, str]:
    """Read the three export lines as a shell would."""
    assert child.stdout is not None
    words = [shlex.split(child.stdout.readline()) for _ in range(3)]
    assert [line[0] for line in words] == ["export"] * 3
    return dict(line[1].split("=", 1) for line in words)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_command_prints_exports_and_ends_on_a_signal(
    child: subprocess.Popen[str], number: signal.Signals
) -> None:
    """The command tells a shell how to reach it, quoted, holds to its options, and ends with 0."""
    exports = _exports(child)
    assert (exports["ALIANZA_USERNAME"], exports["ALIANZA_PASSWORD"]) == ("ann", "it's")
    login = {"username": "ann", "password": "it's"}
    answer = httpx.post(exports["ALIANZA_BASE_URL"] + "/v2/authorize", json=login)
    assert answer.status_code == 200
    child.send_signal(number)
    assert child.wait(10) == 0


def test_the_command_ends_with_its_parent(child: subprocess.Popen[str]) -> None:
    """What is written to its input is thrown away; when the input closes it ends."""
    exports = _exports(child)
    assert child.stdin is not None
    child.stdin.write("anything\n")
    child.stdin.flush()
    assert httpx.get(exports["ALIANZA_BASE_URL"] + "/health").status_code == 200
    child.stdin.close()
    assert child.wait(10) == 0


def test_a_taken_port_is_told_in_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    """A port in use ends the command with 2 and a sentence, not a stack trace."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["--port", str(port)]) == 2
    assert capsys.readouterr().err.startswith(f"The sandbox cannot listen on port {port}: ")


def test_an_impossible_option_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    """A figure that makes no sense ends the command with 2 and says which."""
    with pytest.raises(SystemExit) as caught:
        main(["--rate", "0"])
    assert caught.value.code == 2
    assert "sandbox option rate must be a positive number" in capsys.readouterr().err


def test_an_inventory_that_is_not_there_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    """A file that cannot be read ends the command with 2 and says why."""
    with pytest.raises(SystemExit) as caught:
        main(["--inventory", "no/such/file.csv"])
    assert caught.value.code == 2
    assert "the inventory cannot be read: No such file or directory" in capsys.readouterr().err


@pytest.mark.parametrize(
    "options",
    [
        SandboxOptions(),
        SandboxOptions(
            latency_ms=1.5,
            latency_jitter_ms=2,
            rate=99.5,
            retry_after_s=3,
            token_ttl_s=7,
            expires_in=False,
            unique=False,
            username="--ann",
            password="-p a=b",
            partition_id="p",
            must_change_password=True,
            login_status=500,
            permissions={"Account": "READ", "EU_User": "NONE"},
            delete_pending_s=0.5,
            activation_s=3,
            require_address=False,
            inventory="numbers.csv",
            history=False,
            history_lag_s=1.5,
            history_requests=True,
            history_whole_seconds=True,
            clock_offset_s=-7.5,
            fold_usernames=True,
            fold_macs=True,
            reservation_s=60,
            job_s=2.5,
            jobs_end=False,
            record_limit=5,
            seed=9,
        ),
    ],
)
def test_options_survive_the_command_line(options: SandboxOptions) -> None:
    """What a parent writes the child reads back, every option of it."""
    given = parser().parse_args(arguments_of(options, port=8))
    assert options_of(given) == options
    assert (given.port, given.json, given.exit_with_parent) == (8, True, True)


async def test_process_serves_tells_its_truth_and_ends() -> None:
    """A sandbox process serves with the options given, tells its truth, and is gone after the context."""
    async with SandboxProcess(SandboxOptions(unique=False)) as process:
        headers = await _token(process.base_url)
        async with httpx.AsyncClient(base_url=process.base_url, headers=headers) as http:
            for _ in range(2):
                assert (await http.post(ACCOUNTS, json=account())).status_code == 200
        truth = await process.truth()
        assert isinstance(truth, Truth)
        assert (truth.accounts, truth.duplicate_account_numbers) == (2, ["ACME-1"])
        assert await process.call("POST", "/_sandbox/reset") == {}
        assert await process.call("PUT", "/_sandbox/options", {"unique": True}) == {}
        assert (await process.truth()).accounts == 0
    with pytest.raises(ProcessLookupError):
        os.kill(process.pid, 0)


async def test_process_that_cannot_start_says_so() -> None:
    """A child that ends before it listens is an error at the start, not a wait for ever."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        child = SandboxProcess(port=taken.getsockname()[1])
        with pytest.raises(RuntimeError, match="the sandbox process ended before it listened"):
            await child.__aenter__()


def test_greeting_as_json_is_one_line() -> None:
    """The JSON greeting tells where it listens and its process id."""
    lines = list(server.greeting("http://127.0.0.1:1", SandboxOptions(), as_json=True))
    assert [json.loads(line) for line in lines] == [{"base_url": "http://127.0.0.1:1", "pid": os.getpid()}]


@pytest.mark.parametrize("missing", ["starlette", "uvicorn"])
def test_without_the_extra_the_import_says_what_to_install(missing: str) -> None:
    """Where starlette or uvicorn is not installed, one sentence tells which extra brings it."""
    code = f"import sys; sys.modules['{missing}'] = None; import alianza_async.sandbox"
    done = subprocess.run((sys.executable, "-c", code), capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 1
    assert "pip install 'alianza-async[sandbox]'" in done.stderr


def test_the_server_runs_without_uvloop(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where uvloop is not installed asyncio's own loop serves; where it is, uvloop does."""
    assert server.loop_factory() is not None
    monkeypatch.setitem(sys.modules, "uvloop", None)
    assert server.loop_factory() is None
