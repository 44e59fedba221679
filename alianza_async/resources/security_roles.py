"""Security roles: named sets of permissions."""

# ruff: noqa: PIE790  (the `...` of a declaration tells pyright that its answer comes from elsewhere)
from __future__ import annotations

from collections.abc import Mapping

from alianza_async.endpoints import declare
from alianza_async.endpoints.endpoint import Resource
from alianza_async.models.security_roles import SecurityRole, SecurityRoleCreate

__all__ = ["SecurityRoles"]

_ROLES = "/v2/partition/{partition_id}/security"
_ROLE = _ROLES + "/{security_id}"


class SecurityRoles(Resource):
    """Roles: named sets of permissions."""

    tag = "Security Groups"

    @declare.post(_ROLES, operation_id="createSecurityRole")
    async def create(self, role: SecurityRoleCreate, *, partition_id: str | None = None) -> SecurityRole:
        """Create a role.

        `POST /v2/partition/{partitionId}/security`.
        """
        ...

    @declare.delete(_ROLE, operation_id="deleteSecurityRole")
    async def delete(self, security_id: str, *, partition_id: str | None = None) -> None:
        """Delete a role.

        `DELETE /v2/partition/{partitionId}/security/{securityId}`.
        """
        ...

    @declare.get(_ROLE, operation_id="retrieveSecurityRole")
    async def get(self, security_id: str, *, partition_id: str | None = None) -> SecurityRole:
        """Return one role.

        `GET /v2/partition/{partitionId}/security/{securityId}`.
        """
        ...

    @declare.patch(_ROLE, operation_id="patchSecurityRole")
    async def patch(
        self, security_id: str, changes: Mapping[str, object], *, partition_id: str | None = None
    ) -> SecurityRole:
        """Change the given fields of a role.

        A name is that of a field of `SecurityRole`, ours or the one on the wire; any other is refused.

        `PATCH /v2/partition/{partitionId}/security/{securityId}`.
        """
        ...

    @declare.put(_ROLE, operation_id="updateSecurityRole")
    async def update(
        self, security_id: str, role: SecurityRole | SecurityRoleCreate, *, partition_id: str | None = None
    ) -> SecurityRole:
        """Put a role in the place of one.

        `PUT /v2/partition/{partitionId}/security/{securityId}`.
        """
        ...

    # Last, because from here on `list` is this operation.
    @declare.get(_ROLES, operation_id="listSecurityRoles")
    async def list(self, *, partition_id: str | None = None) -> list[SecurityRole]:
        """Return every role of the partition.

        `GET /v2/partition/{partitionId}/security`.
        """
        ...
