from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import pytest

from alianza_async.carrier import AlianzaLogin
from alianza_async.errors import (
    AuthenticationError,
    ConfigurationError,
    ServerError,
    SessionStateError,
)
from alianza_async.models.authorize import LoginInfo
from alianza_async.policies.authentication import Authenticator, Identity, Token
from alianza_async.policies.values import LimitPolicy, RetryPolicy, TokenPolicy
from alianza_async.sandbox import Fault, Sandbox
from alianza_async.settings import Credentials
from tests.fakes import ScriptedTransport, Step, answer, lost, refusal, scripted, token
from tests.virtual_time import now, run_virtual, use_clock

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from alianza_async.calls.call import Call, Reply
    from alianza_async.policies.base import Next
    from alianza_async.session import Session

LOGIN = "POST /v2/authorize"
ME = Credentials("me", "a-password")
OK = answer(200, {})


ABSURD = list(enumerate[object]((0, -5, "soon", 1e12, True, None, {}, "nan", "inf", "9" * 5000)))


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


class Logins:
    """Logs in when it is let, and counts."""

    def __init__(self, **facts: object) -> None:
        self.count = 0
        self.free = asyncio.Event()
        self.free.set()
        self.facts = facts
        self.error: Exception | None = None

    async def __call__(self) -> LoginInfo:
        """Answer a token with the login's number."""
        self.count += 1
        number = self.count
        await self.free.wait()
        if self.error is not None:
            raise self.error
        return LoginInfo.model_validate({"authToken": f"token-{number}", **self.facts})


class Scheme(AlianzaLogin):
    """Alianza's login, made by a function: the authenticator's part is tested without a pipeline.

    Args:
        login: Answers who is logged in; None where there are no credentials.
    """

    def __init__(self, login: Callable[[], Awaitable[LoginInfo]] | None) -> None:
        super().__init__(None if login is None else ME)
        self._login = login

    async def log_in(self, _send: Next, /) -> Token:
        """Return the token of the function's answer."""
        assert self._login is not None
        info = await self._login()
        assert info.auth_token is not None
        return Token(info.auth_token.get_secret_value(), info.lifetime(), Identity(info))


async def unsent(call: Call) -> Reply[object]:
    """Send nothing."""
    raise AssertionError(f"these tests send nothing, and this would send {call}")


def stamped(authenticator: Authenticator) -> str | None:
    """Return the token that a call would carry now."""
    from alianza_async.calls.call import Call, Operation, OperationClass

    headers: dict[str, str] = {}
    call = Call(Operation("x", "GET", "/v2/x", OperationClass.SAFE), "/v2/x", {})
    authenticator.stamp(call, headers)
    assert call.generation == authenticator.generation
    return headers.get("X-AUTH-TOKEN")


async def test_a_thousand_first_calls_make_one_login(sandbox: Sandbox, session: Session) -> None:
    """However many calls are first, one login serves them all."""
    await asyncio.gather(*(session.accounts.list() for _ in range(1000)))
    assert sandbox.truth().requests == {"logUserIn": 1, "getAccounts": 1000}


async def test_a_thousand_calls_at_expiry_make_one_login(sandbox: Sandbox, session: Session) -> None:
    """When the token stops being valid under a thousand calls, one login serves them all."""
    await session.accounts.list()
    sandbox.store.tokens.revoke_all()
    await asyncio.gather(*(session.accounts.list() for _ in range(1000)))
    truth = sandbox.truth()
    assert truth.requests["logUserIn"] == 2
    assert truth.statuses["200"] == 1003


async def test_cancelling_waiters_harms_no_other() -> None:
    """The login runs for everybody: cancelling any of its waiters, the first one too, harms no other."""
    logins = Logins()
    logins.free.clear()
    authenticator = Authenticator(Scheme(logins), unsent, TokenPolicy())
    waiters = [asyncio.create_task(authenticator.ready()) for _ in range(100)]
    await asyncio.sleep(0)
    for waiter in waiters[::3]:
        waiter.cancel()
    await asyncio.sleep(0)
    logins.free.set()
    outcomes = await asyncio.gather(*waiters, return_exceptions=True)
    cancelled = [isinstance(outcome, asyncio.CancelledError) for outcome in outcomes]
    assert cancelled == [index % 3 == 0 for index in range(100)]
    assert logins.count == 1
    assert stamped(authenticator) == "token-1"


