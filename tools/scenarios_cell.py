"""One cell of the matrix: a sandbox, a job of one kind, and what is held against the sandbox's own record."""

from __future__ import annotations

import asyncio
import contextlib
import csv
import inspect
import multiprocessing
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, cast

from alianza_async.bulk.journal import JournalReader
from alianza_async.errors import AlianzaError
from alianza_async.sandbox import Fault, Sandbox, SandboxOptions, serve
from tools.scenarios_child import ERROR, Task, carry_out, make_job, open_session
from tools.scenarios_kinds import bystander
from tools.scenarios_own import customers
from tools.scenarios_world import World

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
    from multiprocessing.process import BaseProcess
    from pathlib import Path

    from alianza_async import Session
    from alianza_async.bulk import Report
    from tools.scenarios_kinds import KindSpec, Row

OPEN: Final = frozenset({"unknown", "intent", "pending"})
DONE: Final = frozenset({"created", "exists", "updated"})
TEN_DAYS_S: Final = 864_000.0
THREE_DAYS_S: Final = 259_200.0
_PATIENCE_S: Final = 20.0
_LOOK_EVERY_S: Final = 0.004
_PRELOADED: Final = [
    *("tools.scenarios_child", "alianza_async.bulk.kinds", "alianza_async.sandbox", "alianza_async.cli.app"),
]


class NotApplicableError(Exception):
    """The cell cannot exist; says why."""


