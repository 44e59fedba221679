"""An account's telephone numbers: added, routed, corrected, released."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Final, cast

from alianza_async.sandbox.answers import Answer, ApiError, ok
from alianza_async.sandbox.inventory import is_number
from alianza_async.sandbox.queries import number as number_of
from alianza_async.sandbox.registration import Registration, registration_of
from alianza_async.sandbox.routes import Route
from alianza_async.sandbox.rules import as_object, boolean, checked, json_object, one_of, text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alianza_async.sandbox.addresses import Verdict
    from alianza_async.sandbox.options import Json
    from alianza_async.sandbox.routes import Incoming
    from alianza_async.sandbox.rules import Rule

_REFERENCE: Final = one_of(
    *("SIP_TRUNK", "END_USER", "IVR", "LINE_APPEARANCE", "LINE_HUNTGROUP", "TELEPHONE", "VFAX"),
    *("BUSINESS_LINE", "BUSINESS_LINE_HUNT_GROUP", "CALL_GROUP", "CALL_QUEUE", "AUTO_ATTENDANT"),
    *("SPECIALTY_LINE", "CONTACT_CENTER"),
)
_RINGS: Final = one_of("StandardRing", *(f"Ring{index}" for index in range(1, 8)))
_NUMBER_RULES: Final[Mapping[str, Rule]] = {
    "phoneNumber": text(),
    "referenceType": _REFERENCE,
    "referenceId": text(),
    "canAcceptSMS": boolean,
    "assignAsCallerId": boolean,
    "ringType": _RINGS,
    "servicePackageType": one_of(
        *("Usage", "PrimaryLocalFlatRate", "PrimaryLocalAndDomesticLDFlatRate", "SecondaryLocalFlatRate"),
        "SecondaryLocalAndDomesticLDFlatRate",
    ),
    "e911Address": json_object,
    "customerServiceRecord": json_object,
    "directoryListing": json_object,
}
_REQUEST_RULES: Final[Mapping[str, Rule]] = {
    "e911Address": json_object,
    "customerServiceRecord": json_object,
    "directoryListing": json_object,
    "holdActivation": boolean,
}
_LISTINGS: Final = ("LIST_PUBLISH", "LIST_NOT_PUBLISH", "NOT_LIST_NOT_PUBLISH")
_SHARED: Final = ("customerServiceRecord", "directoryListing", "byotnCarrierId")


def list_numbers(incoming: Incoming) -> Answer:
    """List an account's numbers: `GET .../account/{accountId}/telephonenumber`."""
    return ok(incoming.store.numbers.of_account(str(_account(incoming)["id"])))


def add_numbers(incoming: Incoming) -> Answer:
    """Put numbers of the inventory on an account, all or none: `POST .../telephonenumber`."""
    account, book = incoming.store.staying(_account(incoming)), incoming.store.numbers
    if incoming.options.strict:
        _check_strictly(incoming.body)
    body = checked(incoming.body, _REQUEST_RULES, ())
    if body.get("port"):
        raise ApiError(400, ("This sandbox ports no numbers: leave port out",))
    asked = _asked(body)
    username, life_s = incoming.login.username, incoming.options.reservation_s
    taken = [
        book.check_free(account, number, username, unique=incoming.unique(number), reservation_s=life_s)
        for number in (str(item["phoneNumber"]) for item in asked)
    ]
    for item in asked:
        _check_reference(incoming, account, item)
    verdict = _verdict(incoming, body.get("e911Address"))
    shared: Json = {name: body[name] for name in _SHARED if name in body}
    added: list[Json] = []
    for item, stocked in zip(asked, taken, strict=True):
        registration = _registration(incoming, str(item["phoneNumber"]), verdict)
        number = book.add(account, stocked, {**shared, **item}, verdict, registration)
        book.activate(number, incoming.options.activation_s, hold=body.get("holdActivation") is True)
        added.append(number)
    ours = {"id": str(uuid.uuid4()), "partitionId": account["partitionId"], "accountId": account["id"]}
    return ok({**body, **ours, "telephoneNumbers": added})


