"""What a seed of the campaign stands for: the input's size, the faults, the kills, the revocations."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from tools.scenarios_kinds import KINDS, LOOKS

if TYPE_CHECKING:
    from collections.abc import Mapping

Kind = Literal[
    "accounts",
    "users",
    "subscribers",
    "telephone-numbers",
    "device-lines",
    "calling-plans",
    "delete-accounts",
    "suspend-accounts",
]
Knows = Literal["settle", "history", "commits", "nothing"]
"""What can keep a client from doubling what a server carries out late: it waits for longer than that takes;
the server's history shows what has arrived; it shows what was carried out alone; nothing. With the last two
the client can but list its doubles afterwards."""
Json = dict[str, object]

_CREATES: Final[Mapping[str, tuple[str, ...]]] = {
    "accounts": ("createAccount",),
    # Every request of the chain may meet a fault, its look-ups and its logins too.
    "subscribers": ("*",),
}
_KINDS: Final = ("status_before", "cut_before", "cut_after", "hang_after", "html_after", "status_after")
_ISSUE_RATES: Final = {
    "status_before": 0.05,
    "cut_before": 0.02,
    "cut_after": 0.02,
    "hang_after": 0.01,
    "html_after": 0.01,
}
_LATEST_S: Final = 3.0
_AIMED_LATEST_S: Final = 1.2
_UNDONE_SHARE: Final = 0.5
# Kind of fault, its highest rate, and the seconds by which it comes late.
_AIMED_SENDS: Final = (
    ("status_before", 0.03, 0.0),
    ("cut_after", 0.04, 0.0),
    ("html_after", 0.03, 0.0),
    ("late", 0.05, 0.8),
    ("foreign_after", 0.04, 0.0),
    ("foreign_before", 0.04, 0.0),
    ("empty_after", 0.02, 0.0),
)
_AIMED_LOOKS: Final = (("another", 0.02), ("twice", 0.02), ("absent", 0.02), ("status_before", 0.02))


@dataclass(frozen=True, slots=True)
class Kill:
    """When a run is killed.

    Attributes:
        share: Once it has made so large a share of what the runs before it have left.
        after_s: Or so many seconds after it began, whichever comes first; None = never.
    """

    share: float
    after_s: float | None = None

    def is_due(self, share: float, ran_s: float) -> bool:
        """Tell whether it is time, by what share the run has made and the seconds it has taken."""
        return share >= self.share or (self.after_s is not None and ran_s >= self.after_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One seed, spelled out: the same seed is the same plan.

    Attributes:
        name: What its line and its folder are called.
        seed: Seed of its input and of the faults' chances.
        kind: What its rows become.
        items: Rows of its input.
        spoilt: Those of them that cannot be accepted.
        faults: Faults on order, as `POST /_sandbox/faults` takes them.
        options: Options of the sandbox beyond `unique: false`.
        kills: When its runs are killed, one entry a run; after the last one a run goes to its end.
        revocations: Shares of the work after which every token is revoked.
        revoked_every_s: Seconds between two of these, at the least.
        rate: Requests a second.
        timeout_s: Seconds for one request.
        settle_s: Seconds after which what was not answered is looked up.
        latest_s: Seconds after which the server has carried out all it ever will.
        reconciled: Whether doubles may be there, and `reconcile` has to list them all.
        before: Share of the rows whose objects are there beforehand, half of them by the same login; None =
            the plan is not one that aims (`campaign_aimed`).
        undone: Whether the job is undone in the end.
    """

    name: str
    seed: int
    kind: Kind = "accounts"
    items: int = 500
    spoilt: int = 0
    faults: tuple[Json, ...] = ()
    options: Mapping[str, object] = field(default_factory=dict[str, object])
    kills: tuple[Kill, ...] = ()
    revocations: tuple[float, ...] = ()
    revoked_every_s: float = 0.8
    rate: int = 1000
    timeout_s: float = 1.5
    settle_s: float = 2.0
    latest_s: float = 0
    reconciled: bool = False
    before: float | None = None
    undone: bool = False

    @property
    def variables(self) -> dict[str, str]:
        """What the command is told by its environment."""
        return {"ALIANZA_TIMEOUT": str(self.timeout_s), "ALIANZA_SETTLE_S": str(self.settle_s)}


