"""How a job is begun, and gone on with after a kill: by its journal, or without one by its result file."""

from __future__ import annotations

import csv
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Final, Protocol, cast

from tools.campaign_input import read_rows
from tools.campaign_judge import DONE, Claim

if TYPE_CHECKING:
    from pathlib import Path

    from tools.campaign_plan import Plan

_SETTLED: Final = "SELECT key, status, coalesce(error, error_class, '') FROM items"
_RESULT_COLUMNS: Final = (
    *("result_row", "result_status", "result_id", "result_error", "result_attempts", "result_request_id"),
    *("result_account_id", "result_user_id", "result_number_state", "result_failed_step"),
)


class Road(Protocol):
    """The way a job goes through its executions."""

    def next(self) -> list[str]:
        """Return the next command line, without the program's name."""
        ...

    def claims(self) -> dict[str, Claim]:
        """Return the job's last word on each row it has a word of, by key."""
        ...


def claims_of(journal: Path) -> dict[str, Claim]:
    """Read a journal as its documented schema lets anybody; one that is not there has no word of anything."""
    if not journal.exists():
        return {}
    with closing(sqlite3.connect(f"file:{journal}?mode=ro", uri=True)) as database:
        rows = cast("list[tuple[str, str, str]]", database.execute(_SETTLED).fetchall())
    return {key: Claim(status, reason) for key, status, reason in rows}


class JournalRoad:
    """`alianza bulk run --journal`, then `alianza bulk resume` as often as it takes.

    Args:
        plan: The plan.
        folder: Where its files are; `input.csv` is there already.
    """

    def __init__(self, plan: Plan, folder: Path) -> None:
        self._plan = plan
        self._input = folder / "input.csv"
        self.journal = folder / "job.db"

    def next(self) -> list[str]:
        """Begin; or, once there is a journal, go on."""
        if self.journal.exists():
            return ["bulk", "resume", str(self.journal), "--json"]
        plan = self._plan
        return [
            *("bulk", "run", str(self._input), "--kind", plan.kind, "--journal", str(self.journal)),
            *("--rate", str(plan.rate), "--json"),
        ]

    def claims(self) -> dict[str, Claim]:
        """Read the journal."""
        return claims_of(self.journal)


class ResultsRoad:
    """`alianza bulk run --results`, its partial file fed back after a kill: the way without a journal.

    What was under way at a kill is in no file, so it is sent again blindly. It shows what the journal is for,
    and that the judge can find fault.

    Args:
        plan: The plan.
        folder: Where its files are; `input.csv` is there already.
    """

    def __init__(self, plan: Plan, folder: Path) -> None:
        self._plan = plan
        self._folder = folder
        self._rows = read_rows(folder / "input.csv")
        self._told: dict[str, dict[str, str]] = {}
        self._runs = 0

    def next(self) -> list[str]:
        """Write down what is known so far as the next input, and run that."""
        self._gather()
        self._runs += 1
        file = self._folder / f"input-{self._runs}.csv"
        blank = dict.fromkeys(_RESULT_COLUMNS, "")
        with file.open("w", encoding="utf-8", newline="") as handle:
            writer = csv.DictWriter(handle, [*self._rows[0], *_RESULT_COLUMNS])
            writer.writeheader()
            writer.writerows({**blank, **row, **self._told.get(_key(row), {})} for row in self._rows)
        return [
            *("bulk", "run", str(file), "--kind", self._plan.kind, "--results", str(self._results)),
            *("--rate", str(self._plan.rate), "--json"),
        ]

    @property
    def _results(self) -> Path:
        return self._folder / f"results-{self._runs}.csv"

    def claims(self) -> dict[str, Claim]:
        """Read all result files there are."""
        self._gather()
        return {key: Claim(line["result_status"], line["result_error"]) for key, line in self._told.items()}

    def _gather(self) -> None:
        """Take over what the last run wrote of each row."""
        for path in (self._results.with_name(f"{self._results.name}.partial"), self._results):
            rows = read_rows(path) if path.exists() else []
            for row in rows:
                status = row["result_status"]
                known = self._told.get(_key(row), {}).get("result_status")
                # A row that is left out because it is done stays done.
                if status and not (status == "skipped" and known in DONE):
                    self._told[_key(row)] = {name: row[name] for name in _RESULT_COLUMNS}


def _key(row: dict[str, str]) -> str:
    return row.get("username") or row["account_number"]
