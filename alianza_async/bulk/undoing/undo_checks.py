"""What keeps a row from being undone: made by somebody else, in service, changed since, or not alone."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from alianza_async.bulk.engine.evidence import LATE_S, HistoryUnavailable, Maker
from alianza_async.bulk.engine.private import change_in
from alianza_async.bulk.engine.recording_session import RecordingSession
from alianza_async.bulk.engine.remembered import Remembered
from alianza_async.bulk.engine.settlement import ends_the_job, sought_of
from alianza_async.bulk.engine.steps import Made
from alianza_async.bulk.journal.texts import safe_text
from alianza_async.endpoints.matching import folded
from alianza_async.errors import (
    AlianzaError,
    ConflictError,
    InvalidInputError,
    NotFoundError,
    UndoRefusedError,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alianza_async.bulk.engine.evidence import Change, History, Subject
    from alianza_async.bulk.engine.kind import AnyKind
    from alianza_async.bulk.engine.steps import Item
    from alianza_async.bulk.engine.valid_row import Payload
    from alianza_async.bulk.journal.store import JournalStore, StepEntry
    from alianza_async.bulk.undoing.undo_rows import Target, UndoRow
    from alianza_async.models.shared_devices import DeviceLine
    from alianza_async.models.shared_numbers import AccountTelephoneNumber
    from alianza_async.session import Session

__all__ = ["Checks", "Span", "span_of", "traced_id"]

_ACCOUNT: Final = "account"  # by convention the step that makes, or finds, a row's account
_ACTIVE: Final = "ACTIVE"
_MILLISECOND_S: Final = 0.001  # a journal's times are cut off to it


class Span(NamedTuple):
    """A time in which this job, or its undo, was at work on an object, in Unix seconds.

    Attributes:
        first: From when on.
        last: Until when.
    """

    first: float
    last: float


class Checks:
    """Looks at a row before its first request; changes nothing.

    Args:
        session: Where to look.
        store: The job's journal.
        kind: The job's kind.
        history: Account history.
        no_input: Why rows of the input cannot be had; None where they can.
        logins: What the job's login is called, and this one, folded.
        include_live: Whether numbers in service are undone too.
        unverified: Whether rows are undone of which nothing shows whether they were changed.

    Attributes:
        shared: When this job was at work on what several rows share, by step and key, folded.
        used: A row of which something is there yet that needs what several rows share, likewise.
    """

    def __init__(
        self,
        session: Session,
        store: JournalStore,
        kind: AnyKind,
        history: History,
        *,
        no_input: str | None,
        logins: frozenset[str],
        include_live: bool,
        unverified: bool,
    ) -> None:
        self._session = session
        self._store = store
        self._kind = kind
        self._history = history
        self._no_input = no_input
        self._logins = logins
        self._include_live = include_live
        self._unverified = unverified
        self.shared: dict[tuple[str, str], list[Span]] = {}
        self.used: dict[tuple[str, str], int] = {}
        # Many rows may be of one account.
        self._numbers = Remembered(self._list_numbers)
        self._lines = Remembered(self._list_lines)

    async def look_at(self, row: UndoRow) -> None:
        """Make sure that the targets of a row may be undone; the row has its item then.

        Raises:
            UndoRefusedError: They may not; says why.
            AlianzaError: No row will do better, such as a refused login.
        """
        try:
            item = await self._item_of(row)
            account = item.made.get(_ACCOUNT)
            account_id = None if account is None else account.id
            deletes = [target for target in row.targets if not target.restores]
            for target in row.targets:
                if target.unverified:
                    await self._not_somebody_elses(target, item)
            if account_id is not None:
                await self._not_in_service(deletes, account_id)
            await self._unchanged(row, item, account_id, deletes)
            if account_id is not None:
                await self._alone(account_id, deletes)
            self._unused(deletes)
        except UndoRefusedError:
            raise
        except HistoryUnavailable as error:
            raise UndoRefusedError(f"{error}; undo it again") from error
        except AlianzaError as error:
            if ends_the_job(error):
                raise
            sentence = safe_text(error)[1] or type(error).__name__
            raise UndoRefusedError(f"looking at it failed ({sentence}); undo it again") from error
        except Exception as error:  # one bad row never stops the rest
            met = f"looking at it met an unexpected {type(error).__name__}; please report it"
            raise UndoRefusedError(met) from error
        row.item = item

    async def _item_of(self, row: UndoRow) -> Item[Any]:
        """Return the row as its steps see it."""
        payload = self._payload(row)
        row.session = RecordingSession.over(self._session)
        item = self._kind.item_of(row.session, row.state.steps, payload)
        needed = {name for target in row.targets for name in target.step.after} - item.made.keys()
        for step in self._kind.workflow.steps:
            # What a step reads is in the journal, but for those of the first version.
            if step.name in needed and not step.writes and not step.gate:
                try:
                    made = await step.send(item)
                    item.made[step.name] = made if isinstance(made, Made) else Made(made)
                except KeyError:
                    raise UndoRefusedError(
                        f"its journal does not say which {step.name} it belongs to, and the input that does "
                        "is not at hand: give the input that the job began with"
                    ) from None
        return item

    def _payload(self, row: UndoRow) -> Payload | None:
        try:
            return None if row.row is None else self._kind.read(row.row.values)
        except InvalidInputError:
            return None

    # --- made by somebody else ------------------------------------------------------------------------------

    async def _not_somebody_elses(self, target: Target, item: Item[Any]) -> None:
        """Refuse what account history says somebody else made or changed, or this login at another time."""
        step, entry = target.step, target.entry
        item.begin(step.name, entry.key, lost=False)
        subject = None if step.subject is None else step.subject(item)
        if subject is None:
            return
        first, last = _sent(entry)
        if target.restores:
            maker = await self._changer(target, subject, first, last)
        else:
            traced = traced_id(subject, entry)
            maker = await self._history.maker(subject, traced, first_intent=first, last_intent=last)
        clock = self._history.server_clock
        late = maker.when is not None and clock.certainly_after(maker.when, last + LATE_S)
        if maker.whose == "others" or (maker.whose == "unproven" and late):
            raise UndoRefusedError(f"its {step.name} is not this job's: {maker.why}")

    async def _changer(self, target: Target, subject: Subject, first: float, last: float) -> Maker:
        """Ask account history who changed what is to be restored."""
        entry = target.entry
        sought = sought_of(entry.purpose or target.step.purpose, change_in(entry.change))
        traced = subject.owner_id or entry.object_id
        if sought is None or traced is None:
            return Maker("unproven")
        return await self._history.changer(subject, traced, sought, first_intent=first, last_intent=last)

    # --- in service -----------------------------------------------------------------------------------------

    async def _not_in_service(self, targets: Sequence[Target], account_id: str) -> None:
        """Refuse a number that rings somewhere: releasing it cuts somebody off, emergency calls included."""
        numbers = {target.entry.key for target in targets if target.step.state is not None}
        for number in (number for number in numbers if number is not None and not self._include_live):
            there = await self._number(account_id, number)
            if there is not None and there.carrier_status == _ACTIVE and there.reference_id is not None:
                raise UndoRefusedError(
                    f"its number {number} is in service: to cut off its calls all the same, emergency calls "
                    "among them, undo with include_live=True"
                )

    async def _number(self, account_id: str, number: str) -> AccountTelephoneNumber | None:
        """Return a number on an account; None where neither its look-up nor the account's list has it.

        One look-up that does not find it, or answers another one, is no proof that no subscriber is cut off.
        """
        try:
            there = await self._session.telephone_numbers.get(account_id, number)
        except NotFoundError:
            pass
        else:
            if there.phone_number == number:
                return there
        try:
            listed = await self._numbers.get(account_id, fresh=True)
        except NotFoundError:
            return None  # the account is gone
        return next((each for each in listed if each.phone_number == number), None)

    # --- changed since --------------------------------------------------------------------------------------

    async def _unchanged(
        self, row: UndoRow, item: Item[Any], account_id: str | None, targets: Sequence[Target]
    ) -> None:
        """Refuse what somebody has changed since the job made it."""
        if not targets:
            return
        seen: list[Change] = []
        if account_id is not None:
            whole = any(target.entry.object_id == account_id for target in targets)
            since = min(_sent(target.entry)[0] for target in targets)
            seen = await self._history.changes(account_id, since=since, fresh=whole) or []
        clock = self._history.server_clock.bounds
        logins = self._logins | self._makers(row, seen)
        about = {target.name: [each for each in seen if _is_about(each, target, item)] for target in targets}
        # Where nothing is known of the server's clock, time does not tell our own login's work apart.
        known = math.isfinite(clock.hi - clock.lo)
        shown = {name for name, changes in about.items() if known and any(each.makes for each in changes)}
        for target in targets:
            spans = self._spans(row, target)
            changed = [
                each
                for each in about[target.name]
                if each.changes and not (each.doer & logins and self._within(each, spans))
            ]
            if changed:
                latest = max(changed, key=lambda change: change.when or 0.0)
                more = f", and {len(changed) - 1} more" if len(changed) > 1 else ""
                raise UndoRefusedError(f"it is not as the job left it: {latest}{more}")
            begun = row.undone.get(target.name)
            if target.name not in shown and (begun is None or begun.intent_at is None):
                # A history that shows other things of the row, and nothing of this one, knows of no change.
                await self._compare(target, item, must=not shown)

    def _spans(self, row: UndoRow, target: Target) -> list[Span]:
        """Return when the job, or its undo, was at work on a target's object."""
        names = _names(target.entry)
        steps = (entry for entry in row.state.steps.values() if names & _names(entry))
        spans = [span for entry in steps if (span := span_of(entry)) is not None]
        undos = (entry for entry in row.undone.values() if entry.intent_at is not None)
        spans += [Span(u.intent_at or 0.0, u.settled_at or (u.intent_at or 0.0) + LATE_S) for u in undos]
        return spans + self.shared.get((target.name, folded(target.entry.key or "")), [])

    def _within(self, change: Change, spans: Sequence[Span]) -> bool:
        """Tell whether something was done while the job was at work, as far as the clocks can tell."""
        when, clock = change.when, self._history.server_clock
        return when is not None and any(
            not clock.certainly_before(when, span.first) and not clock.certainly_after(when, span.last)
            for span in spans
        )

    def _makers(self, row: UndoRow, seen: Sequence[Change]) -> frozenset[str]:
        """Return what the logins are called that made a row's answered objects: a job may have several.

        One that made what a known login of the job made as well, such as a number that was given back, is
        somebody else.
        """
        found: set[str] = set()
        for entry in row.state.steps.values():
            span = span_of(entry)
            if entry.evidence != "answered" or entry.object_id is None or span is None:
                continue
            object_id = folded(entry.object_id)
            doers = [
                change.doer
                for change in seen
                if change.makes and object_id in change.about and self._within(change, [span])
            ]
            if not any(doer & self._logins for doer in doers):
                found.update(*doers)
        return frozenset(found)

    async def _compare(self, target: Target, item: Item[Any], *, must: bool) -> None:
        """Compare what was sent with what is there, where history shows nothing of it."""
        step = target.step
        if step.find is None or not item.has_row:
            if must and not self._unverified:
                history = self._history.why_not or "account history does not show it"
                rows = self._no_input or "its row of the input is not as it was"
                raise UndoRefusedError(
                    f"nothing shows whether its {step.name} was changed since: {history}, and {rows}; to "
                    "delete it all the same, undo with unverified (--unverified)"
                )
            return
        item.begin(step.name, target.entry.key, lost=False)
        try:
            await step.find(item)
        except ConflictError as error:
            names = ", ".join(difference.field for difference in error.differences) or "what was sent"
            raise UndoRefusedError(
                f"its {step.name} is not as the job left it: it differs in {names}"
            ) from error

    # --- alone ----------------------------------------------------------------------------------------------

    async def _alone(self, account_id: str, targets: Sequence[Target]) -> None:
        """Refuse what something else hangs on that would be lost, or left in the air."""
        ids = {target.entry.object_id for target in targets}
        going = frozenset[str]().union(*(_names(target.entry) for target in targets))
        whole = account_id in ids
        if not targets:
            return
        try:
            users = await self._session.users.list(account_id) if whole else []
            numbers = await self._numbers.get(account_id, fresh=whole)
            lines = await self._lines.get(account_id, fresh=whole)
        except NotFoundError:
            return  # the account is gone
        hanging = [
            *(("user", user.id, user.username) for user in users),
            *(("number", n.id, n.phone_number) for n in numbers if whole or n.reference_id in ids),
            *(("device line", line.id, line.mac_address) for line in lines if whole or line.user_id in ids),
        ]
        others = [
            (what, key or object_id)
            for what, object_id, key in hanging
            if not going & {folded(name) for name in (object_id, key) if name}
        ]
        if others:
            what, key = others[0]
            more = f", and {len(others) - 1} more" if len(others) > 1 else ""
            whose = await self._whose(key)
            raise UndoRefusedError(f"something else hangs on it: {what} {key}{whose}{more}")

    def _unused(self, targets: Sequence[Target]) -> None:
        """Refuse what another row of the job needs: in a workflow of one's own no list shows that."""
        for target in (target for target in targets if target.step.shared):
            row = self.used.get((target.name, folded(target.entry.key or "")))
            if row is not None:
                raise UndoRefusedError(
                    f"something else hangs on it: row {row} of this job needs its {target.name}"
                )

    async def _list_numbers(self, account_id: str) -> list[AccountTelephoneNumber]:
        return await self._session.telephone_numbers.list(account_id)

    async def _list_lines(self, account_id: str) -> list[DeviceLine]:
        return await self._session.device_lines.list(account_id)

    async def _whose(self, key: str | None) -> str:
        """Say which row of the job something is of, where it is."""
        for step in (step for step in self._kind.workflow.steps if step.writes and key is not None):
            row = await self._store.owner_of(step.name, key or "")
            if row is not None:
                return f", of row {row}"
        return ", which is not of this job"


