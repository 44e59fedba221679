"""Who made an object, by account history: proven ours, proven another's, or unproven, and never a guess."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast
from urllib.parse import parse_qs, urlsplit

import pytest

from alianza_async.bulk.engine.evidence import (
    ACCOUNTS,
    DEVICE_LINES,
    TELEPHONE_NUMBERS,
    USER_CALLING_PLANS,
    USERS,
    History,
    HistoryUnavailable,
    Sample,
    Subject,
)
from alianza_async.errors import AuthenticationError
from alianza_async.models.accounts import AccountCreate
from alianza_async.sandbox import Fault, Sandbox, SandboxOptions
from alianza_async.session import Session
from alianza_async.settings import Credentials
from alianza_async.transports.httpx import InProcessTransport
from tests.conftest import FAST_RETRY, UNLIMITED
from tests.fakes import ScriptedTransport, answer, refusal, scripted
from tests.sandbox.sandbox_subscriber import FIRST, subscriber

if TYPE_CHECKING:
    from alianza_async.calls.call import Call, Reply
    from alianza_async.sandbox.faults import FaultKind
    from tests.fakes import Step

Json = dict[str, object]
T = 1_790_000_000.5
ACME = Subject(ACCOUNTS, "ACME-1")
ANN = Subject(USERS, "ann@acme", "a1")
ME = ("me", "u-me")
NUMBERS_ = "accountHistoryByAccountNumberSearch"


def entry(action: str, object_id: str | None, when: float | None, **changes: object) -> Json:
    """Write an entry about the account ACME-1, by our login."""
    logged = None if when is None else datetime.fromtimestamp(when, UTC).isoformat(timespec="milliseconds")
    return {
        "action": action,
        "accountHistoryType": "ACCOUNT",
        "referenceType": "Account",
        "referenceId": object_id,
        "referenceName": "ACME-1",
        "userName": "me",
        "loggedDate": logged,
        **changes,
    }


class Server:
    """Answers history searches from a list, newest first, and who is logged in.

    Args:
        *entries: What history holds, oldest first.
        history: Answers history searches instead of the list.
        account: Answers the look-up of an account.
    """

    def __init__(self, *entries: Json, history: Step | None = None, account: Step | None = None) -> None:
        self.entries = [{"id": f"e{number}", **each} for number, each in enumerate(entries)]
        self.history = history
        self.account = account or refusal(404, "Account not found")
        self.queries: list[dict[str, list[str]]] = []
        self.date: str | None = None

    def __call__(self, call: Call) -> Reply[object]:
        """Answer one request."""
        target = urlsplit(call.target)
        if target.path.endswith("/userinfo"):
            return answer(200, {"username": "Me", "userId": "U-me"})(call)
        if not target.path.endswith("/accounthistorysearch"):
            return cast("Reply[object]", self.account(call))
        query = parse_qs(target.query)
        self.queries.append(query)
        if self.history is not None:
            return cast("Reply[object]", self.history(call))
        first, size = int(query["firstResultIndex"][0]), int(query["maxResult"][0])
        shown = self.entries[::-1][first : first + size]
        headers = {"date": self.date} if self.date else {}
        return answer(200, {"totalRecords": len(self.entries), "results": shown}, headers)(call)


def session_on(server: Server) -> Session:
    """Return a session whose every request the server answers."""
    return scripted(ScriptedTransport(otherwise=server))


def history_of(session: Session, **options: object) -> History:
    """Return a history whose clocks are known to agree to some milliseconds."""
    made = History(session, clock=lambda: T + 30, **options)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    made.server_clock.observe(T - 9, T - 8.99, T - 8.996)
    return made


async def whose(server: Server, subject: Subject = ACME, object_id: str = "a1", **options: object) -> str:
    """Ask whose an object is that our step first meant to send at T."""
    async with session_on(server) as session:
        history = history_of(session, **options)
        return (await history.maker(subject, object_id, first_intent=T, last_intent=T + 5)).whose


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ([entry("CREATE", "a1", T + 0.02)], "ours"),
        ([entry("CREATE", "A1", T + 0.02, userName=" ME ")], "ours"),
        ([entry("CREATE", "a1", T + 0.02, userName=None, userId="u-ME")], "ours"),
        ([entry("CREATE", None, T + 0.02, accountId="a1")], "ours"),
        ([entry("CREATE", "a1", T + 0.02, referenceName=None)], "ours"),
        ([entry("CREATE", "a1", T + 0.02, userName="other")], "others"),
        ([entry("CREATE", "a1", T - 0.02)], "others"),
        ([entry("CREATE", "a1", T - 3 * 86400)], "others"),
        ([entry("CREATE", "a1", T)], "unproven"),
        ([entry("CREATE", "a1", T + 700)], "unproven"),
        ([entry("CREATE", "a1", None)], "unproven"),
        ([entry("CREATE", "a1", T + 0.02, userName=None)], "unproven"),
        ([entry("CREATE", "a2", T + 0.02)], "unproven"),
        ([entry("CREATE", "a1", T + 0.02, referenceName="OLD-1")], "unproven"),
        ([entry("CREATE", "a1", T + 0.02, accountHistoryType="USER")], "unproven"),
        ([entry("CREATE", "a1", T + 0.02, referenceType="EndUser")], "unproven"),
        ([entry("UPDATE", "a1", T + 0.02)], "unproven"),
        ([entry("CREATE", "a1", T + 0.02), entry("DELETE", "a1", T + 1)], "unproven"),
        ([], "unproven"),
        ([entry("CREATE", "a1", T - 9), entry("DELETE", "a1", T - 8), entry("CREATE", "a1", T + 1)], "ours"),
        ([entry("CREATE", "a1", T - 9, userName="other"), entry("CREATE", "a1", T + 1)], "unproven"),
    ],
)
async def test_whose_an_object_is(entries: list[Json], expected: str) -> None:
    """Ours is that id, made by our login under our key, certainly in our time; nothing else is."""
    assert await whose(Server(*entries)) == expected


async def test_it_says_who_and_when_and_why() -> None:
    """What is not ours names who made it and when, in one sentence an operator understands."""
    async with session_on(Server(entry("CREATE", "a1", T - 60))) as session:
        made = await history_of(session).maker(ACME, "a1", first_intent=T, last_intent=T)
    assert (made.who, made.when) == ("me", T - 60)
    assert made.why == "made by me on 2026-09-21 14:12 UTC, before this step was first sent"


async def test_without_knowing_the_clocks_nothing_of_our_login_is_proven() -> None:
    """No sample and no `Date`: an entry of ours is unproven, one of another login is another's."""
    async with session_on(Server(entry("CREATE", "a1", T + 60))) as session:
        made = await History(session, clock=lambda: T + 90).maker(ACME, "a1", first_intent=T, last_intent=T)
    assert made.whose == "unproven"
    async with session_on(Server(entry("CREATE", "a1", T + 60, userName="other"))) as session:
        made = await History(session, clock=lambda: T + 90).maker(ACME, "a1", first_intent=T, last_intent=T)
    assert made.whose == "others"


