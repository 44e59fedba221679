"""The kind `device-lines`: a line of a device per row, for users that there are."""

from __future__ import annotations

from typing import Final

from pydantic import model_validator

from alianza_async.bulk.engine.workflow import Workflow
from alianza_async.bulk.kinds.account_steps import owner_steps
from alianza_async.bulk.kinds.line_steps import DEVICE_TYPE, line_step
from alianza_async.bulk.kinds.row_fields import PhoneNumber, complaint
from alianza_async.bulk.kinds.row_parts import DeviceFields, OwnerFields

__all__ = ["DEVICE_LINES", "LineRow"]


class LineRow(DeviceFields, OwnerFields):
    """A line of a device, and the user it is for."""

    emergency_number: PhoneNumber | None = None

    @model_validator(mode="after")
    def _has_an_owner(self) -> LineRow:
        if self.mac_address is None:
            raise complaint("mac_address", "is missing: it is what tells the rows apart")
        if self.username is None and self.user_id is None:
            raise complaint("username", "is missing; give it, or user_id")
        return self


DEVICE_LINES: Final = Workflow[LineRow](
    "device-lines",
    *owner_steps(),
    line_step(after=("account", "user")),
    fields=LineRow,
    key=("mac_address", "line_number"),
    choices={"device_type_id": DEVICE_TYPE},
)
"""Rows of `LineRow`."""
