"""What a sandbox holds: its store, its options, its faults, its records."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from alianza_async.sandbox.faults import FaultPlan
from alianza_async.sandbox.inventory import read_inventory
from alianza_async.sandbox.options import SandboxOptions
from alianza_async.sandbox.rate import SlidingLimit
from alianza_async.sandbox.record import Recorder, Truth
from alianza_async.sandbox.seeding import ANOTHER_LOGIN, THREE_DAYS_S, seed_objects
from alianza_async.sandbox.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from alianza_async.sandbox.inventory import Seed
    from alianza_async.sandbox.options import Json

__all__ = ["SandboxState"]


class SandboxState:
    """All that a sandbox holds, without the app that answers requests.

    Args:
        options: How it behaves; assign to `options` to change that at run time.
    """

    def __init__(self, options: SandboxOptions | None = None) -> None:
        self.options = options or SandboxOptions()
        self._start_afresh()

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
