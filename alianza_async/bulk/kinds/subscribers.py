"""The kind `subscribers`: emergency address -> account -> user -> number -> activation -> device line."""

from __future__ import annotations

from typing import Final

from alianza_async.bulk.engine.workflow import Workflow
from alianza_async.bulk.kinds.account_steps import account_step, user_step
from alianza_async.bulk.kinds.address_steps import CHOICES, WARNS, address_step
from alianza_async.bulk.kinds.line_steps import DEVICE_TYPE, has_device, line_step
from alianza_async.bulk.kinds.number_service import E911_EVENT, service_step
from alianza_async.bulk.kinds.number_steps import activation_step, number_step
from alianza_async.bulk.kinds.subscriber_row import SubscriberRow

__all__ = ["SUBSCRIBERS"]

SUBSCRIBERS: Final = Workflow[SubscriberRow](
    "subscribers",
    address_step(),
    account_step(SubscriberRow.account, shared=True, after=("address",)),
    user_step(SubscriberRow.user),
    number_step(after=("address", "user")),
    activation_step(after=("address", "number")),
    line_step(after=("activation",), when=has_device),
    service_step(after=("activation",)),
    fields=SubscriberRow,
    key="username",
    unique=("telephone_number", "mac_address"),
    choices={**CHOICES, "e911_event": E911_EVENT, "device_type_id": DEVICE_TYPE},
    warns=WARNS,
)
"""Rows of `SubscriberRow`. A number is activated with the address that this run validated, or not at all."""
