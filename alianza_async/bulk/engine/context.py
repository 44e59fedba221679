"""What all rows of one job have in common."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from alianza_async.bulk.engine.recording_session import RecordingSession
from alianza_async.bulk.engine.step_locks import StepLocks

if TYPE_CHECKING:
    from alianza_async.bulk.engine.evidence import History, Sample
    from alianza_async.bulk.engine.outage import OutageDetector
    from alianza_async.bulk.journal.store import Fence, JournalStore
    from alianza_async.session import Session

__all__ = ["JobContext", "OnExists"]

OnExists = Literal["skip", "update", "fail"]
"""What becomes of a row whose object is there already: `skip` leaves it (equal is `exists`, different is
`failed`), `update` brings it to what the row says, `fail` makes the row `failed`."""


_SAMPLES: Final = 5


@dataclass(slots=True, eq=False)
class JobContext:
    """What all rows of one job have in common.

    Attributes:
        session: Where requests go.
        store: The job's journal.
        fence: What writes to it are fenced with.
        history: Account history, as evidence of who made what.
        settle_s: Seconds until what was sent, and not answered, is looked up.
        keeps_journal: Whether what happens to rows is written down.
        on_exists: What becomes of rows whose objects are there already.
        ensure: Whether every step is looked up before it is sent.
        locks: Which row is at which shared step.
        shared: What the steps of all rows keep in common.
        samples: Objects made with a known answer, those that took the shortest: what the server's clock is
            measured by.
        outage: Tells an outage from a row's own failure; None where nothing does.
    """

    session: Session
    store: JournalStore
    fence: Fence
    history: History
    settle_s: float
    keeps_journal: bool = True
    on_exists: OnExists = "skip"
    ensure: bool = False
    locks: StepLocks = field(default_factory=StepLocks)
    outage: OutageDetector | None = None
    samples: list[Sample] = field(default_factory=list["Sample"])
    _longest_sample_s: float = math.inf
    _sessions: list[RecordingSession] = field(default_factory=list["RecordingSession"])
    shared: dict[str, object] = field(default_factory=dict[str, object])

    def take_session(self) -> RecordingSession:
        """Return a view of the session for one row; views, and the resources they have loaded, are reused."""
        return self._sessions.pop() if self._sessions else RecordingSession.over(self.session)

    def wants_sample(self, seconds: float) -> bool:
        """Tell whether an object that took so long measures the clock better than one that is kept."""
        return seconds < self._longest_sample_s

    def keep_sample(self, sample: Sample) -> None:
        """Keep an object that was made with a known answer, in the place of the one that took the longest."""
        kept = sorted([*self.samples, sample], key=lambda each: each.seconds)[:_SAMPLES]
        self.samples = kept
        if len(kept) == _SAMPLES:
            self._longest_sample_s = kept[-1].seconds

    def give_back(self, session: RecordingSession) -> None:
        """Take back the view of a row that has ended."""
        session.reset()
        self._sessions.append(session)
