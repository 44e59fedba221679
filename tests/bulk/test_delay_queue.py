from __future__ import annotations

from typing import TYPE_CHECKING, cast

import anyio
import pytest

from alianza_async.bulk.engine.delay_queue import DelayQueue
from alianza_async.bulk.engine.work import Work
from alianza_async.policies.values import LimitPolicy, RetryPolicy
from alianza_async.sandbox import Sandbox, SandboxOptions, serve
from alianza_async.sandbox.faults import Fault
from alianza_async.session import Session
from alianza_async.settings import Credentials
from tests.bulk.engine import accounts, session_on, statuses, streamed
from tests.virtual_time import now, run_virtual, use_clock

if TYPE_CHECKING:
    from alianza_async.bulk import ItemResult

CREATE = "createAccount"


def work(name: str) -> Work:
    """Return something that waits; the queue never looks into it."""
    return cast("Work", name)


def test_rows_come_when_they_are_due_in_the_order_of_their_times() -> None:
    """A row comes at its time, not before and not in the order it was put."""

    async def main() -> list[tuple[float, object]]:
        queue, came = DelayQueue[Work](), list[tuple[float, object]]()
        for name, due in (("late", 3.0), ("early", 1.0), ("also early", 1.0)):
            queue.put(work(name), due)
        queue.finish()
        while (row := await queue.next()) is not None:
            came.append((round(now(), 3), row))
            queue.turn_over()
        return came

    assert run_virtual(main()) == [(1.0, "early"), (1.0, "also early"), (3.0, "late")]


def test_it_ends_only_when_no_turn_can_bring_a_row_back() -> None:
    """A row that is having its turn may come back: until it is over the queue is not at its end."""

    async def main() -> list[object]:
        queue, came, first = DelayQueue[Work](), list[object](), work("a")
        queue.put(first, 1.0)
        queue.finish()

        async def turn() -> None:
            await anyio.sleep(5)
            queue.put(work("again"), now() + 1)
            queue.turn_over()

        async with anyio.create_task_group() as group:
            while (row := await queue.next()) is not None:
                came.append(row)
                if row is first:
                    group.start_soon(turn)
                else:
                    queue.turn_over()
        return came

    assert run_virtual(main()) == ["a", "again"]


def test_no_row_is_taken_while_too_many_wait() -> None:
    """A full queue keeps the intake waiting; a row that leaves, or a stop, lets it go on."""

    async def main() -> list[float]:
        queue, times = DelayQueue[Work](limit=2), list[float]()
        for due in (4.0, 9.0):
            queue.put(work("row"), due)

        async def drain() -> None:
            await queue.next()
            await anyio.sleep(0.2)
            queue.put(work("row"), 20.0)
            await anyio.sleep(7 - now())
            queue.stop()

        async with anyio.create_task_group() as group:
            group.start_soon(drain)
            await queue.room()
            times.append(round(now(), 3))
            await anyio.sleep(0.5)
            await queue.room()
            times.append(round(now(), 3))
        return times

    assert run_virtual(main()) == [4.0, 7.0]


def test_a_row_that_settles_holds_no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """With one worker, the rows after a lost answer end first; the lost one is looked up after `settle_s`."""
    use_clock(monkeypatch)

    async def main() -> tuple[list[ItemResult], float, dict[str, int]]:
        sandbox = Sandbox(SandboxOptions(unique=False, history=False))
        sandbox.faults.add(Fault(kind="status_after", operation=CREATE))
        async with session_on(sandbox) as session:
            job = session.bulk.create_accounts(accounts(5), concurrency=1, settle_s=7.0)
            results = await streamed(job)
            return results, now(), dict(sandbox.truth().requests)

    results, ended, requests = run_virtual(main())
    assert statuses(results) == [
        (2, "created"),
        (3, "created"),
        (4, "created"),
        (5, "created"),
        (1, "exists"),
    ]
    assert (results[-1].adopted, results[-1].attempts, round(ended, 1)) == (True, 1, 7.0)
    assert (requests[CREATE], requests["retrieveAccount"]) == (5, 1)


@pytest.mark.parametrize(("settle_s", "made"), [(1.5, 3), (0.0, 6)])
async def test_a_server_that_commits_late_is_waited_for(settle_s: float, made: int) -> None:
    """Carried out within `settle_s` after it was given up, it is adopted; looked up at once, it doubles."""
    sandbox = Sandbox(SandboxOptions(unique=False))
    sandbox.faults.add(Fault(kind="late", operation=CREATE, times=3, delay_s=1.0))
    retry = RetryPolicy(attempt_timeout=0.4, wait_initial=0, wait_max=0, wait_jitter=0, settle_s=settle_s)
    async with (
        serve(sandbox) as running,
        Session(
            Credentials("any", "any"), base_url=running.base_url, retry=retry, limit=LimitPolicy(rate=1000)
        ) as session,
    ):
        report = await session.bulk.create_accounts(accounts(3), concurrency=3).run()
        with anyio.fail_after(5):
            while sandbox.truth().created_accounts < made:  # noqa: ASYNC110  (the server has no event for it)
                await anyio.sleep(0.02)
    # A second's precision, which is what answers have, does not always prove who made it.
    assert (report.created + report.exists, report.adopted) == (3, 3 if made == 3 else 0)
    assert sandbox.truth().created_accounts == made


def test_only_so_many_have_their_turn_at_once() -> None:
    """Rows that are due together come as others' turns end, and the queue ends after the last of them."""

    async def main() -> tuple[int, list[object]]:
        queue, came = DelayQueue[Work](), list[object]()
        for name in "abcde":
            queue.put(work(name), 1.0)
        queue.finish()

        async def turn(row: Work) -> None:
            came.append(row)
            await anyio.sleep(1)
            queue.turn_over()

        async with anyio.create_task_group() as group:
            while (row := await queue.next(lambda: 2)) is not None:
                group.start_soon(turn, row)
        return round(now()), came

    assert run_virtual(main()) == (4, ["a", "b", "c", "d", "e"])
