"""The options of `alianza bulk plan`, `run`, `resume` and `undo`: each stands here and nowhere else.

The text of an attribute is its help. What is not given is None where the session, the kind or the journal
has a value of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path  # noqa: TC003  (read at run time, to convert options)
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from alianza_async.cli.options import Flag  # noqa: TC001  (read at run time, to convert)

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["KindName", "PlanOptions", "ResumeOptions", "RunOptions", "UndoOptions"]

KindName = Literal[
    "accounts",
    "users",
    "subscribers",
    "telephone-numbers",
    "device-lines",
    "calling-plans",
    "delete-accounts",
    "suspend-accounts",
]
"""The names of `alianza_async.bulk.KINDS`, written out for `--help`; a test holds them to it."""

Corrections = Annotated[Literal["fail", "accept", "keep"] | None, Parameter(show_default=False)]
Others = Annotated[Literal["keep", "remove"] | None, Parameter(show_default=False)]
Choice = Annotated[list[str] | None, Parameter(negative=(), show_default=False)]
UndoableStatus = Literal["created", "exists", "updated", "failed", "skipped", "unknown"]


class _OfKind:
    """What follows from options that `plan` and `run` have in common."""

    __slots__ = ()
    account_id: str | None
    corrections: Corrections
    others: Others
    e911_coordinates: Flag
    skip_prevalidate: Flag
    choice: Choice

    @property
    def ids(self) -> dict[str, str]:
        """The ids that are the same for every row."""
        return {} if self.account_id is None else {"account_id": self.account_id}

    @property
    def choices(self) -> Mapping[str, str]:
        """What the kind leaves to be decided, by name.

        Raises:
            ConfigurationError: One is not NAME=VALUE, or is given twice.
        """
        from alianza_async.cli.choices import chosen

        return chosen(
            self.choice,
            corrections=self.corrections,
            others=self.others,
            e911_coordinates="send" if self.e911_coordinates else None,
            prevalidate="skip" if self.skip_prevalidate else None,
        )


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class PlanOptions(_OfKind):
    """The options of `bulk plan`.

    Attributes:
        kind: What each row becomes.
        check_remote: Look each row up: is it there, and the same?
        save: Write the plan to a file; bulk run --plan refuses an input that is not the one planned.
        force: Replace the file of --save where it is there already; never a journal or the input.
        ensure: Count the calls of a run with --ensure.
        strict: Refuse values that would be read otherwise than they stand in the file.
        rate: Requests a second [default: 100].
        account_id: The account of every user in the file.
        corrections: An address the server would correct: fail, accept the correction, or keep it as given.
        others: For calling-plans: what becomes of each user's other plans.
        e911_coordinates: Send emergency addresses with coordinates: an answering point then gets those, and
            not the street.
        skip_prevalidate: Put numbers into service whose address the 911 provider has not judged.
        choice: Decide what the kind leaves open, as NAME=VALUE; once for each.
    """

    kind: KindName
    check_remote: Flag = False
    save: Path | None = None
    force: Flag = False
    ensure: Flag = False
    strict: Flag = False
    rate: float | None = None
    account_id: str | None = None
    corrections: Corrections = None
    others: Others = None
    e911_coordinates: Flag = False
    skip_prevalidate: Flag = False
    choice: Choice = None


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions(_OfKind):
    """The options of `bulk run`.

    Attributes:
        kind: What each row becomes.
        results: Write what became of each row, CSV or JSON Lines by the name.
        force: Replace the file of --results where it is there already; never a journal, the input or a plan.
        journal: Where the journal is kept, for `bulk resume` [default: a new one in the user's state folder].
        plan: Refuse to run anything but what was planned (`bulk plan --save`).
        concurrency: Rows under way at once.
        rate: Requests a second [default: 100].
        max_failures: Stop after N failures, or over P%; off = never [default: 50 in a row or over half].
        ensure: Look each one up before creating it.
        strict: Refuse values that would be read otherwise than they stand in the file; a resume does so too.
        on_exists: What becomes of a row that is there already: left, changed where it differs, or failed;
            telephone-numbers, calling-plans and delete-accounts change nothing.
        corrections: An address the server would correct: fail, accept the correction, or keep it as given.
        others: For calling-plans: what becomes of each user's other plans [default: remove].
        e911_coordinates: Send emergency addresses with coordinates: an answering point then gets those, and
            not the street.
        skip_prevalidate: Put numbers into service whose address the 911 provider has not judged.
        choice: Decide what the kind leaves open, as NAME=VALUE; once for each.
        canary: Create N first, read them back, compare; stop where they differ.
        settle: Seconds until what was sent and not answered is looked up [default: 2].
        grace: Seconds for what is under way after an interrupt.
        outage_limit: Seconds to wait for a host that cannot be reached, before the job stops.
        account_id: The account of every user in the file.
        via: Each row as calls of its own, or users and telephone-numbers by the server's own bulk operations.
        batch: Rows in one of the server's jobs, for --via server [default: 500].
        yes: Write to production, or destroy what the kind destroys, without asking.
    """

    kind: KindName
    results: Path | None = None
    force: Flag = False
    journal: Path | None = None
    plan: Path | None = None
    concurrency: int | Literal["auto"] = "auto"
    rate: float | None = None
    max_failures: str | None = None
    ensure: Flag = False
    strict: Flag = False
    on_exists: Literal["skip", "update", "fail"] = "skip"
    corrections: Corrections = None
    others: Others = None
    e911_coordinates: Flag = False
    skip_prevalidate: Flag = False
    choice: Choice = None
    canary: Annotated[int, Parameter(show_default=False)] = 0
    settle: float | None = None
    grace: float = 30
    outage_limit: float = 3600
    account_id: str | None = None
    via: Literal["calls", "server"] = "calls"
    batch: int | None = None
    yes: Flag = False


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeOptions:
    """The options of `bulk resume`; None keeps what the job began with.

    Attributes:
        input: The input, where it has moved; the same rows.
        retry_failed: Try again what failed, too.
        restored: The journal is a copy from a backup, older than the job: look every row up before it is
            sent.
        results: Write what became of each row [default: as the job began].
        force: Replace the file of --results where it is there already and not the job's own.
        concurrency: Rows under way at once [default: as the job began].
        rate: Requests a second [default: as the job began].
        grace: Seconds for what is under way after an interrupt [default: as the job began].
        outage_limit: Seconds to wait for a host that cannot be reached [default: as the job began].
        yes: Write to production, or destroy what the kind destroys, without asking.
    """

    input: Path | None = None
    retry_failed: Flag = False
    restored: Flag = False
    results: Path | None = None
    force: Flag = False
    concurrency: int | Literal["auto"] | None = None
    rate: float | None = None
    grace: float | None = None
    outage_limit: float | None = None
    yes: Flag = False


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class UndoOptions:
    """The options of `bulk undo`.

    Attributes:
        include_live: Release numbers in service too: that cuts off calls, emergency calls included.
        unverified: Also where it cannot be determined whether it was changed since.
        dry_run: Look at each row and tell which could be undone; delete nothing.
        rows: Only these rows, by number, such as 1,5-9.
        keys: Only the rows with these keys: a file, one key per line.
        status: Only rows of this status; once for each. Given with --rows or --keys, all have to fit.
        input: The job's input, where it has moved; the same file.
        rate: Requests a second [default: as the job began].
        yes: Ask nothing.
    """

    include_live: Flag = False
    unverified: Flag = False
    dry_run: Flag = False
    rows: str | None = None
    keys: Path | None = None
    status: Annotated[list[UndoableStatus] | None, Parameter(negative=(), show_default=False)] = None
    input: Path | None = None
    rate: float | None = None
    yes: Flag = False
