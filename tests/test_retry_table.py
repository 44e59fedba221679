"""ARCHITECTURE's table "What may be sent again", row by row, end to end through the pipeline."""

from __future__ import annotations

import pytest

from alianza_async.calls.call import NaturalKey, OperationClass, Reply
from alianza_async.calls.failures import Failure
from alianza_async.errors import (
    AlianzaError,
    AlreadyExistsError,
    AuthenticationError,
    CallError,
    ConflictError,
    NotFoundError,
    PermissionDeniedError,
    RequestRejectedError,
    ResponseShapeError,
    ServerError,
    UnknownOutcomeError,
)
from alianza_async.models.accounts import Account
from alianza_async.policies.retry import TABLE
from alianza_async.policies.values import RetryPolicy
from alianza_async.sandbox import Fault, Sandbox, SandboxOptions
from alianza_async.session import Session
from alianza_async.settings import Credentials
from alianza_async.transports.httpx import InProcessTransport
from tests.fakes import (
    ScriptedTransport,
    Step,
    answer,
    lost,
    never_connected,
    refusal,
    scripted,
    timed_out,
    token,
)
from tests.retry_calls import (
    CREATE,
    FOUND,
    LOOK_UP,
    OTHER,
    Make,
    action,
    create,
    delete,
    idempotent,
    new_account,
    reply_of,
    safe,
    settled,
)

CLASSES: dict[str, Make] = {"safe": safe, "idempotent": idempotent, "create": create, "action": action}
ALL = pytest.mark.parametrize("make", CLASSES.values(), ids=CLASSES.keys())
LOST_STEPS: dict[str, Step] = {
    **{str(status): refusal(status, "trouble") for status in (408, 500, 502, 503, 504, 520)},
    "reset or cut body": lost,
    "timeout": timed_out,
    "2xx that is no JSON": answer(200, b'{"id": "a'),
    "2xx from a proxy": answer(200, b"<html>Welcome</html>"),
}
LOST = pytest.mark.parametrize("failure", LOST_STEPS.values(), ids=LOST_STEPS.keys())
OK = answer(200, FOUND)
ABSENT = refusal(404, "Account not found")


def test_the_table_is_whole() -> None:
    """Every failure has a decision for every class: none is left to chance."""
    assert {failure: set(row) for failure, row in TABLE.items()} == {
        failure: set(OperationClass) for failure in Failure
    }


@ALL
async def test_never_connected_is_sent_again(make: Make) -> None:
    """What never left is sent again, whatever its class, with no look-up."""
    transport = ScriptedTransport(never_connected, never_connected, OK)
    reply = await reply_of(make, transport)
    assert (reply.status, reply.attempts, reply.adopted) == (200, 3, False)
    assert len(set(transport.lines)) == 1


@ALL
async def test_throttled_is_sent_again(make: Make) -> None:
    """A 429 was not carried out: it is sent again, whatever its class, with no look-up."""
    transport = ScriptedTransport(refusal(429, headers={"retry-after": "0"}), OK)
    reply = await reply_of(make, transport)
    assert (reply.status, reply.attempts, reply.adopted) == (200, 2, False)
    assert len(set(transport.lines)) == 1


@LOST
@pytest.mark.parametrize("make", [safe, idempotent])
async def test_a_lost_answer_of_what_does_no_harm_is_sent_again(make: Make, failure: Step) -> None:
    """Reads and plain PUTs whose answer was lost are sent again."""
    transport = ScriptedTransport(failure, OK)
    reply = await reply_of(make, transport)
    assert (reply.status, reply.attempts) == (200, 2)
    assert len(set(transport.lines)) == 1


@LOST
async def test_a_lost_create_that_is_found_is_adopted(failure: Step) -> None:
    """A create whose answer was lost is looked up by its key; what is found, equal, is its own work."""
    transport = ScriptedTransport(failure, OK)
    reply = await reply_of(create, transport)
    assert transport.lines == [CREATE, LOOK_UP]
    assert transport.sent[1].target == f"{LOOK_UP[4:]}?accountIdType=AccountNumber"
    assert (reply.adopted, reply.attempts) == (True, 1)
    assert isinstance(reply.value, Account)
    assert reply.value.id == "a1"


