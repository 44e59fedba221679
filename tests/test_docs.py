"""The code of README, docs and examples runs: against an embedded Alianza, over a real socket."""

from __future__ import annotations

import ast
import asyncio
import inspect
import os
import re
import shlex
import socket
import subprocess
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final, cast

import httpx
import pytest
import trustme
import uvicorn

from alianza_async.models.accounts import AccountCreate
from alianza_async.sandbox import Fault, SandboxOptions
from alianza_async.sandbox.server import Server
from alianza_async.session import Session
from tests.markdown import PAGES, ROOT, Block, blocks
from tests.third_service import Dialtone

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
    from pathlib import Path

    from fastapi import FastAPI

    from alianza_async.sandbox import RunningSandbox, Sandbox
    from alianza_async.settings import Credentials

EXAMPLES: Final = ROOT / "examples"
_PYTHON: Final = tuple(blocks("python"))
_TESTS: Final = tuple(block for block in _PYTHON if "def test_" in block.text)
_SERVICES: Final = tuple(block for block in _PYTHON if "FastAPI(" in block.text)
_CARRIERS: Final = tuple(block for block in _PYTHON if block.page.name == "other-carriers.md")
_SCRIPTS: Final = tuple(block for block in _PYTHON if block not in {*_TESTS, *_SERVICES, *_CARRIERS})

_ACCOUNTS: Final = """\
account_number,account_name,account_type,time_zone,billing_cycle_day
ACME-101,Ann Example,SIMPLE,America/Detroit,1
ACME-102,Bob Example,SIMPLE,America/Phoenix,2
ACME-103,Cid Example,SIMPLE,America/Toronto,3
ACME-104,Dee Example,SIMPLE,America/Toronto,99
"""
_USERS: Final = """\
Account Number,Username,Time Zone,First Name
OLD-1,eve@example.com,America/Chicago,Eve
OLD-1,fay@example.com,America/Chicago,Fay
"""


@pytest.fixture(autouse=True)
async def _reader(
    served: RunningSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, credentials: Credentials
) -> None:
    """Be a reader who has pasted the sandbox's `export` lines, and has the files the docs speak of."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ALIANZA_BASE_URL", served.base_url)
    monkeypatch.setenv("ALIANZA_USERNAME", credentials.username)
    monkeypatch.setenv("ALIANZA_PASSWORD", credentials.password.get_secret_value())
    for name, text in {
        "accounts.csv": _ACCOUNTS,
        "users.csv": _USERS,
        "alianza.env": "ALIANZA_PARTITION_ID=sandbox-partition\n",
    }.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "company-ca.pem"))
    async with Session() as session:
        await session.accounts.create(
            AccountCreate(
                account_number="OLD-1",
                account_name="Old Hand",
                account_type="SIMPLE",
                time_zone="US/Central",
                billing_cycle_day=1,
            )
        )


@pytest.fixture
async def dialtone(monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Dialtone]:
    """Serve another carrier's API on a loopback port, to a reader who has its secret."""
    service = Dialtone()
    server = Server(uvicorn.Config(service.app, log_config=None, lifespan="off", timeout_graceful_shutdown=1))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        monkeypatch.setenv("DIALTONE_URL", f"http://127.0.0.1:{listener.getsockname()[1]}")
        monkeypatch.setenv("DIALTONE_SECRET", "a-made-up-secret")
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        await server.up.wait()
        yield service
        server.should_exit = True
        await serving


