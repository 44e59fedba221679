"""What a workflow is made of: steps, what each has made, and the row on its way as a step sees it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, Literal, TypeVar, cast

import anyio
from pydantic import BaseModel

from alianza_async.bulk.work import Settle
from alianza_async.errors import AlianzaError, CallError, ConfigurationError, UnknownOutcomeError
from alianza_async.policies.lookup import conflict

if TYPE_CHECKING:
    from alianza_async.operations import BoundEndpoint
    from alianza_async.session import Session

__all__ = ["Again", "Item", "Made", "Step", "cannot_tell", "create", "find_created", "step"]

R = TypeVar("R", bound=BaseModel)
R_contra = TypeVar("R_contra", bound=BaseModel, contravariant=True)
R_co = TypeVar("R_co", bound=BaseModel, covariant=True)
T = TypeVar("T")

_GROWTH = 1.5


@dataclass(frozen=True, slots=True)
class Made:
    """What a step has made, or found.

    Attributes:
        id: The object's id.
        existed: Whether it was there before: it is not ours.
        detail: What else is to be kept of it in the journal: never a secret, never an address.
        key: The key that the step ran with; filled in by the engine.
        value: What later steps need of it; kept in memory alone, gone with the process.
    """

    id: str | None = None
    existed: bool = False
    detail: str | None = None
    key: str | None = None
    value: object = field(default=None, repr=False, compare=False)


class Again(Exception):  # noqa: N818  (no error: the step asks for another key)
    """Raised by a step whose chosen key turned out to be taken: its key is chosen anew, and it runs again."""


class Item(Generic[R_co]):
    """One row on its way through a workflow, as its steps see it.

    Args:
        session: Where requests go.
        row: What the row holds, checked; None where a step is undone from a journal alone.
        choices: What the workflow was told, by name.
        claim: Takes a value for a step, unless another row has it.

    Attributes:
        session: The session; what is sent through it is watched.
        made: What the steps done so far have made, by name; a step whose `when` said no is not in it.
        step: The step that runs.
        key: Its key, which was journaled before anything was sent.
        lost: Whether a request of this step may have been carried out without our knowing.
    """

    def __init__(
        self,
        session: Session,
        row: R_co | None,
        choices: Mapping[str, str],
        claim: Callable[[str, str], bool] = lambda _step, _value: True,
    ) -> None:
        self.session = session
        self.made: dict[str, Made] = {}
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
        """How often the step that runs has asked to be asked again."""
        return self._looks

    @property
    def row(self) -> R_co:
        """What the row holds, checked.

        Raises:
            ConfigurationError: A step is being undone: then there is no row, only what the journal holds.
        """
        if self._row is None:
            raise ConfigurationError(f"undoing {self.step} may not ask for the row: use what the steps made")
        return self._row

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
        """Return what the workflow was told under a name."""
        return self._choices[name]

    def decide(self, name: str) -> str:
        """Return what the workflow was told to do, and write into the step's detail that it was done."""
        self.decided[name] = self._choices[name]
        return self._choices[name]

    def claim(self, value: str) -> bool:
        """Take a value for this row's step; False where another row of the job has, or had, it."""
        return self._claim(self.step, value)

    def again(self) -> Again:
        """Return what a step raises whose chosen key is taken: `raise item.again()`."""
        return Again(self.step)

    def later(self, initial: float = 0.5, maximum: float = 10.0) -> Settle:
        """Return what a step raises that waits for the server: `raise item.later()`.

        Args:
            initial: Seconds until the second look; they grow by half each time.
            maximum: Seconds between two looks at the most.
        """
        delay = min(maximum, initial * _GROWTH ** min(self._looks, 60))
        self._looks += 1
        return Settle(anyio.current_time() + delay)


Do = Callable[[Item[R]], Awaitable[Made | str | None]]
Find = Callable[[Item[R]], Awaitable[Made | None]]
Undo = Callable[[Item[R], Made], Awaitable[None]]
Key = str | Callable[[Item[R]], "str | Awaitable[str | None] | None"]
Destroys = str | Callable[[Mapping[str, str]], "str | None"]


