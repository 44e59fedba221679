"""What somebody reads of values that are read otherwise than they stand in the file, and of doubtful ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.table import Table

from alianza_async.cli.screen import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alianza_async.bulk.input.change_tally import ChangeExample, ChangeGroup, ChangeTally
    from alianza_async.cli.screen import Screen

__all__ = ["tell_changes", "tell_sums"]

_GROUPS: Final = 12
_NAMED: Final = 4
_LONGEST: Final = 40


def tell_changes(tally: ChangeTally, screen: Screen) -> None:
    """Print what a run reads otherwise, and what it sends in doubt: by field and rule, with examples."""
    titles = (
        (False, tally.changed, "Read otherwise than in the file (--strict refuses them):"),
        (True, tally.doubtful, "Sent as they stand: are they meant?"),
    )
    for doubts, count, title in titles:
        if not count:
            continue
        screen.line()
        screen.line(title, "bold")
        groups = tally.groups(doubts=doubts)
        screen.show(_table(groups[:_GROUPS], doubts=doubts))
        if len(groups) > _GROUPS:
            screen.line(f"  and {len(groups) - _GROUPS:,} more kinds: --json has them all")


def tell_sums(tally: ChangeTally, screen: Screen) -> None:
    """Print in a line each how many values a job has read otherwise, and how many are in doubt."""
    otherwise = ("is read otherwise than in the file", "are read otherwise than in the file")
    in_doubt = ("is sent as it stands and may not be meant", "are sent as they stand and may not be meant")
    for doubts, count, (one, several) in (
        (False, tally.changed, otherwise),
        (True, tally.doubtful, in_doubt),
    ):
        if count:
            groups = tally.groups(doubts=doubts)
            parts = [f"{plain(each.field)} {each.count:,} ({each.rule})" for each in groups[:_NAMED]]
            more = ["..."] if len(groups) > _NAMED else []
            said = f"1 value {one}" if count == 1 else f"{count:,} values {several}"
            screen.line(f"{said}: {', '.join([*parts, *more])}", "yellow")


def _table(groups: Sequence[ChangeGroup], *, doubts: bool) -> Table:
    table = Table(box=None, header_style="dim", padding=(0, 0, 0, 2))
    table.add_column("field", no_wrap=True)
    table.add_column("why" if doubts else "rule", overflow="fold")
    table.add_column("values", justify="right", no_wrap=True)
    table.add_column("such as", overflow="fold")
    for group in groups:
        examples = "; ".join(_example(one, doubts=doubts) for one in group.examples)
        table.add_row(plain(group.field), group.rule, f"{group.count:,}", examples)
    return table


def _example(one: ChangeExample, *, doubts: bool) -> str:
    """Write an example: `row 3: 801-555-1212 -> 18015551212`; the row alone where it may be an address."""
    if one.old is None or one.new is None:
        return f"row {one.row:,}"
    old, new = _short(one.old), _short(one.new) or "nothing"
    return f"row {one.row:,}: {old}" if doubts else f"row {one.row:,}: {old} -> {new}"


def _short(text: str) -> str:
    """Return a value, with what cannot be seen in it escaped."""
    shown = plain("".join(each if each.isprintable() else f"\\u{ord(each):04x}" for each in text))
    return shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 4]} ..."