@dataclass(slots=True)
class Cell:
    """A kind's job at a sandbox of its own.

    Attributes:
        kind: The kind.
        folder: Where its files are.
        sandbox: The server.
        base_url: Where that listens.
        rows: The rows of the job.
        defect: The defect that is switched on; empty = none.
        before: What was there before the job.
        problems: What is wrong.
    """

    kind: KindSpec
    folder: Path
    sandbox: Sandbox
    base_url: str
    defect: str = ""
    rows: list[Row] = field(default_factory=list["Row"])
    before: World = field(default_factory=lambda: World({}))
    problems: list[str] = field(default_factory=list[str])

    # --- setting the scene ------------------------------------------------------------------------------

    def begin(self, count: int = 3, *, equal: str = "", ago_s: float = THREE_DAYS_S) -> None:
        """Put there what the job presupposes, and a customer it has nothing to do with.

        Args:
            count: Rows of the job.
            equal: A login that has made what the rows become; empty = nobody has.
            ago_s: How long ago that was.
        """
        self.rows = self.kind.rows(count)
        others, numbers = bystander()
        self.sandbox.seed_inventory([*numbers, *self.kind.numbers(self.rows)])
        self.sandbox.seed(others, login="somebody-else", ago_s=TEN_DAYS_S)
        ground = self.kind.ground(self.rows, equal=bool(equal))
        self.sandbox.seed(ground, login=equal or "ground", ago_s=ago_s if equal else TEN_DAYS_S)
        self.look()
        self.write_input(self.rows)

    def look(self) -> World:
        """Take down what is there now as what was there before."""
        self.before = World.of(self.sandbox.store)
        return self.before

    def write_input(self, rows: Sequence[Row], name: str = "input.csv") -> Path:
        """Write rows as a CSV file."""
        path = self.folder / name
        with path.open("w", encoding="utf-8", newline="") as handle:
            writer = csv.DictWriter(handle, self.kind.columns)
            writer.writeheader()
            writer.writerows(rows)
        return path

    def fault(self, kind: str, operations: Sequence[str] | str, **options: object) -> None:
        """Order a fault, for each of some operations."""
        names = (operations,) if isinstance(operations, str) else operations
        for name in names:
            told = cast("dict[str, Any]", {"kind": kind, "operation": name, **options})
            self.sandbox.faults.add(Fault(**told))

    def options(self, **changes: object) -> None:
        """Change options of the sandbox."""
        self.sandbox.options = self.sandbox.options.with_changes(changes)

    async def once_struck(self, kind: str, then: Callable[[], None], count: int = 1) -> None:
        """Wait until a kind of fault has struck so often, then do something."""
        await self.until(lambda: self.sandbox.faults.struck[kind] >= count)
        then()

    async def until(self, is_so: Callable[[], bool], patience_s: float = _PATIENCE_S) -> bool:
        """Wait until something is so; tell whether it came to be."""
        end = time.monotonic() + patience_s
        while not is_so():
            if time.monotonic() > end:
                return False
            await asyncio.sleep(_LOOK_EVERY_S)
        return True

    # --- the job ----------------------------------------------------------------------------------------

    @property
    def input(self) -> Path:
        """The job's input."""
        return self.folder / "input.csv"

    @property
    def journal(self) -> Path:
        """The job's journal."""
        return self.folder / "job.db"

    def session(self, retry: Mapping[str, object] | None = None) -> Session:
        """Return a session of the job's login."""
        return open_session(self.base_url, "op", "x", retry or {})

    def task(self, verb: str, **told: object) -> Task:
        """Return what a child is to do."""
        facts: dict[str, object] = {
            "verb": verb,
            "base_url": self.base_url,
            "folder": str(self.folder),
            "kind": self.kind.name,
            "is_own": self.kind.is_own,
            "defect": self.defect,
            "input": str(self.input),
            "journal": str(self.journal),
            **told,
        }
        return Task(**facts)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]

    async def run(
        self,
        *,
        retry: Mapping[str, object] | None = None,
        rows: Sequence[Row] | None = None,
        **options: object,
    ) -> Report:
        """Run the job in this process, to its end.

        Args:
            retry: Changes of the retry policy.
            rows: Rows from Python instead of the input file.
            **options: Options of the job.
        """
        return await self._job(self.task("run", rows=rows, options=_lasting(options)), retry)

    async def resume(
        self,
        *,
        retry: Mapping[str, object] | None = None,
        rows: Sequence[Row] | None = None,
        **options: object,
    ) -> Report:
        """Go on with the job in this process; see `run`."""
        return await self._job(self.task("resume", rows=rows, options=_lasting(options)), retry)

    async def _job(self, task: Task, retry: Mapping[str, object] | None) -> Report:
        async with self.session(retry) as session:
            return await make_job(session, task).run()

    async def run_killed(
        self, operations: Sequence[str] | str, when: str, *, may_end: bool = False, **options: object
    ) -> None:
        """Run the job in a process that is killed while a request hangs.

        Args:
            operations: At which request: the first of any of these.
            when: `before` it is carried out, or `after`.
            may_end: Whether the job may end without such a request.
            **options: Options of the job.
        """
        self.fault(f"hang_{when}", operations, times=None)
        child = self.start(self.task("run", options=options, retry={"attempt_timeout": 15.0}))
        await self.until(lambda: self.sandbox.faults.held > 0 or not child.is_alive())
        self.expect(self.sandbox.faults.held or may_end, "no request came to be killed at")
        await self.kill(child)
        if (self.folder / ERROR).exists():
            raise RuntimeError(self.text(ERROR))
        self.sandbox.faults.clear()
        self.sandbox.faults.release()

    def start(self, task: Task) -> BaseProcess:
        """Start a child."""
        if multiprocessing.parent_process() is not None:
            # The process of one cell: nothing else runs in it, and all is loaded. A fork server is not shared
            # with the processes that it starts, and another one would load everything once more.
            child: BaseProcess = multiprocessing.get_context("fork").Process(target=carry_out, args=(task,))
        else:
            context = multiprocessing.get_context("forkserver")
            context.set_forkserver_preload(_PRELOADED)
            child = context.Process(target=carry_out, args=(task,))
        child.start()
        return child

    async def kill(self, child: BaseProcess) -> None:
        """Kill a child with SIGKILL."""
        child.kill()
        await self.ended(child)

    async def ended(self, child: BaseProcess, patience_s: float = _PATIENCE_S) -> int:
        """Wait for a child's end; return its exit code."""
        if not await self.until(lambda: not child.is_alive(), patience_s):
            child.kill()
            child.join()
            self.problems.append(f"a process did not end within {patience_s:g} s")
        child.join()
        return child.exitcode if child.exitcode is not None else -1

    async def undo(self, **options: object) -> Any:
        """Take the job back."""
        async with self.session() as session:
            return await session.bulk.undo(self.journal, **self._own(session.bulk.undo, options))

    async def reconcile(self, **options: object) -> Any:
        """Find out what became of open rows."""
        async with self.session() as session:
            return await session.bulk.reconcile(self.journal, **self._own(session.bulk.reconcile, options))

    def _own(self, verb: Callable[..., object], options: dict[str, object]) -> dict[str, Any]:
        """Add the user's own workflow to a verb's options, where it takes one."""
        if self.kind.is_own and "workflow" in inspect.signature(verb).parameters:
            return {"workflow": customers(), **options}
        return options

    async def cli(
        self, *words: str, ignores_hangup: bool = False, stdout: str = "stdout.txt", patience_s: float = 20
    ) -> tuple[int, str, str]:
        """Run the command to its end; return its exit code and what it printed.

        Raises:
            NotApplicableError: The kind is a user's own.
        """
        child = self.start_cli(*words, ignores_hangup=ignores_hangup, stdout=stdout)
        code = await self.ended(child, patience_s)
        return code, self.text(stdout), self.text("stderr.txt")

    def start_cli(
        self,
        *words: str,
        ignores_hangup: bool = False,
        stdout: str = "stdout.txt",
        password: str = "x",  # noqa: S107  # the sandbox accepts any
    ) -> BaseProcess:
        """Start the command.

        Raises:
            NotApplicableError: The kind is a user's own.
        """
        if self.kind.is_own:
            raise NotApplicableError("the command line has the built-in kinds")
        streams = (stdout, "stderr.txt")
        told = self.task(
            "cli", words=words, streams=streams, ignores_hangup=ignores_hangup, password=password
        )
        return self.start(told)

    def run_words(self, *more: str) -> tuple[str, ...]:
        """Return the words of `alianza bulk run` for this job."""
        words = ("bulk", "run", str(self.input), "--kind", self.kind.name, "--journal", str(self.journal))
        return (*words, *self.confirmed(), *more)

    def confirmed(self) -> tuple[str, ...]:
        """Return the word that confirms what destroys something, which some kinds ask for."""
        return ("--yes",)

    def text(self, name: str) -> str:
        """Read a file of the cell; empty where it is none."""
        path = self.folder / name
        with contextlib.suppress(OSError):
            return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
        return ""

    # --- what the job says ------------------------------------------------------------------------------

    def entries(self) -> dict[int, Any]:
        """Return the journal's last word on each row; empty where it cannot be read."""
        return {entry.row: entry for entry in self._entries()}

    def _entries(self) -> Iterator[Any]:
        if not self.journal.exists():
            return
        with contextlib.suppress(AlianzaError), JournalReader(self.journal) as reader:
            yield from list(reader.entries())

    def statuses(self) -> Counter[str]:
        """Count the rows of the journal by status."""
        return Counter(entry.status for entry in self.entries().values())

    # --- what is right ----------------------------------------------------------------------------------

    def expect(self, what_is: object, problem: str) -> None:
        """Note a problem unless something is so."""
        if not what_is:
            self.problems.append(problem)

    def expect_statuses(self, *allowed: str) -> None:
        """Every row has one of these statuses."""
        found = self.statuses()
        missing = len(self.rows) - found.total()
        wrong = {name: count for name, count in found.items() if name not in allowed}
        self.expect(not wrong, f"{_counts(wrong)} where {' or '.join(allowed)} is right")
        self.expect(missing <= 0, f"{missing} rows not in the journal")

    def expect_no_doubles(self) -> None:
        """Nothing that a row asks for is there twice."""
        store = self.sandbox.store
        doubled = [row for row in self.rows if self.kind.copies(store, row) > 1]
        self.expect(not doubled, f"{len(doubled)} doubled")
        truth = self.sandbox.truth()
        found = [*truth.duplicate_numbers, *truth.duplicate_device_lines, *truth.duplicate_calling_plans]
        self.expect(not found, f"twice: {', '.join(found[:3])}")

    def expect_all_there(self) -> None:
        """Everything that the rows ask for is there."""
        lacking = [row for row in self.rows if not self.kind.is_whole(self.sandbox.store, row)]
        self.expect(not lacking, f"{len(lacking)} lost or incomplete")

    def expect_none_harmed(self, what: str = "") -> None:
        """Whatever was there before is there as it was; what the rows are to change aside, unless undone."""
        harmed = World.of(self.sandbox.store).harmed_since(self.before)
        self.expect(not harmed, f"{what}{len(harmed)} harmed: {'; '.join(harmed[:2])}")

    def expect_none_left(self) -> None:
        """Nothing is there that was not there before."""
        left = World.of(self.sandbox.store).new_since(self.before)
        sorts = Counter(identity[0] for identity in left)
        self.expect(not left, f"left after undo: {_counts(sorts)}")

    def expect_told_truly(self) -> None:
        """The job's word on each row fits what is there."""
        store = self.sandbox.store
        new = {identity[1] for identity in World.of(store).new_since(self.before)}
        for number, entry in self.entries().items():
            row = self.rows[number - 1]
            is_whole = self.kind.is_whole(store, row)
            ids = {name for names in self.kind.ids(store, row).values() for name in names}
            made = bool(ids & new) or any(
                "plan" in identity for identity in World.of(store).new_since(self.before)
            )
            if entry.status in DONE and not is_whole:
                self.problems.append(f"row {number} is told {entry.status} and is not there")
            if entry.status == "created" and not made and self.kind.creates:
                self.problems.append(f"row {number} is told created and was there before")
            if entry.status in {"failed", "invalid", "skipped"} and is_whole and made:
                self.problems.append(f"row {number} is told {entry.status} and was made")
            known = ids | set(row.values())
            if (
                self.kind.creates
                and entry.status in DONE
                and entry.object_id
                and entry.object_id not in known
            ):
                self.problems.append(f"row {number} is told another object's id")

    def sent(self, operations: Sequence[str] | None = None) -> int:
        """Count the requests that arrived of the operations that change something."""
        arrived = self.sandbox.recorder.operations
        return sum(arrived[name] for name in operations or self.kind.sends)


def _lasting(options: Mapping[str, object]) -> dict[str, object]:
    """Return options with which failures stop nothing, unless they say otherwise."""
    return {"max_failures": "off", **options}


def _counts(counted: Counter[str] | dict[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(counted.items()))


@contextlib.asynccontextmanager
async def open_cell(
    kind: KindSpec, folder: Path, defect: str = "", *, options: Mapping[str, object]
) -> AsyncGenerator[Cell]:
    """Serve a sandbox and yield a cell of it."""
    async with serve(Sandbox(SandboxOptions().with_changes(options))) as running:
        yield Cell(kind, folder, running.sandbox, running.base_url, defect)
