"""What the sandbox answers to the operations that it has no handler for."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, cast

import pytest
from pydantic import TypeAdapter

from alianza_async.calls.files import Download
from alianza_async.errors import NotFoundError, RequestRejectedError
from alianza_async.models.call_groups import CallGroup
from alianza_async.resources.registry import operations
from alianza_async.sandbox.contract import contract_table, made_up
from alianza_async.sandbox.routes import Match

if TYPE_CHECKING:
    from alianza_async.resources.registry import Declared
    from alianza_async.session import Session

ALL = operations()


@pytest.mark.parametrize("declared", ALL, ids=lambda declared: declared.python)
def test_every_operation_has_an_answer_that_the_library_reads(declared: Declared) -> None:
    """There is a route for each, and what is made up for it parses as what the declaration answers."""
    path = declared.path.replace("{", "").replace("}", "")
    assert isinstance(contract_table().find(declared.operation.method, path), Match)
    kind = declared.endpoint.answer
    if kind is not type(None) and kind is not Download:
        assert TypeAdapter[object](cast("type", kind)).validate_python(made_up(kind)) is not None


async def test_what_is_sent_comes_back(session: Session) -> None:
    """A body that fits the declaration is accepted, and its fields are in the answer."""
    path = "/v2/partition/{partition_id}/account/{account_id}/group"
    made = await session.call("POST", path, ids={"account_id": "a-1"}, body={"name": "Sales"})
    group = CallGroup.model_validate(made.value)
    assert (group.name, group.account_id) == ("Sales", "a-1")


async def test_a_body_that_does_not_fit_is_refused(session: Session) -> None:
    """Each wrong field is named, by the API's own kind of error."""
    path = "/v2/partition/{partition_id}/account/{account_id}/group"
    with pytest.raises(RequestRejectedError) as caught:
        await session.call("POST", path, ids={"account_id": "a-1"}, body={"name": ["no", "text"]})
    assert any("name" in message for message in caught.value.messages)
    with pytest.raises(RequestRejectedError, match="must not be null"):
        await session.call("POST", path, ids={"account_id": "a-1"})


async def test_what_nobody_declares_is_not_found(session: Session) -> None:
    """A path of no operation is a 404, as at Alianza."""
    with pytest.raises(NotFoundError):
        await session.call("GET", "/v2/nothing/here")


async def test_lists_and_files_and_nothing(session: Session) -> None:
    """A list holds one made-up object, a deletion answers nothing, a file is a small one."""
    groups = await session.call_groups.list("a-1")
    assert [(type(group), group.account_id) for group in groups] == [(CallGroup, "a-1")]
    await session.call_groups.delete("a-1", "g-1")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        with await session.rate_centers.download_inventory_plan() as plan:
            assert plan.text() == "column\nvalue\n"
