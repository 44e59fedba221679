"""Reading the body of a request: a JSON object, or a form with a file in it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final, cast

from alianza_async.sandbox.answers import ApiError

if TYPE_CHECKING:
    from alianza_async.sandbox.options import Json

_BOUNDARY: Final = re.compile(r'boundary=(?:"([^"]+)"|([^;\s]+))', re.IGNORECASE)
_NAME: Final = re.compile(rb'[; ]name="([^"]*)"', re.IGNORECASE)


def _refuse_constant(name: str) -> object:
    """Refuse NaN and Infinity, which are no JSON."""
    raise ValueError(name)


_decode = json.JSONDecoder(parse_constant=_refuse_constant).decode


def media_type(content_type: str) -> str:
    """Answer the media type of a `Content-Type` header, in lower case, without its parameters."""
    return content_type.partition(";")[0].strip().lower()


def json_object(body: bytes, content_type: str) -> Json:
    """Decode a body that must be a JSON object.

    Raises:
        ApiError: 415 where it is not declared as JSON, 400 where it is no JSON object.
    """
    if media_type(content_type) != "application/json":
        raise ApiError(415, ("Content-Type must be application/json",))
    try:
        value: object = _decode(body.decode("utf-8"))
    except (ValueError, RecursionError):
        raise ApiError(400, ("The request body is not valid JSON",)) from None
    if not isinstance(value, dict):
        raise ApiError(400, ("The request body must be a JSON object",))
    return cast("Json", value)


def form_parts(body: bytes, content_type: str) -> dict[str, bytes]:
    """Take a multipart form apart: the content of each part by its field's name.

    Raises:
        ApiError: 415 where it is no multipart form, 400 where it is cut short or a part has no name.
    """
    found = _BOUNDARY.search(content_type)
    if media_type(content_type) != "multipart/form-data" or found is None:
        raise ApiError(415, ("Content-Type must be multipart/form-data",))
    line = b"\r\n--" + (found[1] or found[2]).encode("latin-1")
    # The first line has nothing before it: lend it the line break that every other one has.
    pieces = (b"\r\n" + body).split(line)
    if len(pieces) < 2 or not pieces[-1].startswith(b"--"):  # noqa: PLR2004  # before, parts, end
        raise ApiError(400, ("The request body is not a whole multipart form",))
    parts: dict[str, bytes] = {}
    for piece in pieces[1:-1]:
        head, blank, content = piece.partition(b"\r\n\r\n")
        name = _NAME.search(head)
        if not blank or name is None:
            raise ApiError(400, ("A part of the request body has no name",))
        parts[name[1].decode("utf-8", "replace")] = content
    return parts
