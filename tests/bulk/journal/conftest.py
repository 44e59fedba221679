"""What every test of the journal may ask for: each store there is, and a state folder of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from alianza_async.bulk.journal import MemoryStore, SqliteStore
from tests.bulk.journal.journals import FACTS, leased

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from alianza_async.bulk.journal import Fence, JournalStore


@pytest.fixture(autouse=True)
def state(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The state folder: never the developer's own."""
    folder = tmp_path_factory.mktemp("state")
    monkeypatch.setenv("XDG_STATE_HOME", str(folder))
    return folder / "alianza"


@pytest.fixture(params=["memory", "sqlite"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[JournalStore]:
    """Each store there is, new."""
    if request.param == "memory":
        yield MemoryStore(FACTS)
        return
    async with await SqliteStore.create(tmp_path / "job.db", FACTS) as made:
        yield made


@pytest.fixture
async def fence(store: JournalStore) -> Fence:
    """The lease of that store's rows."""
    return await leased(store)


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncGenerator[SqliteStore]:
    """A new journal in a file."""
    async with await SqliteStore.create(tmp_path / "job.db", FACTS) as made:
        yield made
