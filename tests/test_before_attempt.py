"""`Call.before_attempt`: what a caller does before each attempt, on each road that an attempt can take."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from alianza_async.endpoints.other_hosts import redirected_call
from alianza_async.errors import ConnectionFailedError, JournalError, RateLimitError
from alianza_async.policies.values import RetryPolicy
from alianza_async.sandbox import Fault, RunningSandbox, Sandbox
from alianza_async.session import Session
from alianza_async.settings import Credentials
from tests.conftest import FAST_RETRY, UNLIMITED
from tests.fakes import ScriptedTransport, answer, lost, never_connected, refusal, scripted, token
from tests.retry_calls import CREATE, FOUND, LOOK_UP, new_account

if TYPE_CHECKING:
    from alianza_async.calls.call import Call
    from alianza_async.transports.choice import TransportName
    from tests.fakes import Step

OK = answer(200, FOUND)
ABSENT = refusal(404, "Account not found")
THROTTLED = refusal(429, headers={"retry-after": "0"})


class Intents:
    """Notes each attempt before it leaves, and refuses the one it is told to refuse."""

    def __init__(self, refuse: int | None = None) -> None:
        self.attempts: list[int] = []
        self.refuse = refuse

    async def __call__(self, call: Call) -> None:
        """Note how many attempts left before this one."""
        self.attempts.append(call.attempts)
        if len(self.attempts) == self.refuse:
            raise JournalError("the disk is full")


async def create(session: Session, intents: Intents) -> None:
    """Create an account, with an intent before each attempt."""
    call = await session.accounts.create.prepare(new_account())
    call.before_attempt = intents
    await session.send(call)


@pytest.mark.parametrize(
    "script",
    [
        pytest.param((OK,), id="the first"),
        pytest.param((THROTTLED, THROTTLED, OK), id="after a 429"),
        pytest.param((never_connected, OK), id="after a connection never made"),
        pytest.param((lost, ABSENT, OK), id="after a look-up that found nothing"),
        pytest.param((THROTTLED, never_connected, lost, ABSENT, refusal(500), ABSENT, OK), id="after all"),
    ],
)
async def test_every_attempt_is_preceded(script: tuple[Step, ...]) -> None:
    """Each attempt has its intent before it leaves, whatever failed before it; a look-up has none."""
    transport, intents = ScriptedTransport(*script), Intents()
    async with scripted(transport) as session:
        await create(session, intents)
    assert intents.attempts == list(range(transport.lines.count(CREATE)))
    assert transport.left == 0


async def test_a_new_login_is_a_new_attempt() -> None:
    """A replay with a new token has an intent of its own, made after the login; the login has none."""
    transport, intents = ScriptedTransport(token("old"), refusal(401), token("new"), OK), Intents()
    async with scripted(transport, credentials=Credentials("me", "a-password")) as session:
        await create(session, intents)
    assert intents.attempts == [0, 1]


@pytest.mark.parametrize(
    ("before", "sent"), [((), []), ((THROTTLED,), [CREATE]), ((never_connected,), [CREATE])]
)
async def test_what_it_raises_ends_the_call_unsent(before: tuple[Step, ...], sent: list[str]) -> None:
    """Where the intent cannot be written, the attempt does not leave, and no other one follows."""
    transport, intents = ScriptedTransport(*before), Intents(refuse=len(before) + 1)
    async with scripted(transport) as session:
        with pytest.raises(JournalError, match="the disk is full"):
            await create(session, intents)
    assert transport.lines == sent


async def test_what_it_raises_after_a_lost_answer_ends_the_call_too() -> None:
    """After a lost answer and a look-up that found nothing, no intent means no second create."""
    transport, intents = ScriptedTransport(lost, ABSENT), Intents(refuse=2)
    async with scripted(transport) as session:
        with pytest.raises(JournalError):
            await create(session, intents)
    assert transport.lines == [CREATE, LOOK_UP]


async def test_a_file_fetched_from_elsewhere_has_no_intent() -> None:
    """The hop to where a file lies changes nothing at the API: it is no attempt of the caller's."""
    async with scripted(ScriptedTransport()) as session:
        call = await session.accounts.create.prepare(new_account())
    call.before_attempt = Intents()
    assert redirected_call(call, "https://files.example/x").before_attempt is None


async def test_it_holds_on_each_transport(
    sandbox: Sandbox, served: RunningSandbox, credentials: Credentials, transport_name: TransportName
) -> None:
    """On real sockets: a refused token, a 429 and a cut answer make as many intents as creates arrived."""
    intents = Intents()
    sandbox.faults.add(Fault(kind="status_before", operation="createAccount", status=401))
    sandbox.faults.add(
        Fault(kind="status_before", operation="createAccount", status=429, headers={"Retry-After": "0"})
    )
    sandbox.faults.add(Fault(kind="cut_before", operation="createAccount"))
    async with Session(
        credentials, base_url=served.base_url, retry=FAST_RETRY, limit=UNLIMITED, transport=transport_name
    ) as session:
        await create(session, intents)
    assert intents.attempts == [0, 1, 2, 3]
    assert sandbox.truth().requests["createAccount"] == 4
    assert len(sandbox.store.accounts) == 1


async def test_a_server_that_is_not_there_is_tried_with_an_intent_each_time(
    transport_name: TransportName,
) -> None:
    """Attempts that never connected have their intents as well: nobody can know it beforehand."""
    intents = Intents()
    async with Session(
        base_url="http://127.0.0.1:9",
        auth_token="token-0",
        partition_id="part",
        retry=RetryPolicy(attempts=3, wait_initial=0, wait_max=0, wait_jitter=0),
        limit=UNLIMITED,
        transport=transport_name,
    ) as session:
        with pytest.raises(ConnectionFailedError):
            await create(session, intents)
    assert len(intents.attempts) == 3


async def test_a_429_that_outlasts_the_tries_counts_each() -> None:
    """Every 429 was an attempt with an intent, also where the call gives up."""
    transport, intents = ScriptedTransport(otherwise=THROTTLED), Intents()
    async with scripted(transport) as session:
        with pytest.raises(RateLimitError):
            await create(session, intents)
    assert len(intents.attempts) == len(transport.sent)
