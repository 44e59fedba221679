"""Is an answer about the object that was asked for? Its natural key and parent, held against the request.

A gateway that mixes up answers, or a look-up that is answered from a stale cache, shows another object. What
is not the object that was asked for is neither proof that ours exists nor that it does not.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import TYPE_CHECKING, Final, TypeVar, cast

from pydantic import ValidationError
from pydantic.alias_generators import to_camel, to_snake

from alianza_async.calls.identifiers import is_printable
from alianza_async.endpoints.encoding import any_json
from alianza_async.errors import ResponseShapeError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alianza_async.calls.call import Call, Reply
    from alianza_async.endpoints.endpoint import BoundEndpoint

__all__ = ["checked", "folded", "misfit", "parent_of", "same_key"]

R = TypeVar("R")

_MISSING: Final = object()


def folded(key: str) -> str:
    """Return a key in the form in which two compare, as servers respell them: NFC, trimmed, casefolded."""
    return unicodedata.normalize("NFC", key.strip()).casefold()


def same_key(ours: str, theirs: object) -> bool:
    """Tell whether a key that was answered is the one that was sent, as keys compare; None is none."""
    if theirs is None:
        return False
    return ours == theirs or folded(ours) == folded(str(theirs))


def misfit(
    answer: object,
    field: str,
    key: str,
    parent: tuple[str, str] | None = None,
    *,
    asked: str,
    body: bytes = b"",
) -> str | None:
    """Tell in words why an answer is about another object than was asked for; None where it is the right one.

    Args:
        answer: A model, or parsed JSON.
        field: The natural key's name on the wire.
        key: Its value in the request.
        parent: The placeholder and the value that name the object's parent in the request's path; None where
            it has none.
        asked: `was sent`, or `was asked for`.
        body: The answer's bytes: read again only where the model has no such field.
    """
    if not is_printable(_id(answer)):
        return "with an id that cannot be printed"
    there = _field(answer, field, body)
    if there is None:
        return f"without the {_words(field)} that {asked}"
    if not same_key(key, there):
        return f"with another {_words(field)} than {asked}"
    if parent is not None:
        name, value = parent
        theirs = _field(answer, to_camel(name), body)
        if theirs is not None and not same_key(value, theirs):
            return f"with an object of another {_words(name.removesuffix('_id'))} than {asked}"
    return None


def parent_of(call: Call) -> tuple[str, str] | None:
    """Return the placeholder and the value that name the parent of the object that a create makes."""
    key = call.operation.key
    value = None if key is None or key.parent is None else call.path_values.get(key.parent)
    return None if key is None or key.parent is None or value is None else (key.parent, value)


def checked(
    endpoint: BoundEndpoint[..., R],
    reply: Reply[R],
    field: str,
    key: str,
    parent: tuple[str, str] | None = None,
) -> R:
    """Return what a look-up by natural key answered.

    Raises:
        ResponseShapeError: It is another object than the one asked for.
    """
    problem = misfit(reply.value, field, key, parent, asked="was asked for", body=reply.body)
    if problem is None:
        return reply.value
    raise ResponseShapeError(
        f"answered {reply.status} {problem}", context=endpoint.context(reply), status=reply.status
    )


def _id(answer: object) -> object:
    if isinstance(answer, dict):
        return cast("Mapping[str, object]", answer).get("id")
    return getattr(answer, "id", None)


def _field(answer: object, name: str, body: bytes) -> object:
    """Return a field of an answer by its name on the wire, in either case; None where it has none."""
    if isinstance(answer, dict):
        fields = cast("Mapping[str, object]", answer)
        return fields.get(name, fields.get(_attribute(name)))
    found: object = getattr(answer, _attribute(name), _MISSING)
    if found is not _MISSING:
        return found
    try:
        parsed = any_json.validate_json(body)
    except ValidationError:
        return None
    return None if not isinstance(parsed, dict) else _field(cast("object", parsed), name, b"")


@cache
def _attribute(field: str) -> str:
    return to_snake(field)


@cache
def _words(field: str) -> str:
    return "user name" if field == "username" else to_snake(field).replace("_", " ")