@LOST
async def test_a_lost_create_that_is_absent_is_sent_again(failure: Step) -> None:
    """A create whose answer was lost, and whose key is free, is sent again."""
    transport = ScriptedTransport(failure, ABSENT, OK)
    reply = await reply_of(create, transport)
    assert transport.lines == [CREATE, LOOK_UP, CREATE]
    assert (reply.adopted, reply.attempts) == (False, 2)


async def test_each_request_has_its_own_number() -> None:
    """All requests of a call carry its id, look-ups too, numbered in the order in which they left."""
    transport = ScriptedTransport(lost, ABSENT, OK)
    await reply_of(create, transport)
    ids = [sent.headers["X-Request-ID"] for sent in transport.sent]
    call_id = ids[0].removesuffix("-1")
    assert ids == [f"{call_id}-1", f"{call_id}-2", f"{call_id}-3"]


async def test_a_lost_create_whose_key_another_object_has_is_a_conflict() -> None:
    """Found, but different: somebody else's. It is looked up once, and nothing more is sent."""
    transport = ScriptedTransport(lost, answer(200, OTHER))
    error = await settled(create, transport)
    assert isinstance(error, ConflictError)
    assert [difference.field for difference in error.differences] == ["account_name"]
    assert transport.lines == [CREATE, LOOK_UP]


@pytest.mark.parametrize(
    "found",
    [
        pytest.param(refusal(403, "no"), id="refused"),
        pytest.param(answer(200, [FOUND, OTHER]), id="two in a list"),
        pytest.param(answer(200, "text"), id="no object"),
        pytest.param(answer(200, {**FOUND, "billingCycleDay": {}}), id="unreadable"),
    ],
)
async def test_a_lost_create_that_cannot_be_looked_up_is_unknown(found: Step) -> None:
    """Where the look-up fails, or finds two, nobody can tell; `resolve` looks again, as often as asked."""
    transport = ScriptedTransport(lost, found, OK, ABSENT)
    async with scripted(transport) as session:
        with pytest.raises(UnknownOutcomeError) as caught:
            await create(session)
        assert caught.value.resolvable
        seen = await caught.value.resolve()
        assert seen is not None
        assert isinstance(seen.value, Account)
        assert await caught.value.resolve() is None
    assert transport.lines == [CREATE, LOOK_UP, LOOK_UP, LOOK_UP]


async def test_a_look_up_is_itself_sent_again() -> None:
    """A look-up is a read: one lost answer of its own does not make the outcome unknown."""
    transport = ScriptedTransport(lost, lost, OK)
    reply = await reply_of(create, transport)
    assert (reply.adopted, transport.lines) == (True, [CREATE, LOOK_UP, LOOK_UP])


async def test_a_look_up_that_finds_one_in_a_list_adopts_it() -> None:
    """A look-up may answer a list: empty is absent, one is found."""
    transport = ScriptedTransport(lost, answer(200, []), lost, answer(200, [FOUND]))
    reply = await reply_of(create, transport)
    assert (reply.adopted, reply.attempts) == (True, 2)


@pytest.mark.parametrize(
    "failure", [*(step for name, step in LOST_STEPS.items() if not name.startswith("2xx"))]
)
async def test_a_lost_action_is_never_sent_again(failure: Step) -> None:
    """An action whose answer was lost is unknown; it has no key, so `resolve` says just that."""
    transport = ScriptedTransport(failure)
    error = await settled(action, transport)
    assert isinstance(error, UnknownOutcomeError)
    assert not error.resolvable
    assert len(transport.sent) == 1
    with pytest.raises(UnknownOutcomeError) as again:
        await error.resolve()
    assert again.value is error


async def test_a_create_without_its_key_is_an_action() -> None:
    """A create whose body has no key value can be found by nothing: it is never sent again."""
    key = NaturalKey("name", "/v2/thing/{key}")
    transport = ScriptedTransport(lost)
    async with scripted(transport) as session:
        with pytest.raises(UnknownOutcomeError) as caught:
            await session.call("POST", "/v2/thing", body={"other": 1}, key=key)
    assert not caught.value.resolvable
    assert transport.left == 0


