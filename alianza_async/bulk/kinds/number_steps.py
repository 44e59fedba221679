"""Steps that reserve a telephone number and put it on an account.

A reservation cannot be looked up, so one whose answer was lost is not taken for ours: another number is
chosen, or, where the row names its number, activating it shows whether the reservation is ours. Undo
releases only what was answered.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, TypeVar

from alianza_async.bulk.engine.evidence import TELEPHONE_NUMBERS, Subject
from alianza_async.bulk.engine.steps import Made, Need, Step, step
from alianza_async.bulk.half_done import NUMBER_STATES
from alianza_async.bulk.kinds.found import differs, discreet, is_number, not_asked_for, several
from alianza_async.errors import (
    ConflictError,
    NotFoundError,
    RequestRejectedError,
    StepError,
)
from alianza_async.models.shared_addresses import E911AddressWrite
from alianza_async.models.shared_numbers import NumberActivationCreate, NumberSettingsWrite

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alianza_async.bulk.engine.steps import Item
    from alianza_async.bulk.kinds.row_parts import AddressFields, NumberFields
    from alianza_async.endpoints.models import WriteModel

__all__ = [
    "RESERVATION_LIFE_S",
    "activated_subject",
    "activation_step",
    "find_activated",
    "number_of",
    "number_step",
    "release_number",
]

R = TypeVar("R", bound="WriteModel")

RESERVATION_LIFE_S: Final = 25 * 60.0
"""Seconds for which a reservation is relied on: the provider gives half an hour by its own clock."""

_ON_THE_ACCOUNT: Final = "on the account"
_SEARCHED: Final = (20, 200, 2000)


# --- the steps ----------------------------------------------------------------------------------------------


def number_step(*, after: Sequence[str]) -> Step[NumberFields]:
    """Declare the step that reserves a row's number."""
    return step(
        "number",
        reserve_number,
        key=choose_number,
        find=find_reserved,
        after=after,
        undo=release_reservation,
        irreversible="the reservation is given up and the number may be taken by somebody else",
        state=NUMBER_STATES["number"],
        needs=(Need("PhoneNumberInventory", "EDIT"),),
    )


def activation_step(*, after: Sequence[str]) -> Step[AddressFields]:
    """Declare the step that puts a row's number on its account, with its validated address."""
    return step(
        "activation",
        activate_number,
        key=number_of,
        find=find_activated,
        holders=numbers_on_account,
        subject=activated_subject,
        after=after,
        undo=release_number,
        irreversible="the number goes back to the inventory and may be taken by somebody else",
        state=NUMBER_STATES["activation"],
        needs=(Need("PhoneNumber", "CREATE"),),
    )


def activated_subject(item: Item[WriteModel]) -> Subject | None:
    """Return what account history is asked about: the number on the account."""
    return (
        None if item.key is None else Subject(TELEPHONE_NUMBERS, item.key, account_id=item.id_of("account"))
    )


# --- a number -----------------------------------------------------------------------------------------------


async def choose_number(item: Item[NumberFields]) -> str:
    """Return the number of the row: the one it names, the one its user has, or the first free one.

    Raises:
        StepError: Another row has it, or there is none.
    """
    row = item.row
    if row.telephone_number is not None:
        if not await item.claim(row.telephone_number):
            raise StepError("another row of this job has its telephone_number; give it to one of them")
        return row.telephone_number
    area = row.area_code or ""
    for number in await _numbers_of_user(item, area):
        if await item.claim(number):
            return number
    for most in _SEARCHED:
        found = await item.session.telephone_numbers.search(q=area, kind="TN", max_results=most)
        free = [view.phone_number for view in found if view.phone_number]
        for number in free:
            if number.startswith(f"1{area}") and await item.claim(number):
                return number
        if len(free) < most:
            break
    raise StepError(f"there is no free number in area code {area}; take another or fill the inventory")


def number_of(item: Item[WriteModel]) -> str:
    """Return the number that was reserved for the row."""
    return item.id_of("number")


async def reserve_number(item: Item[NumberFields]) -> Made:
    """Reserve the row's number.

    `PUT /v2/partition/{partitionId}/telephonenumber/{tn}/reserve`.

    A number may be reserved once, even by the login that has it. Where the row names the number, one that is
    reserved already is gone on with: activating it shows whether the reservation is ours.

    Raises:
        Again: Somebody was quicker, and another one will do.
    """
    number = item.key or ""
    try:
        await item.session.telephone_numbers.reserve(number)
    except (RequestRejectedError, ConflictError):
        there = await find_reserved(item)
        if there is not None and (item.row.telephone_number is not None or there.detail is not None):
            return there
        if item.row.telephone_number is None:
            raise item.again() from None
        raise
    return Made(number, key=number)  # the answer may be empty: its target says which number it is about


async def find_reserved(item: Item[NumberFields]) -> Made | None:
    """Look whether the row's number is reserved, or on the row's account already.

    The API does not show reservations, nor whose they are. A number that no search finds, and that is on no
    account, is reserved; where the row names it, activating it shows whether that is ours.

    Raises:
        ConflictError: It is on another account.
        Again: Our request may have reserved it, and another number will do.
    """
    if item.lost and item.row.telephone_number is None:
        raise item.again()
    number, numbers = item.key or "", item.session.telephone_numbers
    try:
        reply = await numbers.look_up.raw(number)
    except NotFoundError:
        return None
    if reply.value.phone_number is not None and not is_number(reply.value.phone_number, number):
        raise not_asked_for(numbers.look_up, reply, "number")
    if reply.value.account_id is not None:
        if reply.value.account_id != item.id_of("account"):
            raise differs(numbers.look_up, reply, "account_id")
        return Made(number, existed=True, detail=_ON_THE_ACCOUNT)
    free = await numbers.search(q=number, kind="TN", max_results=1)
    if any(is_number(view.phone_number, number) for view in free):
        return None
    return Made(number, existed=True) if item.row.telephone_number is not None else None