async def test_the_date_of_the_answer_is_learnt_from() -> None:
    """With a `Date` alone, seconds are told apart, milliseconds are not."""
    server = Server(entry("CREATE", "a1", T + 3))
    server.date = datetime.fromtimestamp(T + 30, UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
    async with session_on(server) as session:
        history = History(session, clock=lambda: T + 30)
        assert (await history.maker(ACME, "a1", first_intent=T, last_intent=T)).whose == "ours"
        close = await history.maker(ACME, "a1", first_intent=T + 2.99, last_intent=T + 3)
        assert close.whose == "unproven"
        assert "too close" in close.why


async def test_the_jobs_login_counts_not_the_sessions() -> None:
    """A job begun by another login is judged by that one; where it is the session's, its id is known too."""
    by_id = entry("CREATE", "a1", T + 1, userName=None, userId="u-me")
    assert await whose(Server(by_id), logins=["me"]) == "ours"
    assert await whose(Server(by_id), logins=["ann"]) == "others"
    assert await whose(Server(entry("CREATE", "a1", T + 1, userName="Ann")), logins=["ann"]) == "ours"


async def test_a_key_that_another_job_sent_proves_nothing() -> None:
    """Where another known job of this login sent the same key, its object may be that job's."""
    asked: list[Subject] = []

    async def elsewhere(subject: Subject, _since: float | None) -> bool:
        asked.append(subject)
        return True

    assert await whose(Server(entry("CREATE", "a1", T + 1)), sent_elsewhere=elsewhere) == "unproven"
    other = Server(entry("CREATE", "a1", T + 1, userName="other"))
    assert await whose(other, sent_elsewhere=elsewhere) == "others"
    assert asked == [ACME]


async def test_every_page_is_read_and_each_entry_once() -> None:
    """An entry on the third page is found; what is shown twice because the list moved counts once."""
    noise = [entry("UPDATE", "a1", T + 2 + number / 100) for number in range(220)]
    server = Server(entry("CREATE", "a1", T + 1), *noise)
    assert await whose(server) == "ours"
    assert [query["firstResultIndex"] for query in server.queries] == [["0"], ["100"], ["200"]]
    assert server.queries[0]["accountHistoryType"] == ["ACCOUNT", "PROVISIONING"]
    asked = entry("PROVISION_REQUEST", None, T + 1, id="same")
    moved = [asked, entry("CREATE", "a1", T + 2), entry("DELETE", "a1", T + 3), asked]
    server = Server()
    server.history = answer(200, {"totalRecords": 3, "results": moved[::-1]})
    async with session_on(server) as session:
        assert await history_of(session).pending(ACME, since=T) is None


async def test_a_list_without_a_count_is_read_until_it_is_empty() -> None:
    """Where the server does not say how many there are, the first page is not taken for all."""
    server = Server()
    shown = [entry("UPDATE", "a1", T + 2, id=f"u{number}") for number in range(100)]
    pages = [shown, [entry("CREATE", "a1", T + 1, id="c")], []]

    def one_page(call: Call) -> Reply[object]:
        return answer(200, {"results": pages[len(server.queries) - 1]})(call)

    server.history = one_page
    assert await whose(server) == "ours"
    # A server that answers the same page again and again is not asked for ever.
    server.queries.clear()
    server.history = answer(200, {"results": [entry("CREATE", "a1", T + 1, id="c")]})
    assert await whose(server) == "ours"


OFF = {403: "the login may not read account history", 405: "the server keeps no account history"}


@pytest.mark.parametrize("status", [403, 405, 501])
async def test_some_refusals_turn_it_off_for_good(status: int) -> None:
    """Not allowed, and no such operation, will not change: it is not asked again, and says why."""
    server = Server(history=refusal(status, "no"))
    async with session_on(server) as session:
        history = history_of(session)
        made = await history.maker(ACME, "a1", first_intent=T, last_intent=T)
        assert (made.whose, made.why) == ("unproven", history.why_not)
        asked = len(server.queries)
        assert await history.pending(ACME, since=T) is None
        assert await history.changes("a1", since=T) is None
    assert history.why_not == OFF.get(status, OFF[405])
    assert len(server.queries) == asked


@pytest.mark.parametrize(
    "failure",
    [
        refusal(500, "trouble"),
        refusal(404, "Account not found"),
        refusal(400, "bad"),
        answer(200, b"<html>Welcome</html>"),
        answer(200, {}),
        answer(200, {"totalRecords": 3, "results": []}),
        answer(200, {"totalRecords": 3, "results": [entry("CREATE", "a1", T + 1, id="c")]}),
        answer(200, {"totalRecords": "many", "results": 7}),
    ],
    ids=[
        "500",
        "404",
        "400",
        "a page of a proxy",
        "nothing",
        "fewer than counted",
        "the same again",
        "another shape",
    ],
)
async def test_anything_else_is_unavailable_for_this_question_alone(failure: Step) -> None:
    """A failure says nothing: the question is open, and the next one is asked, however often that was."""
    server = Server(entry("CREATE", "a1", T + 1), history=failure)
    async with session_on(server) as session:
        history = history_of(session)
        for _ in range(4):
            with pytest.raises(HistoryUnavailable):
                await history.maker(ACME, "a1", first_intent=T, last_intent=T)
        assert history.why_not is None
        server.history = None
        assert (await history.maker(ACME, "a1", first_intent=T, last_intent=T)).whose == "ours"


async def test_entries_of_another_account_are_no_answer() -> None:
    """A search by id that answers another account's entries is a failure, not a history."""
    foreign = entry("CREATE", "u1", T + 1, accountId="victim")
    async with session_on(Server(foreign)) as session:
        with pytest.raises(HistoryUnavailable, match="another account"):
            await history_of(session).maker(ANN, "u1", first_intent=T, last_intent=T)


async def test_a_refused_login_is_no_silence_of_history() -> None:
    """A login that is refused ends the question with that: the whole job has to stop."""
    async with session_on(Server(history=refusal(401, "no"))) as session:
        with pytest.raises(AuthenticationError):
            await history_of(session).maker(ACME, "a1", first_intent=T, last_intent=T)


async def test_a_404_is_an_empty_history_only_where_there_is_no_account() -> None:
    """No such account: nothing was done to it. An account that is there has a history: the search failed."""
    gone = Server(history=refusal(404, "Account not found"))
    async with session_on(gone) as session:
        assert await history_of(session).pending(ANN, since=T) is None
        assert await history_of(session).changes("a1", since=T) == []
    there = Server(history=refusal(404, "Account not found"), account=answer(200, {"id": "a1"}))
    unclear = Server(history=refusal(404, "Account not found"), account=refusal(500, "trouble"))
    for server in (there, unclear):
        async with session_on(server) as session:
            with pytest.raises(HistoryUnavailable):
                await history_of(session).pending(ANN, since=T)


ASKED = entry("PROVISION_REQUEST", None, T + 1)


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ([], None),
        ([ASKED], "asked for"),
        ([ASKED, entry("CREATE", "a1", T + 2)], "there"),
        ([entry("CREATE", "a1", T + 2, userName="other")], "there"),
        ([ASKED, entry("CREATE", "a1", T + 2), entry("DELETE", "a1", T + 3)], None),
        ([ASKED, ASKED, entry("CREATE", "a1", T + 2), entry("DELETE", "a1", T + 3)], "asked for"),
        ([ASKED, entry("CREATE", "a1", T + 2, userName="other"), entry("DELETE", "a1", T + 3)], "asked for"),
        ([entry("PROVISION_REQUEST", None, T - 9)], None),
        ([entry("CREATE", "a1", T - 9)], None),
        ([entry("PROVISION_REQUEST", None, None)], "asked for"),
        ([entry("PROVISION_REQUEST", None, T + 1, referenceName="ACME-2")], None),
        ([entry("PROVISION_REQUEST", None, T + 1, referenceType="EndUser")], None),
    ],
)
async def test_what_a_look_up_did_not_find_may_be_coming(entries: list[Json], expected: str | None) -> None:
    """Asked for and not made since, or made and not deleted, since our first intent: it is waited for."""
    async with session_on(Server(*entries)) as session:
        pending = await history_of(session).pending(ACME, since=T)
    assert (None if pending is None else pending.state) == expected


