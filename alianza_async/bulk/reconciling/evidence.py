"""Account history as evidence: who created what, and when; and what the server has under way."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final, Literal

from alianza_async.bulk.reconciling.findings import Creation, Event, Findings, weigh
from alianza_async.errors import CallError, NotFoundError, PermissionDeniedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from alianza_async.call import Call, Reply
    from alianza_async.models.account_history import (
        AccountHistoryEntry,
        AccountHistoryPage,
        AccountHistoryType,
    )
    from alianza_async.session import Session

__all__ = ["LAG_S", "UNDER_WAY_S", "Creation", "Evidence", "Findings", "HistoryHook", "Subject"]

LAG_S: Final = 5.0
"""Seconds within which a server is trusted to show in its history what it did."""

UNDER_WAY_S: Final = 600.0
"""Seconds after which a request that made nothing is taken for one that was dropped."""

_SKEW_S: Final = 5.0  # clocks differ, and a `Date` header counts whole seconds
_PAGE: Final = 100
_FAILURES: Final = 3  # in a row, without one answer: then it is not asked any more
_NO_SUCH_OPERATION: Final = frozenset({405, 501})


@dataclass(frozen=True, slots=True)
class Subject:
    """What history is asked about.

    Attributes:
        kind: An account, or a user of one.
        key: The account's number, or the user's name.
        account_id: The account of a user.
    """

    kind: Literal["account", "user"]
    key: str
    account_id: str | None = None

    @classmethod
    def of(cls, call: Call) -> Subject | None:
        """Return what a create makes, where history tells of it."""
        if call.key_value is None:
            return None
        match call.operation.operation_id:
            case "createAccount":
                return cls("account", call.key_value)
            case "createEndUser":
                return cls("user", call.key_value, call.path_values.get("account_id"))
            case _:
                return None


# By our word for a kind: the type of the entries about it, and how those of requests refer to it.
_TYPES: Final[Mapping[str, AccountHistoryType]] = {"account": "ACCOUNT", "user": "USER"}
_REFERENCES: Final[Mapping[str, str]] = {"account": "Account", "user": "EndUser"}
_REQUESTS: Final[AccountHistoryType] = "PROVISIONING"


class Evidence:
    """Asks account history who created what.

    A login that may not read it, or a server that keeps none, is no error: `available` turns False, is
    remembered, and `why_not` says why.

    Args:
        session: Where to ask.
        since: What was created before this is not ours; aware of its time zone.
        until: What was created after this is not ours either; None = now.
        login: User name or id of the login whose creations are ours; None = the session's own.
        lag_s: Seconds within which the server shows what it did: until then an absence proves nothing.
        under_way_s: Seconds after which a request that made nothing is taken for dropped.
        clock: Unix time, in seconds.

    Attributes:
        available: Whether history can be asked, as far as is known.
        why_not: Why it cannot; None while it can.
        lag_s: As given.
        asked: Requests sent.
    """

    def __init__(
        self,
        session: Session,
        *,
        since: datetime,
        until: datetime | None = None,
        login: str | None = None,
        lag_s: float = LAG_S,
        under_way_s: float = UNDER_WAY_S,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._session = session
        self._since = since
        self._until = until
        self._logins = None if login is None else frozenset({login.casefold()})
        self._under_way_s = under_way_s
        self._clock = clock
        self._ahead_s = 0.0
        self._failures = 0
        self.lag_s = lag_s
        self.available = True
        self.why_not: str | None = None
        self.asked = 0

    async def of_account(self, number: str, *, since: datetime | None = None) -> Findings | None:
        """Return what history tells of the accounts that ever had a number; see `of`."""
        return await self.of(Subject("account", number), since=since)

    async def of_user(
        self, account_id: str, username: str, *, since: datetime | None = None
    ) -> Findings | None:
        """Return what history tells of the users of an account who had a name; see `of`."""
        return await self.of(Subject("user", username, account_id), since=since)

    async def of(self, subject: Subject, *, since: datetime | None = None) -> Findings | None:
        """Return what history tells of something.

        `GET /v2/partition/{partitionId}/account/accounthistorysearch`, and the one by account id.

        Args:
            subject: What is asked about.
            since: A later start of our window, such as the intent of this very item.

        Returns:
            What it tells; None where it cannot be asked now, or at all (`available`).
        """
        if not self.available:
            return None
        try:
            logins = self._logins or await self._own_logins()
            events = await self._events(subject)
        except CallError as error:
            self._failed(error)
            return None
        self._failures = 0
        return weigh(events, lambda who, when: self._is_ours(logins, who, when, since))

    async def under_way(self, subject: Subject, *, since: datetime | None = None) -> bool:
        """Tell whether the server has a create under way, or has just carried it out.

        To be asked after a look-up has found nothing. Where history cannot be asked at all it is False: then
        the settle time alone decides. Where it fails just now it is True: ask again.

        Args:
            subject: What was to be created.
            since: What was asked for or made before this does not count; None = the evidence's own start.
        """
        found = await self.of(subject, since=since)
        if found is None:
            return self.available
        start = self._server_time(since or self._since)
        newest = datetime.fromtimestamp(self._clock() + self._ahead_s - self._under_way_s, UTC)
        return any(
            event.when is not None and event.when >= max(start, newest)
            for event in (*found.requested, *found.living)
        )

    def lag_left(self, moment: float) -> float:
        """Return how many seconds are left until an absence says anything of what was done at a Unix time."""
        return max(0.0, moment + self.lag_s - self._clock()) if self.available else 0.0

    # --- asking ---------------------------------------------------------------------------------------------

    async def _events(self, subject: Subject) -> list[Event]:
        """Return the entries about something, oldest first where the server has the newest first."""
        try:
            entries = await self._entries(subject)
        except NotFoundError:
            return []  # no such account: so nothing was done to it, as far as is known
        kind, reference = _TYPES[subject.kind], _REFERENCES[subject.kind]
        events = [
            _event(entry)
            for entry in reversed(entries)
            if entry.account_history_type == kind
            or (entry.account_history_type == _REQUESTS and entry.reference_type == reference)
        ]
        if subject.kind == "account":
            return events
        ids = {event.object_id for event in events if event.name == subject.key.casefold()} - {None}
        return [event for event in events if event.name == subject.key.casefold() or event.object_id in ids]

    async def _entries(self, subject: Subject) -> list[AccountHistoryEntry]:
        """Ask for every entry of a kind."""
        first = await self._page(subject, 0)
        self._set_clock(first)
        found = {entry.id or id(entry): entry for entry in first.value.results or ()}
        read, total = len(found), first.value.total_records or 0
        while 0 < read < total:
            more = (await self._page(subject, read)).value.results or ()
            if not more:
                break
            read += len(more)
            # What is written meanwhile comes first, and moves the rest: an entry may come twice.
            found.update((entry.id or id(entry), entry) for entry in more)
        return list(found.values())

    async def _page(self, subject: Subject, start: int) -> Reply[AccountHistoryPage]:
        self.asked += 1
        accounts, types = self._session.accounts, _asked_types(subject)
        if subject.kind == "account":
            return await accounts.history_by_number.raw(
                account_number=subject.key,
                account_history_type=types,
                first_result_index=start,
                max_result=_PAGE,
            )
        return await accounts.history.raw(
            subject.account_id or "",
            account_history_type=types,
            first_result_index=start,
            max_result=_PAGE,
        )

    def _failed(self, error: CallError) -> None:
        self._failures += 1
        if isinstance(error, PermissionDeniedError):
            self._give_up("the login may not read account history")
        elif error.status in _NO_SUCH_OPERATION:
            self._give_up("the server keeps no account history")
        elif self._failures >= _FAILURES:
            self._give_up(f"account history cannot be read ({error.message})")

    def _give_up(self, why: str) -> None:
        self.available, self.why_not = False, why

    # --- whose it is ----------------------------------------------------------------------------------------

    async def _own_logins(self) -> frozenset[str]:
        """Return how the history calls this session's login: its name, and its id."""
        info = self._session.info
        if info is None or not (info.username or info.user_id):
            info = await self._session.authorize.user_info()
        self._logins = frozenset(name.casefold() for name in (info.username, info.user_id) if name)
        return self._logins

    def _is_ours(
        self, logins: frozenset[str], who: frozenset[str], when: datetime | None, since: datetime | None
    ) -> bool:
        if when is None or not who & logins:
            return False
        late = self._until is not None and when > self._server_time(self._until, earlier=False)
        return not late and when >= self._server_time(max(since or self._since, self._since))

    def _server_time(self, ours: datetime, *, earlier: bool = True) -> datetime:
        """Return what the server's clock said at a moment of ours, on the safe side."""
        return ours + timedelta(seconds=self._ahead_s + (-_SKEW_S if earlier else _SKEW_S))

    def _set_clock(self, reply: Reply[AccountHistoryPage]) -> None:
        """Learn from an answer by how much the server's clock is ahead of ours."""
        try:
            told = parsedate_to_datetime(reply.headers.get("date", ""))
        except ValueError:
            return
        if told.tzinfo is not None:
            self._ahead_s = told.timestamp() - self._clock()


