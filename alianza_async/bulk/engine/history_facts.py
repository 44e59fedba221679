"""What account history tells: which creations, requests and changes its entries add up to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from alianza_async.endpoints.matching import folded

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from alianza_async.bulk.engine.history_pages import Event
    from alianza_async.models.account_history import AccountHistoryType

__all__ = [
    "ACCOUNTS",
    "DEVICE_LINES",
    "TELEPHONE_NUMBERS",
    "USERS",
    "USER_CALLING_PLANS",
    "Change",
    "Maker",
    "Pending",
    "Sample",
    "Sought",
    "Subject",
    "Traces",
    "at",
    "changes_to",
    "creations",
    "left_as_it_is",
    "unfinished",
]

_MADE: Final = "CREATE"
_GONE: Final = "DELETE"
_CHANGED: Final = "UPDATE"
_ASKED: Final = "PROVISION_REQUEST"
_NO_CHANGE: Final = frozenset({_GONE, _ASKED})  # gone already; a device that fetched its settings


class Traces(NamedTuple):
    """What account history writes of a kind of object.

    Attributes:
        types: Types of its entries, those of requests included.
        reference: How the entries call the kind.
        also: Types of entries that tell of its changes alone.
    """

    types: tuple[AccountHistoryType, ...]
    reference: str
    also: tuple[AccountHistoryType, ...] = ()


ACCOUNTS: Final = Traces(("ACCOUNT", "PROVISIONING"), "Account", ("ACCOUNT_STATUS",))
USERS: Final = Traces(("USER", "PROVISIONING"), "EndUser")
TELEPHONE_NUMBERS: Final = Traces(("PHONE_NUMBER", "PROVISIONING"), "Telephone")
DEVICE_LINES: Final = Traces(("DEVICE", "PROVISIONING"), "Device")
USER_CALLING_PLANS: Final = Traces(("CALLING_PLAN", "PROVISIONING"), "EndUser")
"""A plan's entry names the product, and as its id that of the user who has the plan."""


class Subject(NamedTuple):
    """What account history is asked about.

    Attributes:
        traces: What is written of its kind.
        key: Its natural key.
        account_id: The account that it belongs to. Of an account itself: its own id, where it is one that
            there is and the key is not its number; else None.
        account_number: That account's number, or the account's own: asked by where there is no id.
        owner_id: Whose it is, where the entries name the owner by its id instead of the object.
        parts: The natural key of each, where one step takes away several.
    """

    traces: Traces
    key: str
    account_id: str | None = None
    account_number: str | None = None
    owner_id: str | None = None
    parts: tuple[str, ...] = ()


class Sought(NamedTuple):
    """What a request was to change of an object.

    Attributes:
        removes: Whether it was to take the object away.
        values: The new value of each field, by the field's name; None where it is private.
    """

    removes: bool = False
    values: Mapping[str, object] = {}


@dataclass(frozen=True, slots=True)
class Maker:
    """Who made or changed an object, as far as history proves it.

    Attributes:
        whose: `ours`: our login, within the step's time; `others`: another login, or ours before the step's
            first intent; `unproven`: history does not show it, or cannot tell.
        who: The login that did it, where history says.
        when: Unix seconds of the server's clock, where history says.
        why: Why it is not ours, or why that is not known, in words; empty where it is ours.
        too_close: Whether it is only the clocks that cannot tell: a better measured one may.
    """

    whose: Literal["ours", "others", "unproven"]
    who: str | None = None
    when: float | None = None
    why: str = ""
    too_close: bool = False


@dataclass(frozen=True, slots=True)
class Pending:
    """What history shows of an object that a look-up did not find.

    Attributes:
        state: `asked for`, and not made yet; or `there`, and not deleted since.
        object_id: The object, folded; None where it is only asked for.
        who: The login, where history says.
        when: Unix seconds of the server's clock, where history says.
    """

    state: Literal["asked for", "there"]
    object_id: str | None
    who: str | None
    when: float | None