async def test_a_request_that_made_nothing_for_ten_minutes_was_dropped() -> None:
    """A request is waited for only so long; an object that is there counts however old it is."""
    for event, expected in ((ASKED, False), (entry("CREATE", "a1", T + 1), True)):
        async with session_on(Server(event)) as session:
            history = History(session, clock=lambda: T + 700)
            history.server_clock.observe(T - 9, T - 8.99, T - 8.996)
            assert (await history.pending(ACME, since=T) is not None) is expected


async def test_rows_of_one_account_share_an_answer() -> None:
    """Many rows that ask at once send one request; an object it does not show is asked for anew."""
    users = [
        entry("CREATE", f"u{number}", T + 1, accountHistoryType="USER", referenceType="EndUser",
              referenceName=f"user{number}", accountId="a1")
        for number in range(20)
    ]  # fmt: skip
    server = Server(*users)
    async with session_on(server) as session:
        history = history_of(session)
        makers = await asyncio.gather(
            *(
                history.maker(Subject(USERS, f"user{n}", "a1"), f"u{n}", first_intent=T, last_intent=T)
                for n in range(20)
            )
        )
        assert {maker.whose for maker in makers} == {"ours"}
        assert len(server.queries) == 1
        assert (await history.maker(ANN, "u99", first_intent=T, last_intent=T)).whose == "unproven"
        assert len(server.queries) == 2