async def release_reservation(item: Item[WriteModel], made: Made) -> None:
    """Give the reserved number back, unless putting it on the account used the reservation up."""
    if "activation" in item.made:
        return
    try:
        await item.session.telephone_numbers.release(made.id or "")
    except NotFoundError:
        return


async def _numbers_of_user(item: Item[NumberFields], area: str) -> list[str]:
    """Return the numbers of an area code that the row's user has already."""
    user = item.made.get("user")
    if user is None or not user.existed:
        return []
    there = await item.session.telephone_numbers.list(item.id_of("account"))
    return [
        number.phone_number
        for number in there
        if number.phone_number and number.phone_number[1:4] == area and number.reference_id == user.id
    ]


# --- on an account ------------------------------------------------------------------------------------------


async def activate_number(item: Item[AddressFields]) -> Made:
    """Put the reserved number on the account, with the address validated, ringing at the user.

    `POST /v2/partition/{partitionId}/account/{accountId}/telephonenumber`.
    """
    number, address, user = item.id_of("number"), item.made["address"].value, item.made.get("user")
    if not isinstance(address, E911AddressWrite):
        raise StepError("no address of it was validated, and no number goes into service without one")
    # A number that is on the account needs no reservation, and has none.
    on_account = item.made["number"].detail == _ON_THE_ACCOUNT
    renewed = not on_account and await _renew(item, number)
    settings = NumberSettingsWrite(phone_number=number)
    if user is not None:
        settings = NumberSettingsWrite(phone_number=number, reference_type="END_USER", reference_id=user.id)
    wanted = NumberActivationCreate(e911_address=address, telephone_numbers=[settings])
    activate = item.session.telephone_numbers.activate
    try:
        try:
            activation = await activate(item.id_of("account"), wanted)
        except RequestRejectedError:
            # Its reservation may have expired by the server's clock: it is reserved and tried once more.
            if renewed or on_account or not await _reserved_again(item, number):
                raise
            activation = await activate(item.id_of("account"), wanted)
    except (RequestRejectedError, ConflictError) as refusal:
        raise discreet(refusal, item.row, [address.street_name]) from None
    answered = any(is_number(each.phone_number, number) for each in activation.telephone_numbers or ())
    elsewhere = activation.account_id not in {None, item.id_of("account")}
    return Made(number, key=number if answered and not elsewhere else "another number")


async def _renew(item: Item[AddressFields], number: str) -> bool:
    """Reserve the number once more where its reservation has run out; tell whether that was done."""
    reserved = item.made.get("number")
    if reserved is None or reserved.at is None or time.time() - reserved.at < RESERVATION_LIFE_S:
        return False
    return await _reserved_again(item, number)


async def _reserved_again(item: Item[AddressFields], number: str) -> bool:
    """Reserve a number; False where it is reserved still, or was taken."""
    try:
        await item.session.telephone_numbers.reserve(number)
    except (RequestRejectedError, ConflictError):
        return False
    return True


async def numbers_on_account(item: Item[WriteModel]) -> Sequence[str]:
    """Return the number once for each time that it is on the account."""
    number = item.key or ""
    listed = await item.session.telephone_numbers.list(item.id_of("account"))
    return [number for entry in listed if is_number(entry.phone_number, number)]


async def find_activated(item: Item[AddressFields]) -> Made | None:
    """Look whether the number is on the account.

    Raises:
        ConflictError: It is on another account, rings elsewhere, or has no emergency address.
        UnknownOutcomeError: It is on the account twice.
    """
    numbers, number, account = item.session.telephone_numbers, item.id_of("number"), item.id_of("account")
    listed = numbers.list
    reply = await listed.raw(account)
    there = [entry for entry in reply.value if is_number(entry.phone_number, number)]
    if len(there) > 1:
        raise several(listed, reply, len(there))
    if there:
        user = item.made.get("user")
        if user is not None and there[0].reference_id != user.id:
            raise differs(listed, reply, "reference_id")
        if there[0].e911_address is None:
            raise differs(listed, reply, "e911_address")
        return Made(number, existed=True, trace_id=there[0].id)
    view = await numbers.look_up.raw(number)
    if view.value.phone_number is not None and not is_number(view.value.phone_number, number):
        raise not_asked_for(numbers.look_up, view, "number")
    if view.value.account_id not in {None, account}:
        raise differs(numbers.look_up, view, "account_id")
    return None


async def release_number(item: Item[WriteModel], made: Made) -> None:
    """Take the number off the account; gone already is done.

    Raises:
        Later: Its activation, or the registration of its address, is not over: it cannot be released before.
    """
    numbers, account, number = item.session.telephone_numbers, item.id_of("account"), made.id or ""
    try:
        await numbers.delete(account, number)
    except NotFoundError:
        return
    except RequestRejectedError:
        there = await numbers.get(account, number)
        if there.carrier_status == "ACTIVE" and not await _is_being_registered(item, number):
            raise
        raise item.later() from None


async def _is_being_registered(item: Item[WriteModel], number: str) -> bool:
    """Tell whether the 911 provider is not done with the number's address: it is not released until then."""
    page = await item.session.telephone_numbers.status_search(
        account_id=item.id_of("account"), telephone_number=number, event_type=["NINE_ONE_ONE_ADDRESS"]
    )
    latest = next(iter(page.results or ()), None)
    return latest is not None and latest.activation_status_type == "PENDING"
