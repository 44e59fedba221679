"""Which objects have a natural key, where one is all there should be.

A look-up by key answers one object, or an error where several have it. So they are taken from what lists
objects (a step's `holders`), united with what account history shows, which also says who created each, and
when. Where what is needed fails, or does not show the object that is known to be there, it cannot be told.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from alianza_async.bulk.engine.evidence import History, HistoryUnavailable
from alianza_async.bulk.engine.history_facts import at
from alianza_async.bulk.engine.settlement import ends_the_job, look_up
from alianza_async.bulk.engine.steps import Item
from alianza_async.bulk.kinds.by_name import workflow_named
from alianza_async.endpoints.matching import folded
from alianza_async.errors import AlianzaError, ConfigurationError

if TYPE_CHECKING:
    from alianza_async.bulk.engine.evidence import Pending, Subject
    from alianza_async.bulk.engine.steps import AnyStep
    from alianza_async.bulk.journal.store import StepEntry
    from alianza_async.session import Session

__all__ = ["CannotTell", "Creation", "Gone", "SomebodyElses", "creations_of", "doubles"]

_EVER: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NO_TELLING: Final = "cannot tell whether its {} exists twice: {}"


@dataclass(frozen=True, slots=True)
class Creation:
    """One object that has a key.

    Attributes:
        object_id: The object.
        who: User name of the login that created it, else its id; None where history does not show that.
        when: By the server's clock; None where history does not show that.
        ours: Whether account history proves that it was this job.
    """

    object_id: str | None
    who: str | None = None
    when: datetime | None = None
    ours: bool = False

    def __str__(self) -> str:
        """Return `<id>, created by <who> on <when>`."""
        when = at(None if self.when is None else self.when.timestamp())
        return f"{self.object_id}, created by {self.who or 'an unknown login'} {when}"


class CannotTell(Exception):  # noqa: N818  (an answer, not a failure)
    """It cannot be determined whether an object exists twice; the text says why."""


class Gone(Exception):  # noqa: N818  (likewise)
    """The object that the journal names is no longer there."""


class SomebodyElses(Exception):  # noqa: N818  (likewise)
    """Account history shows that somebody else made the one object, or this login at another time."""


async def doubles(session: Session, number: str) -> list[Creation]:
    """Return every account that has a number, where that are two or more.

    `GET /v2/partition/{partitionId}/account/search`, then the account history of the number.

    Args:
        session: Where to ask.
        number: The account number.

    Returns:
        One entry for each account, oldest first; who and when are None where history does not show them.
        Empty where the number belongs to one account, or to none.

    Raises:
        CallError: The search failed.
    """
    step = workflow_named("accounts").step_named("account")
    item: Item[Any] = Item(session, None, {})
    item.begin(step.name, number, lost=False)
    assert step.holders is not None  # noqa: S101  (of accounts)
    ids = list(await step.holders(item))
    if len(ids) < 2:  # noqa: PLR2004  (a double is two)
        return []
    subject = None if step.subject is None else step.subject(item)
    return await _creations(History(session), subject, ids, 0.0, time.time())


async def creations_of(
    step: AnyStep, item: Item[Any], entry: StepEntry, history: History, *, known: bool
) -> list[Creation]:
    """Return every object that has a step's key, oldest first.

    Args:
        step: The step.
        item: The row, as its steps see it.
        entry: What the journal has of the step.
        history: Account history.
        known: Whether the object that the journal names is known to have been there.

    Raises:
        CannotTell: What shows that is missing, fails, or does not show the object.
        Gone: The object that the journal names was deleted.
        SomebodyElses: There is one, and it is not this job's.
        AlianzaError: No further question would be answered either.
    """
    item.begin(step.name, entry.key, lost=False)
    try:
        subject = None if step.subject is None else step.subject(item)
        listed = None if step.holders is None else list(await step.holders(item))
        living = None if subject is None else await history.living(subject)
        ids, comparable = await _united(
            step, item, entry, subject=subject, listed=listed, living=living, known=known
        )
        first, last = entry.first_intent_at or entry.intent_at or 0.0, entry.intent_at or 0.0
        if len(ids) == 1 and known and subject is not None and entry.evidence != "answered":
            traced = subject.owner_id or (entry.object_id if entry.object_id != entry.key else None)
            maker = await history.maker(subject, traced, first_intent=first, last_intent=last)
            if maker.whose == "others":
                raise SomebodyElses(f"its {step.name} was not made by this job: {maker.why}")
    except AlianzaError as error:
        if ends_the_job(error) and (item.has_row or not isinstance(error, ConfigurationError)):
            raise
        raise CannotTell(_NO_TELLING.format(step.name, error)) from error
    if listed is None and living is None and subject is not None:
        raise CannotTell(_NO_TELLING.format(step.name, history.why_not or "nothing lists it"))
    return await _creations(history, subject, ids, first, last, comparable=comparable)


async def _united(
    step: AnyStep,
    item: Item[Any],
    entry: StepEntry,
    *,
    subject: Subject | None,
    listed: list[str] | None,
    living: list[Pending] | None,
    known: bool,
) -> tuple[list[str], bool]:
    """Return every id that lists or history show, and whether the two name objects alike.

    Raises:
        CannotTell: They do not show the object that is known to be there.
        Gone: It was deleted.
    """
    # What is known by its key alone has other ids in history; an owner's entries name the owner.
    comparable = entry.object_id != entry.key and (subject is None or subject.owner_id is None)
    ids = list(listed or ())
    for each in (living or ()) if comparable else ():
        # A search may lag, or answer only so many.
        if each.object_id is not None and each.object_id not in {folded(object_id) for object_id in ids}:
            ids.append(each.object_id)
    shown = entry.object_id is None or folded(entry.object_id) in {folded(object_id) for object_id in ids}
    if known and not shown and (listed is not None or living is not None):
        await _is_gone(step, item, entry)
        why = "what lists it does not show the object that is known to be there"
        raise CannotTell(_NO_TELLING.format(step.name, why))
    return ids, comparable


async def _is_gone(step: AnyStep, item: Item[Any], entry: StepEntry) -> None:
    """Look whether the object that the journal names was deleted.

    Raises:
        Gone: It was.
    """
    if not item.has_row or step.find is None:
        return
    try:
        made, _ = await look_up(step, item)
    except AlianzaError as error:
        if ends_the_job(error):
            raise
        return
    except Exception:  # noqa: BLE001  (whatever a look-up says, it does not say that it is gone)
        return
    if made is None:
        raise Gone(f"its {step.name} {entry.object_id or entry.key} is no longer there")


async def _creations(
    history: History,
    subject: Subject | None,
    ids: list[str],
    first: float,
    last: float,
    *,
    comparable: bool = True,
) -> list[Creation]:
    """Return who made each, and when, oldest first."""
    found: list[Creation] = []
    for object_id in ids:
        if subject is None or not comparable:
            found.append(Creation(object_id))
            continue
        try:
            maker = await history.maker(subject, object_id, first_intent=first, last_intent=last)
        except HistoryUnavailable:
            found.append(Creation(object_id))
            continue
        when = None if maker.when is None else datetime.fromtimestamp(maker.when, UTC)
        found.append(Creation(object_id, maker.who, when, maker.whose == "ours"))
    return sorted(found, key=lambda each: (each.when is None, each.when or _EVER))
