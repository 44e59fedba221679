"""Calls of what is not declared: a verb, a path, and what the caller says of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pydantic import ValidationError

from alianza_async.calls.call import Call, NaturalKey, Operation, OperationClass
from alianza_async.endpoints.encoding import any_json, encode_body, key_value, query_texts
from alianza_async.endpoints.paths import PathTemplate, with_query
from alianza_async.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["raw_call"]

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})
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
    method = method.upper()
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
    if key is not None:
        operation_class = OperationClass.CREATE
    elif operation_class is None:
        operation_class = OperationClass.SAFE if method in {"GET", "HEAD"} else OperationClass.ACTION
    operation = Operation(f"{method} {path}", method, path, operation_class, key=key)
    parameters = [(name, text) for name, value in query.items() for text in query_texts(value)]
    call = Call(operation, with_query(template.fill(ids), parameters), dict(ids), parse=_read)
    if body is not None:
        call.body = encode_body(body)
        if key is not None:
            call.key_value = key_value(body, key)
    return call


def _read(body: bytes) -> object:
    """Return parsed JSON, or None where the answer is not JSON: `Reply.body` has it."""
    try:
        return any_json.validate_json(body)
    except ValidationError:
        return None
