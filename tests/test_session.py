from __future__ import annotations

import asyncio
import re
from itertools import pairwise
from typing import TYPE_CHECKING

import anyio
import pytest

from alianza_async.calls.call import NaturalKey, OperationClass
from alianza_async.endpoints.ensure import ensure
from alianza_async.errors import (
    ConfigurationError,
    ConflictError,
    InvalidInputError,
    NotFoundError,
    SessionStateError,
    UnknownOutcomeError,
)
from alianza_async.models.accounts import Account
from alianza_async.models.users import UserCreate
from alianza_async.policies.values import LimitPolicy, RetryPolicy
from alianza_async.resources.accounts import Accounts
from alianza_async.session import Session
from alianza_async.settings import Credentials
from tests.fakes import ScriptedTransport, answer, refusal, scripted
from tests.retry_calls import FOUND, new_account
from tests.test_operations import Things
from tests.virtual_time import now, run_virtual, use_clock

if TYPE_CHECKING:
    from alianza_async.calls.call import Call, Reply
    from alianza_async.sandbox import Sandbox

OK = answer(200, FOUND)


async def test_a_session_that_is_not_open_says_what_to_write() -> None:
    """A call before, or after, the `async with` block is told so; nothing is sent."""
    session = scripted(ScriptedTransport())
    with pytest.raises(SessionStateError, match="async with"):
        await session.accounts.get("a1")
    async with session:
        pass
    with pytest.raises(SessionStateError, match="async with"):
        await session.login()


async def test_what_depends_on_being_open_says_so() -> None:
    """Rate, transport and who is logged in are known while the session is open."""
    session = scripted(ScriptedTransport(), partition_id=None)
    for name in (
        *("rate", "full_rate", "throttled", "capacity", "transport"),
        *("info", "must_change_password", "known_partition"),
    ):
        with pytest.raises(SessionStateError):
            getattr(session, name)


async def test_a_session_is_opened_once_at_a_time() -> None:
    """One block at a time; when it is over the session may be opened again."""
    transport = ScriptedTransport(OK, OK)
    session = scripted(transport)
    async with session:
        with pytest.raises(SessionStateError, match="open already"):
            async with session:
                pass
        await session.accounts.get("a1")
    assert transport.closed
    async with session:
        await session.accounts.get("a1")
        assert repr(session) == "<Session http://localhost open>"
    assert repr(session) == "<Session http://localhost closed>"


async def test_another_loop_finds_a_session_as_new(sandbox: Sandbox) -> None:
    """What belongs to an event loop is born with the block: a session serves one loop after the other."""
    from alianza_async.transports.httpx import InProcessTransport

    session = Session(
        Credentials("me", "a-password"),
        base_url="http://localhost",
        transport=InProcessTransport(sandbox.app),
    )

    async def main() -> list[Account]:
        async with session:
            return await session.accounts.list()

    assert await asyncio.to_thread(asyncio.run, main()) == []
    assert await main() == []


async def test_other_options_share_pool_and_login(sandbox: Sandbox, session: Session) -> None:
    """A view has the session's pool, login, partition and pause; it needs no opening of its own."""
    view = session.with_options(timeout=3, retry=RetryPolicy(attempts=1))
    await session.accounts.list()
    await view.accounts.list()
    assert sandbox.truth().requests == {"logUserIn": 1, "getAccounts": 2}
    assert view.capacity == session.capacity
    assert view.info is session.info
    assert view.accounts is not session.accounts


async def test_options_are_the_views_alone() -> None:
    """Timeout and attempts of a view hold for its calls, and a view of a view adds to it."""
    transport = ScriptedTransport(otherwise=refusal(503))
    async with scripted(
        transport, retry=RetryPolicy(attempts=2, wait_initial=0, wait_max=0, settle_s=0)
    ) as session:
        view = session.with_options(timeout=3).with_options(limit=LimitPolicy(rate=50_000))
        for each in (view, session):
            with pytest.raises(Exception, match="503"):
                await each.accounts.get("a1")
    assert [sent.timeout for sent in transport.sent] == [3, 3, 30, 30]


