"""Devices: what is known of a physical device and the numbers that ring it."""

# ruff: noqa: PIE790  (the `...` of a declaration tells pyright that its answer comes from elsewhere)
from __future__ import annotations

from typing import Annotated

from alianza_async.endpoints import declare
from alianza_async.endpoints.endpoint import Resource
from alianza_async.models.devices import DeviceLineNumbersBrief, DeviceLineNumbersFull

__all__ = ["Devices"]


class Devices(Resource):
    """What is known of a physical device and the numbers that ring it."""

    tag = "Device"

    @declare.get("/v2/ces/deviceGraph/{mac_address}", operation_id="deviceGraph")
    async def graph(
        self, mac_address: Annotated[str, declare.Named("macaddress")], *, limited: bool | None = None
    ) -> DeviceLineNumbersBrief | DeviceLineNumbersFull:
        """Return the lines of a device with the numbers that ring each.

        `GET /v2/ces/deviceGraph/{macaddress}`.
        """
        ...
