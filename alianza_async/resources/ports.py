"""Ports: telephone numbers on their way from another carrier."""

# ruff: noqa: PIE790  (the `...` of a declaration tells pyright that its answer comes from elsewhere)
from __future__ import annotations

from collections.abc import Mapping

from alianza_async.calls.call import OperationClass
from alianza_async.calls.files import Download, UploadSource
from alianza_async.endpoints import declare
from alianza_async.endpoints.endpoint import Resource
from alianza_async.models.ports import LetterOfAuthorization
from alianza_async.models.shared_ports import Port, PortWrite

__all__ = ["Ports"]

_PORT = "/v2/partition/{partition_id}/account/{account_id}/port/{port_id}"
_LOA = _PORT + "/loa"


class Ports(Resource):
    """Telephone numbers on their way from another carrier."""

    tag = "Port"

    @declare.get(_PORT, operation_id="retrievePort")
    async def get(self, account_id: str, port_id: str, *, partition_id: str | None = None) -> Port:
        """Return one port: numbers on their way from another carrier.

        `GET /v2/partition/{partitionId}/account/{accountId}/port/{portId}`.
        """
        ...

    @declare.patch(_PORT, operation_id="patchPort")
    async def patch(
        self, account_id: str, port_id: str, changes: Mapping[str, object], *, partition_id: str | None = None
    ) -> Port:
        """Change the given fields of a port.

        A name is that of a field of `Port`, ours or the one on the wire; any other is refused.

        `PATCH /v2/partition/{partitionId}/account/{accountId}/port/{portId}`.
        """
        ...

    @declare.put(_PORT, operation_id="updatePort", operation_class=OperationClass.ACTION, probe="ports.get")
    async def update(
        self, account_id: str, port_id: str, port: Port | PortWrite, *, partition_id: str | None = None
    ) -> Port:
        """Put a port in the place of one; may send the change to the other carrier.

        `PUT /v2/partition/{partitionId}/account/{accountId}/port/{portId}`.
        """
        ...

    @declare.delete(
        _PORT + "/cancelport",
        operation_id="cancelPort",
        operation_class=OperationClass.ACTION,
        probe="ports.get",
    )
    async def cancel(self, account_id: str, port_id: str, *, partition_id: str | None = None) -> None:
        """Call a port off.

        `DELETE /v2/partition/{partitionId}/account/{accountId}/port/{portId}/cancelport`.
        """
        ...

    @declare.get(
        _LOA,
        operation_id="findLoa",
        deprecated="ports.download_loa is deprecated: letters go to the support by ticket now",
    )
    async def download_loa(
        self, account_id: str, port_id: str, *, partition_id: str | None = None
    ) -> Download:
        """Download the letter of authorization of a port.

        `GET /v2/partition/{partitionId}/account/{accountId}/port/{portId}/loa`.
        """
        ...

    @declare.post(
        _LOA,
        operation_id="uploadLOA",
        deprecated="ports.upload_loa is deprecated: letters go to the support by ticket now",
    )
    async def upload_loa(
        self, account_id: str, port_id: str, file: UploadSource, *, partition_id: str | None = None
    ) -> None:
        """Upload the letter of authorization of a port.

        `POST /v2/partition/{partitionId}/account/{accountId}/port/{portId}/loa`.
        """
        ...

    @declare.get(
        _LOA + "/metadata",
        operation_id="getLoaMetadata",
        deprecated="ports.loa_metadata is deprecated: letters go to the support by ticket now",
    )
    async def loa_metadata(
        self, account_id: str, port_id: str, *, partition_id: str | None = None
    ) -> LetterOfAuthorization:
        """Tell which letter of authorization a port has.

        `GET /v2/partition/{partitionId}/account/{accountId}/port/{portId}/loa/metadata`.
        """
        ...

    @declare.put(
        _PORT + "/triggerport",
        operation_id="triggerPort",
        operation_class=OperationClass.ACTION,
        probe="ports.get",
    )
    async def trigger(self, account_id: str, port_id: str, *, partition_id: str | None = None) -> None:
        """Make the carrier carry out a port now.

        `PUT /v2/partition/{partitionId}/account/{accountId}/port/{portId}/triggerport`.
        """
        ...
