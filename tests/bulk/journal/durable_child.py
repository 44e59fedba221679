"""Writes a journal and says what was acknowledged; run by test_journal_durability.py under fsync_shim.c.

Arguments: the journal, `FULL` or `NORMAL`, the number of rows.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from alianza_async.bulk.journal import RowOutcome, SqliteStore, StepIntent, StepOutcome, files
from tests.bulk.journal.journals import FACTS, leased


async def main(path: Path, synchronous: str, rows: int) -> None:
    """Take rows from nothing to `created`, four at a time; note each step once it is acknowledged."""
    files.SYNCHRONOUS = synchronous
    files.CHECKPOINT_PAGES = 16  # so that the log is folded into the file many times
    acknowledged = os.open(path.with_name("acknowledged"), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    numbers = iter(range(1, rows + 1))

    async with await SqliteStore.create(path, FACTS) as journal:
        fence = await leased(journal)

        async def work() -> None:
            for row in numbers:
                key = f"A-{row}"
                await journal.write(fence, StepIntent(row, key, b"d", "account", key))
                os.write(acknowledged, f"intent {row}\n".encode())
                await journal.write(
                    fence,
                    StepOutcome(row, "account", "created", object_id=f"id-{row}"),
                    RowOutcome(row, key, b"d", "created", object_id=f"id-{row}"),
                )
                os.write(acknowledged, f"created {row}\n".encode())

        await asyncio.gather(*(work() for _ in range(4)))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
