"""What the campaign prints: a line a seed, and a table of the sums."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, get_args

from rich.table import Table
from rich.text import Text

from tools.campaign_plan import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tools.campaign_plan import Plan
    from tools.campaign_run import Outcome

_FIGURES: Final[dict[str, Callable[[Outcome], int]]] = {
    "seeds": lambda _: 1,
    "items": lambda outcome: outcome.plan.items,
    "executions": lambda outcome: outcome.executions,
    "kills (SIGKILL)": lambda outcome: outcome.kills,
    "requests": lambda outcome: outcome.requests,
    "faults served": lambda outcome: outcome.faults,
    "cuts among them": lambda outcome: outcome.cuts,
    "revocations": lambda outcome: outcome.revocations,
    "there beforehand": lambda outcome: outcome.before,
    "undone": lambda outcome: outcome.undone,
    "there once": lambda outcome: outcome.verdict.done,
    "named with a reason": lambda outcome: len(outcome.verdict.named),
}
_FINDINGS: Final[dict[str, Callable[[Outcome], int]]] = {
    "lost": lambda outcome: len(outcome.verdict.lost),
    "duplicated": lambda outcome: len(outcome.verdict.duplicated),
    "unknown": lambda outcome: len(outcome.verdict.unknown),
    "told wrongly": lambda outcome: len(outcome.verdict.wrong),
    "harmed": lambda outcome: len(outcome.verdict.harmed),
}


_SHOWN: Final = 5


def line(outcome: Outcome) -> str:
    """Write what came of one seed; findings, and why sound rows were not made, are on lines of their own."""
    verdict, plan = outcome.verdict, outcome.plan
    struck = ", ".join(f"{count} {kind}" for kind, count in sorted(outcome.struck.items()))
    counts = ", ".join(f"{count} {status}" for status, count in sorted(outcome.counts.items()))
    listed = f", {outcome.listed} doubles listed" if plan.reconciled else ""
    found = "" if verdict.is_clean else f"\n  {verdict.shown()}"
    for reason, count in verdict.refused.most_common(_SHOWN):
        found += f"\n  {count} not made: {reason}"
    return (
        f"{plan.name}: {plan.items} {plan.kind} in {outcome.seconds:.1f} s, {outcome.executions} executions, "
        f"{outcome.kills} kills, {outcome.revocations} revocations, {outcome.faults} faults ({struck}); "
        f"{counts}: {len(verdict.lost)} lost, {len(verdict.duplicated)} duplicated, "
        f"{len(verdict.unknown)} unknown, {len(verdict.harmed)} harmed{listed}{found}"
    )


def table(outcomes: Sequence[Outcome], seconds: float) -> Table:
    """Draw the sums, a column for each kind of item."""
    drawn = Table(title=f"Campaign, {seconds:.0f} s", title_justify="left", title_style="bold", box=None)
    drawn.add_column("")
    groups: list[list[Outcome]] = []
    for kind in get_args(Kind):
        group = [outcome for outcome in outcomes if outcome.plan.kind == kind]
        if group:
            groups.append(group)
            drawn.add_column(kind, justify="right")
    for name, figure in _FIGURES.items():
        drawn.add_row(name, *(f"{sum(map(figure, group)):,}" for group in groups))
    listed = [sum(outcome.listed for outcome in group) for group in groups]
    if any(listed):
        drawn.add_row("doubles, all listed", *(f"{count:,}" for count in listed))
    drawn.add_section()
    for name, figure in _FINDINGS.items():
        sums = [sum(map(figure, group)) for group in groups]
        drawn.add_row(name, *(Text(f"{count:,}", "bold red" if count else "bold green") for count in sums))
    return drawn


def again(plan: Plan) -> str:
    """Return the command that carries a plan out once more."""
    mode = plan.name.partition("-")[0]
    option = f" --{mode}" if mode in {"full", "late", "aimed"} else ""
    return f"python -m tools.campaign{option} --seed {plan.seed} --items {plan.items} --kind {plan.kind}"
