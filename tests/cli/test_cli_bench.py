from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, NoReturn, cast

import pytest
import trustme

from alianza_async.cli import bench, main
from alianza_async.cli.connect import make_session
from alianza_async.cli.options import Where
from alianza_async.errors import ConfigurationError
from tests.cli.sandbox_child import still_runs

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from alianza_async.cli.bench_screen import Bench
    from tests.cli.sandbox_child import SandboxChild

KEYS = [
    *("operation", "base_url", "sandbox_latency_ms", "account_number_prefix", "transport", "concurrency"),
    *("rate_per_second", "warm_up_requests", "requests", "answered", "failed", "failures", "sent_again"),
    *("throttled", "seconds", "requests_per_second", "min_ms", "p50_ms", "p90_ms", "p99_ms", "p99_9_ms"),
    *("max_ms", "cpu_percent", "cpu_us_per_request", "interrupted"),
]


def facts_of(capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    """Return the JSON object that was printed."""
    return cast("dict[str, object]", json.loads(capsys.readouterr().out))


@pytest.mark.parametrize("transport", ["httpx", "fast"])
def test_bench_of_an_embedded_alianza(
    transport: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Alone it starts a sandbox, heeds no `ALIANZA_*` variable, and tells all in one JSON object."""
    for name, value in {
        "ENVIRONMENT": "production",
        "BASE_URL": "https://api.example.com",
        "PROXY": "http://127.0.0.1:9",
        "RATE": "0.01",
    }.items():
        monkeypatch.setenv(f"ALIANZA_{name}", value)

    line = f"bench --requests 60 --concurrency 5 --latency-ms 2 --transport {transport} --json"
    assert main(line.split()) == 0

    facts = facts_of(capsys)
    assert list(facts) == KEYS
    assert str(facts["base_url"]).startswith("http://127.0.0.1:")
    assert {name: facts[name] for name in KEYS if not name.endswith(("_ms", "_url", "_us_per_request"))} == {
        "operation": "authorize.user_info",
        "account_number_prefix": None,
        "transport": transport,
        "concurrency": 5,
        "rate_per_second": None,
        "warm_up_requests": 5,
        "requests": 60,
        "answered": 60,
        "failed": 0,
        "failures": {},
        "sent_again": 0,
        "throttled": 0,
        "seconds": facts["seconds"],
        "requests_per_second": facts["requests_per_second"],
        "cpu_percent": facts["cpu_percent"],
        "interrupted": False,
    }
    told, *spans = [cast("float", facts[name]) for name in KEYS if name.endswith("_ms")]
    assert (told, spans) == (2, sorted(spans))  # min, p50 ... max
    assert cast("float", facts["cpu_us_per_request"]) > 0


def test_bench_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    """It says where the load went, over what and how fast, what came of it, and what is not in it."""
    line = "bench --requests 40 --rate 5000 --concurrency 4 --transport httpx"
    assert main(line.split()) == 0

    printed = capsys.readouterr()
    words = [" ".join(line.split()) for line in printed.out.splitlines()]
    assert words[0].startswith("40 requests (authorize.user_info) to an embedded Alianza (http://127.0.0.1:")
    assert words[0].endswith("), 0 ms away, over httpx, 4 at once, at most 5000 a second")
    assert words[2].startswith("All 40 requests were answered in ")
    names = [line.split()[0] for line in words[3:-2]]
    assert names == ["answered", "429s", "min", "p50", "p90", "p99", "p99.9", "max", "CPU"]
    assert words[-2:] == [
        "Latency is from call to answer, the wait for the rate limit included.",
        "Not measured: 4 reads before, for the login and the connections.",
    ]
    assert printed.err == ""


def test_creates_at_a_server_of_ones_own(
    start_sandbox: Callable[..., SandboxChild],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """With --create each request makes one account, by a number of its own; it heeds the variables."""
    sandbox = start_sandbox()
    monkeypatch.setenv("ALIANZA_RATE", "700")
    monkeypatch.setenv("ALIANZA_MAX_CONNECTIONS", "3")
    monkeypatch.setenv("ALIANZA_PROXY", "http://127.0.0.1:9")  # to another machine it would go by that
    monkeypatch.setenv("ALIANZA_BASE_URL", "https://api.example.com")

    assert main(["bench", "--create", "--requests", "25", "--base-url", sandbox.base_url]) == 0

    out = capsys.readouterr().out
    truth = sandbox.truth()
    first, *_, last = sandbox.account_numbers()
    assert (truth.created_accounts, truth.duplicate_account_numbers, truth.logins) == (25, [], 1)
    assert truth.requests["getLoginInfo"] == 3  # to warm up
    assert (first[-6:], last[-6:]) == ("000001", "000025")
    assert f"The accounts' numbers begin with {first[:-6]}" in out
    assert f"25 requests (accounts.create) to {sandbox.base_url}, over " in out
    assert "3 at once (as many connections as ALIANZA_MAX_CONNECTIONS allows), at most 700 a second" in out


def test_failures_are_told_by_class(
    start_sandbox: Callable[..., SandboxChild], capsys: pytest.CaptureFixture[str]
) -> None:
    """A refused request ends no run; it is counted by its class, the first is told, and the code is 1."""
    sandbox = start_sandbox()
    fault = {"kind": "status_before", "operation": "createAccount"}
    sandbox.ask("POST", "/_sandbox/faults", [{**fault, "status": 403, "times": 2}, {**fault, "status": 404}])
    line = f"bench --create --requests 10 --concurrency 1 --rate 1000 --json --base-url {sandbox.base_url}"

    assert main(line.split()) == 1

    printed = capsys.readouterr()
    facts = json.loads(printed.out)
    assert (facts["answered"], facts["failed"]) == (7, 3)
    assert facts["failures"] == {"PermissionDeniedError": 2, "NotFoundError": 1}
    assert "7 of 10 requests were answered in " in printed.err
    assert "ms, of those answered" in printed.err
    assert "first failure: createAccount: answered 403" in printed.err


def test_a_run_in_which_nothing_is_answered(
    start_sandbox: Callable[..., SandboxChild], capsys: pytest.CaptureFixture[str]
) -> None:
    """Where every request fails there is no latency to tell, and the rest is told."""
    sandbox = start_sandbox()
    fault = {"kind": "status_before", "operation": "getLoginInfo", "status": 403, "times": None}
    sandbox.ask("POST", "/_sandbox/faults", fault)
    line = f"bench --requests 5 --rate 1000 --json --base-url {sandbox.base_url}"

    assert main(line.split()) == 1

    printed = capsys.readouterr()
    facts = json.loads(printed.out)
    assert (facts["failures"], facts["p50_ms"], facts["max_ms"]) == ({"PermissionDeniedError": 5}, None, None)
    assert "Latency is" not in printed.err


def test_429s_are_seen(
    start_sandbox: Callable[..., SandboxChild], capsys: pytest.CaptureFixture[str]
) -> None:
    """A 429 that the session waited out is counted, though the call was answered in the end."""
    sandbox = start_sandbox()
    fault = {"kind": "status_before", "operation": "createAccount", "status": 429}
    sandbox.ask("POST", "/_sandbox/faults", fault)
    line = f"bench --create --requests 3 --concurrency 1 --rate 1000 --json --base-url {sandbox.base_url}"

    assert main(line.split()) == 0

    printed = capsys.readouterr()
    facts = json.loads(printed.out)
    assert (facts["answered"], facts["throttled"], facts["sent_again"]) == (3, 1, 1)
    assert "requests, by calls that were answered in the end" in printed.err


def test_bench_of_a_refused_login(
    start_sandbox: Callable[..., SandboxChild], capsys: pytest.CaptureFixture[str]
) -> None:
    """A refused login ends it with 3, as it does any command."""
    sandbox = start_sandbox(password="another")
    assert main(["bench", "--json", "--base-url", sandbox.base_url]) == 3
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "error: logUserIn: the login was refused" in printed.err


@pytest.mark.parametrize("has_token", [True, False])
def test_bench_of_nobody(
    *,
    has_token: bool,
    start_sandbox: Callable[..., SandboxChild],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Where nobody listens the warm-up says so, instead of two thousand requests that fail."""
    sandbox = start_sandbox()
    sandbox.stop()
    monkeypatch.setenv("ALIANZA_ATTEMPTS", "1")
    if has_token:
        monkeypatch.setenv("ALIANZA_AUTH_TOKEN", "t")
    assert main(["bench", "--json", "--base-url", sandbox.base_url]) == 1
    printed = capsys.readouterr()
    operation = "getLoginInfo" if has_token else "logUserIn"
    assert (printed.out, f"\nerror: {operation}: could not connect" in printed.err) == ("", True), printed.err


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("--base-url https://alianza.example", "alianza.example is another machine"),
        ("--base-url https://192.0.2.1:8443/x", "192.0.2.1 is another machine"),
        ("--base-url https://localhost.example.com", "localhost.example.com is another machine"),
        ("--environment beta", "api.b2.alianza.com is another machine"),
        ("--environment production", "api.alianza.com is another machine"),
        ("--create --base-url https://alianza.example", "--create is for this machine alone"),
        ("--create --anywhere --base-url https://alianza.example", "--create is for this machine alone"),
        ("--create --anywhere --environment beta", "costs money, and nothing here takes it back"),
        ("--anywhere --base-url http://alianza.example", "base_url is plain http to alianza.example"),
        ("--anywhere --base-url https://api.alianza.com", "base_url is production"),
        ("--latency-ms 5 --base-url http://127.0.0.1:9", "--latency-ms is the embedded Alianza's"),
        ("--anywhere", "--anywhere is for a server of your own"),
        ("--partition p", "--partition is for a server of your own"),
        ("--env-file e", "--env-file is for a server of your own"),
        ("--requests 0", "--requests is 0; give 1 or more"),
        ("--concurrency -1", "--concurrency is -1; give 1 or more"),
        ("--latency-ms -1", "latency_ms must be"),
        ("--rate 0", "rate must be a positive number"),
        ("--rate 0 --base-url http://127.0.0.1:9", "rate is 0.0; give a number over 0"),
        ("--transport slow", "slow"),
    ],
)
def test_bench_of_what_cannot_be_meant(
    line: str, told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What cannot be meant, or would leave this machine unasked, ends with 2 before anything runs."""
    monkeypatch.setenv("ALIANZA_AUTH_TOKEN", "t")

    def refuse(*_: object, **__: object) -> NoReturn:
        raise AssertionError("it was begun")

    monkeypatch.setattr(asyncio, "run", refuse)
    assert main(["bench", *line.split()]) == 2
    printed = capsys.readouterr()
    assert (printed.out, told in printed.err, len(printed.err.splitlines())) == ("", True, 1), printed.err


@pytest.mark.parametrize(
    ("line", "direct"),
    [
        ("--anywhere --base-url https://192.0.2.1", False),
        ("--anywhere --environment beta", False),
        ("--base-url http://localhost:8080", True),
        ("--base-url http://127.9.9.9:8080 --create", True),
        ("--base-url https://[::1]:8443", True),
        ("--base-url https://localhost. --anywhere", True),
    ],
)
def test_load_goes_elsewhere_only_where_it_may(
    *, line: str, direct: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With --anywhere another machine may have it; what is for this one goes through no proxy on its way."""
    told: list[object] = []

    def note(*_: object, **options: object) -> NoReturn:
        told.append(options["direct"])
        raise ConfigurationError("that far it came")

    monkeypatch.setattr(bench, "make_session", note)
    assert main(["bench", *line.split()]) == 2
    assert (told, capsys.readouterr().err) == ([direct], "error: that far it came\n")


def test_no_proxy_and_still_the_named_certificates(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without a proxy, the certificates that the environment names are still the ones that are trusted."""
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("ALIANZA_AUTH_TOKEN", "t")
    monkeypatch.setenv("ALIANZA_TRUST_ENV", "true")
    session = make_session(Where(base_url="https://localhost"), direct=True)
    config = session._shared.settings  # pyright: ignore[reportPrivateUsage]
    assert config.ssl_context is not None
    assert (len(config.ssl_context.get_ca_certs()), config.proxy, config.trust_env) == (1, None, False)


def test_interrupted_before_anything_was_measured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where nothing was measured yet, an interrupt leaves nothing to tell."""

    async def interrupt(*_: object) -> NoReturn:
        raise KeyboardInterrupt

    monkeypatch.setattr(bench, "_put", interrupt)
    assert main(["bench", "--json"]) == 130
    assert capsys.readouterr() == ("", "interrupted\n")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
def test_interrupted_bench_tells_what_it_has(start_sandbox: Callable[..., SandboxChild]) -> None:
    """Ctrl-C ends the load at once, with what was measured so far and the code of an interrupt."""
    sandbox = start_sandbox(latency_ms=100)
    line = f"bench --create --concurrency 5 --json --base-url {sandbox.base_url}"
    child = subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", "alianza_async.cli", *line.split()],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while sandbox.truth().created_accounts < 15:
        still_runs(child)
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=30)
    facts = json.loads(out)
    assert (child.returncode, facts["interrupted"], facts["failed"]) == (130, True, 0)
    assert 5 <= facts["answered"] < facts["requests"] == 2000
    assert "interrupted before their answer, or before their turn" in err
    assert err.endswith("\ninterrupted\n")


@pytest.mark.parametrize(
    ("line", "requests"),
    [
        ("bench", 10_000),
        ("bench --latency-ms 1", 2_000),
        ("bench --rate 5", 2_000),
        ("bench --requests 7", 7),
    ],
)
def test_there_are_calls_for_a_few_seconds(line: str, requests: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing holds it up a bench has more calls to make; how many can be said."""
    planned: list[int] = []

    async def put(told: Bench, _opening: object, _screen: object) -> None:
        planned.append(told.load.calls)

    def tell(_bench: Bench, _screen: object) -> None:
        """Say nothing."""

    monkeypatch.setattr(bench, "_put", put)
    monkeypatch.setattr(bench, "tell_bench", tell)
    main(line.split())
    assert planned == [requests]
