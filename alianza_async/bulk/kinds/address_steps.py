"""The step that validates an emergency address, before anything of its row is written."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Literal

from alianza_async.bulk.engine.steps import Made, Step, step
from alianza_async.bulk.kinds.alternatives import as_sent, same_place
from alianza_async.bulk.kinds.found import bad_address, discreet
from alianza_async.bulk.kinds.verdicts import Verdicts
from alianza_async.endpoints.models import validate_write
from alianza_async.errors import AnswerError, NotFoundError, RequestRejectedError
from alianza_async.models.shared_addresses import E911AddressWrite

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alianza_async.bulk.engine.steps import Item
    from alianza_async.bulk.kinds.row_parts import AddressFields
    from alianza_async.bulk.kinds.units import Unit
    from alianza_async.models.addresses import AddressValidation
    from alianza_async.models.prevalidations import E911Validation

__all__ = ["ANOTHER_PLACE", "CHOICES", "CORRECTIONS", "WARNS", "address_step", "decision"]

CORRECTIONS: Final = ("fail", "accept", "keep")
"""What becomes of a correction that the server offers: the row fails, the address is corrected, or kept."""

CHOICES: Final = {
    "corrections": CORRECTIONS,
    "prevalidate": ("always", "skip"),
    "e911_coordinates": ("omit", "send"),
}
"""What an address leaves to be decided.

Coordinates are omitted by default: the provider passes an answering point either them or the street.
"""

ANOTHER_PLACE: Final = (
    "the server offers another place, not another spelling; write the right one, or accept it for this row "
    "with e911_correction"
)
"""Why a correction that was accepted for all rows at once is not taken for one."""

WARNS: Final = {("prevalidate", "skip"): "number without prevalidation"}
"""What is counted where an address is not prevalidated."""

Decision = Literal["fail", "accept", "keep"]

_FIELDS: Final = {"unit": "e911_unit", "secondary_location_description": "e911_unit_type"}
_SNAKE: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def address_step() -> Step[AddressFields]:
    """Declare the step that validates a row's emergency address, before its row makes anything."""
    return step("address", validate_address, writes=False, gate=True, calls=2)


async def validate_address(item: Item[AddressFields]) -> Made:
    """Have the row's emergency address taken apart and validated; its value is the address to activate with.

    `GET /v2/address/validate`, then `PUT /v2/partition/{partitionId}/account/e911/prevalidate`. Rows with the
    same address share both.

    Raises:
        InvalidInputError: It is not valid, lacks a unit, or the server spells it differently and no choice
            has decided that.
    """
    verdicts = Verdicts.of(item)
    try:
        address = await _parsed(item, verdicts)
        if item.choice("prevalidate") == "skip":
            item.decide("prevalidate")
            return Made(value=address)
        told = await verdicts.prevalidate(address)
        corrected = _correction(item, address, told)
        if corrected is not None:
            address = corrected
            told = await verdicts.prevalidate(address)
    except (RequestRejectedError, NotFoundError) as refusal:
        shown: AnswerError = discreet(refusal, item.row)
        raise shown from None
    if told.valid != "VALID":
        raise bad_address("is not a valid emergency address; correct it")
    return Made(value=address)


def decision(item: Item[AddressFields]) -> Decision:
    """Return what becomes of a correction: what the row says of it, or else what was chosen for the job.

    It is noted in the step's detail.
    """
    chosen = item.decide("corrections")
    own = item.row.e911_correction
    if own is not None:
        item.decided["corrections"] = own
    return own or ("accept" if chosen == "accept" else "keep" if chosen == "keep" else "fail")


def _correction(
    item: Item[AddressFields], address: E911AddressWrite, told: E911Validation
) -> E911AddressWrite | None:
    """Return the correction that is to be taken; None where there is none, or the address is kept.

    Raises:
        InvalidInputError: The decision cannot be applied, or there is none.
    """
    alternatives = told.address_alternatives or []
    if not alternatives:
        return None
    match decision(item):
        case "accept" if len(alternatives) > 1:
            raise bad_address(f"the server offers {len(alternatives)} corrections; write the right one")
        case "accept":
            corrected = _to_send(as_sent(alternatives[0]), _of_the_row(item.row))
            if item.row.e911_correction is None and not same_place(address, corrected):
                # What is chosen for all rows at once covers spellings, and moves nobody to another place.
                raise bad_address(ANOTHER_PLACE)
            return corrected
        case "keep" if told.valid == "VALID":
            return None
        case "keep":
            raise bad_address("is not valid and cannot be kept; the server offers a correction")
        case _:
            raise bad_address("the server offers a correction; say corrections=accept or keep")


async def _parsed(item: Item[AddressFields], verdicts: Verdicts) -> E911AddressWrite:
    """Take the row's street apart, and put its place, its unit and its people to it."""
    row, unit = item.row, item.row.unit_of()
    line = row.line_of(unit)
    told = await verdicts.read(line, row.postal_code, row.country)
    record = told.customer_service_record
    _has_what_is_required(told, unit)
    if not told.valid or record is None:
        raise bad_address("there is no such place; correct it")
    if record.state and record.state.upper() != row.e911_state:
        raise bad_address("its postal_code does not belong to e911_state; correct one of them")
    _has_the_whole_unit(record.unit, unit, line)
    place = {"city": row.e911_city, "state": row.e911_state, "postal_code": row.postal_code}
    located = {"latitude": told.latitude, "longitude": told.longitude}
    if item.choice("e911_coordinates") == "omit":
        located = {}
    else:
        item.decide("e911_coordinates")
    own = {"unit": unit.number, "secondary_location_description": unit.type}
    parts = {name: getattr(record, name) for name in type(record).model_fields}
    return _to_send(
        parts, {name: value for name, value in own.items() if value}, place, located, _of_the_row(row)
    )


def _has_what_is_required(told: AddressValidation, unit: Unit) -> None:
    """Fail a row whose building needs a unit, and that has none; city, state and postal code every row has.

    Raises:
        InvalidInputError: It lacks one; names the column.
    """
    given = {"unit": unit.number, "secondary_location_description": unit.type}
    record = told.customer_service_record
    for required in told.required_fields or ():
        name = _SNAKE.sub("_", required).lower()
        if name in _FIELDS and not given[name] and not getattr(record, name, None):
            raise bad_address("the building needs it, so that help finds the door", field=_FIELDS[name])


def _has_the_whole_unit(read: str | None, unit: Unit, line: str) -> None:
    """Fail a row whose unit the server cuts, or takes for another one.

    Raises:
        InvalidInputError: It does.
    """
    if not read:
        return
    words = re.split(r"[\s,#]+", line.casefold())
    if (read.casefold() != unit.number.casefold()) if unit.number else read.casefold() not in words:
        raise bad_address(
            "the server reads another unit than was written; give it in e911_unit, in ten characters"
        )


def _of_the_row(row: AddressFields) -> dict[str, object]:
    """Return what no verdict on a place holds: whose it is, its country, the language of who is called."""
    names = {name: getattr(row, name, None) for name in ("first_name", "last_name")}
    return {**names, "country": row.country, "language": row.e911_language}


def _to_send(parts: Mapping[str, object], *other: Mapping[str, object]) -> E911AddressWrite:
    """Return an address to send: the parts that the server returned, and what the row adds."""
    values = {name: value for name, value in parts.items() if name in E911AddressWrite.model_fields}
    for each in other:
        values.update(each)
    return validate_write(E911AddressWrite, {name: value for name, value in values.items() if value})
