"""Addresses: a line read and validated, an emergency address checked before a number goes live with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from alianza_async.sandbox.answers import Answer, ApiError, ok
from alianza_async.sandbox.geography import is_postal_code, state_of
from alianza_async.sandbox.queries import one_of
from alianza_async.sandbox.routes import Route
from alianza_async.sandbox.rules import as_object
from alianza_async.sandbox.streets import raw

if TYPE_CHECKING:
    from alianza_async.sandbox.addresses import Verdict
    from alianza_async.sandbox.options import Json
    from alianza_async.sandbox.routes import Incoming

_COUNTRIES: Final = ("USA", "CAN", "UNK")


def validate_address(incoming: Incoming) -> Answer:
    """Read a line as an address and validate it: `GET /v2/address/validate?address=&postalCode=&country=`."""
    query = incoming.query()
    missing = tuple(
        f"{name} must not be null" for name in ("address", "postalCode", "country") if not query.get(name)
    )
    if missing:
        raise ApiError(400, missing)
    country, code = one_of(query, "country", _COUNTRIES), query["postalCode"].strip()
    american = code[:1].isdigit()
    if not is_postal_code(code) or country == ("CAN" if american else "USA"):
        raise ApiError(400, ("postalCode is not a postal code of that country",))
    state = state_of(code)
    if state is None:
        raise ApiError(404, ("Zipcodes not found",))
    building = incoming.options.unit_required.casefold()
    needs_unit = bool(building) and building in query["address"].casefold()
    line = incoming.store.addresses.read(query["address"], code, needs_unit=needs_unit)
    facts: Json = {
        "requiredFields": list(line.missing),
        "customerServiceRecord": line.address,
        "valid": line.valid,
    }
    if line.valid:
        place = incoming.store.addresses.place(line.address)
        facts["latitude"], facts["longitude"] = place
    return ok(facts)


def prevalidate(incoming: Incoming) -> Answer:
    """Check the emergency address of an activation to come: `PUT .../account/e911/prevalidate`."""
    _ = incoming.partition
    given = as_object(incoming.body.get("e911Address"))
    if given is None:
        raise ApiError(400, ("e911Address must not be null",))
    verdict = incoming.store.addresses.validate(given)
    return ok(
        {
            "valid": "INVALID" if verdict.problems else "VALID",
            "errors": list(verdict.problems),
            "addressAlternatives": _alternatives(incoming, verdict),
            "address": verdict.address,
        }
    )


def _alternatives(incoming: Incoming, verdict: Verdict) -> list[Json]:
    """Answer the address that the 911 provider would have, the way it writes addresses."""
    written = incoming.options.e911_alternatives
    if verdict.corrected is None or written == "none":
        return []
    return [raw(verdict.corrected) if written == "raw" else verdict.corrected]


ROUTES: Final = (
    Route("GET", "/v2/address/validate", "validateAddress", validate_address),
    Route(
        "PUT",
        "/v2/partition/{partitionId}/account/e911/prevalidate",
        "preValidateAccountTn",
        prevalidate,
        takes_body=True,
    ),
)
