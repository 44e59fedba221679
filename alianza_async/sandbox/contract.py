"""Every operation the sandbox does not know by heart, answered by contract: by what its declaration says.

There is no code for any one of them. A request is held to the declaration (required query parameters, a body
that the write model takes), and answered with a made-up value of the type that is declared, in which whatever
was sent comes back.
"""

from __future__ import annotations

import json
import types
import uuid
from datetime import date, datetime
from functools import cache, partial
from typing import (
    TYPE_CHECKING,
    Annotated,
    Literal,
    TypeGuard,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)
from urllib.parse import parse_qs

from pydantic import BaseModel, SecretStr, TypeAdapter, ValidationError

from alianza_async.sandbox.answers import Answer, ApiError, encode
from alianza_async.sandbox.routes import Route, RouteTable

if TYPE_CHECKING:
    from alianza_async.endpoints.endpoint import Endpoint
    from alianza_async.resources.registry import Declared
    from alianza_async.sandbox.routes import Incoming

__all__ = ["contract_table", "made_up"]

_DEEPEST = 4
_NAMESPACE = uuid.UUID("6ba7b812-9dad-11d1-80b4-00c04fd430c8")
_WRAPPERS = frozenset({Annotated, Union, types.UnionType})
_LISTS = frozenset({list, tuple, set, frozenset})
_MOMENT = "2026-01-01T00:00:00.000Z"


@cache
def contract_table() -> RouteTable:
    """Return the routes of all declared operations; made when the first of them is asked for."""
    # The one look upward of the sandbox: the declarations, which the rest of it must not know.
    from alianza_async.resources.registry import operations

    return RouteTable(
        Route(
            declared.operation.method,
            declared.path,
            declared.operation.operation_id,
            partial(_answer, declared),
            needs_token=declared.operation.authenticated,
        )
        for declared in operations()
    )


def _answer(declared: Declared, incoming: Incoming) -> Answer:
    """Hold a request to its declaration, and make an answer up."""
    endpoint = declared.endpoint
    if "partitionId" in incoming.params:
        _ = incoming.partition
    _check_query(endpoint, incoming)
    sent = _check_body(endpoint, incoming)
    kind = endpoint.answer
    if kind is type(None):
        return Answer(204 if declared.operation.method == "DELETE" else 200)
    if getattr(kind, "__name__", "") == "Download":
        return Answer(200, b"column\nvalue\n", b"text/csv")
    return Answer(200, encode(_with_what_was_sent(made_up(kind), sent, incoming.params)))


def _check_query(endpoint: Endpoint[..., object], incoming: Incoming) -> None:
    binder = endpoint.binder
    given = parse_qs(incoming.query_string.decode("latin-1"), keep_blank_values=True)
    missing = [wire for name, wire in binder.query.items() if name in binder.required and wire not in given]
    if missing:
        raise ApiError(400, tuple(f"query param {name} must not be null" for name in missing))


def _check_body(endpoint: Endpoint[..., object], incoming: Incoming) -> object:
    """Return the JSON that was sent, once the declared body takes it.

    Raises:
        ApiError: 400 where it does not; names each field.
    """
    name = endpoint.body_name
    if name is None:
        return None
    if not incoming.raw:
        if name in endpoint.binder.required:
            raise ApiError(400, ("The request body must not be null",))
        return None
    hint: object = get_type_hints(endpoint.function)[name]
    try:
        TypeAdapter[object](cast("type", hint)).validate_json(incoming.raw)
    except ValidationError as error:
        raise ApiError(
            400,
            tuple(
                f"{'.'.join(str(part) for part in item['loc']) or 'body'}: {item['msg']}"
                for item in error.errors(include_input=False, include_url=False, include_context=False)
            ),
        ) from None
    return json.loads(incoming.raw)


def _is_object(value: object) -> TypeGuard[dict[str, object]]:
    return isinstance(value, dict)


def _is_list(value: object) -> TypeGuard[list[object]]:
    return isinstance(value, list)


def _with_what_was_sent(value: object, sent: object, params: dict[str, str]) -> object:
    """Put what was sent, and the ids of the path, into made-up objects where they have such fields."""
    if _is_list(value):
        return [_with_what_was_sent(item, None, params) for item in value]
    if not _is_object(value):
        return value
    given = {**sent, **params} if _is_object(sent) else params
    return {name: made if name == "id" else given.get(name, made) for name, made in value.items()}


def made_up(kind: object, *, depth: int = 0) -> object:
    """Return a JSON value of a type, the same one each time.

    Args:
        kind: What is declared: a model, a list, a plain type, or several of them.
        depth: How deep in another value it stands; deeper than four nothing is made up.
    """
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Literal:
        return arguments[0]
    if origin in _WRAPPERS:
        return made_up(next(each for each in arguments if each is not type(None)), depth=depth)
    if origin in _LISTS:
        return [made_up(arguments[0], depth=depth + 1)] if depth < _DEEPEST else []
    if origin is dict or kind is dict:
        return {}
    return _of_class(kind, depth) if isinstance(kind, type) else None


def _of_class(kind: type, depth: int) -> object:
    if issubclass(kind, BaseModel):
        if depth >= _DEEPEST:
            return {}
        return {
            info.alias or name: str(uuid.uuid5(_NAMESPACE, f"{kind.__name__}.{name}"))
            if name == "id"
            else made_up(info.annotation, depth=depth + 1)
            for name, info in kind.model_fields.items()
        }
    for base, value in _PLAIN:
        if issubclass(kind, base):
            return value
    return None


_PLAIN: tuple[tuple[type, object], ...] = (
    (bool, False),
    (int, 1),
    (float, 1.5),
    (str, "text"),
    (SecretStr, "made-up"),
    (uuid.UUID, str(uuid.uuid5(_NAMESPACE, "id"))),
    (datetime, _MOMENT),
    (date, _MOMENT[:10]),
)
