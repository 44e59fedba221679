"""The judge: holds what is really there against the input and against what the job says of each row.

It asks the client for nothing but its last word on each row, and takes that word for nothing but a claim.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple, cast

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tools.campaign_input import Wanted
    from tools.campaign_plan import Kind

Json = dict[str, object]

DONE: Final = frozenset({"created", "exists", "updated"})
NAMED: Final = frozenset({"failed", "invalid", "skipped"})
_SHOWN: Final = 5


class Claim(NamedTuple):
    """A job's last word on one row.

    Attributes:
        status: Its status.
        reason: Why it is not done; empty = no reason was given.
    """

    status: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What is really there, as the sandbox itself tells it.

    Attributes:
        accounts: Every account.
        users: Every user.
        numbers: Every telephone number on an account.
        lines: Every device line.
        truth: The sandbox's own figures.
        struck: How often each kind of fault has struck.
    """

    accounts: Sequence[Json]
    users: Sequence[Json] = ()
    numbers: Sequence[Json] = ()
    lines: Sequence[Json] = ()
    truth: Mapping[str, object] = field(default_factory=dict[str, object])
    struck: Mapping[str, int] = field(default_factory=dict[str, int])


@dataclass(slots=True)
class Verdict:
    """What the judge found; each list names keys.

    Attributes:
        lost: Neither there nor named with a reason, or said to be done and not there.
        duplicated: There more than once.
        unknown: Of which the job, at its end, cannot tell.
        wrong: Said to be one thing and in truth another, or there and nobody's: orphans.
        harmed: There before the job, and gone or changed by it or by its undo.
        named: Not there, and named with the reason.
        refused: The reasons of those named ones that could have been accepted.
        done: There once.
    """

    lost: list[str] = field(default_factory=list[str])
    duplicated: list[str] = field(default_factory=list[str])
    unknown: list[str] = field(default_factory=list[str])
    wrong: list[str] = field(default_factory=list[str])
    harmed: list[str] = field(default_factory=list[str])
    named: list[str] = field(default_factory=list[str])
    refused: Counter[str] = field(default_factory=Counter[str])
    done: int = 0

    @property
    def is_clean(self) -> bool:
        """Whether every row is there once or named."""
        return not (self.lost or self.duplicated or self.unknown or self.wrong or self.harmed)

    def shown(self) -> str:
        """Name the first few of each finding."""
        return "; ".join(
            f"{name}: {', '.join(keys[:_SHOWN])}{' ...' if len(keys) > _SHOWN else ''}"
            for name in ("lost", "duplicated", "unknown", "wrong", "harmed")
            if (keys := cast("list[str]", getattr(self, name)))
        )


def judge(kind: Kind, wanted: Sequence[Wanted], claims: Mapping[str, Claim], world: World) -> Verdict:
    """Hold claims and truth against the input.

    Args:
        kind: What the rows should have become.
        wanted: What each row of the input should have become.
        claims: The job's last word, by key; what it has no word of is missing.
        world: What is really there.
    """
    verdict = Verdict()
    there = _Index(kind, world)
    for row in wanted:
        _judge_row(row, claims.get(row.key), there, verdict)
    verdict.wrong += there.nobodys(wanted)
    verdict.wrong += [
        f"a word of {key}, which no row is" for key in claims.keys() - {row.key for row in wanted}
    ]
    if kind == "subscribers":
        verdict.duplicated += _texts(world.truth.get("duplicate_numbers"))
        verdict.duplicated += _texts(world.truth.get("duplicate_device_lines"))
        verdict.wrong += [
            f"{number} in service without an address"
            for number in _texts(world.truth.get("numbers_without_address"))
        ]
    verdict.duplicated = list(dict.fromkeys(verdict.duplicated))
    return verdict


