"""The kind `calling-plans`: many users to another calling plan, which the API has no job for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

from pydantic import Field, model_validator

from alianza_async.bulk.engine.evidence import USER_CALLING_PLANS, Subject
from alianza_async.bulk.engine.steps import Made, Need, step
from alianza_async.bulk.engine.workflow import Workflow
from alianza_async.bulk.kinds.account_steps import owner_steps
from alianza_async.bulk.kinds.found import not_asked_for, several
from alianza_async.bulk.kinds.row_fields import complaint
from alianza_async.bulk.kinds.row_parts import OwnerFields
from alianza_async.errors import NotFoundError, UndoRefusedError, UnknownOutcomeError
from alianza_async.models.calling_plans import CallingPlanChange
from alianza_async.models.users import User

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from alianza_async.bulk.engine.private import Change
    from alianza_async.bulk.engine.steps import Item
    from alianza_async.calls.call import Reply
    from alianza_async.endpoints.models import WriteModel
    from alianza_async.models.shared import CallingPlan

__all__ = ["CALLING_PLANS", "CallingPlanRow"]

_SEPARATOR: Final = ","
_PLAN: Final = Need("ProductCallingPlan", "CREATE")


class CallingPlanRow(OwnerFields):
    """A user, and the calling plan product that the user is to have."""

    calling_plan_product_id: Annotated[str, Field(min_length=1, max_length=256)]

    @model_validator(mode="after")
    def _has_an_owner(self) -> CallingPlanRow:
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
    ours = plan.reference_id in {None, item.id_of("user")}
    return Made(
        plan.id, key=plan.calling_plan_product_id if ours and plan.calling_plan_product_id else "another plan"
    )


async def _find_added(item: Item[CallingPlanRow]) -> Made | None:
    """Look whether the user has the plan; that the user lacks it is believed of two sources alone.

    Raises:
        UnknownOutcomeError: The user has it twice, or one list shows it and another does not.
        ResponseShapeError: Another user's plans were answered.
    """
    reply, there = await _with_product(item, item.row.calling_plan_product_id)
    if len(there) > 1:
        raise several(item.session.calling_plans.list, reply, len(there))
    if not there and not _is_on_record(item, reply.value):
        await _confirm_lacking(item)
    return Made(there[0].id, existed=True, trace_id=item.id_of("user")) if there else None


def _is_on_record(item: Item[CallingPlanRow], listed: Sequence[CallingPlan]) -> bool:
    """Tell whether the user's own record, which the row has read anyway, shows the same plans as a list.

    A record without plans proves nothing, nor does one that was read before a request whose answer was lost.
    """
    user = item.made["user"].value
    known = user.calling_plans if isinstance(user, User) and not item.lost else None
    return bool(known) and _products_of(known or ()) == _products_of(listed)


async def _confirm_lacking(item: Item[CallingPlanRow]) -> None:
    """Make sure by the plans of the whole account that the user lacks the plan: each purchase costs.

    Raises:
        UnknownOutcomeError: The account's list shows it.
    """
    plans, user, product = item.session.calling_plans, item.id_of("user"), item.row.calling_plan_product_id
    reply = await plans.list.raw(item.id_of("account"))
    if any(plan.reference_id == user and plan.calling_plan_product_id == product for plan in reply.value):
        raise UnknownOutcomeError(
            "the account's plans show that the user has the plan, and the user's plans do not; look again",
            context=plans.list.context(reply),
        )


async def _holders(item: Item[WriteModel]) -> Sequence[str]:
    return [plan.id for plan in (await _with_product(item, item.key or ""))[1] if plan.id]


async def _take_back(item: Item[WriteModel], made: Made) -> None:
    """Take the plan that was given from the user again.

    Raises:
        UndoRefusedError: Somebody else took the plans away that it was to replace: the user would have none.
        Later: Another plan was answered, or the plan is not listed: one list is no proof that it is gone.
    """
    plans = (await _plans(item)).value
    there = [plan for plan in plans if plan.id == made.id]
    others = item.made.get("others")
    if there and len(plans) == 1 and others is not None and others.existed and others.key is not None:
        raise UndoRefusedError("it is the only plan that the user has left: somebody else took the rest away")
    for product in (plan.calling_plan_product_id for plan in there):
        if product is not None and not await _remove(item, product):
            raise item.later()
    if not there and not item.looks:
        raise item.later()


async def _others(item: Item[CallingPlanRow]) -> str | None:
    """Return the products of the user's other plans: journaled before they are taken away."""
    if item.choice("others") == "keep":
        return None
    found = await _products(item)
    others = sorted(product for product in found if product != item.row.calling_plan_product_id)
    return _SEPARATOR.join(others) or None


async def _other_products(item: Item[CallingPlanRow]) -> Change | None:
    return None if item.key is None else {"plans": [item.key, item.row.calling_plan_product_id]}


