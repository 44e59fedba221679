"""Service activation events: what the carriers were asked to do with a number, and how far they are."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from alianza_async.sandbox.history import date_text
from alianza_async.sandbox.rules import as_object

if TYPE_CHECKING:
    from collections.abc import Iterable

    from alianza_async.sandbox.options import Json

Service = Literal["ACTIVATION", "NINE_ONE_ONE_ADDRESS", "DISCONNECT"]
Status = Literal["PENDING", "ON_HOLD", "COMPLETED", "CORRECTED_COMPLETED", "REJECTED", "CANCELLED"]

_ENDED_WELL: Final = ("COMPLETED", "CORRECTED_COMPLETED")
_UNDER_WAY: Final = ("PENDING", "ON_HOLD")


class Step(NamedTuple):
    """One status an event had.

    Attributes:
        status: The status.
        at: Unix time it came.
        code: The carrier's code of it; None = it gave none.
        message: The carrier's words; None = it gave none.
    """

    status: Status
    at: float
    code: str | None = None
    message: str | None = None

    def to_json(self) -> Json:
        """Write it as an entry of the API's `ServiceActivationEventX.logs`."""
        said = {"code": self.code, "message": self.message}
        return {
            "status": self.status,
            "actionDate": date_text(self.at),
            **{name: text for name, text in said.items() if text is not None},
        }


@dataclass(slots=True)
class Event:
    """One request to a carrier.

    Attributes:
        partition_id: Whose it is.
        account_id: The number's account.
        number_id: Id of the number on the account.
        telephone_number: The number, 11 digits.
        service: What was asked for.
        city: City of the number's emergency address; empty where it has none.
        state: State of that address.
        steps: Its statuses so far, oldest first.
        id: Its id.
    """

    partition_id: str
    account_id: str
    number_id: str
    telephone_number: str
    service: Service
    city: str
    state: str
    steps: list[Step]
    id: str = field(default_factory=lambda: str(uuid.uuid4()))

    @property
    def status(self) -> Status:
        """Where it stands."""
        return self.steps[-1].status

    @property
    def under_way(self) -> bool:
        """Whether the carrier is not done with it."""
        return self.status in _UNDER_WAY

    @property
    def ended_well(self) -> bool:
        """Whether the carrier did what it was asked."""
        return self.status in _ENDED_WELL

    def move(self, status: Status, code: str | None = None, message: str | None = None) -> None:
        """Go on to another status, with the carrier's code and words where it gives them."""
        self.steps.append(Step(status, time.time(), code, message))

    def to_json(self) -> Json:
        """Write it as the API's `ServiceActivationEventX`."""
        return {
            "id": self.id,
            "partitionId": self.partition_id,
            "accountId": self.account_id,
            "serviceType": self.service,
            "referenceType": "TELEPHONE",
            "referenceId": self.number_id,
            "activationStatusType": self.status,
            "createdDate": date_text(self.steps[0].at),
            "lastUpdatedDate": date_text(self.steps[-1].at),
            "mainTelephoneNumber": self.telephone_number,
            "subTelephoneNumbers": [],
            "city": self.city,
            "state": self.state,
            "logs": [step.to_json() for step in self.steps],
        }


class EventBook:
    """Every event of one sandbox."""

    def __init__(self) -> None:
        self._events: list[Event] = []
        self._by_number: dict[str, list[Event]] = {}
        self._by_account: dict[str, list[Event]] = {}

    def open(self, number: Json, service: Service, status: Status) -> Event:
        """Begin an event of a number on an account."""
        address = as_object(number.get("e911Address")) or {}
        event = Event(
            str(number["partitionId"]),
            str(number["accountId"]),
            str(number["id"]),
            str(number["phoneNumber"]),
            service,
            str(address.get("city", "")),
            str(address.get("state", "")),
            [Step(status, time.time())],
        )
        self._events.append(event)
        self._by_number.setdefault(event.telephone_number, []).append(event)
        self._by_account.setdefault(event.account_id, []).append(event)
        return event

    def find(
        self, partition_id: str, telephone_number: str | None, account_id: str | None
    ) -> Iterable[Event]:
        """Yield a partition's events, newest first.

        Args:
            partition_id: The partition.
            telephone_number: Only this number's; None = all.
            account_id: Only this account's; None = all.
        """
        if telephone_number is not None:
            events = self._by_number.get(telephone_number, [])
        elif account_id is not None:
            events = self._by_account.get(account_id, [])
        else:
            events = self._events
        for event in reversed(events):
            if event.partition_id == partition_id and account_id in (None, event.account_id):
                yield event

    def outstanding(self, number: Json, service: Service = "ACTIVATION") -> Event | None:
        """Answer what is under way for a number, such as the activation that keeps it from being released."""
        latest = self.latest(number, service)
        return latest if latest is not None and latest.under_way else None

    def latest(self, number: Json, service: Service) -> Event | None:
        """Answer the latest event of a kind of a number on an account; None where there is none."""
        events = reversed(self._by_number.get(str(number["phoneNumber"]), []))
        return next(
            (each for each in events if each.number_id == number["id"] and each.service == service), None
        )
