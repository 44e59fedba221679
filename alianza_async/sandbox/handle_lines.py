"""An account's devices and their lines: listed, created, changed, swapped, deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from alianza_async.sandbox import queries
from alianza_async.sandbox.answers import Answer, ApiError, encode, ok
from alianza_async.sandbox.line_book import plain_mac
from alianza_async.sandbox.routes import Route
from alianza_async.sandbox.rules import boolean, checked, integer, one_of, text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alianza_async.sandbox.options import Json
    from alianza_async.sandbox.routes import Incoming
    from alianza_async.sandbox.rules import Rule

_MOST_LINES: Final = 100


def _mac(value: object) -> str | None:
    """Require a MAC address, with separators or without."""
    return None if isinstance(value, str) and plain_mac(value) else "must be a MAC address"


_LINE_RULES: Final[Mapping[str, Rule]] = {
    "deviceTypeId": text(1, 256),
    "deviceName": text(1, 256),
    "macAddress": _mac,
    "lineNumber": integer(1, _MOST_LINES),
    "userId": text(),
    "faxEnabled": boolean,
    "emergencyNumber": text(),
    "sipPassword": text(),
    "sipUsername": text(),
    "zipcode": text(),
    "state": text(),
    "lineType": one_of(
        *("Line", "AdvancedSharedLine", "ReferencedUser", "IntercomLine", "PresenceBlfUser", "SpeedDialUser"),
        *("SpeedDialTn", "CallParkingSpot", "SipPaging", "Custom"),
    ),
    "referenceId": text(),
}
_LINE_REQUIRED: Final = ("deviceName", "deviceTypeId", "faxEnabled", "lineNumber", "userId")
_SWAP_REQUIRED: Final = ("macAddress", "deviceName", "deviceTypeId")
# Which field each kind of filter looks at; the inventory of devices is the devices themselves.
_FILTERS: Final = {
    "MAC_ADDRESS": "macAddress",
    "MAC_ADDRESS_INVENTORY": "macAddress",
    "OWNING_USERID": "userId",
    "REFERENCED_USERID": "referenceId",
    "ACCOUNT": "accountId",
}


def list_lines(incoming: Incoming) -> Answer:
    """List an account's device lines: `GET .../deviceline?filter=&filterType=`."""
    account, query = _account(incoming), incoming.query()
    kind = queries.one_of(query, "filterType", _FILTERS)
    lines = incoming.store.lines.of_account(str(account["id"]))
    if kind:
        wanted = query.get("filter", "")
        if kind.startswith("MAC_"):
            wanted = plain_mac(wanted) or wanted
        lines = [line for line in lines if line.get(_FILTERS[kind]) == wanted]
    return ok([_shown(incoming, line) for line in lines])


def create_line(incoming: Incoming) -> Answer:
    """Create a device line: `POST .../deviceline`."""
    account = incoming.store.staying(_account(incoming))
    body = _accepted(incoming, account, incoming.body)
    unique = incoming.unique(body.get("macAddress"))
    line = incoming.store.lines.add(account, body, unique=unique)
    return Answer(201, encode(_shown(incoming, line)))


def retrieve_line(incoming: Incoming) -> Answer:
    """Find a device line: `GET .../deviceline/{deviceId}`."""
    return ok(_shown(incoming, _line(incoming)[1]))


def update_line(incoming: Incoming) -> Answer:
    """Replace a device line: `PUT .../deviceline/{deviceId}`."""
    return _change(incoming, incoming.body)


def patch_line(incoming: Incoming) -> Answer:
    """Change some of a device line's fields: `PATCH .../deviceline/{deviceId}`."""
    return _change(incoming, {**_line(incoming)[1], **incoming.body})


def delete_line(incoming: Incoming) -> Answer:
    """Delete a device line: `DELETE .../deviceline/{deviceId}`."""
    account, line = _line(incoming)
    incoming.store.lines.remove(account, line)
    return Answer(204)


def swap_device(incoming: Incoming) -> Answer:
    """Put another device in a line's place: `POST .../deviceline/{deviceId}/swap`."""
    line = _line(incoming)[1]
    body = checked(incoming.body, _LINE_RULES, _SWAP_REQUIRED)
    return _change(incoming, {**line, **{name: body[name] for name in _SWAP_REQUIRED}})


def check_swap(incoming: Incoming) -> Answer:
    """Tell as a bare boolean whether a device could come in: `GET .../swap/prevalidate?macaddress=`."""
    line = _line(incoming)[1]
    mac = _known_mac(incoming.query().get("macaddress", ""))
    others = [other for other in incoming.store.lines.of_mac(mac) if other["id"] != line["id"]]
    return ok(not others)


