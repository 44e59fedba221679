"""A refused login ends nothing: the old token serves, and the login is made again later, not too often."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import pytest

from alianza_async.errors import AuthenticationError, CallError
from alianza_async.policies.refusals import REFUSALS, RefusalBook, Refusals
from alianza_async.policies.values import LimitPolicy, RetryPolicy, TokenPolicy
from alianza_async.sandbox import Sandbox, serve
from alianza_async.session import Session
from alianza_async.settings import Credentials
from tests.conftest import FAST_RETRY, UNLIMITED
from tests.fakes import ScriptedTransport, answer, refusal, scripted, token
from tests.hosts import session_on
from tests.raw_server import http, says, serving
from tests.virtual_time import now, run_virtual, use_clock

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine
    from typing import TypeAlias

    from alianza_async.transports.choice import TransportName

    Virtually: TypeAlias = Callable[[Coroutine[object, object, object]], object]

LOGIN = "POST /v2/authorize"
THING = "GET /v2/thing"
ME = Credentials("me", "a-password")
OK = answer(200, {})


@pytest.fixture
def virtually(monkeypatch: pytest.MonkeyPatch) -> Virtually:
    """Run in virtual time."""
    use_clock(monkeypatch)
    return run_virtual


async def error_of(call: Awaitable[object]) -> AuthenticationError:
    """Return the refusal that a call ends with."""
    with pytest.raises(AuthenticationError) as caught:
        await call
    return caught.value


def test_the_login_is_made_again_after_5_s_then_10_then_20(monkeypatch: pytest.MonkeyPatch) -> None:
    """A login that is refused again and again is made when it is due, and five times an hour at the most."""

    async def main() -> list[float]:
        transport = ScriptedTransport(otherwise=refusal(401, "wrong"))
        made: list[float] = []
        async with scripted(transport, credentials=ME) as session:
            while now() < 2 * 3600:
                before = len(transport.sent)
                await error_of(session.call("GET", "/v2/thing"))
                made += [now()] * (len(transport.sent) - before)
                await asyncio.sleep(1)
        assert set(transport.lines) == {LOGIN}
        return made

    use_clock(monkeypatch)
    made = run_virtual(main())
    assert [round(at) for at in made[:5]] == [0, 5, 15, 35, 75]
    for index, at in enumerate(made[5:]):
        assert at - made[index] >= 3600


def test_calls_without_a_token_fail_at_once_with_the_reason(virtually: Virtually) -> None:
    """Between two logins a call fails unsent, and says why and when the next one is made."""

    async def main() -> None:
        transport = ScriptedTransport(refusal(403, "locked out"), token(), OK)
        async with scripted(transport, credentials=ME) as session:
            await error_of(session.call("GET", "/v2/thing"))
            error = await error_of(session.call("GET", "/v2/thing"))
            state = session.login_state
            assert "locked out" in str(error)
            assert "in 5 s" in str(error)
            assert (state.status, state.refusals, round(state.next_login_in)) == ("refused", 1, 5)
            assert "locked out" in (state.reason or "")
            await asyncio.sleep(5)
            await session.call("GET", "/v2/thing")
            state = session.login_state
            assert (state.status, state.refusals, state.reason) == ("logged_in", 0, None)
            assert round(state.expires_in or 0) == 3600
        assert transport.lines == [LOGIN, LOGIN, THING]

    virtually(main())


def test_the_old_token_serves_while_renewals_are_refused(
    virtually: Virtually, caplog: pytest.LogCaptureFixture
) -> None:
    """A renewal that is refused harms no call: the token serves, past its assumed end too."""

    async def main() -> None:
        login_refused = refusal(403, "not now")
        script = [token("first"), OK, OK, login_refused, OK, OK, login_refused, OK, OK, token("second")]
        transport = ScriptedTransport(*script)
        async with scripted(transport, credentials=ME) as session:
            await session.call("GET", "/v2/thing")
            await asyncio.sleep(3400)
            await session.call("GET", "/v2/thing")  # renewed in the background: refused
            await asyncio.sleep(1)
            for _ in range(2):
                await session.call("GET", "/v2/thing")
            assert session.login_state.status == "logged_in"
            assert session.login_state.refusals == 1
            await asyncio.sleep(300)  # past its end
            await session.call("GET", "/v2/thing")  # refused once more, and the token serves on
            await asyncio.sleep(60)
            await session.call("GET", "/v2/thing")  # the next login that is due is not refused
            await asyncio.sleep(1)
            assert session.login_state.refusals == 0
        assert transport.left == 0

    virtually(main())
    assert "serves until it is refused" in caplog.text


def test_where_the_token_is_refused_and_the_login_too_calls_fail_unsent(virtually: Virtually) -> None:
    """A revoked token is sent no more, whoever waited with it; the next login that is due heals it."""

    async def main() -> None:
        transport = ScriptedTransport(
            token("first"), OK, refusal(401), refusal(403, "no"), token("second"), otherwise=OK
        )
        async with scripted(transport, credentials=ME, limit=LimitPolicy(rate=10)) as session:
            await session.call("GET", "/v2/thing")
            calls = [session.call("GET", "/v2/thing") for _ in range(50)]
            errors = await asyncio.gather(*calls, return_exceptions=True)
            assert {type(error) for error in errors} == {AuthenticationError}
            assert transport.lines == [LOGIN, THING, THING, LOGIN]
            await asyncio.sleep(5)
            await session.call("GET", "/v2/thing")
        assert transport.lines[4:] == [LOGIN, THING]

    virtually(main())


def test_a_login_by_hand_does_not_wait_but_the_hours_five_hold(virtually: Virtually) -> None:
    """`session.login()` is made right after a refusal; the sixth of an hour is not."""

    async def main() -> None:
        transport = ScriptedTransport(otherwise=refusal(401, "wrong"))
        async with scripted(transport, credentials=ME) as session:
            for _ in range(7):
                await error_of(session.login())
            assert transport.lines == [LOGIN] * 5
            await asyncio.sleep(3600)
            await error_of(session.login())
        assert transport.lines == [LOGIN] * 6

    virtually(main())


def test_other_credentials_forget_the_refusals(virtually: Virtually) -> None:
    """A new password is tried at once, whatever became of the old one."""

    async def main() -> None:
        transport = ScriptedTransport(refusal(401, "wrong"), token(), OK)
        async with scripted(transport, credentials=ME) as session:
            await error_of(session.call("GET", "/v2/thing"))
            session.change_credentials(Credentials("me", "the-new-password"))
            assert session.login_state.status == "logged_out"
            await session.call("GET", "/v2/thing")
        assert b"the-new-password" in (transport.sent[1].body or b"")

    virtually(main())


async def test_other_credentials_can_be_given_before_it_opens() -> None:
    """A session that is not open takes other credentials too, and logs in with them."""
    transport = ScriptedTransport(token(), OK)
    session = scripted(transport, credentials=ME)
    session.change_credentials(Credentials("me", "the-new-password"))
    async with session:
        await session.call("GET", "/v2/thing")
    assert b"the-new-password" in (transport.sent[0].body or b"")


async def test_sessions_of_one_login_change_it_together(transport_name: TransportName) -> None:
    """What one session learns of a new password, those that share its login know too, and who joins later."""
    sandbox = Sandbox()
    new = Credentials("tester", "the-new-password")
    async with serve(sandbox) as running:
        options = {"base_url": running.base_url, "transport": transport_name, "retry": FAST_RETRY}
        async with Session(ME, **options) as first, Session(ME, **options) as second:  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
            await first.accounts.list()
            first.change_credentials(new)
            sandbox.store.tokens.revoke_all()
            await second.accounts.list()
            async with Session(new, **options) as third:  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
                await third.accounts.list()
    assert sandbox.truth().requests["logUserIn"] == 2


async def test_a_new_session_knows_the_refusals_of_the_one_before(transport_name: TransportName) -> None:
    """Opening a session for each request with a wrong password makes one login, not one a request."""
    sandbox = Sandbox()
    sandbox.options = sandbox.options.with_changes({"login_status": 401})
    async with serve(sandbox) as running:
        for _ in range(4):
            async with Session(
                ME, base_url=running.base_url, transport=transport_name, retry=FAST_RETRY
            ) as session:
                await error_of(session.accounts.list())
    assert sandbox.truth().requests["logUserIn"] == 1


async def test_a_thousand_calls_and_one_revocation(transport_name: TransportName) -> None:
    """One revocation costs one login, and no 401 beyond the requests that were under way."""
    sandbox = Sandbox()
    sandbox.options = sandbox.options.with_changes({"latency_ms": 20})
    async with (
        serve(sandbox) as running,
        Session(
            ME, base_url=running.base_url, transport=transport_name, limit=LimitPolicy(rate=1000)
        ) as session,
    ):
        await session.accounts.list()
        capacity = session.capacity
        calls = [asyncio.create_task(session.accounts.list()) for _ in range(1000)]
        await asyncio.gather(*calls[:200])
        sandbox.store.tokens.revoke_all()
        await asyncio.gather(*calls)
    truth = sandbox.truth()
    assert truth.requests["logUserIn"] == 2
    assert truth.statuses["401"] <= capacity


def test_a_sliding_life_counts_from_the_last_use(virtually: Virtually) -> None:
    """Where a token lives on with each use, a busy session logs in once, and an idle one again."""

    async def main() -> list[str]:
        transport = ScriptedTransport(token(expiresIn=None), *[OK] * 11, token(expiresIn=None), OK)
        sliding = TokenPolicy(lifetime=8 * 3600, sliding=True)
        async with scripted(transport, credentials=ME, token=sliding) as session:
            for _ in range(11):
                await session.call("GET", "/v2/thing")
                await asyncio.sleep(7 * 3600)
            await asyncio.sleep(2 * 3600)
            await session.call("GET", "/v2/thing")
        return transport.lines

    assert virtually(main()) == [LOGIN, *[THING] * 11, LOGIN, THING]


def test_a_life_that_the_server_tells_does_not_slide(virtually: Virtually) -> None:
    """`expiresIn` is obeyed, however a token without one lives."""

    async def main() -> list[str]:
        transport = ScriptedTransport(token(), OK, token(), OK)
        async with scripted(transport, credentials=ME, token=TokenPolicy(sliding=True)) as session:
            await session.call("GET", "/v2/thing")
            await asyncio.sleep(3601)
            await session.call("GET", "/v2/thing")
        return transport.lines

    assert virtually(main()) == [LOGIN, THING, LOGIN, THING]


@pytest.mark.parametrize(
    "said",
    [
        refusal(400, "NotPermitted"),
        answer(400, {"status": 400, "code": "NOT_PERMITTED", "messages": ["no access here"]}),
    ],
)
async def test_a_login_refused_for_its_partition_is_told_as_that(said: Callable[..., object]) -> None:
    """`NotPermitted` says nothing of the password, and the error does not either."""
    transport = ScriptedTransport(said, otherwise=OK)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    async with scripted(transport, credentials=ME) as session:
        error = await error_of(session.call("GET", "/v2/thing"))
    assert error.login_refused
    assert "because of its partition" in str(error)
    assert "check the credentials" not in str(error)


async def test_another_bad_request_is_an_ordinary_refusal() -> None:
    """Any other 400 sends its reader to the credentials."""
    async with scripted(ScriptedTransport(refusal(400, "bad name")), credentials=ME) as session:
        error = await error_of(session.call("GET", "/v2/thing"))
    assert "check the credentials" in str(error)


def test_the_book_of_refusals_is_bounded() -> None:
    """It holds a thousand passwords, the latest ones."""
    book = RefusalBook()
    first = book.of("0")
    assert book.of("0") is first
    for number in range(1, 1001):
        book.of(str(number))
    assert book.of("0") is not first
    assert REFUSALS is not book


def test_a_refusal_an_hour_ago_counts_no_more() -> None:
    """Five in an hour are the most; an older one makes room."""
    time = 0.0
    refusals = Refusals(clock=lambda: time)
    error = AuthenticationError.__new__(AuthenticationError)
    for _ in range(5):
        refusals.add(error)
    assert (refusals.count, refusals.until_allowed) == (5, 3600)
    time = 3601.0
    assert (refusals.count, refusals.until_allowed, refusals.wait) == (0, 0, 0)


async def test_a_retry_of_the_login_counts_once() -> None:
    """A login that is tried again after a 503 and then refused is one refusal."""
    transport = ScriptedTransport(refusal(503), refusal(401, "no"))
    async with scripted(transport, credentials=ME, limit=UNLIMITED) as session:
        await error_of(session.call("GET", "/v2/thing"))
        assert session.login_state.refusals == 1


def test_a_login_that_cannot_be_made_holds_up_nobody_whose_token_serves(virtually: Virtually) -> None:
    """Past its assumed end a token serves on where logins answer 503: one call waits for one, no other."""

    async def main() -> list[str]:
        transport = ScriptedTransport(
            *[token("first"), OK, refusal(503), OK, OK, OK, refusal(503), OK, token("second"), OK]
        )
        once = RetryPolicy(attempts=1)
        async with scripted(transport, credentials=ME, retry=once) as session:
            await session.call("GET", "/v2/thing")
            await asyncio.sleep(3601)
            for _ in range(2):
                await session.call("GET", "/v2/thing")
            for _ in range(2):
                await asyncio.sleep(31)
                await session.call("GET", "/v2/thing")
                await asyncio.sleep(1)
            await session.call("GET", "/v2/thing")
            assert session.login_state.status == "logged_in"
            assert session.login_state.expires_in == pytest.approx(3599, abs=5)
        return transport.lines

    assert virtually(main()) == [LOGIN, THING, LOGIN, THING, THING, THING, LOGIN, THING, LOGIN, THING]


# --- a token without credentials --------------------------------------------------------------------------


async def test_a_lone_token_that_is_refused_is_told_as_refused(transport_name: TransportName) -> None:
    """The state says so, with the reason; the error has the server's id of the request, and its refusal."""
    said = http(b'{"messages": ["token revoked"]}', "X-Amzn-RequestId: amz-1", status="401 Unauthorized")
    async with (
        serving(says(said)) as address,
        session_on(address, transport=transport_name) as session,
    ):
        assert session.login_state.status == "logged_in"
        error = await error_of(session.call("GET", "/v2/thing"))
        state = session.login_state
    assert (error.login_refused, error.status, error.server_request_id) == (True, 401, "amz-1")
    assert error.messages == ("token revoked",)
    assert error.reply is not None
    assert (error.reply.status, error.reply.headers["x-amzn-requestid"]) == (401, "amz-1")
    assert (state.status, state.refusals, state.expires_in) == ("refused", 0, None)
    assert "token revoked" in (state.reason or "")