@dataclass(frozen=True, slots=True)
class Step(Generic[R_contra]):
    """One step of a workflow; see `step`."""

    name: str
    do: Do[R_contra]
    key: Key[R_contra] | None
    find: Find[R_contra] | None
    undo: Undo[R_contra] | None
    after: tuple[str, ...]
    writes: bool
    when: Callable[[R_contra], bool] | None
    shared: bool
    makes: Literal["created", "updated"]
    irreversible: str | None
    destroys: Destroys | None = None

    async def key_for(self, item: Item[R_contra]) -> str | None:
        """Return the key that the step runs with for a row: read off it, or chosen."""
        if self.key is None:
            return None
        if isinstance(self.key, str):
            value = cast("object", getattr(item.row, self.key))
            return None if value is None else str(value)
        chosen = self.key(item)
        return await chosen if isinstance(chosen, Awaitable) else chosen


def step(
    name: str,
    do: Do[R],
    *,
    key: Key[R] | None = None,
    find: Find[R] | None = None,
    undo: Undo[R] | None = None,
    after: str | Sequence[str] = (),
    writes: bool = True,
    when: Callable[[R], bool] | None = None,
    shared: bool = False,
    makes: Literal["created", "updated"] = "created",
    irreversible: str | None = None,
    destroys: Destroys | None = None,
) -> Step[R]:
    """Declare a step of a workflow.

    Args:
        name: What it is called in journals and errors, such as `account`.
        do: Does it: sends one request that changes something. Answers what it made, or its id.
        key: By what it is told from others: a field of the row, or a function of the item that reads or
            chooses it. It is journaled before `do` runs, so that a resume goes on with the same one.
        find: Looks whether it is done, after a lost answer, a crash or a refusal; None where it is not.
            Raises `ConflictError` where what is there differs, `UnknownOutcomeError` where two are. Without
            it nobody can tell after a lost answer, and the row is `unknown`.
        undo: Takes back what was made; where it is gone already there is nothing to do. It has no row, only
            `item.made`; `raise item.later()` has it called again.
        after: The steps it needs: it is `skipped` where one of them is not done.
        writes: Whether it changes anything. One that only reads runs again in each run that needs what it
            reads.
        when: Tells by the row whether the step is wanted at all.
        shared: Whether several rows may have the same key: they run it one after the other, and look first.
        makes: What a row of which this was done is called.
        irreversible: What undoing it loses for good, as one plain sentence.
        destroys: What doing it destroys, or cuts off, as one plain sentence: shown and confirmed before a
            job begins. Or a function that says it by the workflow's choices; None where it destroys nothing.
    """
    needs = (after,) if isinstance(after, str) else tuple(after)
    return Step(name, do, key, find, undo, needs, writes, when, shared, makes, irreversible, destroys)


async def create(
    endpoint: BoundEndpoint[..., T], ids: Mapping[str, str], body: BaseModel, *, key: str | None = None
) -> Made:
    """Send a declared create, and return what it made: what most steps do.

    Args:
        endpoint: Such as `item.session.users.create`.
        ids: What stands for the path's placeholders.
        body: What is to be made.
        key: Its id, where the API knows it by another name than `id`.
    """
    reply = await endpoint.road.send(await endpoint.prepare_with(ids, body))
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
        CallError: The look-up failed.
    """
    call = await endpoint.prepare_with(ids, body)
    found = await endpoint.road.find(call)
    if found is None:
        return None
    if found.differences:
        raise conflict(call, found)
    return Made(found.reply.object_id, existed=True, value=found.reply.value)


def cannot_tell(error: AlianzaError, why: str) -> AlianzaError:
    """Return the error of a step of which nobody can tell whether it was done.

    Args:
        error: What stood in the way.
        why: The same as half a sentence, such as `looking it up failed`.
    """
    if isinstance(error, UnknownOutcomeError):
        return error
    told = error.message if isinstance(error, CallError) else str(error)
    message = f"it may have been done, and {why} ({told}); look before you send it again"
    if isinstance(error, CallError):
        return UnknownOutcomeError(message, context=error.context, status=error.status)
    return AlianzaError(message)
