"""Load beyond the rate: new calls are refused at once, and what must not be refused is not."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from alianza_async.errors import ConfigurationError, OverloadedError
from alianza_async.policies.values import LimitPolicy, RetryPolicy
from alianza_async.sandbox import Sandbox, serve
from alianza_async.session import Session
from alianza_async.settings import Credentials
from tests.fakes import ScriptedTransport, answer, lost, refusal, scripted, token
from tests.retry_calls import CREATE, FOUND, LOOK_UP, new_account
from tests.virtual_time import run_virtual, use_clock

if TYPE_CHECKING:
    from alianza_async.calls.call import Call
    from alianza_async.calls.reply import Reply
    from alianza_async.transports.choice import TransportName

ME = Credentials("me", "a-password")
OK = answer(200, FOUND)
SLOW = LimitPolicy(rate=10)


def test_calls_beyond_the_queue_are_refused_unsent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a hundred calls at once one leaves, ten wait, and the rest are refused before they are sent."""
    use_clock(monkeypatch)

    async def main() -> tuple[list[object], list[str], int]:
        transport = ScriptedTransport(otherwise=OK)
        async with scripted(transport, limit=SLOW, max_queue=10) as session:
            calls = [asyncio.create_task(session.accounts.get("a1")) for _ in range(100)]
            await asyncio.sleep(0)
            waiting = session.queued
            outcomes = await asyncio.gather(*calls, return_exceptions=True)
            assert session.queued == 0
            return list(outcomes), transport.lines, waiting

    outcomes, lines, waiting = run_virtual(main())
    refused = [outcome for outcome in outcomes if isinstance(outcome, OverloadedError)]
    assert (len(refused), len(lines), waiting) == (89, 11, 10)
    assert "nothing was sent" in str(refused[0])


def test_those_that_wait_for_a_login_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """A login that takes long does not let calls pile up."""
    use_clock(monkeypatch)

    async def main() -> int:
        async def slow(call: Call) -> Reply[object]:
            await asyncio.sleep(5)
            return token()(call)

        transport = ScriptedTransport(slow, otherwise=OK)
        async with scripted(transport, credentials=ME, max_queue=3) as session:
            calls = [session.accounts.get("a1") for _ in range(10)]
            outcomes = await asyncio.gather(*calls, return_exceptions=True)
            return sum(isinstance(outcome, OverloadedError) for outcome in outcomes)

    assert run_virtual(main()) == 7


def test_bulk_calls_are_neither_refused_nor_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """A crowd of bulk calls fills no queue, and an interactive call goes before them."""
    use_clock(monkeypatch)

    async def main() -> list[str]:
        transport = ScriptedTransport(otherwise=OK)
        async with scripted(transport, limit=SLOW, max_queue=1) as session:
            bulk = session.with_options(traffic="bulk")
            crowd = [asyncio.create_task(bulk.accounts.get(f"b{number}")) for number in range(20)]
            await asyncio.sleep(0)
            assert session.queued == 0
            mine = asyncio.create_task(session.accounts.get("mine"))
            await asyncio.sleep(0)
            assert session.queued == 1
            with pytest.raises(OverloadedError):
                await session.accounts.get("refused")
            await asyncio.gather(mine, *crowd)
        return [line.rpartition("/")[2] for line in transport.lines]

    order = run_virtual(main())
    assert order.index("mine") <= 2
    assert "refused" not in order
    assert len(order) == 21


def test_further_attempts_and_look_ups_are_not_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A call that was accepted is brought to its end, however many wait: its look-up, its next attempt."""
    use_clock(monkeypatch)

    async def main() -> tuple[list[str], list[object]]:
        transport = ScriptedTransport(lost, refusal(404), otherwise=OK)
        async with scripted(
            transport, limit=SLOW, max_queue=1, retry=RetryPolicy(settle_s=0.1, wait_initial=0.1)
        ) as session:
            create = asyncio.create_task(session.accounts.create(new_account()))
            await asyncio.sleep(0.01)
            others = [asyncio.create_task(session.accounts.get("a1")) for _ in range(3)]
            outcomes = await asyncio.gather(create, *others, return_exceptions=True)
        return transport.lines, list(outcomes)

    lines, outcomes = run_virtual(main())
    assert [type(outcome).__name__ for outcome in outcomes] == ["Account", *["OverloadedError"] * 3]
    assert lines == [CREATE, LOOK_UP, CREATE]


def test_it_is_a_number_from_one_on() -> None:
    """A queue that holds nothing is refused where the session is made; a variable does as well."""
    with pytest.raises(ConfigurationError, match="max_queue is 0"):
        Session(base_url="http://localhost", auth_token="t", max_queue=0)


async def test_a_bulk_job_gives_way(transport_name: TransportName) -> None:
    """Beside a bulk job on the same session, an interactive call waits for no more than its own turn."""
    sandbox = Sandbox()
    async with (
        serve(sandbox) as running,
        Session(
            ME, base_url=running.base_url, transport=transport_name, limit=LimitPolicy(rate=100), max_queue=2
        ) as session,
    ):
        rows = [
            {
                "account_number": f"ACME-{number}",
                "account_name": f"Customer {number}",
                "account_type": "SIMPLE",
                "time_zone": "US/Eastern",
                "billing_cycle_day": 1,
            }
            for number in range(150)
        ]
        job = session.bulk.create_accounts(rows)
        done = 0
        async for result in job:
            done += result.status == "created"
            if done % 10 == 1:
                assert session.queued == 0
                await session.accounts.list()  # neither refused nor at the end of the job's queue
        assert done == 150
