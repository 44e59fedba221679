"""Looking an object up by its natural key: what takes the place of an idempotency key."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, cast

from pydantic import ValidationError

from alianza_async.calls.call import Call, Found, NaturalKey, Operation, OperationClass, Reply
from alianza_async.calls.comparison import differences
from alianza_async.calls.events import LookedUp
from alianza_async.endpoints.encoding import any_json
from alianza_async.endpoints.matching import misfit, parent_of
from alianza_async.endpoints.paths import PathTemplate, with_query
from alianza_async.errors import (
    AlreadyExistsError,
    AnswerError,
    CallError,
    ConflictError,
    NotFoundError,
    ResponseShapeError,
    UnknownOutcomeError,
)
from alianza_async.errors.rewording import reworded

if TYPE_CHECKING:
    from alianza_async.calls.events import Emitter
    from alianza_async.policies.base import Attach, Next, Policy

__all__ = ["Lookup", "conflict"]


@cache
def _lookup_operation(operation: Operation, key: NaturalKey) -> tuple[Operation, PathTemplate]:
    template = PathTemplate(key.lookup_path)
    return (
        Operation(f"{operation.operation_id} look-up", "GET", key.lookup_path, OperationClass.SAFE),
        template,
    )


class Lookup:
    """Finds, by its key, what a create makes.

    Args:
        retry: The retry policy, and what stands around it: look-ups pass them too.
        emit: Told of each look-up, where somebody asked for events.
        attach: Lets an error keep the answer that it is about.
    """

    def __init__(self, retry: Policy, *, emit: Emitter | None = None, attach: Attach | None = None) -> None:
        self._retry = retry
        self._emit = emit
        self._attach = attach

    async def find(self, call: Call, next_: Next) -> Found | None:
        """Return the object that has the key of this create, or None.

        Raises:
            UnknownOutcomeError: More than one object has it.
            ResponseShapeError: The look-up answered another object than the one asked for.
            CallError: The look-up failed.
        """
        if self._emit is None:
            return await self._find(call, next_)
        found: bool | None = None
        try:
            there = await self._find(call, next_)
            found = there is not None
            return there
        finally:
            self._emit(LookedUp(**call.facts(), found=found))

    async def _find(self, call: Call, next_: Next) -> Found | None:
        key, value = call.operation.key, call.key_value
        if key is None or value is None:
            raise UnknownOutcomeError(
                "there is no natural key to look it up by; look for it by hand",
                context=call.context(),
            )
        operation, template = _lookup_operation(call.operation, key)
        query = [(name, value if text == "{key}" else text) for name, text in key.lookup_query]
        target = with_query(template.fill({**call.path_values, "key": value}), query)
        lookup = Call(
            operation,
            target,
            call.path_values,
            parse=any_json.validate_json,
            call_id=call.call_id,
            requests=call.requests,
            spent=call.spent,
            carrier=call.carrier,
            bound=call.bound,
            lane=call.lane,
            timeout=call.timeout,
        )
        try:
            reply = await self._retry(lookup, next_)
        except NotFoundError:
            return None
        finally:
            call.requests, call.spent = lookup.requests, lookup.spent
        try:
            return _found_in(call, lookup, reply, key, value)
        except ResponseShapeError as error:
            if self._attach is not None:
                self._attach(error, lookup, reply)
            raise

    async def adopt(self, call: Call, next_: Next, refusal: CallError | None = None) -> Reply[object] | None:
        """Settle a create whose answer was lost.

        Args:
            call: The create.
            next_: What lies below the retries.
            refusal: The server's refusal of a later attempt, where it refused one.

        Returns:
            The object that an attempt of ours made, or None where there is none.

        Raises:
            ConflictError: Another object has its key.
            UnknownOutcomeError: The look-up failed, or found more than one.
        """
        try:
            found = await self.find(call, next_)
        except CallError as error:
            raise UnknownOutcomeError(
                f"it may have been created, and looking it up failed ({error.message}); "
                "look again before you send it again",
                context=call.context(),
                status=error.status,
                resolver=lambda: self._resolve(call, next_),
            ) from error
        if found is None:
            return None
        if found.differences:
            raise conflict(call, found, refusal)
        found.reply.adopted = True
        return found.reply

    async def compare(self, call: Call, next_: Next, refusal: CallError) -> Reply[object]:
        """Tell why a create was refused: is the object there already?

        Raises:
            AlreadyExistsError: It is there, equal in every field that was sent, and not by this call.
            ConflictError: It is there, and differs.
            CallError: The refusal itself, where the object is not there.
        """
        if call.maybe_sent:
            adopted = await self.adopt(call, next_, refusal)
            if adopted is not None:
                return adopted
            raise refusal
        try:
            found = await self.find(call, next_)
        except CallError:
            # The server said no, so nothing was created; what stands in the way remains its own words.
            raise refusal from None
        if found is None:
            raise refusal
        raise conflict(call, found, refusal) from None

    async def _resolve(self, call: Call, next_: Next) -> Reply[object] | None:
        call.spent = 0.0  # it is asked for anew, whatever the call's own time was spent on
        found = await self.find(call, next_)
        return None if found is None else found.reply


def _found_in(call: Call, lookup: Call, reply: Reply[object], key: NaturalKey, value: str) -> Found | None:
    """Return the object that a look-up's answer shows, or None.

    Raises:
        UnknownOutcomeError: More than one has the key.
        ResponseShapeError: It shows another object than the one asked for.
    """
    parent = parent_of(call)

    def problem(there: object) -> str | None:
        return misfit(there, key.field, value, parent, asked="was asked for")

    found = reply.value
    if key.lookup_items is not None and isinstance(found, dict):
        found = cast("dict[str, object]", found).get(key.lookup_items)
    if isinstance(found, list):
        listed = cast("list[object]", found)
        if not listed:
            return None
        found = _only(call, [each for each in listed if problem(each) is None]) or listed[0]
    if not isinstance(found, dict):
        raise ResponseShapeError("the look-up answered no object", context=lookup.context())
    there = cast("dict[str, object]", found)
    if (misfits := problem(there)) is not None:
        # Neither found nor absent: a server that answers the wrong object may hold the right one too.
        raise ResponseShapeError(f"the look-up answered {misfits}", context=lookup.context())
    try:
        reply.value = call.parse(any_json.dump_json(there))
    except ValidationError:
        raise ResponseShapeError(
            "the look-up answered an object that cannot be read", context=lookup.context()
        ) from None
    reply.attempts = call.attempts
    return Found(reply, differences(call.body or b"{}", there))


def _only(call: Call, ours: list[object]) -> object:
    """Return the one object that has the key of a create, None where there is none.

    Raises:
        UnknownOutcomeError: More than one has it.
    """
    if len(ours) > 1:
        raise UnknownOutcomeError(
            f"{len(ours)} objects have its key; find out which one is right", context=call.context()
        )
    return ours[0] if ours else None


def conflict(call: Call, found: Found, refusal: CallError | None = None) -> ConflictError:
    """Return the error that tells of an object which is there already.

    Args:
        call: The create.
        found: The object.
        refusal: The server's refusal of the create, where it refused: status, ids and words are its own.
    """
    if found.differences:
        kind, what = ConflictError, f" and differs in {', '.join(each.field for each in found.differences)}"
    else:
        kind, what = AlreadyExistsError, ", equal in every field sent"
    message = f"it exists already{what}"
    if not isinstance(refusal, AnswerError):
        error = kind(message, context=call.context())
    else:
        error = reworded(refusal, kind, message)
    error.existing = found.reply
    error.differences = found.differences
    return error
