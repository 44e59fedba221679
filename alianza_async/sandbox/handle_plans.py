"""Calling plans: added, removed, swapped, cancelled; and the user product plans an account may use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from alianza_async.sandbox import queries
from alianza_async.sandbox.answers import Answer, ApiError, ok
from alianza_async.sandbox.plan_book import Owner
from alianza_async.sandbox.routes import Route
from alianza_async.sandbox.rules import boolean, checked, integer, one_of, text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alianza_async.sandbox.options import Json
    from alianza_async.sandbox.routes import Incoming
    from alianza_async.sandbox.rules import Rule

_REFERENCES: Final = ("SIP_TRUNK", "END_USER", "IVR", "ACCOUNT", "SPECIALTY_LINE", "CONTACT_CENTER")
_MINUTES: Final = integer(0, 2**31 - 1)
_PLAN_RULES: Final[Mapping[str, Rule]] = {
    "referenceType": one_of(*_REFERENCES),
    "referenceId": text(),
    "callingPlanProductId": text(),
    "callingPlanReferenceId": text(),
    "callingPlanType": one_of("SHARED_CALLING_PLAN", "NEW_CALLING_PLAN", "UNSHARED_CALLING_PLAN"),
    "pending": boolean,
    "minutesUsed": _MINUTES,
}
_PLAN_REQUIRED: Final = ("referenceType", "referenceId", "callingPlanProductId")
_SWAP_RULES: Final[Mapping[str, Rule]] = {"swapCallingPlanProductId": text(), "newMinutesUsed": _MINUTES}
_USER_PLANS: Final = ("STANDARD", "ADVANCED", "PROFESSIONAL")


def user_plans(incoming: Incoming) -> Answer:
    """List the user product plans an account may use: `GET .../user-product-plans`."""
    _account(incoming)
    return ok(
        [
            {
                "id": name,
                "displayName": name.title(),
                "description": "",
                "emailAddressRequired": name != "STANDARD",
            }
            for name in _USER_PLANS
        ]
    )


def list_products(incoming: Incoming) -> Answer:
    """List the calling plan products: `GET .../callingplanproduct`."""
    return ok(incoming.store.plans.products(incoming.partition))


def retrieve_product(incoming: Incoming) -> Answer:
    """Find a calling plan product: `GET .../callingplanproduct/{cppId}`."""
    wanted = incoming.store.plans.product(incoming.params["cppId"])
    products = incoming.store.plans.products(incoming.partition)
    return ok(next(product for product in products if product["id"] == wanted))


def list_plans(incoming: Incoming) -> Answer:
    """List calling plans: `GET .../callingplan?referenceId=&referenceType=`."""
    account, query = _account(incoming), incoming.query()
    kind, reference = queries.one_of(query, "referenceType", _REFERENCES), query.get("referenceId")
    return ok(
        [
            plan.to_json()
            for plan in incoming.store.plans.of_account(str(account["id"]))
            if (not kind or plan.owner.kind == kind) and reference in (None, plan.owner.id)
        ]
    )


def add_plan(incoming: Incoming) -> Answer:
    """Add a calling plan, one more each time: `PUT .../callingplan`."""
    account = incoming.store.staying(_account(incoming))
    body = checked(incoming.body, _PLAN_RULES, _PLAN_REQUIRED)
    owner, product = _owner(incoming, account, body), body["callingPlanProductId"]
    plan = incoming.store.plans.add(
        account,
        owner,
        product,
        pending=body.get("pending") is True,
        used_s=_seconds(body.get("minutesUsed")),
        unique=incoming.unique(f"{owner.id}/{product}"),
    )
    return ok(plan.to_json())


def remove_plan(incoming: Incoming) -> Answer:
    """Remove a calling plan: `DELETE .../callingplan`."""
    account = _account(incoming)
    body = checked(incoming.body, _PLAN_RULES, _PLAN_REQUIRED)
    owner = _owner(incoming, account, body)
    return ok(incoming.store.plans.remove(account, owner, body["callingPlanProductId"]).to_json())


def swap_plan(incoming: Incoming) -> Answer:
    """Put another plan in place of the present ones: `POST .../callingplanswap`, of an account or a user."""
    account, owner = _path_owner(incoming)
    body = checked(incoming.body, _SWAP_RULES, ("swapCallingPlanProductId",))
    book = incoming.store.plans
    product_id = book.product(body["swapCallingPlanProductId"])
    book.drop_all(account, owner, pending=False)
    used_s = _seconds(body.get("newMinutesUsed"))
    book.add(account, owner, product_id, used_s=used_s, unique=False)
    return _plans(incoming, account, owner)


def change_plan(incoming: Incoming) -> Answer:
    """Have another plan begin next month: `PUT .../callingplanproduct/{id}`, of an account or a user."""
    account, owner = _path_owner(incoming)
    book = incoming.store.plans
    product_id = book.product(incoming.params["callingPlanProductId"])
    book.drop_all(account, owner, pending=True)
    book.add(account, owner, product_id, pending=True, unique=False)
    return _plans(incoming, account, owner)


def cancel_pending(incoming: Incoming) -> Answer:
    """Take back a plan yet to begin: `DELETE .../cancelpendingcallingplan`, of an account or a user."""
    account, owner = _path_owner(incoming)
    incoming.store.plans.drop_all(account, owner, pending=True)
    return _plans(incoming, account, owner)


def _plans(incoming: Incoming, account: Json, owner: Owner) -> Answer:
    """Answer all of somebody's plans."""
    return ok([plan.to_json() for plan in incoming.store.plans.of(account, owner)])


