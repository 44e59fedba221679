"""One step of one row: journaled, done, looked up where its answer was lost, and settled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Literal, TypeVar

import anyio

from alianza_async.bulk.past import MAY_BE_LOST
from alianza_async.bulk.report import DONE
from alianza_async.bulk.work import Settle
from alianza_async.bulk.workflows.steps import Again, Item, Made, Step, cannot_tell
from alianza_async.errors import (
    AlianzaError,
    AlreadyExistsError,
    AuthenticationError,
    CallError,
    ConfigurationError,
    ConflictError,
    JournalError,
    StepError,
    UnknownOutcomeError,
)
from alianza_async.models.base import WriteModel
from alianza_async.policies.retry import Unsettled

if TYPE_CHECKING:
    from alianza_async.bulk.journal.entries import StepEntry
    from alianza_async.bulk.report import Status
    from alianza_async.bulk.work import Ledger, Work
    from alianza_async.bulk.workflows.holds import Holds
    from alianza_async.bulk.workflows.watched import Watched

__all__ = ["StepRun", "Way", "status_of"]

R = TypeVar("R", bound=WriteModel)

_REFUSED = frozenset({400, 409, 422})
_CHOICES_AT_MOST = 100


@dataclass(frozen=True, slots=True)
class Way(Generic[R]):
    """What the steps of one row have in common.

    Attributes:
        row: What the row holds, checked.
        work: The row's turns.
        ledger: The journal.
        holds: What other rows of the job are at.
        session: Where requests go, watched.
        item: The row as its steps see it.
    """

    row: R
    work: Work
    ledger: Ledger
    holds: Holds
    session: Watched
    item: Item[R]

    @property
    def number(self) -> int:
        """The row's number."""
        return self.work.row.number


