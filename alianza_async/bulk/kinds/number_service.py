"""The step that follows a telephone number into service, and decides on corrections of its address.

A number is in service once its activation (or its port) and the registration of its 911 address have both
ended well. That the second is needed is an inference from the provider's guides, which show both as events of
a number: `e911_event=optional` is the switch for a partition that shows no event of an address.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from alianza_async.bulk.engine.steps import Made, Need, Step, step
from alianza_async.bulk.half_done import NUMBER_STATES
from alianza_async.bulk.kinds.address_steps import ANOTHER_PLACE, decision
from alianza_async.bulk.kinds.alternatives import same_place
from alianza_async.bulk.kinds.found import bad_address, is_number, not_asked_for
from alianza_async.bulk.kinds.number_steps import number_of
from alianza_async.errors import NotFoundError, StepError, UnknownOutcomeError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alianza_async.bulk.engine.steps import Item
    from alianza_async.bulk.kinds.row_parts import AddressFields
    from alianza_async.models.shared_activations import ServiceActivation
    from alianza_async.models.shared_addresses import E911Address

__all__ = ["E911_EVENT", "service_step"]

E911_EVENT: Final = ("required", "optional")
"""Whether a number needs an event of its 911 address to be in service. One that is shown always counts."""

_LOOKS_AT_MOST: Final = 90
_REFUSED: Final = frozenset({"REJECTED", "CANCELLED", "CARRIER_CANCELLED"})
_ENDED: Final = frozenset({"COMPLETED", "CORRECTED_COMPLETED"})
_DECIDABLE: Final = frozenset({"PENDING", "REJECTED"})
_CODE: Final = re.compile(r"[A-Z0-9][A-Z0-9_:.-]{0,63}")
_COMPLAINT: Final = re.compile(r"#\d{1,6}\b")


def service_step(*, after: Sequence[str]) -> Step[AddressFields]:
    """Declare the step that follows a row's number until it is in service."""
    return step(
        "service",
        follow_into_service,
        key=number_of,
        find=find_in_service,
        after=after,
        purpose="update",
        state=NUMBER_STATES["service"],
        needs=(Need("PhoneNumberServiceActivation", "READ"),),
        calls=2,
    )


@dataclass(frozen=True, slots=True)
class _Service:
    """How far a number is.

    Attributes:
        carried: Whether its activation, or its port, ended well.
        registered: Whether its 911 address is registered.
        refused: How the carrier refused it; None = it did not.
        no_911: How its 911 address was refused: status, and the code of the log; None = it was not.
        address: Its address as it stands; None = it has none.
        correction: What the server would have in its place, where it waits for a decision; None = nothing.
        corrected: Whether that was decided, and the address corrected.
    """

    carried: bool
    registered: bool
    refused: str | None = None
    no_911: str | None = None
    address: E911Address | None = None
    correction: E911Address | None = None
    corrected: bool = False

    @property
    def done(self) -> bool:
        """Whether it is in service, with nothing left to decide."""
        return self.carried and self.registered and self.correction is None


async def follow_into_service(item: Item[AddressFields]) -> Made:
    """Look how far the number is, decide on a correction of its address, and wait for the rest.

    Raises:
        Later: It is not in service yet.
        InvalidInputError: The server offers a correction, and none was chosen.
        StepError: The carrier refused the number, or the 911 provider its address.
        UnknownOutcomeError: It takes too long.
    """
    numbers, number, account = item.session.telephone_numbers, item.id_of("number"), item.id_of("account")
    service = await _service(item)
    asked = service.correction is not None
    if asked:
        match decision(item):
            case "accept":
                _check_place(item, service)
                await numbers.accept_e911_correction(account, number)
            case "keep":
                await numbers.keep_e911_address(account, number)
            case _ if service.no_911 is not None:
                raise _no_911(number, service.no_911, offered=True)
            case _:
                raise bad_address(
                    "the server offers a correction now that the number is on the account; say "
                    "corrections=accept or keep and resume"
                )
        service = await _service(item)
    if service.refused is not None:
        raise StepError(f"the carrier refused its activation ({service.refused}); ask the carrier why")
    if service.no_911 is not None:
        raise _no_911(number, service.no_911, offered=service.correction is not None)
    if service.done:
        return Made(number, existed=not asked)
    if item.looks >= _LOOKS_AT_MOST:
        waits_for = "its number is not in service" if not service.carried else "its number rings without 911"
        why = "its activation" if not service.carried else "the registration of its emergency address"
        raise UnknownOutcomeError(
            f"{waits_for} yet: {why} is still pending; resume later to look again",
            context=numbers.get.context(await numbers.get.raw(account, number)),
        )
    raise item.later()


