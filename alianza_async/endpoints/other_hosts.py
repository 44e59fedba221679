"""Calls to hosts that the API names: a place to upload a file to, or to fetch one from.

They are somebody else's, so they get neither our token nor our request id.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from alianza_async.calls.call import Call, Operation, OperationClass
from alianza_async.calls.hosts import is_loopback
from alianza_async.errors import ResponseShapeError

if TYPE_CHECKING:
    from alianza_async.calls.files import Upload

__all__ = ["fetch_call", "redirected_call", "upload_call"]

_FETCH = Operation(
    "fetch a named file", "GET", "(a URL the API named)", OperationClass.SAFE, authenticated=False
)
_UPLOAD = Operation(
    "upload to a named place", "PUT", "(a URL the API named)", OperationClass.IDEMPOTENT, authenticated=False
)


def fetch_call(url: str) -> Call:
    """Return the call that fetches a file.

    Raises:
        ResponseShapeError: The URL is none, or plain http to another machine.
    """
    return _checked(Call(_FETCH, "", {}, url=url, wants_file=True))


def upload_call(url: str, file: Upload) -> Call:
    """Return the call that puts a file where the API says.

    Raises:
        InvalidInputError: The file cannot be read.
        ResponseShapeError: The URL is none, or plain http to another machine.
    """
    return _checked(Call(_UPLOAD, "", {}, url=url, content_type=file.media_type, upload=file.ready()))


def redirected_call(call: Call, url: str) -> Call:
    """Return the call that fetches a file from where the answer to another call says.

    It goes on as the other one: the same id, attempts and time spent, so that it is counted, tried again and
    reported as the same; but without its token, its header fields and its body.

    Raises:
        ResponseShapeError: The URL is none, or plain http to another machine.
    """
    operation = replace(call.operation, method="GET", authenticated=False)
    return _checked(
        replace(
            call,
            operation=operation,
            target="",
            path_values={},
            body=None,
            upload=None,
            parts=(),
            headers={},
            url=url,
            before_attempt=None,
        )
    )


def _checked(call: Call) -> Call:
    try:
        parts = urlsplit(call.url or "")
        host = parts.hostname or ""
    except ValueError:
        parts, host = urlsplit(""), ""
    if not host or not (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))):
        raise ResponseShapeError(
            "the API named a place for a file that is no https URL; nothing was sent there",
            context=call.context(),
        )
    return call
