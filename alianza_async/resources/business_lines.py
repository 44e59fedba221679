"""Business lines: lines without a user: port, SIP login, call handling and voicemail."""

# ruff: noqa: E501, PIE790  (a path is not broken; the `...` of a declaration tells pyright that its answer comes from elsewhere)
from __future__ import annotations

from alianza_async.endpoints import declare
from alianza_async.models.business_lines import (
    BusinessLine,
    BusinessLineCallHandling,
    BusinessLineCallHandlingWrite,
    BusinessLineCreate,
    BusinessLineDetails,
    PortAssignment,
    PortAssignmentCreate,
    PortAssignmentSwap,
    SipCredentials,
    SipCredentialsWrite,
)
from alianza_async.models.shared_lines import Registration
from alianza_async.resources._business_line_voicemail import BusinessLineVoicemail

__all__ = ["BusinessLines"]

_BUSINESS_LINES = "/v2/partition/{partition_id}/account/{account_id}/business-line"
_BUSINESS_LINE = _BUSINESS_LINES + "/{business_line_id}"
_CALL_HANDLING = _BUSINESS_LINE + "/call-handling"
_PORT_ASSIGNMENT = _BUSINESS_LINE + "/port-assignment"
_SIP_CREDENTIALS = _BUSINESS_LINE + "/sip-credentials"


