"""Look first, create if absent: for callers who do not know whether they have been here before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Literal, ParamSpec, TypeVar, cast

if TYPE_CHECKING:
    from alianza_async.endpoints.endpoint import BoundEndpoint
    from alianza_async.errors import Difference

__all__ = ["Ensured", "ensure"]

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Ensured(Generic[R]):
    """What `ensure` found or made.

    Attributes:
        outcome: `created` by this call, `existed` equal in every field sent, or `differs`: left as it is.
        value: The object as it is now.
        differences: The fields that differ.
    """

    outcome: Literal["created", "existed", "differs"]
    value: R
    differences: tuple[Difference, ...] = ()


async def ensure(create: BoundEndpoint[P, R], *args: P.args, **kwargs: P.kwargs) -> Ensured[R]:
    """Look an object up by its natural key and create it where it is absent.

    Args:
        create: A declared create, bound to a session.
        *args: What it takes.
        **kwargs: What it takes.

    Raises:
        CallError: The look-up or the create failed.
    """
    preparing = create.prepare(*args, **kwargs)
    del args, kwargs  # no frame of a traceback shows what was given
    call = await preparing
    found = await create.client.find(call)
    if found is not None:
        value = cast("R", found.reply.value)
        outcome: Literal["existed", "differs"] = "differs" if found.differences else "existed"
        return Ensured(outcome, value, found.differences)
    reply = await create.client.send(call)
    return Ensured("created", cast("R", reply.value))
