from __future__ import annotations

from dataclasses import replace

import pytest

from tools.campaign_input import Wanted
from tools.campaign_judge import Claim, Verdict, World, judge, unlisted

Json = dict[str, object]

ACME = Wanted(key="A-1", account_number="A-1", account_name="Acme")
BEST = Wanted(key="A-2", account_number="A-2", account_name="Best")
SPOILT = Wanted(key="A-3", account_number="A-3", account_name="Crow", sound=False)
ANN = Wanted("ann@acme", "A-1", "Acme", number="18015550001", mac="020000000001")

CREATED = Claim("created")
REFUSED = Claim("failed", "400: refused")


def account(number: str, name: str, account_id: str = "") -> Json:
    """Write an account as the sandbox lists it."""
    return {"id": account_id or number, "accountNumber": number, "accountName": name}


def whole(**changes: list[Json]) -> World:
    """Return a world with all that `ANN` asks for, some of it changed."""
    parts: dict[str, list[Json]] = {
        "accounts": [account("A-1", "Acme", "1")],
        "users": [{"username": "ann@acme", "accountId": "1"}],
        "numbers": [{"phoneNumber": "18015550001", "accountId": "1", "carrierStatus": "ACTIVE"}],
        "lines": [{"macAddress": "020000000001", "accountId": "1"}],
        **changes,
    }
    return World(
        accounts=parts["accounts"],
        users=parts["users"],
        numbers=parts["numbers"],
        lines=parts["lines"],
    )


def test_everything_once_is_clean() -> None:
    """Rows that are there once and said to be, and rows named with a reason, are all that is asked."""
    world = World(accounts=[account("A-1", "Acme")])
    claims = {"A-1": CREATED, "A-2": REFUSED, "A-3": Claim("invalid", "billing_cycle_day")}
    verdict = judge("accounts", [ACME, BEST, SPOILT], claims, world)
    assert (verdict.is_clean, verdict.done, verdict.named, verdict.shown()) == (True, 1, ["A-2", "A-3"], "")


@pytest.mark.parametrize(
    ("claim", "there", "found"),
    [
        (None, [], "lost: A-1"),
        (CREATED, [], "lost: A-1"),
        (Claim("failed"), [], "lost: A-1"),
        (Claim("unknown", "no answer"), [], "unknown: A-1"),
        (Claim("unknown", "no answer"), [account("A-1", "Acme")], "unknown: A-1"),
        (Claim("intent"), [], "unknown: A-1"),
        (Claim("pending"), [], "unknown: A-1"),
        (None, [account("A-1", "Acme")], "wrong: A-1"),
        (REFUSED, [account("A-1", "Acme")], "wrong: A-1 is failed and there"),
        (CREATED, [account("A-1", "Acne")], "wrong: A-1 lacks its account's name"),
        (CREATED, [account("A-1", "Acme"), account("A-1", "Acme", "2")], "duplicated: A-1"),
        (REFUSED, [account("A-9", "Who")], "wrong: account A-9 is nobody's"),
    ],
)
def test_each_fault_is_found(claim: Claim | None, there: list[Json], found: str) -> None:
    """Lost, duplicated, unknown and wrongly told rows are found by what is there, whatever is claimed."""
    verdict = judge("accounts", [ACME], {} if claim is None else {"A-1": claim}, World(accounts=there))
    assert (verdict.is_clean, verdict.shown()) == (False, found)


def test_harm_is_a_finding() -> None:
    """What was there before the job and was harmed keeps a verdict from being clean, and is named."""
    verdict = Verdict(done=1, harmed=["account/1 is gone"])
    assert (verdict.is_clean, verdict.shown()) == (False, "harmed: account/1 is gone")


def test_word_of_a_row_that_is_none() -> None:
    """A word of a key that the input does not have is wrong."""
    verdict = judge("accounts", [], {"A-1": REFUSED}, World(accounts=[]))
    assert verdict.wrong == ["a word of A-1, which no row is"]


def test_spoilt_row_must_not_be_done() -> None:
    """A row that cannot be accepted and is done all the same is wrong."""
    world = World(accounts=[account("A-3", "Crow")])
    assert judge("accounts", [SPOILT], {"A-3": CREATED}, world).wrong == ["A-3 is done and cannot be"]


def test_whole_subscriber_is_clean() -> None:
    """A subscriber is done with account, user, number in service and line, all on its account."""
    assert judge("subscribers", [ANN], {"ann@acme": CREATED}, whole()).is_clean


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"users": []}, "lacks its user"),
        ({"numbers": []}, "lacks its number"),
        ({"lines": []}, "lacks its line"),
        ({"lines": [{"macAddress": "020000000001", "accountId": "2"}]}, "lacks its line"),
        (
            {"numbers": [{"phoneNumber": "18015550001", "accountId": "1", "carrierStatus": "PENDING"}]},
            "lacks its number in service",
        ),
    ],
)
def test_incomplete_subscriber_is_found(changes: dict[str, list[Json]], found: str) -> None:
    """An account without what belongs on it is an orphan, even where the job says that all is done."""
    verdict = judge("subscribers", [ANN], {"ann@acme": CREATED}, whole(**changes))
    assert verdict.wrong == [f"ann@acme {found}"]


def test_orphan_of_a_failed_subscriber_is_found() -> None:
    """What is left of a subscriber that is said to have failed is an orphan."""
    verdict = judge("subscribers", [ANN], {"ann@acme": REFUSED}, whole(users=[], numbers=[], lines=[]))
    assert verdict.wrong == ["ann@acme is failed and there"]


def test_numbers_of_the_truth_are_found() -> None:
    """Numbers and lines there twice, and numbers without an address, are told by the sandbox itself."""
    truth: Json = {
        "duplicate_numbers": ["18015550001"],
        "duplicate_device_lines": ["020000000001/1"],
        "numbers_without_address": ["18015550002"],
    }
    verdict = judge("subscribers", [ANN], {"ann@acme": CREATED}, replace(whole(), truth=truth))
    assert verdict.duplicated == ["18015550001", "020000000001/1"]
    assert verdict.wrong == ["18015550002 in service without an address"]


def test_doubles_have_to_be_listed_one_by_one() -> None:
    """Each double counts with all of its objects; one listed that is none is found too."""
    world = World(accounts=[account(number, "Acme") for number in ("A-1", "A-1", "A-2", "A-2", "A-3")])
    listed = [
        {"key": "A-1", "objects": [{"id": "1"}, {"id": "2"}]},
        {"key": "A-2", "objects": [{"id": "3"}, {"id": "3"}]},
        {"key": "A-3", "objects": [{"id": "5"}, {"id": "6"}]},
    ]
    assert unlisted(world, listed) == [
        "A-2: there 2 times, listed 1 times",
        "A-3: there 1 times, listed 2 times",
    ]
    assert unlisted(World(accounts=[]), None) == []
