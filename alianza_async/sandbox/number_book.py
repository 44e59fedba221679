"""Telephone numbers on accounts: added with an emergency address, routed, released."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Final, NamedTuple

from alianza_async.sandbox.activations import EventBook
from alianza_async.sandbox.answers import ApiError
from alianza_async.sandbox.history import E911, NUMBER, told
from alianza_async.sandbox.inventory import Inventory, seeds
from alianza_async.sandbox.registration import REJECTED_CODE, Registration, rejection
from alianza_async.sandbox.rules import as_object

if TYPE_CHECKING:
    from collections.abc import Iterable

    from alianza_async.sandbox.activations import Event, Status
    from alianza_async.sandbox.addresses import AddressBook, Verdict
    from alianza_async.sandbox.agenda import Agenda
    from alianza_async.sandbox.history import History
    from alianza_async.sandbox.inventory import Seed, Stocked
    from alianza_async.sandbox.options import Json

_OWNED: Final = (
    *("id", "phoneNumber", "accountId", "partitionId", "carrierStatus", "operationalStatus"),
    *("functionType", "tollFree"),
)
_AT_ONCE: Final = Registration()


class _Correction(NamedTuple):
    """An address that somebody has to decide on.

    Attributes:
        address: How it should be written.
        event: The event that waits for the decision.
    """

    address: Json
    event: Event


class NumberBook:
    """The inventory, the numbers on accounts, and what the carriers do with them.

    Args:
        agenda: When an activation is done.
        history: Where changes are written.
        addresses: Which addresses were validated.

    Attributes:
        inventory: The numbers of each partition.
        events: What the carriers were asked.
        active: Every number on an account, by its id there.
        created: How many were ever added to an account.
    """

    def __init__(self, agenda: Agenda, history: History, addresses: AddressBook) -> None:
        self._agenda = agenda
        self._history = history
        self._addresses = addresses
        self._ids: dict[tuple[str, str], list[str]] = {}
        self._members: dict[str, dict[str, None]] = {}
        self._corrections: dict[str, _Correction] = {}
        self.inventory = Inventory()
        self.events = EventBook()
        self.active: dict[str, Json] = {}
        self.created = 0

    def seed(self, partition_id: str, numbers: Iterable[str | Seed]) -> int:
        """Put numbers into a partition's inventory; answer how many were new.

        Raises:
            ValueError: One is no telephone number.
        """
        new = 0
        for seed in seeds(numbers):
            if self.inventory.add(partition_id, seed) is not None:
                new += 1
            if seed.postal_code and seed.city:
                self._addresses.learn_city(seed.postal_code, seed.city)
        return new

    def of_account(self, account_id: str) -> list[Json]:
        """List an account's numbers in the order they were added."""
        return [self.active[number_id] for number_id in self._members.get(account_id, ())]

    def accounts_with(self, partition_id: str, number: str) -> list[str]:
        """List the ids of the accounts that have a number."""
        return [
            str(self.active[number_id]["accountId"])
            for number_id in self._ids.get((partition_id, number), ())
        ]

    def one(self, account: Json, given: str) -> Json:
        """Answer an account's number, found by the number itself or by its id there.

        Raises:
            ApiError: 404 where the account has none.
        """
        ids = self._ids.get((str(account["partitionId"]), given), [given])
        for number_id in ids:
            found = self.active.get(number_id)
            if found is not None and found["accountId"] == account["id"]:
                return found
        raise ApiError(404, ("Telephone number not found",), {"telephoneNumber": given})

    def check_free(
        self, account: Json, number: str, username: str, *, unique: bool, reservation_s: float = 0
    ) -> Stocked:
        """Answer the inventory's number, once it is known that this login may add it to an account.

        Raises:
            ApiError: 404 where the inventory has no such number, 400 where it is used or kept for another.
        """
        stocked = self.inventory.one(str(account["partitionId"]), number)
        if unique and stocked.account_id is not None:
            raise ApiError(400, ("Telephone number is already in use",), {"telephoneNumber": number})
        self.inventory.expire(stocked, reservation_s)
        if reservation_s and stocked.reserved_by is None:
            raise ApiError(400, ("Telephone number is not reserved",), {"telephoneNumber": number})
        if stocked.reserved_by not in (None, username):
            raise ApiError(400, ("Telephone number is reserved by another",), {"telephoneNumber": number})
        return stocked

    def add(
        self,
        account: Json,
        stocked: Stocked,
        body: Json,
        verdict: Verdict | None,
        registration: Registration = _AT_ONCE,
    ) -> Json:
        """Put a number on an account, not in service yet, and answer it.

        Args:
            account: The account.
            stocked: The inventory's number.
            body: What the caller says of it.
            verdict: Its emergency address as judged; None = it has none.
            registration: How the 911 provider takes that.
        """
        account_id = str(account["id"])
        number: Json = {
            "id": str(uuid.uuid4()),
            "partitionId": account["partitionId"],
            "accountId": account_id,
            "phoneNumber": stocked.seed.number,
            "functionType": stocked.function,
            "tollFree": stocked.function == "TollFree",
            "carrierStatus": "ACTIVATION_PENDING",
            "operationalStatus": "STAGED",
            **_free_fields(body),
        }
        number_id = str(number["id"])
        self.inventory.take(stocked, account_id)
        self.active[number_id] = number
        self._ids.setdefault((stocked.partition_id, stocked.seed.number), []).append(number_id)
        self._members.setdefault(account_id, {})[number_id] = None
        self.created += 1
        self._history.write(account, NUMBER, "CREATE", (number_id, stocked.seed.number))
        if verdict is not None:
            self._settle_address(account, number, verdict, "CREATE", registration)
        return number

    def activate(self, number: Json, after_s: float, *, hold: bool = False) -> None:
        """Put a number in service some seconds from now, or never while it is on hold."""
        event = self.events.open(number, "ACTIVATION", "ON_HOLD" if hold else "PENDING")
        if hold:
            return
        if after_s:
            self._agenda.put_off(after_s, lambda: self._in_service(str(number["id"]), event))
        else:
            self._in_service(str(number["id"]), event)

    def change(
        self,
        account: Json,
        number: Json,
        body: Json,
        verdict: Verdict | None,
        registration: Registration = _AT_ONCE,
    ) -> Json:
        """Put other facts in place of a number's own; what the server decides stays.

        Args:
            account: Its account.
            number: The number.
            body: The new facts, whole.
            verdict: Its emergency address as judged; None = it stays as it is.
            registration: How the 911 provider takes it.
        """
        fresh = {**{name: number[name] for name in _OWNED}, **_free_fields(body)}
        self.active[str(number["id"])] = fresh
        named = (number["id"], number["phoneNumber"])
        if verdict is not None:
            self._settle_address(account, fresh, verdict, "UPDATE", registration)
        elif "e911Address" in number:
            fresh["e911Address"] = number["e911Address"]
        self._history.changed(account, NUMBER, named, number, fresh)
        return fresh

    def release(self, account: Json, number: Json, *, strict: bool = False) -> None:
        """Take a number off its account and put it back into the inventory.

        Args:
            account: The account.
            number: The number.
            strict: Whether the registration of its address has to be over, too.

        Raises:
            ApiError: 400 while its activation is under way.
        """
        event = self.events.outstanding(number)
        if event is None and strict:
            event = self.events.outstanding(number, "NINE_ONE_ONE_ADDRESS")
        if event is not None:
            raise ApiError(
                400,
                ("Telephone number cannot be deleted while an activation is in progress",),
                {"serviceActivationEventId": event.id, "activationStatusType": event.status},
            )
        number_id, text = str(number["id"]), str(number["phoneNumber"])
        key = (str(number["partitionId"]), text)
        del self.active[number_id]
        del self._members[str(number["accountId"])][number_id]
        self._give_up(number)
        self._ids[key].remove(number_id)
        if not self._ids[key]:
            del self._ids[key]
            self.inventory.give_back(self.inventory.one(*key))
        self.events.open(number, "DISCONNECT", "COMPLETED")
        self._history.write(account, NUMBER, "DELETE", (number_id, text), old=text)

    def correction(self, number: Json) -> Json:
        """Answer how a number's emergency address should be written.

        Raises:
            ApiError: 404 where there is nothing to decide.
        """
        return self._correction(number).address

    def accept_correction(self, account: Json, number: Json) -> Json:
        """Take the corrected address over and answer the number.

        Raises:
            ApiError: 404 where there is nothing to decide.
        """
        correction = self._correction(number)
        fresh = {**number, "e911Address": correction.address}
        return self._decided(account, number, fresh, "CORRECTED_COMPLETED")

    def keep_original(self, account: Json, number: Json, place: Json) -> Json:
        """Keep the address as it was given and answer the number.

        Args:
            account: Its account.
            number: The number.
            place: Latitude and longitude the caller vouches for; empty = the ones found.

        Raises:
            ApiError: 404 where there is nothing to decide.
        """
        self._correction(number)
        kept = {**(as_object(number["e911Address"]) or {}), **place}
        return self._decided(account, number, {**number, "e911Address": kept}, "COMPLETED")

    def uses(self, user_id: str, account_id: str) -> bool:
        """Say whether a number of the account rings at this user."""
        return any(number.get("referenceId") == user_id for number in self.of_account(account_id))

    # -- the truth -----------------------------------------------------------------------------

    def in_service(self) -> list[Json]:
        """List the numbers that are in service."""
        return [number for number in self.active.values() if number["carrierStatus"] == "ACTIVE"]

    def without_address(self) -> list[str]:
        """List the numbers in service whose emergency address is missing or was never validated."""
        lacking: list[str] = []
        for number in self.in_service():
            address = as_object(number.get("e911Address"))
            if address is None or not self._addresses.knows(address):
                lacking.append(str(number["phoneNumber"]))
        return lacking

    def without_911(self) -> list[str]:
        """List the numbers in service whose address the 911 provider has not taken, or not yet."""
        found = [(number, self.events.latest(number, "NINE_ONE_ONE_ADDRESS")) for number in self.in_service()]
        return [
            str(number["phoneNumber"]) for number, event in found if event is None or not event.ended_well
        ]

    def duplicates(self) -> list[str]:
        """List the numbers that are on accounts more than once."""
        return [number for (_, number), ids in self._ids.items() if len(ids) > 1]

    # -- steps ---------------------------------------------------------------------------------

    def _in_service(self, number_id: str, event: Event) -> None:
        """Tell that a carrier has put a number in service."""
        number = self.active[number_id]
        number["carrierStatus"] = number["operationalStatus"] = "ACTIVE"
        event.move("COMPLETED")

    def _settle_address(
        self, account: Json, number: Json, verdict: Verdict, action: str, registration: Registration
    ) -> None:
        """Write a number's address and have it registered; a decision is open where it should differ."""
        number_id = str(number["id"])
        number["e911Address"] = verdict.address
        self._give_up(number)
        event = self.events.open(number, "NINE_ONE_ONE_ADDRESS", "PENDING")
        correction = registration.correction if verdict.corrected is None else verdict.corrected
        if correction is not None:
            self._corrections[number_id] = _Correction(correction, event)
        if verdict.corrected is None or registration.fate == "REJECTED":
            if registration.after_s:
                self._agenda.put_off(registration.after_s, lambda: _register(number, event, registration))
            else:
                _register(number, event, registration)
        named = (number_id, number["phoneNumber"])
        self._history.write(account, E911, action, named, new=told(verdict.address))

    def _give_up(self, number: Json) -> None:
        """Give up the registration of a number's address: it is released, or has another one."""
        self._corrections.pop(str(number["id"]), None)
        event = self.events.outstanding(number, "NINE_ONE_ONE_ADDRESS")
        if event is not None:
            event.move("CANCELLED")

    def _correction(self, number: Json) -> _Correction:
        """Answer what is to be decided on a number's address."""
        found = self._corrections.get(str(number["id"]))
        if found is None:
            raise ApiError(
                404, ("There is no address correction",), {"telephoneNumber": number["phoneNumber"]}
            )
        return found

    def _decided(self, account: Json, number: Json, fresh: Json, status: Status) -> Json:
        """Write a decision down."""
        number_id = str(number["id"])
        self._corrections.pop(number_id).event.move(status)
        self.active[number_id] = fresh
        self._history.changed(account, E911, (number_id, number["phoneNumber"]), number, fresh)
        return fresh


def _register(number: Json, event: Event, registration: Registration) -> None:
    """End the registration of an address, unless it was given up or decided on meanwhile."""
    if not event.under_way or registration.fate == "PENDING":
        return
    if registration.fate == "REJECTED":
        words = rejection(event.telephone_number, as_object(number["e911Address"]) or {})
        event.move("REJECTED", REJECTED_CODE, words)
    else:
        event.move("COMPLETED")


def _free_fields(body: Json) -> Json:
    """Answer what a caller may say of a number; its address is settled apart."""
    return {name: value for name, value in body.items() if name not in (*_OWNED, "e911Address")}
