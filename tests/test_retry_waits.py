"""How often, how long: attempts, deadlines, and what servers tell us to wait."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from alianza_async.errors import (
    AlianzaError,
    CallError,
    CallTimeoutError,
    ConnectionFailedError,
    ConnectionLostError,
    RateLimitError,
    ServerError,
    UnknownOutcomeError,
)
from alianza_async.policies.values import RetryPolicy
from tests.fakes import ScriptedTransport, Step, answer, lost, never_connected, refusal, scripted, timed_out
from tests.retry_calls import CREATE, FOUND, LOOK_UP, Make, action, create, reply_of, safe, settled
from tests.virtual_time import now, run_virtual, use_clock

if TYPE_CHECKING:
    from collections.abc import Awaitable, Sequence

    from alianza_async.calls.call import Call, Reply

OK = answer(200, FOUND)
ABSENT = refusal(404, "Account not found")


def taking(seconds: float, step: Step) -> Step:
    """Return a step that takes so much of a call's time, without taking any of the test's."""

    def slow(call: Call) -> Reply[object] | Awaitable[Reply[object]]:
        call.spent += seconds
        return step(call)

    return slow


def policy(**changes: float) -> RetryPolicy:
    """Return a policy that waits exactly as long as it says, and lets nothing settle."""
    return RetryPolicy(**{"wait_jitter": 0, "settle_s": 0, **changes})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


class Timed:
    """What became of one call in virtual time: its outcome, and when each request left."""

    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, make: Make, script: Sequence[Step], retry: RetryPolicy
    ) -> None:
        use_clock(monkeypatch)
        self.times: list[float] = []
        self.outcome, self.took = run_virtual(self._run(make, script, retry))

    async def _run(
        self, make: Make, script: Sequence[Step], retry: RetryPolicy
    ) -> tuple[Reply[object] | AlianzaError, float]:
        def marked(step: Step) -> Step:
            def mark(call: Call) -> Reply[object] | Awaitable[Reply[object]]:
                self.times.append(now())
                return step(call)

            return mark

        outcome = await settled(make, ScriptedTransport(*map(marked, script)), retry)
        return outcome, now()

    @property
    def gaps(self) -> list[float]:
        """Seconds between the requests."""
        return [round(later - earlier, 3) for earlier, later in pairwise(self.times)]


async def test_attempts_are_spent_and_the_last_error_stands() -> None:
    """After the last attempt its error is raised; it says how many there were."""
    transport = ScriptedTransport(otherwise=refusal(503, "down"))
    error = await settled(safe, transport)
    assert isinstance(error, ServerError)
    assert (error.attempts, len(transport.sent)) == (6, 6)


async def test_one_attempt_is_never_again() -> None:
    """With one attempt nothing is sent twice, but a lost create is still looked up."""
    once = policy(attempts=1)
    transport = ScriptedTransport(lost, OK)
    reply = await reply_of(create, transport, once)
    assert (reply.adopted, transport.lines) == (True, [CREATE, LOOK_UP])
    assert isinstance(await settled(safe, ScriptedTransport(never_connected), once), ConnectionFailedError)


async def test_a_create_whose_last_answer_was_lost_is_looked_up_one_last_time() -> None:
    """With the attempts spent, what is found is adopted; where nothing is, the last error stands."""
    twice = policy(attempts=2, wait_initial=0, wait_max=0)
    reply = await reply_of(create, ScriptedTransport(lost, ABSENT, lost, OK), twice)
    assert (reply.adopted, reply.attempts) == (True, 2)
    transport = ScriptedTransport(lost, ABSENT, timed_out, ABSENT)
    assert isinstance(await settled(create, transport, twice), CallTimeoutError)
    assert transport.lines == [CREATE, LOOK_UP, CREATE, LOOK_UP]


async def test_a_create_that_cannot_go_on_is_looked_up_one_last_time() -> None:
    """A final refusal after a lost answer does not hide what the lost attempt did."""
    reply = await reply_of(create, ScriptedTransport(lost, ABSENT, refusal(403, "no"), OK))
    assert reply.adopted


async def test_a_call_ends_when_its_time_is_spent() -> None:
    """Once a call has spent its time no further request is sent; the last one gets only what is left."""
    transport = ScriptedTransport(taking(100, lost), taking(20, lost))
    error = await settled(safe, transport, policy(wait_initial=0))
    assert isinstance(error, ConnectionLostError)
    first, second = transport.sent
    assert (first.timeout, round(second.timeout)) == (30, 20)


def test_waiting_between_attempts_spends_the_calls_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Backing off counts towards the time of a call."""
    script = [lost] * 10
    call = Timed(
        monkeypatch, safe, script, policy(attempts=10, total_timeout=25, wait_initial=10, wait_max=10)
    )
    assert isinstance(call.outcome, ConnectionLostError)
    assert call.gaps == [10, 10]


