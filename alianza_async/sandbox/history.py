"""Account history: who did what to an account and its things, and when."""

from __future__ import annotations

import json
import time
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, NamedTuple

from alianza_async.sandbox.tokens import user_id_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from alianza_async.sandbox.agenda import Agenda
    from alianza_async.sandbox.options import Json, SandboxOptions

PARTITION_NAME: Final = "Sandbox"
_NONE: Final = -1
_SECRET: Final = ("password", "pin", "secret")


class Thing(NamedTuple):
    """What an entry is about.

    Attributes:
        kind: Its `accountHistoryType`.
        reference: Its `referenceType`.
    """

    kind: str
    reference: str


ACCOUNT: Final = Thing("ACCOUNT", "Account")
STATUS: Final = Thing("ACCOUNT_STATUS", "Account")
USER: Final = Thing("USER", "EndUser")
NUMBER: Final = Thing("PHONE_NUMBER", "Telephone")
E911: Final = Thing("ADDRESS_E911", "Telephone")
LINE: Final = Thing("DEVICE", "Device")
PLAN: Final = Thing("CALLING_PLAN", "Account")
USER_PLAN: Final = Thing("CALLING_PLAN", "EndUser")


class Entry(NamedTuple):
    """One change.

    Attributes:
        place: Its place in the whole history.
        before: Place of the same account's entry before it; -1 = none.
        account_id: The account; None while it is only asked for.
        account_number: Its number at that time.
        thing: What was changed.
        action: `CREATE`, `UPDATE`, `DELETE`, or `PROVISION_REQUEST` of what was only asked for.
        reference_id: Id of what was changed; None while it is only asked for.
        name: Its natural key.
        old: What it was; None = nothing.
        new: What it is; None = nothing.
        actor: User name of the login that did it.
        logged: Unix time.
        at: The agenda's time, which the lag is reckoned from.
    """

    place: int
    before: int
    account_id: str | None
    account_number: str
    thing: Thing
    action: str
    reference_id: str | None
    name: str
    old: str | None
    new: str | None
    actor: str
    logged: float
    at: float

    def to_json(self) -> Json:
        """Write it as the API's `AccountHistoryX`; what it does not have is left out."""
        view: Json = {
            "id": str(uuid.UUID(int=self.place)),
            "accountId": self.account_id,
            "accountNumber": self.account_number,
            "action": self.action,
            "accountHistoryType": self.thing.kind,
            "referenceType": self.thing.reference,
            "referenceId": self.reference_id,
            "referenceName": self.name,
            "userId": user_id_of(self.actor),
            "userName": self.actor,
            "userType": "ManagementUser",
            "partitionName": PARTITION_NAME,
            "loggedDate": date_text(self.logged),
            "oldValue": self.old,
            "newValue": self.new,
        }
        return {name: value for name, value in view.items() if value is not None}


