"""A partition's telephone numbers: listed, added, searched, reserved, followed."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final

from alianza_async.sandbox import queries
from alianza_async.sandbox.answers import Answer, ApiError, encode, ok
from alianza_async.sandbox.inventory import Seed, is_number
from alianza_async.sandbox.routes import Route
from alianza_async.sandbox.rules import checked, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from alianza_async.sandbox.activations import Event
    from alianza_async.sandbox.inventory import Stocked
    from alianza_async.sandbox.options import Json
    from alianza_async.sandbox.routes import Incoming

_MOST_LISTED: Final = 500
_USUAL_FOUND: Final = 100
_USUAL_PAGE: Final = 20
_ZIP_DIGITS: Final = 5
_SEARCHES: Final = ("POSTALCODE_OR_TN", "TN", "POSTALCODE", "LAT_LONG", "RATECENTER", "RATECENTER_CARRIER")
_FUNCTIONS: Final = ("ELS", "TollFree", "TemporaryNumber", "SPTN")
_DATES: Final = ("FOCDate", "UpdatedDate", "CreatedDate")
_EVENTS: Final = (
    *("ACTIVATION", "BYOTN_REQUEST", "CSR_CHANGE_REQUEST", "DISCONNECT", "DYNAMIC_RESERVATION"),
    *("NINE_ONE_ONE_ADDRESS", "PORT_REQUEST", "SERVICE_PROVIDER_TN"),
)
_STATUSES: Final = (
    *("PENDING", "IN_PROGRESS", "REJECTED", "FOC_RECEIVED", "FOC_REMOVED", "CANCELLED", "CANCEL_PENDING"),
    *("CARRIER_CANCELLED", "DELETE_PENDING", "DELETE_SCHEDULED", "COMPLETED", "CORRECTED_COMPLETED"),
    *("COOLDOWN", "HOT_CUT_PORT", "ON_HOLD", "RESELLER_PENDING"),
)
_VIEW_RULES: Final = {"phoneNumber": text(), "rateCenter": text(), "state": text()}


def list_inventory(incoming: Incoming) -> Answer:
    """List the first 500 numbers nobody has: `GET .../telephonenumber`."""
    waiting = (
        stocked
        for stocked in incoming.store.numbers.inventory.all_of(incoming.partition)
        if stocked.account_id is None
    )
    return _views(islice(waiting, _MOST_LISTED))


def create_number(incoming: Incoming) -> Answer:
    """Put a number into the inventory: `POST .../telephonenumber`."""
    partition_id = incoming.partition
    body = checked(incoming.body, _VIEW_RULES, ("phoneNumber",))
    number = str(body["phoneNumber"])
    if not is_number(number):
        raise _no_number(number)
    seed = Seed(number, str(body.get("rateCenter", "")), str(body.get("state", "")))
    stocked = incoming.store.numbers.inventory.add(partition_id, seed)
    if stocked is None:
        raise ApiError(400, ("Telephone number is already in the inventory",), {"telephoneNumber": number})
    return Answer(201, encode(stocked.to_json()))


def retrieve_number(incoming: Incoming) -> Answer:
    """Find a number: `GET .../telephonenumber/{tn}`."""
    return ok(_stocked(incoming).to_json())


def delete_number(incoming: Incoming) -> Answer:
    """Take a number out of the inventory: `DELETE .../telephonenumber/{tn}`."""
    incoming.store.numbers.inventory.remove(_stocked(incoming))
    return Answer(204)


def search_numbers(incoming: Incoming) -> Answer:
    """Find numbers that can be had: `GET .../telephonenumber/search?q=&type=&functiontype=&maxResults=`.

    Digits find the numbers that begin with them, with or without the country code; five digits are a postal
    code unless `type` says otherwise.
    """
    query = incoming.query()
    kind = queries.one_of(query, "type", _SEARCHES, "POSTALCODE_OR_TN")
    function = queries.one_of(query, "functiontype", _FUNCTIONS, "ELS")
    most = queries.whole(query, "maxResults", _USUAL_FOUND, 1)
    if kind == "LAT_LONG":
        return _near(incoming, query, function, most)
    found = _found(incoming, kind, query.get("q", "").strip())
    return _views(islice((stocked for stocked in found if stocked.function == function), most))


def reserve(incoming: Incoming) -> Answer:
    """Keep a number for this login: `PUT .../telephonenumber/{tn}/reserve`."""
    stocked, inventory = _stocked(incoming), incoming.store.numbers.inventory
    inventory.expire(stocked, incoming.options.reservation_s)
    inventory.reserve(stocked, incoming.login.username)
    return ok(stocked.reservation())


def release_reservation(incoming: Incoming) -> Answer:
    """Let a number go: `DELETE .../telephonenumber/{tn}/reserve`."""
    incoming.store.numbers.inventory.let_go(_stocked(incoming))
    return Answer(204)


def availability(incoming: Incoming) -> Answer:
    """Tell whether the partition could have such a number: `GET .../telephonenumber/{tn}/availability`.

    It does not tell whether the number is free, only whether its area is served: any but 900 is.
    """
    partition_id, number = incoming.partition, incoming.params["tn"]
    if not is_number(number):
        raise _no_number(number)
    stocked = incoming.store.numbers.inventory.get(partition_id, number)
    served = not number.startswith("1900")
    facts: Json = {
        "prefix": number[1:7],
        "country": "USA",
        "wireless": False,
        "portable": served,
        "serviceAvailable": served,
        "inboundCarrierType": "NO_API",
    }
    if stocked is not None:
        facts.update({"state": stocked.seed.state, "name": stocked.seed.city})
    return ok(facts)


def is_off_net(incoming: Incoming) -> Answer:
    """Tell as a bare boolean whether a number of 10 digits is somebody else's: `GET .../{tn}/fmfmcheck`."""
    partition_id, number = incoming.partition, f"1{incoming.params['tn']}"
    if not is_number(number):
        raise ApiError(400, ("tn must be a telephone number of 10 digits",))
    return ok(incoming.store.numbers.inventory.get(partition_id, number) is None)


