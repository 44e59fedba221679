"""An answer about another object than the one asked for proves nothing, and is never taken for ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pydantic import BaseModel

from alianza_async.calls.call import NaturalKey, Reply
from alianza_async.endpoints.matching import folded, misfit, same_key
from alianza_async.errors import (
    AlreadyExistsError,
    CallContext,
    ConflictError,
    RequestRejectedError,
    ResponseShapeError,
    UnknownOutcomeError,
)
from alianza_async.models.accounts import Account
from alianza_async.models.users import User, UserCreate
from alianza_async.policies.values import RetryPolicy
from tests.fakes import ScriptedTransport, answer, lost, refusal, scripted
from tests.retry_calls import CREATE, FOUND, LOOK_UP, WIRE, create, new_account, reply_of, settled

if TYPE_CHECKING:
    from alianza_async.session import Session
    from tests.fakes import Step

OK = answer(200, FOUND)
ABSENT = refusal(404, "Account not found")
FOREIGN: dict[str, object] = {"id": "victim", **WIRE, "accountNumber": "VICTIM-1"}
FOREIGN_ANSWERS: dict[str, Step] = {
    "another number": answer(200, FOREIGN),
    "no number": answer(201, {"id": "a7"}),
    "an empty object": answer(200, {}),
    "null": answer(200, None),
    "an empty 204": answer(204),
    "a number that is null": answer(200, {**FOUND, "accountNumber": None}),
    "an id that clears the screen": answer(200, {**FOUND, "id": "a1\x1b[2J"}),
    "an id that reads backwards": answer(200, {**FOUND, "id": "\u202ea1"}),
}
FOREIGN_ONES = pytest.mark.parametrize("foreign", FOREIGN_ANSWERS.values(), ids=FOREIGN_ANSWERS.keys())
ONCE = RetryPolicy(attempts=1, wait_initial=0, wait_max=0, wait_jitter=0, settle_s=0)
USER = UserCreate(username="ann@x.example", time_zone="US/Eastern")
USER_FOUND: dict[str, object] = {
    "id": "u1", "accountId": "a1", "username": "ann@x.example", "timeZone": "US/Eastern"
}  # fmt: skip
MAKE_USER = "POST /v2/partition/part/account/a1/user"
FIND_USER = "GET /v2/partition/part/account/a1/user/ann%40x.example"


async def create_user(session: Session) -> Reply[object]:
    """Create a user of account a1."""
    return await session.users.create.raw("a1", USER)


@FOREIGN_ONES
async def test_a_create_answered_with_another_object_counts_as_lost(foreign: Step) -> None:
    """It is looked up; what has our number is the answer, never the object that was shown."""
    transport = ScriptedTransport(foreign, OK)
    reply = await reply_of(create, transport)
    assert transport.lines == [CREATE, LOOK_UP]
    assert (reply.adopted, reply.object_id) == (True, "a1")


@FOREIGN_ONES
async def test_where_the_look_up_finds_nothing_it_is_sent_again(foreign: Step) -> None:
    """Our number is free: the create that was answered with another object is sent again."""
    transport = ScriptedTransport(foreign, ABSENT, OK)
    reply = await reply_of(create, transport)
    assert transport.lines == [CREATE, LOOK_UP, CREATE]
    assert (reply.adopted, reply.attempts) == (False, 2)


async def test_the_last_error_says_what_was_answered() -> None:
    """Tried for the last time and absent, the error says which key was not ours, and names no value."""
    error = await settled(create, ScriptedTransport(answer(200, FOREIGN), ABSENT), ONCE)
    assert isinstance(error, ResponseShapeError)
    assert error.message == "answered 200 with another account number than was sent"
    error = await settled(create, ScriptedTransport(answer(201, {}), ABSENT), ONCE)
    assert isinstance(error, ResponseShapeError)
    assert (error.message, error.malformed) == (
        "answered 201 without the account number that was sent",
        False,
    )


@pytest.mark.parametrize("spelt", ["acme-1", " ACME-1 ", "Acme-1"])
async def test_a_number_that_the_server_respells_is_ours(spelt: str) -> None:
    """Keys compare trimmed, NFC-normalised and casefolded: a respelt one is no other object's."""
    transport = ScriptedTransport(answer(200, {**FOUND, "accountNumber": spelt}))
    assert (await reply_of(create, transport)).object_id == "a1"


async def test_a_user_of_another_account_is_not_ours() -> None:
    """The answer names another account than the path: it is looked up, which may be wrong as well."""
    elsewhere = {**USER_FOUND, "id": "u9", "accountId": "a9"}
    transport = ScriptedTransport(answer(200, elsewhere), answer(200, USER_FOUND))
    reply = await reply_of(create_user, transport)
    assert (reply.adopted, reply.object_id) == (True, "u1")
    assert transport.lines == [MAKE_USER, FIND_USER]
    error = await settled(create_user, ScriptedTransport(answer(200, elsewhere), answer(200, elsewhere)))
    assert isinstance(error, UnknownOutcomeError)
    assert "an object of another account than was asked for" in error.message


async def test_an_answer_that_names_no_account_or_another_partition_is_ours() -> None:
    """A parent that is not named proves nothing against it; a sub-partition may answer its parent's id."""
    nameless = {name: value for name, value in USER_FOUND.items() if name != "accountId"}
    transport = ScriptedTransport(answer(200, {**nameless, "partitionId": "parent"}))
    assert (await reply_of(create_user, transport)).object_id == "u1"