async def test_a_last_look_up_has_time_for_an_answer() -> None:
    """A lost create that has spent all its time is still looked up, with time for one whole answer."""
    transport = ScriptedTransport(taking(500, lost), OK)
    reply = await reply_of(create, transport)
    assert reply.adopted
    assert transport.sent[1].timeout == pytest.approx(30, abs=1)


async def test_resolving_later_has_time_of_its_own() -> None:
    """`resolve` asks anew, with the whole of a call's time: what the call spent before does not count."""
    transport = ScriptedTransport(taking(500, lost), taking(500, lost), taking(100, lost), OK)
    retry = policy(wait_initial=0)
    async with scripted(transport, retry=retry) as session:
        with pytest.raises(UnknownOutcomeError) as caught:
            await create(session)
        assert await caught.value.resolve() is not None
    assert transport.sent[-2].timeout == 30
    assert transport.sent[-1].timeout == pytest.approx(20, abs=1)


def test_back_off_doubles_up_to_its_cap(monkeypatch: pytest.MonkeyPatch) -> None:
    """The waits double from the first one and never pass their cap."""
    call = Timed(monkeypatch, safe, [lost] * 6, policy(wait_initial=1, wait_max=3))
    assert call.gaps == [1, 2, 3, 3, 3]


def test_a_lost_create_settles_before_it_is_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server may be about to carry it out: nothing is asked before `settle_s`."""
    retry = policy(attempts=2, wait_initial=0.5, settle_s=4)
    script = [lost, ABSENT, lost, ABSENT]
    assert Timed(monkeypatch, create, script, retry).gaps == [4, 0, 4]
    assert Timed(monkeypatch, safe, [lost, OK], retry).gaps == [0.5]
    assert Timed(monkeypatch, create, [lost, OK], policy(wait_initial=9, settle_s=4)).gaps == [9]


@pytest.mark.parametrize("attempt", range(5))
def test_jitter_stays_within_its_cap(monkeypatch: pytest.MonkeyPatch, attempt: int) -> None:
    """Jitter lengthens a wait by so much at the most, and not past the cap."""
    call = Timed(monkeypatch, safe, [lost] * 6, RetryPolicy(wait_initial=1, wait_max=3, wait_jitter=0.5))
    assert all(1 <= gap <= 3 for gap in call.gaps), attempt
    assert 1 <= call.gaps[0] <= 1.5


def test_a_503_waits_as_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """`Retry-After` of a 503 takes the place of our own back-off, shorter or longer."""
    script = [refusal(503, headers={"retry-after": "7"}), refusal(503, headers={"retry-after": "0"}), OK]
    call = Timed(monkeypatch, safe, script, policy(wait_initial=3))
    assert call.gaps == [7, 0]


def test_what_is_told_gets_jitter_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Callers told the same moment do not come back in the same instant."""
    script = [refusal(503, headers={"retry-after": "7"}), OK]
    gap = Timed(monkeypatch, safe, script, RetryPolicy(wait_jitter=0.5)).gaps[0]
    assert 7 <= gap <= 7.5


