"""The kinds `accounts` and `users`, and any other declared create that has a natural key: one step each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from pydantic.alias_generators import to_snake

from alianza_async.bulk.engine.shapes import ACCOUNT_ID, CreateShape
from alianza_async.bulk.engine.steps import Item, Made, create, find_created, step
from alianza_async.bulk.engine.workflow import Workflow
from alianza_async.bulk.kinds.account_steps import account_step, parent_step, user_step
from alianza_async.endpoints.endpoint import BoundEndpoint
from alianza_async.endpoints.models import WriteModel
from alianza_async.errors import ConfigurationError
from alianza_async.models.accounts import AccountCreate
from alianza_async.models.users import UserCreate

if TYPE_CHECKING:
    from alianza_async.endpoints.endpoint import Endpoint

__all__ = ["ACCOUNTS", "USERS", "create_workflow"]

_PARTITION: Final = "partition_id"


def _account(row: AccountCreate) -> AccountCreate:
    return row


def _user(row: UserCreate) -> UserCreate:
    return row


ACCOUNTS: Final = Workflow[AccountCreate](
    "accounts", account_step(_account, shared=False), fields=AccountCreate, key="account_number"
)
"""Rows of `AccountCreate`."""

USERS: Final = Workflow[UserCreate](
    "users",
    cast("Any", parent_step()),
    user_step(_user),
    fields=UserCreate,
    key="username",
    shape=CreateShape(UserCreate, "username", (ACCOUNT_ID,)),
)
"""Rows of `UserCreate`, each with `account_id` or `account_number` beside it."""

_NAMED: Final[dict[str, Workflow[Any]]] = {"createAccount": ACCOUNTS, "createEndUser": USERS}


def create_workflow(endpoint: Endpoint[..., object]) -> Workflow[Any]:
    """Return the one-step workflow of a declared create.

    Args:
        endpoint: A create with a natural key and a model for its body.

    Raises:
        ConfigurationError: It is none.
    """
    operation, model = endpoint.operation, endpoint.body_model
    known = _NAMED.get(operation.operation_id)
    if known is not None:
        return known
    if operation.key is None or model is None or not issubclass(model, WriteModel):
        raise ConfigurationError(
            f"{operation.operation_id} cannot run in bulk: it is no create with a natural key, so a lost "
            "answer could not be looked up"
        )
    key = to_snake(operation.key.field)

    async def send(item: Item[WriteModel]) -> Made:
        return await create(BoundEndpoint(endpoint, item.session), item.ids, item.row)

    async def find(item: Item[WriteModel]) -> Made | None:
        return await find_created(BoundEndpoint(endpoint, item.session), item.ids, item.row)

    path_fields = tuple(name for name in endpoint.path_names if name != _PARTITION)
    return Workflow[WriteModel](
        operation.operation_id,
        step("object", send, key=key, find=find),
        fields=model,
        key=key,
        shape=CreateShape(model, key, path_fields),
        no_undo="nothing says how what it makes is deleted",
        no_update="nothing changes what it makes field by field",
    )
