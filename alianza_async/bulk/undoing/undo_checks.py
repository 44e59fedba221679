"""What keeps a row from being taken back: in service, changed since, or not alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from alianza_async.bulk.journal.texts import safe_text
from alianza_async.bulk.engine.remembered import Remembered
from alianza_async.bulk.undoing.undo_history import AccountHistories, told
from alianza_async.bulk.undoing.undo_plan import unsettled
from alianza_async.bulk.undoing.undo_rows import ACCOUNT
from alianza_async.errors import (
    AlianzaError,
    AuthenticationError,
    ConfigurationError,
    ConflictError,
    JournalError,
    NotFoundError,
    UndoRefusedError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from alianza_async.bulk.journal.entries import StepEntry
    from alianza_async.bulk.journal.journal import Journal
    from alianza_async.bulk.undoing.undo_history import Seen
    from alianza_async.bulk.undoing.undo_input import InputRows
    from alianza_async.bulk.undoing.undo_kinds import UndoKind
    from alianza_async.bulk.undoing.undo_rows import AnyStep, RowToUndo
    from alianza_async.bulk.workflows.steps import Item
    from alianza_async.models.shared_devices import DeviceLine
    from alianza_async.models.shared_numbers import AccountTelephoneNumber
    from alianza_async.session import Session

__all__ = ["Checks"]

_ACTIVE: Final = "ACTIVE"
_SLACK_S: Final = 1.0  # some servers count whole seconds


class Checks:
    """Looks at a row before its first request; changes nothing.

    Args:
        session: Where to look.
        journal: The job's journal.
        kind: How its rows are compared.
        rows: The input's rows, as far as they can be had.
        logins: What the job's login is called, and this one, casefolded.
        include_live: Whether numbers in service are taken back too.
        unverified: Whether rows are taken back of which nobody can tell whether they were changed.
    """

    def __init__(
        self,
        session: Session,
        journal: Journal,
        kind: UndoKind,
        rows: InputRows,
        *,
        logins: frozenset[str],
        include_live: bool,
        unverified: bool,
    ) -> None:
        self._session = session
        self._journal = journal
        self._kind = kind
        self._rows = rows
        self._logins = logins
        self._include_live = include_live
        self._unverified = unverified
        self._histories = AccountHistories(session, since=journal.facts.created_at)
        # Many rows may be of one account.
        self._numbers = Remembered(self._list_numbers)
        self._lines = Remembered(self._list_lines)

    async def look_at(self, undoing: RowToUndo) -> Item[Any]:
        """Make sure that what is left of a row may be taken back.

        Returns:
            The row as its steps see it.

        Raises:
            UndoRefusedError: They may not; says why.
            AuthenticationError: The login was refused: no row will do better.
        """
        refusal = unsettled(undoing)
        if refusal is not None:
            raise UndoRefusedError(refusal)
        steps = undoing.left
        try:
            item = await self._kind.item_of(undoing)
            account = item.made.get(ACCOUNT)
            account_id = None if account is None else account.id
            if account_id is not None:
                await self._in_service(undoing, account_id, steps)
            await self._unchanged(undoing, account_id, steps)
            if account_id is not None:
                await self._alone(undoing, account_id, steps)
        except (UndoRefusedError, JournalError, ConfigurationError):
            raise
        except AlianzaError as error:
            if isinstance(error, AuthenticationError) and error.login_refused:
                raise
            sentence = safe_text(error)[1] or type(error).__name__
            raise UndoRefusedError(f"looking at it failed ({sentence}); undo it again") from error
        except Exception as error:  # one bad row never stops the rest
            met = f"looking at it met an unexpected {type(error).__name__}; please report it"
            raise UndoRefusedError(met) from error
        return item

    # --- in service -----------------------------------------------------------------------------------------

    async def _in_service(self, undoing: RowToUndo, account_id: str, steps: Sequence[AnyStep]) -> None:
        """Refuse a number that rings somewhere: releasing it cuts somebody off, emergency calls included."""
        if self._include_live:
            return
        for number in undoing.numbers(steps):
            try:
                there = await self._session.telephone_numbers.get(account_id, number)
            except NotFoundError:
                continue
            if there.carrier_status == _ACTIVE and there.reference_id is not None:
                raise UndoRefusedError(
                    f"its number {number} is in service: to cut off its calls all the same, emergency calls "
                    "among them, undo with include_live (--include-live)"
                )

    # --- changed since --------------------------------------------------------------------------------------

    async def _unchanged(self, undoing: RowToUndo, account_id: str | None, steps: Sequence[AnyStep]) -> None:
        """Refuse what somebody has changed since the job was through with it."""
        whole = _takes_account(steps)
        seen = None if account_id is None else await self._histories.of(account_id, fresh=whole)
        ours = None if seen is None else _our_time(undoing, seen)
        if seen is not None:
            self._refuse_changed(undoing, seen, ours, whole=whole)
        for step in steps:
            shown = ours is not None and _shows(undoing, step, seen or ())
            if not shown and step.name not in _begun(undoing):
                # A history that shows other things of the row, and nothing of this, knows of no change.
                await self._compare(undoing, step, must=ours is None)

    def _refuse_changed(
        self,
        undoing: RowToUndo,
        seen: Sequence[Seen],
        ours: Callable[[Seen], bool] | None,
        *,
        whole: bool,
    ) -> None:
        names, logins = undoing.names, self._logins | _makers(undoing, seen)
        changes = [
            entry
            for entry in seen
            if entry.changes
            and (whole or entry.about & names)
            # Our own login may have done more since than this job.
            and (not entry.doer & logins or (ours is not None and not ours(entry)))
        ]
        if changes:
            raise UndoRefusedError(f"it is not as the job left it: {told(changes)}")

    async def _compare(self, undoing: RowToUndo, step: AnyStep, *, must: bool) -> None:
        """Compare what was sent with what is there, where history tells nothing."""
        try:
            compared = await self._kind.compare(undoing, step)
        except ConflictError as error:
            fields = ", ".join(difference.field for difference in error.differences) or "what was sent"
            raise UndoRefusedError(
                f"its {step.name} is not as the job left it: it differs in {fields}"
            ) from error
        if not compared and must and not self._unverified:
            history = self._histories.why_not or "account history does not tell of it"
            rows = self._rows.why_not or "its row of the input is not as it was"
            raise UndoRefusedError(
                f"nobody can tell whether its {step.name} was changed since: {history}, and {rows}; to take "
                "it back all the same, undo with unverified (--unverified)"
            )

    # --- alone ----------------------------------------------------------------------------------------------

    async def _alone(self, undoing: RowToUndo, account_id: str, steps: Sequence[AnyStep]) -> None:
        """Refuse what something else hangs on that would be lost, or left in the air."""
        names, whole = undoing.names, _takes_account(steps)
        ids = {undoing.made[step.name].object_id for step in steps}
        try:
            users = await self._session.users.list(account_id) if whole else []
            numbers = await self._numbers.get(account_id, fresh=whole)
            lines = await self._lines.get(account_id, fresh=whole)
        except NotFoundError:
            return  # the account is no more
        hanging = [
            *(("user", user.id, user.username) for user in users),
            *(("number", n.id, n.phone_number) for n in numbers if whole or n.reference_id in ids),
            *(("device line", line.id, line.mac_address) for line in lines if whole or line.user_id in ids),
        ]
        others = [
            f"{what} {key or object_id}{self._whose(key)}"
            for what, object_id, key in hanging
            if whole or not names & {name.casefold() for name in (object_id, key) if name}
        ]
        if others:
            more = f" and {len(others) - 1} more" if len(others) > 1 else ""
            raise UndoRefusedError(f"something else hangs on it: {others[0]}{more}")

    async def _list_numbers(self, account_id: str) -> list[AccountTelephoneNumber]:
        return await self._session.telephone_numbers.list(account_id)

    async def _list_lines(self, account_id: str) -> list[DeviceLine]:
        return await self._session.device_lines.list(account_id)

    def _whose(self, key: str | None) -> str:
        """Say which row of the job something is of, where it is."""
        if key is not None:
            for step in ("user", "activation", "number", "line"):
                entry = self._journal.step_by_key(step, key)
                if entry is not None:
                    return f", of row {entry.row}"
        return ", which is not of this job"


def _our_time(undoing: RowToUndo, seen: Sequence[Seen]) -> Callable[[Seen], bool] | None:
    """Return what tells whether something was done while the job was at a row, or its undo was.

    Clocks differ; by how much, what the job made tells: the server made it after its intent was written, and
    before its outcome was. None where history shows nothing of which that is known.
    """
    spans = [
        (entry.when - of.settled_at, entry.when - of.intent_at)
        for of in undoing.made.values()
        if not of.adopted  # the latest intent may be later than what made it
        for entry in seen
        if entry.makes and entry.when and of.intent_at and of.settled_at and entry.about & _names(of)
    ]
    if not spans:
        return None
    least, most = max(span[0] for span in spans), min(span[1] for span in spans)
    through, began = undoing.ended + most + _SLACK_S, undoing.undo_began

    def is_ours(entry: Seen) -> bool:
        if entry.when is None:
            return False
        return entry.when <= through or (began is not None and entry.when >= began + least - _SLACK_S)

    return is_ours


def _makers(undoing: RowToUndo, seen: Sequence[Seen]) -> frozenset[str]:
    """Return what the logins are called that made a row's things: a resumed job may have had several.

    Ids that the server has made tell: such an object was answered to a request of the job's.
    """
    ids = {
        of.object_id.casefold()
        for of in undoing.made.values()
        if of.status == "created" and of.object_id and of.object_id != of.key and not of.adopted
    }
    return frozenset(name for entry in seen if entry.makes and entry.about & ids for name in entry.doer)


def _names(of: StepEntry) -> frozenset[str]:
    return frozenset(name.casefold() for name in (of.object_id, of.key) if name)


def _takes_account(steps: Sequence[AnyStep]) -> bool:
    return any(step.name == ACCOUNT for step in steps)


def _begun(undoing: RowToUndo) -> frozenset[str]:
    """Return the steps that an earlier undo has begun to take back: they were looked at then."""
    return frozenset(name for name, entry in undoing.undone.items() if entry.intent_at is not None)


def _shows(undoing: RowToUndo, step: AnyStep, seen: Sequence[Seen]) -> bool:
    """Tell whether history tells how what a step made came to be."""
    names = _names(undoing.made[step.name])
    return any(entry.makes and entry.about & names for entry in seen)