def random_plan(seed: int, items: int, kind: Kind = "accounts") -> Plan:
    """Draw a plan: every rate, kill and revocation at random."""
    chance = random.Random(f"{kind} {seed}")  # noqa: S311  # chances, not secrets
    faults = [
        _fault(kind_of_fault, operation, chance.uniform(0, 0.06 if kind == "accounts" else 0.02))
        for kind_of_fault in _KINDS
        for operation in _CREATES[kind]
    ]
    if kind == "accounts":  # what looks up must fail now and then too
        faults.append(_fault("status_before", "*", chance.uniform(0, 0.03)))
        faults.append(_fault("cut_before", "*", chance.uniform(0, 0.02)))
    kills = [
        Kill(chance.uniform(0.01, 0.98), chance.choice((None, chance.uniform(0.3, 2.5))))
        for _ in range(chance.randint(0, 4))
    ]
    return Plan(
        name=f"{kind}-{seed}",
        seed=seed,
        kind=kind,
        items=items,
        spoilt=chance.randint(0, items // 50),
        faults=tuple(faults),
        kills=tuple(kills),
        revocations=_spread(chance, chance.randint(0, items // 60)),
        rate=chance.choice((300, 600, 1000)),
    )


def full_plan(seed: int, items: int = 10_000, kind: Kind = "accounts") -> Plan:
    """Return the issue's own plan: fixed rates, twenty revocations, three kills."""
    chance = random.Random(f"full {kind} {seed}")  # noqa: S311  # chances, not secrets
    return Plan(
        name=f"full-{kind}-{seed}",
        seed=seed,
        kind=kind,
        items=items,
        faults=tuple(
            _fault(kind_of_fault, operation, rate)
            for kind_of_fault, rate in _ISSUE_RATES.items()
            for operation in _CREATES[kind]
        ),
        kills=tuple(Kill(chance.uniform(0.1, 0.6)) for _ in range(3)),
        revocations=_spread(chance, 20),
        revoked_every_s=0.2,
    )


def late_plan(seed: int, items: int, *, knows: Knows) -> Plan:
    """Return a plan whose server carries creates out up to three seconds after they were sent.

    Args:
        seed: The seed.
        items: Rows of the input.
        knows: What can keep the client from doubling.
    """
    chance = random.Random(f"late {seed}")  # noqa: S311  # chances, not secrets
    late = [
        {**_fault("late", "createAccount", 0.04), "delay_s": round(chance.uniform(0, _LATEST_S), 3)}
        for _ in range(6)
    ]
    options: dict[str, object] = {"history": knows in {"history", "commits"}}
    if knows == "history":
        options["history_requests"] = True
    return Plan(
        name=f"late-{knows}-{seed}",
        seed=seed,
        items=items,
        faults=(*late, _fault("cut_after", "createAccount", 0.01)),
        options=options,
        kills=(Kill(chance.uniform(0.2, 0.8)),),
        rate=100,
        timeout_s=0.5,
        settle_s=4.0 if knows == "settle" else 0.2,
        latest_s=_LATEST_S + 0.2,
        reconciled=knows in {"commits", "nothing"},
    )


def aimed_plan(seed: int, items: int, kind: Kind) -> Plan:
    """Return a plan that aims at what is there already: foreign objects, foreign answers, lying look-ups.

    Half of the plans are undone in the end; then what was there before has to be there still.
    """
    chance = random.Random(f"aimed {kind} {seed}")  # noqa: S311  # chances, not secrets
    spec = KINDS[kind]
    faults = [
        {**_fault(fault, operation, chance.uniform(0, most)), "delay_s": delay_s}
        for operation in spec.sends
        for fault, most, delay_s in _AIMED_SENDS
    ]
    looks = {look for operation in spec.sends for look in LOOKS[operation]}
    faults += [
        _fault(fault, look, chance.uniform(0, most)) for look in sorted(looks) for fault, most in _AIMED_LOOKS
    ]
    return Plan(
        name=f"aimed-{kind}-{seed}",
        seed=seed,
        kind=kind,
        items=items,
        faults=tuple(faults),
        options={"history_requests": True},
        kills=tuple(
            Kill(chance.uniform(0.05, 0.9), chance.uniform(0.3, 2)) for _ in range(chance.randint(0, 2))
        ),
        rate=1000,
        timeout_s=0.5,
        settle_s=0.3,
        latest_s=_AIMED_LATEST_S,
        before=chance.uniform(0.1, 0.4),
        undone=chance.random() < _UNDONE_SHARE,
    )


def _fault(kind: str, operation: str, probability: float) -> Json:
    return {"kind": kind, "operation": operation, "probability": round(probability, 4), "times": None}


def _spread(chance: random.Random, count: int) -> tuple[float, ...]:
    """Draw a share amid each of so many equal parts: a call gives up at the third refused token in a row."""
    return tuple((part + chance.uniform(0.25, 0.75)) / count for part in range(count))