def lines_of_device(incoming: Incoming) -> Answer:
    """List the lines of a device: `GET .../device/{macAddress}`."""
    return ok([_shown(incoming, line) for line in _device(incoming)[1]])


def delete_device(incoming: Incoming) -> Answer:
    """Delete a device with all its lines: `DELETE .../device/{macAddress}`."""
    account, lines = _device(incoming)
    for line in lines:
        incoming.store.lines.remove(account, line)
    return Answer(200)


def check_device(incoming: Incoming) -> Answer:
    """Tell as a bare boolean whether a line is free: `GET .../validateproperties?lineno=`."""
    account, mac = _account(incoming), _known_mac(incoming.params["macAddress"])
    query = incoming.query()
    number = queries.whole(query, "lineno", 0, 1)
    if not number:
        raise ApiError(400, ("lineno must not be null",))
    lines = incoming.store.lines.of_mac(mac)
    ours = all(line["accountId"] == account["id"] for line in lines)
    return ok(ours and number <= _MOST_LINES and number not in [line["lineNumber"] for line in lines])


def _change(incoming: Incoming, body: Json) -> Answer:
    """Write a line's new facts, once they are known to be right."""
    account, line = _line(incoming)
    accepted = _accepted(incoming, account, body)
    fresh = incoming.store.lines.replace(account, line, accepted, unique=incoming.options.unique)
    return ok(_shown(incoming, fresh))


def _shown(incoming: Incoming, line: Json) -> Json:
    """Answer a line as the options have it told."""
    if incoming.options.fold_macs and "macAddress" in line:
        return {**line, "macAddress": str(line["macAddress"]).lower()}
    return line


def _accepted(incoming: Incoming, account: Json, body: Json) -> Json:
    """Answer a line's body that the API would accept, its MAC address written plainly.

    Raises:
        ApiError: 400 where a field does not fit, or the account has no such user.
    """
    accepted = checked(body, _LINE_RULES, _LINE_REQUIRED)
    incoming.store.member(account, str(accepted["userId"]), "userId")
    if "macAddress" in accepted:
        accepted["macAddress"] = plain_mac(str(accepted["macAddress"]))
    return accepted


def _known_mac(given: str) -> str:
    """Answer a MAC address written plainly.

    Raises:
        ApiError: 400 where it is none.
    """
    mac = plain_mac(given)
    if mac is None:
        raise ApiError(400, ("macAddress must be a MAC address",), {"macAddress": given})
    return mac


def _account(incoming: Incoming) -> Json:
    """Find the path's account."""
    return incoming.store.account(incoming.partition, incoming.params["accountId"])


def _line(incoming: Incoming) -> tuple[Json, Json]:
    """Find the path's account and its line."""
    account = _account(incoming)
    return account, incoming.store.lines.one(account, incoming.params["deviceId"])


def _device(incoming: Incoming) -> tuple[Json, list[Json]]:
    """Find the path's account and the lines of its device.

    Raises:
        ApiError: 404 where the account has no such device.
    """
    account, mac = _account(incoming), _known_mac(incoming.params["macAddress"])
    lines = [line for line in incoming.store.lines.of_mac(mac) if line["accountId"] == account["id"]]
    if not lines:
        raise ApiError(404, ("Device not found",), {"macAddress": mac})
    return account, lines


_ACCOUNT: Final = "/v2/partition/{partitionId}/account/{accountId}"
_ALL: Final = _ACCOUNT + "/deviceline"
_ONE: Final = _ALL + "/{deviceId}"
_DEVICE: Final = _ACCOUNT + "/device/{macAddress}"

ROUTES: Final = (
    Route("GET", _ALL, "listDevices", list_lines),
    Route("POST", _ALL, "createDevice", create_line, takes_body=True),
    Route("GET", _ONE, "getDevice", retrieve_line),
    Route("PUT", _ONE, "putDevice", update_line, takes_body=True),
    Route("PATCH", _ONE, "updateDevice", patch_line, takes_body=True),
    Route("DELETE", _ONE, "removeDevice", delete_line),
    Route("POST", _ONE + "/swap", "swapDevice", swap_device, takes_body=True),
    Route("GET", _ONE + "/swap/prevalidate", "swapPrevalidate", check_swap),
    Route("GET", _DEVICE, "listDeviceLinesForMac", lines_of_device),
    Route("DELETE", _DEVICE, "deleteDeviceByMac", delete_device),
    Route("GET", _DEVICE + "/validateproperties", "validateDeviceProperties", check_device),
)
