"""What somebody reads of a plan: the counts, what cannot run and why, what a run costs, what to type."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from rich.table import Table
from rich.text import Text

from alianza_async.bulk.half_done import counted
from alianza_async.bulk.input.places import Place, beside
from alianza_async.bulk.planning.plan_report import Reason
from alianza_async.cli.changes_screen import tell_changes
from alianza_async.cli.file_options import tell_notes
from alianza_async.cli.screen import plain
from alianza_async.cli.summary import short
from alianza_async.cli.wording import in_options

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from alianza_async.bulk.engine.steps import Need
    from alianza_async.bulk.planning.plan_report import Held, NearRow, Plan, PlannedRow, Verdict
    from alianza_async.cli.screen import Screen

__all__ = ["brief", "in_time", "needs_in_words", "tell_plan"]

_MEANING: Final[dict[Verdict, tuple[str, str, str]]] = {
    "valid": ("can be sent", "green", "whether they are there already was not asked"),
    "create": ("to create", "green", "not there yet"),
    "partly": ("partly there", "green", "a run does what is left: see below"),
    "same": ("same", "green", "there already, equal in every field"),
    "done": ("done", "green", "by an earlier run: this is its result file"),
    "differs": (
        "differs",
        "yellow",
        "there already with other values: a run leaves them and calls them failed",
    ),
    "blocked": ("blocked", "red", "what they belong to is not there"),
    "unknown": ("unknown", "red", "could not be looked up"),
    "invalid": ("invalid", "red", "cannot be sent as they stand; the others can run without them"),
}
# Of rows that change or delete what there is.
_OF_CHANGES: Final[dict[Verdict, tuple[str, str, str]]] = {
    "create": ("to do", "green", "not done yet"),
    "same": ("same", "green", "done already: nothing is left to do"),
}
_PLAINLY: Final = tuple(
    (re.compile(stiff), plainly)
    for stiff, plainly in (
        (r"^field required$", "is missing"),
        (r"^is a duplicate: an earlier row has the same$", "repeats an earlier row"),
        (r"^string should have at least (\d+) characters?$", r"is shorter than \1 characters"),
        (r"^string should have at most (\d+) characters?$", r"is longer than \1 characters"),
        (r"^input should be less than or equal to (.+)$", r"is over \1"),
        (r"^input should be greater than or equal to (.+)$", r"is under \1"),
        (r"^input should be a valid integer\b.*$", "is no whole number"),
        (r"^input should be ('.+)$", r"is not \1"),
    )
)
_WHERE: Final = 8
_LONGEST_REASON: Final = 88
_LONGEST_VALUE: Final = 40
_MINUTE: Final = 60
_HOUR: Final = 3600


def tell_plan(plan: Plan, screen: Screen, commands: Sequence[tuple[str, str]]) -> None:
    """Print a plan: on standard output, or on standard error where `--json` has that.

    Args:
        plan: The plan.
        screen: Where.
        commands: What may be typed next, each with why.
    """
    tell_notes(plan.notes, screen, set())
    for column, field in plan.misspelt.items():
        screen.say(
            f"warning: the column {column!r} is no field; did you mean {field}? It stops a run until it is "
            f'mapped (--map "{column}={field}") or dropped (--drop "{column}")',
            "bold red",
        )
    if plan.unknown_columns:
        names = ", ".join(plain(column) for column in plan.unknown_columns)
        screen.say(f"Kept in the results, not sent: {names}", "yellow")
    screen.line()
    screen.line(_headline(plan), "bold green" if plan.all_can_run else "bold yellow")
    screen.show(_counts(plan))
    _tell_invalid(plan, screen)
    tell_changes(plan.changes, screen)
    _tell_near(plan, screen)
    _tell_rows(screen, "Partly there:", plan.first["partly"], plan.counts["partly"], _steps_of)
    _tell_differs(plan, screen)
    bad = [*plan.first["blocked"], *plan.first["unknown"]]
    count = plan.counts["blocked"] + plan.counts["unknown"]
    _tell_rows(screen, "Blocked or unknown:", bad, count, lambda row: (row.verdict, row.error or ""))
    if plan.stopped is not None:
        screen.line(plan.stopped, "red")
    _tell_destroyed(plan, screen)
    screen.line()
    for sentence in _beforehand(plan):
        screen.line(sentence)
    screen.line(_cost(plan))
    screen.line(*_login(plan))
    if plan.saved is not None:
        screen.line(f"The plan is in {short(plan.saved)}; with it a run refuses any other input.")
    screen.line()
    for why, command in commands:
        screen.line(f"{why}:")
        screen.line(f"  {command}", "bold")


def _headline(plan: Plan) -> str:
    figures = f"All {plan.rows:,}" if plan.can_run == plan.rows else f"{plan.can_run:,} of {plan.rows:,}"
    how = "" if plan.checked else ", as far as an offline check shows"
    return f"{figures} rows can run as {plan.kind}{how}"


def _table(*columns: str) -> Table:
    return Table(*columns, box=None, show_header=bool(columns), header_style="dim", padding=(0, 0, 0, 2))


def _counts(plan: Plan) -> Table:
    table = _table()
    table.add_column(no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(style="dim", overflow="fold")
    meanings = dict(_MEANING)
    if not _creates(plan):
        meanings.update(_OF_CHANGES)
    for verdict, (name, style, meaning) in meanings.items():
        if plan.counts[verdict]:
            updates = plan.updates if verdict == "differs" else 0
            more = f"; --on-exists update changes {updates:,} of them" if updates else ""
            table.add_row(name, Text(f"{plan.counts[verdict]:,}", style), meaning + more)
    if plan.near:
        table.add_row("look alike", Text(f"{plan.near:,}", "yellow"), "among those that can run: see below")
    return table


def _creates(plan: Plan) -> bool:
    """Tell whether rows become something that was not there before."""
    return plan.workflow.step_named(plan.workflow.main).purpose == "create"


def _tell_invalid(plan: Plan, screen: Screen) -> None:
    reasons = plan.worst_reasons()
    if not reasons:
        return
    table = _table()
    table.add_column("field", no_wrap=True)
    table.add_column("reason", overflow="fold")
    table.add_column("rows", justify="right", no_wrap=True)
    table.add_column("which", overflow="fold")
    table.show_header = True
    fields = list(dict.fromkeys(reason.field for reason in reasons))
    for field in fields:
        name = field
        for reason in reasons:
            if reason.field == field:
                table.add_row(
                    plain(name), brief(reason.message or "other reasons"), f"{reason.count:,}", _which(reason)
                )
                name = ""
    screen.line()
    screen.line("Invalid, by field and reason:", "bold")
    screen.show(table)


def _which(reason: Reason) -> str:
    """Name the rows of a reason, ranges put together; the first few of many."""
    others = {other for _, other in reason.rows}
    if len(others) == 1 and len(reason.rows) > 1 and (same := others.pop()) is not None:
        numbers: list[tuple[int, int | None]] = [(row, None) for row, _ in reason.rows]
        alone = Reason(reason.field, reason.message, reason.count, numbers, reason.places)
        return f"{_which(alone)} (all as row {same:,})"
    parts: list[str] = []
    ranges: list[tuple[Place, Place]] = []
    told = 0
    start = before = 0
    for row, other in sorted(reason.rows, key=lambda one: one[0]):
        place = reason.places.get(row, Place(row))
        if other is None and parts and before and row == before + 1:
            before = row
            parts[-1] = f"{start:,}-{row:,}"
            ranges[-1] = (ranges[-1][0], place)
        elif len(parts) == _WHERE:
            break
        else:
            start, before = row, 0 if other is not None else row
            parts.append(f"{row:,}" if other is None else f"{row:,} (as row {other:,})")
            ranges.append((place, place))
        told += 1
    also = beside(ranges)
    more = reason.count - told
    return ", ".join(parts) + (f" and {more:,} more" if more else "") + (f" ({also})" if also else "")


def _numbered(row: PlannedRow) -> str:
    """Return a row's number and what it is called beside that: `3 (line 4)`."""
    also = None if row.place is None else row.place.beside
    return f"{row.row:,}" if also is None else f"{row.row:,} ({also})"


