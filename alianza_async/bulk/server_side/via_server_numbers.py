"""Telephone numbers through the server's own bulk operation: the rows of the workflow `telephone-numbers`.

Its chain, with one step done otherwise: the rows' activations go to the server many at a time. No number is
reserved before; the server refuses one that is taken.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from alianza_async.bulk.provisioning.number_steps import (
    find_activated,
    release_number,
)
from alianza_async.bulk.provisioning.numbers import TELEPHONE_NUMBERS, NumberRow
from alianza_async.bulk.server_side.server_batches import ServerBatches
from alianza_async.bulk.workflows.found import bad_address, discreet
from alianza_async.bulk.workflows.steps import Item, Made, step
from alianza_async.bulk.workflows.workflow import Workflow, WorkflowKind
from alianza_async.errors import AlianzaError, AnswerError, NotFoundError, RequestRejectedError
from alianza_async.models.shared_addresses import E911AddressWrite
from alianza_async.server_bulk import CREATE_TELEPHONE_NUMBERS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alianza_async.bulk.options import JobSettings
    from alianza_async.bulk.server_side.server_jobs import Sent
    from alianza_async.bulk.work import Ended, Ledger, Work
    from alianza_async.session import Session

__all__ = ["NumbersViaServer"]

_COLUMNS: Final = {
    "street_number": "Street Number",
    "street_name": "Street Name",
    "street_suffix": "Street Suffix",
    "unit": "Unit",
    "city": "City",
    "state": "State",
    "postal_code": "Postal Code",
    "country": "Country",
}
# Parts of a place that have no column: without them it is another place.
_NO_COLUMN: Final = (
    *("street_number_suffix", "pre_directional", "post_directional"),
    "secondary_location_description",
)
_COLUMN_OF_ITS_OWN: Final = "UNIT"


class NumbersViaServer(WorkflowKind[NumberRow]):
    """Telephone numbers, put on their accounts by the server's bulk operation.

    Args:
        session: Where requests go.
        settings: The job's options.
        choices: As for the workflow.

    Attributes:
        at_once: How many rows have to be under way: one batch at work, the next one gathering.

    Raises:
        ConfigurationError: A choice cannot be meant.
    """

    def __init__(
        self, session: Session, settings: JobSettings, choices: Mapping[str, str] | None = None
    ) -> None:
        otherwise = {
            "number": step("number", _named, writes=False, after="address"),
            "activation": step(
                "activation",
                self._activate,
                key="telephone_number",
                find=self._find,
                after=("account", "user", "address", "number"),
                undo=release_number,
            ),
        }
        workflow = Workflow[NumberRow](
            TELEPHONE_NUMBERS.name,
            *(otherwise.get(each.name, each) for each in TELEPHONE_NUMBERS.steps),
            fields=TELEPHONE_NUMBERS.fields,
            key=TELEPHONE_NUMBERS.key,
            choices=TELEPHONE_NUMBERS.choices,
        )
        super().__init__(session, workflow, choices, ensure=settings.ensure)
        self.at_once = 2 * settings.batch
        self._batches = ServerBatches(session, CREATE_TELEPHONE_NUMBERS, size=settings.batch)
        self._turns: dict[str, tuple[Work, Ledger, Sent]] = {}

    async def carry_out(self, work: Work, ledger: Ledger) -> Ended:
        """Give a row its turn; raises as a workflow's does."""
        number = work.payload.key
        with self._batches.turn(work, ledger) as sent:
            self._turns[number] = work, ledger, sent
            try:
                return await super().carry_out(work, ledger)
            finally:
                del self._turns[number]

    async def _activate(self, item: Item[NumberRow]) -> Made:
        """Have the server put the number on the account, with the address validated.

        `POST /v2/bulk-user-operation/collection`, then `POST /v2/bulk-user-operation/job`.
        """
        number = item.id_of("number")
        work, ledger, sent = self._turns[number]
        address = _address_of(item)
        values: dict[str, object] = {"Telephone Number": number}
        user = item.made.get("user")
        if user is not None:
            values["Username"] = _username_of(user)
        parts = {name: getattr(address, name) for name in _COLUMNS}
        values |= {_COLUMNS[name]: part for name, part in parts.items() if part}
        try:
            await self._batches.carry_out(work, ledger, sent, item.id_of("account"), values)
        except RequestRejectedError as refusal:
            shown: AnswerError = discreet(refusal, item.row, [address.street_name])
            raise shown from None
        return Made(number)

    async def _find(self, item: Item[NumberRow]) -> Made | None:
        """Look whether the number is on the account, once no job can put it there any more.

        Raises:
            Settle: The server's job is at work.
            ConflictError: It is on another account, rings elsewhere, or has no emergency address.
            UnknownOutcomeError: Nobody can tell whether a job is still to put it there.
        """
        work, ledger, sent = self._turns[item.id_of("number")]
        await self._batches.jobs.wait_for(sent)
        try:
            made = await find_activated(item)
        except NotFoundError:
            made = None  # not even in the inventory
        if made is None:
            self._batches.jobs.absent(sent, ledger.settle_s)
        else:
            await self._batches.jobs.found(work, ledger, sent)
        return made


async def _named(item: Item[NumberRow]) -> Made:
    """Take the number that the row names; the server looks whether it is free."""
    return Made(item.row.telephone_number, existed=True)


def _address_of(item: Item[NumberRow]) -> E911AddressWrite:
    """Return the validated address.

    Raises:
        InvalidInputError: The server's columns cannot tell all of it.
    """
    address = item.made["address"].value
    if not isinstance(address, E911AddressWrite):
        raise AlianzaError("no address of it was validated, and no number goes into service without one")
    for name in _NO_COLUMN:
        part: object = getattr(address, name)
        if part and part != _COLUMN_OF_ITS_OWN:
            raise bad_address(f"has a {name}, for which the server has no column: send it via='calls'")
    return address


def _username_of(user: Made) -> str:
    """Return by what the server's rows name a user.

    Raises:
        AlianzaError: It has no user name.
    """
    name: object = getattr(user.value, "username", None)
    if not name:
        raise AlianzaError("its user has no username, by which the server would know it: send it via='calls'")
    return str(name)