def test_a_429_pauses_as_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A 429 pauses as long as it says, or one second where it says nothing; that spends no call's time."""
    script = [refusal(429, headers={"retry-after": "60"}), refusal(429), OK]
    call = Timed(monkeypatch, safe, script, policy(total_timeout=50, attempt_timeout=50))
    assert call.gaps[0] == pytest.approx(60, abs=0.01)
    assert call.gaps[1] == pytest.approx(1, abs=0.1)
    assert not isinstance(call.outcome, AlianzaError)


def test_a_date_or_a_reset_is_heeded(monkeypatch: pytest.MonkeyPatch) -> None:
    """`Retry-After` as a date and `X-RateLimit-Reset` as Unix time are waits, too."""
    moment = datetime.now(UTC) + timedelta(seconds=40)
    script = [
        refusal(503, headers={"retry-after": format_datetime(moment, usegmt=True)}),
        refusal(503, headers={"x-ratelimit-reset": str(int(moment.timestamp()) + 1)}),
        OK,
    ]
    call = Timed(monkeypatch, safe, script, policy())
    assert call.gaps == pytest.approx([40, 40], abs=2)


@pytest.mark.parametrize(("status", "kind"), [(429, RateLimitError), (503, ServerError)])
@pytest.mark.parametrize("told", ["121", "86400", "99999999999"])
def test_a_longer_wait_than_the_cap_is_given_up(
    monkeypatch: pytest.MonkeyPatch, status: int, kind: type[CallError], told: str
) -> None:
    """Told to wait longer than the cap, a call gives up at once and says what it was told."""
    call = Timed(monkeypatch, safe, [refusal(status, "later", headers={"retry-after": told})], policy())
    assert isinstance(call.outcome, (RateLimitError, ServerError))
    assert type(call.outcome) is kind
    assert call.outcome.retry_after == float(told)
    assert call.took < 0.1


def test_a_rate_limit_error_says_when_to_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """`retry_at` is the moment the server named, in UTC; a moment past the calendar is its last year."""
    before = datetime.now(UTC)
    error = Timed(monkeypatch, safe, [refusal(429, headers={"retry-after": "500"})], policy()).outcome
    assert isinstance(error, RateLimitError)
    assert error.retry_at is not None
    assert timedelta(seconds=499) < error.retry_at - before < timedelta(seconds=510)
    error = Timed(monkeypatch, safe, [refusal(429, headers={"retry-after": "9" * 12})], policy()).outcome
    assert isinstance(error, RateLimitError)
    assert error.retry_at is not None
    assert error.retry_at.year == 9999


def test_a_429_without_a_word_spends_the_attempts(monkeypatch: pytest.MonkeyPatch) -> None:
    """429 after 429: the attempts end, and the error knows no moment to come back."""
    error = Timed(monkeypatch, action, [refusal(429)] * 6, policy()).outcome
    assert isinstance(error, RateLimitError)
    assert (error.retry_at, error.attempts) == (None, 6)


def test_a_told_wait_that_the_calls_time_does_not_hold_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waiting longer than the call has left would only end in giving up later."""
    script = [taking(100, refusal(503, headers={"retry-after": "30"}))]
    call = Timed(monkeypatch, safe, script, policy())
    assert isinstance(call.outcome, ServerError)
    assert call.took < 0.1


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    "told",
    [
        "",
        " ",
        "-1",
        "nan",
        "inf",
        "-inf",
        "1e9",
        "0x10",
        "soon",
        "9" * 400,
        "1,2",
        "Fri, 31 Feb 2026 00:00:00 GMT",
    ],
)
def test_hostile_waits_neither_crash_nor_wait_past_the_cap(
    monkeypatch: pytest.MonkeyPatch, told: str, status: int
) -> None:
    """What cannot be read as a wait says nothing: our own back-off decides, under its own cap."""
    script = [refusal(status, headers={"retry-after": told, "x-ratelimit-reset": told}), OK]
    call = Timed(monkeypatch, safe, script, policy(wait_initial=1, wait_max=2))
    assert not isinstance(call.outcome, AlianzaError)
    assert 0 < call.gaps[0] <= 2
