"""Writes a journal and says what was acknowledged; run by test_journal_durability.py under fsync_shim.c.

Arguments: the journal, `FULL` or `NORMAL`, the number of rows.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from alianza_async.bulk.journal import Journal, files
from tests.bulk.journal.journals import FACTS


async def main(path: Path, synchronous: str, rows: int) -> None:
    """Take rows from nothing to `created`, four at a time; note each step once it is acknowledged."""
    files.SYNCHRONOUS = synchronous
    files.CHECKPOINT_PAGES = 16  # so that the log is folded into the file many times
    acknowledged = os.open(path.with_name("acknowledged"), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    numbers = iter(range(1, rows + 1))

    async def work(journal: Journal) -> None:
        for row in numbers:
            await journal.intend(row, f"A-{row}", b"d", step="account", step_key=f"A-{row}")
            os.write(acknowledged, f"intent {row}\n".encode())
            await journal.settle_step(row, "account", "created", object_id=f"id-{row}")
            await journal.settle(row, f"A-{row}", b"d", "created", object_id=f"id-{row}")
            os.write(acknowledged, f"created {row}\n".encode())

    async with Journal.create(path, FACTS) as journal:
        await asyncio.gather(*(work(journal) for _ in range(4)))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
