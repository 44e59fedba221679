"""Bringing what is there to what a row says, and taking that back where it is still as the job left it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, TypeVar, cast

from pydantic import BaseModel
from pydantic.alias_generators import to_camel, to_snake

from alianza_async.bulk.engine.steps import Made
from alianza_async.bulk.kinds.found import answered_another
from alianza_async.calls.comparison import same_value
from alianza_async.errors import AlianzaError, NotFoundError, UndoRefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alianza_async.bulk.engine.steps import Item
    from alianza_async.calls.call import Reply
    from alianza_async.endpoints.endpoint import BoundEndpoint
    from alianza_async.endpoints.models import WriteModel
    from alianza_async.errors import ConflictError

__all__ = ["patch_differing", "restore_fields"]

T = TypeVar("T", bound=BaseModel)


async def patch_differing(
    patch: BoundEndpoint[..., T], ids: Mapping[str, str], wanted: WriteModel, differs: ConflictError
) -> Made:
    """Send the fields that differ, and no others.

    Args:
        patch: The declared change.
        ids: What stands for its path's placeholders, but for the object's own.
        wanted: What the row asks for.
        differs: In what the object differs.

    Raises:
        AlianzaError: The object's id is not known.
        CallError: It was refused, its answer was lost, or is about another object.
    """
    if differs.existing_id is None:
        raise AlianzaError("what is there has no id by which it could be changed; change it by hand")
    differing = {difference.field.partition(".")[0] for difference in differs.differences}
    changes = {
        name: value for name, value in json.loads(wanted.to_wire()).items() if to_snake(name) in differing
    }
    own = patch.endpoint.path_names[-1]
    call = await patch.prepare_with({**ids, own: differs.existing_id}, changes)
    reply = await patch.client.send(call)
    old = {to_camel(each.field): each.found for each in differs.differences}
    if _denies(reply, differs.existing_id, old, changes):
        raise answered_another(patch, reply)
    return Made(differs.existing_id, value=reply.value)


async def restore_fields(
    item: Item[WriteModel],
    get: BoundEndpoint[..., T],
    patch: BoundEndpoint[..., T],
    ids: Mapping[str, str],
    made: Made,
) -> None:
    """Give an object the values again that it had, where it still has those that the job gave it.

    Args:
        item: The row, turned to the step.
        get: Brings the object.
        patch: Changes it.
        ids: What stands for the path's placeholders, but for the object's own.
        made: What the journal has of the update.

    Raises:
        UndoRefusedError: Its old values are not known, or it was changed since.
        Later: It was not found: one look-up is no proof that it is gone.
        CallError: It was refused, or its answer was lost.
    """
    if made.id is None or not made.change:
        raise UndoRefusedError("its old values were not kept, so it stays as the job left it")
    private = [field for field, values in made.change.items() if values is None]
    if private:
        raise UndoRefusedError(
            f"the old value of {', '.join(private)} is private and was not kept: change it back by hand"
        )
    own = get.endpoint.path_names[-1]
    try:
        reply = await get.send_with((), {**ids, own: made.id})
    except NotFoundError:
        if not item.looks:
            raise item.later() from None
        return  # it is gone: there is nothing to give back
    there = cast(
        "dict[str, object]", json.loads(reply.value.model_dump_json(by_alias=True, exclude_unset=True))
    )
    changes: dict[str, object] = {}
    ours: dict[str, object] = {}
    for field, values in made.change.items():
        assert values is not None  # noqa: S101  (looked at above)
        old, new = values
        now = there.get(to_camel(field))
        if same_value(field, now, old):
            continue  # taken back already
        if not same_value(field, now, new):
            raise UndoRefusedError(f"its {field} was changed since: it is not what the job made it")
        changes[to_camel(field)], ours[to_camel(field)] = old, new
    if changes:
        answer = await patch.client.send(await patch.prepare_with({**ids, own: made.id}, changes))
        if _denies(answer, made.id, ours, changes):
            raise item.later()  # whether it was done has to be looked at


def _denies(
    reply: Reply[object], object_id: str, before: Mapping[str, object], changes: Mapping[str, object]
) -> bool:
    """Tell whether the answer of a change is about another object, or shows what was there before."""
    if reply.object_id not in {None, object_id}:
        return True
    if not isinstance(reply.value, BaseModel):
        return False
    answered = cast(
        "dict[str, object]", json.loads(reply.value.model_dump_json(by_alias=True, exclude_unset=True))
    )
    return any(
        name in before and name in answered and answered[name] == before[name] != value
        for name, value in changes.items()
    )
