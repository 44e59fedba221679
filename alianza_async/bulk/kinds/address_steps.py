"""The step that validates an emergency address: no number goes into service without one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from alianza_async.bulk.engine.steps import Made, Step, step
from alianza_async.bulk.kinds.found import bad_address, discreet
from alianza_async.endpoints.models import validate_write
from alianza_async.errors import AnswerError, NotFoundError, RequestRejectedError
from alianza_async.models.shared_addresses import E911AddressWrite
from alianza_async.models.shared_numbers import NumberActivationCreate

if TYPE_CHECKING:
    from pydantic import BaseModel

    from alianza_async.bulk.engine.steps import Item
    from alianza_async.bulk.kinds.row_parts import AddressFields
    from alianza_async.models.prevalidations import E911Validation
    from alianza_async.models.shared_addresses import Address

__all__ = ["CORRECTIONS", "address_step"]

CORRECTIONS: Final = ("fail", "accept", "keep")
"""What becomes of a correction that the server offers: the row fails, the address is corrected, or kept."""


def address_step() -> Step[AddressFields]:
    """Declare the step that validates a row's emergency address, once its user is known."""
    return step("address", validate_address, writes=False, after="user", calls=2)


async def validate_address(item: Item[AddressFields]) -> Made:
    """Have the row's emergency address taken apart and validated; its value is the address to activate with.

    `GET /v2/address/validate`, then `PUT /v2/partition/{partitionId}/account/e911/prevalidate`.

    Raises:
        InvalidInputError: It is not valid, or the server spells it differently and no choice has
            decided that.
    """
    try:
        address = await _parsed(item)
        told = await _prevalidated(item, address)
        alternatives = told.address_alternatives or []
        if alternatives and not _kept(item, told, alternatives):
            address = _to_send(alternatives[0])
            told = await _prevalidated(item, address)
    except (RequestRejectedError, NotFoundError) as refusal:
        shown: AnswerError = discreet(refusal, item.row)
        raise shown from None
    if told.valid != "VALID":
        raise bad_address("is not a valid emergency address; correct it")
    return Made(value=address)


def _kept(item: Item[AddressFields], told: E911Validation, alternatives: list[Address]) -> bool:
    """Decide on the corrections the server offers: tell whether the address stays as it is.

    Raises:
        InvalidInputError: The choice cannot be applied, or there is none.
    """
    match item.decide("corrections"):
        case "accept" if len(alternatives) == 1:
            return False
        case "accept":
            raise bad_address(f"the server offers {len(alternatives)} corrections; write the right one")
        case "keep" if told.valid == "VALID":
            return True
        case "keep":
            raise bad_address("is not valid and cannot be kept; the server offers a correction")
        case _:
            raise bad_address("the server offers a correction; say corrections=accept or keep")


async def _parsed(item: Item[AddressFields]) -> E911AddressWrite:
    """Take the row's street apart, and put its place and its people to it."""
    row = item.row
    told = await item.session.addresses.validate(
        address=row.e911_address,
        country="CAN" if row.country == "CAN" else "USA",
        postal_code=row.postal_code,
    )
    record = told.customer_service_record
    if not told.valid or record is None:
        raise bad_address("there is no such place; correct it")
    if record.state and record.state.upper() != row.e911_state:
        raise bad_address("its postal_code does not belong to e911_state; correct one of them")
    names = {name: getattr(row, name, None) for name in ("first_name", "last_name")}
    place = {
        "city": row.e911_city,
        "state": row.e911_state,
        "postal_code": row.postal_code,
        "country": row.country,
        "latitude": told.latitude,
        "longitude": told.longitude,
    }
    return _to_send(record, {**names, **place})


async def _prevalidated(item: Item[AddressFields], address: E911AddressWrite) -> E911Validation:
    return await item.session.prevalidations.e911_address(NumberActivationCreate(e911_address=address))


def _to_send(parts: BaseModel, other: dict[str, object] | None = None) -> E911AddressWrite:
    """Return an address to send: the parts that the server returned, and what the row adds."""
    known = {name: getattr(parts, name, None) for name in E911AddressWrite.model_fields}
    values = {**known, **(other or {})}
    return validate_write(E911AddressWrite, {name: value for name, value in values.items() if value})