async def find_in_service(item: Item[AddressFields]) -> Made | None:
    """Look whether the number is in service, with nothing left to decide."""
    service = await _service(item)
    if not service.done:
        return None
    return Made(item.id_of("number"), detail="corrections=accept" if service.corrected else None)


async def _service(item: Item[AddressFields]) -> _Service:
    numbers, number, account = item.session.telephone_numbers, item.id_of("number"), item.id_of("account")
    reply = await numbers.get.raw(account, number)
    there = reply.value
    if not is_number(there.phone_number, number):
        raise not_asked_for(numbers.get, reply, "number")
    page = await numbers.status_search(account_id=account, telephone_number=number, max_result=50)
    events = [event for event in page.results or () if _is_of(event, number, there.id)]
    address = _latest(events, "NINE_ONE_ONE_ADDRESS")
    activation = _latest(events, "ACTIVATION", "PORT_REQUEST")
    carried = None if activation is None else activation.activation_status_type
    taken = None if address is None else address.activation_status_type
    offered: E911Address | None = None
    if taken in _DECIDABLE:
        with suppress(NotFoundError):
            offered = await numbers.e911_correction(account, number)
    return _Service(
        carried=carried in _ENDED or (carried is None and there.carrier_status == "ACTIVE"),
        registered=taken in _ENDED or (taken is None and not _must_be_shown(item, activation)),
        refused=carried if carried in _REFUSED else None,
        no_911=_refusal(address) if address is not None and taken in _REFUSED else None,
        address=there.e911_address,
        correction=offered,
        corrected=taken == "CORRECTED_COMPLETED",
    )


def _check_place(item: Item[AddressFields], service: _Service) -> None:
    """Fail a row whose number would be moved to another place because of what was chosen for all rows.

    Raises:
        InvalidInputError: It would.
    """
    address, correction = service.address, service.correction
    if item.row.e911_correction is not None or address is None or correction is None:
        return
    if not same_place(address, correction):
        raise bad_address(ANOTHER_PLACE)


def _must_be_shown(item: Item[AddressFields], activation: ServiceActivation | None) -> bool:
    """Tell whether an event of the number's address has to be there.

    A number that was on the account before the job may be older than what the search remembers: where it
    shows none of its events, its address counts as registered.
    """
    if item.choice("e911_event") == "optional":
        return False
    there = item.made.get("activation")
    return not (activation is None and there is not None and there.existed)


def _no_911(number: str, refusal: str, *, offered: bool) -> StepError:
    """Return the error of a number that rings, and whose address the 911 provider refused."""
    correct = (
        "say corrections=accept to take the correction it offers, or corrections=keep to keep the address"
        if offered
        else "PATCH the number with another e911Address"
    )
    return StepError(
        f"the 911 address of its number {number} was refused ({refusal}): the number rings, and emergency "
        f"calls from it do not reach the right place; {correct}, then try the failed rows again"
    )


def _refusal(event: ServiceActivation) -> str:
    """Write how an address was refused, without the provider's words: they hold the address."""
    parts = [event.activation_status_type or ""]
    log = next((entry for entry in reversed(event.logs or ()) if entry.code), None)
    if log is not None and log.code and _CODE.fullmatch(log.code):
        parts.append(log.code)
        complaint = _COMPLAINT.match(log.message or "")
        parts += [complaint[0]] if complaint else []
    return " ".join(parts)


def _is_of(event: ServiceActivation, number: str, object_id: str | None) -> bool:
    """Tell whether an event is of a number on an account; a port's is by the id of the port."""
    if event.service_type == "PORT_REQUEST":
        return number in (event.main_telephone_number, *(event.sub_telephone_numbers or ()))
    return event.reference_id in {object_id, number}


def _latest(events: list[ServiceActivation], *services: str) -> ServiceActivation | None:
    """Return the latest event of a kind; a search tells the newest first."""
    return next((event for event in events if event.service_type in services), None)
