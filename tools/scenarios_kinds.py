"""The kinds of job as scenarios see them: rows, what has to be there before, what a row becomes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from alianza_async.sandbox import Store

Json = dict[str, object]
Row = dict[str, str]
Things = dict[str, list[Json]]

PLAN, OLD_PLAN = "sandbox-plan-2000", "sandbox-plan-500"
_ZONE: Final = "US/Eastern"
_STREET: Final[Row] = {
    "e911_address": "12 Main St",
    "e911_city": "Springfield",
    "e911_state": "IL",
    "postal_code": "62701",
}
_NUMBER_OPERATION: Final = "createOrAddTelephoneNumberToAccount"
LOOKS: Final[Mapping[str, tuple[str, ...]]] = {
    "createAccount": ("retrieveAccount",),
    "createEndUser": ("retrieveEndUser",),
    "reserve": ("retrieveTelephoneNumber", "tnSearch"),
    _NUMBER_OPERATION: ("retrieveAccountTelephoneNumbers", "retrieveTelephoneNumber"),
    "createDevice": ("listDevices",),
    "addPlan": ("getPlans",),
    "deleteAccount": ("retrieveAccount",),
    "accountPatch": ("retrieveAccount",),
}
"""The look-ups that tell what became of an operation."""


@dataclass(frozen=True, slots=True)
class KindSpec:
    """One kind of job.

    Attributes:
        name: Its name on the command line.
        columns: The columns of its input.
        sorts: Sorts of object that a row becomes, the last one is the row's main object.
        sends: The operations that it changes something with, in order.
        patch: The operation that `--on-exists update` sends; empty = it has none.
        no_update: Why it has none.
        undoable: Whether it can be undone.
        is_own: Whether it is a user's own workflow, which the command line does not know.
        given: Sorts of object that rows presuppose.
    """

    name: str
    columns: tuple[str, ...]
    sorts: tuple[str, ...]
    sends: tuple[str, ...]
    patch: str = ""
    no_update: str = ""
    undoable: bool = True
    is_own: bool = False
    given: tuple[str, ...] = ()

    @property
    def creates(self) -> bool:
        """Whether rows become objects that were not there."""
        return bool(self.sorts)

    @property
    def steps(self) -> int:
        """How many requests of a row change something."""
        return len(self.sends)

    def rows(self, count: int, first: int = 1) -> list[Row]:
        """Return rows of its input."""
        return [{name: row[name] for name in self.columns} for row in _rows(count, first)]

    def ground(self, rows: Sequence[Row], *, equal: bool = False) -> Things:
        """Return what has to be there before a job.

        Args:
            rows: The rows of the job.
            equal: Whether what the rows become is there as well.
        """
        full = _rows(len(rows), _index(rows[0]))
        wanted = {*self.given, *(self.sorts if equal else ())}
        things: Things = {
            name: [make(row) for row in full] for name, make in _BODIES.items() if name in wanted
        }
        if self.name == "calling-plans" and not equal:
            things["plans"] = [{**_owner(row), "callingPlanProductId": OLD_PLAN} for row in full]
        if self.name == "device-lines":
            for line in things.get("lines", ()):
                line.pop("emergencyNumber")
        if self.name == "suspend-accounts" and equal:
            for account in things["accounts"]:
                account["status"] = "SUSPENDED"
        return things

    def numbers(self, rows: Sequence[Row]) -> list[str]:
        """Return the telephone numbers that the inventory has to hold."""
        return [row["telephone_number"] for row in _rows(len(rows), _index(rows[0]))]

    def ids(self, store: Store, row: Row) -> dict[str, list[str]]:
        """Return the ids of what a row asks for, by sort."""
        full = _rows(1, _index(row))[0]
        return {sort: _FINDERS[sort](store, full) for sort in self.sorts}

    def copies(self, store: Store, row: Row) -> int:
        """Answer how often whatever of a row is there most often is there."""
        return max((len(ids) for ids in self.ids(store, row).values()), default=0)

    def is_whole(self, store: Store, row: Row) -> bool:
        """Tell whether everything a row asks for is there."""
        full = _rows(1, _index(row))[0]
        accounts = _accounts(store, full)
        if self.name == "delete-accounts":
            return not accounts
        if self.name == "suspend-accounts":
            return [store.accounts[name]["status"] for name in accounts] == ["SUSPENDED"]
        if not all(self.ids(store, row).values()):
            return False
        return self.name != "calling-plans" or not _plans(store, full, OLD_PLAN)


def key_of(row: Row) -> int:
    """Return a row's number, by which all its names are made."""
    return _index(row)


def _rows(count: int, first: int) -> list[Row]:
    return [
        {
            "account_number": f"SC-{at:04}",
            "account_name": f"Scenario {at}",
            "account_type": "SIMPLE",
            "time_zone": _ZONE,
            "billing_cycle_day": "1",
            "username": f"user{at:04}@scenario",
            "telephone_number": f"1801{5_550_000 + at}",
            "mac_address": f"0200{at:08X}",
            "calling_plan_product_id": PLAN,
            **_STREET,
        }
        for at in range(first, first + count)
    ]


