"""The transports that are measured, and sessions over each."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from alianza_async import Credentials, LimitPolicy, Session

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from alianza_async import Transport
    from alianza_async.transports.choice import TransportName

__all__ = ["TRANSPORTS", "UNPACED", "bare", "open_session", "stubbed"]

TRANSPORTS: Final[Mapping[str, TransportName]] = {"default": "httpx", "fast": "fast"}
"""What `Session(transport=...)` calls each, by the name that its figures have."""

UNPACED: Final = 100_000.0
"""Requests a second that no client here reaches: the limiter is in the pipeline and never waits."""


@asynccontextmanager
async def open_session(
    url: str,
    transport: TransportName,
    *,
    rate: float = UNPACED,
    connections: int = 120,
    max_queue: int | None = None,
) -> AsyncGenerator[Session]:
    """Open a session with everything on, logged in.

    Args:
        url: Where the server is.
        transport: What `Session` calls it.
        rate: Requests a second.
        connections: Connections, and so requests under way, at the most.
        max_queue: How many calls may wait.
    """
    session = Session(
        Credentials("bench", "a-made-up-password"),
        base_url=url,
        limit=LimitPolicy(rate=rate),
        max_connections=connections,
        transport=transport,
        max_queue=max_queue,
    )
    async with session:
        await session.partition_id()
        yield session


@asynccontextmanager
async def stubbed(transport: Transport, *, rate: float = UNPACED) -> AsyncGenerator[Session]:
    """Open a session over a transport of our own, logged in."""
    async with Session(
        Credentials("bench", "a-made-up-password"),
        base_url="http://localhost",
        transport=transport,
        limit=LimitPolicy(rate=rate),
    ) as session:
        await session.partition_id()
        yield session


def bare(session: Session) -> Transport:
    """Return what carries a session's requests, without anything above it."""
    return session._opened.transport  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