def retrieve_number(incoming: Incoming) -> Answer:
    """Find an account's number: `GET .../telephonenumber/{tn}`."""
    return ok(_number(incoming)[1])


def update_number(incoming: Incoming) -> Answer:
    """Replace what is known of a number: `PUT .../telephonenumber/{tn}`."""
    return _change(incoming, incoming.body)


def patch_number(incoming: Incoming) -> Answer:
    """Change some of what is known of a number: `PATCH .../telephonenumber/{tn}`."""
    return _change(incoming, {**_number(incoming)[1], **incoming.body})


def delete_number(incoming: Incoming) -> Answer:
    """Release a number: `DELETE .../telephonenumber/{tn}`."""
    account, number = _number(incoming)
    incoming.store.numbers.release(account, number, strict=incoming.options.strict)
    return Answer(204)


def set_destination(incoming: Incoming) -> Answer:
    """Say where a number rings: `PUT .../telephonenumber/{tn}/destination`."""
    account, number = _number(incoming)
    body = checked(incoming.body, _NUMBER_RULES, ("referenceType", "referenceId"))
    _check_reference(incoming, account, body)
    told = ("referenceType", "referenceId", "ringType", "assignAsCallerId")
    changes = {name: body[name] for name in told if name in body}
    incoming.store.numbers.change(account, number, {**number, **changes}, None)
    return ok(
        {
            "id": number["id"],
            "partitionId": account["partitionId"],
            "accountId": account["id"],
            "telephoneNumber": number["phoneNumber"],
            **changes,
        }
    )


def get_correction(incoming: Incoming) -> Answer:
    """Tell how a number's address should be written: `GET .../{tn}/911-address/correction`."""
    return ok(incoming.store.numbers.correction(_number(incoming)[1]))


def accept_correction(incoming: Incoming) -> Answer:
    """Take the corrected address over: `PUT .../{tn}/911-address/correction/accept`."""
    return ok(incoming.store.numbers.accept_correction(*_number(incoming)))


def keep_original(incoming: Incoming) -> Answer:
    """Refuse the correction: `PUT .../{tn}/911-address/original/accept?latitude=&longitude=`."""
    query = incoming.query()
    place = {name: query[name] for name in ("latitude", "longitude") if number_of(query, name) is not None}
    return ok(incoming.store.numbers.keep_original(*_number(incoming), cast("Json", place)))


def usages(incoming: Incoming) -> Answer:
    """Tell which users a number rings at: `GET .../{tn}/911-address/usages`."""
    account, number = _number(incoming)
    users = [number["referenceId"]] if number.get("referenceType") == "END_USER" else []
    return ok(
        {
            "partitionId": account["partitionId"],
            "accountId": account["id"],
            "phoneNumber": number["phoneNumber"],
            "users": users,
        }
    )


def _change(incoming: Incoming, body: Json) -> Answer:
    """Write a number's new facts, once they are known to be right."""
    account, number = _number(incoming)
    accepted = checked(body, _NUMBER_RULES, ())
    _check_reference(incoming, account, accepted)
    same = accepted.get("e911Address") == number.get("e911Address")
    verdict = None if same else _verdict(incoming, accepted.get("e911Address"))
    registration = _registration(incoming, str(number["phoneNumber"]), verdict)
    return ok(incoming.store.numbers.change(account, number, accepted, verdict, registration))


def _check_strictly(body: Json) -> None:
    """Refuse a request that lacks what the provider's guides call required.

    A number of a carrier of one's own, which says its `operationalStatus`, needs no directory listing.

    Raises:
        ApiError: 400 where it does.
    """
    items = body.get("telephoneNumbers")
    given = [as_object(item) or {} for item in cast("list[object]", items)] if isinstance(items, list) else []
    own_carrier = bool(given) and all("operationalStatus" in item for item in given)
    required = ("customerServiceRecord", *(() if own_carrier else ("directoryListing",)))
    problems = [f"{name} must not be null" for name in required if not body.get(name)]
    if "address" in (as_object(body.get("e911Address")) or {}):
        problems.append("e911Address must be flat: its parts stand in it, not in address")
    listing = as_object(body.get("directoryListing")) or {}
    if listing and listing.get("type") not in _LISTINGS:
        problems.append(f"directoryListing.type must be one of {', '.join(_LISTINGS)}")
    if problems:
        raise ApiError(400, tuple(problems))


