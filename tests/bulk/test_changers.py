"""Account history says who changed what is as it was wanted: the latest entry about it, by whom and when."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from alianza_async.bulk.engine.evidence import (
    ACCOUNTS,
    USER_CALLING_PLANS,
    History,
    Sample,
    Sought,
    Subject,
)
from alianza_async.bulk.history import journaled_samples
from alianza_async.bulk.journal import SqliteStore
from alianza_async.bulk.kinds.by_name import kept_kind
from alianza_async.bulk.options import JobSettings
from tests.bulk.engine import account, session_on
from tests.bulk.test_cut_off_updates import THERE
from tests.bulk.test_engine_evidence import Server, T, entry, history_of, session_on as at

if TYPE_CHECKING:
    from pathlib import Path

    from alianza_async.sandbox import Sandbox

ACME = Subject(ACCOUNTS, "ACME-1")
SUSPENDED = Sought(values={"status": "SUSPENDED"})
PLANS = Subject(USER_CALLING_PLANS, "one,two", account_id="a1", owner_id="u1", parts=("one", "two"))


def changed(
    when: float | None, who: str | None = "me", text: str = "", **values: object
) -> dict[str, object]:
    """Write an entry about a change of the account."""
    told = text or json.dumps(values)
    kind = "ACCOUNT_STATUS" if set(values) == {"status"} else "ACCOUNT"
    return entry("UPDATE", "a1", when, userName=who, accountHistoryType=kind, newValue=told)


def taken(when: float, product: str, who: str = "me") -> dict[str, object]:
    """Write an entry about a plan that was taken away."""
    return entry(
        "DELETE",
        "u1",
        when,
        userName=who,
        accountHistoryType="CALLING_PLAN",
        referenceType="EndUser",
        referenceName=product,
    )


async def whose(
    *entries: dict[str, object],
    subject: Subject = ACME,
    object_id: str = "a1",
    sought: Sought = SUSPENDED,
    first: float = T,
    **options: object,
) -> tuple[str, str]:
    """Ask whose a change is that our step first meant to send at T."""
    async with at(Server(*entries)) as session:
        history = history_of(session, **options)
        told = await history.changer(subject, object_id, sought, first_intent=first, last_intent=first + 5)
        return told.whose, told.why


OURS, THEIRS = changed(T + 1, status="SUSPENDED"), changed(T + 2, "bob", status="SUSPENDED")


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ([OURS], "ours"),
        ([THEIRS], "others"),
        ([], "unproven"),
        # What was changed before the step is no answer to who changed it since.
        ([changed(T - 60, status="SUSPENDED")], "unproven"),
        ([changed(T - 60, "bob", status="SUSPENDED"), OURS], "ours"),
        # The latest entry about the field counts, and no other field.
        ([OURS, THEIRS], "others"),
        ([changed(T + 0.5, "bob", status="DISABLED"), OURS], "ours"),
        ([OURS, changed(T + 2, "bob", accountName="Bob's")], "ours"),
        # It is not as that entry says: a later one is not shown yet.
        ([OURS, changed(T + 2, "bob", status="ACTIVE")], "unproven"),
        ([changed(T + 1, accountName="Ours")], "unproven"),
        # An entry that cannot be read may be about anything.
        ([changed(T + 1, text="now suspended")], "ours"),
        ([changed(T + 1, "bob", text="now suspended")], "others"),
        ([OURS, changed(T + 2, "bob", text="a new name")], "unproven"),
        ([changed(T + 1, text="[1]")], "ours"),
        # By our login, but not certainly within the step's time; or by nobody.
        ([changed(T + 700, status="SUSPENDED")], "unproven"),
        ([changed(None, status="SUSPENDED")], "unproven"),
        ([changed(T + 1, None, status="SUSPENDED")], "unproven"),
        ([entry("UPDATE", "a2", T + 1, newValue='{"status":"SUSPENDED"}')], "unproven"),
    ],
)
async def test_the_latest_entry_about_the_field_says_who(
    entries: list[dict[str, object]], expected: str
) -> None:
    """Ours only where our login is shown to have given it the value, within the step's own time."""
    assert (await whose(*entries))[0] == expected


