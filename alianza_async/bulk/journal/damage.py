"""Whether a journal has lost the newest part of itself: its write-ahead log is gone or damaged.

SQLite keeps what is newest in `JOB.db-wal`, and overlooks what it cannot read there. After a kill that file
is there; after a power cut its last transaction may be torn, which was never acknowledged. Any other gap
means that rows which were sent may be missing.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final, NamedTuple

from alianza_async.bulk.journal.writer import reason_of

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

__all__ = ["Log", "log_of", "suspicion_of"]

_HEADER: Final = struct.Struct(">8I")
_FRAME: Final = struct.Struct(">4I")
_FRAME_BYTES: Final = 24
_MAGIC: Final = {0x377F0682: "<", 0x377F0683: ">"}
_WITH_LEASES: Final = 2
_32_BITS: Final = 0xFFFFFFFF


class Log(NamedTuple):
    """What a write-ahead log's file says before SQLite opens it.

    Attributes:
        trouble: What is wrong with it as a file; None where it begins as it should.
        synced: How many of its frames the disk had for certain: a later transaction follows them.
    """

    trouble: str | None = None
    synced: int = 0


def log_of(path: Path) -> Log:
    """Look at a journal's write-ahead log before SQLite does."""
    file = path.with_name(f"{path.name}-wal")
    try:
        with file.open("rb") as handle:
            head = handle.read(_HEADER.size)
            if not head:
                return Log(f"its newest part, {file.name}, is missing")
            if not _is_header(head):
                return Log(f"its newest part, {file.name}, is damaged")
            _, _, page_bytes, _, *salts, _, _ = _HEADER.unpack(head)
            committed = synced = frame = 0
            while len(found := handle.read(_FRAME_BYTES)) == _FRAME_BYTES:
                frame += 1
                _, size, *its_salts = _FRAME.unpack_from(found)
                if its_salts == salts:
                    # A transaction begins when the one before it is on the disk.
                    synced = committed
                    committed = frame if size else committed
                handle.seek(page_bytes, 1)
    except FileNotFoundError:
        return Log(f"its newest part, {file.name}, is missing")
    except OSError as error:
        return Log(f"its newest part, {file.name}, cannot be read ({reason_of(error)})")
    return Log(synced=synced)


def suspicion_of(path: Path, database: sqlite3.Connection, log: Log) -> str | None:
    """Return why a journal may lack what was acknowledged, in one sentence; None where it is whole.

    Args:
        path: The journal.
        database: A connection that writes to it, just opened.
        log: What its write-ahead log said before.
    """
    ((version,),) = database.execute("PRAGMA user_version")
    in_use = (
        "state = 'running'" if version < _WITH_LEASES else "EXISTS (SELECT 1 FROM leases WHERE owner NOTNULL)"
    )
    ((was_in_use,),) = database.execute(f"SELECT {in_use} FROM job")  # noqa: S608
    if not was_in_use:
        return None  # whoever wrote to it last has closed it
    trouble = log.trouble
    if trouble is None:
        _, there, _ = database.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        if there < log.synced:
            trouble = f"its newest part, {path.name}-wal, is damaged"
    if trouble is None:
        return None
    return (
        f"the journal {path} was in use when it was last written, and {trouble}: every row is looked up first"
    )


def _is_header(head: bytes) -> bool:
    """Tell whether a log's first bytes are whole: SQLite's magic number, and its checksum over them."""
    if len(head) < _HEADER.size:
        return False
    order = _MAGIC.get(_HEADER.unpack(head)[0])
    if order is None:
        return False
    words = struct.unpack(f"{order}6I", head[:24])
    first = second = 0
    for place in range(0, 6, 2):
        first = (first + words[place] + second) & _32_BITS
        second = (second + words[place + 1] + first) & _32_BITS
    return (first, second) == _HEADER.unpack(head)[6:]
