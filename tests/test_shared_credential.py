"""Sessions of one process on one credential: one rate limit and one login, unless `share=False`."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from alianza_async.errors import SessionStateError
from alianza_async.policies.values import LimitPolicy, RetryPolicy
from alianza_async.session import Session
from alianza_async.settings import Credentials
from tests.fakes import ScriptedTransport, answer, token
from tests.retry_calls import FOUND
from tests.virtual_time import now, run_virtual, use_clock

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from alianza_async.calls.call import Call, Reply

OK = answer(200, FOUND)
LOGIN = "POST /v2/authorize"
ME = Credentials("me", "a-password")


class Answering(ScriptedTransport):
    """Answers every login with a token and anything else with an account, and outlives its sessions."""

    def __init__(self) -> None:
        super().__init__(otherwise=self._either)
        self.asked = asyncio.Event()
        self.free = asyncio.Event()
        self.free.set()

    def _either(self, call: Call) -> Reply[object] | Awaitable[Reply[object]]:
        if call.operation.operation_id != "logUserIn":
            return OK(call)

        async def later() -> Reply[object]:
            self.asked.set()
            await self.free.wait()
            return token()(call)

        return later()

    @property
    def logins(self) -> int:
        """How many logins came."""
        return self.lines.count(LOGIN)


def session(
    transport: ScriptedTransport, *, who: Credentials = ME, rate: float = 1e5, share: bool = True
) -> Session:
    """Return a session on a transport."""
    return Session(
        who,
        base_url="http://localhost",
        partition_id="part",
        transport=transport,
        limit=LimitPolicy(rate=rate),
        retry=RetryPolicy(wait_initial=0, wait_max=0, wait_jitter=0, settle_s=0),
        share=share,
    )


async def test_one_login_serves_both() -> None:
    """The first calls of two sessions make one login; a token that one renews is the other's too."""
    transport = Answering()
    async with session(transport) as first, session(transport) as second:
        await asyncio.gather(first.accounts.get("a"), second.accounts.get("b"))
        assert transport.logins == 1
        assert second.info is first.info
        await second.login()
        await first.accounts.get("a")
    assert transport.logins == 2


def test_both_together_keep_the_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    """The quota is the credential's: two sessions at 100 a second send 100 in any second, not 200."""
    use_clock(monkeypatch)
    times: list[float] = []

    class Timed(Answering):
        def _either(self, call: Call) -> Reply[object] | Awaitable[Reply[object]]:
            times.append(now())
            return super()._either(call)

    async def main() -> None:
        transport = Timed()
        async with session(transport, rate=100) as first, session(transport, rate=100) as second:
            calls = [each.accounts.get("a") for each in (first, second) for _ in range(150)]
            await asyncio.gather(*calls)

    run_virtual(main())
    most = max(sum(start <= time < start + 1 for time in times) for start in times)
    assert (len(times), most <= 100) == (301, True)


async def test_the_lowest_rate_holds_as_long_as_its_session() -> None:
    """A slower session slows the others down while it is open, and no longer."""
    transport = Answering()
    async with session(transport, rate=50) as first:
        async with session(transport, rate=20) as second:
            assert (first.full_rate, second.full_rate) == (20, 20)
        assert first.full_rate == 50
        first.change_rate(30)
        async with session(transport, rate=50) as third:
            assert third.full_rate == 30


@pytest.mark.parametrize(
    "other",
    [
        {"share": False},
        {"who": Credentials("me", "another-password")},
        {"who": Credentials("you", "a-password")},
        {"transport": Answering()},
    ],
    ids=["told not to", "another password", "another name", "another transport"],
)
async def test_what_is_not_the_same_is_not_shared(other: dict[str, object]) -> None:
    """Another credential, another host behind a transport of one's own, or `share=False`: each its own."""
    transport = Answering()
    options = {"transport": transport, **other}
    async with session(transport) as first, session(**options) as second:  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        await first.accounts.get("a")
        await second.accounts.get("b")
        assert first.info is not second.info
        second.change_rate(5)
        assert first.rate > 5


async def test_a_login_outlives_the_session_that_needed_it_first() -> None:
    """Closing the session through which a login runs ends it for that session alone."""
    transport = Answering()
    transport.free.clear()
    first, second = session(transport), session(transport)
    async with second:
        async with first:
            calls = [asyncio.create_task(each.accounts.get("a")) for each in (first, second)]
            await transport.asked.wait()
        transport.free.set()
        account = await calls[1]
        assert account.id is not None
        await asyncio.gather(calls[0], return_exceptions=True)
        with pytest.raises(SessionStateError, match="not open"):
            await first.accounts.get("a")
    async with session(transport) as third:
        assert third.info is None


async def test_opening_and_closing_by_hand() -> None:
    """`open` and `aclose` do what `async with` does, for dependency injection and the like."""
    transport = Answering()
    opened = await session(transport).open()
    assert opened.is_open
    await opened.accounts.get("a")
    await opened.aclose()
    assert (opened.is_open, transport.closed) == (False, True)
    await opened.aclose()


async def test_a_view_keeps_its_class_and_attributes() -> None:
    """A view of a subclass is of that class, with what was set on it; its resources are its own."""

    class Ours(Session):
        tenant = "none"

    transport = Answering()
    async with Ours(ME, base_url="http://localhost", partition_id="part", transport=transport) as ours:
        ours.tenant = "t1"
        before = ours.accounts
        view = ours.with_options(timeout=3).bind(user="u")
        assert (type(view), view.tenant) == (Ours, "t1")
        assert view.accounts is not before
        assert view.accounts.client is view
        assert ours.accounts is before
