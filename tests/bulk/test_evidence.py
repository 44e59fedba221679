"""Account history as evidence: who created what, when, and what is under way."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from alianza_async.bulk.reconciling.doubles import doubles, holders
from alianza_async.bulk.reconciling.evidence import Evidence, HistoryHook, Subject
from alianza_async.bulk.reconciling.findings import Creation, Event, weigh
from alianza_async.models.accounts import AccountCreate
from alianza_async.models.users import UserCreate
from alianza_async.sandbox import Fault, Sandbox, SandboxOptions
from alianza_async.session import Session
from alianza_async.settings import Credentials
from alianza_async.transport import InProcessTransport
from tests.conftest import FAST_RETRY, UNLIMITED

if TYPE_CHECKING:
    from collections.abc import Callable

_HISTORY = "accountHistoryByAccountNumberSearch"
_START = datetime(2026, 1, 1, tzinfo=UTC)


def account(number: str = "ACME-1", name: str = "Acme") -> AccountCreate:
    """Return an account to create."""
    return AccountCreate(
        account_number=number,
        account_name=name,
        account_type="SIMPLE",
        time_zone="US/Eastern",
        billing_cycle_day=1,
    )


def other_login(sandbox: Sandbox) -> Session:
    """Return a session of another login on the same sandbox."""
    return Session(
        Credentials("somebody-else", "another-password"),
        base_url="http://localhost",
        transport=InProcessTransport(sandbox.app),
        retry=FAST_RETRY,
        limit=UNLIMITED,
    )


def lately() -> datetime:
    """Return a start that what a test creates is within."""
    return datetime.now(UTC) - timedelta(seconds=1)


async def until(condition: Callable[[], bool]) -> None:
    """Wait until something is so; fail after five seconds."""
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.001)


async def test_what_our_login_created_is_ours(session: Session) -> None:
    """A creation is told with its object, its doer and its time; of our login in our time it is ours."""
    made = await session.accounts.create(account())
    found = await Evidence(session, since=lately()).of_account("ACME-1")
    assert found is not None
    (creation,) = found.created
    assert (creation.object_id, creation.who, creation.ours) == (made.id, "tester", True)
    assert isinstance(creation.when, datetime)
    assert abs((datetime.now(UTC) - creation.when).total_seconds()) < 5
    assert str(creation).startswith(f"{made.id}, created by tester at 20")


async def test_what_another_login_created_is_not_ours(sandbox: Sandbox, session: Session) -> None:
    """The same account by another login is somebody else's, and ours where we say that login is ours."""
    async with other_login(sandbox) as other:
        await other.accounts.create(account())
    for login, ours in ((None, False), ("Somebody-Else", True), ("tester", False)):
        found = await Evidence(session, since=lately(), login=login).of_account("ACME-1")
        assert found is not None
        assert [creation.ours for creation in found.created] == [ours]


@pytest.mark.parametrize(
    ("since_s", "until_s", "ours"),
    [(-60, None, True), (60, None, False), (-60, 60, True), (-120, -60, False)],
)
async def test_what_was_created_outside_our_time_is_not_ours(
    session: Session, since_s: float, until_s: float | None, ours: bool
) -> None:
    """Our login's creation before the window, or after it, is another run's."""
    await session.accounts.create(account())
    now = datetime.now(UTC)
    end = None if until_s is None else now + timedelta(seconds=until_s)
    evidence = Evidence(session, since=now + timedelta(seconds=since_s), until=end)
    found = await evidence.of_account("ACME-1")
    assert found is not None
    assert [creation.ours for creation in found.created] == [ours]
    # An item's own intent can only make the window shorter.
    later = await evidence.of_account("ACME-1", since=now + timedelta(seconds=60))
    assert later is not None
    assert [creation.ours for creation in later.created] == [False]


async def test_a_user_is_told_from_the_other_users(session: Session) -> None:
    """Of an account's users only those with the name are told, also where they were deleted since."""
    made = await session.accounts.create(account())
    account_id = str(made.id)
    ids = [
        str((await session.users.create(account_id, UserCreate(username=name, time_zone="US/Eastern"))).id)
        for name in ("ann@acme", "bob@acme")
    ]
    await session.users.delete(account_id, ids[1])
    evidence = Evidence(session, since=lately())
    ann, bob = await evidence.of_user(account_id, "ann@acme"), await evidence.of_user(account_id, "bob@acme")
    assert ann is not None
    assert bob is not None
    assert [creation.object_id for creation in ann.living] == [ids[0]]
    assert ([creation.object_id for creation in bob.created], bob.living) == ([ids[1]], ())


