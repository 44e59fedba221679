"""Kinds of job as the tests of settlement and ownership see them: what a row presupposes and becomes."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, cast

from alianza_async.bulk.kinds.kind_table import WORKFLOWS
from alianza_async.bulk.kinds.subscriber_row import SubscriberRow
from alianza_async.endpoints.models import validate_write
from tests.bulk.engine import account, user
from tests.bulk.workflow.places import NUMBERS, STREET, a_sandbox, subscriber

if TYPE_CHECKING:
    from alianza_async.bulk.engine.workflow import Workflow
    from alianza_async.endpoints.models import WriteModel
    from alianza_async.sandbox import Sandbox
    from tests.bulk.workflow.driver import KillableStore

Json = dict[str, object]
Things = dict[str, list[Json]]

HISTORY: Final = ("accountHistoryByAccountNumberSearch", "accountHistoryByAccountIdSearch")
SAME, OTHER = "tester", "crm"
_MAC: Final = "4AE1BC530001"
_PLAN: Final = "sandbox-plan-unlimited"
_PLACE: Final = {
    "e911_address": STREET,
    "e911_city": "Springfield",
    "e911_state": "IL",
    "postal_code": "62701",
}
_OWNER: Final = {"account_number": "OWN", "username": "eve"}


def _wire(values: dict[str, object]) -> Json:
    """Return an account's row as the API has it."""
    return {
        "accountNumber": values["account_number"],
        "accountName": values["account_name"],
        "accountType": values["account_type"],
        "timeZone": "US/Eastern",
        "billingCycleDay": values["billing_cycle_day"],
    }


_EVE: Final[Json] = {"accountNumber": "OWN", "username": "eve"}
_OWNED: Final[Things] = {
    "accounts": [_wire(account("OWN"))],
    "users": [{**_EVE, "timeZone": "US/Eastern"}],
}
_SUBSCRIBER: Final = validate_write(SubscriberRow, subscriber(1))
_SUB_ACCOUNT: Final = cast("Json", json.loads(_SUBSCRIBER.account().to_wire()))
_SUB_USER: Final[Json] = {
    **cast("Json", json.loads(_SUBSCRIBER.user().to_wire())),
    "accountNumber": _SUB_ACCOUNT["accountNumber"],
}
_SUB_OWNER: Final[Json] = {"accountNumber": "SUB-0001", "username": "user.1"}
_LINE: Final[Json] = {
    "macAddress": _MAC,
    "deviceName": f"{_MAC} line 1",
    "deviceTypeId": "Generic",
    "lineNumber": 1,
    "faxEnabled": False,
}


@dataclass(frozen=True)
class Case:
    """One step of one kind.

    Attributes:
        kind: The kind.
        step: The step.
        row: The row.
        sends: The operation that the step sends.
        looks: The operations that its look-up asks.
        sort: What it makes, as the sandbox's `seed` calls it.
        ground: What has to be there before.
        parents: What the row makes before that step; there too where its object is there already.
        equal: What is there where the row's object is there already, equal in all that is sent.
        patches: The operation that an update sends; empty = it has none.
        old: What differs in an object that is to be updated.
        field: The row's field that this is.
    """

    kind: str
    step: str
    row: dict[str, object]
    sends: str
    looks: tuple[str, ...]
    sort: str
    ground: Things = field(default_factory=dict[str, list[Json]])
    parents: Things = field(default_factory=dict[str, list[Json]])
    equal: Things = field(default_factory=dict[str, list[Json]])
    patches: str = ""
    old: Json = field(default_factory=dict[str, object])
    field: str = ""

    def __str__(self) -> str:
        """Return its name, as pytest shows it."""
        return f"{self.kind}-{self.step}"

    @property
    def workflow(self) -> Workflow[WriteModel]:
        """The kind's workflow."""
        return WORKFLOWS[self.kind]

    def sandbox(self, **options: object) -> Sandbox:
        """Return a sandbox with what the row presupposes, and another object of each sort for lies."""
        sandbox = a_sandbox(**{"unique": False, **options})  # type: ignore[arg-type]
        sandbox.seed(_STRANGERS, login=OTHER)
        sandbox.seed(self.ground, login=OTHER)
        return sandbox

    def made(self, sandbox: Sandbox) -> int:
        """Return how many objects of the step's sort there are with its key."""
        store = sandbox.store
        match self.sort:
            case "accounts":
                number = str(self.row["account_number"])
                return sum(one["accountNumber"] == number for one in store.accounts.values())
            case "users":
                return sum(one["username"] == self.row["username"] for one in store.users.values())
            case "numbers":
                number = str(self.row["telephone_number"])
                return sum(one["phoneNumber"] == number for one in store.numbers.active.values())
            case "lines":
                return sum(one["macAddress"] == _MAC for one in store.lines.lines.values())
            case _:
                return sum(
                    plan.product_id == _PLAN
                    for account_id in store.accounts
                    for plan in store.plans.of_account(account_id)
                )

    def is_own(self, sandbox: Sandbox, journal: KillableStore) -> bool:
        """Tell whether the id that the journal has of the step is that of the row's own object."""
        found, store = journal.step(1, self.step).object_id or "", sandbox.store
        match self.sort:
            case "accounts":
                return store.accounts[found]["accountNumber"] == self.row["account_number"]
            case "users":
                return store.users[found]["username"] == self.row["username"]
            case "numbers":
                return found == self.row["telephone_number"]
            case "lines":
                return store.lines.lines[found]["macAddress"] == _MAC
            case _:
                return any(
                    (plan.to_json()["id"], plan.product_id) == (found, _PLAN)
                    for account_id in store.accounts
                    for plan in store.plans.of_account(account_id)
                )


