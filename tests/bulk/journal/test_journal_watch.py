"""A journal that is deleted, moved or replaced while a job runs stops that job."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from alianza_async.bulk.journal import JournalReader
from alianza_async.errors import JournalError
from tests.bulk.journal.journals import intent, leased

if TYPE_CHECKING:
    from pathlib import Path

    from alianza_async.bulk.journal import SqliteStore


def delete(path: Path) -> None:
    """Delete the journal."""
    path.unlink()


def move(path: Path) -> None:
    """Move it elsewhere."""
    path.rename(path.with_name("elsewhere.db"))


def move_folder(path: Path) -> None:
    """Move its folder."""
    path.parent.rename(path.parent.with_name("elsewhere"))


def replace(path: Path) -> None:
    """Put a copy of it in its place."""
    copy = path.with_name("copy.db")
    shutil.copy(path, copy)
    copy.replace(path)


def delete_log(path: Path) -> None:
    """Delete its newest part."""
    path.with_name(f"{path.name}-wal").unlink()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (delete, "was deleted or moved, so nothing more is sent"),
        (move, "was deleted or moved, so nothing more is sent"),
        (move_folder, "was deleted or moved, so nothing more is sent"),
        (replace, "was replaced by another file, so nothing more is sent"),
        (delete_log, "newest part, .*job.db-wal, was deleted or moved"),
    ],
)
async def test_a_journal_that_is_not_where_it_was_is_seen(
    journal: SqliteStore, change: object, reason: str
) -> None:
    """Watching raises what happened, in one sentence; before that it raises nothing."""
    await leased(journal)
    await journal.watch()
    assert callable(change)
    change(journal.path)

    with pytest.raises(JournalError, match=reason) as caught:
        await journal.watch()
    assert "\n" not in str(caught.value)


async def test_what_ends_meanwhile_goes_with_a_journal_that_was_moved(journal: SqliteStore) -> None:
    """Rows under way can still end: their outcomes are in the file, wherever it is now."""
    fence = await leased(journal)
    await journal.write(fence, intent(1))
    move(journal.path)
    await journal.write(fence, intent(2))
    await journal.aclose()

    with JournalReader(journal.path.with_name("elsewhere.db")) as reader:
        assert reader.counts() == {"intent": 2}