async def test_no_view_is_faster_than_its_session() -> None:
    """A limit of a view can slow its calls down, never speed them up."""
    async with scripted(ScriptedTransport(), limit=LimitPolicy(rate=10)) as session:
        assert session.with_options(limit=LimitPolicy(rate=500)).rate == 10
        slow = session.with_options(limit=LimitPolicy(rate=5))
        assert (slow.rate, slow.full_rate, session.rate) == (5, 5, 10)
        assert slow.with_options(limit=LimitPolicy(rate=7)).rate == 5


def test_the_sessions_limit_holds_over_all_views(monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls of views and of the session share one limit; a view's own comes on top."""
    use_clock(monkeypatch)
    times: list[float] = []

    def mark(call: Call) -> Reply[object]:
        times.append(now())
        return OK(call)

    async def main() -> None:
        async with scripted(ScriptedTransport(otherwise=mark), limit=LimitPolicy(rate=2)) as session:
            views = [
                session,
                session.with_options(limit=LimitPolicy(rate=100)),
                session.with_options(timeout=1),
            ]
            await asyncio.gather(*(view.accounts.get("a1") for view in views for _ in range(3)))

    run_virtual(main())
    assert len(times) == 9
    assert min(later - earlier for earlier, later in pairwise(times)) >= 0.49


async def test_declared_operations_are_called_three_ways() -> None:
    """Through the resource, as a bound operation, and as a declaration: the same call."""
    transport = ScriptedTransport(OK, OK, OK)
    async with scripted(transport) as session:
        answers = [
            await session.accounts.get("a1", account_id_type="AccountNumber"),
            await session.call(session.accounts.get, "a1", account_id_type="AccountNumber"),
            await session.call(Accounts.get, "a1", account_id_type="AccountNumber"),
        ]
    assert answers == [Account.model_validate(FOUND)] * 3
    assert len({(sent.method, sent.target) for sent in transport.sent}) == 1


async def test_a_call_goes_over_the_view_it_is_made_on() -> None:
    """A bound operation handed to a view's `call` takes the view's options."""
    transport = ScriptedTransport(OK)
    async with scripted(transport) as session:
        await session.with_options(timeout=2).call(session.accounts.get, "a1")
    assert transport.sent[0].timeout == 2


async def test_what_is_not_declared_is_called_by_verb_and_path() -> None:
    """A raw call fills in the partition and the ids, quoted, and answers the reply with its JSON."""
    transport = ScriptedTransport(answer(200, {"a": 1}), answer(200, b"a,b\n1,2\n"), answer(200, b""))
    async with scripted(transport) as session:
        reply = await session.call(
            "get",
            "/v2/partition/{partition_id}/account/{account_id}",
            ids={"account_id": "a/1"},
            query={"accountIdType": "Id", "left": None, "flag": False},
        )
        csv = await session.call("GET", "/v2/report")
        await session.call("HEAD", "/v2/report")
    assert (reply.value, csv.value, csv.body) == ({"a": 1}, None, b"a,b\n1,2\n")
    assert transport.sent[0].target == "/v2/partition/part/account/a%2F1?accountIdType=Id&flag=false"
    assert repr(session) == "<Session http://localhost closed>"
    assert repr(csv) == f"<Reply 200 8 bytes {csv.request_id}>"


async def test_a_raw_body_may_be_a_model() -> None:
    """A model goes under its wire names in a raw call, too; its key makes it a create."""
    key = NaturalKey("accountNumber", "/v2/x/{key}")
    transport = ScriptedTransport(OK)
    async with scripted(transport) as session:
        await session.call("POST", "/v2/x", body=new_account(), key=key)
    assert transport.sent[0].body == new_account().to_wire()


async def test_a_raw_call_may_be_said_to_be_harmless() -> None:
    """A POST that only searches is sent again where the caller says that it is safe."""
    transport = ScriptedTransport(refusal(503), answer(200, []))
    async with scripted(transport) as session:
        reply = await session.call("POST", "/v2/search", body={}, operation_class=OperationClass.SAFE)
    assert reply.attempts == 2


@pytest.mark.parametrize(
    "path",
    [
        "",
        "v2/x",
        "/v2/a b",
        "/v2/x?y=1",
        "/v2/x#y",
        "/v2//x",
        "/v2/../x",
        "/v2/.",
        "/v2/\r\nx",
        "/v2/é",
        "/v2\\x",
    ],
)
async def test_a_raw_path_that_would_be_another_is_refused(path: str) -> None:
    """A raw path holds no query, dot segment, blank or control character; nothing is sent."""
    async with scripted(ScriptedTransport()) as session:
        with pytest.raises(InvalidInputError, match="path"):
            await session.call("GET", path)


async def test_a_raw_call_names_what_it_lacks() -> None:
    """A missing id and an unknown method are told by name; a hostile id is refused as everywhere."""
    async with scripted(ScriptedTransport()) as session:
        with pytest.raises(InvalidInputError, match=re.escape("ids={'account_id': ...}")):
            await session.call("GET", "/v2/account/{account_id}")
        with pytest.raises(InvalidInputError, match="no method"):
            await session.call("FETCH", "/v2/x")
        with pytest.raises(InvalidInputError, match="account_id"):
            await session.call("GET", "/v2/account/{account_id}", ids={"account_id": ".."})


def test_a_pool_of_nothing_is_refused() -> None:
    """`max_connections=0` is an error, not the default, and is told where it is given."""
    with pytest.raises(ConfigurationError, match="max_connections"):
        Session(base_url="http://localhost", auth_token="t", max_connections=0)


async def test_accounts_and_users_from_end_to_end(session: Session) -> None:
    """Create, find by id and by key, update with everything sent back, list, search, delete."""
    account = await session.accounts.create(new_account())
    assert account.id is not None
    assert await session.accounts.get_by_number("ACME-1") == account
    account.account_name = "Acme again"
    assert (await session.accounts.update(account)).account_name == "Acme again"
    assert [found.account_name for found in await session.accounts.search(q="ACME")] == ["Acme again"]
    user = await session.users.create(account.id, UserCreate(username="ann@acme", time_zone="US/Eastern"))
    assert user.id is not None
    assert await session.users.get(account.id, user.id) == user
    assert (await session.users.get_by_name(account.id, "ann@acme")).id == user.id
    user.first_name = "Ann"
    assert (await session.users.update(user)).first_name == "Ann"
    assert [found.username for found in await session.users.list(account.id)] == ["ann@acme"]
    await session.users.delete(account.id, user.id)
    await session.accounts.delete(account.id)
    with pytest.raises(NotFoundError):
        await session.accounts.get(account.id)
    who = await session.authorize.user_info()
    assert who.partition_id == session.known_partition
    await session.authorize.logout()
    assert await session.accounts.list() == []


async def test_an_update_needs_an_id(session: Session) -> None:
    """A model without an id cannot be sent back: there is nothing to put it in the place of."""
    with pytest.raises(InvalidInputError, match="account_id"):
        await session.accounts.update(Account(account_name="Acme"))


async def test_ensure_looks_first(session: Session, sandbox: Sandbox) -> None:
    """`ensure` creates what is absent, and leaves alone what is there, equal or not."""
    first = await session.accounts.ensure(new_account())
    second = await session.accounts.ensure(new_account())
    third = await session.accounts.ensure(new_account().model_copy(update={"account_name": "Other"}))
    assert [each.outcome for each in (first, second, third)] == ["created", "existed", "differs"]
    assert [item.field for item in third.differences] == ["account_name"]
    assert first.value.id == second.value.id == third.value.id
    assert first.value.id is not None
    user = UserCreate(username="ann@acme", time_zone="US/Eastern")
    assert [(await session.users.ensure(first.value.id, user)).outcome for _ in range(2)] == [
        "created",
        "existed",
    ]
    assert sandbox.truth().requests["createAccount"] == 1


async def test_ensure_without_a_key_cannot_look(session: Session) -> None:
    """`ensure` of an object without its natural key is refused: there is nothing to look it up by."""
    with pytest.raises(UnknownOutcomeError, match="no natural key"):
        await ensure(Things(session).create, {"other": 1})


async def test_a_taken_number_is_a_conflict(session: Session) -> None:
    """A create of a number that another account has tells in what they differ."""
    await session.accounts.create(new_account())
    with pytest.raises(ConflictError, match="differs in account_name"):
        await session.accounts.create(new_account().model_copy(update={"account_name": "Other"}))


async def test_a_call_in_a_cancelled_scope_sends_nothing() -> None:
    """What was cancelled before it began costs nothing, also over a transport that would not wait."""
    transport = ScriptedTransport()
    async with scripted(transport) as session:
        with anyio.CancelScope() as scope:
            scope.cancel()
            await session.call("GET", "/v2/thing")
    assert (transport.sent, scope.cancelled_caught) == ([], True)
