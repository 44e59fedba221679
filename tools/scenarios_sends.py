"""Scenarios of sends: each request is journaled, each double listed, each refusal kept with its reason."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Final

from alianza_async.bulk.journal import JournalReader
from tools.scenarios_cell import OPEN, NotApplicableError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from tools.scenarios_cell import Cell

_LOOSE: Final[Mapping[str, object]] = {"unique": False}
_BLIND: Final[Mapping[str, object]] = {"unique": False, "history": False}
_REASON: Final = "Quota of the reseller is used up"
_SECRET: Final = "hunter2-secret"  # noqa: S105  # must be seen nowhere


def _attempts(cell: Cell) -> int:
    return sum(entry.attempts for entry in cell.entries().values())


async def attempts_after_a_kill(cell: Cell) -> None:
    """A job is killed at its second send: the journal knows of no fewer requests than have left."""
    cell.begin(1)
    operation = cell.kind.sends[-1]
    cell.fault("status_before", operation, status=503)
    # Where it is not sent again within a run, there is nothing to be killed at.
    await cell.run_killed([operation], "after", may_end=True)
    sent = cell.sent()
    cell.expect(_attempts(cell) >= sent, f"{_attempts(cell)} attempts in the journal, {sent} requests left")
    await cell.resume()
    sent = cell.sent()
    cell.expect(_attempts(cell) >= sent, f"{_attempts(cell)} attempts in the end, {sent} requests left")
    cell.expect_all_there()


async def attempts_when_throttled(cell: Cell) -> None:
    """What a 429 answered has left as well, and counts as an attempt."""
    cell.begin(1)
    operation = cell.kind.sends[-1]
    cell.fault("status_before", operation, status=429, times=2, headers={"Retry-After": "0"})
    await cell.run()
    sent = cell.sent()
    cell.expect(sent >= 3, "it was not sent again after a 429")  # noqa: PLR2004
    cell.expect(_attempts(cell) >= sent, f"{_attempts(cell)} attempts in the journal, {sent} requests left")
    cell.expect_all_there()


async def intent_is_on_disk_first(cell: Cell) -> None:
    """When a request that changes something arrives, its row is in the journal already."""
    cell.begin(1)
    seen: list[bool] = []
    for operation in cell.kind.sends:
        cell.fault("hang_before", operation, times=1, delay_s=0.1)
    child = cell.start(cell.task("run", retry={"attempt_timeout": 5.0}))
    await cell.until(lambda: cell.sandbox.faults.held > 0 or not child.is_alive())
    seen.append(cell.statuses()["intent"] == 1)
    await cell.kill(child)
    cell.expect(all(seen), "a request arrived before its intent was on disk")


async def _make_doubles(cell: Cell) -> None:
    """Have a job double a row, where nothing can tell it not to; what is only changed is sent twice."""
    cell.begin(2)
    cell.fault("late", cell.kind.sends[-1], times=1, delay_s=1.0)
    await cell.run()
    await asyncio.sleep(1.0)
    cell.sandbox.truth()


def _doubled(cell: Cell) -> int:
    store = cell.sandbox.store
    return sum(cell.kind.copies(store, row) > 1 for row in cell.rows)


async def reconcile_lists_doubles(cell: Cell) -> None:
    """What is there twice is listed by reconcile, or it says that it cannot tell; it is never all right."""
    await _make_doubles(cell)
    found = await cell.reconcile()
    if _doubled(cell):
        keys = {double.row for double in found.doubles}
        unsure = len(found.still_unknown) + len(getattr(found, "cannot_tell", ()))
        cell.expect(keys or unsure, "doubles are there, and reconcile lists none")
    if not cell.kind.is_own:
        code, out, err = await cell.cli("bulk", "reconcile", str(cell.journal))
        right = 1 if _doubled(cell) else 0
        cell.expect(
            code == right, f"reconcile ended with {code}, {right} is right: {(out + err).strip()[:160]}"
        )


async def run_names_what_it_sent_twice(cell: Cell) -> None:
    """A run that sent rows more than once says so in its summary, with the command that checks them."""
    cell.begin(2)
    cell.fault("status_before", cell.kind.sends[-1], times=1, status=503)
    code, out, err = await cell.cli(*cell.run_words("--settle", "0.1"))
    text = out + err
    cell.expect(code == 0, f"ended with {code}: {text.strip()[:160]}")
    if cell.kind.creates:
        cell.expect("reconcile" in text, "the summary does not name `bulk reconcile` for rows sent twice")


async def reconcile_that_cannot_tell(cell: Cell) -> None:
    """Where search and history answer 404 or nothing, reconcile says that it cannot tell, with exit 1."""
    await _make_doubles(cell)
    if not _doubled(cell):
        cell.expect_all_there()
        return
    if cell.kind.is_own:
        raise NotApplicableError("the command line has the built-in kinds")
    blind = ("accountSearch", "accountHistoryByAccountNumberSearch", "accountHistoryByAccountIdSearch")
    cell.fault("status_before", blind, times=None, status=404)
    for operation in ("retrieveEndUserList", "listDevices", "getPlans", "retrieveAccountTelephoneNumbers"):
        cell.fault("absent", operation, times=None)
    code, out, err = await cell.cli("bulk", "reconcile", str(cell.journal))
    cell.expect(code == 1, f"reconcile ended with {code} though it cannot tell")
    cell.expect("nothing is there twice" not in out + err, "reconcile says that nothing is there twice")


async def refusal_keeps_its_reason(cell: Cell) -> None:
    """The server's words of a refusal are in `export` and `status`, without the secret that they hold."""
    cell.begin(1)
    words = f"{_REASON}; password={_SECRET}"
    body = json.dumps({"status": 403, "messages": [words], "data": {}}).encode()
    cell.fault("status_before", cell.kind.sends[0], times=None, status=403, body=body)
    await cell.run()
    entry = cell.entries()[1]
    cell.expect(entry.status == "failed", f"{entry.status} where failed is right")
    kept = cell.journal.read_bytes() + b"".join(path.read_bytes() for path in cell.folder.glob("job.db-wal"))
    cell.expect(_SECRET.encode() not in kept, "the journal holds the secret of the server's message")
    cell.expect(_REASON.encode() in kept, "the journal does not hold the server's words")
    if cell.kind.is_own:
        return
    exported = cell.folder / "out.csv"
    await cell.cli("bulk", "export", str(cell.journal), "--results", str(exported))
    cell.expect(_REASON in cell.text("out.csv"), "export does not name the server's reason")
    _, out, err = await cell.cli("bulk", "status", str(cell.journal))
    shown = " ".join((out + err).split())
    cell.expect(_REASON in shown, "status does not name the server's reason")
    cell.expect(_SECRET not in shown + cell.text("out.csv"), "a secret is shown")