async def test_the_clocks_are_measured_once_and_only_when_needed() -> None:
    """Five answered steps at the most are looked up, at the first question, and never again."""
    samples = [Sample(Subject(ACCOUNTS, f"S{n}"), f"s{n}", T - 10 + n, T - 9.99 + n) for n in range(9)]
    made = [entry("CREATE", f"s{n}", T - 9.994 + n, referenceName=f"S{n}") for n in range(9)]
    server = Server(*made, entry("CREATE", "a1", T + 0.02))
    async with session_on(server) as session:
        history = History(session, clock=lambda: T + 30)
        history.calibrate(samples)
        assert server.queries == []
        await asyncio.gather(
            *(history.maker(ACME, "a1", first_intent=T, last_intent=T + 5) for _ in range(3))
        )
        assert [query["accountNumber"] for query in server.queries] == [
            *([f"S{n}"] for n in range(5)), ["ACME-1"]
        ]  # fmt: skip
        history.calibrate(samples)
        assert (await history.maker(ACME, "a1", first_intent=T, last_intent=T + 5)).whose == "ours"
        assert len(server.queries) == 6
    assert history.server_clock.sampled


async def test_the_clocks_are_measured_again_by_what_was_made_much_quicker() -> None:
    """The quickest samples measure it, and later ones that took less than half as long."""
    slow = [Sample(Subject(ACCOUNTS, f"S{n}"), f"s{n}", T - 20, T - 19.5) for n in range(5)]
    quick, hardly = (
        Sample(Subject(ACCOUNTS, name), name, T - 10, T - 10 + seconds)
        for name, seconds in (("quick", 0.02), ("hardly", 0.011))
    )
    made = [entry("CREATE", f"s{n}", T - 19.6, referenceName=f"S{n}") for n in range(5)]
    made += [entry("CREATE", name, T - 9.99, referenceName=name) for name in ("quick", "hardly")]
    server = Server(*made, entry("CREATE", "a1", T + 0.2))
    async with session_on(server) as session:
        history = History(session, clock=lambda: T + 30)
        history.calibrate(slow)
        assert (await history.maker(ACME, "a1", first_intent=T, last_intent=T)).whose == "unproven"
        history.calibrate([*slow, quick])
        assert (await history.maker(ACME, "a1", first_intent=T, last_intent=T)).whose == "ours"
        asked = len(server.queries)
        history.calibrate([*slow, quick, hardly])
        assert (await history.maker(ACME, "a1", first_intent=T, last_intent=T)).whose == "ours"
        assert len(server.queries) == asked


