"""The subscriber workflow: account -> user -> emergency address -> number -> activation -> device line."""

from __future__ import annotations

from typing import Final

from alianza_async.bulk.provisioning.account_steps import (
    create_account,
    create_user,
    delete_account,
    delete_user,
    find_account,
    find_user,
)
from alianza_async.bulk.provisioning.address_steps import CORRECTIONS, validate_address
from alianza_async.bulk.provisioning.line_steps import (
    DEVICE_TYPE,
    create_line,
    delete_line,
    find_line,
    has_device,
)
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
from alianza_async.bulk.provisioning.subscriber_row import SubscriberRow
from alianza_async.bulk.workflows.steps import step
from alianza_async.bulk.workflows.workflow import Workflow

__all__ = ["SUBSCRIBERS"]

SUBSCRIBERS: Final = Workflow(
    "subscribers",
    step(
        "account",
        create_account,
        key="account_number",
        find=find_account,
        shared=True,
        undo=delete_account,
        irreversible="the account and its settings are gone; while it is DELETE_PENDING its number is taken",
    ),
    step(
        "user",
        create_user,
        key="username",
        find=find_user,
        after="account",
        undo=delete_user,
        irreversible="the user's voicemail, greetings and settings are gone",
    ),
    step("address", validate_address, writes=False, after="user"),
    step(
        "number",
        reserve_number,
        key=choose_number,
        find=find_reserved,
        after="address",
        undo=release_reservation,
        irreversible="the reservation is given up and the number may be taken by somebody else",
    ),
    step(
        "activation",
        activate_number,
        key=number_of,
        find=find_activated,
        after=("address", "number"),
        undo=release_number,
        irreversible="the number goes back to the inventory and may be taken by somebody else",
    ),
    step(
        "line",
        create_line,
        key="mac_address",
        find=find_line,
        after="activation",
        when=has_device,
        undo=delete_line,
        irreversible="the device stops working and its SIP login is gone",
    ),
    step("service", follow_into_service, key=number_of, find=find_in_service, after="activation"),
    fields=SubscriberRow,
    key="username",
    unique=("telephone_number", "mac_address"),
    choices={"corrections": CORRECTIONS, "device_type_id": DEVICE_TYPE},
)
"""Rows of `SubscriberRow`. A number is activated with the address that this run validated, or not at all."""