class History:
    """Every change of every account, and of the accounts that are no more.

    Args:
        agenda: Whose clock the lag is reckoned by.
        wall: Unix time, in seconds.

    Attributes:
        entries: All of them, in order.
        actor: User name of whoever acts at the moment.
        kept: Whether anything is written.
        offset_s: Seconds by which the server's clock is ahead.
        whole_seconds: Whether times are kept to the second only.
        ago_s: Seconds before now that entries are given as their time.
    """

    def __init__(self, agenda: Agenda, wall: Callable[[], float] = time.time) -> None:
        self._agenda = agenda
        self._wall = wall
        # One chain through `entries` for each account: cheaper to write than a list of its own for each.
        self._last: dict[str, int] = {}
        self._accounts: dict[tuple[str, str], tuple[str, ...]] = {}
        self.entries: list[Entry] = []
        self.actor = ""
        self.kept = True
        self.offset_s = self.ago_s = 0.0
        self.whole_seconds = False

    def follow(self, options: SandboxOptions) -> None:
        """Go by what the options say of history."""
        self.kept, self.offset_s = options.history, options.clock_offset_s
        self.whole_seconds = options.history_whole_seconds

    def write(
        self,
        account: Json,
        thing: Thing,
        action: str,
        named: tuple[object, object],
        *,
        old: str | None = None,
        new: str | None = None,
    ) -> None:
        """Write an entry, where a history is kept.

        Args:
            account: The account it is about.
            thing: What was changed.
            action: `CREATE`, `UPDATE` or `DELETE`.
            named: Id and natural key of what was changed.
            old: What it was.
            new: What it is; None for a create = its natural key.
        """
        if not self.kept:
            return
        account_id, number = str(account["id"]), str(account["accountNumber"])
        if new is None and action == "CREATE":
            new = str(named[1])
        key = (str(account["partitionId"]), number)
        known = self._accounts.get(key, ())
        if account_id not in known:
            self._accounts[key] = (*known, account_id)
        self._append(account_id, (account_id, number), (thing, action), named, (old, new))

    def ask(
        self,
        partition_id: str,
        number: str,
        thing: Thing,
        name: str,
        account_id: str | None = None,
        *,
        reference_id: str | None = None,
    ) -> None:
        """Write that something was asked for which is not there yet, where a history is kept.

        Args:
            partition_id: The partition.
            number: Number of the account it is about.
            thing: What is to be created.
            name: Its natural key.
            account_id: The account; None where that itself is asked for.
            reference_id: Whose it is to be, where entries of such things name that; None = they do not.
        """
        if self.kept:
            chain = account_id or _asked(partition_id, number)
            named = (reference_id, name)
            done = (thing, "PROVISION_REQUEST")
            self._append(chain, (account_id, number), done, named, (None, name))

    def _append(
        self,
        chain: str,
        account: tuple[str | None, str],
        done: tuple[Thing, str],
        named: tuple[object, object],
        values: tuple[str | None, str | None],
    ) -> None:
        """Put an entry at the end of everything, and of its chain."""
        place, before = len(self.entries), self._last.get(chain, _NONE)
        self._last[chain] = place
        reference = None if named[0] is None else str(named[0])
        logged = self._wall() + self.offset_s - self.ago_s
        if self.whole_seconds:
            logged = float(int(logged))
        self.entries.append(
            Entry(
                place, before, *account, *done, reference, str(named[1]),
                *values, self.actor, logged, self._agenda.clock() - self.ago_s,
            )
        )  # fmt: skip

    def changed(
        self, account: Json, thing: Thing, named: tuple[object, object], old: Json, new: Json
    ) -> None:
        """Write an update, with the fields that differ, where any do."""
        differing = [name for name in {**old, **new} if old.get(name) != new.get(name)]
        if differing:
            if thing == ACCOUNT and differing == ["status"]:
                thing = STATUS
            self.write(account, thing, "UPDATE", named, old=told(old, differing), new=told(new, differing))

    def of_number(self, partition_id: str, number: str) -> tuple[str, ...]:
        """List the chains of a number: accounts that ever had it, oldest first, then what was asked for."""
        accounts = self._accounts.get((partition_id, number), ())
        asked = _asked(partition_id, number)
        return (*accounts, asked) if asked in self._last else accounts

    def belongs(self, partition_id: str, account_id: str) -> bool:
        """Say whether an account, living or not, has a history in this partition."""
        last = self._last.get(account_id)
        return last is not None and account_id in self._accounts.get(
            (partition_id, self.entries[last].account_number), ()
        )

    def newest_first(self, account_ids: tuple[str, ...], lag_s: float) -> Iterator[Entry]:
        """Yield the entries of some accounts that can be seen by now.

        Args:
            account_ids: The accounts.
            lag_s: Seconds an entry stays unseen.
        """
        latest = self._agenda.clock() - lag_s
        waiting = {self._last[account_id] for account_id in account_ids if account_id in self._last}
        while waiting:
            index = max(waiting)
            waiting.remove(index)
            entry = self.entries[index]
            if entry.before != _NONE:
                waiting.add(entry.before)
            if entry.at <= latest:
                yield entry


def _asked(partition_id: str, number: str) -> str:
    """Name the chain of what was asked for under a number, as no account is named."""
    return f"{partition_id}\n{number}"


def date_text(moment: float) -> str:
    """Write a Unix time the way the API does: `2026-01-31T12:00:00.000Z`."""
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def told(values: Json, names: Iterable[str] | None = None) -> str:
    """Write fields as JSON, secrets aside.

    Args:
        values: The object.
        names: The fields to tell; None = all.
    """
    shown = {
        name: "***" if any(word in name.casefold() for word in _SECRET) else values[name]
        for name in (values if names is None else names)
        if name in values
    }
    return json.dumps(shown, separators=(",", ":"))
