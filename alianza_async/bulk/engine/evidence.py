"""Account history as evidence: who made or changed an object, whether one is coming, who changed what since.

Whatever cannot be proven is said to be unproven. An object counts as ours only where its entry is by our
login, and certainly within our step's own time by the server's clock.
"""

from __future__ import annotations

import asyncio
import math
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, Literal

from alianza_async.bulk.engine.clock import ServerClock
from alianza_async.bulk.engine.history_facts import (
    ACCOUNTS,
    DEVICE_LINES,
    TELEPHONE_NUMBERS,
    USER_CALLING_PLANS,
    USERS,
    Change,
    Maker,
    Pending,
    Sample,
    Sought,
    Subject,
    Traces,
    at,
    changes_to,
    creations,
    left_as_it_is,
    unfinished,
)
from alianza_async.bulk.engine.history_pages import Event, HistoryPages, HistoryUnavailable, Query
from alianza_async.endpoints.matching import folded
from alianza_async.errors import AuthenticationError, CallError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Sequence
    from datetime import date

    from alianza_async.session import Session

__all__ = [
    "ACCOUNTS",
    "DEVICE_LINES",
    "TELEPHONE_NUMBERS",
    "USERS",
    "USER_CALLING_PLANS",
    "Change",
    "History",
    "HistoryUnavailable",
    "Maker",
    "Pending",
    "Sample",
    "Sought",
    "Subject",
    "Traces",
]

LATE_S: Final = 600.0
"""Seconds after the last attempt within which a server may still carry it out."""

_SAMPLES: Final = 5
_SENT_ELSEWHERE: Final = "another job of the same login sent the same key"


async def _nowhere_else(_subject: Subject, _since: float | None) -> bool:
    return False


