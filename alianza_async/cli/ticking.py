"""Something that is done ten times a second while a command waits: what shows its progress."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

__all__ = ["ticking"]

_TICK_S: Final = 0.1


@contextlib.asynccontextmanager
async def ticking(update: Callable[[], None]) -> AsyncGenerator[None]:
    """Call something at once and every tenth of a second, while the context lasts."""

    async def tick() -> None:
        while True:
            update()
            await asyncio.sleep(_TICK_S)

    ticker = asyncio.create_task(tick(), name="alianza progress")
    try:
        yield
    finally:
        ticker.cancel()
        await asyncio.gather(ticker, return_exceptions=True)