async def rows_that_lack(cell: Cell) -> None:
    """A job of Python rows is not finished by a later iterable that lacks an open row."""
    cell.begin(3)
    looks = ("accountHistoryByAccountNumberSearch", "accountHistoryByAccountIdSearch")
    cell.fault("status_before", (*looks, cell.kind.sends[0]), times=None, status=500)
    cell.fault("cut_before", cell.kind.sends[-1], times=None)
    await cell.run(rows=cell.rows)
    cell.sandbox.faults.clear()
    last = len(cell.rows)
    is_open = cell.entries()[last].status in OPEN | {"failed", "skipped"}
    cell.expect(is_open, "the last row was settled though nothing could answer")
    await cell.resume(rows=cell.rows[:-1], retry_failed=True)
    with JournalReader(cell.journal) as reader:
        state = reader.facts.state
    status = cell.entries()[last].status
    cell.expect(state != "finished" or status not in OPEN, f"finished, though the last row is {status}")


SCENARIOS: Final[Mapping[str, tuple[Callable[[Cell], Awaitable[None]], Mapping[str, object]]]] = {
    "intent-before-send": (intent_is_on_disk_first, _LOOSE),
    "attempts-after-kill": (attempts_after_a_kill, _BLIND),
    "attempts-throttled": (attempts_when_throttled, _LOOSE),
    "reconcile-lists-doubles": (reconcile_lists_doubles, _BLIND),
    "reconcile-cannot-tell": (reconcile_that_cannot_tell, _BLIND),
    "summary-names-resends": (run_names_what_it_sent_twice, _BLIND),
    "refusal-keeps-reason": (refusal_keeps_its_reason, {}),
    "python-rows-that-lack": (rows_that_lack, {}),
}
"""Each scenario, with the options of its sandbox."""
