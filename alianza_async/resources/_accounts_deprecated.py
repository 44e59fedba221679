"""Operations on accounts that the API has given up."""

# ruff: noqa: E501, PIE790  (a path is not broken; the `...` of a declaration tells pyright that its answer comes from elsewhere)
from __future__ import annotations

from alianza_async.calls.call import OperationClass
from alianza_async.calls.files import UploadSource
from alianza_async.endpoints import declare
from alianza_async.endpoints.endpoint import Resource
from alianza_async.models.account_activations import AccountActivation, AccountActivationCreate
from alianza_async.models.account_devices import AccountDeviceData
from alianza_async.models.calling_plans import CallingPlanSwap
from alianza_async.models.shared import CallingPlan
from alianza_async.models.shared_devices import DeviceLine
from alianza_async.models.shared_jobs import FileImportError

__all__ = ["AccountsDeprecated"]

_ACCOUNTS = "/v2/partition/{partition_id}/account"
_ACCOUNT = _ACCOUNTS + "/{account_id}"
_DEVICE = _ACCOUNT + "/macaddress/{mac_address}"


class AccountsDeprecated(Resource):
    """Operations on accounts that the API has given up."""

    @declare.post(
        _ACCOUNTS + "/activation",
        operation_id="activation",
        deprecated="accounts.activate is deprecated: no one operation replaces it; accounts.create, users.create and telephone_numbers.activate each do a part",
    )
    async def activate(
        self, activation: AccountActivationCreate, *, partition_id: str | None = None
    ) -> AccountActivation:
        """Create an account with its users and numbers in one call.

        `POST /v2/partition/{partitionId}/account/activation`.
        """
        ...

    @declare.post(
        _ACCOUNTS + "/bulkstatuschange",
        operation_id="bulkStatusChange",
        deprecated="accounts.upload_status_changes is deprecated: use accounts.change_statuses",
    )
    async def upload_status_changes(
        self, file: UploadSource, *, partition_id: str | None = None
    ) -> list[FileImportError]:
        """Change the status of the accounts that a CSV file lists, and return its faulty lines.

        `POST /v2/partition/{partitionId}/account/bulkstatuschange`.
        """
        ...

    @declare.put(
        _ACCOUNT + "/callingplanproduct/{calling_plan_product_id}",
        operation_id="changeCallingPlan",
        operation_class=OperationClass.ACTION,
        deprecated="accounts.schedule_calling_plan is deprecated: use calling_plans.add",
    )
    async def schedule_calling_plan(
        self, account_id: str, calling_plan_product_id: str, *, partition_id: str | None = None
    ) -> list[CallingPlan]:
        """Set the calling plan that an account gets with its next billing cycle.

        `PUT /v2/partition/{partitionId}/account/{accountId}/callingplanproduct/{callingPlanProductId}`.
        """
        ...

    @declare.post(
        _ACCOUNT + "/callingplanswap",
        operation_id="swapCallingPlan",
        deprecated="accounts.swap_calling_plan is deprecated: use calling_plans.add",
    )
    async def swap_calling_plan(
        self, account_id: str, swap: CallingPlanSwap, *, partition_id: str | None = None
    ) -> list[CallingPlan]:
        """Exchange the calling plan of an account at once.

        `POST /v2/partition/{partitionId}/account/{accountId}/callingplanswap`.
        """
        ...

    @declare.delete(
        _ACCOUNT + "/cancelpendingcallingplan",
        operation_id="cancelPendingCallingPlan",
        operation_class=OperationClass.ACTION,
        deprecated="accounts.cancel_pending_calling_plan is deprecated: use calling_plans.remove",
    )
    async def cancel_pending_calling_plan(
        self, account_id: str, *, partition_id: str | None = None
    ) -> list[CallingPlan]:
        """Drop the calling plan that an account was to get.

        `DELETE /v2/partition/{partitionId}/account/{accountId}/cancelpendingcallingplan`.
        """
        ...

    @declare.get(
        _ACCOUNT + "/devices",
        operation_id="listDevicesDeprecated",
        deprecated="accounts.list_devices is deprecated: use device_lines.list",
    )
    async def list_devices(self, account_id: str, *, partition_id: str | None = None) -> list[DeviceLine]:
        """Return every device line of an account.

        `GET /v2/partition/{partitionId}/account/{accountId}/devices`.
        """
        ...

    @declare.get(
        _DEVICE,
        operation_id="getDeviceDataForAccount",
        deprecated="accounts.get_device is deprecated: use account_devices.list_lines",
    )
    async def get_device(
        self, account_id: str, mac_address: str, *, partition_id: str | None = None
    ) -> AccountDeviceData:
        """Return what an account knows of a device, by MAC address.

        `GET /v2/partition/{partitionId}/account/{accountId}/macaddress/{macAddress}`.
        """
        ...

    @declare.get(
        _DEVICE + "/inventory",
        operation_id="findAllAvailableDevicesByMacAddress",
        deprecated="accounts.list_free_lines is deprecated: use device_lines.list",
    )
    async def list_free_lines(
        self, account_id: str, mac_address: str, *, partition_id: str | None = None
    ) -> list[DeviceLine]:
        """Return the lines of a device that nothing uses yet.

        `GET /v2/partition/{partitionId}/account/{accountId}/macaddress/{macAddress}/inventory`.
        """
        ...
