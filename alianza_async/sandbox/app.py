"""The sandbox itself: one ASGI app, its store, its options, its faults, its records."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING, cast

from alianza_async.sandbox.admin import admin_app
from alianza_async.sandbox.api import SECURITY_HEADERS, Api
from alianza_async.sandbox.dates import DateHeader
from alianza_async.sandbox.faults import FaultPlan
from alianza_async.sandbox.inventory import read_inventory
from alianza_async.sandbox.options import SandboxOptions
from alianza_async.sandbox.rate import SlidingLimit
from alianza_async.sandbox.record import Recorder, Truth
from alianza_async.sandbox.seeding import ANOTHER_LOGIN, THREE_DAYS_S, seed_objects
from alianza_async.sandbox.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from alianza_async.sandbox.inventory import Seed
    from alianza_async.sandbox.options import Json


class Sandbox:
    """An Alianza of one's own.

    Give `app` to uvicorn or to an in-process ASGI transport, or the whole to `serve`.

    Args:
        options: How it behaves; assign to `options` to change that at run time.
    """

    def __init__(self, options: SandboxOptions | None = None) -> None:
        self.options = options or SandboxOptions()
        self._start_afresh()
        self.app: ASGIApp = _Front(self)

    def reset(self) -> None:
        """Forget every account, user, token, fault and record, drop what hangs; keep the options."""
        self.faults.release()
        self._start_afresh()

    def _start_afresh(self) -> None:
        """Make everything a sandbox remembers, empty."""
        seeds = () if self.options.inventory is None else read_inventory(self.options.inventory)
        self.store = Store()
        self.seed_inventory(seeds)
        self.faults = FaultPlan(self.options.seed)
        self.recorder = Recorder(self.options.record_limit)
        self.limit = SlidingLimit()
        self.random = random.Random(self.options.seed)  # noqa: S311  # jitter, not secrets

    def seed_inventory(self, numbers: Iterable[str | Seed]) -> int:
        """Put telephone numbers into the inventory of the partition of logins; answer how many were new.

        Raises:
            ValueError: One is no telephone number of 11 digits.
        """
        return self.store.numbers.seed(self.options.partition_id, numbers)

    def seed(
        self, things: Mapping[str, Sequence[Json]], *, login: str = ANOTHER_LOGIN, ago_s: float = THREE_DAYS_S
    ) -> dict[str, list[Json]]:
        """Make objects as though a login had made them some time ago, and answer them.

        Args:
            things: Lists of API bodies by `accounts`, `users`, `numbers`, `lines`, `plans` and
                `reservations`; all but accounts name their account by `accountNumber` or `accountId` and,
                where they have one, their user by `username` or `userId`.
            login: User name of the login that history names.
            ago_s: Seconds before now that history gives as their time.

        Raises:
            ValueError: A body is one that the API would refuse.
        """
        return seed_objects(self.store, self.options, things, login=login, ago_s=ago_s)

    def truth(self) -> Truth:
        """Tell what happened so far."""
        self.store.agenda.catch_up()
        return self.recorder.truth(self.store)


class _Front:
    """The ASGI app: it sends each request to the API, or to the few pages a test asks.

    An object with a call of its own, for uvicorn takes a bound method for an ASGI 2 app.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        self._api = Api(sandbox)
        self._clock, self._sandbox = DateHeader(), sandbox
        self._admin = admin_app(sandbox)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "http" and cast("str", scope["path"]).startswith("/v2/"):
            # The hot road stays clear of Starlette's layers: thousands of creates a second go through here.
            await self._api(scope, receive, send)
            return

        async def send_secured(message: Message) -> None:
            if message["type"] == "http.response.start":
                date = self._clock.at(time.time() + self._sandbox.options.clock_offset_s)
                message["headers"] = [*message["headers"], date, *SECURITY_HEADERS]
            await send(message)

        await self._admin(scope, receive, send_secured)