async def test_what_proves_no_clock_is_left_out() -> None:
    """A sample that history does not show, by another login, or at a time unknown measures nothing."""
    for shown in ([], [entry("CREATE", "a1", T - 9, userName="other")], [entry("CREATE", "a1", None)]):
        async with session_on(Server(*shown)) as session:
            history = History(session, clock=lambda: T + 30)
            history.calibrate([Sample(ACME, "a1", T - 9.01, T - 8.99)])
            await history.maker(ACME, "a1", first_intent=T, last_intent=T)
            assert not history.server_clock.sampled


async def test_a_history_that_fails_while_it_is_measured_by_is_measured_by_later() -> None:
    """One sample that cannot be read does not end the question, nor the measuring."""
    server = Server(entry("CREATE", "a1", T - 8.995), history=refusal(500, "trouble"))
    async with session_on(server) as session:
        history = History(session, clock=lambda: T + 30)
        history.calibrate([Sample(ACME, "a1", T - 9, T - 8.99), Sample(ACME, "a1", T - 9, T - 8.99)])
        with pytest.raises(HistoryUnavailable):
            await history.maker(ACME, "a1", first_intent=T, last_intent=T)
        server.history = None
        await history.maker(ACME, "a1", first_intent=T, last_intent=T)
    assert history.server_clock.sampled


