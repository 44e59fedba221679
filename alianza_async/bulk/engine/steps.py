"""What a workflow is made of: steps, what each has made, and the row as a step sees it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, Literal, Self, TypeVar, cast

import anyio
from pydantic import BaseModel

from alianza_async.bulk.engine.turns import Later
from alianza_async.endpoints.matching import folded
from alianza_async.errors import AlianzaError, ConfigurationError
from alianza_async.policies.lookup import conflict

if TYPE_CHECKING:
    from alianza_async.bulk.engine.evidence import Subject
    from alianza_async.bulk.engine.private import Change
    from alianza_async.bulk.engine.row_journal import RowJournal
    from alianza_async.bulk.journal.store import Evidence, Purpose
    from alianza_async.endpoints.endpoint import BoundEndpoint
    from alianza_async.errors import ConflictError
    from alianza_async.session import Session

__all__ = [
    "Again",
    "AnyStep",
    "Item",
    "Made",
    "Need",
    "Step",
    "create",
    "find_created",
    "folded",
    "same_exactly",
    "same_folded",
    "step",
]

R = TypeVar("R", bound=BaseModel)
R_contra = TypeVar("R_contra", bound=BaseModel, contravariant=True)
R_co = TypeVar("R_co", bound=BaseModel, covariant=True)
T = TypeVar("T")

_GROWTH = 1.5


def same_folded(one: str, other: str) -> bool:
    """Tell whether two keys are the same to a server that respells them: trimmed, NFC, without case."""
    return folded(one) == folded(other)


def same_exactly(one: str, other: str) -> bool:
    """Tell whether two keys are the same, letter by letter."""
    return one == other


@dataclass(frozen=True, slots=True)
class Made:
    """What a step has made, or found.

    Attributes:
        id: The object's id.
        existed: Whether it was there before: this job did not make it.
        detail: What else the journal keeps of it: never a secret, never an address.
        key: The natural key that the answer carries. Where a step's answer carries another key than was sent,
            the answer is somebody else's and counts as lost.
        value: What later steps need of it; kept in memory only.
        evidence: What proves that this job made it; the engine's to fill in.
        change: What an update changed; the engine's to fill in.
        trace_id: Its id as account history names it, where that is another one.
        at: When it was done, in Unix seconds; the engine's to fill in.
    """

    id: str | None = None
    existed: bool = False
    detail: str | None = None
    key: str | None = None
    value: object = field(default=None, repr=False, compare=False)
    evidence: Evidence = "none"
    change: Change | None = field(default=None, repr=False)
    trace_id: str | None = field(default=None, compare=False)
    at: float | None = field(default=None, compare=False)


class Need(tuple[str, str]):
    """A permission that a step needs: its area, such as `Account`, and the least level there."""

    __slots__ = ()

    def __new__(cls, area: str, level: str) -> Self:
        """Return the pair."""
        return super().__new__(cls, (area, level))

    @property
    def area(self) -> str:
        """The permission's type, such as `Account`."""
        return self[0]

    @property
    def level(self) -> str:
        """The least level there, such as `CREATE`."""
        return self[1]


class Again(Exception):  # noqa: N818  (no error: the step asks for another key)
    """Raised by a step whose chosen key is taken: another one is chosen, and the step runs again."""


async def _always(_step: str, _value: str) -> bool:
    return True


