"""`alianza demo`: the whole road in half a minute, against an embedded Alianza."""

from __future__ import annotations

import asyncio
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from alianza_async.bulk.input.counting import count_rows
from alianza_async.bulk.output.place import free_place, refuse_place
from alianza_async.cli.exits import Exit
from alianza_async.cli.sandbox import require_sandbox, sandbox_options
from alianza_async.cli.summary import tell
from alianza_async.cli.watch import watch
from alianza_async.policies.values import LimitPolicy
from alianza_async.session import Session
from alianza_async.settings import Credentials, Settings

if TYPE_CHECKING:
    from alianza_async.bulk.job import BulkJob
    from alianza_async.cli.screen import Screen
    from alianza_async.cli.watch import Outcome
    from alianza_async.sandbox import SandboxOptions, SandboxProcess, Truth

__all__ = ["SAMPLE", "default_results", "results_place", "run_demo"]

SAMPLE: Final = Path(__file__).parent / "sample" / "accounts.csv"
_LATENCY_MS: Final = 50
_NEXT: Final = (
    "Next, with ALIANZA_USERNAME, ALIANZA_PASSWORD and ALIANZA_ENVIRONMENT=beta set:",
    "alianza bulk run accounts.csv --kind accounts",
)


def default_results() -> Path:
    """Return where the demo's result file goes: here, or in a new folder; nothing is replaced by it."""
    here = Path.cwd()
    folder = here if os.access(here, os.W_OK) else Path(tempfile.mkdtemp(prefix="alianza-demo-"))
    return free_place(folder / "demo-results.csv")


def results_place(file: Path | None, results: Path | None, *, force: bool) -> Path:
    """Return where the result file goes.

    Args:
        file: The input, where it is not the sample.
        results: The place, where one was given.
        force: Whether a file that is there may be replaced.

    Raises:
        ResultFileError: It may not go there.
    """
    return refuse_place(results or default_results(), force=force, inputs=[file or SAMPLE])


def run_demo(file: Path | None, results: Path, rate: float, screen: Screen) -> int:
    """Run the demo and return the exit code.

    Args:
        file: Another CSV or JSON Lines file of accounts.
        results: Where the result file goes, see `results_place`; a file that is there is replaced.
        rate: Requests a second that the sandbox allows, and that are sent.
        screen: Where it is shown.

    Raises:
        ConfigurationError: An option is invalid, or the extra `sandbox` is not installed.
        SourceError: The file cannot be read.
    """
    require_sandbox()
    options = sandbox_options(rate=rate, latency_ms=_LATENCY_MS)
    source = file or SAMPLE
    rows = count_rows(source)
    return asyncio.run(_run(source, results, rows, options, screen))


async def _run(source: Path, results: Path, rows: int | None, options: SandboxOptions, screen: Screen) -> int:
    from alianza_async.sandbox import SandboxProcess

    async with SandboxProcess(options) as sandbox:
        async with _session(sandbox, options) as session:
            job: BulkJob = session.bulk.create_accounts(source, results=results, force=True)
            count = "" if rows is None else f"{rows:,} "
            screen.say(
                f"Creating {count}accounts at an embedded Alianza ({sandbox.base_url}), "
                f"{_LATENCY_MS} ms away, at most {session.full_rate:g} requests a second"
            )
            outcome = await watch(job, screen, rows=rows)
        truth = await sandbox.truth()
    duplicates = len(truth.duplicate_account_numbers)
    tell(outcome, screen, None, _seen(truth, duplicates))  # its sandbox ends: nothing to go on with
    agrees = truth.created_accounts == outcome.report.created and not duplicates
    if not agrees and not outcome.left:
        screen.error(
            f"the sandbox made {truth.created_accounts:,} accounts, {duplicates:,} of them twice, "
            f"and the report says {outcome.report.created:,}; please report this"
        )
    if screen.as_json:
        screen.json(_facts(outcome, truth, duplicates))
    elif not outcome.cut_short:
        screen.line(_NEXT[0])
        screen.line(f"  {_NEXT[1]}", "bold")
    return outcome.code or (Exit.DONE if agrees else Exit.NOT_DONE)


def _session(sandbox: SandboxProcess, options: SandboxOptions) -> Session:
    """Return a session that heeds no `ALIANZA_*` variable: those are meant for the real one."""
    return Session(
        Credentials("demo", "demo"),
        base_url=sandbox.base_url,
        limit=LimitPolicy(rate=options.rate or LimitPolicy().rate),
        settings=Settings.model_construct(),
    )


def _seen(truth: Truth, duplicates: int) -> list[tuple[str, str, str]]:
    return [
        ("", "", ""),
        ("at Alianza", f"{truth.created_accounts:,}", "accounts made, as the sandbox counted"),
        ("duplicates", f"{duplicates:,}", "account numbers used twice"),
        ("peak", f"{truth.peak_per_second:,}", "requests in the busiest second, as the sandbox saw it"),
        ("429s", f"{truth.throttled:,}", "requests refused as too many"),
        ("logins", f"{truth.logins:,}", ""),
    ]


def _facts(outcome: Outcome, truth: Truth, duplicates: int) -> dict[str, object]:
    return outcome.to_json() | {
        "created_at_sandbox": truth.created_accounts,
        "duplicates": duplicates,
        "peak_per_second": truth.peak_per_second,
        "throttled": truth.throttled,
        "logins": truth.logins,
    }