class StepRun(Generic[R]):
    """One step on one row's way.

    Args:
        step: The step.
        way: The row's way.

    Attributes:
        status: How it ended; None = not yet.
        error: Why it did not end well, or what happened to its latest try.
        root: Which step's end it was skipped for.
        adopted: Whether it was found after its answer was lost.
    """

    def __init__(self, step: Step[R], way: Way[R]) -> None:
        self.step = step
        self.status: Status | None = None
        self.error: AlianzaError | None = None
        self.root: str | None = None
        self.adopted = False
        self._way = way
        self._journaled: str | None = None
        self._key: str | None = None
        self._chosen = False
        # `first`: it may be there, made by anybody. `lost`: it was sent, and what is found is ours.
        self._look: Literal["first", "lost"] | None = None
        self._due = 0.0
        self._begun = 0
        self._tries = 0
        self._last = False
        self._waiting = False
        self._looks = 0

    def expect(self) -> None:
        """Look before anything is sent: somebody may have made it."""
        self._look = "first"

    def take_over(self, entry: StepEntry, *, settled_at: float) -> None:
        """Go on from where an earlier run left it.

        Args:
            entry: What the journal has of it.
            settled_at: From when on what was sent then can be looked up.
        """
        self._journaled = entry.status
        # The key of a step that failed may be why; it is chosen anew.
        self._key, self._chosen = entry.key, entry.key is not None and entry.status != "failed"
        if entry.status in DONE:
            existed = entry.status == "exists"
            made = Made(entry.object_id, existed=existed, detail=entry.detail, key=entry.key)
            self._way.item.made[self.step.name] = made
            self.status, self.adopted = status_of(entry.status), entry.adopted
        elif entry.status in MAY_BE_LOST:
            self._look, self._due = "lost", settled_at
        elif entry.status == "failed":
            self._look = "first"

    async def skip(self, root: str, *, unknown: bool) -> None:
        """End it undone, because of how a step that it needs ended."""
        self.root = root
        told = "is unknown" if unknown else "failed"
        await self._settle("skipped", StepError(f"not done: its {root} {told}"))

    async def turn(self) -> None:
        """Bring it to its end.

        Raises:
            Settle: It needs another turn, later.
            JournalError: The journal cannot be written.
            AuthenticationError: The login was refused.
            ConfigurationError: No row will do better.
        """
        step, way = self.step, self._way
        way.item.begin(step.name, self._key, lost=self._look == "lost", looks=self._looks)
        way.session.lost = False
        try:
            if not step.writes:
                await self._read()
            elif await self._has_key():
                if step.shared and self._key is not None:
                    self._take_turns(self._key)
                if not await self._is_settled():
                    await self._do()
        finally:
            self._looks = way.item.looks
        if step.shared:
            way.holds.settled(step.name, self._key, way.number)

    # --- before it is done ------------------------------------------------------------------------------

    async def _read(self) -> None:
        """Run a step that changes nothing."""
        try:
            made = await self.step.do(self._way.item)
        except AlianzaError as error:
            _raise_what_ends_the_job(error)
            await self._settle("failed", error)
        else:
            await self._done("exists", made)

    async def _has_key(self) -> bool:
        """Find out the step's key; tell whether that went well."""
        if not self._chosen:
            try:
                self._key, self._chosen = await self.step.key_for(self._way.item), True
            except AlianzaError as error:
                _raise_what_ends_the_job(error)
                await self._settle("failed", error)
                return False
            self._way.item.key = self._key
        return True

    def _take_turns(self, key: str) -> None:
        """Hold a shared step; raises `Settle` while another row is at it."""
        step, way = self.step, self._way
        free_at = way.holds.hold(step.name, key, way.number, anyio.current_time())
        if free_at is not None:
            raise Settle(free_at)
        if self._look is None and not self._tries and not self._waiting:
            if way.holds.was_settled(step.name, key):
                self._look = "first"
            elif way.ledger.known_elsewhere(way.work, step.name, key):
                # Whoever began it may have been cut off a moment ago.
                self._look, self._due = "first", way.holds.began + way.ledger.settle_s
                way.holds.busy_until(step.name, key, way.number, self._due)

    async def _is_settled(self) -> bool:
        """Find out what became of it, where it may have been done before; tell whether that settled it."""
        if self._look is None or self._waiting:
            return False
        if anyio.current_time() < self._due:
            raise Settle(self._due)
        lost = self._look == "lost"
        if self.step.find is not None:
            if await self._find(lost=lost):
                return True
        elif lost:
            cut_off = AlianzaError("it was cut off while it was under way")
            await self._settle("unknown", cannot_tell(cut_off, "nothing can look it up"))
            return True
        self._look = None
        spent = self._last or self._tries >= self._way.session.retry_policy.attempts
        if lost and spent and self.error is not None:
            await self._settle("failed", self.error)
            return True
        return False

    async def _find(self, *, lost: bool) -> bool:
        """Look whether it is done; tell whether that settled it."""
        assert self.step.find is not None  # noqa: S101  (asked only where it can be looked up)
        self._way.item.lost = lost
        try:
            made = await self.step.find(self._way.item)
        except ConflictError as there:
            await self._settle("failed", there)
        except AlianzaError as error:
            _raise_what_ends_the_job(error)
            if lost or isinstance(error, UnknownOutcomeError):
                await self._settle("unknown", cannot_tell(error, "looking it up failed"))
            else:
                await self._settle("failed", error)
        else:
            if made is None:
                return False
            self.adopted = lost
            await self._done(self.step.makes if lost else "exists", made)
        return True

    # --- doing it ---------------------------------------------------------------------------------------

    async def _do(self) -> None:
        for _ in range(_CHOICES_AT_MOST):
            try:
                await self._try()
            except Again:
                if not await self._another_key():
                    return
            else:
                return
        taken = StepError(f"{_CHOICES_AT_MOST} keys that were chosen for it were taken; run it again")
        await self._settle("failed", taken)

    async def _try(self) -> None:
        """Write the intent, do it once, and write what came of it."""
        item, session = self._way.item, self._way.session
        item.key, item.lost = self._key, False
        if not self._waiting:
            await self._way.ledger.intend(self._way.work, step=self.step.name, step_key=self._key)
            self._journaled = "intent"
            self._begun += 1
        session.lost, before = False, session.attempts
        try:
            made = await self.step.do(item)
        except Again:
            raise
        except Settle:
            self._waiting = True
            raise
        except Unsettled as lost:
            await self._lost(lost.failure, wait=lost.wait, last=lost.last)
        except JournalError:
            raise
        except AlianzaError as error:
            await self._not_done(error)
        except Exception as error:  # noqa: BLE001  (a step is the caller's own code)
            shown = StepError(f"an unexpected {type(error).__name__}; please report it")
            shown.__cause__ = error
            await self._settle("unknown" if session.attempts > before else "failed", shown)
        else:
            existed = isinstance(made, Made) and made.existed
            await self._done("exists" if existed else self.step.makes, made)

    async def _another_key(self) -> bool:
        """Choose another key: this one is somebody else's; tell whether that went well."""
        if self._key is not None:
            self._way.holds.spoil(self.step.name, self._key)
        self._key, self._chosen, self._waiting = None, False, False
        return await self._has_key()

    async def _not_done(self, error: AlianzaError) -> None:
        """Settle a step that raised, or have it looked up."""
        if self._way.session.lost:
            await self._lost(error, wait=0.0, last=False)
        elif isinstance(error, ConfigurationError) or _is_refused_login(error):
            # Nothing was sent, and nothing will go better for the next row.
            await self._settle("skipped", error)
            raise error
        elif isinstance(error, AlreadyExistsError) and error.existing is not None:
            await self._done("exists", Made(error.existing.object_id))
        elif isinstance(error, UnknownOutcomeError):
            await self._settle("unknown", error)
        elif _may_be_there(error) and self.step.find is not None:
            await self._refused(error)
        else:
            await self._settle("failed", error)

    async def _refused(self, refusal: AlianzaError) -> None:
        """Look what stands in the way; where nobody can tell, the refusal itself says most."""
        assert self.step.find is not None  # noqa: S101  (as above)
        ours = self._tries > 0
        self._way.item.lost = ours
        try:
            made = await self.step.find(self._way.item)
        except ConflictError as there:
            await self._settle("failed", there)
        except AlianzaError as error:
            _raise_what_ends_the_job(error)
            await self._settle("failed", refusal)
        else:
            if made is None:
                await self._settle("failed", refusal)
                return
            self.adopted = ours
            await self._done(self.step.makes if ours else "exists", made)

    async def _lost(self, error: AlianzaError, *, wait: float, last: bool) -> None:
        """Wait until a step whose answer was lost can be looked up; give up where nothing can look."""
        way = self._way
        self._tries += 1
        self.error, self._last, self._waiting = error, last, False
        if self.step.find is None:
            await self._settle("unknown", cannot_tell(error, "nothing can look it up"))
            return
        self._look = "lost"
        self._due = anyio.current_time() + max(wait, way.ledger.settle_s)
        if self.step.shared and self._key is not None:
            way.holds.busy_until(self.step.name, self._key, way.number, self._due)
        raise Settle(self._due) from error

    # --- its end ----------------------------------------------------------------------------------------

    async def _done(self, status: Status, made: Made | str | None) -> None:
        made = made if isinstance(made, Made) else Made(made)
        made = Made(
            made.id,
            existed=status == "exists",
            detail=self._with_decisions(made.detail),
            key=self._key,
            value=made.value,
        )
        self._way.item.made[self.step.name] = made
        await self._settle(status, None, made)

    async def _settle(self, status: Status, error: AlianzaError | None, made: Made | None = None) -> None:
        """Write how it ended, by a way that the journal knows from where it stood."""
        way, before = self._way, self._journaled
        if before not in DONE:
            if before not in {"intent", status} and (before is not None or status in {"created", "updated"}):
                await way.ledger.intend(way.work, step=self.step.name, step_key=self._key)
            await way.ledger.settle_step(
                way.work,
                self.step.name,
                status,
                key=self._key,
                object_id=made.id if made else None,
                detail=made.detail if made else self._with_decisions(None),
                error=error,
                attempts=self._begun,
                request_id=way.session.request_id,
                adopted=self.adopted,
            )
            self._journaled = status
        self.status, self.error, self._look, self._waiting = status, error, None, False

    def _with_decisions(self, detail: str | None) -> str | None:
        """Return a step's detail with what was decided in it."""
        decided = (f"{name}={told}" for name, told in self._way.item.decided.items())
        return "; ".join([*([detail] if detail else []), *decided]) or None


def status_of(text: str) -> Status:
    """Return a step's status as the type that holds it."""
    status: Status = text  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]
    return status


def _is_refused_login(error: AlianzaError) -> bool:
    return isinstance(error, AuthenticationError) and error.login_refused


def _raise_what_ends_the_job(error: AlianzaError) -> None:
    if isinstance(error, (JournalError, ConfigurationError)) or _is_refused_login(error):
        raise error


def _may_be_there(error: AlianzaError) -> bool:
    """Tell whether a refusal may mean that it is there already, and nobody has compared it yet."""
    compared = isinstance(error, ConflictError) and bool(error.differences)
    return isinstance(error, CallError) and error.status in _REFUSED and not compared