async def test_every_page_is_read(sandbox: Sandbox, session: Session) -> None:
    """A history longer than a page is read to its end."""
    sandbox.options = SandboxOptions(unique=False)
    for _ in range(101):
        await session.accounts.create(account())
    evidence = Evidence(session, since=lately())
    found = await evidence.of_account("ACME-1")
    assert found is not None
    assert (len(found.created), evidence.asked) == (101, 2)


async def test_a_login_that_may_not_read_history_is_remembered(sandbox: Sandbox, session: Session) -> None:
    """A 403 is no error: there is no evidence, it says why, and it is not asked for again."""
    sandbox.options = SandboxOptions(permissions={"AccountHistory": "NONE"})
    evidence = Evidence(session, since=lately())
    assert [await evidence.of_account(number) for number in ("ACME-1", "ACME-2")] == [None, None]
    assert not await evidence.under_way(Subject("account", "ACME-1"))
    assert (evidence.available, evidence.why_not) == (False, "the login may not read account history")
    assert (evidence.asked, evidence.lag_left(time.time())) == (1, 0)


async def test_a_server_without_the_operation_is_remembered(sandbox: Sandbox, session: Session) -> None:
    """A 405 says that there is no such operation; it is not asked again."""
    sandbox.faults.add(Fault(kind="status_before", operation=_HISTORY, times=None, status=405))
    evidence = Evidence(session, since=lately())
    assert await evidence.of_account("ACME-1") is None
    assert (evidence.available, evidence.why_not) == (False, "the server keeps no account history")


async def test_a_number_nobody_had_is_no_failure(session: Session) -> None:
    """A 404 is the answer for a number without an account: nothing was done to it."""
    evidence = Evidence(session, since=lately())
    found = await evidence.of_account("ACME-1")
    assert found is not None
    assert (found.created, found.requested, evidence.available) == ((), (), True)


async def test_a_failing_history_is_asked_again_and_then_given_up(sandbox: Sandbox, session: Session) -> None:
    """While history fails, nobody can tell what is under way: ask again; the third time it is given up."""
    sandbox.faults.add(Fault(kind="status_before", operation=_HISTORY, times=None))
    evidence = Evidence(session, since=lately())
    subject = Subject("account", "ACME-1")
    assert [await evidence.under_way(subject) for _ in range(4)] == [True, True, False, False]
    assert str(evidence.why_not).startswith("account history cannot be read (")


async def test_a_create_under_way_is_told_until_it_is_there(sandbox: Sandbox, session: Session) -> None:
    """A request that arrived and is not carried out is under way; what never arrived is not."""
    sandbox.options = SandboxOptions(history_requests=True)
    sandbox.faults.add(Fault(kind="late", operation="createAccount", delay_s=0.1))
    hook = HistoryHook(session, since=lately())
    call = await session.accounts.create.prepare(account())
    assert not await hook.under_way(call)
    creating = asyncio.create_task(session.accounts.create(account()))
    await until(lambda: sandbox.truth().history_entries == 1)
    assert await hook.under_way(call)
    made = await creating
    found = await hook.evidence.of_account("ACME-1")
    assert found is not None
    assert ([creation.object_id for creation in found.living], found.requested) == ([made.id], ())
    # A look-up that found nothing was too early, so it is worth another one.
    assert await hook.under_way(call)


async def test_a_request_that_made_nothing_is_dropped_in_the_end(sandbox: Sandbox, session: Session) -> None:
    """A request older than `under_way_s` is not waited for, and one before the job is another's."""
    sandbox.options = SandboxOptions(history_requests=True)
    await session.partition_id()
    store = sandbox.store
    store.history.actor = "tester"
    from alianza_async.sandbox.history import ACCOUNT

    store.history.ask("sandbox-partition", "ACME-1", ACCOUNT, "ACME-1")
    subject = Subject("account", "ACME-1")
    assert await Evidence(session, since=lately()).under_way(subject)
    later = Evidence(session, since=lately(), under_way_s=60, clock=lambda: time.time() + 120)
    assert not await later.under_way(subject)
    assert not await Evidence(session, since=datetime.now(UTC) + timedelta(minutes=1)).under_way(subject)


async def test_other_creates_are_not_asked_about(session: Session) -> None:
    """A create that history does not tell of costs no request."""
    hook = HistoryHook(session, since=lately())
    call = await session.accounts.create.prepare(account())
    call.key_value = None
    assert not await hook.under_way(call)
    assert hook.evidence.asked == 0