async def _remove_others(item: Item[CallingPlanRow]) -> Made:
    """Take the user's other plans away, one by one.

    `DELETE /v2/partition/{partitionId}/account/{accountId}/callingplan`.
    """
    if item.key is None:
        return Made(existed=True)
    answered = [await _remove(item, product) for product in item.key.split(_SEPARATOR)]
    return Made(key=None if all(answered) else "another plan")


async def _find_removed(item: Item[CallingPlanRow]) -> Made | None:
    """Look whether the plans that were to go are gone."""
    going = set((item.key or "").split(_SEPARATOR))
    return None if going & await _products(item) else Made(existed=True)


async def _give_back(item: Item[WriteModel], made: Made) -> None:
    """Give the user the plans again that were taken away, where the plans are still as the job left them.

    Raises:
        UndoRefusedError: The user's plans were changed since.
    """
    if not made.change or made.change.get("plans") is None:
        raise UndoRefusedError("which plans were taken away was not kept: give them back by hand")
    old, ours = made.change["plans"] or ("", "")
    wanted = [product for product in str(old).split(_SEPARATOR) if product]
    has = {plan.calling_plan_product_id for plan in (await _plans(item)).value}
    # The plan that took their place goes last: a list without it is of other plans, or lies.
    if ours not in has or has - {ours, *wanted}:
        raise UndoRefusedError("the user's plans were changed since: they are not what the job left")
    for product in wanted:
        if product not in has:
            await item.session.calling_plans.add(item.id_of("account"), _change(item, product))


def _destroys(choices: Mapping[str, str]) -> str | None:
    """Tell what a job takes away: nothing where other plans are kept."""
    if choices["others"] == "keep":
        return None
    return "removes each user's other calling plans, with what is left of their minutes (or: --others keep)"


async def _remove(item: Item[WriteModel], product: str) -> bool:
    """Take a plan away; tell whether the answer is about it, or that it is gone already."""
    try:
        plan = await item.session.calling_plans.remove(item.id_of("account"), _change(item, product))
    except NotFoundError:
        return True
    return plan.calling_plan_product_id in {None, product} and plan.reference_id in {None, item.id_of("user")}


async def _plans(item: Item[WriteModel]) -> Reply[list[CallingPlan]]:
    plans, user = item.session.calling_plans, item.id_of("user")
    reply = await plans.list.raw(item.id_of("account"), reference_id=user, reference_type="END_USER")
    if any(plan.reference_id not in {None, user} for plan in reply.value):
        raise not_asked_for(plans.list, reply, "user's plan")
    return reply


async def _products(item: Item[WriteModel]) -> set[str]:
    """Return the products of all plans that the user has.

    Raises:
        UnknownOutcomeError: The plan that the row gave the user is not among them: the list is not believed.
    """
    reply = await _plans(item)
    products = _products_of(reply.value)
    given = item.made.get("plan")
    if given is not None and given.key not in products:
        raise UnknownOutcomeError(
            "the plan that the user was given is not listed; look at the user's plans",
            context=item.session.calling_plans.list.context(reply),
        )
    return products


def _products_of(plans: Iterable[CallingPlan]) -> set[str]:
    return {plan.calling_plan_product_id for plan in plans if plan.calling_plan_product_id}


async def _with_product(
    item: Item[WriteModel], product: str
) -> tuple[Reply[list[CallingPlan]], list[CallingPlan]]:
    reply = await _plans(item)
    return reply, [plan for plan in reply.value if plan.calling_plan_product_id == product]


def _change(item: Item[WriteModel], product: str) -> CallingPlanChange:
    return CallingPlanChange(
        reference_type="END_USER", reference_id=item.id_of("user"), calling_plan_product_id=product
    )


def _subject(item: Item[WriteModel]) -> Subject | None:
    if item.key is None:
        return None
    user_id = item.id_of("user")
    return Subject(USER_CALLING_PLANS, item.key, account_id=item.id_of("account"), owner_id=user_id)


def _others_subject(item: Item[WriteModel]) -> Subject | None:
    subject = _subject(item)
    return None if subject is None else subject._replace(parts=tuple(subject.key.split(_SEPARATOR)))


CALLING_PLANS: Final = Workflow[CallingPlanRow](
    "calling-plans",
    *owner_steps(),
    step(
        "plan",
        _add,
        key="calling_plan_product_id",
        find=_find_added,
        holders=_holders,
        subject=_subject,
        after=("account", "user"),
        makes="updated",
        undo=_take_back,
        irreversible="what is left of the plan's minutes is lost",
        needs=(_PLAN,),
        calls=3,
    ),
    step(
        "others",
        _remove_others,
        key=_others,
        find=_find_removed,
        change=_other_products,
        subject=_others_subject,
        after=("account", "user", "plan"),
        purpose="delete",
        restore=_give_back,
        irreversible="the plans are bought again, and their minutes start over",
        destroys=_destroys,
        needs=(_PLAN,),
    ),
    fields=CallingPlanRow,
    key=("username", "user_id"),
    choices={"others": ("remove", "keep")},
    no_update="a plan is bought or taken away, never changed",
)
"""Rows of `CallingPlanRow`. The new plan comes before the others go: no user is ever without one."""
