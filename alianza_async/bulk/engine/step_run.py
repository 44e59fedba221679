"""One step of one row: journaled, sent, settled where its answer was lost, and brought to its outcome."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, Generic, Literal, TypeVar

import anyio

from alianza_async.bulk.engine.evidence import Sample
from alianza_async.bulk.engine.private import change_of, merged
from alianza_async.bulk.engine.settlement import (
    Coming,
    Settled,
    Unsure,
    Window,
    ends_the_job,
    look_up,
    settle,
    sought_of,
    unknown_because,
)
from alianza_async.bulk.engine.step_record import StepRecord
from alianza_async.bulk.engine.step_waits import StepWaits
from alianza_async.bulk.engine.steps import Again, Made, Step, folded
from alianza_async.bulk.engine.turns import Later
from alianza_async.calls.identifiers import is_printable
from alianza_async.endpoints.models import WriteModel
from alianza_async.errors import (
    AlianzaError,
    AlreadyExistsError,
    AuthenticationError,
    CallError,
    ConflictError,
    ConnectionFailedError,
    JournalError,
    NotFoundError,
    RequestRejectedError,
    ResponseShapeError,
    ServerError,
    StepError,
    TransportError,
    UnknownOutcomeError,
)
from alianza_async.policies.retry import Unsettled

if TYPE_CHECKING:
    from collections.abc import Callable

    from alianza_async.bulk.engine.history_facts import Subject
    from alianza_async.bulk.engine.row_context import RowContext
    from alianza_async.bulk.engine.steps import Item
    from alianza_async.bulk.journal.store import Evidence, StepEntry
    from alianza_async.bulk.report import Status

__all__ = ["StepRun"]

R = TypeVar("R", bound=WriteModel)

_REFUSED: Final = frozenset({400, 409, 422})
_CHOICES_AT_MOST: Final = 100
# A refused login ends the job; any other refusal of a token waits for the next login.
_MAY_PASS: Final = (
    ServerError,
    TransportError,
    ResponseShapeError,
    UnknownOutcomeError,
    AuthenticationError,
)
_CUT_OFF: Final = "it was cut off while it was under way"
_GONE: Final = (
    "it was there when its update was sent, and is gone now: find out who deletes it, then have what failed "
    "tried again, which creates it"
)


class StepRun(Generic[R]):
    """One step on one row's way.

    Args:
        step: The step.
        row: The row.

    Attributes:
        step: The step.
        known: What is known of it.
    """

    # `first`: it may be there, made by anybody. `lost`: it was sent, and its answer is not known.
    _look: Literal["first", "lost"] | None = None
    _losses = 0
    _last = False
    _waiting = False
    _looks = 0
    _missed = False
    _claimed_by: int | None = None
    # What was found and whose maker only a clock that is measured better can tell.
    _unclear: Settled | None = None

    def __init__(self, step: Step[R], row: RowContext[R]) -> None:
        self.step = step
        self.known = StepRecord(step, row)
        self._waits = StepWaits(step, row, self.known)
        self._row = row

    # --- where an earlier run left it -------------------------------------------------------------------

    def expect(self) -> None:
        """Look before anything is sent: it may be there."""
        self._look = "first"

    def take_over(self, entry: StepEntry, *, settled_at: float) -> None:
        """Go on from where an earlier run left it.

        Args:
            entry: What the journal has of it.
            settled_at: From when on what was sent then can be looked up.
        """
        self.known.take_over(entry)
        if self.known.may_be_lost:
            self._look, self._waits.due = "lost", settled_at
        elif entry.status in {"failed", "unknown"}:
            self._look = "first"  # unknown and never sent: what it waits for was not there in time

    @property
    def is_open(self) -> bool:
        """Whether it was sent and its outcome is not known."""
        return self._look == "lost" and self.known.status is None

    @property
    def may_be_there(self) -> bool:
        """Whether it was sent, or a part of it, and its outcome is not known."""
        return self.is_open or (self.known.status is None and self.known.in_journal == "intent")

    @property
    def is_unclear(self) -> bool:
        """Whether it was found, and only a clock that is measured better can say who made it."""
        return self._unclear is not None

    def read_again(self) -> None:
        """Run a step that only reads once more: what it read has gone with the process."""
        self.known.status = None

    async def skip(self, root: str, *, unknown: bool) -> None:
        """End it undone, because of how a step that it needs ended; what may have been done is unknown."""
        how = "is unknown" if unknown else "failed"
        if self.is_open:
            why = f"it may have been done, and was not looked up: its {root} {how}; resume the job"
            self._end("unknown", StepError(why))
            return
        self.known.root = root
        self._end("skipped", StepError(f"not done: its {root} {how}"))

    # --- its turns --------------------------------------------------------------------------------------

    async def turn(self) -> None:
        """Bring it to its outcome.

        Raises:
            Later: It needs another turn, later.
            JournalError: The journal cannot be written.
            AuthenticationError: The login was refused.
            ConfigurationError: No row will do better.
        """
        step, row = self.step, self._row
        self._begin()
        try:
            if not step.writes:
                await self._read()
                return
            if not await self._has_key():
                return
            if step.shared and self.known.key is not None:
                await self._take_turns(folded(self.known.key))
            if not await self._is_settled():
                await self._send()
        finally:
            self._looks = row.item.looks
            row.session.before_send = None
        if step.shared and self.known.key is not None:
            row.job.locks.ended(
                step.name, folded(self.known.key), row.number, made=self.known.evidence != "none"
            )

    async def settle_only(self) -> None:
        """Find out what became of it, and send nothing; absent, it goes back to `pending`.

        Raises:
            Later: It needs another turn, later.
            AlianzaError: As of `turn`.
        """
        self._begin()
        try:
            await self._settle_lost(resend=False)
        except Again:  # its key would be chosen again by a run
            self._absent()
        finally:
            self._looks = self._row.item.looks

    def _begin(self) -> None:
        row = self._row
        row.item.begin(self.step.name, self.known.key, lost=self._look == "lost", looks=self._looks)
        row.session.lost = False
        row.session.before_send = self.known.intend

    async def _read(self) -> None:
        """Run a step that only reads."""
        try:
            made = await self.step.send(self._row.item)
        except AlianzaError as error:
            if ends_the_job(error):
                raise
            await self._read_again_later(error)
            self._end("failed", error)
        else:
            self._waits.was_answered()
            self._done("exists", made, "none")

    async def _has_key(self) -> bool:
        """Find out the step's key; tell whether that went well."""
        if not self.known.has_key:
            try:
                self.known.key, self.known.has_key = await self.step.key_for(self._row.item), True
            except AlianzaError as error:
                if ends_the_job(error):
                    raise
                await self._read_again_later(error)
                self._end("failed", error)
                return False
            self._waits.was_answered()
            self._row.item.key = self.known.key
        return True

    async def _read_again_later(self, error: AlianzaError) -> None:
        """Raise `Later` where a look-up failed in a way that may pass, or answered another object."""
        if isinstance(error, _MAY_PASS):
            await self._waits.ask_again(error)
        else:
            await self._waits.park(error)

    async def _take_turns(self, key: str) -> None:
        """Hold a shared step; raises `Later` while another row is at it."""
        step, row = self.step, self._row
        locks = row.job.locks
        free_at = locks.hold(step.name, key, row.number, anyio.current_time())
        if free_at is not None:
            raise Later(free_at)
        if self._look is not None or self._losses or self._waiting:
            return
        if locks.has_ended(step.name, key):
            self._look = "first"
            return
        owner = await row.journal.claim(step.name, key)
        if owner != row.number:
            # The row that began it may have been cut off a moment ago.
            self._claimed_by = owner
            self._look, self._waits.due = "first", locks.began + row.job.settle_s
            locks.busy_until(step.name, key, row.number, self._waits.due)

    # --- before it is sent ------------------------------------------------------------------------------

    async def _is_settled(self) -> bool:
        """Find out what became of it, where it may have been done before; tell whether that settled it."""
        if self._look is None or self._waiting:
            return False
        if anyio.current_time() < self._waits.due:
            raise Later(self._waits.due)
        try:
            if self._look == "lost":
                return await self._settle_lost(resend=True)
            return await self._look_first()
        except Again:
            self._look = None
            return not await self._another_key()

    async def _look_first(self) -> bool:
        """Look whether it is there already; tell whether that settled it."""
        if self.step.find is None:
            self._look = None
            return False
        try:
            made, differs = await look_up(self.step, self._row.item)
        except Unsure as unsure:
            await self._read_again_later(unsure.error)
            if isinstance(unsure.error, UnknownOutcomeError) or self._row.work.unknown_before:
                self._end("unknown", unknown_because(unsure.error, "looking it up failed"))
            else:
                self._end("failed", unsure.error)
            return True
        if made is None and await self._is_of_this_job():
            # A look-up that does not find what this job has made is not believed: nothing is sent.
            await self._ask_again(AlianzaError("it does not find what another row of this job has made"))
            return True
        self._look = None
        self._waits.was_answered()
        if made is None:
            return False
        await self._is_there(made, differs)
        return True

    async def _settle_lost(self, *, resend: bool) -> bool:
        """Find out what became of a lost answer; tell whether that settled it."""
        step, row = self.step, self._row
        row.item.lost = True
        if step.find is None:
            lost = self.known.error or AlianzaError(_CUT_OFF)
            self._end("unknown", unknown_because(lost, "nothing can look it up"))
            return True
        try:
            settled = await self._looked_up()
        except Unsure as unsure:
            await self._ask_again(unsure.error)
            return True
        except Coming:
            await self._wait_until_there()
            return True
        self._waits.was_answered()
        if settled.what == "absent":
            return await self._absent_after_send(resend=resend)
        if self._is_unclear(settled):
            self._unclear = settled
            if settled.conflict is None and row.job.on_exists == "skip":
                self._go_on_unclear(settled)
                return True
            await self._waits.for_a_sample()
        self._unclear = None
        return await self._found_after_send(settled, resend=resend)

    async def _looked_up(self) -> Settled:
        """Look it up, or return what was found before where asking again would tell no more."""
        if self._unclear is not None and not self._row.job.samples:
            return self._unclear
        return await self._settled()

    async def _settled(self) -> Settled:
        """Look it up and ask account history, by a clock that is measured as well as can be."""
        row, now = self._row, time.time()
        window = Window(
            self.known.first_intent or self.known.last_intent or now, self.known.last_intent or now
        )
        row.job.history.calibrate(row.job.samples)
        return await settle(
            self.step,
            row.item,
            purpose=self.known.purpose,
            history=row.job.history,
            window=window,
            change=self.known.change,
        )

    def _is_unclear(self, settled: Settled) -> bool:
        """Tell whether only a clock that is measured better can say who made it.

        An object that this job makes with a known answer measures the server's clock to milliseconds; before
        the first one, its `Date` does so to a second.
        """
        close = settled.maker is not None and settled.maker.too_close
        return close and self._waits.may_be_sampled

    def _go_on_unclear(self, settled: Settled) -> None:
        """Go on with what was found; who made it is cleared up once the row's other steps are through."""
        assert settled.made is not None  # noqa: S101  (only what is absent has none)
        self._look = None
        self.known.status, self.known.adopted = "exists", True
        self._row.item.made[self.step.name] = replace(settled.made, existed=True, key=self.known.key)

    async def clear_up(self, *, resend: bool) -> None:
        """Find out who made what was found, where only the clock could not tell before.

        Raises:
            Later: No row was answered yet: it needs another turn.
            AlianzaError: As of `turn`.
        """
        self._begin()
        try:
            settled = await self._looked_up()
        except (Unsure, Coming):
            settled = Settled("unproven", self._row.item.made[self.step.name])
        if self._is_unclear(settled):
            await self._waits.for_a_sample()
        self._unclear, self.known.status = None, None
        if settled.what == "absent":
            await self._absent_after_send(resend=False)
        else:
            await self._found_after_send(settled, resend=resend)

    async def _absent_after_send(self, *, resend: bool) -> bool:
        if self.known.purpose == "update" and self.step.purpose == "create":
            if not self._missed:  # one look-up that does not find it may lie
                self._missed = True
                await self._waits.for_(0.0)
            self._end("failed", AlianzaError(_GONE))
            return True
        if not resend:
            self._absent()
            return True
        self._look = None
        if self.known.error is not None and self._is_spent:
            losses, self._losses, self._last = self._losses, 0, False
            await self._waits.park(
                self.known.error
            )  # lost because the server is down: it is sent again once it is back
            self._losses = losses
            self._end("failed", _looked_up_since("it was not carried out", self.known.error))
            return True
        return False

    async def _found_after_send(self, settled: Settled, *, resend: bool) -> bool:
        """Settle what is there after its answer was lost."""
        made, differs = settled.made, settled.conflict
        assert made is not None  # noqa: S101  (only what is absent has none)
        if self.known.purpose == "update" and differs is not None:
            # Every intent has its purpose: an update that was cut off is finished as one.
            if resend and not self._is_spent and self.step.update is not None:
                await self._update(differs)
            else:
                lost = _looked_up_since("its update did not arrive", self.known.error)
                self._end("unknown" if not resend else "failed", lost or differs)
            return True
        if settled.what == "ours":
            self.known.adopted = True
            self._done("updated" if self.known.purpose == "update" else self.step.makes, made, "history")
            return True
        self.known.adopted = settled.what == "unproven"
        if differs is None and (self.known.adopted or not resend):
            self._done("exists", made, "none")  # it may be this job's, whatever is to become of others'
        elif resend:
            await self._is_there(made, differs)
        else:
            self._end("failed", differs, made)
        return True

    @property
    def _is_spent(self) -> bool:
        return self._last or self._losses >= self._row.session.retry_policy.attempts

    async def _ask_again(self, error: AlianzaError) -> None:
        """Ask a little later; after a few times the outcome is unknown."""
        await self._waits.ask_again(error)
        self._end("unknown", unknown_because(error, "looking it up failed"))

    async def _wait_until_there(self) -> None:
        """Wait for what account history shows to be coming; not for ever."""
        await self._waits.for_what_is_coming()
        shown = "account history shows that the server has taken it in, and it is still not there"
        self._end("unknown", AlianzaError(f"{shown}; run `alianza bulk reconcile` later"))

    # --- what is there already --------------------------------------------------------------------------

    async def _is_there(self, made: Made, differs: ConflictError | None) -> None:
        """Settle what is there and is not proven to be this job's."""
        row, step = self._row, self.step
        # What only follows something into its state makes no object that could have been there before.
        fails = row.job.on_exists == "fail" and step.purpose == "create"
        if fails and not await self._is_of_this_job():
            existed = differs or StepError("it exists already, and the job fails what exists")
            self._end("failed", existed, made)
        elif differs is None:
            self._done("exists", made, "none")
        elif row.job.on_exists == "update" and step.update is not None:
            await self._update(differs)
        else:
            self._end("failed", differs, made)

    async def _is_of_this_job(self) -> bool:
        """Tell whether another row of this job made what the step shares with it."""
        if not self.step.shared or self.known.key is None:
            return False
        if self._row.job.locks.was_made(self.step.name, folded(self.known.key)):
            return True
        owner = self._claimed_by
        if owner is None:  # a row that goes on from an earlier run has not asked yet
            owner = await self._row.journal.claim(self.step.name, folded(self.known.key))
        return owner != self._row.number and await self._row.journal.made_by(owner, self.step.name)

    async def _update(self, differs: ConflictError) -> None:
        """Bring what is there to what the row says; its old values are journaled with the intent."""
        assert self.step.update is not None  # noqa: S101  (asked for only where there is one)
        self.known.purpose, self.known.change = (
            "update",
            merged(self.known.change, change_of(differs.differences)),
        )
        self._row.session.lost = self._row.session.reached = False
        try:
            made = await self.step.update(self._row.item, differs)
        except Unsettled as lost:
            await self._lost(lost.failure, wait=lost.wait, last=lost.last)
        except AlianzaError as error:
            await self._not_done(error, sent=True)
        else:
            self.known.adopted = False
            found = made if isinstance(made, Made) else Made(made or differs.existing_id)
            if self.step.subject is not None:
                self._sample(found, self.step.subject)
            self._done("updated", found, "answered")

    # --- sending it -------------------------------------------------------------------------------------

    async def _send(self) -> None:
        if self.known.purpose != self.step.purpose:
            # What an earlier run was to update is gone: what is sent now is no update of it.
            self.known.purpose, self.known.change = self.step.purpose, None
        for _ in range(_CHOICES_AT_MOST):
            try:
                await self._try()
            except Again:
                if not await self._another_key():
                    return
            else:
                return
        taken = StepError(f"{_CHOICES_AT_MOST} keys that were chosen for it were taken; run it again")
        self._end("failed", taken)

    async def _try(self) -> None:
        """Send it once, and settle what came of it."""
        row = self._row
        item, session = row.item, row.session
        item.key, item.lost = self.known.key, False
        session.lost, session.reached, before = False, False, session.attempts
        try:
            if self.step.change is not None:
                # Each time again: it may have been changed since it was sent, and not done, before.
                change = await self.step.change(item)
                self.known.change = self.known.change if change is None else merged(self.known.change, change)
            if self.step.elsewhere:
                await self.known.intend()
            made = await self.step.send(item)
        except Again:
            raise
        except Later:
            self._waiting = True
            await row.journal.flush()
            raise
        except Unsettled as lost:
            await self._lost(lost.failure, wait=lost.wait, last=lost.last)
        except JournalError:
            raise
        except AlianzaError as error:
            await self._not_done(error, sent=session.attempts > before)
        except Exception as error:  # noqa: BLE001  (a step is the caller's own code)
            shown = StepError(f"an unexpected {type(error).__name__}; please report it")
            shown.__cause__ = error
            self._end("unknown" if session.attempts > before else "failed", shown)
        else:
            await self._answered(made, sent=session.attempts > before)

    async def _answered(self, made: Made | str | None, *, sent: bool) -> None:
        """Settle an answer, where it is ours."""
        if not is_printable(made.id if isinstance(made, Made) else made):
            await self._lost(AlianzaError("the answer has an id that cannot be printed"), wait=0.0)
            return
        if isinstance(made, Made):
            if (
                made.key is not None
                and self.known.key is not None
                and not self.step.same_key(made.key, self.known.key)
            ):
                await self._lost(AlianzaError("the answer is about another object than was sent"), wait=0.0)
                return
            if made.existed:
                self._done("exists", made, "none")
                return
        if not sent and not self.step.elsewhere:
            await (
                self.known.intend()
            )  # it was done without the session: the journal knows no outcome without an intent
        elif sent and self.step.subject is not None:
            self._sample(made, self.step.subject)
        self._done(self.step.makes, made, "answered")

    def _sample(self, made: Made | str | None, subject_of: Callable[[Item[R]], Subject | None]) -> None:
        """Keep what was made or changed with a known answer, where the clock is measured better by it."""
        row, sent_at, now = self._row, self._row.session.sent_at, time.time()
        if sent_at is None or not row.job.wants_sample(now - sent_at):
            return
        sought = sought_of(self.known.purpose, self.known.change)
        if sought is not None and self.known.sends > 1:
            return  # an earlier request may be the one that changed it
        subject = subject_of(row.item)
        object_id = made.id if isinstance(made, Made) else made
        if subject is not None:
            own = object_id if sought is not None or object_id != self.known.key else None
            row.job.keep_sample(Sample(subject, subject.owner_id or own, sent_at, now, sought))

    async def _another_key(self) -> bool:
        """Choose another key: this one is somebody else's; tell whether that went well."""
        if self.known.key is not None:
            self._row.claims.spoil(self.step.name, self.known.key)
        self.known.key, self.known.has_key, self._waiting = None, False, False
        return await self._has_key()

    async def _not_done(self, error: AlianzaError, *, sent: bool) -> None:
        """Settle a step that raised, or have it looked up."""
        session = self._row.session
        # What looks at it after its answer may be refused: that says nothing of the change itself.
        look_refused = sent and session.accepted and isinstance(error, RequestRejectedError | NotFoundError)
        if session.lost or (look_refused and self.step.find is not None):
            await self._lost(error, wait=0.0)
            return
        if ends_the_job(error):
            # Nothing was carried out, and nothing will go better for the next row.
            self._end("skipped", error)
            raise error
        if isinstance(error, _MAY_PASS) and not isinstance(error, ConnectionFailedError):
            if sent and (session.accepted or self.step.find is not None):
                await self._lost(error, wait=0.0)  # it was answered; what then looks at it could not tell
                return
            await self._read_again_later(error)
        else:
            if isinstance(error, ConnectionFailedError) and self._was_not_sent:
                self.known.put_back()  # no connection was made: nothing of it was sent
            await self._waits.park(error)
        await self._ended_with(error)

    @property
    def _was_not_sent(self) -> bool:
        """Whether its intent is on disk and none of its requests found a connection; it will be parked."""
        row, begun = self._row, self.known.in_journal == "intent" and not self.step.elsewhere
        return begun and row.job.outage is not None and not row.session.reached

    async def _ended_with(self, error: AlianzaError) -> None:
        """Settle a step by what it raised: nothing more can be learned by waiting."""
        if isinstance(error, AuthenticationError):
            # Its tokens were revoked one after the other: the row waits for the next login.
            await self._waits.ask_again(error)
            self._end("failed", error)
        elif isinstance(error, AlreadyExistsError) and error.existing is not None:
            await self._exists_after_refusal(Made(error.existing.object_id, existed=True), None)
        elif isinstance(error, ConflictError) and error.existing is not None:
            await self._exists_after_refusal(Made(error.existing_id, existed=True), error)
        elif isinstance(error, UnknownOutcomeError):
            self._end("unknown", error)
        elif _may_be_there(error) and self.step.find is not None and self.known.purpose == "create":
            await self._refused(error)
        else:
            self._end("failed", error)

    async def _refused(self, refusal: AlianzaError) -> None:
        """Look what stands in the way; where nothing tells, the refusal itself says most."""
        try:
            made, differs = await look_up(self.step, self._row.item)
        except (Unsure, Later):
            self._end("failed", refusal)
            return
        if made is None:
            self._end("failed", refusal)
        else:
            await self._exists_after_refusal(made, differs)

    async def _exists_after_refusal(self, made: Made, differs: ConflictError | None) -> None:
        """Settle what a refusal says is there: made before, or by a request whose answer was lost."""
        if self._losses or (self.known.first_intent is not None and self.known.sends > 1):
            self._look, self._waits.due = "lost", 0.0
            if await self._settle_lost(resend=True):
                return
        await self._is_there(made, differs)

    async def _lost(self, error: AlianzaError, *, wait: float, last: bool = False) -> None:
        """Wait until a step whose answer was lost can be looked up; give up where nothing can look."""
        self._waits.note(error)  # it is not parked: it waits for its look-up as it is
        self._losses += 1
        self.known.error, self._last, self._waiting = error, last, False
        if self.step.find is None:
            self._end("unknown", unknown_because(error, "nothing can look it up"))
            return
        self._look = "lost"
        await self._waits.for_(wait)

    # --- its outcome ------------------------------------------------------------------------------------

    def _done(self, status: Status, made: Made | str | None, evidence: Evidence) -> None:
        self.known.done(status, made, evidence)
        self._look, self._waiting = None, False

    def _end(self, status: Status, error: AlianzaError | None, made: Made | None = None) -> None:
        self.known.end(status, error, made)
        self._look, self._waiting = None, False

    def _absent(self) -> None:
        """Put it back: it was looked up and is absent, so a run may send it."""
        self.known.put_back()
        self._look = None


def _looked_up_since(what: str, lost: AlianzaError | None) -> AlianzaError | None:
    """Return the error of a lost answer whose request is known by now to have done nothing.

    It has no word of the server's: a journal keeps the sentences of steps as they are.
    """
    if not isinstance(lost, UnknownOutcomeError):
        return lost
    answer = "no answer" if lost.status is None else f"answer {lost.status}"
    shown = StepError(f"{what}, which look-ups after each try show ({answer})")
    shown.__cause__ = lost
    return shown


def _may_be_there(error: AlianzaError) -> bool:
    """Tell whether a refusal may mean that it is there already, and nothing has compared it yet."""
    compared = isinstance(error, ConflictError) and (bool(error.differences) or error.existing is not None)
    return isinstance(error, CallError) and error.status in _REFUSED and not compared


AnyStepRun = StepRun[Any]
