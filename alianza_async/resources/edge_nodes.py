"""Edge nodes of a partition and the devices behind them."""

# ruff: noqa: PIE790  (the `...` of a declaration tells pyright that its answer comes from elsewhere)
from __future__ import annotations

from alianza_async.calls.call import OperationClass
from alianza_async.endpoints import declare
from alianza_async.endpoints.endpoint import Resource
from alianza_async.models.edge_nodes import (
    EdgeNode,
    EdgeNodeAssignment,
    EdgeNodeAssignmentCreate,
    EdgeNodeAssignmentPage,
    EdgeNodeCreate,
    EdgeNodePage,
)
from alianza_async.resources.page_styles import BY_NUMBER

__all__ = ["EdgeNodes"]

_ENM = "/v2/enm"
_EDGE_NODES = _ENM + "/edge-node"
_EDGE_NODE_ASSIGNMENTS = _ENM + "/edge-node-assignment"
_EDGE_NODE = _EDGE_NODES + "/{node_id}"
_EDGE_NODE_ASSIGNMENT = _EDGE_NODE_ASSIGNMENTS + "/{node_assignment_id}"


class EdgeNodes(Resource):
    """Edge nodes of a partition and the devices behind them."""

    tag = "Edge Node"

    @declare.post(_EDGE_NODES, operation_id="createNode")
    async def create(self, node: EdgeNodeCreate, *, default: bool | None = None) -> EdgeNode:
        """Create an edge node.

        `POST /v2/enm/edge-node`.
        """
        ...

    @declare.delete(_EDGE_NODE_ASSIGNMENTS, operation_id="removeDeviceEdgeNodeConfigByDeviceId")
    async def unassign_device(self, *, device_id: str) -> None:
        """Take a device off its edge node.

        `DELETE /v2/enm/edge-node-assignment`.
        """
        ...

    @declare.get_pages(_EDGE_NODE_ASSIGNMENTS, operation_id="getDeviceNode", style=BY_NUMBER)
    async def list_assignments(
        self,
        *,
        device_id: str | None = None,
        partition_id: str | None = None,
        page_size: int | None = None,
        page_num: int | None = None,
    ) -> EdgeNodeAssignmentPage:
        """Return which devices are behind which edge nodes.

        `GET /v2/enm/edge-node-assignment`.
        """
        ...

    @declare.post(
        _EDGE_NODE_ASSIGNMENTS, operation_id="configureDeviceNode", probe="edge_nodes.list_assignments"
    )
    async def assign(self, assignment: EdgeNodeAssignmentCreate) -> EdgeNodeAssignment:
        """Put a device behind an edge node.

        `POST /v2/enm/edge-node-assignment`.
        """
        ...

    @declare.delete(_EDGE_NODE_ASSIGNMENT, operation_id="removeDeviceEdgeNodeConfigById")
    async def unassign(self, node_assignment_id: str) -> None:
        """Delete an assignment of a device to an edge node.

        `DELETE /v2/enm/edge-node-assignment/{nodeAssignmentId}`.
        """
        ...

    @declare.get(_EDGE_NODE_ASSIGNMENT, operation_id="getDeviceNodeByAssignmentId")
    async def get_assignment(self, node_assignment_id: str) -> EdgeNodeAssignment:
        """Return one assignment of a device to an edge node.

        `GET /v2/enm/edge-node-assignment/{nodeAssignmentId}`.
        """
        ...

    @declare.put(_EDGE_NODE_ASSIGNMENT, operation_id="updateDeviceNodeConfiguration")
    async def update_assignment(
        self, node_assignment_id: str, assignment: EdgeNodeAssignmentCreate
    ) -> EdgeNodeAssignment:
        """Put an assignment of a device to an edge node in the place of one.

        `PUT /v2/enm/edge-node-assignment/{nodeAssignmentId}`.
        """
        ...

    @declare.delete(_EDGE_NODE, operation_id="deleteNode")
    async def delete(self, node_id: str) -> None:
        """Delete an edge node.

        `DELETE /v2/enm/edge-node/{nodeId}`.
        """
        ...

    @declare.get(_EDGE_NODE, operation_id="getEdgeNode")
    async def get(self, node_id: str) -> EdgeNode:
        """Return one edge node.

        `GET /v2/enm/edge-node/{nodeId}`.
        """
        ...

    @declare.put(_EDGE_NODE, operation_id="updateNode", operation_class=OperationClass.ACTION)
    async def update(self, node_id: str, node: EdgeNodeCreate) -> EdgeNode:
        """Put an edge node in the place of one.

        `PUT /v2/enm/edge-node/{nodeId}`.
        """
        ...

    # Last, because from here on `list` is this operation.
    @declare.get_pages(_EDGE_NODES, operation_id="getPartitionNodes", style=BY_NUMBER)
    async def list(
        self,
        *,
        partition_id: str | None = None,
        default: bool | None = None,
        page_size: int | None = None,
        page_num: int | None = None,
    ) -> EdgeNodePage:
        """Return the edge nodes, all or those of one partition.

        `GET /v2/enm/edge-node`.
        """
        ...
