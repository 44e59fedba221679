"""The workflow `telephone-numbers`: numbers of the inventory onto accounts, and to users, that there are."""

from __future__ import annotations

from typing import Final

from pydantic import model_validator

from alianza_async.bulk.provisioning.account_steps import has_owner, owner_account, owner_user
from alianza_async.bulk.provisioning.address_steps import CORRECTIONS, validate_address
from alianza_async.bulk.provisioning.number_steps import (
    activate_number,
    choose_number,
    find_activated,
    find_in_service,
    find_reserved,
    follow_into_service,
    number_of,
    release_number,
    release_reservation,
    reserve_number,
)
from alianza_async.bulk.provisioning.row_fields import complaint
from alianza_async.bulk.provisioning.row_parts import AddressFields, NumberFields, OwnerFields
from alianza_async.bulk.workflows.steps import step
from alianza_async.bulk.workflows.workflow import Workflow

__all__ = ["TELEPHONE_NUMBERS", "NumberRow"]


class NumberRow(NumberFields, OwnerFields, AddressFields):
    """A number, the account it goes to, the user it rings at (or none), and its emergency address."""

    @model_validator(mode="after")
    def _names_its_number(self) -> NumberRow:
        if self.telephone_number is None:
            raise complaint("telephone_number", "is missing: it is what tells the rows apart")
        return self


TELEPHONE_NUMBERS: Final = Workflow[NumberRow](
    "telephone-numbers",
    step("account", owner_account, writes=False),
    step("user", owner_user, writes=False, after="account", when=has_owner),
    step("address", validate_address, writes=False, after="user"),
    step(
        "number",
        reserve_number,
        key=choose_number,
        find=find_reserved,
        after=("account", "user", "address"),
        undo=release_reservation,
        irreversible="the reservation is given up and the number may be taken by somebody else",
    ),
    step(
        "activation",
        activate_number,
        key=number_of,
        find=find_activated,
        after=("account", "user", "address", "number"),
        undo=release_number,
        irreversible="the number goes back to the inventory and may be taken by somebody else",
    ),
    step(
        "service",
        follow_into_service,
        key=number_of,
        find=find_in_service,
        after=("account", "activation"),
    ),
    fields=NumberRow,
    key="telephone_number",
    choices={"corrections": CORRECTIONS},
)
"""Rows of `NumberRow`."""
