from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from alianza_async.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.cli.sandbox_child import SandboxChild

ACCOUNT = {
    "accountNumber": "C-1",
    "accountName": "Calla Ltd",
    "accountType": "SIMPLE",
    "timeZone": "US/Central",
    "billingCycleDay": 1,
}


class FileServer(ThreadingHTTPServer):
    """Answers every GET with a file and every POST with a list of nothing; keeps what it was sent."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.targets: list[str] = []
        self.bodies: list[bytes] = []


class _Handler(BaseHTTPRequestHandler):
    server: FileServer  # pyright: ignore[reportIncompatibleVariableOverride]  (the one this is made for)

    def _answer(self, media_type: str, body: bytes) -> None:
        self.server.targets.append(f"{self.command} {self.path}")
        self.send_response(200)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        self._answer("text/csv", b"number,name\r\n1,\xc3\x84\r\n")

    def do_POST(self) -> None:
        if self.headers.get("Transfer-Encoding") == "chunked":
            size = int(self.rfile.readline(), 16)
            self.server.bodies.append(self.rfile.read(size))
        else:
            self.server.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
        self._answer("application/json", b"[]")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the standard library's name)
        """Print nothing."""


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch) -> Iterator[FileServer]:
    """A server of files, with the variables that point at it."""
    with FileServer() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        monkeypatch.setenv("ALIANZA_BASE_URL", f"http://127.0.0.1:{server.server_address[1]}")
        monkeypatch.setenv("ALIANZA_AUTH_TOKEN", "t")
        monkeypatch.setenv("ALIANZA_PARTITION_ID", "p")
        yield server
        server.shutdown()
        thread.join()


def test_create_and_get(
    start_sandbox: Callable[..., SandboxChild], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A body is JSON or a file of it; names are ours or those on the wire; the answer is pretty JSON."""
    start_sandbox()
    (tmp_path / "account.json").write_text(json.dumps(ACCOUNT), encoding="utf-8")
    assert main(["call", "createAccount", "--body", "@account.json"]) == 0
    created = capsys.readouterr().out
    assert created.startswith('{\n  "')
    identity = json.loads(created)["id"]
    assert main(["call", "accounts.get", "--path", f"accountId={identity}"]) == 0
    assert json.loads(capsys.readouterr().out)["accountNumber"] == "C-1"
    by_number = ["call", "accounts.get", "--path", "account_id=C-1", "--query", "accountIdType=AccountNumber"]
    assert main([*by_number, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["id"] == identity
    assert main(["call", "accounts.delete", "--path", f"account_id={identity}"]) == 0
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", "accounts.delete: done\n")


def test_what_the_server_refuses(
    start_sandbox: Callable[..., SandboxChild], capsys: pytest.CaptureFixture[str]
) -> None:
    """A call that does not end well ends with 1, a refused login with 3, and the reason on standard error."""
    start_sandbox()
    assert main(["call", "accounts.get", "--path", "account_id=nobody"]) == 1
    assert "404" in capsys.readouterr().err
    start_sandbox(password="another")
    assert main(["call", "accounts.list"]) == 3


def test_a_token_is_not_shown(
    start_sandbox: Callable[..., SandboxChild], capsys: pytest.CaptureFixture[str]
) -> None:
    """The answer that brings the token shows everything but it."""
    start_sandbox()
    assert main(["call", "authorize.user_info"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["username"] == "sandbox"
    assert set(shown.get("authToken", "")) <= {"*"}


def test_an_answer_goes_to_a_file(
    start_sandbox: Callable[..., SandboxChild], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """With --output standard output stays empty."""
    start_sandbox()
    assert main(["call", "accounts.list", "--output", "accounts.json"]) == 0
    assert capsys.readouterr().out == ""
    assert json.loads((tmp_path / "accounts.json").read_text("utf-8")) == []
    assert main(["call", "accounts.list", "--output", "no/folder/accounts.json"]) == 2
    assert "cannot write no/folder/accounts.json (No such file or directory)" in capsys.readouterr().err


def test_a_download(files: FileServer, capfdbinary: pytest.CaptureFixture[bytes], tmp_path: Path) -> None:
    """A file goes to standard output byte by byte, or to --output; a deprecated operation says so."""
    assert main(["call", "telephone_numbers.download_inventory"]) == 0
    assert capfdbinary.readouterr().out == b"number,name\r\n1,\xc3\x84\r\n"
    assert main(["call", "reports.accounts_csv", "--output", "accounts.csv"]) == 0
    printed = capfdbinary.readouterr()
    assert printed.out == b""
    assert b"reports.accounts_csv is deprecated: use reports.accounts" in printed.err
    assert (tmp_path / "accounts.csv").read_bytes() == b"number,name\r\n1,\xc3\x84\r\n"
    assert main(["call", "reports.accounts_csv", "--output", "no/folder/x.csv"]) == 2
    assert files.targets[0] == "GET /v2/partition/p/telephonenumber/export"


def test_a_parameter_given_twice_is_a_list(files: FileServer) -> None:
    """--query NAME=... twice sends both."""
    query = ["--query", "status_type=PENDING", "--query", "statusType=COOLDOWN", "--query", "accountId=a b"]
    assert main(["call", "telephone_numbers.download_status_search", *query]) == 0
    assert files.targets == [
        (
            "GET /v2/partition/p/telephonenumber/exportstatussearch"
            "?accountId=a+b&statusType=PENDING&statusType=COOLDOWN"
        )
    ]


def test_an_upload(files: FileServer, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Where the operation uploads a file, --body @FILE is that file."""
    (tmp_path / "prefixes.csv").write_bytes(b"npa,nxx\n")
    assert main(["call", "local_calling_areas.import_", "--body", "@prefixes.csv"]) == 0
    assert json.loads(capsys.readouterr().out) == []
    assert [b'name="file"; filename="prefixes.csv"' in body for body in files.bodies] == [True]


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["accounts.gett"], "there is no operation 'accounts.gett'"),
        (["accounts.get"], "accounts.get needs --path account_id=..."),
        (["accounts.search"], "accounts.search needs --query q=..."),
        (["accounts.create"], "accounts.create needs --body"),
        (["accounts.get", "--path", "id=3"], "accounts.get: --path takes partition_id, account_id"),
        (["jobs.request_upload", "--query", "q=1"], "jobs.request_upload: --query takes nothing"),
        (["accounts.create", "--body", "{"], "--body is no JSON"),
        (["accounts.create", "--body", "@absent.json"], "cannot read the file of --body"),
        (["accounts.create", "--body", "@latin.json"], "it is no UTF-8 text"),
        (["accounts.list", "--body", "{}"], "accounts.list takes no --body"),
        (["local_calling_areas.import_", "--body", "{}"], "uploads a file: give --body @FILE"),
    ],
)
def test_what_cannot_be_sent(
    words: list[str], complaint: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """What is missing, unknown or unreadable ends with 2 before anybody logs in."""
    (tmp_path / "latin.json").write_bytes(b'"\xe4"')
    assert main(["call", *words]) == 2
    assert complaint in capsys.readouterr().err