def _tell_near(plan: Plan, screen: Screen) -> None:
    if not plan.near:
        return
    table = _table()
    table.add_column("row", justify="right", no_wrap=True)
    table.add_column("key", overflow="fold", max_width=24)
    table.add_column("looks like row", justify="right", no_wrap=True)
    table.add_column("key", overflow="fold", max_width=24)
    table.add_column("but for", overflow="fold")
    table.show_header = True
    for near in plan.first_near:
        table.add_row(*_near_cells(near))
    screen.line()
    screen.line(
        _title("Look alike and are two all the same: are both meant?", plan.near, len(plan.first_near)),
        "bold",
    )
    screen.show(table)


def _near_cells(near: NearRow) -> tuple[str, str, str, str, str]:
    return f"{near.row:,}", plain(near.key), f"{near.like:,}", plain(near.like_key), near.by


def _tell_differs(plan: Plan, screen: Screen) -> None:
    rows = plan.first["differs"]
    if not rows:
        return
    table = _table()
    table.add_column("row", justify="right", no_wrap=True)
    table.add_column("key", overflow="fold", max_width=24)
    table.add_column("field", no_wrap=True)
    table.add_column("in the file", overflow="fold")
    table.add_column("there", overflow="fold")
    table.show_header = True
    for row in rows:
        number, key = _numbered(row), plain(row.key or "")
        for one in row.differences:
            values = ("not shown", "not shown") if one.hidden else (_value(one.sent), _value(one.found))
            table.add_row(number, key, plain(one.field), *values)
            number = key = ""
    screen.line()
    screen.line(_title("There already with other values:", plan.counts["differs"], len(rows)), "bold")
    screen.show(table)


