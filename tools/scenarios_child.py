"""What runs in a process of its own, so that it can be killed: a job, a resume, the command."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from alianza_async import Credentials, RetryPolicy, Session
from tools.scenarios_defects import apply_defect
from tools.scenarios_own import customers

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from alianza_async.bulk import BulkJob

RETRY: Final = {
    "attempts": 3,
    "attempt_timeout": 0.4,
    "wait_initial": 0.01,
    "wait_max": 0.05,
    "wait_jitter": 0.0,
    "settle_s": 0.1,
}
"""How scenarios call: quickly, for the server is beside them."""
ERROR: Final = "child-error.txt"
"""Where a child writes what ended its job."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What a child is to do.

    Attributes:
        verb: `run`, `resume` or `cli`.
        base_url: Where the sandbox listens.
        folder: The cell's folder; the child works in it.
        kind: Name of the kind.
        is_own: Whether that is the user's own workflow.
        defect: The defect that is switched on; empty = none.
        login: User name.
        input: The input's path.
        journal: The journal's path.
        options: Options of the job.
        rows: Rows from Python instead of the input file; None = the file.
        retry: Changes of the retry policy.
        words: The command line, without the program's name.
        streams: Paths of standard output and standard error of the command.
        ignores_hangup: Whether SIGHUP is ignored from the start, as under nohup.
        password: The password of the login.
    """

    verb: str
    base_url: str
    folder: str
    kind: str
    is_own: bool = False
    defect: str = ""
    login: str = "op"
    input: str = ""
    journal: str = ""
    options: Mapping[str, object] = field(default_factory=dict[str, object])
    rows: Sequence[Mapping[str, str]] | None = None
    retry: Mapping[str, object] = field(default_factory=dict[str, object])
    words: tuple[str, ...] = ()
    streams: tuple[str, str] = ("stdout.txt", "stderr.txt")
    ignores_hangup: bool = False
    password: str = "x"  # noqa: S105  # the sandbox accepts any


def carry_out(task: Task) -> None:
    """Do what a task says, then end the process."""
    os.chdir(task.folder)
    # As a process of its own has them, whatever the one that it was forked from did with signals.
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    apply_defect(task.defect)
    if task.verb == "cli":
        _command(task)
        return
    # What libraries log of broken connections is meant here.
    sys.stderr = (Path(task.folder) / "log.txt").open("a", encoding="utf-8")
    try:
        asyncio.run(_job(task))
    except Exception as error:  # noqa: BLE001  # whatever it is, the cell tells of it
        text = f"{type(error).__name__}: {error}"
        (Path(task.folder) / ERROR).write_text(text, encoding="utf-8")


def open_session(base_url: str, login: str, password: str, changes: Mapping[str, object]) -> Session:
    """Return a session as scenarios call."""
    policy = RetryPolicy(**{**RETRY, **changes})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    return Session(Credentials(login, password), base_url=base_url, retry=policy)


def make_job(session: Session, task: Task) -> BulkJob:
    """Return the job that a task asks for."""
    bulk: Any = session.bulk  # options by name: they are what the scenario says
    rows: object = task.input if task.rows is None else list(task.rows)
    options = dict(task.options)
    if task.verb == "resume":
        if task.is_own:
            options["workflow"] = customers()
        made: object = bulk.resume(task.journal, None if task.rows is None else rows, **options)
    elif task.is_own:
        made = bulk.workflow(customers(), rows, journal=task.journal, **options)
    else:
        made = bulk.run(task.kind, rows, journal=task.journal, **options)
    return cast("BulkJob", made)


async def _job(task: Task) -> None:
    async with open_session(task.base_url, task.login, task.password, task.retry) as session:
        await make_job(session, task).run()


def _command(task: Task) -> None:
    """Run the `alianza` command in this process, its standard streams where the task says."""
    from alianza_async.cli.app import run

    if task.ignores_hangup:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    for name in [name for name in os.environ if name.startswith("ALIANZA_")]:
        del os.environ[name]
    os.environ.update(
        ALIANZA_BASE_URL=task.base_url,
        ALIANZA_USERNAME=task.login,
        ALIANZA_PASSWORD=task.password,
        ALIANZA_TIMEOUT=str(RETRY["attempt_timeout"]),
        ALIANZA_SETTLE_S=str(RETRY["settle_s"]),
        XDG_STATE_HOME=str(Path(task.folder) / "state"),
        COLUMNS="200",
    )
    sys.stdout.flush()
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    for descriptor, path in zip((1, 2), task.streams, strict=True):
        os.dup2(os.open(path, flags, 0o600), descriptor)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    # As a new interpreter would: text of its own on the descriptors there are now.
    sys.stdin, sys.stdout, sys.stderr = (
        os.fdopen(number, mode, closefd=False) for number, mode in ((0, "r"), (1, "w"), (2, "w"))
    )
    code = run(list(task.words))
    try:
        sys.stdout.flush()
    except OSError:
        # What the interpreter does at its end where standard output cannot be written.
        code = 120
    os._exit(code)