async def test_changes_since_a_time() -> None:
    """What was done to an account since: by whom, to what, when; older entries and nameless ones aside."""
    server = Server(
        entry("CREATE", "a1", T - 60),
        entry("UPDATE", "a1", T + 60, userName="Bob", userId="U-b"),
        entry("DELETE", "u1", T + 61, accountHistoryType="USER", referenceName="Ann"),
        entry("UPDATE", "a1", T + 62, userName=None),
        entry("UPDATE", "a1", None),
    )
    async with session_on(server) as session:
        changes = await history_of(session).changes("a1", since=T)
    assert changes is not None
    assert [(c.action, c.what, c.who, c.makes, c.changes) for c in changes] == [
        ("UPDATE", "account", "me", False, True),
        ("UPDATE", "account", "Bob", False, True),
        ("DELETE", "user", "me", False, False),
    ]
    assert (changes[1].doer, changes[1].about) == (
        frozenset({"bob", "u-b"}),
        frozenset({"a1", "acme-1"}),
    )
    assert str(changes[1]) == "account changed by Bob on 2026-09-21 14:14 UTC"
    assert str(changes[0]) == "account changed by me at an unknown time"
    assert server.queries[0]["startDate"] == ["2026-09-20"]


async def test_every_kind_of_object_is_traced_in_the_sandbox() -> None:
    """Accounts, users, numbers, lines and calling plans: ours in our time, another's by another login."""
    who = await subscriber()
    start = time.time()
    number = await who.activate()
    line = await who.add_line()
    plan = {"referenceType": "END_USER", "referenceId": who.user["id"]}
    body = {**plan, "callingPlanProductId": "sandbox-plan-500"}
    await who.caller.call("PUT", f"{who.path}/callingplan", body)
    account_id, user_id = str(who.account["id"]), str(who.user["id"])
    things = [
        (Subject(ACCOUNTS, "ACME-1"), account_id),
        (Subject(USERS, "ANN@acme", account_id), user_id),
        (Subject(TELEPHONE_NUMBERS, FIRST, account_id), _number_id(number)),
        (Subject(DEVICE_LINES, f"{line['macAddress']}/1", account_id), str(line["id"])),
        (Subject(USER_CALLING_PLANS, "sandbox-plan-500", account_id), user_id),
    ]
    async with sandbox_session(who.caller.sandbox) as session:
        verdicts: dict[str, list[str]] = {}
        for login in ("ann", "bob"):
            history = History(session, logins=[login])
            history.server_clock.observe(start, time.time(), time.time())
            verdicts[login] = [
                (await history.maker(thing, object_id, first_intent=start - 60, last_intent=start)).whose
                for thing, object_id in things
            ]
    assert verdicts == {"ann": ["ours"] * 5, "bob": ["others"] * 5}


def _number_id(answered: Json) -> str:
    """Return the id of a number that was just put on an account."""
    return str(answered["id"])


def sandbox_session(sandbox: Sandbox) -> Session:
    """Return a session of `ann` on a sandbox, in process."""
    return Session(
        Credentials("ann", "a-password"),
        base_url="http://localhost",
        transport=InProcessTransport(sandbox.app),
        retry=FAST_RETRY,
        limit=UNLIMITED,
    )


@pytest.mark.parametrize("kind", ["status_before", "cut_before", "garbage_after"])
async def test_a_history_that_fails_at_the_sandbox_leaves_the_question_open(kind: FaultKind) -> None:
    """What fails is never taken for an empty history; once it answers, the question is settled."""
    sandbox = Sandbox(SandboxOptions())
    async with sandbox_session(sandbox) as session:
        made = await session.accounts.create(
            AccountCreate(
                account_number="ACME-1",
                account_name="Acme",
                account_type="SIMPLE",
                time_zone="US/Eastern",
                billing_cycle_day=1,
            )
        )
        history = History(session)
        history.server_clock.observe(time.time() - 1, time.time(), time.time())
        sandbox.faults.add(Fault(kind=kind, operation=NUMBERS_, times=None))
        since = time.time() - 60
        with pytest.raises(HistoryUnavailable):
            await history.maker(ACME, str(made.id), first_intent=since, last_intent=since + 60)
        with pytest.raises(HistoryUnavailable):
            await history.pending(ACME, since=since)
        sandbox.faults.clear()
        assert (
            await history.maker(ACME, str(made.id), first_intent=since, last_intent=since + 60)
        ).whose == "ours"