def status_search(incoming: Incoming) -> Answer:
    """Find activations and other events, newest first: `GET .../telephonenumber/statussearch`."""
    partition_id, query = incoming.partition, incoming.query()
    kind = queries.one_of(query, "dateType", _DATES, "UpdatedDate")
    services = queries.several(incoming, "eventType", _EVENTS)
    statuses = queries.several(incoming, "statusType", _STATUSES)
    start, end = queries.span(query)
    events = incoming.store.numbers.events.find(
        partition_id, query.get("telephoneNumber"), query.get("accountId")
    )
    found = [
        event
        for event in events
        if (not services or event.service in services)
        and (not statuses or event.status in statuses)
        and start <= _moment(event, kind) < end
    ]
    page = queries.page(found, query, _USUAL_PAGE)
    return ok({"totalRecords": len(found), "results": [event.to_json() for event in page]})


def _moment(event: Event, kind: str) -> float:
    """Answer the time of an event that a search goes by; the sandbox has no FOC date but the last change."""
    return event.steps[0 if kind == "CreatedDate" else -1].at


def _found(incoming: Incoming, kind: str, term: str) -> Iterator[Stocked]:
    """Yield the free numbers a term finds.

    Raises:
        ApiError: 422 where the term is none of that kind.
    """
    partition_id, inventory = incoming.partition, incoming.store.numbers.inventory
    digits = term.isascii() and term.isdigit()
    if kind.startswith("RATECENTER") and term:
        city, _, state = term.casefold().partition(".")
        return (
            stocked
            for stocked in inventory.free(partition_id, "")
            if stocked.seed.city.casefold() == city and (not state or stocked.seed.state.casefold() == state)
        )
    if digits and kind != "TN" and len(term) == _ZIP_DIGITS:
        return (stocked for stocked in inventory.free(partition_id, "") if stocked.seed.postal_code == term)
    if digits and kind in ("TN", "POSTALCODE_OR_TN"):
        return inventory.free(partition_id, term if term.startswith("1") else f"1{term}")
    raise ApiError(422, ("Invalid search term supplied",), {"q": term, "type": kind})


def _near(incoming: Incoming, query: dict[str, str], function: str, most: int) -> Answer:
    """Answer the free numbers nearest to a place."""
    north, east = queries.number(query, "lat"), queries.number(query, "long")
    if north is None or east is None:
        raise ApiError(400, ("lat and long must not be null",))
    near = incoming.store.numbers.inventory.near(incoming.partition, north, east)
    return ok(
        [
            {**stocked.to_json(), "distance": distance}
            for distance, stocked in near
            if stocked.function == function
        ][:most]
    )


def _stocked(incoming: Incoming) -> Stocked:
    """Find the path's number."""
    partition_id, number = incoming.partition, incoming.params["tn"]
    if not is_number(number):
        raise _no_number(number)
    return incoming.store.numbers.inventory.one(partition_id, number)


def _no_number(given: str) -> ApiError:
    """Build the refusal of what is no number."""
    return ApiError(400, ("Telephone number must be 11 digits",), {"telephoneNumber": given})


def _views(found: Iterable[Stocked]) -> Answer:
    """Answer numbers as the inventory shows them."""
    return ok([stocked.to_json() for stocked in found])


_ALL: Final = "/v2/partition/{partitionId}/telephonenumber"
_ONE: Final = _ALL + "/{tn}"

ROUTES: Final = (
    Route("GET", _ALL, "listTnInventory", list_inventory),
    Route("POST", _ALL, "createTelephoneNumber", create_number, takes_body=True),
    Route("GET", _ALL + "/search", "tnSearch", search_numbers),
    Route("GET", _ALL + "/statussearch", "statusSearch", status_search),
    Route("GET", _ONE, "retrieveTelephoneNumber", retrieve_number),
    Route("DELETE", _ONE, "deleteTnFromInventory", delete_number),
    Route("GET", _ONE + "/availability", "retrieveTelephoneNumberAvailability", availability),
    Route("GET", _ONE + "/fmfmcheck", "isTnOffNet", is_off_net),
    Route("PUT", _ONE + "/reserve", "reserve", reserve),
    Route("DELETE", _ONE + "/reserve", "releaseReservation", release_reservation),
)
