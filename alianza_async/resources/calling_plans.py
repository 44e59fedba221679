"""Calling plans that an account, user, trunk or line has."""

# ruff: noqa: PIE790  (the `...` of a declaration tells pyright that its answer comes from elsewhere)
from __future__ import annotations

from alianza_async.calls.call import OperationClass
from alianza_async.calls.files import Download
from alianza_async.endpoints import declare
from alianza_async.endpoints.endpoint import Resource
from alianza_async.models.calling_plans import CallingPlanChange
from alianza_async.models.enums import CallingPlanReferenceType
from alianza_async.models.shared import CallingPlan

__all__ = ["CallingPlans"]

_PLAN = "/v2/partition/{partition_id}/account/{account_id}/callingplan"


class CallingPlans(Resource):
    """Calling plans that an account, user, trunk or line has."""

    tag = "Calling Plan"

    @declare.delete(
        _PLAN, operation_id="removePlan", operation_class=OperationClass.ACTION, probe="calling_plans.list"
    )
    async def remove(
        self, account_id: str, change: CallingPlanChange, *, partition_id: str | None = None
    ) -> CallingPlan:
        """Take a calling plan from an account, a user, a trunk or a line.

        `DELETE /v2/partition/{partitionId}/account/{accountId}/callingplan`.
        """
        ...

    @declare.put(
        _PLAN, operation_id="addPlan", operation_class=OperationClass.ACTION, probe="calling_plans.list"
    )
    async def add(
        self, account_id: str, change: CallingPlanChange, *, partition_id: str | None = None
    ) -> CallingPlan:
        """Give an account, a user, a trunk or a line a calling plan.

        `PUT /v2/partition/{partitionId}/account/{accountId}/callingplan`.
        """
        ...

    @declare.get("/v2/ref/default-callingplan-definition", operation_id="getCallingPlanDefinition")
    async def definition_template(self) -> Download:
        """Download the form of the file that defines a calling plan.

        `GET /v2/ref/default-callingplan-definition`.
        """
        ...

    # Last, because from here on `list` is this operation.
    @declare.get(_PLAN, operation_id="getPlans")
    async def list(
        self,
        account_id: str,
        *,
        reference_id: str | None = None,
        reference_type: CallingPlanReferenceType | None = None,
        partition_id: str | None = None,
    ) -> list[CallingPlan]:
        """Return the calling plans that an account, a user, a trunk or a line has.

        `GET /v2/partition/{partitionId}/account/{accountId}/callingplan`.
        """
        ...
