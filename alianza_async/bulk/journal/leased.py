"""A journal for whoever looks after a job that does not run: opened, leased, and closed again."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from typing import TYPE_CHECKING, Final

import anyio

from alianza_async.bulk.journal.sqlite import SqliteStore
from alianza_async.errors import JournalError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from alianza_async.bulk.journal.store import Fence, JournalStore

__all__ = ["leased"]

_LEASE_S: Final = 30.0


@contextlib.asynccontextmanager
async def leased(
    journal: str | os.PathLike[str] | JournalStore,
) -> AsyncGenerator[tuple[JournalStore, Fence]]:
    """Hold a journal and the lease of its rows while the context lasts.

    Args:
        journal: Its path; or the journal, which then stays open.

    Raises:
        JournalError: There is no such journal, or it cannot be written.
        JournalLockedError: A process works with it.
    """
    opened = await SqliteStore.open(journal) if isinstance(journal, (str, os.PathLike)) else None
    store: JournalStore = journal if opened is None else opened  # type: ignore[assignment]  # a path is opened
    try:
        fence = await store.lease(owner=f"{socket.gethostname()}:{os.getpid()}", ttl_s=_LEASE_S)
        beating = asyncio.create_task(_beat(store, fence), name="alianza_async lease")
        try:
            yield store, fence
        finally:
            beating.cancel()
            await asyncio.gather(beating, return_exceptions=True)
            with anyio.CancelScope(shield=True), contextlib.suppress(JournalError):
                await store.release(fence)
    finally:
        if opened is not None:
            with anyio.CancelScope(shield=True):
                await opened.aclose()


async def _beat(store: JournalStore, fence: Fence) -> None:
    """Keep the lease; ends by cancellation. A lease that is lost fails the next write, which says so."""
    while True:
        await asyncio.sleep(_LEASE_S / 4)
        with contextlib.suppress(JournalError):
            await store.heartbeat(fence, _LEASE_S)