def _index(row: Row) -> int:
    """Read a row's number off its account number."""
    return int(row["account_number"].rpartition("-")[2])


def _owner(row: Row) -> Json:
    return {"accountNumber": row["account_number"], "username": row["username"]}


def _account(row: Row) -> Json:
    return {
        "accountNumber": row["account_number"],
        "accountName": row["account_name"],
        "accountType": row["account_type"],
        "timeZone": row["time_zone"],
        "billingCycleDay": 1,
    }


def _line(row: Row) -> Json:
    return {
        **_owner(row),
        "macAddress": row["mac_address"],
        "deviceTypeId": "Generic",
        "deviceName": f"{row['mac_address']} line 1",
        "emergencyNumber": row["telephone_number"],
    }


_BODIES: Final[dict[str, Callable[[Row], Json]]] = {
    "accounts": _account,
    "users": lambda row: {**_owner(row), "timeZone": row["time_zone"]},
    "numbers": lambda row: {**_owner(row), "phoneNumber": row["telephone_number"]},
    "lines": _line,
    "plans": lambda row: {**_owner(row), "callingPlanProductId": row["calling_plan_product_id"]},
}


def _accounts(store: Store, row: Row) -> list[str]:
    return [name for name, thing in store.accounts.items() if thing["accountNumber"] == row["account_number"]]


def _by(things: Mapping[str, Json], field: str, value: str) -> list[str]:
    return [name for name, thing in things.items() if str(thing.get(field)).casefold() == value.casefold()]


def _plans(store: Store, row: Row, product: str) -> list[str]:
    users = _by(store.users, "username", row["username"])
    return [
        plan.id for plan in store.plans.everything() if plan.owner.id in users and plan.product_id == product
    ]


_FINDERS: Final[dict[str, Callable[[Store, Row], list[str]]]] = {
    "accounts": _accounts,
    "users": lambda store, row: _by(store.users, "username", row["username"]),
    "numbers": lambda store, row: _by(store.numbers.active, "phoneNumber", row["telephone_number"]),
    "lines": lambda store, row: _by(store.lines.lines, "macAddress", row["mac_address"]),
    "plans": lambda store, row: _plans(store, row, row["calling_plan_product_id"]),
}

_ACCOUNT_COLUMNS: Final = ("account_number", "account_name", "account_type", "time_zone", "billing_cycle_day")
_OWNER_COLUMNS: Final = ("account_number", "username")
_NOT_FOR: Final = "--on-exists update is not for {}"

KINDS: Final[Mapping[str, KindSpec]] = {
    spec.name: spec
    for spec in (
        KindSpec("accounts", _ACCOUNT_COLUMNS, ("accounts",), ("createAccount",), "accountPatch"),
        KindSpec(
            "users",
            ("account_number", "username", "time_zone"),
            ("users",),
            ("createEndUser",),
            "patchEndUser",
            given=("accounts",),
        ),
        KindSpec(
            "subscribers",
            (*_ACCOUNT_COLUMNS, "username", "telephone_number", "mac_address", *_STREET),
            ("accounts", "users", "numbers", "lines"),
            ("createAccount", "createEndUser", "reserve", _NUMBER_OPERATION, "createDevice"),
            "accountPatch",
        ),
        KindSpec(
            "telephone-numbers",
            (*_OWNER_COLUMNS, "telephone_number", *_STREET),
            ("numbers",),
            ("reserve", _NUMBER_OPERATION),
            no_update=_NOT_FOR.format("numbers"),
            given=("accounts", "users"),
        ),
        KindSpec(
            "device-lines",
            (*_OWNER_COLUMNS, "mac_address"),
            ("lines",),
            ("createDevice",),
            "updateDevice",
            given=("accounts", "users"),
        ),
        KindSpec(
            "calling-plans",
            (*_OWNER_COLUMNS, "calling_plan_product_id"),
            ("plans",),
            ("addPlan",),
            no_update=_NOT_FOR.format("plans"),
            given=("accounts", "users"),
        ),
        KindSpec(
            "delete-accounts",
            ("account_number",),
            (),
            ("deleteAccount",),
            no_update=_NOT_FOR.format("deletions"),
            undoable=False,
            given=("accounts",),
        ),
        KindSpec(
            "suspend-accounts",
            ("account_number",),
            (),
            ("accountPatch",),
            "accountPatch",
            given=("accounts",),
        ),
        KindSpec(
            "customers",
            (*_ACCOUNT_COLUMNS, "username"),
            ("accounts", "users"),
            ("createAccount", "createEndUser"),
            "accountPatch",
            is_own=True,
        ),
    )
}
"""Every kind, by its name; `customers` is a user's own workflow of two steps."""

NO_UNDO: Final = "a deletion cannot be undone"


def bystander() -> tuple[Things, list[str]]:
    """Return a customer that no job asks for, with one object of each sort."""
    row = {**_rows(1, 9000)[0], "account_number": "BIG-9000", "username": "big@customer"}
    return {name: [make(row)] for name, make in _BODIES.items()}, [row["telephone_number"]]