class BusinessLines(BusinessLineVoicemail):
    """Lines without a user: port, SIP login, call handling and voicemail."""

    tag = "Business Line"

    @declare.post(_BUSINESS_LINES, operation_id="createBusinessLine")
    async def create(
        self, account_id: str, line: BusinessLineCreate, *, partition_id: str | None = None
    ) -> BusinessLine:
        """Create a business line.

        `POST /v2/partition/{partitionId}/account/{accountId}/business-line`.
        """
        ...

    @declare.get(_BUSINESS_LINES + "/views/expanded", operation_id="retrieveBusinessLinesExpanded")
    async def list_expanded(
        self, account_id: str, *, partition_id: str | None = None
    ) -> list[BusinessLineDetails]:
        """Return every business line of an account, with what it is tied to.

        `GET /v2/partition/{partitionId}/account/{accountId}/business-line/views/expanded`.
        """
        ...

    @declare.delete(_BUSINESS_LINE, operation_id="deleteBusinessLine")
    async def delete(
        self, account_id: str, business_line_id: str, *, partition_id: str | None = None
    ) -> None:
        """Delete a business line.

        `DELETE /v2/partition/{partitionId}/account/{accountId}/business-line/{businessLineId}`.
        """
        ...

    @declare.get(_BUSINESS_LINE, operation_id="retrieveBusinessLine")
    async def get(
        self, account_id: str, business_line_id: str, *, partition_id: str | None = None
    ) -> BusinessLine:
        """Return one business line.

        `GET /v2/partition/{partitionId}/account/{accountId}/business-line/{businessLineId}`.
        """
        ...

    @declare.put(_BUSINESS_LINE, operation_id="updateBusinessLine")
    async def update(
        self,
        account_id: str,
        business_line_id: str,
        line: BusinessLine | BusinessLineCreate,
        *,
        partition_id: str | None = None,
    ) -> BusinessLine:
        """Put a business line in the place of one.

        `PUT /v2/partition/{partitionId}/account/{accountId}/business-line/{businessLineId}`.
        """
        ...

    @declare.get(_CALL_HANDLING, operation_id="getBusinessLineCallHandling")
    async def get_call_handling(
        self, account_id: str, business_line_id: str, *, partition_id: str | None = None
    ) -> BusinessLineCallHandling:
        """Return what happens to calls to a business line.

        `GET /v2/partition/{partitionId}/account/{accountId}/business-line/{businessLineId}/call-handling`.
        """
        ...

    @declare.put(_CALL_HANDLING, operation_id="putBusinessLineCallHandling")
    async def update_call_handling(
        self,
        account_id: str,
        business_line_id: str,
        handling: BusinessLineCallHandling | BusinessLineCallHandlingWrite,
        *,
        partition_id: str | None = None,
    ) -> BusinessLineCallHandling:
        """Set what happens to calls to a business line.

        `PUT /v2/partition/{partitionId}/account/{accountId}/business-line/{businessLineId}/call-handling`.
        """
        ...

    @declare.delete(_PORT_ASSIGNMENT, operation_id="deleteBusinessLinePortAssignment")
    async def delete_port_assignment(
        self, account_id: str, business_line_id: str, *, partition_id: str | None = None
    ) -> None:
        """Take a business line off its device port.

        `DELETE /v2/partition/{partitionId}/account/{accountId}/business-line/{businessLineId}/port-assignment`.
        """
        ...

    @declare.get(_PORT_ASSIGNMENT, operation_id="getBusinessLinePortAssignment")
    async def get_port_assignment(
        self, account_id: str, business_line_id: str, *, partition_id: str | None = None
    ) -> PortAssignment:
        """Return the device port that a business line is on.

        `GET /v2/partition/{partitionId}/account/{accountId}/business-line/{businessLineId}/port-assignment`.
        """
        ...

    @declare.post(
        _PORT_ASSIGNMENT,
        operation_id="createBusinessLinePortAssignment",
        probe="business_lines.get_port_assignment",
    )
    async def create_port_assignment(
        self,
        account_id: str,
        business_line_id: str,
        assignment: PortAssignmentCreate,
        *,
        partition_id: str | None = None,
    ) -> PortAssignment:
        """Put a business line on a port of a device.

        `POST /v2/partition/{partitionId}/account/{accountId}/business-line/{businessLineId}/port-assignment`.
        """
        ...

    @declare.put(_PORT_ASSIGNMENT, operation_id="updateBusinessLinePortAssignment")
    async def update_port_assignment(
        self,
        account_id: str,
        business_line_id: str,
        assignment: PortAssignment | PortAssignmentCreate,
        *,
        partition_id: str | None = None,
    ) -> PortAssignment:
        """Put a business line on another port than it is on.

        `PUT /v2/partition/{partitionId}/account/{accountId}/business-line/{businessLineId}/port-assignment`.
        """
        ...

    @declare.get(_PORT_ASSIGNMENT + "/push-provisioning-logs", operation_id="getPushProvisioningLogs")
    async def provisioning_logs(
        self, account_id: str, business_line_id: str, *, partition_id: str | None = None
    ) -> PortAssignment:
        """Return what others reported of the provisioning of a business line's port.

        `GET /v2/partition/{partitionId}/account/{accountId}/business-line/{businessLineId}/port-assignment/push-provisioning-logs`.
        """
        ...

    @declare.post(
        _PORT_ASSIGNMENT + "/rpc/swap",
        operation_id="swapBusinessLinePortAssignment",
        probe="business_lines.get_port_assignment",
    )
    async def swap_port_assignment(
        self,
        account_id: str,
        business_line_id: str,
        swap: PortAssignmentSwap,
        *,
        partition_id: str | None = None,
    ) -> PortAssignment:
        """Move one or all lines of a device to another device.

        `POST /v2/partition/{partitionId}/account/{accountId}/business-line/{businessLineId}/port-assignment/rpc/swap`.
        """
        ...

    @declare.get(_BUSINESS_LINE + "/registration", operation_id="businessLineRegistrationStatus")
    async def registration_status(
        self, account_id: str, business_line_id: str, *, partition_id: str | None = None
    ) -> Registration:
        """Tell whether a business line is registered, and from where.

        `GET /v2/partition/{partitionId}/account/{accountId}/business-line/{businessLineId}/registration`.
        """
        ...

    @declare.get(_SIP_CREDENTIALS, operation_id="getBusinessLineSipCredentials")
    async def get_sip_credentials(
        self, account_id: str, business_line_id: str, *, partition_id: str | None = None
    ) -> SipCredentials:
        """Return the SIP login of a business line.

        `GET /v2/partition/{partitionId}/account/{accountId}/business-line/{businessLineId}/sip-credentials`.
        """
        ...

    @declare.put(_SIP_CREDENTIALS, operation_id="putBusinessLineSipCredentials")
    async def update_sip_credentials(
        self,
        account_id: str,
        business_line_id: str,
        credentials: SipCredentialsWrite,
        *,
        partition_id: str | None = None,
    ) -> SipCredentials:
        """Set the SIP login of a business line.

        `PUT /v2/partition/{partitionId}/account/{accountId}/business-line/{businessLineId}/sip-credentials`.
        """
        ...

    @declare.get(
        _SIP_CREDENTIALS + "/username-availability-check/{username}", operation_id="isUsernameAvailable"
    )
    async def sip_username_available(
        self, account_id: str, business_line_id: str, username: str, *, partition_id: str | None = None
    ) -> bool:
        """Tell whether a SIP user name is free.

        `GET /v2/partition/{partitionId}/account/{accountId}/business-line/{businessLineId}/sip-credentials/username-availability-check/{username}`.
        """
        ...

    @declare.get(_BUSINESS_LINE + "/views/expanded", operation_id="retrieveBusinessLineExpanded")
    async def get_expanded(
        self, account_id: str, business_line_id: str, *, partition_id: str | None = None
    ) -> BusinessLineDetails:
        """Return one business line, with what it is tied to.

        `GET /v2/partition/{partitionId}/account/{accountId}/business-line/{businessLineId}/views/expanded`.
        """
        ...

    # Last, because from here on `list` is this operation.
    @declare.get(_BUSINESS_LINES, operation_id="retrieveBusinessLines")
    async def list(self, account_id: str, *, partition_id: str | None = None) -> list[BusinessLine]:
        """Return every business line of an account.

        `GET /v2/partition/{partitionId}/account/{accountId}/business-line`.
        """
        ...
