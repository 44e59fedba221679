"""The transports that are measured: the one list of them, and sessions over each.

A transport is picked up as soon as a session can be opened with its name; until then its figures say that it
is not there yet. `Session(transport=...)` takes an object too, so that is found out by opening one.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

from alianza_async import AlianzaError, Credentials, LimitPolicy, Session

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable, Mapping

    from alianza_async import Transport
    from benchmarks.frame import Figure, Run

__all__ = [
    "TRANSPORTS",
    "UNPACED",
    "Choice",
    "argument",
    "bare",
    "best",
    "missing",
    "open_session",
    "present",
    "stubbed",
]

UNPACED: Final = 100_000.0
"""Requests a second that no client here reaches: the limiter is on the road and never waits."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One transport.

    Attributes:
        name: What its figures call it.
        names: What `Session(transport=...)` may call it, the first that opens is it; None is no argument.
    """

    name: str
    names: tuple[str | None, ...]


TRANSPORTS: Final = (
    Choice("default", ("httpx", None)),
    Choice("fast", ("fast", "aiohttp", "pyreqwest")),
)

_NO_SERVER: Final = "http://127.0.0.1:9"


def _options(name: str | None) -> Mapping[str, object]:
    return {} if name is None else {"transport": name}


async def _opens(name: str | None) -> bool:
    try:
        session = Session(auth_token="t", base_url=_NO_SERVER, **_options(name))  # type: ignore[arg-type]  # noqa: S106
        async with session:
            return True
    except (AlianzaError, AttributeError, ImportError, TypeError, ValueError):
        return False


@cache
def _argument(choice: Choice) -> tuple[str | None] | None:
    """Return the name that a session takes for a transport, in a tuple; None where it takes none of them."""
    for name in choice.names:
        if asyncio.run(_opens(name)):
            return (name,)
    return None


def missing(name: str) -> str | None:
    """Return why a transport cannot be measured, or None."""
    if _argument(_choice(name)) is not None:
        return None
    return f"the transport {name!r} is not there yet: no session opens with it"


def present(run: Run, figures: Iterable[Figure]) -> list[str]:
    """Return the transports that are there, and tell of the figures of those that are not."""
    for choice in TRANSPORTS:
        if (why := missing(choice.name)) is not None:
            run.absent(why, *(figure.name for figure in figures if _belongs(figure.name, choice.name)))
    return [choice.name for choice in TRANSPORTS if missing(choice.name) is None]


def _belongs(figure: str, name: str) -> bool:
    return any(part == name or part.startswith(f"{name}_over_") for part in figure.split("."))


def best() -> str:
    """Return the last transport of the list that is there: the one with the least cost of its own."""
    there = [choice.name for choice in TRANSPORTS if missing(choice.name) is None]
    return there[-1]


def argument(name: str) -> str | None:
    """Return what a session is to be given as `transport`; None for no argument."""
    found = _argument(_choice(name))
    return None if found is None else found[0]


def _choice(name: str) -> Choice:
    return next(choice for choice in TRANSPORTS if choice.name == name)


@asynccontextmanager
async def open_session(
    url: str, transport: str | None, *, rate: float = UNPACED, connections: int = 120
) -> AsyncGenerator[Session]:
    """Open a session with everything on, logged in.

    Args:
        url: Where the server is.
        transport: What `argument()` returned for it.
        rate: Requests a second.
        connections: Connections, and so requests under way, at the most.
    """
    session = Session(
        Credentials("bench", "a-made-up-password"),
        base_url=url,
        limit=LimitPolicy(rate=rate),
        max_connections=connections,
        **_options(transport),  # type: ignore[arg-type]
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