async def test_a_raw_create_with_a_key_adopts_too() -> None:
    """`session.call` with a key passes the same road: its lost answer is looked up."""
    key = NaturalKey("name", "/v2/thing/{key}", (("by", "name"),))
    transport = ScriptedTransport(lost, answer(200, {"name": "N/1", "id": 7}))
    async with scripted(transport) as session:
        reply = await session.call("POST", "/v2/thing", body={"name": "N/1"}, key=key)
    assert (reply.adopted, reply.value) == (True, {"name": "N/1", "id": 7})
    assert transport.sent[1].target == "/v2/thing/N%2F1?by=name"


BY_FILTER = NaturalKey(
    "serial_no", "/v1/{site_id}/thing", (("serial_no", "{key}"),), parent="site_id", lookup_items="data"
)
SERIAL = {"serial_no": "N/1", "site_id": "s", "id": 7}


async def made_by_filter(transport: ScriptedTransport) -> Reply[object]:
    """Create what is found by a filter of its list."""
    async with scripted(transport) as session:
        return await session.call(
            "POST", "/v1/{site_id}/thing", ids={"site_id": "s"}, body={"serial_no": "N/1"}, key=BY_FILTER
        )


async def test_a_look_up_may_filter_a_list_in_an_envelope() -> None:
    """The key goes into the query, the objects come out of the envelope: none is absent, one is adopted."""
    transport = ScriptedTransport(lost, answer(200, {"data": []}), lost, answer(200, {"data": [SERIAL]}))
    reply = await made_by_filter(transport)
    assert (reply.adopted, reply.attempts, reply.value) == (True, 2, SERIAL)
    assert [sent.target for sent in transport.sent[::2]] == ["/v1/s/thing"] * 2
    assert [sent.target for sent in transport.sent[1::2]] == ["/v1/s/thing?serial_no=N%2F1"] * 2


@pytest.mark.parametrize(
    "found",
    [
        {"data": [{**SERIAL, "serial_no": "N/2"}]},  # the server does not know the filter
        {"data": [{**SERIAL, "site_id": "another"}]},
        {"data": [SERIAL, SERIAL]},
        {"data": None},
        {"items": []},
    ],
    ids=["unfiltered", "another site's", "two", "null", "no envelope"],
)
async def test_a_filter_that_proves_nothing_sends_nothing_again(found: object) -> None:
    """Only an empty list is absent: what else is no object of ours leaves the outcome unknown."""
    transport = ScriptedTransport(lost, answer(200, found))
    with pytest.raises(UnknownOutcomeError):
        await made_by_filter(transport)
    assert transport.left == 0


@ALL
async def test_a_refused_token_is_replayed_with_a_new_one(make: Make) -> None:
    """A 401 was not carried out: one login, and the call is replayed, whatever its class."""
    transport = ScriptedTransport(token("old"), refusal(401), token("new"), OK)
    async with scripted(transport, credentials=Credentials("me", "a-password")) as session:
        reply = await make(session)
    assert (reply.status, reply.adopted) == (200, False)
    assert [sent.headers.get("X-AUTH-TOKEN") for sent in transport.sent] == [None, "old", None, "new"]


@ALL
@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (403, PermissionDeniedError),
        (412, RequestRejectedError),
        (418, RequestRejectedError),
        (302, RequestRejectedError),
    ],
)
async def test_other_refusals_stand(make: Make, status: int, kind: type[CallError]) -> None:
    """Any other answer that is no 2xx is final at once: no second request, no look-up."""
    transport = ScriptedTransport(refusal(status, "no"))
    error = await settled(make, transport)
    assert type(error) is kind
    assert error.status == status
    assert len(transport.sent) == 1


@pytest.mark.parametrize("make", [safe, idempotent, action])
@pytest.mark.parametrize("status", [400, 404, 409, 422])
async def test_a_refusal_of_what_is_no_create_stands(make: Make, status: int) -> None:
    """400, 404, 409 and 422 are final for what has no key to look up."""
    transport = ScriptedTransport(refusal(status, "no"))
    error = await settled(make, transport)
    assert isinstance(error, CallError)
    assert (error.status, len(transport.sent)) == (status, 1)


