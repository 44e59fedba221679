"""Calls to hosts that the API names: a place to upload a file to, or to fetch one from.

They are somebody else's, so they get neither our token nor our request id. Which hosts those may be is for
the client to say, which knows its own: see `calls/file_hosts.py`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from alianza_async.calls.call import Call, Operation, OperationClass
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
        ResponseShapeError: It is no http(s) URL.
    """
    return _checked(Call(_FETCH, "", {}, url=url, wants_file=True))


def upload_call(url: str, file: Upload) -> Call:
    """Return the call that puts a file where the API says.

    Raises:
        InvalidInputError: The file cannot be read.
        ResponseShapeError: It is no http(s) URL.
    """
    file.check()
    return _checked(Call(_UPLOAD, "", {}, url=url, content_type=file.media_type, upload=file))


def redirected_call(call: Call, url: str) -> Call:
    """Return the call that fetches a file from where the answer to another call says.

    It goes on as the other one: the same id, attempts and time spent, so that it is counted, tried again and
    reported as the same; but without its token, its header fields and its body.

    Raises:
        ResponseShapeError: It is no http(s) URL.
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
        is_url = bool(parts.hostname) and parts.scheme in {"http", "https"}
        _ = parts.port  # read here, because only reading it checks it
    except ValueError:
        is_url = False
    if not is_url:
        raise ResponseShapeError(
            "the API named a place for a file that is no https URL; nothing was sent there",
            context=call.context(),
        )
    return call
