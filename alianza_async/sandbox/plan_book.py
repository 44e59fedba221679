"""Calling plans: the products of a partition, and who has which."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from alianza_async.sandbox.answers import ApiError
from alianza_async.sandbox.history import PLAN, USER_PLAN, date_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alianza_async.sandbox.history import History, Thing
    from alianza_async.sandbox.options import Json

_MONTH_S: Final = 30 * 86_400
_YEARS_S: Final = 10 * 365 * 86_400
_MINUTE_S: Final = 60

_PRODUCTS: Final[dict[str, tuple[str, int]]] = {
    "sandbox-plan-500": ("500 minutes", 500),
    "sandbox-plan-2000": ("2000 minutes", 2000),
    "sandbox-plan-unlimited": ("Unlimited", 100_000),
}


class Owner(NamedTuple):
    """Whose plan it is.

    Attributes:
        kind: Its `referenceType`.
        id: Its id.
    """

    kind: str
    id: str


@dataclass(slots=True)
class Plan:
    """A plan somebody has, or will have.

    Attributes:
        owner: Whose it is.
        product_id: What it is of.
        pending: Whether it begins with the next month.
        used_s: Seconds used up.
        start: Unix time it begins.
        id: Its id.
    """

    owner: Owner
    product_id: str
    pending: bool
    used_s: int
    start: float
    id: str = field(default_factory=lambda: str(uuid.uuid4()))

    def to_json(self) -> Json:
        """Write it as the API's `CallingPlanX`."""
        minutes = _PRODUCTS[self.product_id][1]
        return {
            "id": self.id,
            "referenceId": self.owner.id,
            "referenceType": self.owner.kind,
            "callingPlanProductId": self.product_id,
            "startDate": date_text(self.start),
            "endDate": date_text(self.start + _YEARS_S),
            "planMinutes": minutes,
            "secondsRemaining": max(0, minutes * _MINUTE_S - self.used_s),
        }


class PlanBook:
    """Every calling plan of one sandbox.

    Args:
        history: Where changes are written.
    """

    def __init__(self, history: History) -> None:
        self._history = history
        self._plans: dict[str, dict[Owner, list[Plan]]] = {}

    @staticmethod
    def products(partition_id: str) -> list[Json]:
        """List the partition's products."""
        return [
            {"id": product_id, "name": name, "planMinutes": minutes, "partitionId": partition_id}
            for product_id, (name, minutes) in _PRODUCTS.items()
        ]

    def of_account(self, account_id: str) -> list[Plan]:
        """List the plans of an account and of all that belongs to it, oldest first."""
        return [plan for plans in self._plans.get(account_id, {}).values() for plan in plans]

    def of(self, account: Json, owner: Owner) -> list[Plan]:
        """List somebody's plans, oldest first."""
        return list(self._plans.get(str(account["id"]), {}).get(owner, ()))

    def add(
        self,
        account: Json,
        owner: Owner,
        product_id: object,
        *,
        pending: bool = False,
        used_s: int = 0,
        unique: bool = True,
    ) -> Plan:
        """Give somebody one more plan.

        Raises:
            ApiError: 404 where there is no such product, 400 where they have it and it must be unique.
        """
        known = self.product(product_id)
        if unique and any(plan.product_id == known for plan in self.of(account, owner)):
            raise ApiError(400, ("Calling plan is already there",), {"callingPlanProductId": known})
        start = time.time() + (_MONTH_S if pending else 0)
        plan = Plan(owner, known, pending, used_s, start)
        self._plans.setdefault(str(account["id"]), {}).setdefault(owner, []).append(plan)
        self._history.write(account, _thing(owner), "CREATE", (owner.id, known))
        return plan

    def remove(self, account: Json, owner: Owner, product_id: object) -> Plan:
        """Take one plan of a product from somebody.

        Raises:
            ApiError: 404 where they have none.
        """
        for plan in self.of(account, owner):
            if plan.product_id == product_id:
                self._drop(account, plan)
                return plan
        raise ApiError(404, ("Calling plan not found",), {"callingPlanProductId": product_id})

    def drop_all(self, account: Json, owner: Owner, *, pending: bool) -> None:
        """Take all of somebody's plans that are, or are not, yet to begin."""
        for plan in self.of(account, owner):
            if plan.pending == pending:
                self._drop(account, plan)

    def forget(self, account_id: str, owner: Owner | None = None) -> None:
        """Drop what belonged to somebody, or to an account, that is no more."""
        if owner is None:
            self._plans.pop(account_id, None)
        else:
            self._plans.get(account_id, {}).pop(owner, None)

    @staticmethod
    def product(product_id: object) -> str:
        """Answer a product's id.

        Raises:
            ApiError: 404 where there is none.
        """
        if not isinstance(product_id, str) or product_id not in _PRODUCTS:
            raise ApiError(404, ("Calling plan product not found",), {"callingPlanProductId": product_id})
        return product_id

    def everything(self) -> Iterator[Plan]:
        """Yield every plan there is."""
        return (plan for account_id in self._plans for plan in self.of_account(account_id))

    def count(self) -> int:
        """Count all plans."""
        return sum(1 for _ in self.everything())

    def duplicates(self) -> list[str]:
        """List, as `owner/product`, what somebody has more than once."""
        found: list[str] = []
        for account_id in self._plans:
            seen = [f"{plan.owner.id}/{plan.product_id}" for plan in self.of_account(account_id)]
            found += sorted({name for name in seen if seen.count(name) > 1})
        return found

    def _drop(self, account: Json, plan: Plan) -> None:
        """Take a plan away."""
        self._plans[str(account["id"])][plan.owner].remove(plan)
        self._history.write(
            account, _thing(plan.owner), "DELETE", (plan.owner.id, plan.product_id), old=plan.product_id
        )


def _thing(owner: Owner) -> Thing:
    """Answer how the history names it."""
    return USER_PLAN if owner.kind == "END_USER" else PLAN