class HistoryHook:
    """What a create asks once its answer was lost and a look-up found nothing: is it still coming?

    One request, and only then; how long it is worth asking again is the asker's to say.

    Args:
        session: Where to ask.
        since: When the job was begun: what was asked for before is not of this job.
        login: See `Evidence`.

    Attributes:
        evidence: What it asks.
    """

    def __init__(self, session: Session, *, since: datetime, login: str | None = None) -> None:
        self.evidence = Evidence(session, since=since, login=login)

    async def under_way(self, call: Call) -> bool:
        """Tell whether the server has the object of a create under way, or just made it: then look again."""
        subject = Subject.of(call)
        return subject is not None and await self.evidence.under_way(subject)


def _asked_types(subject: Subject) -> list[AccountHistoryType]:
    return [_TYPES[subject.kind], _REQUESTS]


def _event(entry: AccountHistoryEntry) -> Event:
    names = (entry.user_name, entry.user_id)
    when = entry.logged_date
    if not isinstance(when, datetime):
        when = None  # text that is no time
    elif when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    name = entry.reference_name or entry.new_value or entry.old_value
    return Event(
        action=entry.action or "",
        when=when,
        who=entry.user_name or entry.user_id,
        names=frozenset(each.casefold() for each in names if each),
        object_id=entry.reference_id
        or (entry.account_id if entry.account_history_type == _TYPES["account"] else None),
        name=(name or "").casefold(),
    )