async def run(text: str, name: str) -> dict[str, object]:
    """Run code as `python -m asyncio` does, `await` at the top included; return its names."""
    code = compile(text, name, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    names: dict[str, object] = {"__name__": "__main__"}
    if code.co_flags & inspect.CO_COROUTINE:
        await cast("Awaitable[object]", eval(code, names))  # noqa: S307  (our own pages)
    else:
        await asyncio.to_thread(exec, code, names)  # it may have a loop of its own
    return names


def the_block(part: str) -> Block:
    """Return the one script that has a part."""
    (found,) = (block for block in _SCRIPTS if part in block.text)
    return found


async def child(*words: str | Path, environment: Mapping[str, str] | None = None) -> tuple[int, str, str]:
    """Run Python in a child process; return exit code, standard output and standard error."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *words,
        env=os.environ | (environment or {}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    out, err = await process.communicate()
    return cast("int", process.returncode), out.decode(), err.decode()


@pytest.mark.parametrize("block", _SCRIPTS, ids=str)
async def test_script_runs(block: Block) -> None:
    """Each block of Python runs as it stands, to its end, without an error."""
    names = await run(block.text, str(block))

    assert "__builtins__" in names


@pytest.mark.parametrize("block", _CARRIERS, ids=str)
async def test_script_of_another_carrier_runs(block: Block, dialtone: Dialtone) -> None:
    """So does each block about another carrier's API, against that; it orders what it says, once."""
    await run(block.text, str(block))

    assert dialtone.requests.count("POST /v1/token") <= 1
    assert len(dialtone.numbers) == dialtone.requests.count("POST /v1/numbers")


async def test_bulk_script_of_the_readme(
    sandbox: Sandbox, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """README's bulk job creates what can be sent, names what cannot, and leaves a line a row."""
    await run(the_block("asyncio.run(main())").text, "README.md")

    invalid, last = capsys.readouterr().out.splitlines()
    assert invalid.startswith("row 4, ACME-104: invalid: accounts.csv row 4 (line 5), billing_cycle_day: ")
    assert re.fullmatch(r"3 created, \d+ a second", last)
    assert sorted(str(account["accountNumber"]) for account in sandbox.store.accounts.values()) == [
        "ACME-101",
        "ACME-102",
        "ACME-103",
        "OLD-1",
    ]
    assert len((tmp_path / "accounts-results.csv").read_text(encoding="utf-8").splitlines()) == 5


async def test_result_file_fed_back(sandbox: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    """docs/bulk.md's second run skips what its first has done, and creates nothing twice."""
    await run(the_block('"first.csv"').text, "bulk.md")

    assert capsys.readouterr().out == "3 were done before, 0 are new\n"
    assert sandbox.truth().requests["createAccount"] == 4  # OLD-1's, and one a valid row


async def test_a_file_as_people_have_it(sandbox: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    """docs/input-files.md's file is read as the page says: those sentences, and the one account."""
    await run(the_block('"export.csv"').text, "input-files.md")

    page = (ROOT / "docs" / "input-files.md").read_text(encoding="utf-8")
    printed = capsys.readouterr().out.splitlines()
    assert printed[:-1] == re.findall(r"^\* `(.+)`$", page, re.MULTILINE)
    assert printed[-1] == "row 2 (line 5) SHOP-2 invalid"
    assert {account["accountNumber"] for account in sandbox.store.accounts.values()} == {"OLD-1", "SHOP-1"}


async def test_run_killed_and_resumed_as_the_readme_says(
    served: RunningSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """README's job, killed in its midst, is resumed by README's next line: every row is there once."""
    monkeypatch.setenv("ALIANZA_SETTLE_S", "0.2")
    served.sandbox.options = SandboxOptions(unique=False, latency_ms=100)
    header, row, *_ = _ACCOUNTS.splitlines()
    rows = [row.replace("ACME-101", f"ACME-{number}") for number in range(1000, 1100)]
    (tmp_path / "accounts.csv").write_text("\n".join([header, *rows]), encoding="utf-8")
    (lines,) = (
        block.text.splitlines()
        for block in blocks("sh")
        if "bulk status" in block.text and block.page.name == "README.md"
    )
    run_it, resume, status = (shlex.split(line)[1:] for line in lines)
    job = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "alianza_async.cli",
        *run_it,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while len(served.sandbox.store.accounts) < 20:  # noqa: ASYNC110  (another process fills it)
        await asyncio.sleep(0.01)
    job.kill()
    await job.wait()

    resumed = await child("-m", "alianza_async.cli", *resume)
    told = await child("-m", "alianza_async.cli", *status)

    assert resumed[0] == 0, resumed[2]
    assert resumed[1].splitlines()[1].startswith("All 100 rows are done: ")
    assert "finished" in told[1]
    numbers = sorted(str(each["accountNumber"]) for each in served.sandbox.store.accounts.values())
    assert numbers == [*(f"ACME-{number}" for number in range(1000, 1100)), "OLD-1"]


async def test_outcome_that_is_unknown_is_resolved(
    sandbox: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    """docs/sent-again.md's `resolve()` finds the account whose answer, and whose look-up, were lost."""
    sandbox.faults.add(
        Fault(kind="cut_after", operation="createAccount"),
        Fault(kind="status_before", operation="retrieveAccount", status=403),
    )

    await run(the_block("error.resolve()").text, "sent-again.md")

    shown = capsys.readouterr().out
    assert shown.startswith("there: ")
    assert "ACME-77" in shown
    assert sandbox.truth().requests["createAccount"] == 2  # OLD-1's, and one


async def test_a_job_is_taken_back(sandbox: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    """docs/undo.md's job is there, and then it is not: nothing of it is left, and nothing else went."""
    await run(the_block('bulk.undo("trial.db")').text, "undo.md")

    shown = capsys.readouterr().out.splitlines()
    assert shown[0].startswith("3 account the account and its settings are gone")
    assert shown[1].startswith("3 of 3 undone in ")
    assert [account["accountNumber"] for account in sandbox.store.accounts.values()] == ["OLD-1"]


@pytest.mark.parametrize("block", _TESTS, ids=str)
async def test_test_passes(block: Block, tmp_path: Path) -> None:
    """A test that the docs show is a test that passes, with pytest-asyncio in auto mode."""
    (tmp_path / "test_shown.py").write_text(block.text, encoding="utf-8")

    code, out, err = await child(
        "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", os.devnull, "--rootdir", tmp_path,
        "-o", "asyncio_mode=auto", "test_shown.py",
    )  # fmt: skip

    assert (code, "1 passed" in out) == (0, True), out + err


async def shown_service(block: Block) -> FastAPI:
    """Return the application of a block."""
    return cast("FastAPI", (await run(block.text, str(block)))["app"])


async def example_service() -> FastAPI:
    """Return the application of the example."""
    path = EXAMPLES / "service.py"
    return cast("FastAPI", (await run(path.read_text(encoding="utf-8"), str(path)))["app"])


@pytest.mark.parametrize(
    "service",
    [*(lambda block=block: shown_service(block) for block in _SERVICES), example_service],
    ids=[*map(str, _SERVICES), "service.py"],
)
async def test_service_answers(service: Callable[[], Awaitable[FastAPI]], sandbox: Sandbox) -> None:
    """A customer is created once (201); twice is a conflict (409), a bad one 422, a lost one 502."""
    app = await service()
    customer = {
        "accountNumber": "ACME-1",
        "accountName": "Acme",
        "accountType": "SIMPLE",
        "timeZone": "America/Detroit",
        "billingCycleDay": 1,
    }
    transport = httpx.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://service") as client,
    ):
        first = await client.post("/customers", json=customer)
        second = await client.post("/customers", json=customer)
        bad = await client.post("/customers", json={**customer, "billingCycleDay": 31})
        sandbox.faults.add(
            Fault(kind="cut_after", operation="createAccount"),
            Fault(kind="status_before", operation="retrieveAccount", status=403),
        )
        lost = await client.post("/customers", json={**customer, "accountNumber": "ACME-2"})

    assert [first.status_code, second.status_code, bad.status_code, lost.status_code] == [201, 409, 422, 502]
    assert (first.json()["accountNumber"], first.json()["timeZone"]) == ("ACME-1", "US/Eastern")
    assert second.json() == {"detail": "it exists already, equal in every field sent"}
    assert re.fullmatch(r"try again in a minute; ask support about [0-9a-f-]{36}-\d+", lost.json()["detail"])
    assert sandbox.truth().logins == 2  # the fixture's, and one for all of the service's calls


def test_service_of_the_readme_is_the_example() -> None:
    """README shows examples/service.py, but for its docstrings and comments."""

    def bare(text: str) -> str:
        tree = ast.parse(text)
        for node in ast.walk(tree):
            if isinstance(node, (ast.Module, ast.FunctionDef, ast.AsyncFunctionDef)) and ast.get_docstring(
                node
            ):
                del node.body[0]
        return ast.unparse(tree)

    (shown,) = _SERVICES
    assert bare(shown.text) == bare((EXAMPLES / "service.py").read_text(encoding="utf-8"))


async def test_bulk_example(sandbox: Sandbox, tmp_path: Path) -> None:
    """examples/bulk_accounts.py goes on from its result file, and its exit code says what is left."""
    script = EXAMPLES / "bulk_accounts.py"
    first = await child(script, "accounts.csv")
    results = (tmp_path / "accounts-results.csv").read_text(encoding="utf-8")
    mended = results.replace("America/Toronto,99", "America/Toronto,9")
    (tmp_path / "more.csv").write_text(mended, encoding="utf-8")
    second = await child(script, "more.csv")

    assert (first[0], second[0]) == (1, 0), first[2] + second[2]
    assert "row 4, ACME-104: invalid: " in first[1]
    assert second[1].startswith("1 created, 0 there before, ")
    assert sandbox.truth().created_accounts == 5
    assert (await child(script))[0] == 2
    assert (await child(script, "absent.csv"))[0] == 2


async def test_ensure_example(sandbox: Sandbox) -> None:
    """examples/ensure_customers.py creates three accounts, and nothing when it is run again."""
    script = EXAMPLES / "ensure_customers.py"
    first, second = await child(script), await child(script)

    assert [line.split()[1] for line in first[1].splitlines()] == ["created"] * 3, first[2]
    assert [line.split()[1] for line in second[1].splitlines()] == ["existed"] * 3, second[2]
    assert sandbox.truth().created_accounts == 4


async def test_third_carrier_example(dialtone: Dialtone) -> None:
    """examples/third_carrier.py orders two numbers, says what is wrong with a third, and reads both lists."""
    script = EXAMPLES / "third_carrier.py"
    first, second = await child(script), await child(script)

    wrong = "4165550102 invalid phone_number: must begin with +\n"
    there = "+13135550100 +16025550101\n900 seconds\n"
    assert (first[0], first[1]) == (0, wrong + there), first[2]
    assert second[1].endswith(wrong + there)
    assert second[1].count("taken phone_number: somebody has it\n") == 2
    assert len(dialtone.numbers) == 2


def test_the_third_carrier_is_short() -> None:
    """A client of a small API is less than 150 lines over the core."""
    assert len((EXAMPLES / "third_carrier.py").read_text(encoding="utf-8").splitlines()) < 150


def test_every_example_is_run_here() -> None:
    """No example lies about unrun."""
    assert sorted(path.name for path in EXAMPLES.glob("*.py")) == [
        "bulk_accounts.py",
        "ensure_customers.py",
        "service.py",
        "third_carrier.py",
    ]


def test_commands_are_understood() -> None:
    """Each command of a shell block is one that `alianza` can parse, or a target of the Makefile."""
    from alianza_async.cli.app import app

    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    commands = [
        shlex.split(line, comments=True)
        for block in blocks("sh")
        for line in block.text.splitlines()
        if line.strip()
    ]

    assert len(commands) >= 5
    for program, *words in commands:
        if program == "make":
            assert set(words) <= targets
        else:
            assert program == "alianza"
            app.parse_args(words, exit_on_error=False, print_error=False)


@pytest.mark.skipif(find_spec("ruff") is None, reason="the environment of the lowest versions has no ruff")
def test_python_is_formatted(tmp_path: Path) -> None:
    """Each block of Python is as `ruff format` writes it, and uses every name it imports."""
    folder = tmp_path / "blocks"
    folder.mkdir()
    for block in _PYTHON:
        (folder / f"{block.page.stem.replace('-', '_')}_{block.line}.py").write_text(
            block.text, encoding="utf-8"
        )
    ruff = [sys.executable, "-m", "ruff"]
    config = ["--no-cache", "--config", str(ROOT / "pyproject.toml"), "--config", f"src = ['{ROOT}']"]

    formatted = subprocess.run(  # noqa: S603
        [*ruff, "format", "--check", *config, str(folder)], capture_output=True, text=True, check=False
    )
    # F704: an `await` at the top, which `python -m asyncio` takes.
    clean = subprocess.run(  # noqa: S603
        [*ruff, "check", *config, "--select", "F,I", "--ignore", "F704", str(folder)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert (formatted.returncode, formatted.stdout + formatted.stderr) == (
        0,
        f"{len(_PYTHON)} files already formatted\n",
    )
    assert (clean.returncode, clean.stdout) == (0, "All checks passed!\n")


def test_every_page_has_code_that_runs() -> None:
    """The blocks are found: no page is left out by a fence that nobody recognises."""
    assert {block.page for block in _PYTHON} == set(PAGES)
    assert {block.language for page in PAGES for block in _fenced(page)} == {"python", "sh"}


def _fenced(page: Path) -> list[Block]:
    fences = re.findall(r"^```(\w*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return [Block(page, 0, language, "") for language in fences[::2]]
