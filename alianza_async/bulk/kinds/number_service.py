"""The step that follows a telephone number into service, and decides on corrections of its address."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from alianza_async.bulk.engine.steps import Made, Need, Step, step
from alianza_async.bulk.half_done import NUMBER_STATES
from alianza_async.bulk.kinds.found import bad_address, is_number, not_asked_for
from alianza_async.bulk.kinds.number_steps import number_of
from alianza_async.errors import NotFoundError, StepError, UnknownOutcomeError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alianza_async.bulk.engine.steps import Item
    from alianza_async.bulk.kinds.row_parts import NumberFields
    from alianza_async.models.shared_activations import ServiceActivation

__all__ = ["service_step"]

_LOOKS_AT_MOST: Final = 90
_REFUSED: Final = frozenset({"REJECTED", "CANCELLED", "CARRIER_CANCELLED"})
_ENDED: Final = frozenset({"COMPLETED", "CORRECTED_COMPLETED"})


def service_step(*, after: Sequence[str]) -> Step[NumberFields]:
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
        done: Whether it is in service, with nothing left to decide.
        refused: How the carrier refused it; None = it did not.
        correction: Whether the server waits for a decision on its address.
        corrected: Whether that was decided, and the address corrected.
    """

    done: bool
    refused: str | None = None
    correction: bool = False
    corrected: bool = False


async def follow_into_service(item: Item[NumberFields]) -> Made:
    """Look how far the number is, decide on a correction of its address, and wait for the rest.

    Raises:
        Later: It is not in service yet.
        InvalidInputError: The server offers a correction, and none was chosen.
        UnknownOutcomeError: It takes too long.
    """
    numbers, number, account = item.session.telephone_numbers, item.id_of("number"), item.id_of("account")
    service = await _service(item)
    asked = service.correction
    if asked:
        match item.decide("corrections"):
            case "accept":
                await numbers.accept_e911_correction(account, number)
            case "keep":
                await numbers.keep_e911_address(account, number)
            case _:
                raise bad_address(
                    "the server offers a correction now that the number is on the account; say "
                    "corrections=accept or keep and resume"
                )
        service = await _service(item)
    if service.refused is not None:
        raise StepError(f"the carrier refused its activation ({service.refused}); ask the carrier why")
    if service.done:
        return Made(number, existed=not asked)
    if item.looks >= _LOOKS_AT_MOST:
        raise UnknownOutcomeError(
            "it is not in service yet; resume later to look again",
            context=numbers.get.context(await numbers.get.raw(account, number)),
        )
    raise item.later()


async def find_in_service(item: Item[NumberFields]) -> Made | None:
    """Look whether the number is in service, with nothing left to decide."""
    service = await _service(item)
    if not service.done:
        return None
    return Made(item.id_of("number"), detail="corrections=accept" if service.corrected else None)


async def _service(item: Item[NumberFields]) -> _Service:
    numbers, number, account = item.session.telephone_numbers, item.id_of("number"), item.id_of("account")
    reply = await numbers.get.raw(account, number)
    there = reply.value
    if not is_number(there.phone_number, number):
        raise not_asked_for(numbers.get, reply, "number")
    page = await numbers.status_search(account_id=account, telephone_number=number, max_result=50)
    events = [event for event in page.results or () if event.reference_id in {there.id, number}]
    address = _latest(events, "NINE_ONE_ONE_ADDRESS")
    activation = _latest(events, "ACTIVATION")
    offered = False
    if address == "PENDING":
        try:
            await numbers.e911_correction(account, number)
            offered = True
        except NotFoundError:
            offered = False
    ended = activation in _ENDED or (activation is None and there.carrier_status == "ACTIVE")
    return _Service(
        done=ended and not offered,
        refused=activation if activation in _REFUSED else None,
        correction=offered,
        corrected=address == "CORRECTED_COMPLETED",
    )


def _latest(events: list[ServiceActivation], service: str) -> str | None:
    """Return the status of the latest event of a kind; a search tells the newest first."""
    return next((event.activation_status_type for event in events if event.service_type == service), None)