def _value(value: object) -> str:
    text = "nothing" if value is None else plain(json.dumps(value, ensure_ascii=False))
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 4]} ..."


def _tell_rows(
    screen: Screen,
    title: str,
    rows: Sequence[PlannedRow],
    count: int,
    cells: Callable[[PlannedRow], tuple[str, str]],
) -> None:
    """Show the first rows of a class, each with two cells of its own."""
    if not rows:
        return
    table = _table()
    table.add_column("row", justify="right", no_wrap=True)
    table.add_column("key", overflow="fold", max_width=24)
    table.add_column("", no_wrap=True)
    table.add_column("", overflow="fold")
    for row in rows:
        table.add_row(_numbered(row), plain(row.key or ""), *(plain(cell) for cell in cells(row)))
    screen.line()
    screen.line(_title(title, count, len(rows)), "bold")
    screen.show(table)


def _steps_of(row: PlannedRow) -> tuple[str, str]:
    there = ", ".join(name for name, state in row.steps if state == "there")
    left = ", ".join(name for name, state in row.steps if state != "there")
    return f"there: {there}", f"to do: {left}"


def _tell_destroyed(plan: Plan, screen: Screen) -> None:
    """Say what a run destroys, and of the first rows what that is."""
    if plan.destroys:
        screen.line()
    for sentence in plan.destroys:
        screen.line(f"A run {sentence}.", "bold red")

    def cells(row: PlannedRow) -> tuple[str, str]:
        return "", "; ".join(names for _, names in row.destroys)

    title = "Rows with what they destroy:"
    _tell_rows(screen, title, plan.first_destroying, plan.destroying, cells)


def _beforehand(plan: Plan) -> list[str]:
    """Return what cannot be done with such a job, which is to be known before it runs."""
    said = [f"{counted(plan.can_run, what)}." for what in plan.warns]
    if plan.workflow.no_undo is not None:
        said.append(f"It cannot be undone: {plan.workflow.no_undo}.")
    if plan.workflow.no_update is not None:
        said.append(f"--on-exists update does not go with it: {plan.workflow.no_update}.")
    return said


def _title(text: str, count: int, shown: int) -> str:
    return text if count == shown else f"{text[:-1]}, {shown} of {count:,}{text[-1]}"


def _cost(plan: Plan) -> str:
    if not plan.calls:
        return "The run: nothing to send."
    seconds, ends = plan.seconds, plan.ends_at()
    today = datetime.now(UTC).astimezone().date()
    clock = f"{ends:%H:%M}" if ends.date() == today else f"{ends:%a %d %b %H:%M}"
    lasts = in_time(seconds)
    about = lasts if lasts.startswith("less") else f"about {lasts}"
    return (
        f"The run: {plan.calls:,} {'call' if plan.calls == 1 else 'calls'}, {about} "
        f"at {plan.rate:g}/s; begun now, it ends about {clock}."
    )


def in_time(seconds: float) -> str:
    """Write how long something takes: `less than a second`, `42 s`, `3 min 20 s`, `2 h 47 min`."""
    whole = round(seconds)
    if whole < 1:
        return "less than a second"
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        minutes, rest = divmod(whole, _MINUTE)
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(round(whole / _MINUTE), _MINUTE)
    return f"{hours:,} h {minutes} min" if minutes else f"{hours:,} h"


def _login(plan: Plan) -> tuple[str, str]:
    """Return the line on the login's permissions, and its style."""
    needs = plan.workflow.needs
    if not needs:
        return f"The login: the steps of {plan.kind} do not say what it must be allowed to do.", ""
    wanted = needs_in_words(needs)
    if not plan.checked:
        return f"The login: not asked; it needs {wanted}.", ""
    if plan.held is None:
        return f"The login: its permissions are not known; it needs {wanted}.", "yellow"
    if plan.lacking:
        has = "; ".join(f"{one.area} is {one.has or 'not granted'}" for one in plan.lacking)
        return f"The login: lacks {needs_in_words(plan.lacking)} ({has}): rows would be refused.", "bold red"
    return f"The login: may do all that is needed: {wanted}.", "green"


def needs_in_words(needs: Sequence[Need | Held]) -> str:
    """Write permissions: `Account CREATE, EU_User CREATE`."""
    return ", ".join(f"{need.area} {need.level}" for need in needs)


def brief(reason: str) -> str:
    """Return a reason in few and plain words, short enough for a table."""
    reason = in_options(plain(reason))
    for stiff, plainly in _PLAINLY:
        reason = stiff.sub(plainly, reason)
    if len(reason) <= _LONGEST_REASON:
        return reason
    cut = reason[:_LONGEST_REASON]
    end = max(cut.rfind(mark) for mark in ("; ", " (", ": "))
    return f"{cut[: end if end > 0 else cut.rfind(' ')].rstrip()} ..."