def _account(incoming: Incoming) -> Json:
    """Find the path's account."""
    return incoming.store.account(incoming.partition, incoming.params["accountId"])


def _path_owner(incoming: Incoming) -> tuple[Json, Owner]:
    """Find the path's account and whose plan it is: a user's where the path names one."""
    account, user_id = _account(incoming), incoming.params.get("userId")
    if user_id is None:
        return account, Owner("ACCOUNT", str(account["id"]))
    return account, Owner("END_USER", str(incoming.store.user(account, user_id)["id"]))


def _owner(incoming: Incoming, account: Json, body: Json) -> Owner:
    """Answer whose plan a body speaks of.

    Raises:
        ApiError: 400 where it is another account's, or no user of this one.
    """
    owner = Owner(str(body["referenceType"]), str(body["referenceId"]))
    if owner.kind == "END_USER":
        incoming.store.member(account, owner.id, "referenceId")
    if owner.kind == "ACCOUNT" and owner.id != account["id"]:
        raise ApiError(400, ("referenceId is not the account's",), {"referenceId": owner.id})
    return owner


def _seconds(minutes: object) -> int:
    """Answer minutes in seconds; none where none are given."""
    return minutes * 60 if isinstance(minutes, int) else 0


_PARTITION: Final = "/v2/partition/{partitionId}"
_ACCOUNT: Final = _PARTITION + "/account/{accountId}"
_USER: Final = _ACCOUNT + "/user/{userId}"
_PRODUCTS: Final = _PARTITION + "/callingplanproduct"
_CHANGE: Final = "/callingplanproduct/{callingPlanProductId}"

ROUTES: Final = (
    Route("GET", _ACCOUNT + "/user-product-plans", "getAvailableUserProductPlans", user_plans),
    Route("GET", _PRODUCTS, "retrieveCallingPlanProductList", list_products),
    Route("GET", _PRODUCTS + "/{cppId}", "get_3", retrieve_product),
    Route("GET", _ACCOUNT + "/callingplan", "getPlans", list_plans),
    Route("PUT", _ACCOUNT + "/callingplan", "addPlan", add_plan, takes_body=True),
    Route("DELETE", _ACCOUNT + "/callingplan", "removePlan", remove_plan, takes_body=True),
    Route("POST", _ACCOUNT + "/callingplanswap", "swapCallingPlan", swap_plan, takes_body=True),
    Route("POST", _USER + "/callingplanswap", "swapCallingPlan_2", swap_plan, takes_body=True),
    Route("PUT", _ACCOUNT + _CHANGE, "changeCallingPlan", change_plan),
    Route("PUT", _USER + _CHANGE, "changeCallingPlan_2", change_plan),
    Route("DELETE", _ACCOUNT + "/cancelpendingcallingplan", "cancelPendingCallingPlan", cancel_pending),
    Route("DELETE", _USER + "/cancelpendingcallingplan", "cancelPendingCallingPlan_2", cancel_pending),
)