REFUSED = pytest.mark.parametrize("status", [400, 409, 422])


@REFUSED
async def test_a_refused_create_whose_object_is_there_equal_exists(status: int) -> None:
    """Refused, looked up, equal in every field sent, and not by us: it exists already."""
    transport = ScriptedTransport(refusal(status, "in use"), OK)
    error = await settled(create, transport)
    assert isinstance(error, AlreadyExistsError)
    assert error.existing is not None
    assert isinstance(error.existing.value, Account)
    assert (error.existing.value.id, error.differences) == ("a1", ())
    assert transport.lines == [CREATE, LOOK_UP]


@REFUSED
async def test_a_refused_create_whose_object_is_there_different_conflicts(status: int) -> None:
    """Refused, looked up, different: a conflict that names the fields."""
    transport = ScriptedTransport(refusal(status, "in use"), answer(200, OTHER))
    error = await settled(create, transport)
    assert type(error) is ConflictError
    assert [difference.field for difference in error.differences] == ["account_name"]
    assert "account_name" in str(error)


@REFUSED
@pytest.mark.parametrize("found", [ABSENT, refusal(403, "no"), answer(200, [FOUND, FOUND])])
async def test_a_refused_create_whose_object_is_not_seen_keeps_its_refusal(status: int, found: Step) -> None:
    """Refused, and nothing in the way that can be seen: the server's own words stand."""
    transport = ScriptedTransport(refusal(status, "billingCycleDay must be at most 28"), found)
    error = await settled(create, transport)
    assert isinstance(error, (RequestRejectedError, ConflictError))
    assert error.messages == ("billingCycleDay must be at most 28",)
    assert [item.field for item in error.fields] == ["billing_cycle_day"]


@REFUSED
async def test_a_create_refused_after_its_own_lost_answer_is_adopted(status: int) -> None:
    """The look-up saw nothing yet, the second attempt is refused: what is there then is our own work."""
    transport = ScriptedTransport(lost, ABSENT, refusal(status, "in use"), OK)
    reply = await reply_of(create, transport)
    assert (reply.adopted, reply.attempts) == (True, 2)


async def test_a_create_refused_after_its_own_lost_answer_and_absent_is_refused() -> None:
    """After a lost answer, a refusal with nothing there stands."""
    transport = ScriptedTransport(lost, ABSENT, refusal(400, "no"), ABSENT)
    assert isinstance(await settled(create, transport), RequestRejectedError)


async def test_a_delete_that_finds_nothing_after_its_own_lost_answer_is_done() -> None:
    """404 on a DELETE after our own lost answer: it was carried out."""
    transport = ScriptedTransport(lost, refusal(404, "gone"))
    reply = await reply_of(delete, transport)
    assert (reply.status, reply.value, reply.attempts) == (404, None, 2)


@pytest.mark.parametrize("before", [(), (never_connected,), (refusal(429, headers={"retry-after": "0"}),)])
async def test_a_delete_that_finds_nothing_otherwise_is_not_done(before: tuple[Step, ...]) -> None:
    """404 on a DELETE that no lost attempt of ours can explain is an error."""
    assert isinstance(await settled(delete, ScriptedTransport(*before, ABSENT)), NotFoundError)


async def test_a_put_that_finds_nothing_is_never_done() -> None:
    """404 on a PUT, even after a lost answer, is an error: a PUT leaves something to find."""
    assert isinstance(await settled(idempotent, ScriptedTransport(lost, ABSENT)), NotFoundError)


@pytest.mark.parametrize("make", [safe, idempotent])
async def test_json_of_another_shape_is_not_asked_for_again(make: Make) -> None:
    """A 2xx whose JSON is not what the operation answers was carried out: it is reported, not repeated."""
    transport = ScriptedTransport(answer(200, [1, 2]))
    error = await settled(make, transport)
    assert isinstance(error, ResponseShapeError)
    assert not error.malformed
    assert len(transport.sent) == 1


