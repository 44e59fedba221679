from __future__ import annotations

from typing import TYPE_CHECKING, cast

import anyio
import pytest

from alianza_async.bulk.kinds.subscribers import SUBSCRIBERS
from alianza_async.errors import ConflictError, InvalidInputError
from alianza_async.sandbox import Fault
from tests.bulk.workflow.driver import KillableStore, drive, job_of, killed, run, works
from tests.bulk.workflow.places import (
    NUMBERS,
    ODD_STREET,
    a_sandbox,
    at,
    carried_out,
    in_area,
    kind_on,
    requests,
    statuses,
    subscriber,
)

if TYPE_CHECKING:
    from alianza_async.sandbox import Sandbox
    from alianza_async.session import Session

ALL_DONE = {
    "account": "created",
    "user": "created",
    "address": "exists",
    "number": "created",
    "activation": "created",
    "line": "created",
    "service": "exists",
}


def everything_made(sandbox: Sandbox) -> tuple[int, int, int, int]:
    """Return how many accounts, users, numbers on accounts and lines were ever made."""
    truth = sandbox.truth()
    return truth.created_accounts, truth.created_users, truth.created_numbers, truth.created_device_lines


def test_a_row_becomes_a_subscriber() -> None:
    """A row becomes an account, a user, a number in service that rings at the user, and a device line."""
    sandbox, store = a_sandbox(), KillableStore()

    (ended,) = carried_out(sandbox, [subscriber()], store)

    (user,) = sandbox.store.users.values()
    (number,) = sandbox.store.numbers.active.values()
    (line,) = sandbox.store.lines.lines.values()
    assert (ended.status, ended.id, ended.error) == ("created", user["id"], None)
    assert (number["phoneNumber"], number["referenceId"]) == (NUMBERS[1], user["id"])
    assert (number["carrierStatus"], line["userId"]) == ("ACTIVE", user["id"])
    assert line["emergencyNumber"] == NUMBERS[1]
    assert store.statuses() == ALL_DONE


def test_every_intent_is_written_before_and_every_outcome_after() -> None:
    """Each request that changes something has its intent on disk first; what only looks has none.

    An outcome shares the commit of the next intent: there is one commit per request, and one at the end.
    """
    store = KillableStore()

    carried_out(a_sandbox(), [subscriber()], store)

    writes = ["account", "user", "number", "activation", "line"]
    expected = [f"1 {step} {status}" for step in writes for status in ("intent", "created")]
    expected.insert(0, "1 address exists")
    assert store.writes == [*expected, "1 service exists"]
    assert store.commits == len(writes) + 1


def test_a_row_without_a_device_has_no_line() -> None:
    """A row without a MAC address has no step for a line: none is journaled, none is made."""
    sandbox, store = a_sandbox(), KillableStore()

    (ended,) = carried_out(sandbox, [subscriber(mac_address=None)], store)

    assert (ended.status, "line" in store.statuses()) == ("created", False)
    assert sandbox.truth().device_lines == 0


@pytest.mark.parametrize("dies_at_once", [True, False])
@pytest.mark.parametrize("row", [subscriber(), in_area()], ids=["number given", "area code"])
def test_killed_at_any_write_and_resumed_makes_everything_once(
    row: dict[str, object], *, dies_at_once: bool
) -> None:
    """Wherever the process is killed, the resumed row is made once: nothing is lost, nothing doubled."""
    for after in range(7):
        sandbox, store = a_sandbox(unique=False), KillableStore(dies_at_once=dies_at_once)

        async def crash(session: Session, store: KillableStore = store, after: int = after) -> bool:
            return await killed(kind_on(session, SUBSCRIBERS), [row], store, after)

        was_killed = at(sandbox, crash)
        (ended,) = carried_out(sandbox, [row], store)

        truth = sandbox.truth()
        made = (
            truth.created_accounts,
            truth.created_users,
            truth.created_numbers,
            truth.created_device_lines,
        )
        assert (after, was_killed, ended.status, made) == (
            after,
            after < 6 or dies_at_once,
            "created",
            (1, 1, 1, 1),
        )
        assert truth.numbers_without_address == []
        # Of a reservation nothing proves whose it is: where the row names its number, it is gone on with.
        unproven = after == 3 and not dies_at_once and "telephone_number" in row
        assert store.statuses() == ALL_DONE | ({"number": "exists"} if unproven else {})


