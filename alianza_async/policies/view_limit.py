"""The limit of a view, on top of the client's: it slows the view's calls, and holds up nobody else."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from alianza_async.policies.limit import RateLimiter
from alianza_async.policies.turns import Permits

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from alianza_async.calls.options import Lane
    from alianza_async.policies.values import LimitPolicy

__all__ = ["ViewGate"]

_AT_ONCE: Final = 0.001


class ViewGate:
    """Lets the calls of a view through one at a time, as fast as its limit says.

    A call passes it before it takes anything of the client's, so that a crowd that waits for a slow view
    holds no connection. It leaves it only when its request does: what waits behind it for a connection, a
    pause or a login gathers no tokens, and leaves in no burst.

    Args:
        policy: The limit.

    Attributes:
        limiter: The rate.
    """

    def __init__(self, policy: LimitPolicy) -> None:
        self.limiter = RateLimiter(policy)
        self._gate = Permits(1)

    @asynccontextmanager
    async def passed(self, lane: Lane) -> AsyncGenerator[None, None]:
        """Wait for this caller's turn; the next one has its own when the block is left.

        Args:
            lane: Where it stands in line.
        """
        await self._gate.acquire(lane)
        try:
            await self.limiter.acquire(lane)
            time = asyncio.get_running_loop().time
            taken_at = time()
            yield
            if time() - taken_at > _AT_ONCE:
                await self.limiter.taken_now()
        finally:
            self._gate.release()