def _judge_row(row: Wanted, claim: Claim | None, there: _Index, verdict: Verdict) -> None:
    count = there.count(row)
    if count > 1:
        verdict.duplicated.append(row.key)
    if claim is None:
        (verdict.wrong if count else verdict.lost).append(row.key)
    elif claim.status in DONE:
        _judge_done(row, count, there.missing(row), verdict)
    elif claim.status not in NAMED:
        verdict.unknown.append(row.key)  # also where its turn never came to an end
    elif count:
        verdict.wrong.append(f"{row.key} is {claim.status} and there")
    elif not claim.reason:
        verdict.lost.append(row.key)
    else:
        verdict.named.append(row.key)
        if row.sound:
            verdict.refused[claim.reason] += 1


def _judge_done(row: Wanted, count: int, missing: str, verdict: Verdict) -> None:
    if not missing:
        verdict.done += count == 1
    elif count:
        verdict.wrong.append(f"{row.key} lacks {missing}")
    else:
        verdict.lost.append(row.key)
    if not row.sound:
        verdict.wrong.append(f"{row.key} is done and cannot be")


class _Index:
    """Everything there is, by the key that a row knows it by."""

    def __init__(self, kind: Kind, world: World) -> None:
        self._kind = kind
        self._accounts = _by(world.accounts, "accountNumber")
        self._users = _by(world.users, "username")
        self._numbers = _by(world.numbers, "phoneNumber")
        self._lines = _by(world.lines, "macAddress")

    def count(self, row: Wanted) -> int:
        """Answer how often the account, or whatever of a subscriber is there most often, is there."""
        counts = [len(self._accounts.get(row.account_number, ()))]
        if self._kind == "subscribers":
            counts.append(len(self._users.get(row.key, ())))
            counts.append(len(self._numbers.get(row.number, ())))
        return max(counts)

    def missing(self, row: Wanted) -> str:
        """Answer what a row that is done lacks; empty = nothing."""
        account = next(iter(self._accounts.get(row.account_number, ())), None)
        if account is None:
            return "its account"
        if account["accountName"] != row.account_name:
            return "its account's name"
        if self._kind == "accounts":
            return ""
        for things, key, name in (
            (self._users, row.key, "its user"),
            (self._numbers, row.number, "its number"),
            (self._lines, row.mac, "its line"),
        ):
            if key and not any(one["accountId"] == account["id"] for one in things.get(key, ())):
                return name
        in_service = [one for one in self._numbers.get(row.number, ()) if one["carrierStatus"] == "ACTIVE"]
        return "" if in_service or not row.number else "its number in service"

    def nobodys(self, wanted: Sequence[Wanted]) -> list[str]:
        """List what no row asks for."""
        asked = (
            (self._accounts, {row.account_number for row in wanted}, "account"),
            (self._users, {row.key for row in wanted}, "user"),
            (self._numbers, {row.number for row in wanted}, "number"),
            (self._lines, {row.mac for row in wanted}, "line"),
        )
        return [f"{name} {key} is nobody's" for things, keys, name in asked for key in things.keys() - keys]


def _by(things: Iterable[Json], name: str) -> dict[str, list[Json]]:
    index: dict[str, list[Json]] = {}
    for thing in things:
        index.setdefault(str(thing[name]), []).append(thing)
    return index


def unlisted(world: World, listed: object) -> list[str]:
    """Answer which doubles a reconciliation does not list, each with all objects there are.

    Args:
        world: What is really there.
        listed: `doubles` of what `alianza bulk reconcile --json` printed.
    """
    told: dict[str, int] = {}
    for entry in cast("list[Json]", listed if isinstance(listed, list) else []):
        told[str(entry["key"])] = len({str(each["id"]) for each in cast("list[Json]", entry["objects"])})
    there = Counter(str(account["accountNumber"]) for account in world.accounts)
    doubled = {key for key, count in there.items() if count > 1}
    return [
        f"{key}: there {there[key]} times, listed {told.get(key, 0)} times"
        for key in sorted(doubled | told.keys())
        if there[key] != told.get(key, 0)
    ]


def _texts(value: object) -> list[str]:
    return [str(item) for item in cast("list[object]", value)] if isinstance(value, list) else []
