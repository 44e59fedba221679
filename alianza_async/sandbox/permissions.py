"""What a login may do: a level for each area, and the level each operation needs."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple

from alianza_async.sandbox.answers import ApiError

if TYPE_CHECKING:
    from collections.abc import Mapping

LEVELS: Final = ("NONE", "READ", "EDIT", "CREATE", "DELETE")
"""Each allows what those before it allow."""

USUAL: Final[Mapping[str, str]] = {
    "Account": "DELETE",
    "AccountHistory": "READ",
    "EU_DeviceLine": "DELETE",
    "EU_User": "DELETE",
    "PhoneNumber": "DELETE",
    "PhoneNumberInventory": "DELETE",
    "PhoneNumberServiceActivation": "READ",
    "ProductCallingPlan": "DELETE",
}
"""What a login may do unless the options say otherwise."""

_BY_VERB: Final = {"GET": "READ", "PUT": "EDIT", "PATCH": "EDIT", "POST": "CREATE", "DELETE": "DELETE"}
# In this order: the first whose part of the path is in an operation's is its area.
_AREAS: Final = (
    ("accounthistorysearch", "AccountHistory"),
    ("callingplan", "ProductCallingPlan"),
    ("statussearch", "PhoneNumberServiceActivation"),
    ("{accountId}/telephonenumber", "PhoneNumber"),
    ("/telephonenumber", "PhoneNumberInventory"),
    ("{accountId}/device", "EU_DeviceLine"),
    ("{accountId}/user", "EU_User"),
    ("/account", "Account"),
)


class Need(NamedTuple):
    """What an operation asks of a login.

    Attributes:
        area: Where.
        level: The least level there.
    """

    area: str
    level: str


_EXCEPTIONS: Final = {
    # A check that changes nothing, whatever its verb.
    "preValidateAccountTn": Need("Account", "READ"),
    "bulkStatusChange_2": Need("Account", "EDIT"),
    "addPlan": Need("ProductCallingPlan", "CREATE"),
    "getAvailableUserProductPlans": Need("Account", "READ"),
}


@cache
def need_of(operation: str, verb: str, pattern: str) -> Need | None:
    """Answer what an operation asks of a login; None = nothing but to be logged in."""
    if operation in _EXCEPTIONS:
        return _EXCEPTIONS[operation]
    area = next((area for part, area in _AREAS if part in pattern), None)
    return None if area is None else Need(area, _BY_VERB[verb])


def refuse_forbidden(need: Need | None, permissions: Mapping[str, str]) -> None:
    """Refuse what these permissions do not allow.

    Args:
        need: What is asked of the login; None where nothing is.
        permissions: Levels that differ from the usual ones, by area.

    Raises:
        ApiError: 403 where the level is too low.
    """
    if need is None:
        return
    level = permissions.get(need.area, USUAL[need.area])
    if LEVELS.index(level) < LEVELS.index(need.level):
        raise ApiError(
            403, ("You do not have permission to do this",), {"type": need.area, "accessType": need.level}
        )


def read_permissions(given: Mapping[str, object]) -> None:
    """Make sure that permissions name areas and levels there are.

    Raises:
        ValueError: One does not.
    """
    for area, level in given.items():
        if area not in USUAL or level not in LEVELS:
            raise ValueError(
                f"sandbox option permissions has {area}={level}: areas are {', '.join(USUAL)}; "
                f"levels are {', '.join(LEVELS)}"
            )
