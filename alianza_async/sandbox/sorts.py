"""Which sort of object an operation answers with."""

from __future__ import annotations

from typing import Final, Literal

Sort = Literal["account", "user", "number", "added", "line", "plan", "stocked", "reservation"]

SORTS: Final[dict[str, Sort]] = {
    **dict.fromkeys(("createAccount", "retrieveAccount", "updateAccount", "accountPatch"), "account"),
    **dict.fromkeys(("getAccounts", "accountSearch"), "account"),
    **dict.fromkeys(("createEndUser", "retrieveEndUser", "updateEndUser", "patchEndUser"), "user"),
    "retrieveEndUserList": "user",
    "createOrAddTelephoneNumberToAccount": "added",
    "retrieveTelephoneNumberOnAccount": "number",
    "updateTelephoneNumberOnAccount": "number",
    "patchTelephoneNumberOnAccount": "number",
    "retrieveAccountTelephoneNumbers": "number",
    **dict.fromkeys(("createDevice", "getDevice", "putDevice", "updateDevice", "swapDevice"), "line"),
    **dict.fromkeys(("listDevices", "listDeviceLinesForMac"), "line"),
    **dict.fromkeys(("addPlan", "removePlan", "getPlans"), "plan"),
    **dict.fromkeys(("retrieveTelephoneNumber", "tnSearch", "listTnInventory"), "stocked"),
    "reserve": "reservation",
}
"""Sort by operation id."""


def has_sort(operation: str) -> bool:
    """Say whether another object of the same sort can be answered in its place."""
    return operation in SORTS
