from __future__ import annotations

import json
from typing import TYPE_CHECKING

from alianza_async.cli import main
from tests.cli.sandbox_child import SandboxChild, accounts_csv

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest


def test_users_go_by_the_server_s_own_bulk_operations(
    start_sandbox: Callable[..., SandboxChild], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--via server` makes users without a call a row; a resume goes the same way."""
    sandbox = start_sandbox()
    accounts_csv(tmp_path / "a.csv", ["N-1"])
    lines = ["account_number,username,time_zone", *(f"N-1,user{n},US/Eastern" for n in range(40))]
    (tmp_path / "u.csv").write_text("\n".join(lines))
    journal = str(tmp_path / "job.db")
    assert main(["bulk", "run", str(tmp_path / "a.csv"), "--kind", "accounts"]) == 0
    line = ["--kind", "users", "--via", "server", "--batch", "20", "--journal", journal, "--json"]
    capsys.readouterr()
    assert main(["bulk", "run", str(tmp_path / "u.csv"), *line]) == 0
    assert main(["bulk", "resume", journal, "--json"]) == 0
    told = [json.loads(printed) for printed in capsys.readouterr().out.splitlines()]
    assert [facts["created"] for facts in told] == [40, 40]
    requests = sandbox.truth().requests
    assert (requests["create_job"], requests.get("createEndUser", 0)) == (2, 0)


def test_what_does_not_go_together_is_a_mistake_in_the_command(
    start_sandbox: Callable[..., SandboxChild], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Accounts do not go through the server, and nothing is sent."""
    sandbox = start_sandbox()
    accounts_csv(tmp_path / "a.csv", ["N-1"])
    assert main(["bulk", "run", str(tmp_path / "a.csv"), "--kind", "accounts", "--via", "server"]) == 2
    assert "goes with users and telephone-numbers" in " ".join(capsys.readouterr().err.split())
    assert sandbox.truth().requests == {}
