"""Defects that are switched on, so that each checker is seen to fail before it is believed.

`adopt-anything`: whatever a look-up finds counts as made by this job.
`intent-after-send`: the intent of a request is written once it has been answered.
`believe-any-answer`: the key that an answer carries is not compared with the one that was sent.
`resend-after-gateway`: what was sent is sent again where a gateway answers what looks at it.
`own-every-change`: a change whose answer was lost, and that is as it was wanted, counts as this job's.

Each is a patch of one or two names of the engine; an engine that does not have the name has been changed, and
the patch says so rather than do nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, cast

import anyio

if TYPE_CHECKING:
    from collections.abc import Callable

_ENGINE: Final = "alianza_async.bulk.engine"
_AGAIN_S: Final = 0.05


def apply_defect(name: str) -> None:
    """Switch a defect on in this process.

    Args:
        name: One of `DEFECTS`; empty = none.

    Raises:
        ValueError: There is no such defect.
        RuntimeError: The engine does not have the name that the defect patches.
    """
    if not name:
        return
    if name not in DEFECTS:
        raise ValueError(f"there is no defect {name}; there are {', '.join(DEFECTS)}")
    DEFECTS[name]()


def _adopt_anything() -> None:
    """Take what is found for what this job has made."""
    settlement, step_run = import_module(f"{_ENGINE}.settlement"), import_module(f"{_ENGINE}.step_run")
    settled: Any = _named(settlement, "Settled")
    true_settle: Any = _named(step_run, "settle")

    async def settle(*args: object, **options: object) -> object:
        found = await true_settle(*args, **options)
        return found if found.what == "absent" else settled("ours", found.made, None, None)

    step_run.__dict__["settle"] = settle
    run: Any = _named(step_run, "StepRun")

    async def is_there(self: Any, made: object, _differs: object) -> None:
        self._done(self.step.makes, made, "answered")

    _replace(run, "_is_there", is_there)


def _intend_after_send() -> None:
    """Write the intent once the outcome is known."""
    journal: Any = _named(import_module(f"{_ENGINE}.row_journal"), "RowJournal")
    true_intend, true_flush, true_taken = journal.intend, journal.flush, journal.taken
    waiting: dict[int, list[tuple[object, ...]]] = {}

    async def intend(self: Any, *told: object) -> None:
        self.intended = True
        waiting.setdefault(id(self), []).append(told)

    async def flush(self: Any) -> None:
        outcomes = true_taken(self)
        for told in waiting.pop(id(self), []):
            await true_intend(self, *told)
        for outcome in outcomes:
            self.note(outcome)
        await true_flush(self)

    def note(self: Any, change: object) -> None:
        self._pending.append(change)

    _replace(journal, "intend", intend)
    _replace(journal, "flush", flush)
    _replace(journal, "note", note)
    _write_at_the_end(flush)


def _write_at_the_end(flush: Callable[[Any], Any]) -> None:
    """Have the end of a step's turn write what waits: there the outcomes are taken, not flushed."""
    run: Any = _named(import_module(f"{_ENGINE}.step_run"), "StepRun")
    true_turn: Any = _named(run, "turn")

    async def turn(self: Any) -> None:
        try:
            await true_turn(self)
        finally:
            await flush(self._row.journal)

    _replace(run, "turn", turn)


def _believe_any_answer() -> None:
    """Compare no key of an answer with the one that was sent."""
    run: Any = _named(import_module(f"{_ENGINE}.step_run"), "StepRun")
    true_answered: Any = _named(run, "_answered")

    async def answered(self: Any, made: Any, *, sent: bool) -> None:
        if getattr(made, "key", None) is not None:
            object.__setattr__(made, "key", None)
        await true_answered(self, made, sent=sent)

    _replace(run, "_answered", answered)
    # Declared creates are compared in the pipeline as well, and so is what a look-up answers.
    answers, lookup = (import_module(f"alianza_async.policies.{name}") for name in ("answers", "lookup"))
    _replace(answers, "_check_ours", _find_nothing)
    _replace(lookup, "misfit", _find_nothing)


def _own_every_change() -> None:
    """Ask nobody who changed what is as it was wanted."""
    settlement, step_run = import_module(f"{_ENGINE}.settlement"), import_module(f"{_ENGINE}.step_run")
    settled: Any = _named(settlement, "Settled")
    true_settle: Any = _named(step_run, "settle")

    async def settle(*args: object, **options: object) -> object:
        found = await true_settle(*args, **options)
        is_so = options["purpose"] != "create" and found.what != "absent" and found.conflict is None
        return settled("ours", found.made) if is_so else found

    step_run.__dict__["settle"] = settle


def _resend_after_gateway() -> None:
    """Send again what was sent, once a gateway has answered what looks at it.

    A step that looks before it sends finds nothing from then on: else it would not send again by itself.
    """
    module, work = import_module(f"{_ENGINE}.step_run"), import_module(f"{_ENGINE}.work")
    run: Any = _named(module, "StepRun")
    later: Any = _named(work, "Later")
    true_ask, true_not_done = _named(run, "_ask_again"), _named(run, "_not_done")

    def forget(self: Any, error: object) -> None:
        if getattr(error, "status", None) in {502, 503, 504}:
            self._look = None
            for module, name, blind in blinds:
                _replace(module, name, blind)
            raise later(anyio.current_time() + _AGAIN_S)

    async def find_none(_item: object) -> None:
        """Find nothing."""

    kinds = "alianza_async.bulk.kinds"
    plans, removals = import_module(f"{kinds}.calling_plans"), import_module(f"{kinds}.removals")
    blinds = (
        (plans, "_find_added", find_none),
        (removals, "_find_deleted", find_none),
        (removals, "_suspended", _find_nothing),
    )

    async def ask_again(self: Any, error: object) -> None:
        forget(self, error)
        await cast("Any", true_ask)(self, error)

    async def not_done(self: Any, error: object, *, sent: bool) -> None:
        if self._row.session.accepted:
            forget(self, error)
        await cast("Any", true_not_done)(self, error, sent=sent)

    _replace(run, "_ask_again", ask_again)
    _replace(run, "_not_done", not_done)


def _find_nothing(*_args: object, **_options: object) -> None:
    """Find nothing wrong with an answer."""


def _named(module: object, name: str) -> object:
    """Return a name of a module of the engine.

    Raises:
        RuntimeError: It has none.
    """
    found: object = getattr(module, name, None)
    if found is None:
        raise RuntimeError(f"{getattr(module, '__name__', module)} has no {name}: change this defect's patch")
    return found


def _replace(owner: Any, name: str, value: object) -> None:
    """Put something in the place of a name that is there.

    Raises:
        RuntimeError: It is not there.
    """
    _named(owner, name)
    setattr(owner, name, value)


DEFECTS: Final[dict[str, Callable[[], None]]] = {
    "adopt-anything": _adopt_anything,
    "intent-after-send": _intend_after_send,
    "believe-any-answer": _believe_any_answer,
    "resend-after-gateway": _resend_after_gateway,
    "own-every-change": _own_every_change,
}
"""The defects there are, by name."""
