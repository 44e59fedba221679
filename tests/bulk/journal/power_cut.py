"""A disk put together from the log of fsync_shim.c: what it must hold if the power is cut at some point."""

from __future__ import annotations

import struct
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from random import Random

ACKNOWLEDGED: Final = "acknowledged"
_HEAD: Final = struct.Struct("=cQQI")
_SECTOR: Final = 512


class Record(NamedTuple):
    """One call, as noted."""

    what: str
    inode: int
    place: int
    data: bytes


def records(log: Path) -> Iterator[Record]:
    """Yield what a process did, in order."""
    content = log.read_bytes()
    start = 0
    while start < len(content):
        what, inode, place, length = _HEAD.unpack_from(content, start)
        start += _HEAD.size
        yield Record(what.decode(), inode, place, content[start : start + length])
        start += length


@dataclass
class Disk:
    """Files by what is on the disk for certain, and what was done since and may be on it or not.

    Attributes:
        synced: Content by file, as of its last sync.
        since: Writes and truncations by file since then.
        names: File by name, as of the folder's last sync.
        acknowledged: What the process said to have been acknowledged so far.
    """

    synced: dict[int, bytes] = field(default_factory=dict[int, bytes])
    since: defaultdict[int, list[Record]] = field(
        default_factory=lambda: defaultdict[int, list[Record]](list)
    )
    names: dict[str, int] = field(default_factory=dict[str, int])
    acknowledged: list[str] = field(default_factory=list[str])
    _names: dict[str, int] = field(default_factory=dict[str, int])
    _by_inode: dict[int, int] = field(default_factory=dict[int, int])

    def apply(self, record: Record) -> None:
        """Do what the process did."""
        match record.what:
            case "C":  # inodes are used again: a new file is a new number
                file = len(self.synced) + 1
                self._by_inode[record.inode] = file
                self.synced[file] = b""
                self._names[record.data.decode()] = file
            case "U":
                del self._names[record.data.decode()]
            case "R":
                old, new = record.data.decode().split("\0")
                self._names[new] = self._names.pop(old)
            case "L":
                old, new = record.data.decode().split("\0")
                self._names[new] = self._names[old]
            case "D":
                self.names = dict(self._names)
            case "S":
                file = self._by_inode[record.inode]
                self.synced[file] = replayed(self.synced[file], self.since.pop(file, []))
            case _ if self._by_inode[record.inode] == self._names.get(ACKNOWLEDGED):
                self.acknowledged += record.data.decode().splitlines()
            case _:
                self.since[self._by_inode[record.inode]].append(record)

    def after_cut(self, rng: Random | None = None) -> dict[str, bytes]:
        """Return the files as they are after a cut.

        Args:
            rng: Picks what of the unsynced is on the disk too, to a sector; without one nothing is.
        """
        return {
            name: replayed(self.synced[file], _torn(self.since.get(file, []), rng) if rng else [])
            for name, file in self.names.items()
        }


def replayed(content: bytes, done: list[Record]) -> bytes:
    """Return a content after writes and truncations."""
    out = bytearray(content)
    for record in done:
        end = record.place + len(record.data)
        if record.what == "T" or len(out) < end:
            size = record.place if record.what == "T" else end
            out = out[:size].ljust(size, b"\0")
        if record.what == "W":
            out[record.place : end] = record.data
    return bytes(out)


def _torn(done: list[Record], rng: Random) -> list[Record]:
    """Return some of what was done, and of some writes only some of their sectors."""
    out: list[Record] = []
    for record in done:
        if rng.random() < 0.5:
            continue
        if record.what == "T" or rng.random() < 0.5:
            out.append(record)
            continue
        for start in range(0, len(record.data), _SECTOR):
            if rng.random() < 0.5:
                sector = record.data[start : start + _SECTOR]
                out.append(record._replace(place=record.place + start, data=sector))
    return out
