"""The kind `telephone-numbers`: numbers of the inventory onto accounts, and to users, that there are."""

from __future__ import annotations

from typing import Final

from pydantic import model_validator

from alianza_async.bulk.engine.workflow import Workflow
from alianza_async.bulk.kinds.account_steps import owner_steps
from alianza_async.bulk.kinds.address_steps import CHOICES, WARNS, address_step
from alianza_async.bulk.kinds.number_service import E911_EVENT, service_step
from alianza_async.bulk.kinds.number_steps import activation_step, number_step
from alianza_async.bulk.kinds.row_fields import complaint
from alianza_async.bulk.kinds.row_parts import AddressFields, NumberFields, OwnerFields

__all__ = ["NO_UPDATE", "TELEPHONE_NUMBERS", "NumberRow"]

NO_UPDATE: Final = "a number that is on an account already is left as it is"


class NumberRow(NumberFields, OwnerFields, AddressFields):
    """A number, the account it goes to, the user it rings at (or none), and its emergency address."""

    @model_validator(mode="after")
    def _names_its_number(self) -> NumberRow:
        if self.telephone_number is None:
            raise complaint("telephone_number", "is missing: it is what tells the rows apart")
        return self


TELEPHONE_NUMBERS: Final = Workflow[NumberRow](
    "telephone-numbers",
    *owner_steps(user_optional=True),
    address_step(),
    number_step(after=("account", "user", "address")),
    activation_step(after=("account", "user", "address", "number")),
    service_step(after=("account", "activation")),
    fields=NumberRow,
    key="telephone_number",
    choices={**CHOICES, "e911_event": E911_EVENT},
    no_update=NO_UPDATE,
    warns=WARNS,
)
"""Rows of `NumberRow`."""