class History:
    """Asks account history who made what.

    Args:
        session: Where to ask.
        logins: User names and ids of the login whose work is ours; empty = the session's own.
        server_clock: The server's clock against ours; learns from what is read.
        clock: Unix seconds.
        sent_elsewhere: Tells whether another known job of this login sent the same key, ever or since a
            moment in Unix seconds: then an entry of this login proves nothing.
        seconds: How long an answer that many rows share is good for.
    """

    def __init__(
        self,
        session: Session,
        *,
        logins: Collection[str] = (),
        server_clock: ServerClock | None = None,
        clock: Callable[[], float] = time.time,
        sent_elsewhere: Callable[[Subject, float | None], Awaitable[bool]] = _nowhere_else,
        seconds: float = 5.0,
    ) -> None:
        self._session = session
        self._given = frozenset(folded(name) for name in logins if name)
        self._logins: frozenset[str] | None = None
        self._clock = clock
        self._sent_elsewhere = sent_elsewhere
        self._samples: list[Sample] = []
        self._calibrating = asyncio.Lock()
        self.server_clock = server_clock or ServerClock()
        # A clock that was measured by somebody else is as good as it can be.
        self._best_s = 0.0 if self.server_clock.sampled else math.inf
        self._pages = HistoryPages(session, self.server_clock, clock=clock, seconds=seconds)

    @property
    def why_not(self) -> str | None:
        """Why history cannot be read at all; None while it can, as far as is known."""
        return self._pages.why_not

    def calibrate(self, samples: Sequence[Sample]) -> None:
        """Take some answered steps to measure the server's clock by; they are looked up once, when needed.

        Args:
            samples: Steps that were answered. The five that were answered the soonest are taken, and only
                those that took less than half as long as the best one that it is measured by already.
        """
        if not self._samples:
            better = [sample for sample in samples if sample.seconds < self._best_s / 2]
            self._samples = sorted(better, key=lambda sample: sample.seconds)[:_SAMPLES]

    async def maker(
        self,
        subject: Subject,
        object_id: str | None,
        *,
        first_intent: float,
        last_intent: float,
        now: float | None = None,
    ) -> Maker:
        """Tell who made an object that was found.

        `GET /v2/partition/{partitionId}/account/{accountId}/accounthistorysearch`, or by account number.

        Args:
            subject: What was asked for.
            object_id: The object that was found, as history names it; None = the one that has the key.
            first_intent: When our step first meant to send it, in Unix seconds of ours.
            last_intent: When it last did.
            now: Until when anything can have been made, in Unix seconds of ours; None = the clock's.

        Raises:
            HistoryUnavailable: History could not be read just now: ask again.
            AuthenticationError: The login was refused.
        """
        await self._measure()
        until = min(last_intent + LATE_S, self._clock() if now is None else now)
        made: list[Event] | str = []
        for fresh in (False, True):  # what is remembered may be older than the object
            events = await self._events(subject, there=True, fresh=fresh)
            if self.why_not is not None:
                return Maker("unproven", why=self.why_not)
            made = creations(events, subject, None if object_id is None else folded(object_id))
            if made:
                break
        if isinstance(made, str):
            return Maker("unproven", why=made)
        if not made:
            return Maker("unproven", why="account history does not show who made it")
        logins = await self._own_logins()
        verdicts = [self._verdict(event, logins, first_intent, until) for event in made]
        whose = {verdict.whose for verdict in verdicts}
        latest = verdicts[-1]
        if len(whose) > 1:
            return Maker("unproven", latest.who, latest.when, "account history shows it made more than once")
        if latest.whose == "ours" and await self._sent_elsewhere(subject, None):
            return Maker("unproven", latest.who, latest.when, _SENT_ELSEWHERE)
        return latest

    async def changer(
        self, subject: Subject, object_id: str, sought: Sought, *, first_intent: float, last_intent: float
    ) -> Maker:
        """Tell who changed an object that is as a request of ours would have left it.

        `GET /v2/partition/{partitionId}/account/{accountId}/accounthistorysearch`, or by account number.

        Args:
            subject: What was changed.
            object_id: The object, as history names it.
            sought: What was to be changed of it.
            first_intent: When our step first meant to send it, in Unix seconds of ours.
            last_intent: When it last did.

        Raises:
            HistoryUnavailable: History could not be read just now: ask again.
            AuthenticationError: The login was refused.
        """
        await self._measure()
        until = min(last_intent + LATE_S, self._clock())
        changes: list[Event] = []
        verdicts: list[Maker] = []
        for fresh in (False, True):  # what is remembered may be older than the change
            changes = await self._changes_to(subject, object_id, sought, since=first_intent, fresh=fresh)
            if self.why_not is not None:
                return Maker("unproven", why=self.why_not)
            logins = await self._own_logins()
            shown = left_as_it_is(changes, subject, sought)
            verdicts = [self._verdict(each, logins, first_intent, until, "changed") for each in shown]
            if verdicts and all(verdict.whose == "ours" for verdict in verdicts):
                break
        if not verdicts:
            return Maker("unproven", why="account history does not show who changed it")
        if any(verdict.whose != verdicts[0].whose for verdict in verdicts):
            read = sought.removes or all(each.values is not None for each in changes)
            return self._of_several(verdicts, read=read)
        latest = verdicts[-1]
        # A job that sent it earlier is none that can have changed it since.
        if latest.whose == "ours" and await self._sent_elsewhere(subject, first_intent - LATE_S):
            return Maker("unproven", latest.who, latest.when, _SENT_ELSEWHERE)
        return latest

    def _of_several(self, verdicts: Sequence[Maker], *, read: bool) -> Maker:
        """Say whose a change is that several entries tell of: somebody else's, where one certainly is."""
        theirs = [verdict for verdict in verdicts if verdict.whose == "others"]
        if theirs and read:
            return theirs[-1]
        latest = verdicts[-1]
        too_close = all(verdict.whose == "ours" or verdict.too_close for verdict in verdicts)
        why = "account history shows it changed more than once"
        return Maker("unproven", latest.who, latest.when, why, too_close=too_close)

    async def pending(self, subject: Subject, *, since: float) -> Pending | None:
        """Tell whether an object that a look-up did not find is asked for, or there nevertheless.

        Args:
            subject: What was asked for.
            since: When our step first meant to send it, in Unix seconds of ours; what was before does not
                count, nor does a request that has made nothing for ten minutes.

        Returns:
            What history shows; None where it shows nothing, or cannot be read at all (`why_not`).

        Raises:
            HistoryUnavailable: History could not be read just now: ask again.
            AuthenticationError: The login was refused.
        """
        events = await self._events(subject, there=False, fresh=True)
        living, asked = unfinished(events, folded(subject.key))
        for event in living:
            if not self._is_before(event, since):
                return Pending("there", event.object_id, event.who, event.when)
        newest = max(since, self._clock() - LATE_S)
        for event in asked:
            if not self._is_before(event, newest):
                return Pending("asked for", None, event.who, event.when)
        return None

    async def living(self, subject: Subject) -> list[Pending] | None:
        """Return every object that was made under a key and not deleted since, oldest first.

        Args:
            subject: An object that is known to be there: a history that does not find it has failed.

        Returns:
            The objects; None where history cannot be read at all (`why_not`).

        Raises:
            HistoryUnavailable: History could not be read just now: ask again.
            AuthenticationError: The login was refused.
        """
        living, _ = unfinished(await self._events(subject, there=True, fresh=True), folded(subject.key))
        if self.why_not is not None:
            return None
        return [Pending("there", event.object_id, event.who, event.when) for event in living]

    async def changes(self, account_id: str, *, since: float, fresh: bool = False) -> list[Change] | None:
        """Return what was done to an account and its objects, oldest first.

        Args:
            account_id: The account.
            since: What is certainly older does not count, in Unix seconds of ours.
            fresh: Whether the answer may not be some seconds old: many rows may be of one account.

        Returns:
            The entries that name who did it; None where history cannot be read at all (`why_not`).

        Raises:
            HistoryUnavailable: History could not be read just now: ask again.
            AuthenticationError: The login was refused.
        """
        await self._measure()
        query = Query(account_id, None, (), _day_before(since))
        events = await self._pages.read(query, there=False, fresh=fresh)
        if self.why_not is not None:
            return None
        return [
            Change(
                action=event.action,
                what=(event.kind or "something").lower().replace("_", " "),
                who=event.who,
                doer=event.doers,
                about=event.names if event.object_id is None else event.names | {event.object_id},
                when=event.when,
            )
            for event in events
            if event.who is not None and not self._is_before(event, since)
        ]

    # --- asking -----------------------------------------------------------------------------------------

    async def _events(
        self, subject: Subject, *, there: bool, fresh: bool, changes_since: date | None = None
    ) -> list[Event]:
        """Return the entries about a kind of object, or those of its changes since a day."""
        traces = subject.traces
        types = traces.types if changes_since is None else (*traces.types, *traces.also)
        # By number, history tells of every account that ever had it, and of one that is only asked for.
        account_id = subject.account_id
        number = subject.account_number or (subject.key if traces == ACCOUNTS else None)
        if account_id is None and number is None:
            return []
        query = Query(account_id, None if account_id is not None else number, types, changes_since)
        events = await self._pages.read(query, there=there, fresh=fresh)
        return [
            event
            for event in events
            if event.kind in types
            and event.reference in {None, traces.reference}
            and (subject.owner_id is None or event.object_id in {None, folded(subject.owner_id)})
        ]

    async def _changes_to(
        self, subject: Subject, object_id: str, sought: Sought, *, since: float, fresh: bool
    ) -> list[Event]:
        """Return the entries that may tell of a change, and are not certainly older than a moment of ours."""
        events = await self._events(
            subject, there=not sought.removes, fresh=fresh, changes_since=_day_before(since)
        )
        changes = changes_to(events, subject, folded(object_id), sought)
        return [event for event in changes if not self._is_before(event, since)]

    async def _measure(self) -> None:
        """Look the samples up, once."""
        async with self._calibrating:
            samples, self._samples = self._samples, []
            for index, sample in enumerate(samples):
                try:
                    logins = await self._own_logins()
                    told = await self._told_of(sample)
                except HistoryUnavailable:
                    # The next question goes on; until then the `Date` of answers is all there is.
                    self._samples = samples[index + 1 :]
                    return
                if len(told) == 1 and told[0].doers & logins and told[0].when is not None:
                    self.server_clock.observe(sample.sent_at, sample.answered_at, told[0].when)
                    self._best_s = min(self._best_s, sample.seconds)

    async def _told_of(self, sample: Sample) -> list[Event]:
        """Return the entries that may tell of a sample; of more than one, none measures anything."""
        if sample.sought is None:
            events = await self._events(sample.subject, there=True, fresh=False)
            object_id = None if sample.object_id is None else folded(sample.object_id)
            made = creations(events, sample.subject, object_id)
            return [] if isinstance(made, str) else made
        if sample.object_id is None or sample.sought.removes:
            return []
        changes = await self._changes_to(
            sample.subject, sample.object_id, sample.sought, since=sample.sent_at, fresh=False
        )
        clock = self.server_clock
        # An object changes often: without any idea of the clock, no entry is known to be this one.
        if not math.isfinite(clock.bounds.hi - clock.bounds.lo):
            return []
        return [
            event
            for event in changes
            if event.when is None or not clock.certainly_after(event.when, sample.answered_at)
        ]

    async def _own_logins(self) -> frozenset[str]:
        """Return all that our login is called, folded: its user name and its id."""
        if self._logins is None:
            info = self._session.info
            if info is None or not (info.username or info.user_id):
                try:
                    info = await self._session.authorize.user_info()
                except AuthenticationError:
                    raise
                except CallError as error:
                    raise HistoryUnavailable(f"who is logged in cannot be read ({error.message})") from error
            own = frozenset(folded(name) for name in (info.username, info.user_id) if name)
            # A journal knows its login by name alone; where that is the session's, its id is known too.
            self._logins = own | self._given if not self._given or self._given & own else self._given
        return self._logins

    # --- weighing ---------------------------------------------------------------------------------------

    def _verdict(
        self, event: Event, logins: frozenset[str], start: float, until: float, did: str = "made"
    ) -> Maker:
        """Say whose one creation or change is."""
        who, when, clock = event.who, event.when, self.server_clock
        whose: Literal["ours", "others", "unproven"] = "unproven"
        why = f"{did} by {who} {at(when)}"
        if not event.doers:
            why = f"account history does not say who {did} it"
        elif not event.doers & logins:
            whose = "others"
        elif when is None:
            pass
        elif clock.certainly_before(when, start):
            whose, why = "others", f"{why}, before this step was first sent"
        elif not clock.certainly_after(when, start):
            why = f"{why}, too close to when this step was first sent to tell by the clocks"
            return Maker(whose, who, when, why, too_close=True)
        elif clock.certainly_after(when, until):
            why = f"{why}, too long after this step was sent"
        else:
            whose, why = "ours", ""
        return Maker(whose, who, when, why)

    def _is_before(self, event: Event, our_time: float) -> bool:
        return event.when is not None and self.server_clock.certainly_before(event.when, our_time)


def _day_before(moment: float) -> date:
    """Return the day before a moment: clocks differ, and the API takes dates alone."""
    return (datetime.fromtimestamp(moment, UTC) - timedelta(days=1)).date()
