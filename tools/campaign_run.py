"""One seed, from its input to its verdict: a sandbox, runs that are killed, a judge."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import signal
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, cast

from alianza_async.sandbox import SandboxOptions, SandboxProcess
from tools.campaign_input import write_input, write_inventory
from tools.campaign_judge import DONE, Verdict, World, judge, unlisted
from tools.campaign_roads import JournalRoad, ResultsRoad

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from collections.abc import Mapping
    from pathlib import Path

    from tools.campaign_judge import Claim
    from tools.campaign_plan import Json, Kill, Plan
    from tools.campaign_roads import Road

_LOOK_EVERY_S: Final = 0.05
_KILL_JITTER_S: Final = 0.06
_LONGEST_RUN_S: Final = 600
_MOST_RUNS: Final = 3
_MADE: Final = {
    "accounts": ("created_accounts",),
    "subscribers": ("created_accounts", "created_users", "created_numbers", "created_device_lines"),
}
_NOT_DONE: Final = 1
_COUNTED: Final = ("created", "exists", "updated", "failed", "invalid", "unknown")


@dataclass(slots=True)
class Outcome:
    """What came of one seed.

    Attributes:
        plan: Its plan.
        folder: Where its files are.
        verdict: What the judge found.
        executions: Processes that were started.
        kills: Those of them that were killed.
        revocations: How often every token was revoked.
        struck: How often each kind of fault struck.
        requests: Requests that reached the sandbox.
        seconds: How long its runs took in all.
        counts: How many rows ended in each status.
        listed: Doubles that were there and were listed, where a plan lets them be.
        before: Rows whose objects were there beforehand.
        undone: Rows that were taken back in the end.
    """

    plan: Plan
    folder: Path
    verdict: Verdict = field(default_factory=Verdict)
    executions: int = 0
    kills: int = 0
    revocations: int = 0
    struck: Counter[str] = field(default_factory=Counter[str])
    requests: int = 0
    seconds: float = 0
    counts: Counter[str] = field(default_factory=Counter[str])
    listed: int = 0
    before: int = 0
    undone: int = 0

    @property
    def cuts(self) -> int:
        """How many connections were cut."""
        return self.struck["cut_before"] + self.struck["cut_after"]

    @property
    def faults(self) -> int:
        """How many requests met a fault."""
        return self.struck.total()


async def run_plan(plan: Plan, folder: Path, *, has_journal: bool = True) -> Outcome:
    """Carry a plan out and judge what came of it.

    Args:
        plan: The plan.
        folder: Where its files go; made where it is missing.
        has_journal: Whether its runs keep a journal.
    """
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    wanted = write_input(plan, folder / "input.csv")
    options: dict[str, object] = {"unique": False, "seed": plan.seed, **plan.options}
    if plan.kind == "subscribers":
        write_inventory(wanted, folder / "inventory.txt")
        options["inventory"] = str(folder / "inventory.txt")
    outcome = Outcome(plan, folder)
    road: Road = JournalRoad(plan, folder) if has_journal else ResultsRoad(plan, folder)
    async with SandboxProcess(SandboxOptions().with_changes(options)) as sandbox:
        await sandbox.call("POST", "/_sandbox/faults", list(plan.faults))
        began = time.monotonic()
        code, facts = await _Conductor(plan, sandbox, road, outcome).run()
        outcome.seconds = time.monotonic() - began
        await asyncio.sleep(plan.latest_s)  # what the server still has up its sleeve
        world = await _look(sandbox)
        claims = road.claims()
        outcome.verdict = judge(plan.kind, wanted, claims, world)
        if isinstance(road, JournalRoad):
            outcome.verdict.wrong += _contradictions(code, facts, claims, len(wanted))
            if plan.reconciled:
                await _forgive_what_is_listed(plan, sandbox, road, world, outcome)
    outcome.counts.update(claim.status for claim in claims.values())
    outcome.struck.update(world.struck)
    outcome.requests = sum(cast("dict[str, int]", world.truth["requests"]).values())
    _keep(world, outcome)
    return outcome


class _Conductor:
    """Starts the runs of a plan one after the other; kills, revokes, starts again.

    Args:
        plan: The plan.
        sandbox: Where its items go.
        road: Its command lines.
        outcome: Where it counts what it did.
    """

    def __init__(self, plan: Plan, sandbox: SandboxProcess, road: Road, outcome: Outcome) -> None:
        self._plan = plan
        self._sandbox = sandbox
        self._road = road
        self._outcome = outcome
        self._chance = random.Random(f"moments {plan.seed}")  # noqa: S311  # moments, not secrets
        self._revocations = list(plan.revocations)
        self._revoked = 0.0

    async def run(self) -> tuple[int, Json]:
        """Run to the end; returns the last run's exit code and what it printed."""
        code, facts = -1, dict[str, object]()
        for kill in (*self._plan.kills, *[None] * _MOST_RUNS):
            code, facts = await self._execute(kill)
            if code in (0, _NOT_DONE):
                break
        return code, facts

    async def _execute(self, kill: Kill | None) -> tuple[int, Json]:
        """Run one command, to its end or until it is killed."""
        outcome = self._outcome
        outcome.executions += 1
        at = outcome.folder / f"run-{outcome.executions}"
        with at.with_suffix(".out").open("wb") as out, at.with_suffix(".err").open("wb") as err:
            process = await start(self._plan, self._sandbox.base_url, self._road.next(), out, err)
            try:
                async with asyncio.timeout(_LONGEST_RUN_S):
                    outcome.kills += await self._accompany(process, kill)
                    code = await process.wait()
            except BaseException:
                if process.returncode is None:
                    process.kill()
                    await process.wait()
                raise
        return code, printed(at.with_suffix(".out"))

    async def _accompany(self, process: Process, kill: Kill | None) -> bool:
        """Revoke and kill when it is time; returns whether it was killed."""
        began, before = time.monotonic(), await self._share()
        while process.returncode is None:
            share = await self._share()
            await self._revoke_where_due(share)
            if kill is not None and kill.is_due(
                (share - before) / (1 - before) if before < 1 else 1, time.monotonic() - began
            ):
                await asyncio.sleep(self._chance.uniform(0, _KILL_JITTER_S))
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                return await process.wait() == -signal.SIGKILL
            await asyncio.sleep(_LOOK_EVERY_S)
        return False

    async def _revoke_where_due(self, share: float) -> None:
        """End every token, where enough is done and the last time is long enough ago.

        A call gives up after three refused tokens, so no faster than calls come and go.
        """
        now = time.monotonic()
        is_rested = now >= self._revoked + self._plan.revoked_every_s
        if self._revocations and share >= self._revocations[0] and is_rested:
            self._revocations.pop(0)
            self._revoked = now
            await self._sandbox.call("POST", "/_sandbox/revoke")
            self._outcome.revocations += 1

    async def _share(self) -> float:
        """Answer how much of the work the sandbox has seen done."""
        truth = cast("Json", await self._sandbox.call("GET", "/_sandbox/truth"))
        names = _MADE[self._plan.kind]
        return sum(int(str(truth[name])) for name in names) / (len(names) * self._plan.items)