async def test_a_login_all_of_whose_waiters_are_gone_still_counts() -> None:
    """A login that nobody waits for any more ends well, and the next call needs no other."""
    logins = Logins()
    logins.free.clear()
    authenticator = Authenticator(Scheme(logins), unsent, TokenPolicy())
    waiter = asyncio.create_task(authenticator.ready())
    await asyncio.sleep(0)
    waiter.cancel()
    await asyncio.gather(waiter, return_exceptions=True)
    logins.free.set()
    await authenticator.ready()
    assert logins.count == 1


@pytest.mark.parametrize(
    ("facts", "quiet_for"),
    [
        pytest.param({"expiresIn": 3600}, 3300, id="five minutes before"),
        pytest.param({"expiresIn": "3600"}, 3300, id="as text"),
        pytest.param({"expiresIn": 100}, 80, id="80 % of a short life"),
        pytest.param({"expiresIn": 1500}, 1200, id="where both are the same"),
        pytest.param({"maxLifeInHours": 8}, 8 * 3600 - 300, id="in hours"),
        pytest.param({"expiresIn": 7200, "maxLifeInHours": 8}, 6900, id="expiresIn wins"),
        pytest.param({}, 1700, id="not told: the setting"),
        *(pytest.param({"expiresIn": absurd}, 1700, id=f"absurd {number}") for number, absurd in ABSURD),
        pytest.param({"expiresIn": -1, "maxLifeInHours": 2}, 6900, id="absurd, then hours"),
    ],
)
async def test_the_token_is_renewed_ahead_of_its_end(facts: dict[str, object], quiet_for: float) -> None:
    """Five minutes before its end, or at 80 % of a shorter life, a token is renewed; not a second before."""
    clock, logins = Clock(), Logins(**facts)
    authenticator = Authenticator(Scheme(logins), unsent, TokenPolicy(lifetime=2000), clock=clock)
    await authenticator.ready()
    clock.now += quiet_for - 1
    await authenticator.ready()
    await asyncio.sleep(0)
    assert logins.count == 1
    clock.now += 1.5
    await authenticator.ready()
    await asyncio.sleep(0)
    assert logins.count == 2


async def test_the_old_token_serves_while_it_is_renewed() -> None:
    """A renewal ahead of the end keeps nobody waiting, is made once, and its token then takes over."""
    clock, logins = Clock(), Logins(expiresIn=3600)
    authenticator = Authenticator(Scheme(logins), unsent, TokenPolicy(), clock=clock)
    await authenticator.ready()
    logins.free.clear()
    clock.now += 3400
    await asyncio.gather(*(authenticator.ready() for _ in range(1000)))
    assert (logins.count, stamped(authenticator)) == (2, "token-1")
    logins.free.set()
    await authenticator.renew()
    assert (logins.count, stamped(authenticator)) == (2, "token-2")


async def test_without_a_token_none_is_stamped() -> None:
    """A request that leaves before any login carries no token header."""
    assert stamped(Authenticator(Scheme(None), unsent, TokenPolicy())) is None


async def test_past_its_end_a_token_is_not_used() -> None:
    """A call that comes when the token has ended waits for the next one."""
    clock, logins = Clock(), Logins(expiresIn=3600)
    authenticator = Authenticator(Scheme(logins), unsent, TokenPolicy(), clock=clock)
    await authenticator.ready()
    clock.now += 3600
    await authenticator.ready()
    assert (logins.count, stamped(authenticator)) == (2, "token-2")


