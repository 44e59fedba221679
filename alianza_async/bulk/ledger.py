"""The journal as a kind sees it, and what stands in its place where there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

from alianza_async.bulk.input.seen import Seen, comparable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alianza_async.bulk.journal.entries import StepEntry
    from alianza_async.bulk.journal.journal import Journal
    from alianza_async.bulk.report import Status
    from alianza_async.bulk.work import StepFacts, Work

__all__ = ["JournalLedger", "NullLedger"]


class NullLedger:
    """The ledger of a job without a journal: it keeps nothing but which keys its steps had.

    Args:
        settle_s: Seconds until what was sent, and not answered, is looked up.
    """

    def __init__(self, settle_s: float) -> None:
        self.settle_s = settle_s
        self._seen: Seen | None = None

    async def intend(self, work: Work, *, step: str | None = None, step_key: str | None = None) -> None:
        """Do nothing."""

    async def settle_step(self, work: Work, step: str, status: Status, **facts: Unpack[StepFacts]) -> None:
        """Do nothing."""

    def steps(self, work: Work) -> Mapping[str, StepEntry]:  # noqa: ARG002
        """Return nothing: what a row needs from turn to turn is in its `state`."""
        return {}

    def known_elsewhere(self, work: Work, step: str, key: str) -> bool:
        """Tell whether another row asked for this key of this step before.

        Raises:
            SourceError: The keys cannot be kept in the temporary directory.
        """
        if self._seen is None:
            self._seen = Seen()  # only workflows ask
        first = self._seen.first(f"{step}\0{comparable(key)}", work.row.number)
        return first is not None and first != work.row.number

    def close(self) -> None:
        """Forget the keys."""
        seen, self._seen = self._seen, None
        if seen is not None:
            seen.close()


class JournalLedger:
    """The ledger of a job with a journal.

    Args:
        journal: Where it is written.
        settle_s: Seconds until what was sent, and not answered, is looked up.
    """

    def __init__(self, journal: Journal, settle_s: float) -> None:
        self.settle_s = settle_s
        self._journal = journal
        # Keys on their way to the disk, where the journal does not show them yet.
        self._intended: dict[tuple[str, str], int] = {}

    async def intend(self, work: Work, *, step: str | None = None, step_key: str | None = None) -> None:
        """Write that something is about to be sent for a row; it is on disk when this returns.

        Raises:
            JournalError: It cannot be written; then nothing may be sent.
        """
        if work.digest is None:
            work.digest = self._journal.digest(work.row.values)
        number = work.row.number
        work.intended = True
        if step is None or step_key is None:
            await self._journal.intend(number, work.key, work.digest, step=step)
            return
        place = step, comparable(step_key)
        self._intended.setdefault(place, number)
        await self._journal.intend(number, work.key, work.digest, step=step, step_key=step_key)
        if self._intended.get(place) == number:
            del self._intended[place]

    async def settle_step(self, work: Work, step: str, status: Status, **facts: Unpack[StepFacts]) -> None:
        """Write how a step of a row ended; it is on disk when this returns.

        Raises:
            JournalError: It cannot be written.
        """
        await self._journal.settle_step(work.row.number, step, status, **facts)

    def steps(self, work: Work) -> Mapping[str, StepEntry]:
        """Return what is known of a row's steps, by name."""
        return self._journal.steps(work.row.number)

    def known_elsewhere(self, work: Work, step: str, key: str) -> bool:
        """Tell whether another row has, or had, a step with this key."""
        number = work.row.number
        if self._intended.get((step, comparable(key)), number) != number:
            return True
        return self._journal.step_by_key(step, key, other_than=number) is not None

    def close(self) -> None:
        """Do nothing: the journal is its owner's to close."""
