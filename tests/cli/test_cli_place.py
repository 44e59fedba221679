"""Where a command goes, and what it asks before it writes there: journals, files of variables, production."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import shlex
import sys
from typing import TYPE_CHECKING

import pytest

from alianza_async.bulk.journal import JobFacts, SqliteStore
from alianza_async.calls.call import OperationClass
from alianza_async.cli import call, main
from alianza_async.cli.job_place import as_it_began, options_given, options_to
from alianza_async.cli.options import Output, Where
from alianza_async.cli.screen import Screen
from alianza_async.errors import ConfigurationError
from alianza_async.resources.registry import operations
from alianza_async.settings import Environment
from tests.cli.sandbox_child import accounts_csv, numbers

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from alianza_async.session import Session
    from alianza_async.transports.choice import TransportName
    from tests.cli.sandbox_child import SandboxChild

JOB = "job.db"
VERBS = ["resume", "reconcile", "undo"]
MORE = {"resume": ["--yes"], "reconcile": [], "undo": ["--yes"]}
"""What a verb is given so that it asks nobody at the terminal."""

ACCOUNT = {
    "accountNumber": "C-1",
    "accountName": "Calla Ltd",
    "accountType": "SIMPLE",
    "timeZone": "US/Central",
    "billingCycleDay": 1,
}


def facts_of(
    source: Path, base_url: str, environment: str | None = None, *, scope: str | None = "sandbox-partition"
) -> JobFacts:
    """Return the facts of a job of accounts."""
    digest = hashlib.sha256(source.read_bytes()).hexdigest() if source.exists() else None
    return JobFacts("j-1", "accounts", str(source), digest, {}, base_url, environment, scope, "sandbox", None)


def make_journal(facts: JobFacts, path: str = JOB) -> None:
    """Make the journal of a job that has sent nothing yet: anybody can write such a file."""

    async def make() -> None:
        await (await SqliteStore.create(path, facts)).aclose()

    asyncio.run(make())


def logins(sandbox: SandboxChild) -> int:
    """Return how many requests of any kind have shown a login to a sandbox."""
    return sum(sandbox.truth().requests.values())


def words(text: str) -> str:
    """Return a text as one line."""
    return " ".join(text.split())


@pytest.mark.parametrize("verb", VERBS)
def test_a_journal_does_not_decide_where_the_password_goes(
    *,
    verb: str,
    transport_name: TransportName,
    start_sandbox: Callable[..., SandboxChild],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A place that is not the provider's own has to be given again: else not even a login is made."""
    monkeypatch.setenv("ALIANZA_TRANSPORT", transport_name)
    sandbox = start_sandbox()
    source = accounts_csv(tmp_path / "a.csv", numbers(2))
    if verb == "undo":  # nothing is asked where there is nothing to undo
        assert main(["bulk", "run", "a.csv", "--kind", "accounts", "--journal", JOB]) == 0
    else:
        scope = None if verb == "reconcile" else "sandbox-partition"  # without one it is asked for
        make_journal(facts_of(source, sandbox.base_url, scope=scope))
    before = logins(sandbox)
    monkeypatch.delenv("ALIANZA_BASE_URL")
    line = ["bulk", verb, JOB, *MORE[verb]]
    capsys.readouterr()
    assert main(line) == 2
    told = words(capsys.readouterr().err)
    assert f"sent to {sandbox.base_url}, which is none of the provider's own addresses" in told
    assert f"give --base-url {sandbox.base_url}, if it may go there" in told
    assert logins(sandbox) == before
    assert main([*line, "--base-url", sandbox.base_url]) == 0
    assert logins(sandbox) > before


