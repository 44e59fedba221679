"""Steps that make, find and delete device lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from alianza_async.bulk.workflows.found import must_equal, several
from alianza_async.bulk.workflows.steps import Made
from alianza_async.errors import NotFoundError
from alianza_async.models.shared_devices import DeviceLineCreate

if TYPE_CHECKING:
    from alianza_async.bulk.provisioning.row_parts import DeviceFields
    from alianza_async.bulk.workflows.steps import Item
    from alianza_async.models.base import WriteModel

__all__ = ["DEVICE_TYPE", "create_line", "delete_line", "find_line", "has_device"]

DEVICE_TYPE: Final = "Generic"
"""The device type of rows that name none, unless the workflow is told another."""


def has_device(row: DeviceFields) -> bool:
    """Tell whether a row has a device line."""
    return row.mac_address is not None


async def create_line(item: Item[DeviceFields]) -> Made:
    """Create the row's device line; the server makes its SIP login.

    `POST /v2/partition/{partitionId}/account/{accountId}/deviceline`.
    """
    line = await item.session.device_lines.create(item.id_of("account"), _line(item))
    return Made(line.id)


async def find_line(item: Item[DeviceFields]) -> Made | None:
    """Look the row's line up by its device, in its account.

    Raises:
        ConflictError: It is there, and differs.
        UnknownOutcomeError: There are two.
    """
    wanted, listed = _line(item), item.session.device_lines.list
    reply = await listed.raw(
        item.id_of("account"), filter_value=wanted.mac_address, filter_type="MAC_ADDRESS"
    )
    there = [line for line in reply.value if line.line_number == wanted.line_number]
    if len(there) > 1:
        raise several(listed, reply, len(there))
    if not there:
        return None
    must_equal(listed, reply, wanted, there[0])
    return Made(there[0].id, existed=True)


async def delete_line(item: Item[WriteModel], made: Made) -> None:
    """Delete the line that was made; gone already is done."""
    try:
        await item.session.device_lines.delete(item.id_of("account"), made.id or "")
    except NotFoundError:
        return


def _line(item: Item[DeviceFields]) -> DeviceLineCreate:
    row = item.row
    number = item.made.get("number")
    return DeviceLineCreate(
        device_type_id=row.device_type_id or item.choice("device_type_id"),
        line_number=row.line_number,
        mac_address=row.mac_address,
        device_name=row.device_name or f"{row.mac_address} line {row.line_number}",
        emergency_number=number.id if number else getattr(row, "emergency_number", None),
        fax_enabled=False,
        user_id=item.id_of("user"),
    )