def _asked(body: Json) -> list[Json]:
    """Answer the numbers a request names.

    Raises:
        ApiError: 400 where it names none, one twice, or one that is no number.
    """
    given = body.get("telephoneNumbers")
    if not isinstance(given, list) or not given:
        raise ApiError(400, ("telephoneNumbers must not be empty",))
    asked: dict[str, Json] = {}
    for item in cast("list[object]", given):
        accepted = checked(as_object(item) or {}, _NUMBER_RULES, ("phoneNumber",))
        number = str(accepted["phoneNumber"])
        if not is_number(number):
            raise ApiError(400, ("phoneNumber must be 11 digits",), {"telephoneNumber": number})
        if number in asked:
            raise ApiError(400, ("phoneNumber is named twice",), {"telephoneNumber": number})
        asked[number] = accepted
    return list(asked.values())


def _check_reference(incoming: Incoming, account: Json, body: Json) -> None:
    """Make sure that a number rings at something there is.

    Raises:
        ApiError: 400 where type and id do not come together, or the account has no such user.
    """
    kind, reference = body.get("referenceType"), body.get("referenceId")
    if (kind is None) != (reference is None):
        raise ApiError(400, ("referenceType and referenceId must be given together",))
    if kind == "END_USER":
        incoming.store.member(account, str(reference), "referenceId")


def _verdict(incoming: Incoming, address: object) -> Verdict | None:
    """Judge the emergency address of a number.

    Raises:
        ApiError: 400 where it is missing, wrong, or not validated before, unless the options let that pass.
    """
    given = as_object(address)
    if given is None:
        if incoming.options.require_address:
            raise ApiError(400, ("e911Address must not be null",))
        return None
    book = incoming.store.addresses
    verdict = book.judge(given)
    if incoming.options.require_address:
        if verdict.problems:
            raise ApiError(400, tuple(f"e911Address: {problem}" for problem in verdict.problems))
        if not book.knows(verdict.address, strict=incoming.options.strict):
            raise ApiError(400, ("e911Address was not validated: prevalidate it first",))
    return verdict


def _registration(incoming: Incoming, number: str, verdict: Verdict | None) -> Registration:
    """Answer how the 911 provider takes the address of a number."""
    return Registration() if verdict is None else registration_of(incoming.options, number, verdict.address)


def _account(incoming: Incoming) -> Json:
    """Find the path's account."""
    return incoming.store.account(incoming.partition, incoming.params["accountId"])


def _number(incoming: Incoming) -> tuple[Json, Json]:
    """Find the path's account and its number."""
    account = _account(incoming)
    return account, incoming.store.numbers.one(account, incoming.params["tn"])


_ALL: Final = "/v2/partition/{partitionId}/account/{accountId}/telephonenumber"
_ONE: Final = _ALL + "/{tn}"
_E911: Final = _ONE + "/911-address"

ROUTES: Final = (
    Route("GET", _ALL, "retrieveAccountTelephoneNumbers", list_numbers),
    Route("POST", _ALL, "createOrAddTelephoneNumberToAccount", add_numbers, takes_body=True),
    Route("GET", _ONE, "retrieveTelephoneNumberOnAccount", retrieve_number),
    Route("PUT", _ONE, "updateTelephoneNumberOnAccount", update_number, takes_body=True),
    Route("PATCH", _ONE, "patchTelephoneNumberOnAccount", patch_number, takes_body=True),
    Route("DELETE", _ONE, "deleteTelephoneNumberOnAccount", delete_number),
    Route("PUT", _ONE + "/destination", "destination", set_destination, takes_body=True),
    Route("GET", _E911 + "/correction", "getE911Correction", get_correction),
    Route("PUT", _E911 + "/correction/accept", "acceptE911Correction", accept_correction),
    Route("PUT", _E911 + "/original/accept", "acceptOriginalE911", keep_original),
    Route("GET", _E911 + "/usages", "retrieveTelephoneNumberUsages", usages),
)
