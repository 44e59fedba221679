"""What a kind of job asks for: calls a row, and what its login must be allowed to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["DEMANDS", "LEVELS", "Demand", "Held", "Need", "held"]

LEVELS: Final = (
    *("DENIED", "NONE", "READ_MYUSER", "READ", "EDIT_MYUSER", "EDIT"),
    *("CREATE_MYUSER", "CREATE", "DELETE_MYUSER", "DELETE"),
)
"""The levels of a permission; each allows what those before it do, `..._MYUSER` for one's own user alone."""


class Need(NamedTuple):
    """A permission that a job needs.

    Attributes:
        area: The permission's type, such as `Account`.
        level: The least level there.
    """

    area: str
    level: str


class Held(NamedTuple):
    """A permission that a job needs, beside what the login holds.

    Attributes:
        area: The permission's type.
        level: The least level needed.
        has: The login's level; None where it holds none there.
        enough: Whether that is enough.
    """

    area: str
    level: str
    has: str | None
    enough: bool


@dataclass(frozen=True, slots=True)
class Demand:
    """What a kind of job asks for.

    Attributes:
        calls: Requests for a row that is not there yet, when all goes well; None where nobody can tell.
        needs: The permissions.
    """

    calls: int | None
    needs: tuple[Need, ...] = ()


_READ_PARENTS: Final = (Need("Account", "READ"), Need("EU_User", "READ"))
_NUMBER: Final = (
    Need("PhoneNumberInventory", "EDIT"),  # to reserve it
    Need("PhoneNumber", "CREATE"),
    Need("PhoneNumberServiceActivation", "READ"),
)

DEMANDS: Final[Mapping[str, Demand]] = {
    "accounts": Demand(1, (Need("Account", "CREATE"),)),
    "users": Demand(1, (Need("Account", "READ"), Need("EU_User", "CREATE"))),
    # account, user, address validated, prevalidated, number reserved, added, looked at, in service, line
    "subscribers": Demand(
        9, (Need("Account", "CREATE"), Need("EU_User", "CREATE"), *_NUMBER, Need("EU_DeviceLine", "CREATE"))
    ),
    "telephone-numbers": Demand(8, (*_READ_PARENTS, *_NUMBER)),
    "device-lines": Demand(3, (*_READ_PARENTS, Need("EU_DeviceLine", "CREATE"))),
    "calling-plans": Demand(5, (*_READ_PARENTS, Need("ProductCallingPlan", "CREATE"))),
    "suspend-accounts": Demand(3, (Need("Account", "EDIT"),)),
    "delete-accounts": Demand(4, (Need("Account", "DELETE"),)),
}
"""By the kind's name; a kind that is not here asks for nobody knows what."""


def held(needs: tuple[Need, ...], permissions: Mapping[str, str] | None) -> tuple[Held, ...] | None:
    """Hold what a job needs against what its login may do.

    Args:
        needs: The permissions needed.
        permissions: What the login was answered: a level for each type.

    Returns:
        One line a need; None where the login was told nothing about permissions.
    """
    if not permissions:
        return None
    return tuple(_beside(need, permissions.get(need.area)) for need in needs)


def _beside(need: Need, has: str | None) -> Held:
    enough = has in LEVELS and LEVELS.index(has) >= LEVELS.index(need.level)
    return Held(need.area, need.level, has, enough)
