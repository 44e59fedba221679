"""Calls of what is not declared: a verb, a path, and what the caller says of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import cast

from pydantic import ValidationError

from alianza_async.calls.call import Call, NaturalKey, Operation, OperationClass
from alianza_async.calls.wording import kind_of
from alianza_async.endpoints.encoding import (
    any_json,
    encode_body,
    key_value,
    path_value,
    query_texts,
)
from alianza_async.endpoints.paths import PathTemplate, with_query
from alianza_async.errors import InvalidInputError

__all__ = ["mapping", "raw_call", "text"]

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})
_CLASSES = (OperationClass.SAFE, OperationClass.IDEMPOTENT, OperationClass.ACTION)
_ODD = re.compile(r"[\x00-\x20\x7f-\U0010ffff?#\\]|//|/\.{1,2}(/|$)")


def raw_call(
    method: str,
    path: str,
    ids: Mapping[str, str],
    *,
    body: object,
    query: Mapping[str, object],
    key: NaturalKey | None,
    operation_class: OperationClass | None,
) -> Call:
    """Make a call of a verb and a path.

    Args:
        method: HTTP method.
        path: From the end of the base URL on, with placeholders such as `{line_id}` for the ids.
        ids: What stands for each placeholder; quoted here.
        body: A model or anything JSON; None is no body.
        query: Query parameters, named as on the wire; None is left out.
        key: How the object that a create makes is found again; it makes the call a `create`.
        operation_class: What may be sent again; GET and HEAD are `safe`, anything else an `action`.

    Raises:
        InvalidInputError: The method, the path or an id cannot be sent.
    """
    method = text("the method", method).upper()
    if method not in _METHODS:
        raise InvalidInputError(
            f"{method[:20]!r} is no method of this API; give one of {', '.join(sorted(_METHODS))}"
        )
    if not path.startswith("/") or _ODD.search(path):
        raise InvalidInputError(
            "the path must start with / and hold no space, ?, #, empty or dot segment; "
            "give ids with ids={...} and parameters with query={...}"
        )
    template = PathTemplate(path)
    missing = [name for name in template.names if name not in ids]
    if missing:
        raise InvalidInputError(f"the path needs ids={{{', '.join(f'{name!r}: ...' for name in missing)}}}")
    operation_class = _class_of(method, key, operation_class)
    operation = Operation(f"{method} {path}", method, path, operation_class, key=key)
    parameters = [
        (name, each)
        for name, value in mapping("query", query).items()
        for each in query_texts(text("the name of a query parameter", name), value)
    ]
    values = {name: path_value(name, value) for name, value in ids.items()}
    call = Call(operation, with_query(template.fill(values), parameters), values, parse=_read)
    if body is not None:
        call.body = encode_body(body)
        if key is not None:
            call.key_value = key_value(body, key)
    return call


def _class_of(method: str, key: NaturalKey | None, operation_class: OperationClass | None) -> OperationClass:
    """Return what may be sent again; raises InvalidInputError where that cannot be told."""
    if key is not None:
        if not isinstance(key, NaturalKey):  # pyright: ignore[reportUnnecessaryIsInstance] - callers without types
            raise InvalidInputError(f"key is {kind_of(key)}; give a NaturalKey")
        return OperationClass.CREATE
    if operation_class is None:
        return OperationClass.SAFE if method in {"GET", "HEAD"} else OperationClass.ACTION
    if operation_class not in _CLASSES:
        raise InvalidInputError(
            f"operation_class is none that a call without a key can have; give one of {', '.join(_CLASSES)}"
        )
    return OperationClass(operation_class)


def mapping(name: str, value: object) -> Mapping[str, object]:
    """Return an argument that maps names to values.

    Raises:
        InvalidInputError: It is something else.
    """
    if type(value) is not dict and not isinstance(value, Mapping):
        raise InvalidInputError(f"{name} is {kind_of(value)}; give a mapping such as {name}={{'name': ...}}")
    return cast("Mapping[str, object]", value)


def text(what: str, value: object) -> str:
    """Return an argument that is text.

    Raises:
        InvalidInputError: It is something else.
    """
    if not isinstance(value, str):
        raise InvalidInputError(f"{what} is {kind_of(value)}; give text")
    return value


def _read(body: bytes) -> object:
    """Return parsed JSON, or None where the answer is not JSON: `Reply.body` has it."""
    try:
        return any_json.validate_json(body)
    except ValidationError:
        return None
