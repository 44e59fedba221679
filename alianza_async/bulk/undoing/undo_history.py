"""Account history as evidence against taking back: who changed what since the job was through with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from alianza_async.bulk.engine.remembered import Remembered
from alianza_async.errors import AuthenticationError, CallError, NotFoundError, PermissionDeniedError

if TYPE_CHECKING:
    from collections.abc import Collection

    from alianza_async.models.account_history import AccountHistoryEntry
    from alianza_async.session import Session

__all__ = ["AccountHistories", "Seen", "told"]

_MADE: Final = "CREATE"
_NO_CHANGE: Final = frozenset(
    {"DELETE", "PROVISION_REQUEST"}
)  # gone already; a device that fetched its settings
_NO_SUCH_OPERATION: Final = frozenset({405, 501})


@dataclass(frozen=True, slots=True)
class Seen:
    """One entry.

    Attributes:
        action: `CREATE UPDATE DELETE PROVISION_REQUEST`.
        what: What it is about, such as `user`, in words.
        who: User name of whoever did it, else the id.
        doer: All that that one is called, casefolded.
        about: All that the thing is called, casefolded: its id and its natural key.
        when: In Unix seconds of the server's clock; None where nobody knows.
    """

    action: str
    what: str
    who: str
    doer: frozenset[str]
    about: frozenset[str]
    when: float | None

    @property
    def makes(self) -> bool:
        """Whether something was made."""
        return self.action == _MADE

    @property
    def changes(self) -> bool:
        """Whether it leaves something other than it was."""
        return self.action not in _NO_CHANGE

    def __str__(self) -> str:
        """Return `user changed by WHO on 2026-11-22 10:00 UTC`."""
        when = "at an unknown time"
        if self.when is not None:
            when = f"on {datetime.fromtimestamp(self.when, UTC):%Y-%m-%d %H:%M} UTC"
        return f"{self.what} {'made' if self.makes else 'changed'} by {self.who} {when}"


class AccountHistories:
    """Reads what account history tells; a login that may not, or a server that keeps none, is no error.

    Args:
        session: Where to ask.
        since: When the job began, in Unix seconds: what was before is not asked for.

    Attributes:
        why_not: Why it cannot be read at all; None while it can.
    """

    def __init__(self, session: Session, *, since: float) -> None:
        self._session = session
        # A day early: clocks differ, and the API takes dates alone.
        self._since = (datetime.fromtimestamp(since, UTC) - timedelta(days=1)).date()
        self._remembered = Remembered(self._read)
        self.why_not: str | None = None

    async def of(self, account_id: str, *, fresh: bool) -> list[Seen] | None:
        """Return the entries of an account, in whatever order they come; None where they cannot be had.

        Args:
            account_id: The account.
            fresh: Whether they may not be some seconds old: many rows may be of one account.

        Raises:
            AuthenticationError: The login was refused.
        """
        if self.why_not is not None:
            return None
        try:
            return await self._remembered.get(account_id, fresh=fresh)
        except AuthenticationError:
            raise
        except NotFoundError:
            return []  # the account is no more
        except CallError as error:
            if isinstance(error, PermissionDeniedError):
                self.why_not = "the login may not read account history"
            elif error.status in _NO_SUCH_OPERATION:
                self.why_not = "the server keeps no account history"
            return None

    async def _read(self, account_id: str) -> list[Seen]:
        pages = self._session.accounts.history(account_id, start_date=self._since)
        return [_seen(entry) async for entry in pages if entry.user_name or entry.user_id]


def told(entries: Collection[Seen]) -> str:
    """Return in words what was done: the latest of it."""
    latest = max(entries, key=_when)
    more = f", and {len(entries) - 1} more" if len(entries) > 1 else ""
    return f"{latest}{more}"


def _when(entry: Seen) -> float:
    return entry.when or 0.0


def _seen(entry: AccountHistoryEntry) -> Seen:
    when = entry.logged_date
    if isinstance(when, datetime) and when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    return Seen(
        action=entry.action or "",
        what=(entry.account_history_type or "something").lower().replace("_", " "),
        who=entry.user_name or entry.user_id or "",
        doer=frozenset(name.casefold() for name in (entry.user_name, entry.user_id) if name),
        about=frozenset(name.casefold() for name in (entry.reference_id, entry.reference_name) if name),
        when=when.timestamp() if isinstance(when, datetime) else None,
    )