@pytest.mark.parametrize(
    "operation",
    [
        *("createAccount", "createEndUser", "reserve", "createOrAddTelephoneNumberToAccount", "createDevice"),
    ],
)
@pytest.mark.parametrize("kind", ["cut_after", "cut_before", "garbage_after", "html_after", "status_after"])
def test_a_lost_answer_is_looked_up(operation: str, kind: str) -> None:
    """Whatever happens to the answer of any write, it is made once, and the row is created."""
    sandbox, store = a_sandbox(unique=False), KillableStore()
    sandbox.faults.add(Fault(kind=kind, operation=operation, times=2))  # type: ignore[arg-type]

    (ended,) = carried_out(sandbox, [in_area()], store)

    truth = sandbox.truth()
    made = everything_made(sandbox)
    assert (ended.status, made, truth.numbers_without_address) == ("created", (1, 1, 1, 1), [])
    # A reservation cannot be looked up: where its answer was lost, another number is taken.
    assert ended.adopted == (kind != "cut_before" and operation != "reserve")


@pytest.mark.parametrize("operation", ["createAccount", "createEndUser", "createDevice"])
def test_a_late_commit_is_waited_for(operation: str) -> None:
    """What the server carries out after we gave it up is found after `settle_s`, and not made again."""
    sandbox = a_sandbox(unique=False)
    sandbox.faults.add(Fault(kind="late", operation=operation, delay_s=3))

    (ended,) = carried_out(sandbox, [subscriber()], KillableStore(settle_s=2.5), attempt_timeout=1)

    truth = sandbox.truth()
    assert (ended.status, ended.adopted) == ("created", True)
    assert (truth.created_accounts, truth.created_users, truth.created_device_lines) == (1, 1, 1)


def test_a_run_again_finds_everything() -> None:
    """Run again without a journal, each step looks first; all of it is there, and the row is `exists`."""
    sandbox = a_sandbox(unique=False)
    carried_out(sandbox, [in_area()])

    (ended,) = carried_out(sandbox, [in_area()], look_first=True)

    truth = sandbox.truth()
    assert (ended.status, truth.created_users, truth.created_numbers) == ("exists", 1, 1)


def test_an_account_that_differs_fails_the_row_and_skips_the_rest() -> None:
    """An account that is there and differs fails its row; what needs it is skipped, and says of what."""
    sandbox, store = a_sandbox(), KillableStore()
    carried_out(sandbox, [subscriber(account_name="Somebody Else")])

    (ended,) = carried_out(sandbox, [subscriber(username="another.user", mac_address=None)], store)

    assert isinstance(ended.error, ConflictError)
    assert ended.error.message == "its account: it exists already and differs in account_name"
    assert store.statuses() == dict.fromkeys(store.statuses(), "skipped") | {
        "address": "exists",
        "account": "failed",
    }
    assert store.step(1, "service").error == "not done: its account failed"


def test_a_failed_row_goes_on_where_it_failed() -> None:
    """Tried again, a row keeps what is done, looks its failed step up, and does what was skipped."""
    sandbox, store = a_sandbox([]), KillableStore()
    (first,) = carried_out(sandbox, [subscriber()], store)
    sandbox.seed_inventory(NUMBERS)

    (second,) = carried_out(sandbox, [subscriber()], store)

    assert (first.status, second.status) == ("failed", "created")
    assert str(first.error).startswith("reserve: its number: ")
    assert store.statuses() == ALL_DONE
    assert requests(sandbox)["createEndUser"] == 1


# --- rows that share ----------------------------------------------------------------------------------------