async def test_a_created_object_that_cannot_be_read_is_looked_up() -> None:
    """A create answered with JSON of another shape was carried out: the look-up brings the object."""
    transport = ScriptedTransport(answer(200, {"billingCycleDay": "not a number"}), OK)
    reply = await reply_of(create, transport)
    assert (reply.adopted, transport.lines) == (True, [CREATE, LOOK_UP])


async def test_a_failed_login_is_not_an_answer_lost() -> None:
    """A call whose login failed was never sent: it is not unknown, and the login is not repeated for it."""
    transport = ScriptedTransport(otherwise=refusal(503, "down"))
    retry = RetryPolicy(attempts=2, wait_initial=0, wait_max=0, wait_jitter=0, settle_s=0)
    async with scripted(transport, credentials=Credentials("me", "a-password"), retry=retry) as session:
        with pytest.raises(ServerError) as caught:
            await action(session)
    assert caught.value.operation_id == "logUserIn"
    assert transport.lines == ["POST /v2/authorize"] * 2


async def test_three_generations_of_tokens_and_no_more() -> None:
    """A call whose third token is refused too fails alone, as unauthorised; the login was not refused."""
    steps = [token("one"), refusal(401), token("two"), refusal(401), token("three"), refusal(401, "no")]
    transport = ScriptedTransport(*steps, OK)
    async with scripted(transport, credentials=Credentials("me", "a-password")) as session:
        with pytest.raises(AuthenticationError) as caught:
            await safe(session)
        assert not caught.value.login_refused
        assert (await safe(session)).status == 200
    assert transport.left == 0


async def test_only_tokens_refused_in_a_row_count() -> None:
    """A call that is tried for long outlives many tokens, as long as each of them is accepted in between."""
    refused = [[token(name), refusal(503, "busy"), refusal(401)] for name in ("one", "two", "three", "four")]
    transport = ScriptedTransport(*(step for steps in refused for step in steps), token("five"), OK)
    retry = RetryPolicy(wait_initial=0, wait_max=0, wait_jitter=0)
    async with scripted(transport, credentials=Credentials("me", "a-password"), retry=retry) as session:
        assert (await safe(session)).status == 200
    assert transport.left == 0


async def test_two_with_the_same_number_are_unknown(credentials: Credentials) -> None:
    """Where the server keeps two objects of one key, a lost create cannot tell which is its own."""
    sandbox = Sandbox(SandboxOptions(unique=False))
    async with Session(
        credentials,
        base_url="http://localhost",
        transport=InProcessTransport(sandbox.app),
        retry=RetryPolicy(wait_initial=0, wait_max=0, wait_jitter=0, settle_s=0),
    ) as session:
        await session.accounts.create(new_account())
        sandbox.faults.add(Fault(kind="cut_after", operation="createAccount"))
        with pytest.raises(UnknownOutcomeError):
            await session.accounts.create(new_account())
    assert sandbox.truth().created_accounts == 2


@pytest.mark.parametrize("kind", ["status_after", "cut_after", "garbage_after", "html_after"])
async def test_a_create_that_took_effect_is_never_made_twice(
    kind: str, sandbox: Sandbox, session: Session
) -> None:
    """Against a server that refuses no duplicates, each way to lose an answer ends in one object, adopted."""
    sandbox.options = sandbox.options.with_changes({"unique": False})
    sandbox.faults.add(Fault(kind=kind, operation="createAccount"))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    reply = await session.accounts.create.raw(new_account())
    assert reply.adopted
    assert sandbox.truth().created_accounts == 1


async def test_an_error_says_how_often_it_was_tried() -> None:
    """An error carries the operation, the path template, our request id and the number of attempts."""
    error = await settled(safe, ScriptedTransport(lost, lost, refusal(403, "no")))
    assert isinstance(error, AlianzaError)
    assert isinstance(error, CallError)
    assert (error.operation_id, error.method, error.attempts) == ("retrieveAccount", "GET", 3)
    assert error.path_template == "/v2/partition/{partition_id}/account/{account_id}"
    assert error.request_id.endswith("-3")
