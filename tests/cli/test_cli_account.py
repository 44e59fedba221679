from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

import pytest

from alianza_async.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.sandbox_child import SandboxChild


def test_whoami(start_sandbox: Callable[..., SandboxChild], capsys: pytest.CaptureFixture[str]) -> None:
    """It tells who is logged in and where, and nothing secret."""
    sandbox = start_sandbox()
    assert main(["whoami"]) == 0
    printed = capsys.readouterr()
    lines = {tuple(line.split()[:2]) for line in printed.out.splitlines()}
    assert ("user", "sandbox") in lines
    assert ("partition", "sandbox-partition") in lines
    assert sandbox.base_url in printed.out
    assert (printed.err, "sesame" in printed.out) == ("", False)


def test_whoami_as_json(
    start_sandbox: Callable[..., SandboxChild], capsys: pytest.CaptureFixture[str]
) -> None:
    """As JSON it is one object with these keys, and no token among them."""
    sandbox = start_sandbox(must_change_password=True)
    assert main(["--json", "whoami"]) == 0
    printed = capsys.readouterr()
    facts = cast("dict[str, object]", json.loads(printed.out))
    assert facts["username"] == "sandbox"
    assert facts["base_url"] == sandbox.base_url
    assert facts["must_change_password"] is True
    assert facts.keys() == {
        "username",
        "user_type",
        "partition_id",
        "partition_name",
        "environment",
        "base_url",
        "permissions",
        "must_change_password",
    }
    assert "must be changed" in printed.err


def test_a_told_partition_is_shown(
    start_sandbox: Callable[..., SandboxChild], capsys: pytest.CaptureFixture[str]
) -> None:
    """A partition given on the command line is the one in use."""
    start_sandbox()
    assert main(["whoami", "--json", "--partition", "other"]) == 0
    assert json.loads(capsys.readouterr().out)["partition_id"] == "other"


def test_health(start_sandbox: Callable[..., SandboxChild], capsys: pytest.CaptureFixture[str]) -> None:
    """A server that answers is healthy, and its latency is that of one call."""
    start_sandbox(latency_ms=50)
    assert main(["health"]) == 0
    assert capsys.readouterr().out.startswith("ok: http://127.0.0.1:")
    assert main(["health", "--json"]) == 0
    facts = cast("dict[str, object]", json.loads(capsys.readouterr().out))
    assert (facts["ok"], facts["error"]) == (True, None)
    assert 50 <= cast("float", facts["latency_ms"]) < 5000


@pytest.mark.parametrize("command", ["whoami", "health"])
def test_refused(
    command: str, start_sandbox: Callable[..., SandboxChild], capsys: pytest.CaptureFixture[str]
) -> None:
    """A refused login ends with 3 and says so, without the password."""
    start_sandbox(password="another")
    assert main([command]) == 3
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("error: logUserIn: the login was refused")
    assert "sesame" not in printed.err


def test_health_of_a_refused_token(
    start_sandbox: Callable[..., SandboxChild],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A token that is refused, with nothing else to log in with, counts as a refused login."""
    start_sandbox()
    monkeypatch.delenv("ALIANZA_USERNAME")
    monkeypatch.setenv("ALIANZA_AUTH_TOKEN", "t0ken-of-old")
    assert main(["health", "--json"]) == 3
    printed = capsys.readouterr()
    assert json.loads(printed.out)["ok"] is False
    assert "t0ken-of-old" not in printed.out + printed.err


def test_health_of_nobody(
    start_sandbox: Callable[..., SandboxChild], capsys: pytest.CaptureFixture[str]
) -> None:
    """A server that cannot be reached is unhealthy: 1, and why."""
    sandbox = start_sandbox()
    sandbox.stop()
    assert main(["health", "--json"]) == 1
    printed = capsys.readouterr()
    facts = cast("dict[str, object]", json.loads(printed.out))
    assert (facts["ok"], facts["latency_ms"]) == (False, None)
    assert f"error: {facts['error']}\n" == printed.err


def test_debug_tells_no_secret(
    start_sandbox: Callable[..., SandboxChild], capsys: pytest.CaptureFixture[str]
) -> None:
    """With DEBUG each call is told on standard error, and neither the password nor a token."""
    sandbox = start_sandbox()
    assert main(["--log-level", "debug", "whoami"]) == 0
    told = capsys.readouterr().err
    assert "debug: POST /v2/authorize: 200 in " in told
    assert "debug: GET /v2/authorize/userinfo: 200 in " in told
    assert "sesame" not in told
    assert "token" not in told.lower()
    assert sandbox.truth().logins == 1