def test_rows_that_share_an_account_make_it_once() -> None:
    """Several rows of one account, all at once and with lost answers: one account, the others find it."""
    sandbox, store = a_sandbox(unique=False), KillableStore(settle_s=1)
    sandbox.faults.add(Fault(kind="cut_after", operation="createAccount", times=1))
    rows = [subscriber(number, account_number="SHARED") for number in range(1, 9)]

    ends = carried_out(sandbox, rows, store)

    truth = sandbox.truth()
    assert (statuses(ends), truth.accounts, truth.users) == (["created"] * 8, 1, 8)
    accounts = sorted(store.step(number, "account").status for number in range(1, 9))
    assert accounts == ["created", *["exists"] * 7]


def test_a_shared_account_that_was_cut_off_is_waited_for_by_the_others() -> None:
    """After a crash amid a shared account, another row of it waits as long as the one that was cut off."""
    sandbox, store = a_sandbox(unique=False), KillableStore(settle_s=2)
    other, cut_off = subscriber(1, account_number="SHARED"), subscriber(2, account_number="SHARED")
    sandbox.faults.add(Fault(kind="late", operation="createAccount", delay_s=1.5))

    async def crash_then_go_on(session: Session) -> list[str]:
        kind = kind_on(session, SUBSCRIBERS)
        with anyio.move_on_after(0.1):  # the process dies; the server carries out what it has got
            job = await job_of(kind, store)
            await drive(kind, (await works(kind, [other, cut_off], store))[1], job)
        again = kind_on(session, SUBSCRIBERS)
        return statuses(await run(again, [other, cut_off], store))

    assert at(sandbox, crash_then_go_on) == ["created", "created"]
    assert sandbox.truth().created_accounts == 1


# --- numbers ------------------------------------------------------------------------------------------------


def test_rows_of_one_area_code_get_different_numbers() -> None:
    """Rows that run at once and take the first free number get one each."""
    sandbox = a_sandbox(NUMBERS[:30], unique=False)

    ends = carried_out(sandbox, [in_area(number) for number in range(1, 31)], workers=30)

    truth = sandbox.truth()
    assert (set(statuses(ends)), truth.numbers, truth.duplicate_numbers) == ({"created"}, 30, [])
    assert requests(sandbox)["reserve"] == 30


def test_a_number_that_somebody_else_takes_is_replaced() -> None:
    """Where somebody else reserves the chosen number first, the next one is taken."""
    sandbox = a_sandbox(NUMBERS[:2])
    sandbox.faults.add(Fault(kind="status_before", operation="reserve", status=400))

    (ended,) = carried_out(sandbox, [in_area()])

    (number,) = sandbox.store.numbers.active.values()
    assert (ended.status, number["phoneNumber"]) == ("created", NUMBERS[1])


def test_a_chosen_number_is_journaled_before_it_is_reserved() -> None:
    """The chosen number stands in the intent: another row leaves it, and so does the resumed row itself.

    Nothing tells whether it was reserved, and by whom: it is given up, not released.
    """
    sandbox, store = a_sandbox(), KillableStore(dies_at_once=True)

    async def crash(session: Session) -> bool:
        return await killed(kind_on(session, SUBSCRIBERS), [in_area()], store, 3)

    assert at(sandbox, crash)
    assert (store.statuses()["number"], store.step(1, "number").key) == ("intent", NUMBERS[0])
    store.settle_s = 1  # so that the other row chooses first
    ends = carried_out(sandbox, [in_area(1), in_area(2)], store)

    keys = [store.step(row, "number").key for row in (1, 2)]
    assert (statuses(ends), keys) == (["created", "created"], [NUMBERS[2], NUMBERS[1]])
    assert "release" not in requests(sandbox)


def test_no_free_number_fails_the_row() -> None:
    """An area code without a free number fails the row, and says which."""
    (ended,) = carried_out(a_sandbox([]), [in_area()])

    expected = "its number: there is no free number in area code 801; take another or fill the inventory"
    assert (ended.status, str(ended.error)) == ("failed", expected)