@pytest.mark.parametrize("verb", VERBS)
def test_a_place_that_is_given_is_the_jobs(
    verb: str,
    start_sandbox: Callable[..., SandboxChild],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Another place than the job's is refused before a login, with what to give instead."""
    make_journal(facts_of(accounts_csv(tmp_path / "a.csv", numbers(2)), "https://api.b2.alianza.com", "beta"))
    sandbox = start_sandbox()  # the variables name it
    assert main(["bulk", verb, JOB, *MORE[verb]]) == 2
    told = words(capsys.readouterr().err)
    assert "sent to beta, https://api.b2.alianza.com, and the base URL given is another one" in told
    assert "give --environment beta alone" in told
    assert logins(sandbox) == 0


def test_the_environment_of_a_journal_is_given_again_too(
    start_sandbox: Callable[..., SandboxChild], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A job that began in production through a tunnel is not continued as one elsewhere."""
    sandbox = start_sandbox()
    make_journal(facts_of(accounts_csv(tmp_path / "a.csv", numbers(2)), sandbox.base_url, "production"))
    assert main(["bulk", "reconcile", JOB]) == 2
    told = words(capsys.readouterr().err)
    assert f"give --base-url {sandbox.base_url} --environment production" in told
    assert logins(sandbox) == 0
    given = ["--base-url", sandbox.base_url, "--environment", "production"]
    assert main(["bulk", "resume", JOB, *given]) == 2
    assert "this writes to production, and there is no terminal" in words(capsys.readouterr().err)
    assert main(["bulk", "reconcile", JOB, *given]) == 0


def test_the_providers_own_places_are_taken_from_a_journal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A URL of the provider's says where a job continues, in any spelling, unless it is named another one."""
    monkeypatch.setenv("ALIANZA_AUTH_TOKEN", "t0ken")
    source = tmp_path / "a.csv"
    for base_url, environment in (
        ("https://api.b2.alianza.com", "beta"),
        ("https://API.q2.alianza.com.:443/", "qa"),
        ("https://api.alianza.com", None),
    ):
        session = as_it_began(facts_of(source, base_url, environment), Where(), None)
        own = Environment(environment or "production")
        assert (session.environment, session.base_url) == (own, own.base_url)
    for base_url, environment in (
        ("https://api.alianza.com", "beta"),
        ("https://api.alianza.com.evil.example", "production"),
        ("https://api.b2.alianza.com/elsewhere", "beta"),
        ("https://api.b2.alianza.com@evil.example", "beta"),
        ("nonsense", "beta"),
    ):
        with pytest.raises(ConfigurationError, match="none of the provider's own addresses"):
            as_it_began(facts_of(source, base_url, environment), Where(), None)


@pytest.mark.parametrize(
    ("file", "line", "name"),
    [
        ("ALIANZA_BASE_URL=http://localhost:1", "--base-url http://localhost:2", "ALIANZA_BASE_URL"),
        ("ALIANZA_BASE_URL=http://localhost:1", "--environment beta", "ALIANZA_BASE_URL"),
        ("ALIANZA_BASE_URL=https://me:pa55@host", "--environment beta", "ALIANZA_BASE_URL"),
        ("ALIANZA_ENVIRONMENT=production", "--environment beta", "ALIANZA_ENVIRONMENT"),
        ("ALIANZA_ENVIRONMENT=production", "--base-url https://api.b2.alianza.com", "ALIANZA_ENVIRONMENT"),
    ],
)
def test_a_file_that_names_another_place_is_refused(
    file: str, line: str, name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file of variables is not half taken: a place in it that is not called ends the command with 2."""
    (tmp_path / "my.env").write_text(f"{file}\nALIANZA_AUTH_TOKEN=t0ken\n", encoding="utf-8")
    assert main(["whoami", "--env-file", "my.env", *line.split()]) == 2
    told = words(capsys.readouterr().err)
    assert f"my.env has another {name} than this command" in told
    assert "pa55" not in told


def test_a_file_that_a_variable_contradicts_is_refused(
    start_sandbox: Callable[..., SandboxChild], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A variable of the shell does not silently win over the file that was named."""
    sandbox = start_sandbox()
    (tmp_path / "my.env").write_text("ALIANZA_ENVIRONMENT=qa\n", encoding="utf-8")
    assert main(["whoami", "--env-file", "my.env"]) == 0
    assert "qa" in capsys.readouterr().out
    (tmp_path / "my.env").write_text(f"ALIANZA_BASE_URL={sandbox.base_url}/\n", encoding="utf-8")
    assert main(["whoami", "--env-file", "my.env"]) == 0
    (tmp_path / "my.env").write_text("ALIANZA_BASE_URL=https://api.example.com\n", encoding="utf-8")
    assert main(["whoami", "--env-file", "my.env"]) == 2
    assert "my.env has another ALIANZA_BASE_URL" in words(capsys.readouterr().err)


class Terminal(io.StringIO):
    """A standard input at which somebody sits."""

    def isatty(self) -> bool:
        """Say so."""
        return True


def test_a_call_that_writes_asks_in_production(
    transport_name: TransportName,
    start_sandbox: Callable[..., SandboxChild],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A sandbox that is named production is guarded like it: writes ask, reads do not."""
    monkeypatch.setenv("ALIANZA_TRANSPORT", transport_name)
    sandbox = start_sandbox()
    place = ["--environment", "production", "--base-url", sandbox.base_url]
    create = ["call", "accounts.create", "--body", json.dumps(ACCOUNT), *place]
    assert main(create) == 2
    assert "this writes to production, and there is no terminal to confirm it" in capsys.readouterr().err
    monkeypatch.setattr(sys, "stdin", Terminal("beta\n"))
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert main(create) == 2
    told = words(capsys.readouterr().err)
    assert f"This calls accounts.create in production ({sandbox.base_url})." in told
    assert "nothing was sent" in told
    assert sandbox.truth().requests == {}
    monkeypatch.setattr(sys, "stdin", Terminal("production\n"))
    assert main(create) == 0
    identity = json.loads(capsys.readouterr().out)["id"]
    monkeypatch.setattr(sys, "stdin", Terminal())
    assert main(["call", "accounts.get", "--path", f"account_id={identity}", *place]) == 0
    assert main(["call", "accounts.delete", "--path", f"account_id={identity}", "--yes", *place]) == 0
    assert sandbox.truth().accounts == 0


def test_every_operation_that_may_write_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever its class does not call safe asks, and nothing else: the table decides, not the verb."""
    asked: list[str] = []

    def note(_session: Session, what: str, _screen: Screen, *, yes: bool) -> None:
        asked.append(f"{what} {yes}")

    async def send_nothing(*_: object) -> int:
        return 0

    def no_arguments(*_: object) -> dict[str, object]:
        return {}

    monkeypatch.setenv("ALIANZA_AUTH_TOKEN", "t0ken")
    monkeypatch.setattr(call, "confirm_production", note)
    monkeypatch.setattr(call, "_call", send_nothing)
    monkeypatch.setattr(call, "_arguments", no_arguments)
    every = list(operations())
    for declared in every:
        told = call.CallOptions(name=declared.python)
        assert call.run_call(told, Where(environment="production"), Screen(Output())) == 0
    writes = [each for each in every if each.operation.operation_class is not OperationClass.SAFE]
    assert asked == [f"calls {each.python} False" for each in writes]
    assert {each.operation.method for each in writes} >= {"POST", "PUT", "PATCH", "DELETE"}


def test_a_rehearsal_at_the_sandbox(
    start_sandbox: Callable[..., SandboxChild],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A job at a sandbox that is named production is guarded as it will be there."""
    sandbox = start_sandbox()
    accounts_csv(tmp_path / "a.csv", numbers(3))
    place = ["--environment", "production", "--base-url", sandbox.base_url]
    line = ["bulk", "run", "a.csv", "--kind", "accounts", "--journal", JOB, *place]
    assert main(line) == 2
    assert "this writes to production" in capsys.readouterr().err
    assert main([*line, "--yes"]) == 0
    assert f"at production, {sandbox.base_url}, partition" in words(capsys.readouterr().err)
    assert main(["bulk", "undo", JOB, *place]) == 2
    assert "there is no terminal to confirm it" in capsys.readouterr().err
    monkeypatch.setattr(sys, "stdin", Terminal("undo 3\n"))
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert main(["bulk", "undo", JOB, *place]) == 2
    assert "'undo 3 production' was not typed; nothing was sent" in words(capsys.readouterr().err)
    monkeypatch.setattr(sys, "stdin", Terminal("undo 3 production\n"))
    assert main(["bulk", "undo", JOB, *place]) == 0
    assert sandbox.truth().accounts == 0
    assert main(["bench", "--create", *place]) == 2
    assert "--create is not for production" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("line", "proposed"),
    [
        ("bulk run a.csv --kind accounts --ye", None),
        ("bulk run a.csv --kind accounts --yess", None),
        ("bulk run a.csv --kind accounts --forc", None),
        ("bulk undo job.db --include-liv", None),
        ("bulk undo job.db --unverifie", None),
        ("call accounts.create --yse", None),
        ("bench --anywher", None),
        ("bulk resume job.db --restord", "--restored"),
    ],
)
def test_no_guard_is_proposed_to_be_lifted(
    line: str, proposed: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    """A misspelt option is told, and what would lift a guard is never named as what was meant."""
    assert main(line.split()) == 2
    told = words(capsys.readouterr().err)
    told = told.replace('"', "")  # some versions of cyclopts quote what was given
    assert told.startswith("error: Unknown option: --")
    assert told.endswith("See: alianza --help")
    assert ("Did you mean" in told) == (proposed is not None)
    assert proposed is None or f"Did you mean {proposed}?" in told


@pytest.mark.parametrize("environment", [None, "production"])
def test_the_command_that_status_proposes_goes_where_the_job_went(
    *,
    environment: str | None,
    transport_name: TransportName,
    start_sandbox: Callable[..., SandboxChild],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Pasted as it stands, with nothing else said, it finishes the job."""
    monkeypatch.setenv("ALIANZA_TRANSPORT", transport_name)
    sandbox = start_sandbox()
    make_journal(facts_of(accounts_csv(tmp_path / "a.csv", numbers(2)), sandbox.base_url, environment))
    monkeypatch.delenv("ALIANZA_BASE_URL")
    assert main(["bulk", "status", JOB]) == 0
    proposed = words(capsys.readouterr().out).partition("To continue: ")[2]
    beside = "" if environment is None else f" --environment {environment}"
    assert proposed == f"alianza bulk resume {JOB} --base-url {sandbox.base_url}{beside}"
    assert main([*shlex.split(proposed)[1:], "--yes"]) == 0
    assert sandbox.truth().accounts == 2


def test_each_command_proposes_commands_to_its_own_place(
    start_sandbox: Callable[..., SandboxChild],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """What a plan and an undo propose has the options they were given."""
    sandbox = start_sandbox()
    accounts_csv(tmp_path / "a.csv", numbers(2))
    to = ["--base-url", sandbox.base_url]
    monkeypatch.delenv("ALIANZA_BASE_URL")

    def proposed(line: str) -> list[str]:
        main([*line.split(), *to])
        captured = capsys.readouterr()
        text = f"{captured.out}\n{captured.err}"
        return [each.strip() for each in text.splitlines() if each.startswith("  alianza bulk ")]

    lines = [
        *proposed("bulk plan a.csv --kind accounts"),
        *proposed(f"bulk run a.csv --kind accounts --journal {JOB}"),
        *proposed(f"bulk undo {JOB} --dry-run"),
    ]
    verbs = [line.split()[2] for line in lines]
    assert verbs == ["plan", "run", "undo"]
    assert [line for line in lines if not line.endswith(shlex.join(to))] == []


@pytest.mark.parametrize(
    ("variables", "base_url", "environment", "continues", "begins"),
    [
        ({}, "https://api.b2.alianza.com", "beta", "", ""),
        ({}, "https://api.q2.alianza.com", "qa", "", "--environment qa"),
        ({}, "http://127.0.0.1:1", None, "--base-url http://127.0.0.1:1", "--base-url http://127.0.0.1:1"),
        ({"BASE_URL": "http://127.0.0.1:1"}, "http://127.0.0.1:1", None, "", ""),
        (
            {"BASE_URL": "http://127.0.0.1:1"},
            "https://api.b2.alianza.com",
            "beta",
            "--environment beta",
            "--environment beta",
        ),
        (
            {"ENVIRONMENT": "nowhere"},
            "https://api.b2.alianza.com",
            "beta",
            "--environment beta",
            "--environment beta",
        ),
    ],
)
def test_what_is_proposed_has_what_the_variables_lack(
    *,
    variables: dict[str, str],
    base_url: str,
    environment: str | None,
    continues: str,
    begins: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nothing is added where variables, or the provider's own place in a journal, lead there already."""
    for name, value in variables.items():
        monkeypatch.setenv(f"ALIANZA_{name}", value)
    facts = facts_of(tmp_path / "a.csv", base_url, environment)
    assert " ".join(options_to(facts)) == continues
    assert " ".join(options_to(facts, has_journal=False)) == begins


def test_options_are_given_again_as_they_were() -> None:
    """All of them to a new job; a journal has its own partition."""
    where = Where(base_url="http://127.0.0.1:1", environment="qa", partition="p-1")
    assert options_given(where) == shlex.split(
        "--base-url http://127.0.0.1:1 --environment qa --partition p-1"
    )
    assert options_given(where, partition=False) == shlex.split(
        "--base-url http://127.0.0.1:1 --environment qa"
    )
