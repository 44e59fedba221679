"""Reading account history: whole, each entry once, and never taken for empty where it could not be read."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final, NamedTuple, cast

from alianza_async.bulk.engine.remembered import Remembered
from alianza_async.endpoints.matching import folded, same_key
from alianza_async.errors import AlianzaError, AuthenticationError, CallError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date

    from alianza_async.bulk.engine.clock import ServerClock
    from alianza_async.calls.call import Reply
    from alianza_async.models.account_history import (
        AccountHistoryEntry,
        AccountHistoryPage,
        AccountHistoryType,
    )
    from alianza_async.session import Session

__all__ = ["Event", "HistoryPages", "HistoryUnavailable", "Query"]

_PAGE: Final = 100
_OFF: Final = {
    403: "the login may not read account history",
    405: "the server keeps no account history",
    501: "the server keeps no account history",
}


class HistoryUnavailable(AlianzaError):  # noqa: N818  (no end of anything: ask again later)
    """Account history could not be read just now; what it would say is not known."""


class Query(NamedTuple):
    """What is read: one account's history, by id, or that of all that ever had a number.

    Attributes:
        account_id: The account; None = by number.
        number: The number, where there is no id.
        types: Types of entries; empty = all.
        since: The first day; None = from the beginning.
    """

    account_id: str | None
    number: str | None
    types: tuple[AccountHistoryType, ...] = ()
    since: date | None = None


class Event(NamedTuple):
    """One entry.

    Attributes:
        action: `CREATE UPDATE DELETE PROVISION_REQUEST`.
        kind: Its account history type.
        reference: What kind of object it is about; None where it does not say.
        when: Unix seconds of the server's clock; None where it does not say.
        who: User name of the login that did it, else its id; None where it does not say.
        doers: All that this login is called, folded.
        object_id: What it is about, folded.
        names: All that this is called, folded.
        values: The new value of each field that it changed; None where it does not say so.
    """

    action: str
    kind: str
    reference: str | None
    when: float | None
    who: str | None
    doers: frozenset[str]
    object_id: str | None
    names: frozenset[str]
    values: Mapping[str, object] | None = None


class HistoryPages:
    """Reads account history, and remembers for some seconds what many rows of one account ask for.

    Args:
        session: Where to ask.
        server_clock: What learns from the `Date` of each answer.
        clock: Unix seconds.
        seconds: How long an answer is good for.

    Attributes:
        why_not: Why history cannot be read at all; None while it can.
    """

    def __init__(
        self, session: Session, server_clock: ServerClock, *, clock: Callable[[], float], seconds: float
    ) -> None:
        self._session = session
        self._server_clock = server_clock
        self._clock = clock
        self._remembered = Remembered(self._whole, seconds=seconds)
        self.why_not: str | None = None

    async def read(self, query: Query, *, there: bool, fresh: bool = False) -> list[Event]:
        """Return the entries, oldest first; none where history is off for good, or the account is not there.

        Args:
            query: What to read.
            there: Whether the account is known to be there: then a 404 is a failure of the history.
            fresh: Whether the answer may not be some seconds old.

        Raises:
            HistoryUnavailable: It could not be read just now.
            AuthenticationError: The login was refused.
        """
        if self.why_not is not None:
            return []
        try:
            return await self._remembered.get(query, fresh=fresh)
        except AuthenticationError:
            raise
        except NotFoundError as error:
            if there or await self._is_there(query):
                raise _unavailable(error) from error
            return []  # no such account: nothing was done to it
        except CallError as error:
            off = _OFF.get(error.status or 0)
            if off is None:
                raise _unavailable(error) from error
            self.why_not = off
            return []

    async def _whole(self, query: Query) -> list[Event]:
        found: dict[object, AccountHistoryEntry] = {}
        read, total, counted = 0, 1, 0
        while read < total:
            page = await self._page(query, read)
            results = page.results or []
            if page.total_records is None and page.results is None:
                raise HistoryUnavailable("account history answered no list of entries")
            if read == 0:
                counted = page.total_records or 0
            known = len(found)
            for entry in results:
                if query.account_id is not None and not same_key(
                    query.account_id, entry.account_id or query.account_id
                ):
                    raise HistoryUnavailable("account history answered entries of another account")
                # What is written meanwhile comes first and moves the rest: an entry may come twice.
                found.setdefault(entry.id or id(entry), entry)
            read += len(results)
            # Without a count, one goes on until a page brings nothing new.
            total = page.total_records or read + 1
            if not results or (not page.total_records and len(found) == known):
                break
        if len(found) < counted:
            raise HistoryUnavailable("account history shows fewer entries than it counts")
        # The server has the newest first: of the same moment, what was written later stays later.
        events = [_event(entry) for entry in reversed(found.values())]
        return sorted(events, key=lambda event: event.when or 0.0)

    async def _page(self, query: Query, start: int) -> AccountHistoryPage:
        accounts, types = self._session.accounts, list(query.types) or None
        sent_at = self._clock()
        if query.account_id is not None:
            reply = await accounts.history.raw(
                query.account_id,
                account_history_type=types,
                first_result_index=start,
                max_result=_PAGE,
                start_date=query.since,
            )
        else:
            reply = await accounts.history_by_number.raw(
                account_number=query.number or "",
                account_history_type=types,
                first_result_index=start,
                max_result=_PAGE,
                start_date=query.since,
            )
        self._learn(sent_at, reply)
        return reply.value

    def _learn(self, sent_at: float, reply: Reply[AccountHistoryPage]) -> None:
        try:
            date = parsedate_to_datetime(reply.headers.get("date", ""))
        except ValueError:
            return
        if date.tzinfo is not None:
            self._server_clock.observe_date(sent_at, self._clock(), date.timestamp())

    async def _is_there(self, query: Query) -> bool:
        """Tell whether the account of a history that was not found is there nevertheless."""
        accounts = self._session.accounts
        try:
            if query.account_id is not None:
                await accounts.get(query.account_id)
            else:
                await accounts.get_by_number(query.number or "")
        except NotFoundError:
            return False
        except AuthenticationError:
            raise
        except CallError as error:
            raise _unavailable(error) from error
        return True


def _unavailable(error: CallError) -> HistoryUnavailable:
    return HistoryUnavailable(f"account history cannot be read just now ({error.message})")


def _event(entry: AccountHistoryEntry) -> Event:
    when = entry.logged_date
    if isinstance(when, datetime) and when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    object_id = entry.reference_id
    if object_id is None and entry.account_history_type in {"ACCOUNT", "ACCOUNT_STATUS"}:
        object_id = entry.account_id
    return Event(
        action=entry.action or "",
        kind=entry.account_history_type or "",
        reference=entry.reference_type,
        when=when.timestamp() if isinstance(when, datetime) else None,
        who=entry.user_name or entry.user_id,
        doers=frozenset(folded(name) for name in (entry.user_name, entry.user_id) if name),
        object_id=None if object_id is None else folded(object_id),
        names=frozenset(
            folded(name) for name in (entry.reference_name, entry.new_value, entry.old_value) if name
        ),
        values=_values(entry.new_value),
    )


def _values(text: str | None) -> Mapping[str, object] | None:
    """Return the fields that an entry names with their values; None where it is no such text."""
    try:
        found: object = json.loads(text or "")
    except ValueError:
        return None
    return cast("dict[str, object]", found) if isinstance(found, dict) else None