def test_a_number_of_another_account_fails_the_row() -> None:
    """A number that is on another account is not taken from it."""
    sandbox = a_sandbox()
    carried_out(sandbox, [subscriber(1)])

    (ended,) = carried_out(sandbox, [subscriber(2, telephone_number=NUMBERS[1])])

    assert isinstance(ended.error, ConflictError)
    assert ended.error.message == "its number: it exists already and differs in account_id"


# --- addresses ----------------------------------------------------------------------------------------------


def test_without_a_valid_address_no_number_is_touched() -> None:
    """An address that is none fails the row before a number is reserved, and is not repeated."""
    sandbox, store = a_sandbox(), KillableStore()

    (ended,) = carried_out(sandbox, [subscriber(e911_address="Nowhere Nook")], store)

    assert isinstance(ended.error, InvalidInputError)
    assert [field.field for field in ended.error.fields] == ["e911_address"]
    assert ("Nook" in str(ended.error), "reserve" in requests(sandbox)) == (False, False)
    assert store.statuses()["activation"] == "skipped"


def street_of(number: dict[str, object]) -> str:
    """Return the street of a number's emergency address."""
    address = cast("dict[str, str]", number["e911Address"])
    return " ".join(
        [address["streetName"], *([address["streetSuffix"]] if "streetSuffix" in address else [])]
    )


@pytest.mark.parametrize(
    ("choice", "status", "street"),
    [("fail", "failed", None), ("accept", "created", "Main St"), ("keep", "created", "Main Str.")],
)
def test_a_correction_is_a_decision(choice: str, status: str, street: str | None) -> None:
    """A correction the server offers fails the row, is accepted or refused as told, and is noted."""
    sandbox, store = a_sandbox(), KillableStore()
    row = subscriber(e911_address=ODD_STREET)

    (ended,) = carried_out(sandbox, [row], store, choices={"corrections": choice})

    streets = [street_of(number) for number in sandbox.store.numbers.active.values()]
    assert (ended.status, streets) == (status, [] if street is None else [street])
    assert store.step(1, "address").detail == f"corrections={choice}"
    assert sandbox.truth().numbers_without_address == []


def test_a_correction_offered_after_activation_fails_the_row_until_it_is_decided() -> None:
    """Where a correction comes once the number is on the account, the row fails, and a resume may decide."""
    sandbox, store = a_sandbox(), KillableStore()
    row = subscriber(e911_address=ODD_STREET)

    async def crash_then_change_the_mind(session: Session) -> None:
        keep = kind_on(session, SUBSCRIBERS, {"corrections": "keep"})
        assert await killed(keep, [row], store, 5)  # the line is made, the correction not decided

    at(sandbox, crash_then_change_the_mind)
    (failed,) = carried_out(sandbox, [row], store)
    (decided,) = carried_out(sandbox, [row], store, look_first=True, choices={"corrections": "accept"})

    assert (failed.status, decided.status) == ("failed", "created")
    assert store.step(1, "service").detail == "corrections=accept"
    assert "Main" not in str(failed.error)


def test_the_activation_is_followed_to_its_end() -> None:
    """A number that takes its time is looked at again and again until it is in service; nobody waits."""
    sandbox, store = a_sandbox(activation_s=60), KillableStore()

    (ended,) = carried_out(sandbox, [subscriber()], store)

    truth = sandbox.truth()
    assert (ended.status, truth.active_numbers) == ("created", 1)
    assert 5 < truth.requests["statusSearch"] < 20
    assert store.writes.count("1 service intent") == 0


def test_nothing_secret_is_journaled() -> None:
    """No street stands in the journal or in what a row tells of itself."""
    store = KillableStore()
    rows = [subscriber(1), subscriber(2, e911_address=ODD_STREET), subscriber(3, e911_address="Main")]

    ends = carried_out(a_sandbox(), rows, store)

    assert statuses(ends) == ["created", "failed", "failed"]
    told = repr(store.entries) + repr(ends) + "".join(str(ended.error) for ended in ends)
    assert "Main" not in told