def _sent(entry: StepEntry) -> tuple[float, float]:
    """Return when a step was sent first and last, as far as the journal knows."""
    last = entry.intent_at or entry.settled_at or 0.0
    return entry.first_intent_at or last, last


def span_of(entry: StepEntry) -> Span | None:
    """Return when the job was at work on a step's object; None where it never sent anything."""
    first, last = _sent(entry)
    if entry.intent_at is None:
        return None
    return Span(first, max(last, entry.settled_at or 0.0) + _MILLISECOND_S)


def _names(entry: StepEntry) -> frozenset[str]:
    """Return all that a step's object is called, folded."""
    return frozenset(folded(name) for name in (entry.object_id, entry.key) if name)


def traced_id(subject: Subject, entry: StepEntry) -> str | None:
    """Return the id by which account history names a step's object; None = it is found by its key."""
    return subject.owner_id or (entry.object_id if entry.object_id != entry.key else None)


def _is_about(change: Change, target: Target, item: Item[Any]) -> bool:
    """Tell whether an entry of account history is about a target's object."""
    step, entry = target.step, target.entry
    item.begin(step.name, entry.key, lost=False)
    subject = None if step.subject is None else step.subject(item)
    if subject is not None and subject.owner_id is not None:
        return {folded(subject.owner_id), folded(subject.key)} <= change.about
    return bool(change.about & _names(entry))