async def test_a_raw_create_is_checked_too() -> None:
    """`session.call` with a key checks its answer by the name on the wire."""
    key = NaturalKey("name", "/v2/thing/{key}")
    transport = ScriptedTransport(answer(200, {"name": "other"}), answer(200, {"name": "n", "id": 7}))
    async with scripted(transport) as session:
        reply = await session.call("POST", "/v2/thing", body={"name": "n"}, key=key)
    assert (reply.adopted, reply.value) == (True, {"name": "n", "id": 7})


@pytest.mark.parametrize(
    "wrong",
    [
        answer(200, FOREIGN),
        answer(200, {"id": "a1"}),
        answer(200, [FOREIGN]),
        answer(200, [FOREIGN, FOREIGN]),
        answer(200, ["ACME-1"]),
    ],
    ids=["another", "without a key", "a list of another", "of others", "of no objects"],
)
async def test_a_look_up_that_does_not_fit_is_neither_found_nor_absent(wrong: Step) -> None:
    """A lost create stays unknown and is not sent again; it can be resolved later."""
    transport = ScriptedTransport(lost, wrong, OK)
    async with scripted(transport) as session:
        with pytest.raises(UnknownOutcomeError, match="looking it up failed") as caught:
            await session.accounts.create(new_account())
        assert transport.lines == [CREATE, LOOK_UP]
        resolved = await caught.value.resolve()
    assert resolved is not None
    assert resolved.object_id == "a1"


async def test_find_says_what_the_look_up_answered() -> None:
    """`ensure` and `session.find` fail where another object is answered: nothing is created on its word."""
    transport = ScriptedTransport(answer(200, FOREIGN))
    async with scripted(transport) as session:
        with pytest.raises(ResponseShapeError, match="with another account number than was asked for"):
            await session.accounts.ensure(new_account())
    assert transport.lines == [LOOK_UP]


async def test_a_list_in_which_one_fits_is_that_one() -> None:
    """A server that filters loosely answers more than was asked for: only what has the key counts."""
    transport = ScriptedTransport(lost, answer(200, [FOREIGN, FOUND, {"id": "a8"}]))
    assert (await reply_of(create, transport)).object_id == "a1"
    error = await settled(create, ScriptedTransport(lost, answer(200, [FOUND, FOREIGN, FOUND])))
    assert isinstance(error, UnknownOutcomeError)
    assert "2 objects have its key" in error.message


async def test_a_refusal_stands_where_the_look_up_shows_another_object() -> None:
    """Whether ours is in the way cannot be told: the server's own words stand, and nobody's id is given."""
    transport = ScriptedTransport(refusal(400, "in use"), answer(200, FOREIGN))
    error = await settled(create, transport)
    assert isinstance(error, RequestRejectedError)
    assert error.messages == ("in use",)


async def test_get_by_number_answers_that_number_or_nothing() -> None:
    """`accounts.get_by_number` raises where another account is answered, and takes a respelt number."""
    transport = ScriptedTransport(answer(200, FOREIGN), answer(200, {**FOUND, "accountNumber": "acme-1"}))
    async with scripted(transport) as session:
        with pytest.raises(ResponseShapeError) as caught:
            await session.accounts.get_by_number("ACME-1")
        assert caught.value.message == "answered 200 with another account number than was asked for"
        assert caught.value.operation_id == "retrieveAccount"
        assert isinstance(await session.accounts.get_by_number("ACME-1"), Account)


async def test_get_by_name_answers_that_name_in_that_account_or_nothing() -> None:
    """`users.get_by_name` raises where another user is answered, or one of another account."""
    transport = ScriptedTransport(
        answer(200, {**USER_FOUND, "username": "bob"}),
        answer(200, {**USER_FOUND, "accountId": "a9"}),
        answer(200, {**USER_FOUND, "username": "ANN@x.example"}),
    )
    async with scripted(transport) as session:
        with pytest.raises(ResponseShapeError, match="another user name than was asked for"):
            await session.users.get_by_name("a1", "ann@x.example")
        with pytest.raises(ResponseShapeError, match="an object of another account"):
            await session.users.get_by_name("a1", "ann@x.example")
        assert (await session.users.get_by_name("a1", "ann@x.example")).id == "u1"


async def test_a_conflict_names_the_object_in_the_way() -> None:
    """`existing_id` is the id that the look-up showed, or what code that found it otherwise has set."""
    error = await settled(create, ScriptedTransport(refusal(409, "in use"), OK))
    assert isinstance(error, AlreadyExistsError)
    assert error.existing_id == "a1"
    plain = ConflictError("in use", context=CallContext("x", "POST", "/v2/x", "r-1", 1))
    assert plain.existing_id is None
    plain.existing_id = "b2"
    assert plain.existing_id == "b2"


class Renamed(BaseModel):
    """A model that keeps the key under another name."""

    number: str = ""


def test_a_model_that_lacks_the_field_is_read_from_its_bytes() -> None:
    """A model of one's own need not carry the key: the answer's bytes do."""
    facts = ("accountNumber", "N1", None)
    assert misfit(Renamed(), *facts, asked="was sent", body=b'{"accountNumber": "n1"}') is None
    assert misfit(None, *facts, asked="was sent", body=b'{"accountNumber": "N1"}') is None
    for body in (b"{}", b"", b"[1]", b"<html>"):
        assert misfit(Renamed(), *facts, asked="was sent", body=body) == (
            "without the account number that was sent"
        )
    assert misfit(User(username="x"), "username", "y", None, asked="was sent") == (
        "with another user name than was sent"
    )


def test_keys_compare_folded() -> None:
    """Composed and decomposed letters, case, blanks at the ends and numbers are the same; None is none."""
    assert folded(" Jose\u0301 ") == folded("JOS\u00c9")
    assert same_key("12", 12)
    assert not same_key("None", None)