def test_an_absence_says_nothing_before_the_lag_is_over() -> None:
    """What was done just now may not be shown yet; after the lag it would be."""
    session = Session(Credentials("a", "b"), base_url="http://localhost")
    evidence = Evidence(session, since=_START, lag_s=3, clock=lambda: 100)
    assert [evidence.lag_left(moment) for moment in (100, 98, 97, 0)] == [3, 1, 0, 0]


async def test_clocks_that_differ_are_understood(served_session: Session) -> None:
    """Where our clock is an hour ahead the server's `Date` tells: what was created in our time is ours."""
    await served_session.accounts.create(account())
    ahead = timedelta(hours=1)
    evidence = Evidence(
        served_session, since=lately() + ahead, clock=lambda: time.time() + ahead.total_seconds()
    )
    found = await evidence.of_account("ACME-1")
    assert found is not None
    assert [creation.ours for creation in found.created] == [True]


def event(action: str, at: float | None, who: str = "us", object_id: str | None = None) -> Event:
    """Return an entry some seconds after the start."""
    when = None if at is None else _START + timedelta(seconds=at)
    return Event(action, when, who, frozenset({who}), object_id, "acme-1")


def test_a_create_answers_the_oldest_request_of_its_login() -> None:
    """Two requests and one create leave one under way; another login's create does not answer ours."""
    ask, make = "PROVISION_REQUEST", "CREATE"
    events = [event(make, 3, object_id="a"), event(ask, 2), event(ask, 3), event(make, 4, "them", "b")]
    found = weigh(events, lambda who, _when: "us" in who)
    assert [(each.object_id, each.ours) for each in found.created] == [("a", True), ("b", False)]
    assert found.requested == (Creation(_START + timedelta(seconds=3), "us", ours=True, object_id=None),)


def test_what_has_no_time_comes_first_and_what_was_deleted_is_gone() -> None:
    """Entries are put in order by their time, however they came; a deleted object is not living."""
    events = [
        event("DELETE", 9, object_id="a"),
        event("CREATE", 5, object_id="a"),
        event("CREATE", None, object_id="b"),
    ]
    found = weigh(events, lambda _who, _when: True)
    assert [each.object_id for each in found.created] == ["b", "a"]
    assert [each.object_id for each in found.living] == ["b"]


async def test_doubles_are_listed_with_who_and_when(sandbox: Sandbox, session: Session) -> None:
    """Where two accounts have a number, both are told, oldest first, by whom; one account is no double."""
    sandbox.options = SandboxOptions(unique=False)
    first = await session.accounts.create(account())
    assert await doubles(session, "ACME-1") == []
    async with other_login(sandbox) as other:
        second = await other.accounts.create(account())
    await session.accounts.create(account("ACME-10"))  # a search for ACME-1 finds it too
    found = await doubles(session, "ACME-1")
    assert [(each.object_id, each.who, each.ours) for each in found] == [
        (first.id, "tester", True),
        (second.id, "somebody-else", False),
    ]
    await session.accounts.delete(str(first.id))
    assert await doubles(session, "ACME-1") == []


async def test_doubles_are_seen_without_history(sandbox: Sandbox, session: Session) -> None:
    """Where no history can be read, the search alone shows both, by nobody known."""
    sandbox.options = SandboxOptions(unique=False, permissions={"AccountHistory": "NONE"})
    ids = {str((await session.accounts.create(account())).id) for _ in range(2)}
    found = await doubles(session, "ACME-1")
    assert {each.object_id for each in found} == ids
    assert [(each.when, each.who) for each in found] == [(None, None)] * 2


async def test_what_a_search_leaves_out_is_held_against_history(sandbox: Sandbox, session: Session) -> None:
    """An account that history alone names counts where it is there, and has the number still."""
    sandbox.options = SandboxOptions(unique=False)
    made = [await session.accounts.create(account()) for _ in range(3)]
    renamed = made[2].model_copy(update={"account_number": "ACME-2"})
    await session.accounts.update(renamed)
    sandbox.faults.add(Fault(kind="garbage_after", operation="accountSearch", body=b"[]"))
    evidence = Evidence(session, since=lately())
    found = await holders(session, Subject("account", "ACME-1"), await evidence.of_account("ACME-1"))
    assert [each.object_id for each in found] == [made[0].id, made[1].id]