@pytest.mark.parametrize("generations", [1, 3])
async def test_a_lone_token_is_tried_again_and_heals(generations: int) -> None:
    """A 401 may be a mistake: calls go on trying the token, and the state heals where it serves."""
    transport = ScriptedTransport(refusal(401), refusal(502), answer(404), refusal(401), OK)
    policy = TokenPolicy(generations=generations)
    seen: list[str] = []
    async with scripted(transport, token=policy, retry=RetryPolicy(attempts=1)) as session:
        for _ in range(5):
            with contextlib.suppress(CallError):
                await session.call("GET", "/v2/thing")
            seen.append(session.login_state.status)
    assert transport.lines == [THING] * 5
    assert seen == ["refused", "refused", "logged_in", "refused", "logged_in"]


async def test_credentials_take_the_place_of_a_lone_token_that_was_refused() -> None:
    """Once there are credentials, a token that was refused is sent no more: the next call logs in."""
    transport = ScriptedTransport(refusal(401), token("new"), OK)
    async with scripted(transport) as session:
        await error_of(session.call("GET", "/v2/thing"))
        session.change_credentials(ME)
        assert (session.login_state.status, session.login_state.reason) == ("logged_out", None)
        await session.call("GET", "/v2/thing")
        assert (session.login_state.status, session.login_state.reason) == ("logged_in", None)
    assert transport.lines == [THING, LOGIN, THING]
    assert transport.sent[-1].headers["X-AUTH-TOKEN"] == "new"


async def test_a_login_refused_for_its_partition_keeps_the_refusal() -> None:
    """What the server said of it goes with the error, as with any other refused login."""
    transport = ScriptedTransport(refusal(400, "NotPermitted: partition"))
    async with scripted(transport, credentials=ME) as session:
        error = await error_of(session.call("GET", "/v2/thing"))
    assert "because of its partition" in str(error)
    assert error.reply is not None
    assert error.reply.status == 400
