"""Service activations: how far the activation of a service on an account has come."""

# ruff: noqa: PIE790  (the `...` of a declaration tells pyright that its answer comes from elsewhere)
from __future__ import annotations

from alianza_async.endpoints import declare
from alianza_async.endpoints.endpoint import Resource
from alianza_async.models.shared_activations import ActivationServiceType, ServiceActivation

__all__ = ["ServiceActivations"]


class ServiceActivations(Resource):
    """How far the activation of a service on an account has come."""

    tag = "Service Activation"

    @declare.get(
        "/v2/partition/{partition_id}/account/{account_id}/reference/{reference_id}/type/{service_type}",
        operation_id="getServiceActivationEvents",
    )
    async def get(
        self,
        account_id: str,
        reference_id: str,
        service_type: ActivationServiceType,
        *,
        partition_id: str | None = None,
    ) -> ServiceActivation:
        """Tell how far the activation of a service has come.

        `GET /v2/partition/{partitionId}/account/{accountId}/reference/{referenceId}/type/{serviceType}`.
        """
        ...