async def test_a_failed_renewal_is_a_warning_while_the_old_token_serves(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Where a renewal ahead of the end fails, calls go on; it is tried again later, not at once."""
    clock, logins = Clock(), Logins(expiresIn=3600)
    authenticator = Authenticator(Scheme(logins), unsent, TokenPolicy(), clock=clock)
    await authenticator.ready()
    logins.error = ConfigurationError("broken for now")
    clock.now += 3400
    for _ in range(3):
        await authenticator.ready()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    assert logins.count == 2
    assert "broken for now" in caplog.text
    logins.error = None
    clock.now += 31
    await authenticator.ready()
    await asyncio.sleep(0)
    assert (logins.count, stamped(authenticator)) == (3, "token-3")


async def test_a_401_on_an_older_token_is_replayed_freely() -> None:
    """Where a newer token is there already, a 401 costs no login."""
    under_way, held = asyncio.Event(), asyncio.Event()

    async def late_401(call: Call) -> Reply[object]:
        under_way.set()
        await held.wait()
        return refusal(401)(call)

    transport = ScriptedTransport(token("old"), late_401, token("new"), OK)
    async with scripted(transport, credentials=ME) as session:
        call = asyncio.create_task(session.call("GET", "/v2/thing"))
        await under_way.wait()
        await session.login()
        held.set()
        await call
    assert transport.lines == [LOGIN, "GET /v2/thing", LOGIN, "GET /v2/thing"]
    assert transport.sent[-1].headers["X-AUTH-TOKEN"] == "new"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
async def test_a_refused_login_stops_everybody_at_once(status: int) -> None:
    """A refused login fails every caller with one request, and every later one with none."""
    transport = ScriptedTransport(refusal(status, "Bad credentials"))
    async with scripted(transport, credentials=ME) as session:
        calls = [session.call("GET", "/v2/thing") for _ in range(100)]
        errors = await asyncio.gather(*calls, return_exceptions=True)
        with pytest.raises(AuthenticationError) as later:
            await session.call("GET", "/v2/thing")
    assert [type(error) for error in errors] == [AuthenticationError] * 100
    assert len({id(error) for error in errors}) == 100
    assert later.value.login_refused
    assert "Bad credentials" in str(later.value)
    assert transport.lines == [LOGIN]


async def test_logging_in_by_hand_clears_a_refusal() -> None:
    """`session.login()` tries again after a refusal, and calls go on where it succeeds."""
    transport = ScriptedTransport(refusal(401, "no"), refusal(401, "still no"), token(), OK)
    async with scripted(transport, credentials=ME) as session:
        for _ in range(2):
            with pytest.raises(AuthenticationError):
                await session.login()
        info = await session.login()
        assert (await session.call("GET", "/v2/thing")).status == 200
    assert info.partition_id == "part"


@pytest.mark.parametrize("failure", [refusal(503), refusal(429, headers={"retry-after": "0"}), lost])
async def test_a_login_is_tried_again_like_any_call(failure: Step) -> None:
    """A throttled or failing login is not refused: it is sent again, once for everybody."""
    transport = ScriptedTransport(failure, failure, token(), otherwise=OK)
    async with scripted(transport, credentials=ME) as session:
        await asyncio.gather(*(session.call("GET", "/v2/thing") for _ in range(10)))
    assert transport.lines == [LOGIN] * 3 + ["GET /v2/thing"] * 10


async def test_a_login_that_fails_is_not_latched() -> None:
    """A login that failed without being refused is tried anew by the next call."""
    once = RetryPolicy(attempts=1)
    transport = ScriptedTransport(refusal(503), token(), OK)
    async with scripted(transport, credentials=ME, retry=once) as session:
        with pytest.raises(ServerError):
            await session.call("GET", "/v2/thing")
        assert (await session.call("GET", "/v2/thing")).status == 200


def test_the_login_pays_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """A login takes a token of the rate limit like any request: four calls at 1/s take four seconds."""
    use_clock(monkeypatch)

    async def main() -> float:
        transport = ScriptedTransport(token(), otherwise=OK)
        async with scripted(transport, credentials=ME, limit=LimitPolicy(rate=1)) as session:
            for _ in range(4):
                await session.call("GET", "/v2/thing")
            return now()

    assert run_virtual(main()) >= 4


async def test_a_given_token_is_used_without_a_login() -> None:
    """A token already issued is sent as it is; nobody logs in."""
    transport = ScriptedTransport(OK)
    async with scripted(transport, auth_token="issued-elsewhere") as session:
        await session.call("GET", "/v2/thing")
    assert transport.sent[0].headers["X-AUTH-TOKEN"] == "issued-elsewhere"


async def test_a_given_token_that_is_refused_is_replaced_where_there_are_credentials() -> None:
    """Where both are given, the token serves until it is refused; then the credentials log in."""
    transport = ScriptedTransport(refusal(401), token("mine"), OK)
    async with scripted(transport, auth_token="stale", credentials=ME) as session:
        await session.call("GET", "/v2/thing")
    assert [sent.headers.get("X-AUTH-TOKEN") for sent in transport.sent] == ["stale", None, "mine"]


async def test_a_given_token_that_is_refused_cannot_be_replaced_without_credentials() -> None:
    """Without credentials a refused token is an authentication error that says what to do."""
    transport = ScriptedTransport(refusal(401), refusal(401))
    async with scripted(transport, auth_token="stale") as session:
        with pytest.raises(AuthenticationError, match="give another token") as caught:
            await session.call("GET", "/v2/thing")
        with pytest.raises(ConfigurationError, match="no credentials"):
            await session.login()
    assert (caught.value.status, caught.value.login_refused) == (401, True)
    assert "stale" not in str(caught.value)


async def test_the_partition_of_a_given_token_is_asked_for_once() -> None:
    """A token says nothing of its partition: a thousand first calls ask once whose it is."""
    transport = ScriptedTransport(answer(200, {"partitionId": "mine"}), otherwise=answer(200, []))
    async with scripted(transport, partition_id=None) as session:
        await asyncio.gather(*(session.accounts.list() for _ in range(1000)))
        assert session.known_partition == "mine"
    assert transport.lines.count("GET /v2/authorize/userinfo") == 1
    assert transport.lines.count("GET /v2/partition/mine/account") == 1000


async def test_the_partition_is_the_logins() -> None:
    """Without a partition told, the login's is used."""
    transport = ScriptedTransport(token(), answer(200, []))
    async with scripted(transport, credentials=ME, partition_id=None) as session:
        await session.accounts.list()
    assert transport.lines == [LOGIN, "GET /v2/partition/part/account"]


async def test_a_login_without_a_partition_says_so() -> None:
    """Where nobody knows a partition, the error says how to give one."""
    transport = ScriptedTransport(answer(200, {"authToken": "t"}), OK)
    async with scripted(transport, credentials=ME, partition_id=None) as session:
        with pytest.raises(ConfigurationError, match="ALIANZA_PARTITION_ID"):
            await session.accounts.list()


@pytest.mark.parametrize(
    "body", [{}, {"authToken": None}, {"authToken": "no\r\nheader"}, {"authToken": "ключ"}]
)
async def test_a_login_without_a_token_is_no_login(body: dict[str, object]) -> None:
    """A login that answers no token, or one that no header can hold, is a configuration error."""
    async with scripted(ScriptedTransport(answer(200, body)), credentials=ME) as session:
        with pytest.raises(ConfigurationError, match="token"):
            await session.call("GET", "/v2/thing")


async def test_a_password_to_be_changed_is_a_warning_and_a_property(
    sandbox: Sandbox, session: Session, caplog: pytest.LogCaptureFixture
) -> None:
    """`mustChangePassword` stops nothing: it is logged once a login and told by a property."""
    sandbox.options = sandbox.options.with_changes({"must_change_password": True})
    before = session.must_change_password
    with caplog.at_level(logging.WARNING, "alianza_async"):
        await session.accounts.list()
        await session.accounts.list()
    assert (before, session.must_change_password) == (False, True)
    assert caplog.text.count("must be changed") == 1


async def test_closing_ends_a_login_under_way() -> None:
    """A call that waits for a login when the session closes is told so; it is not cancelled itself."""
    logins = Logins()
    logins.free.clear()
    authenticator = Authenticator(Scheme(logins), unsent, TokenPolicy())
    waiter = asyncio.create_task(authenticator.ready())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await authenticator.aclose()
    with pytest.raises(SessionStateError, match="closed"):
        await waiter
    await authenticator.aclose()


async def test_what_is_no_error_of_ours_reaches_the_waiters() -> None:
    """A fault in the login itself is not swallowed."""
    logins = Logins()
    logins.error = ValueError("a fault of the program")
    with pytest.raises(ValueError, match="a fault of the program"):
        await Authenticator(Scheme(logins), unsent, TokenPolicy()).ready()


async def test_an_expired_token_is_renewed_without_anybody_noticing(
    sandbox: Sandbox, session: Session
) -> None:
    """Calls go on over a server that forgets tokens again and again."""
    for _ in range(5):
        sandbox.store.tokens.revoke_all()
        await asyncio.gather(*(session.accounts.list() for _ in range(20)))
    assert sandbox.truth().requests["logUserIn"] == 5


async def test_the_session_is_logged_in_again_after_a_login_that_hung(
    sandbox: Sandbox, session: Session
) -> None:
    """A login whose answer is lost is sent again: a second token does no harm."""
    sandbox.faults.add(Fault(kind="cut_after", operation="logUserIn", times=2))
    await session.accounts.list()
    assert sandbox.truth().requests["logUserIn"] == 3