class Item(Generic[R_co]):
    """One row on its way through a workflow, as its steps see it.

    Args:
        session: Where requests go.
        row: What the row holds, checked; None where a step is taken back from a journal alone.
        choices: The workflow's choices, by name.
        ids: Ids that the row names, by path placeholder.
        claim: Takes a value for a step, unless another row has it.
        shared: What the steps of all rows of a job keep in common.

    Attributes:
        session: The session; each request that changes something is journaled before it is sent.
        made: What the steps done so far have made, by name; a step whose `when` said no is not in it.
        ids: Ids that the row names, by path placeholder.
        shared: What the steps of all rows of a job keep in common, by a name of their own.
        step: The step that runs.
        key: Its key, which is in the journal before anything is sent.
        lost: Whether a request of this step may have been carried out without our having its answer.
        journal: What is written of the row, for a step that has more to write than intent and outcome; None
            outside a run.
    """

    def __init__(
        self,
        session: Session,
        row: R_co | None,
        choices: Mapping[str, str],
        ids: Mapping[str, str] | None = None,
        claim: Callable[[str, str], Awaitable[bool]] = _always,
        *,
        shared: dict[str, object] | None = None,
    ) -> None:
        self.session = session
        self.made: dict[str, Made] = {}
        self.ids: Mapping[str, str] = ids or {}
        self.shared: dict[str, object] = {} if shared is None else shared
        self.journal: RowJournal | None = None
        self.step = ""
        self.key: str | None = None
        self.lost = False
        self.decided: dict[str, str] = {}
        self._row = row
        self._choices = choices
        self._claim = claim
        self._looks = 0

    def begin(self, step: str, key: str | None, *, lost: bool, looks: int = 0) -> None:
        """Turn to a step; the engine's to call."""
        self.step, self.key, self.lost, self._looks = step, key, lost, looks

    @property
    def looks(self) -> int:
        """How often the step that runs has asked for another turn."""
        return self._looks

    @property
    def row(self) -> R_co:
        """What the row holds, checked.

        Raises:
            ConfigurationError: A step is being taken back: then there is only what the journal holds.
        """
        if self._row is None:
            raise ConfigurationError(f"undoing {self.step} may not use the row: use what the steps made")
        return self._row

    @property
    def has_row(self) -> bool:
        """Whether the row's values are at hand."""
        return self._row is not None

    def id_of(self, step: str) -> str:
        """Return the id of what a step has made.

        Raises:
            AlianzaError: It has made none.
        """
        made = self.made.get(step)
        if made is None or made.id is None:
            raise AlianzaError(f"there is no id of its {step}; look at it by hand")
        return made.id

    def choice(self, name: str) -> str:
        """Return the value of one of the workflow's choices."""
        return self._choices[name]

    def decide(self, name: str) -> str:
        """Return the value of a choice, and note in the step's detail that it was applied."""
        self.decided[name] = self._choices[name]
        return self._choices[name]

    async def claim(self, value: str) -> bool:
        """Take a value for this row's step; False where another row of the job has, or had, it."""
        return await self._claim(self.step, value)

    def again(self) -> Again:
        """Return what a step raises whose chosen key is taken: `raise item.again()`."""
        return Again(self.step)

    def later(self, initial: float = 0.5, maximum: float = 10.0) -> Later:
        """Return what a step raises that waits for the server: `raise item.later()`.

        Args:
            initial: Seconds until the second look; they grow by half each time.
            maximum: Seconds between two looks at the most.
        """
        delay = min(maximum, initial * _GROWTH ** min(self._looks, 60))
        self._looks += 1
        return Later(anyio.current_time() + delay)


