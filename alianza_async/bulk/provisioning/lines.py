"""The workflow `device-lines`: a line of a device for each row, for users that there are."""

from __future__ import annotations

from typing import Final

from pydantic import model_validator

from alianza_async.bulk.provisioning.account_steps import owner_account, owner_user
from alianza_async.bulk.provisioning.line_steps import DEVICE_TYPE, create_line, delete_line, find_line
from alianza_async.bulk.provisioning.row_fields import PhoneNumber, complaint
from alianza_async.bulk.provisioning.row_parts import DeviceFields, OwnerFields
from alianza_async.bulk.workflows.steps import step
from alianza_async.bulk.workflows.workflow import Workflow

__all__ = ["DEVICE_LINES", "LineRow"]


class LineRow(DeviceFields, OwnerFields):
    """A line of a device, and the user it is for."""

    emergency_number: PhoneNumber | None = None

    @model_validator(mode="after")
    def _is_somebodys(self) -> LineRow:
        if self.mac_address is None:
            raise complaint("mac_address", "is missing: it is what tells the rows apart")
        if self.username is None and self.user_id is None:
            raise complaint("username", "is missing; give it, or user_id")
        return self


DEVICE_LINES: Final = Workflow[LineRow](
    "device-lines",
    step("account", owner_account, writes=False),
    step("user", owner_user, writes=False, after="account"),
    step(
        "line",
        create_line,
        key="mac_address",
        find=find_line,
        after=("account", "user"),
        undo=delete_line,
        irreversible="the device stops working and its SIP login is gone",
    ),
    fields=LineRow,
    key=("mac_address", "line_number"),
    choices={"device_type_id": DEVICE_TYPE},
)
"""Rows of `LineRow`."""
