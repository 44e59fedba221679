"""Emergency notifications: who is told of an emergency call, and the calls there were."""

# ruff: noqa: E501, PIE790  (a path is not broken; the `...` of a declaration tells pyright that its answer comes from elsewhere)
from __future__ import annotations

from typing import Annotated

from alianza_async.endpoints import declare
from alianza_async.endpoints.endpoint import Resource
from alianza_async.models.emergency_notifications import (
    EmergencyGroupType,
    EmergencyNotificationEvent,
    NotificationGroup,
    NotificationGroupWrite,
)

__all__ = ["EmergencyNotifications"]

_NOTIFICATIONS = "/v2/partition/{partition_id}/account/{account_id}/emergency-notifications"
_GROUPS = _NOTIFICATIONS + "/groups"
_GROUP = _GROUPS + "/{kind}/{group_id}"


class EmergencyNotifications(Resource):
    """Who is told of an emergency call, and the calls there were."""

    tag = "Emergency Notification"

    @declare.get(_NOTIFICATIONS + "/events", operation_id="listEmergencyNotificationEvents")
    async def list_events(
        self, account_id: str, *, partition_id: str | None = None
    ) -> list[EmergencyNotificationEvent]:
        """Return the emergency calls of an account and who was told.

        `GET /v2/partition/{partitionId}/account/{accountId}/emergency-notifications/events`.
        """
        ...

    @declare.get(_GROUPS, operation_id="listNotificationGroups")
    async def list_groups(
        self, account_id: str, *, partition_id: str | None = None
    ) -> list[NotificationGroup]:
        """Return the groups that are told of emergency calls of an account.

        `GET /v2/partition/{partitionId}/account/{accountId}/emergency-notifications/groups`.
        """
        ...

    @declare.get(_GROUP, operation_id="retrieveNotificationGroup")
    async def get_group(
        self,
        account_id: str,
        kind: Annotated[EmergencyGroupType, declare.Named("type")],
        group_id: str,
        *,
        partition_id: str | None = None,
    ) -> NotificationGroup:
        """Return one group that is told of emergency calls.

        `GET /v2/partition/{partitionId}/account/{accountId}/emergency-notifications/groups/{type}/{groupId}`.
        """
        ...

    @declare.put(_GROUP, operation_id="updateNotificationGroup")
    async def update_group(
        self,
        account_id: str,
        kind: Annotated[EmergencyGroupType, declare.Named("type")],
        group_id: str,
        group: NotificationGroup | NotificationGroupWrite,
        *,
        partition_id: str | None = None,
    ) -> NotificationGroup:
        """Set who is told of emergency calls.

        `PUT /v2/partition/{partitionId}/account/{accountId}/emergency-notifications/groups/{type}/{groupId}`.
        """
        ...

    @declare.post(_GROUP + "/execute-test", operation_id="executeEmergencyNotificationTest")
    async def test_group(
        self,
        account_id: str,
        kind: Annotated[EmergencyGroupType, declare.Named("type")],
        group_id: str,
        *,
        partition_id: str | None = None,
    ) -> EmergencyNotificationEvent:
        """Send a test message to everybody in a group, and return what came of it.

        `POST /v2/partition/{partitionId}/account/{accountId}/emergency-notifications/groups/{type}/{groupId}/execute-test`.
        """
        ...