Send = Callable[[Item[R]], Awaitable[Made | str | None]]
Find = Callable[[Item[R]], Awaitable[Made | None]]
Update = Callable[[Item[R], "ConflictError"], Awaitable[Made | str | None]]
TakeBack = Callable[[Item[R], Made], Awaitable[None]]
Holders = Callable[[Item[R]], Awaitable[Sequence[str]]]
Destroys = str | Callable[[Mapping[str, str]], "str | None"]
Key = str | Callable[[Item[R]], "str | Awaitable[str | None] | None"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step(Generic[R_contra]):
    """One step of a workflow, with all that each verb needs of it; see `step`."""

    name: str
    send: Send[R_contra]
    key: Key[R_contra] | None = None
    find: Find[R_contra] | None = None
    update: Update[R_contra] | None = None
    undo: TakeBack[R_contra] | None = None
    restore: TakeBack[R_contra] | None = None
    change: Callable[[Item[R_contra]], Awaitable[Change | None]] | None = None
    holders: Holders[R_contra] | None = None
    subject: Callable[[Item[R_contra]], Subject | None] | None = None
    same_key: Callable[[str, str], bool] = same_folded
    after: tuple[str, ...] = ()
    writes: bool = True
    gate: bool = False
    when: Callable[[R_contra], bool] | None = None
    shared: bool = False
    elsewhere: bool = False
    purpose: Purpose = "create"
    makes: Literal["created", "updated"] = "created"
    irreversible: str | None = None
    destroys: Destroys | None = None
    state: str | None = None
    needs: tuple[Need, ...] = ()
    calls: int = 1

    async def key_for(self, item: Item[R_contra]) -> str | None:
        """Return the key that the step runs with: read off the row, or chosen."""
        if self.key is None:
            return None
        if isinstance(self.key, str):
            value = cast("object", getattr(item.row, self.key))
            return None if value is None else str(value)
        chosen = self.key(item)
        return await chosen if isinstance(chosen, Awaitable) else chosen

    @property
    def key_is_in_row(self) -> bool:
        """Whether the key is a field of the row."""
        return isinstance(self.key, str)


AnyStep = Step[Any]  # of whatever rows: what is taken back or reconciled may have none


def step(
    name: str,
    send: Send[R],
    *,
    key: Key[R] | None = None,
    find: Find[R] | None = None,
    update: Update[R] | None = None,
    undo: TakeBack[R] | None = None,
    restore: TakeBack[R] | None = None,
    change: Callable[[Item[R]], Awaitable[Change | None]] | None = None,
    holders: Holders[R] | None = None,
    subject: Callable[[Item[R]], Subject | None] | None = None,
    same_key: Callable[[str, str], bool] = same_folded,
    after: str | Sequence[str] = (),
    writes: bool = True,
    gate: bool = False,
    when: Callable[[R], bool] | None = None,
    shared: bool = False,
    elsewhere: bool = False,
    purpose: Purpose = "create",
    makes: Literal["created", "updated"] | None = None,
    irreversible: str | None = None,
    destroys: Destroys | None = None,
    state: str | None = None,
    needs: Sequence[Need] = (),
    calls: int = 1,
) -> Step[R]:
    """Declare a step of a workflow.

    Args:
        name: Its name in journals and errors, such as `account`.
        send: Sends one request that changes something. Returns what it made, or its id.
        key: What tells it from others: a field of the row, or a function of the item that reads or chooses
            it. It is journaled before anything is sent, so that a resume goes on with the same one.
        find: Looks whether it is done, after a lost answer, a crash or a refusal; None where it is not.
            Raises `ConflictError` where what is there differs, `UnknownOutcomeError` where two are there or
            the answer does not fit. Without it a lost answer leaves the row `unknown`.
        update: Brings what is there to what the row says, for `on_exists="update"`; given the conflict that
            `find` raised.
        undo: Takes back what was made; where it is gone already there is nothing to do. It has no row, only
            `item.made`; `raise item.later()` has it called again.
        restore: Takes an update back, by the old values of `made.change`, and only where the present values
            are still ours: else it raises `UndoRefusedError`.
        change: Tells beforehand, for a step that updates, what it will change; journaled before it is sent.
        holders: Returns the id of every object that has the key; None = what `find` finds is all there is.
        subject: What account history is asked about, to prove who made an object.
        same_key: How two keys compare; servers respell user names and MAC addresses, so case does not count.
        after: The steps it needs: it is `skipped` where one of them is not done.
        writes: Whether it changes anything. One that only reads runs again in each run that needs what it
            reads.
        gate: Whether it only decides if a row may be sent: what it reads is needed neither to look up nor to
            take back what steps after it make.
        when: Tells by the row whether the step is wanted at all.
        shared: Whether several rows may have the same key: they run it one after the other, and look first.
        elsewhere: Whether its request does not go through `item.session`: then its intent is written before
            `send` is called, and not before each attempt.
        purpose: What its request does: `create`, `update` or `delete`.
        makes: The status of a row of which this was done; None = `created` for creates, else `updated`.
        irreversible: What undoing it loses for good, as one plain sentence.
        destroys: What running it destroys, or cuts off, as one plain sentence: shown and confirmed before a
            run. Or a function that says it by the workflow's choices; None where it destroys nothing.
        state: What its being done means for the row's telephone number, such as `in service`.
        needs: The permissions it needs.
        calls: Requests it takes when all goes well.
    """
    return Step(
        name=name,
        send=send,
        key=key,
        find=find,
        update=update,
        undo=undo,
        restore=restore,
        change=change,
        holders=holders,
        subject=subject,
        same_key=same_key,
        after=(after,) if isinstance(after, str) else tuple(after),
        writes=writes,
        gate=gate,
        when=when,
        shared=shared,
        elsewhere=elsewhere,
        purpose=purpose,
        makes=makes or ("created" if purpose == "create" else "updated"),
        irreversible=irreversible,
        destroys=destroys,
        state=state,
        needs=tuple(needs),
        calls=calls,
    )


async def create(
    endpoint: BoundEndpoint[..., T], ids: Mapping[str, str], body: BaseModel, *, key: str | None = None
) -> Made:
    """Send a declared create, and return what it made: what most steps do.

    That the answer carries the key that was sent is checked on the way, for every create with a natural key.

    Args:
        endpoint: Such as `item.session.users.create`.
        ids: What stands for the path's placeholders.
        body: What is to be made.
        key: Its id, where the API knows it by another name than `id`.
    """
    reply = await endpoint.client.send(await endpoint.prepare_with(ids, body))
    return Made(reply.object_id if key is None else key, value=reply.value)


async def find_created(
    endpoint: BoundEndpoint[..., T], ids: Mapping[str, str], body: BaseModel
) -> Made | None:
    """Look up, by its natural key, what a declared create makes: what most steps find with.

    Args:
        endpoint: Such as `item.session.users.create`.
        ids: What stands for the path's placeholders.
        body: What was to be made.

    Raises:
        ConflictError: It is there, and differs in a field that would be sent.
        UnknownOutcomeError: Two have the key.
        CallError: The look-up failed, or answered another object.
    """
    call = await endpoint.prepare_with(ids, body)
    found = await endpoint.client.find(call)
    if found is None:
        return None
    if found.differences:
        raise conflict(call, found)
    return Made(found.reply.object_id, existed=True, value=found.reply.value)
