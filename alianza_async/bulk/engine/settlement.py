"""What became of a request whose answer was lost: the one place that finds out, for every step and verb.

```
look up   fails, does not fit, two found       -> Unsure
          absent   history shows it is coming  -> Coming
                   history cannot tell now     -> Unsure
                   else                        -> absent: it may be sent
          found    history: our login, our time-> ours
                   history: anybody else       -> theirs
                   no history, or no proof     -> unproven: maker unknown
```
For a create, history is asked who made it; for a change or a deletion, who changed it or took it away. What a
change was to make equal and still differs is no question to history: it is finished.
Nothing here sends anything that changes something.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from alianza_async.bulk.engine.evidence import HistoryUnavailable, Sought
from alianza_async.bulk.engine.steps import Again, Item, Made, Step
from alianza_async.bulk.engine.turns import Later
from alianza_async.calls.identifiers import is_printable
from alianza_async.errors import (
    AlianzaError,
    AuthenticationError,
    CallError,
    ConfigurationError,
    ConflictError,
    ConnectionFailedError,
    JournalError,
    UnknownOutcomeError,
)

if TYPE_CHECKING:
    from alianza_async.bulk.engine.evidence import History, Maker, Subject
    from alianza_async.bulk.engine.private import Change
    from alianza_async.bulk.journal.store import Purpose

__all__ = [
    "Coming",
    "Settled",
    "Unsure",
    "Window",
    "ends_the_job",
    "look_up",
    "settle",
    "sought_of",
    "unknown_because",
]

_NOTHING_LOOKS_IT_UP: Final = "nothing can look it up"


@dataclass(frozen=True, slots=True)
class Window:
    """When a step was sent, in Unix seconds.

    Attributes:
        first: Its first intent.
        last: Its last one.
    """

    first: float
    last: float


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of it.

    Attributes:
        what: `ours`: this job made, or changed, it. `theirs`: it is there, or so, by somebody else or before.
            `unproven`: it is there, or so, and nothing proves by whom. `absent`: it is not, and may be sent.
        made: What is there; None where it is absent.
        conflict: In what it differs from what was sent, where it does.
        maker: Who made or changed it, where account history shows that.
    """

    what: Literal["ours", "theirs", "unproven", "absent"]
    made: Made | None = None
    conflict: ConflictError | None = None
    maker: Maker | None = None


class Unsure(Exception):  # noqa: N818  (no error of its own: it carries one)
    """It cannot be found out now: ask again a little later.

    Args:
        error: Why not.
    """

    def __init__(self, error: AlianzaError) -> None:
        super().__init__(str(error))
        self.error = error


class Coming(Exception):  # noqa: N818  (no error: the server is at work)
    """Account history shows that the server has taken it in, and it is not there yet."""


def ends_the_job(error: AlianzaError) -> bool:
    """Tell whether an error would meet every other row too: then the job stops."""
    refused = isinstance(error, AuthenticationError) and error.login_refused
    if isinstance(error, ConnectionFailedError):
        return error.problem.permanent  # a certificate or a proxy: waiting does not change it
    return refused or isinstance(error, (JournalError, ConfigurationError))


async def look_up(step: Step[Any], item: Item[Any]) -> tuple[Made | None, ConflictError | None]:
    """Look for what a step makes.

    Returns:
        What is there, and in what it differs; None twice where it is absent.

    Raises:
        Unsure: The look-up failed, found two, or answered something else.
        Again: The step wants another key.
        Later: The step waits for the server.
        AlianzaError: What ends the job.
    """
    if step.find is None:
        raise Unsure(AlianzaError(_NOTHING_LOOKS_IT_UP))
    conflict: ConflictError | None = None
    try:
        made = await step.find(item)
    except (Again, Later):
        raise
    except ConflictError as differs:
        if not differs.differences and differs.existing is None and differs.existing_id is None:
            raise Unsure(differs) from differs  # the look-up itself was answered with 409
        made, conflict = Made(differs.existing_id, existed=True), differs
    except AlianzaError as error:
        if ends_the_job(error):
            raise
        raise Unsure(error) from error
    if (
        made is not None
        and made.key is not None
        and item.key is not None
        and not step.same_key(made.key, item.key)
    ):
        raise Unsure(AlianzaError("the look-up answered another object than was asked for"))
    if made is not None and not is_printable(made.id):
        raise Unsure(AlianzaError("the look-up answered an id that cannot be printed"))
    return made, conflict


def sought_of(purpose: Purpose, change: Change | None) -> Sought | None:
    """Return what a request was to change, for account history to be asked about; None for a create."""
    if purpose == "create":
        return None
    values = {name: None if each is None else each[1] for name, each in (change or {}).items()}
    return Sought(removes=purpose == "delete", values=values)


async def settle(
    step: Step[Any],
    item: Item[Any],
    *,
    purpose: Purpose,
    history: History,
    window: Window,
    change: Change | None = None,
) -> Settled:
    """Find out what became of a request that was sent and not answered.

    Args:
        step: The step.
        item: The row, turned to the step.
        purpose: What the request was to do.
        history: Account history, calibrated.
        window: When it was sent.
        change: What it was to change, where it was no create.

    Raises:
        Unsure: It cannot be found out now.
        Coming: The server is at work on it.
        Again: The step wants another key.
        Later: The step waits for the server.
        AlianzaError: What ends the job.
    """
    made, differs = await look_up(step, item)
    subject = None if step.subject is None else step.subject(item)
    try:
        if made is None:
            asked = None if step.purpose != "create" else subject
            if asked is not None and await history.pending(asked, since=window.first) is not None:
                raise Coming
            return Settled("absent")
        sought = sought_of(purpose, change)
        maker = None
        if subject is not None and (sought is None or differs is None):
            maker = await _maker(history, subject, made, sought, window)
    except HistoryUnavailable as error:
        raise Unsure(error) from error
    match None if maker is None else maker.whose:
        case "ours":
            return Settled("ours", made, differs, maker)
        case "others":
            return Settled("theirs", made, differs, maker)
        case _:
            return Settled("unproven", made, differs, maker)


async def _maker(
    history: History, subject: Subject, made: Made, sought: Sought | None, window: Window
) -> Maker | None:
    """Ask account history who made, or changed, what is there."""
    traced = made.trace_id or made.id
    if sought is not None:
        traced = subject.owner_id or traced
    if traced is None:
        return None
    if sought is None:
        return await history.maker(subject, traced, first_intent=window.first, last_intent=window.last)
    return await history.changer(subject, traced, sought, first_intent=window.first, last_intent=window.last)


def unknown_because(error: AlianzaError, why: str) -> AlianzaError:
    """Return the error of a step whose outcome cannot be found out.

    Args:
        error: What stood in the way.
        why: The same as half a sentence, such as `looking it up failed`.
    """
    if isinstance(error, UnknownOutcomeError):
        return error
    reason = error.message if isinstance(error, CallError) else str(error)
    message = f"it may have been done, and {why} ({reason}); look before you send it again"
    if isinstance(error, CallError):
        return UnknownOutcomeError(message, context=error.context, status=error.status)
    return AlianzaError(message)