async def start(plan: Plan, base_url: str, words: list[str], out: object, err: object) -> Process:
    """Start `alianza` with some words in a process of its own."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("ALIANZA_")},
        **plan.variables,
        "ALIANZA_BASE_URL": base_url,
        "ALIANZA_USERNAME": "campaign",
        "ALIANZA_PASSWORD": "open sesame",
    }
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "alianza_async.cli", *words),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=cast("int", out),
        stderr=cast("int", err),
        env=environment,
    )


def printed(path: Path) -> Json:
    """Read the one object that a command with `--json` printed; empty where it came to print none."""
    text = path.read_text(encoding="utf-8").strip()
    return cast("Json", json.loads(text)) if text else {}


async def _look(sandbox: SandboxProcess) -> World:
    """Ask the sandbox for everything there is."""
    accounts, users, numbers, lines = [
        cast("list[Json]", await sandbox.call("GET", f"/_sandbox/{name}"))
        for name in ("accounts", "users", "numbers", "lines")
    ]
    struck = cast("dict[str, dict[str, int]]", await sandbox.call("GET", "/_sandbox/faults"))["struck"]
    truth = cast("Json", await sandbox.call("GET", "/_sandbox/truth"))
    return World(accounts=accounts, users=users, numbers=numbers, lines=lines, truth=truth, struck=struck)


def _contradictions(code: int, facts: Json, claims: Mapping[str, Claim], rows: int) -> list[str]:
    """List where a job's exit code and printed counts say other than its journal does."""
    statuses = Counter(claim.status for claim in claims.values())
    told = {name: facts.get(name) for name in (*_COUNTED, "total")}
    real = {**{name: statuses[name] for name in _COUNTED}, "total": rows}
    found = [
        f"{name} is told as {told[name]} and is {real[name]}" for name in real if told[name] != real[name]
    ]
    all_done = sum(statuses[status] for status in DONE) == rows
    if code != (0 if all_done else _NOT_DONE):
        found.append(f"its last run ended with {code}")
    return found


async def _forgive_what_is_listed(
    plan: Plan, sandbox: SandboxProcess, road: JournalRoad, world: World, outcome: Outcome
) -> None:
    """Take off the verdict the doubles that `reconcile` lists, and put on it what it does not."""
    at = outcome.folder / "reconcile"
    with at.with_suffix(".out").open("wb") as out, at.with_suffix(".err").open("wb") as err:
        words = ["bulk", "reconcile", str(road.journal), "--json"]
        await (await start(plan, sandbox.base_url, words, out, err)).wait()
    verdict = outcome.verdict
    outcome.listed = len(verdict.duplicated)
    verdict.unknown = [key for key in verdict.unknown if key not in verdict.duplicated]
    verdict.duplicated = unlisted(world, printed(at.with_suffix(".out")).get("doubles"))


def _keep(world: World, outcome: Outcome) -> None:
    """Write down what the sandbox told, beside the journal and the input."""
    facts = {
        "truth": world.truth,
        "struck": world.struck,
        "accounts": world.accounts,
        "users": world.users,
        "numbers": world.numbers,
        "lines": world.lines,
    }
    (outcome.folder / "truth.json").write_text(json.dumps(facts), encoding="utf-8")
    (outcome.folder / "verdict.txt").write_text(outcome.verdict.shown() + "\n", encoding="utf-8")