_STRANGERS: Final[Things] = {
    "accounts": [_wire(account("STRANGER"))],
    "users": [{"accountNumber": "STRANGER", "username": "mallory", "timeZone": "US/Eastern"}],
    "numbers": [{"accountNumber": "STRANGER", "username": "mallory", "phoneNumber": "12125550000"}],
    "lines": [{"accountNumber": "STRANGER", "username": "mallory", "macAddress": "020000000099"}],
    "plans": [
        {"accountNumber": "STRANGER", "username": "mallory", "callingPlanProductId": "sandbox-plan-500"}
    ],
}
_LOOKS_ACCOUNT, _LOOKS_USER, _LOOKS_LINE = ("retrieveAccount",), ("retrieveEndUser",), ("listDevices",)
_LOOKS_NUMBER: Final = ("retrieveAccountTelephoneNumbers", "retrieveTelephoneNumber")
_ADD: Final = "createOrAddTelephoneNumberToAccount"

ACCOUNTS = Case(
    "accounts",
    "account",
    account(1),
    "createAccount",
    _LOOKS_ACCOUNT,
    "accounts",
    equal={"accounts": [_wire(account(1))]},
    patches="accountPatch",
    old={"accountName": "Old Bakery"},
    field="account_name",
)
USERS = Case(
    "users",
    "user",
    user("ada", account_number="OWN", first_name="Ada", last_name="Lovelace"),
    "createEndUser",
    _LOOKS_USER,
    "users",
    ground=_OWNED,
    equal={
        "users": [
            {
                "accountNumber": "OWN",
                "username": "ada",
                "timeZone": "US/Eastern",
                "firstName": "Ada",
                "lastName": "Lovelace",
            }
        ]
    },
    patches="patchEndUser",
    old={"firstName": "Old"},
    field="first_name",
)
SUBSCRIBER_ACCOUNT = Case(
    "subscribers",
    "account",
    subscriber(1),
    "createAccount",
    _LOOKS_ACCOUNT,
    "accounts",
    equal={"accounts": [_SUB_ACCOUNT]},
    patches="accountPatch",
    old={"accountName": "Old Bakery"},
    field="account_name",
)
SUBSCRIBER_USER = Case(
    "subscribers",
    "user",
    subscriber(1),
    "createEndUser",
    _LOOKS_USER,
    "users",
    parents={"accounts": [_SUB_ACCOUNT]},
    equal={"users": [_SUB_USER]},
    patches="patchEndUser",
    old={"firstName": "Olda"},
    field="first_name",
)
SUBSCRIBER_NUMBER = Case(
    "subscribers",
    "activation",
    subscriber(1),
    _ADD,
    _LOOKS_NUMBER,
    "numbers",
    parents={"accounts": [_SUB_ACCOUNT], "users": [_SUB_USER]},
    equal={"numbers": [{**_SUB_OWNER, "phoneNumber": NUMBERS[1]}]},
)
SUBSCRIBER_LINE = Case(
    "subscribers",
    "line",
    subscriber(1),
    "createDevice",
    _LOOKS_LINE,
    "lines",
    parents={
        "accounts": [_SUB_ACCOUNT],
        "users": [_SUB_USER],
        "numbers": [{**_SUB_OWNER, "phoneNumber": NUMBERS[1]}],
    },
    equal={"lines": [{**_SUB_OWNER, **_LINE, "emergencyNumber": NUMBERS[1]}]},
    patches="updateDevice",
    old={"deviceName": "Old telephone"},
    field="device_name",
)
NUMBER = Case(
    "telephone-numbers",
    "activation",
    {**_OWNER, **_PLACE, "telephone_number": NUMBERS[2]},
    _ADD,
    _LOOKS_NUMBER,
    "numbers",
    ground=_OWNED,
    equal={"numbers": [{**_EVE, "phoneNumber": NUMBERS[2]}]},
)
LINE = Case(
    "device-lines",
    "line",
    {**_OWNER, "mac_address": _MAC},
    "createDevice",
    _LOOKS_LINE,
    "lines",
    ground=_OWNED,
    equal={"lines": [{**_EVE, **_LINE}]},
    patches="updateDevice",
    old={"deviceName": "Old telephone"},
    field="device_name",
)
PLAN = Case(
    "calling-plans",
    "plan",
    {**_OWNER, "calling_plan_product_id": _PLAN},
    "addPlan",
    ("getPlans",),
    "plans",
    ground=_OWNED,
    equal={"plans": [{**_EVE, "callingPlanProductId": _PLAN}]},
)

CREATES: Final = (
    ACCOUNTS,
    USERS,
    SUBSCRIBER_ACCOUNT,
    SUBSCRIBER_USER,
    SUBSCRIBER_NUMBER,
    SUBSCRIBER_LINE,
    NUMBER,
    LINE,
    PLAN,
)
"""Every step that makes something which can be looked up."""
