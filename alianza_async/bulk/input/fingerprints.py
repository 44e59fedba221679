"""What a file, and a row, come to: by which a job knows its input again."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from pydantic import BaseModel, SecretStr

from alianza_async.endpoints.masking import SHOWN
from alianza_async.errors import SourceError

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping
    from io import FileIO

    from pydantic import JsonValue

__all__ = ["BLOCK_BYTES", "Fingerprint", "RowDigest", "fingerprint", "sha256_of"]

BLOCK_BYTES: Final = 1 << 20
"""How much of a file one digest stands for."""

_DIGEST_BYTES: Final = 16
_BLOCKS: Final = "blocks"


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What a file's bytes are, as a whole and in blocks of 1 MiB; 16 bytes for each block.

    Attributes:
        sha256: SHA-256 of the whole file, as hexadecimal digits.
        size: How many bytes it has.
        blocks: For each block the first 16 bytes of its SHA-256, packed; the last block may be short.
    """

    sha256: str
    size: int
    blocks: bytes = field(repr=False)

    @property
    def block_count(self) -> int:
        """How many blocks the file has."""
        return len(self.blocks) // _DIGEST_BYTES

    @classmethod
    def of(cls, path: str | os.PathLike[str]) -> Self:
        """Read a file once and return its fingerprint; 1 MiB of it is in memory at a time.

        Raises:
            SourceError: It cannot be read.
        """
        whole, size, blocks = hashlib.sha256(), 0, bytearray()
        buffer = memoryview(bytearray(BLOCK_BYTES))
        try:
            with Path(path).open("rb", buffering=0) as handle:
                while count := fill(handle, buffer):
                    block = buffer[:count]
                    whole.update(block)
                    blocks += block_digest(block)
                    size += count
        except OSError as error:
            raise SourceError(f"{path} cannot be read: {error.strerror or type(error).__name__}") from error
        return cls(whole.hexdigest(), size, bytes(blocks))

    def matches(self, number: int, block: memoryview) -> bool:
        """Tell whether a block is the one that was there.

        Args:
            number: Its number, from 0.
            block: Its bytes.
        """
        start = number * _DIGEST_BYTES
        return block_digest(block) == self.blocks[start : start + _DIGEST_BYTES]

    def to_json(self) -> dict[str, JsonValue]:
        """Return it as a journal or a plan keeps it: about 22 characters for each MiB of the file."""
        return {
            "sha256": self.sha256,
            "size": self.size,
            _BLOCKS: base64.b64encode(self.blocks).decode("ascii"),
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, JsonValue]) -> Self:
        """Return the fingerprint that a journal or a plan keeps.

        Raises:
            ValueError: It is incomplete, or its blocks do not fit its size.
        """
        sha256, size, packed = kept.get("sha256"), kept.get("size"), kept.get(_BLOCKS)
        if not isinstance(sha256, str) or not isinstance(size, int) or not isinstance(packed, str):
            raise ValueError("the fingerprint of the input is incomplete")  # noqa: TRY004  (it is data, not a call)
        try:
            blocks = base64.b64decode(packed, validate=True)
        except binascii.Error as error:
            raise ValueError("the fingerprint of the input is damaged") from error
        if len(blocks) != -(-size // BLOCK_BYTES) * _DIGEST_BYTES:
            raise ValueError("the fingerprint of the input does not fit its size")
        return cls(sha256, size, blocks)


def fill(file: FileIO, buffer: memoryview) -> int:
    """Read until a buffer is full or the file ends, and return how many bytes: one read may bring fewer."""
    filled = 0
    while count := file.readinto(buffer[filled:]):
        filled += count
    return filled


def block_digest(block: memoryview) -> bytes:
    """Return the digest of one block."""
    return hashlib.sha256(block).digest()[:_DIGEST_BYTES]


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
        return value.model_dump(by_alias=True, exclude_unset=True, context=SHOWN)
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return str(value)