@dataclass(frozen=True, slots=True)
class Change:
    """One entry of an account's history.

    Attributes:
        action: `CREATE UPDATE DELETE PROVISION_REQUEST`.
        what: What it is about, such as `user`, in words.
        who: User name of whoever did it, else the id.
        doer: All that this login is called, folded.
        about: All that the object is called, folded: its id and its natural key.
        when: Unix seconds of the server's clock; None where history does not say.
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
        return f"{self.what} {'made' if self.makes else 'changed'} by {self.who} {at(self.when)}"


class Sample(NamedTuple):
    """An object that we made or changed with a known answer: what the server's clock is measured by.

    Attributes:
        subject: What it is.
        object_id: Its id as history names it; None where that is not known: then by its key.
        sent_at: When its request left, in Unix seconds.
        answered_at: When its answer came, in Unix seconds.
        sought: What was changed of it; None = it was made.
    """

    subject: Subject
    object_id: str | None
    sent_at: float
    answered_at: float
    sought: Sought | None = None

    @property
    def seconds(self) -> float:
        """How long it took: so exactly it measures the clock."""
        return self.answered_at - self.sent_at


def creations(events: Sequence[Event], subject: Subject, object_id: str | None) -> list[Event] | str:
    """Return the creations of an object that stands, or why there is none; an empty list: not shown."""
    key = folded(subject.key)
    about = [event for event in events if object_id is None or event.object_id == object_id]
    ours = [event for event in about if key in event.names or (object_id is not None and not event.names)]
    made: list[Event] = []
    for event in ours:
        if event.action == _MADE:
            made.append(event)
        elif event.action == _GONE:
            made = []
    if made:
        return made
    if any(event.action == _GONE for event in ours):
        return "account history shows it deleted"
    if any(event.action == _MADE for event in about):
        return "account history shows it made under another key"
    return made


def changes_to(events: Sequence[Event], subject: Subject, object_id: str, sought: Sought) -> list[Event]:
    """Return the entries that may tell of a change of an object, oldest first.

    An entry whose new value cannot be read may tell of any field.
    """
    wanted = _GONE if sought.removes else _CHANGED
    about = [event for event in events if event.object_id == object_id and event.action == wanted]
    if sought.removes:
        parts = {folded(part) for part in subject.parts}
        return [event for event in about if not parts or parts & event.names]
    fields = {_plain(name) for name in sought.values}
    return [event for event in about if event.values is None or not fields or fields & _plain_all(event)]


def left_as_it_is(changes: Sequence[Event], subject: Subject, sought: Sought) -> list[Event]:
    """Return the entries about a change that left the object as it is; none where one is not shown.

    For each field, or each of several objects, the latest one did. Where an entry cannot be read, any did.
    """
    if sought.removes:
        each = [[event for event in changes if folded(part) in event.names] for part in subject.parts]
        latest = [found[-1:] for found in each] if each else [list(changes[-1:])]
    elif not sought.values or any(event.values is None for event in changes):
        return list(changes)
    else:
        latest = [_latest(changes, name, value) for name, value in sought.values.items()]
    return [found[0] for found in latest] if all(latest) else []


def _latest(changes: Sequence[Event], field: str, wanted: object) -> list[Event]:
    """Return the latest entry about a field, where it tells of the value that was wanted."""
    name = _plain(field)
    for event in reversed(changes):
        for told, value in (event.values or {}).items():
            if _plain(told) == name:
                known = wanted is None or "." in field
                return [event] if known or folded(str(value)) == folded(str(wanted)) else []
    return []


def _plain_all(event: Event) -> set[str]:
    return {_plain(name) for name in event.values or {}}


def _plain(field: str) -> str:
    """Return a field's name, or that of the one it lies in, as journal and history both have it."""
    return folded(field.partition(".")[0]).replace("_", "")


def unfinished(events: Sequence[Event], key: str) -> tuple[list[Event], list[Event]]:
    """Return what was made and not deleted, and what was asked for and not made since.

    A creation takes the oldest request of the same login before it off the list of what is only asked for.

    Args:
        events: Entries of one kind, oldest first.
        key: The natural key, folded; an object that ever had it counts.
    """
    named = {event.object_id for event in events if key in event.names} - {None}
    about = [event for event in events if key in event.names or event.object_id in named]
    # Of the same moment, the request comes before what came of it.
    about.sort(key=lambda event: (event.when or 0.0, event.action != _ASKED))
    living: dict[str | None, Event] = {}
    asked: list[Event] = []
    for event in about:
        if event.action == _ASKED:
            asked.append(event)
        elif event.action == _MADE:
            living[event.object_id] = event
            answered = next((each for each in asked if each.doers == event.doers), None)
            if answered is not None:
                asked.remove(answered)
        elif event.action == _GONE:
            living.pop(event.object_id, None)
    return list(living.values()), asked


def at(when: float | None) -> str:
    """Return a time of the server's in words."""
    if when is None:
        return "at an unknown time"
    return f"on {datetime.fromtimestamp(when, UTC):%Y-%m-%d %H:%M} UTC"
