"""The step that makes, finds, changes and deletes a row's device line."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final, TypeVar

from alianza_async.bulk.engine.evidence import DEVICE_LINES, Subject
from alianza_async.bulk.engine.steps import Item, Made, Need, Step, folded, step
from alianza_async.bulk.kinds.changes import patch_differing, restore_fields
from alianza_async.bulk.kinds.found import must_equal, several
from alianza_async.bulk.kinds.row_parts import DeviceFields
from alianza_async.errors import NotFoundError
from alianza_async.models._reading.macs import read_mac
from alianza_async.models.shared_devices import DeviceLineCreate

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from alianza_async.calls.call import Reply
    from alianza_async.endpoints.models import WriteModel
    from alianza_async.errors import ConflictError
    from alianza_async.models.shared_devices import DeviceLine

__all__ = ["DEVICE_TYPE", "has_device", "line_step"]

R = TypeVar("R", bound=DeviceFields)

DEVICE_TYPE: Final = "Generic"
"""The device type of rows that name none, unless another one is chosen."""


def has_device(row: DeviceFields) -> bool:
    """Tell whether a row has a device line."""
    return row.mac_address is not None


def line_step(*, after: Sequence[str], when: Callable[[R], bool] | None = None) -> Step[R]:
    """Declare the step that creates a row's device line; the server makes its SIP login.

    `POST /v2/partition/{partitionId}/account/{accountId}/deviceline`.

    Args:
        after: The steps it needs.
        when: Tells by the row whether there is a device.
    """
    return step(
        "line",
        _send,
        key=_key,
        find=_find,
        update=_update,
        restore=_restore,
        undo=_delete,
        holders=_holders,
        subject=_subject,
        after=after,
        when=when,
        irreversible="the device stops working and its SIP login is gone",
        needs=(Need("EU_DeviceLine", "CREATE"),),
    )


def _key(item: Item[DeviceFields]) -> str:
    return f"{item.row.mac_address}/{item.row.line_number}"


def _subject(item: Item[WriteModel]) -> Subject | None:
    return None if item.key is None else Subject(DEVICE_LINES, item.key, account_id=item.id_of("account"))


async def _send(item: Item[DeviceFields]) -> Made:
    line = await item.session.device_lines.create(item.id_of("account"), _line(item))
    return Made(line.id, key=_key_of(line))


def _key_of(line: DeviceLine) -> str:
    """Return a line's key, its MAC address in our spelling however the server writes it."""
    mac = line.mac_address or ""
    with contextlib.suppress(ValueError):
        mac = read_mac(mac)
    return f"{mac}/{line.line_number}"


async def _there(item: Item[WriteModel]) -> tuple[Reply[list[DeviceLine]], list[DeviceLine]]:
    """Return the lines of the account that have the step's key, and the answer that lists them."""
    key = item.key or ""
    reply = await item.session.device_lines.list.raw(
        item.id_of("account"), filter_value=key.rpartition("/")[0], filter_type="MAC_ADDRESS"
    )
    return reply, [line for line in reply.value if folded(_key_of(line)) == folded(key)]


async def _find(item: Item[DeviceFields]) -> Made | None:
    """Look the row's line up by its device, in its account.

    Raises:
        ConflictError: It is there, and differs.
        UnknownOutcomeError: There are two.
    """
    reply, there = await _there(item)
    listed = item.session.device_lines.list
    if len(there) > 1:
        raise several(listed, reply, len(there))
    if not there:
        return None
    must_equal(listed, reply, _line(item), there[0])
    return Made(there[0].id, existed=True)


async def _holders(item: Item[WriteModel]) -> Sequence[str]:
    return [line.id for line in (await _there(item))[1] if line.id]


async def _update(item: Item[DeviceFields], differs: ConflictError) -> Made:
    return await patch_differing(item.session.device_lines.patch, _ids(item), _line(item), differs)


async def _restore(item: Item[WriteModel], made: Made) -> None:
    lines = item.session.device_lines
    await restore_fields(item, lines.get, lines.patch, _ids(item), made)


async def _delete(item: Item[WriteModel], made: Made) -> None:
    """Delete the line that was made; gone already is done."""
    try:
        await item.session.device_lines.delete(item.id_of("account"), made.id or "")
    except NotFoundError:
        return


def _ids(item: Item[WriteModel]) -> dict[str, str]:
    return {"account_id": item.id_of("account")}


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
