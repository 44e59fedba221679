"""`alianza bulk plan`."""

from __future__ import annotations

import asyncio
import shlex
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from alianza_async.bulk.input.counting import count_rows
from alianza_async.bulk.input.file_options import AS_IT_IS, FileOptions
from alianza_async.bulk.output.place import free_place
from alianza_async.bulk.planning.plan import plan
from alianza_async.cli.choices import as_options, refuse_account_id
from alianza_async.cli.connect import make_session, place
from alianza_async.cli.exits import Exit
from alianza_async.cli.file_options import as_words, in_cli_words
from alianza_async.cli.job_place import options_given
from alianza_async.cli.plan_screen import needs_in_words, tell_plan
from alianza_async.cli.summary import short
from alianza_async.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

    from alianza_async.bulk.planning.plan_report import Plan
    from alianza_async.cli.bulk_options import PlanOptions
    from alianza_async.cli.file_options import FileReading
    from alianza_async.cli.options import Where
    from alianza_async.cli.screen import Screen

__all__ = ["next_commands", "run_plan"]


def run_plan(file: Path, options: PlanOptions, reading: FileReading, where: Where, screen: Screen) -> int:
    """Make a plan, show it, and return the exit code.

    Raises:
        ConfigurationError: An option is invalid.
        SourceError: The input cannot be read.
        AlianzaError: The login failed, or the plan cannot be written.
    """
    choices = options.choices
    if options.account_id is not None:
        refuse_account_id(options.kind)
    if options.check_remote:
        made = asyncio.run(_checked(file, options, choices, reading.options, where, screen))
    else:
        made = asyncio.run(_offline(file, options, choices, reading.options, where))
    commands = next_commands(file, options, made, where, reading.options)
    tell_plan(made, screen, commands)
    if screen.as_json:
        screen.json(
            {
                **made.to_json(),
                "notes": in_cli_words(made.notes),
                "all_can_run": made.all_can_run,
                "next": commands[-1][1] if commands else None,
            }
        )
    return Exit.DONE if made.all_can_run else Exit.NOT_DONE


async def _offline(
    file: Path, options: PlanOptions, choices: Mapping[str, str], reading: FileOptions, where: Where
) -> Plan:
    """Plan without a login: of the variables the rate alone is read."""
    rate = options.rate
    if rate is None:
        rate = Settings.load(where.env_file).limit_policy().rate
    return await plan(
        None,
        options.kind,
        file,
        ensure=options.ensure,
        strict=options.strict,
        ids=options.ids,
        choices=choices,
        rate=rate,
        save=options.save,
        force=options.force,
        file=reading,
    )


async def _checked(  # noqa: PLR0917  (what was made of the command line)
    file: Path,
    options: PlanOptions,
    choices: Mapping[str, str],
    reading: FileOptions,
    where: Where,
    screen: Screen,
) -> Plan:
    """Plan at the API: each row is looked up."""
    rows = count_rows(file)
    async with make_session(where, rate=options.rate) as session:
        with _progress(screen, rows) as advance:

            def tell(so_far: Plan) -> None:
                if so_far.rows == 0:
                    count = "" if rows is None else f"{rows:,} "
                    screen.say(
                        f"Looking up {count}{options.kind} at {place(session)}, "
                        f"partition {so_far.partition_id}, at most {session.full_rate:g} requests a second"
                    )
                    if so_far.lacking:
                        screen.say(f"warning: the login lacks {needs_in_words(so_far.lacking)}", "bold red")
                advance(so_far.rows)

            return await plan(
                session,
                options.kind,
                file,
                check_remote=True,
                ensure=options.ensure,
                strict=options.strict,
                ids=options.ids,
                choices=choices,
                save=options.save,
                force=options.force,
                file=reading,
                on_progress=tell,
            )


@contextmanager
def _progress(screen: Screen, rows: int | None) -> Generator[Callable[[int], None]]:
    """Show how many rows were looked up, on a terminal alone."""
    if not screen.err.is_terminal:
        yield lambda _rows: None
        return
    columns = (BarColumn(None), TextColumn("{task.completed:,.0f} looked up"), TimeRemainingColumn())
    with Progress(*columns, console=screen.err, transient=True, expand=True) as bar:
        task = bar.add_task("", total=rows)
        yield lambda done: bar.update(task, completed=done)


def next_commands(
    file: Path, options: PlanOptions, made: Plan, where: Where, reading: FileOptions = AS_IT_IS
) -> list[tuple[str, str]]:
    """Return what may be typed next, each with why: the last one is the run itself, where a row can run.

    A column that nearly names a field stops a run: then it is the plan once more, with that column mapped.
    """
    name = short(file)
    rest = ["--kind", options.kind, *(["--account-id", options.account_id] if options.account_id else [])]
    rest += as_options(options.choices) + as_words(reading)
    to = options_given(where)
    if options.rate is not None:
        rest += ["--rate", f"{options.rate:g}"]
    saved = ["--plan", short(made.saved)] if made.saved is not None else []
    ensure = [*(["--ensure"] if options.ensure else []), *(["--strict"] if options.strict else [])]
    if made.misspelt:
        mapped = as_words(FileOptions(columns=made.misspelt))
        return [("To send the columns that are misspelt", _line("plan", name, *rest, *ensure, *mapped))]
    commands: list[tuple[str, str]] = []
    if not made.checked:
        save = ["--save", short(options.save), "--force"] if options.save else []  # it is there by now
        line = _line("plan", name, *rest, *ensure, "--check-remote", *save, *to)
        commands.append(("To see what is there already, and what the login may do", line))
    results = short(free_place(Path(f"{file.stem}-results.csv")))
    left = made.rows - made.can_run
    why = "To run it" if not left else f"To run the {made.can_run:,} that can; the results name the others"
    if made.lacking:
        why = f"Once the login has {needs_in_words(made.lacking)}"
    run = _line("run", name, *rest, *ensure, *saved, "--results", results, *to)
    if made.updates:
        update = f"To run them and change the {made.updates:,} that differ and can be changed"
        commands.append((update, f"{run} --on-exists update"))
    if made.can_run:
        commands.append((why, run))
    return commands


def _line(*words: str) -> str:
    return shlex.join(["alianza", "bulk", *words])
