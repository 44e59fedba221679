"""What a file, and a row, come to: by which a job knows its input again."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pydantic import BaseModel, SecretStr

from alianza_async.errors import SourceError

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

__all__ = ["RowDigest", "fingerprint", "sha256_of"]

_DIGEST_BYTES: Final = 16


def fingerprint(path: str | os.PathLike[str]) -> tuple[str, int]:
    """Return the SHA-256 of a file, as hexadecimal digits, and its size in bytes.

    Raises:
        SourceError: It cannot be read.
    """
    try:
        with Path(path).open("rb") as handle:
            return hashlib.file_digest(handle, "sha256").hexdigest(), handle.tell()
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror or type(error).__name__}") from error


def sha256_of(path: str | os.PathLike[str]) -> str:
    """Return the SHA-256 of a file alone; see `fingerprint`."""
    return fingerprint(path)[0]


class RowDigest:
    """Tells rows apart by a keyed BLAKE2b of 16 bytes over their canonical JSON.

    Args:
        salt: The key: what makes the digests of one file its own.
    """

    def __init__(self, salt: bytes) -> None:
        self._hash = hashlib.blake2b(digest_size=_DIGEST_BYTES, key=salt)

    def __call__(self, values: Mapping[str, object] | BaseModel) -> bytes:
        """Return what a row's values come to."""
        plain = _plain(values) if isinstance(values, BaseModel) else values
        try:
            text = json.dumps(plain, sort_keys=True, separators=(",", ":"), default=_plain)
        except (TypeError, ValueError, RecursionError):  # no such row can be sent
            text = type(values).__name__
        hashed = self._hash.copy()
        hashed.update(text.encode())
        return hashed.digest()


def _plain(value: object) -> object:
    if isinstance(value, BaseModel):
        return value.model_dump(by_alias=True, exclude_unset=True)
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return str(value)
