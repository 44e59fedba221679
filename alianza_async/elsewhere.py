"""Calls to hosts that the API names: a place to upload a file to, or to fetch one from.

They are somebody else's, so they get neither our token nor our request id.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from alianza_async.call import Call, Operation, OperationClass
from alianza_async.errors import InvalidInputError
from alianza_async.settings import is_loopback

if TYPE_CHECKING:
    from alianza_async.bodies import Upload

__all__ = ["fetch_call", "upload_call"]

_FETCH = Operation(
    "fetch a named file", "GET", "(a URL the API named)", OperationClass.SAFE, authenticated=False
)
_UPLOAD = Operation(
    "upload to a named place", "PUT", "(a URL the API named)", OperationClass.IDEMPOTENT, authenticated=False
)


def fetch_call(url: str) -> Call:
    """Return the call that fetches a file.

    Raises:
        InvalidInputError: The URL is none, or plain http to another machine.
    """
    return Call(_FETCH, "", {}, url=_checked(url), wants_file=True)


def upload_call(url: str, file: Upload) -> Call:
    """Return the call that puts a file where the API says.

    Raises:
        InvalidInputError: The URL is none, or plain http to another machine; or the file cannot be read.
    """
    return Call(_UPLOAD, "", {}, url=_checked(url), content_type=file.media_type, upload=file)


def _checked(url: str) -> str:
    parts = urlsplit(url)
    if not parts.hostname or not (
        parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname))
    ):
        raise InvalidInputError("the API named a place that is no https URL; nothing was sent there")
    return url
