"""What account history tells of one thing: what was created, what was deleted, what was only asked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["Creation", "Event", "Findings", "weigh"]

_ASKED: Final = "PROVISION_REQUEST"
_MADE: Final = "CREATE"
_GONE: Final = "DELETE"
_FIRST: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Creation:
    """One object that was created, or was asked for.

    Attributes:
        when: By the server's clock; None where nobody knows.
        who: User name of the login that did it, else its id; None where nobody knows.
        ours: Whether that was our login, in our time.
        object_id: The object; None where it is only asked for.
    """

    when: datetime | None
    who: str | None
    ours: bool
    object_id: str | None

    def __str__(self) -> str:
        """Return `<id>, created by <who> at <when>`."""
        when = "an unknown time" if self.when is None else f"{self.when:%Y-%m-%d %H:%M:%S} UTC"
        return f"{self.object_id}, created by {self.who or 'somebody unknown'} at {when}"


@dataclass(frozen=True, slots=True)
class Findings:
    """What history tells, oldest first.

    Attributes:
        created: What was created, whether or not it is still there.
        gone: Ids of what was deleted since.
        requested: What was asked for, and has not been created since.
    """

    created: tuple[Creation, ...] = ()
    gone: frozenset[str] = frozenset()
    requested: tuple[Creation, ...] = ()

    @property
    def living(self) -> tuple[Creation, ...]:
        """What was created and not deleted."""
        return tuple(each for each in self.created if each.object_id not in self.gone)

    def of(self, object_id: str | None) -> Creation | None:
        """Return how an object came to be, where history tells."""
        return next((each for each in self.created if each.object_id == object_id), None)


class Event(NamedTuple):
    """One entry of history.

    Attributes:
        action: `CREATE UPDATE PROVISION_REQUEST DELETE`.
        when: By the server's clock.
        who: Who did it, to be shown.
        names: All that its doer is called, casefolded.
        object_id: What it is about.
        name: The natural key of that, casefolded.
    """

    action: str
    when: datetime | None
    who: str | None
    names: frozenset[str]
    object_id: str | None
    name: str


def weigh(events: Iterable[Event], is_ours: Callable[[frozenset[str], datetime | None], bool]) -> Findings:
    """Put entries together.

    A create takes the oldest request of the same login before it off the list of what is only asked for.

    Args:
        events: Entries about one thing; those of the same moment oldest first.
        is_ours: Tells by doer and time whether something was done by us.
    """
    created: dict[str, Creation] = {}
    gone: set[str] = set()
    requested: list[tuple[Event, Creation]] = []
    # Of the same moment, the request comes before what came of it.
    for event in sorted(events, key=lambda each: (each.when or _FIRST, each.action != _ASKED)):
        ours = is_ours(event.names, event.when)
        if event.action == _ASKED:
            requested.append((event, Creation(event.when, event.who, ours, None)))
        elif event.action == _MADE and event.object_id is not None:
            created.setdefault(event.object_id, Creation(event.when, event.who, ours, event.object_id))
            answered = next((pair for pair in requested if pair[0].names == event.names), None)
            if answered is not None:
                requested.remove(answered)
        elif event.action == _GONE and event.object_id is not None:
            gone.add(event.object_id)
    return Findings(tuple(created.values()), frozenset(gone), tuple(pair[1] for pair in requested))