async def test_of_several_fields_each_counts() -> None:
    """Ours where each field is; where somebody else gave one its value, none is restored."""
    two = Sought(values={"account_name": "New", "voice.pin": None})
    ours = changed(T + 1, accountName="NEW", voice={"pin": "***"})
    assert (await whose(ours, sought=two))[0] == "ours"
    theirs = changed(T + 2, "bob", accountName="New")
    assert (await whose(ours, theirs, sought=two))[0] == "others"
    assert (await whose(changed(T + 1, accountName="New"), sought=two))[0] == "unproven"
    assert (await whose(ours, sought=Sought()))[0] == "ours"


async def test_what_is_too_close_to_tell_says_so() -> None:
    """A clock that is measured better may tell: that is not said of what another login changed."""
    async with at(Server(changed(T, status="SUSPENDED"))) as session:
        told = await history_of(session).changer(ACME, "a1", SUSPENDED, first_intent=T, last_intent=T)
    assert (told.whose, told.too_close) == ("unproven", True)


async def test_several_that_were_taken_away() -> None:
    """Ours where our login took each; where another took one, the whole is not ours."""
    plans = {"subject": PLANS, "object_id": "u1", "sought": Sought(removes=True)}
    one, two = taken(T + 1, "one"), taken(T + 2, "two")
    assert (await whose(one, two, **plans))[0] == "ours"  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    assert (await whose(one, **plans))[0] == "unproven"  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    assert (await whose(one, taken(T + 2, "two", "bob"), **plans))[0] == "others"  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    gone = Sought(removes=True)
    assert (await whose(entry("DELETE", "a1", T + 1), sought=gone))[0] == "ours"


async def test_a_job_that_sent_it_meanwhile_proves_nothing() -> None:
    """A job that sent the same key long before is no rival: accounts are made once and changed often."""
    asked: list[float | None] = []

    async def elsewhere(_subject: Subject, since: float | None) -> bool:
        asked.append(since)
        return True

    assert (await whose(OURS, sent_elsewhere=elsewhere))[0] == "unproven"
    assert asked == [T - 600]


DATE = datetime.fromtimestamp(T + 30, UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")


@pytest.mark.parametrize(
    ("entries", "date", "expected"),
    [
        ([OURS], DATE, True),
        # An object is changed more than once: only one that is near by the `Date` is known to be this change.
        ([OURS], None, False),
        ([changed(T - 900, status="SUSPENDED")], DATE, False),
        ([changed(T + 20, status="SUSPENDED")], DATE, False),
        ([changed(T + 1, accountName="Ours")], DATE, False),
        ([OURS, THEIRS], DATE, False),
        ([THEIRS], DATE, False),
    ],
)
async def test_a_change_that_was_answered_measures_the_clock(
    entries: list[dict[str, object]], date: str | None, *, expected: bool
) -> None:
    """It does where history shows one change that can be it, by our login."""
    server = Server(*entries)
    server.date = date
    async with at(server) as session:
        history = History(session, clock=lambda: T + 30)
        history.calibrate([Sample(ACME, "a1", T + 0.99, T + 1.01, SUSPENDED)])
        await history.changer(ACME, "a1", SUSPENDED, first_intent=T, last_intent=T)
        assert history.server_clock.sampled is expected


async def test_an_update_of_what_this_login_made_long_ago_sets_no_clock_back(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    """What measures the clock after an update is the update, not the creation of ten days ago."""
    sandbox.seed({"accounts": [{**THERE, "accountName": "Old"}]}, login="tester", ago_s=864_000)
    path = tmp_path / "job.db"
    async with session_on(sandbox) as session:
        await session.bulk.create_accounts([account(1)], journal=path, on_exists="update").run()
        store = await SqliteStore.open(path)
        try:
            kind = kept_kind(session, store.facts, JobSettings())
            (sample,) = await journaled_samples(store, kind, session)
        finally:
            await store.aclose()
        history = History(session)
        history.calibrate([sample])
        await history.maker(Subject(ACCOUNTS, "A-00001"), None, first_intent=T, last_intent=T)
        bounds = history.server_clock.bounds
    assert sample.sought == Sought(values={"account_name": "Ardent Bakery"})
    assert (bounds.lo > -60, bounds.hi < 60) == (True, True)
