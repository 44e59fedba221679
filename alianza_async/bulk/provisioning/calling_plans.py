"""The workflow `calling-plans`: many users to another calling plan, which the API has no job for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

from pydantic import Field, model_validator

from alianza_async.bulk.provisioning.account_steps import owner_account, owner_user
from alianza_async.bulk.provisioning.row_fields import complaint
from alianza_async.bulk.provisioning.row_parts import OwnerFields
from alianza_async.bulk.workflows.found import several
from alianza_async.bulk.workflows.steps import Made, step
from alianza_async.bulk.workflows.workflow import Workflow
from alianza_async.errors import NotFoundError
from alianza_async.models.calling_plans import CallingPlanChange

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alianza_async.bulk.workflows.steps import Item
    from alianza_async.call import Reply
    from alianza_async.models.base import WriteModel
    from alianza_async.models.shared import CallingPlan

__all__ = ["CALLING_PLANS", "CallingPlanRow"]

_SEPARATOR: Final = ","


class CallingPlanRow(OwnerFields):
    """A user, and the calling plan product that the user is to have."""

    calling_plan_product_id: Annotated[str, Field(min_length=1, max_length=256)]

    @model_validator(mode="after")
    def _is_somebodys(self) -> CallingPlanRow:
        if self.username is None and self.user_id is None:
            raise complaint("username", "is missing; give it, or user_id")
        return self


async def _add(item: Item[CallingPlanRow]) -> Made:
    """Give the user the plan, unless the user has it: each time it is sent may buy one more.

    `PUT /v2/partition/{partitionId}/account/{accountId}/callingplan`.
    """
    there = await _find_added(item)
    if there is not None:
        return there
    product = item.row.calling_plan_product_id
    plan = await item.session.calling_plans.add(item.id_of("account"), _change(item, product))
    return Made(plan.id)


async def _find_added(item: Item[CallingPlanRow]) -> Made | None:
    """Look whether the user has the plan.

    Raises:
        UnknownOutcomeError: The user has it twice.
    """
    reply = await _plans(item)
    product = item.row.calling_plan_product_id
    there = [plan for plan in reply.value if plan.calling_plan_product_id == product]
    if len(there) > 1:
        raise several(item.session.calling_plans.list, reply, len(there))
    return Made(there[0].id, existed=True) if there else None


async def _take_back(item: Item[WriteModel], made: Made) -> None:
    """Take the plan that was given from the user again."""
    for plan in (await _plans(item)).value:
        if plan.id == made.id and plan.calling_plan_product_id is not None:
            await _remove(item, plan.calling_plan_product_id)


async def _others(item: Item[CallingPlanRow]) -> str | None:
    """Return the products of the user's other plans: written down before they are taken away."""
    found = {plan.calling_plan_product_id for plan in (await _plans(item)).value}
    others = sorted(product for product in found if product and product != item.row.calling_plan_product_id)
    return _SEPARATOR.join(others) or None


async def _remove_others(item: Item[CallingPlanRow]) -> Made:
    """Take the user's other plans away, one by one.

    `DELETE /v2/partition/{partitionId}/account/{accountId}/callingplan`.
    """
    if item.choice("others") == "keep" or item.key is None:
        return Made(existed=True)
    for product in item.key.split(_SEPARATOR):
        await _remove(item, product)
    return Made()


async def _find_removed(item: Item[CallingPlanRow]) -> Made | None:
    """Look whether the other plans are gone."""
    return Made(existed=True) if item.choice("others") == "keep" or await _others(item) is None else None


async def _give_back(item: Item[WriteModel], made: Made) -> None:
    """Give the user the plans again that were taken away."""
    has = {plan.calling_plan_product_id for plan in (await _plans(item)).value}
    for product in (made.key or "").split(_SEPARATOR):
        if product and product not in has:
            await item.session.calling_plans.add(item.id_of("account"), _change(item, product))


def _destroys(choices: Mapping[str, str]) -> str | None:
    """Tell what a job takes away: nothing where other plans are kept."""
    if choices["others"] == "keep":
        return None
    return "removes each user's other calling plans, with what is left of their minutes (or: --others keep)"


async def _remove(item: Item[WriteModel], product: str) -> None:
    try:
        await item.session.calling_plans.remove(item.id_of("account"), _change(item, product))
    except NotFoundError:
        return


async def _plans(item: Item[WriteModel]) -> Reply[list[CallingPlan]]:
    plans = item.session.calling_plans
    return await plans.list.raw(
        item.id_of("account"), reference_id=item.id_of("user"), reference_type="END_USER"
    )


def _change(item: Item[WriteModel], product: str) -> CallingPlanChange:
    return CallingPlanChange(
        reference_type="END_USER", reference_id=item.id_of("user"), calling_plan_product_id=product
    )


CALLING_PLANS: Final = Workflow(
    "calling-plans",
    step("account", owner_account, writes=False),
    step("user", owner_user, writes=False, after="account"),
    step(
        "plan",
        _add,
        key="calling_plan_product_id",
        find=_find_added,
        after=("account", "user"),
        makes="updated",
        undo=_take_back,
        irreversible="what is left of the plan's minutes is lost",
    ),
    step(
        "others",
        _remove_others,
        key=_others,
        find=_find_removed,
        after=("account", "user", "plan"),
        makes="updated",
        undo=_give_back,
        irreversible="the plans are bought anew: their minutes begin again",
        destroys=_destroys,
    ),
    fields=CallingPlanRow,
    key=("username", "user_id"),
    choices={"others": ("remove", "keep")},
)
"""Rows of `CallingPlanRow`. The new plan comes before the others go: no user is ever without one."""
