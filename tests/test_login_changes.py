"""A login that is under way when something changes: other credentials, one asked for by hand, threads."""

from __future__ import annotations

import asyncio
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from alianza_async.errors import AuthenticationError, SessionStateError
from alianza_async.policies.refusals import RefusalBook
from alianza_async.policies.values import LimitPolicy
from alianza_async.sandbox import Sandbox, serve
from alianza_async.session import Session
from alianza_async.settings import Credentials
from tests.fakes import ScriptedTransport, answer, refusal, scripted, token
from tests.virtual_time import now, run_virtual, use_clock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alianza_async.calls.call import Call
    from alianza_async.calls.reply import Reply
    from alianza_async.transports.choice import TransportName
    from tests.fakes import Answer, Step

ME = Credentials("me", "a-password")
NEW = Credentials("me", "the-new-password")
LOGIN = "POST /v2/authorize"
THING = "GET /v2/thing"
OK = answer(200, {})


def after(seconds: float, step: Answer) -> Step:
    """Return a step that takes so long."""

    async def later(call: Call) -> Reply[object]:
        await asyncio.sleep(seconds)
        return step(call)

    return later


@pytest.mark.parametrize("by_hand", [False, True])
@pytest.mark.parametrize("old", [refusal(401, "the old one is wrong"), token("of-the-old-one")])
def test_other_credentials_take_the_place_of_a_login_under_way(
    monkeypatch: pytest.MonkeyPatch, old: Answer, *, by_hand: bool
) -> None:
    """Who waits for a login is served by the new credentials at once, and never told of the old ones."""
    use_clock(monkeypatch)

    async def main() -> tuple[list[str], float, int, str | None]:
        transport = ScriptedTransport(after(20, old), token("of-the-new-one"), otherwise=OK)
        async with scripted(transport, credentials=ME) as session:
            early = asyncio.create_task(session.call("GET", "/v2/thing"))
            await asyncio.sleep(1)
            session.change_credentials(NEW)
            if by_hand:
                await session.login()
            await session.call("GET", "/v2/thing")
            await early
            sent = [each.headers.get("X-AUTH-TOKEN", "") for each in transport.sent]
            assert b"the-new-password" in (transport.sent[1].body or b"")
            return sent, now(), session.login_state.refusals, session.login_state.reason

    sent, took, refusals, reason = run_virtual(main())
    assert sent == ["", "", "of-the-new-one", "of-the-new-one"]
    assert took == pytest.approx(1, abs=0.01)
    assert (refusals, reason) == (0, None)


def test_a_login_that_a_program_cancels_is_told_as_that() -> None:
    """Where a program cancels the loop's tasks, who waits for a login is told; the next call has one."""
    transport = ScriptedTransport(after(60, token()), token(), otherwise=OK)

    async def main() -> None:
        async with scripted(transport, credentials=ME) as session:
            call = asyncio.create_task(session.call("GET", "/v2/thing"))
            await asyncio.sleep(1)
            (login,) = [task for task in asyncio.all_tasks() if "login" in task.get_name()]
            login.cancel()
            with pytest.raises(SessionStateError, match="cancelled by the program"):
                await call
            await session.call("GET", "/v2/thing")

    run_virtual(main())
    assert transport.lines == [LOGIN, LOGIN, THING]


def test_a_login_that_the_close_ends_is_not_made_again() -> None:
    """Who waits for a login by hand when its session closes is told that, and nothing is sent any more."""
    transport = ScriptedTransport(after(60, token()))

    async def main() -> None:
        async with scripted(transport, credentials=ME) as session:
            waiting = asyncio.create_task(session.login())
            await asyncio.sleep(1)
        with pytest.raises(SessionStateError, match="closed"):
            await waiting

    run_virtual(main())
    assert transport.lines == [LOGIN]


def test_a_login_by_hand_holds_up_no_call_that_has_a_token(monkeypatch: pytest.MonkeyPatch) -> None:
    """While `session.login()` waits, calls go on with the token that serves, queued ones too."""
    use_clock(monkeypatch)

    async def main() -> float:
        transport = ScriptedTransport(token("first"), after(20, token("second")), otherwise=OK)
        async with scripted(transport, credentials=ME, limit=LimitPolicy(rate=10)) as session:
            await session.login()
            login = asyncio.create_task(session.login())
            await asyncio.sleep(1)
            await asyncio.gather(*(session.call("GET", "/v2/thing") for _ in range(5)))
            took = now()
            await login
        assert [each.headers.get("X-AUTH-TOKEN") for each in transport.sent] == [None, None, *["first"] * 5]
        return took

    assert run_virtual(main()) <= 2


@pytest.fixture
def switching() -> Iterator[None]:
    """Let threads take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("switching")
def test_threads_share_the_book_of_refusals() -> None:
    """Sessions of several threads note and ask about one password at the same time, and nothing breaks."""
    book = RefusalBook()
    failed: list[BaseException] = []
    error = _refused()

    def work(number: int) -> None:
        try:
            for turn in range(500):
                refusals = book.of("one")
                book.of(f"another {number} {turn}")
                if turn % 7 == number:
                    refusals.end()
                else:
                    refusals.add(error)
                _ = refusals.count, refusals.wait, refusals.latest
                told = refusals.refused(), refusals.refused(by_hand=True)
                assert all(each is None or each.login_refused for each in told)
        except BaseException as raised:  # noqa: BLE001  (a thread's own would be lost)
            failed.append(raised)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []


def _refused() -> AuthenticationError:
    async def main() -> AuthenticationError:
        async with scripted(ScriptedTransport(refusal(401, "wrong")), credentials=ME) as session:
            with pytest.raises(AuthenticationError) as caught:
                await session.login()
            return caught.value

    return asyncio.run(main())


@pytest.mark.parametrize("threads", [1, 4])
@pytest.mark.parametrize("login_status", [None, 401])
def test_sessions_of_their_own_lock_nobody_out(
    transport_name: TransportName, threads: int, login_status: int | None
) -> None:
    """Twelve sessions that share nothing, also in threads, make at most five logins that are refused."""
    sandbox = Sandbox()
    sandbox.options = sandbox.options.with_changes({"latency_ms": 30, "login_status": login_status})
    ends: list[str] = []

    async def main(base_url: str) -> None:
        await asyncio.gather(*(call(base_url) for _ in range(12 // threads)))

    async def call(base_url: str) -> None:
        try:
            async with Session(ME, base_url=base_url, transport=transport_name, share=False) as session:
                await session.accounts.list()
        except AuthenticationError as error:
            ends.append("refused" if error.login_refused else str(error))
        else:
            ends.append("logged in")

    async def serve_them() -> None:
        async with serve(sandbox) as running:
            calls = (asyncio.to_thread(asyncio.run, main(running.base_url)) for _ in range(threads))
            await asyncio.gather(*calls)

    asyncio.run(serve_them())
    assert ends == ["logged in" if login_status is None else "refused"] * 12
    made = sandbox.truth().requests["logUserIn"]
    assert made == 12 if login_status is None else 1 <= made <= 5
