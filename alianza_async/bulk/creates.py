"""Declared creates as kinds of bulk job: look up by natural key, create, settle, bring up to date."""

from __future__ import annotations

import contextlib
import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Literal, Protocol, TypeVar, cast

import anyio
from pydantic import BaseModel
from pydantic.alias_generators import to_snake

from alianza_async.bulk.parents import AccountIds
from alianza_async.bulk.work import Ended, Payload, Settle
from alianza_async.call import Found
from alianza_async.errors import (
    AlreadyExistsError,
    CallError,
    ConfigurationError,
    ConflictError,
    FieldError,
    InvalidInputError,
    UnknownOutcomeError,
)
from alianza_async.models.base import WriteModel, validate_write
from alianza_async.policies.lookup import conflict
from alianza_async.policies.retry import Unsettled

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alianza_async.bulk.work import Ledger, Work
    from alianza_async.call import Call
    from alianza_async.operations import BoundEndpoint
    from alianza_async.session import Session

__all__ = ["ACCOUNT_ID", "ACCOUNT_NUMBER", "CreateKind", "OnExists", "UnderWay"]

R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)

OnExists = Literal["skip", "update", "fail"]
"""What becomes of a row whose object is there already: `skip` leaves it (equal is `exists`, different is
`failed`), `update` brings it to what the row says, `fail` makes the row `failed`."""

ACCOUNT_ID = "account_id"
ACCOUNT_NUMBER = "account_number"
_PARTITION = "partition_id"
_UNDER_WAY_AT_MOST_S = 30.0
_UNDER_WAY_AGAIN_S = 1.0


class UnderWay(Protocol):
    """Evidence that the server is about to carry a create out."""

    async def under_way(self, call: Call) -> bool:
        """Tell whether the server has taken a create in, and not carried it out yet."""
        ...


@dataclass(slots=True)
class _Turns:
    """Where a row stands between two turns.

    Attributes:
        call: Its create.
        failure: What happened to the latest request whose answer was lost.
        last: Whether it may not be sent again.
        updating: The change under way, where it is brought up to date.
        updates: How often the change was sent.
        waited_since: event-loop time since when the server has it under way.
    """

    call: Call
    failure: CallError | None = None
    last: bool = False
    updating: bool = False
    updates: int = 0
    waited_since: float | None = None


class CreateKind(Generic[R_co]):
    """A declared create, as a bulk job sees it.

    Args:
        session: Where items are sent.
        create: A declared create, bound to the session.
        ids: Ids of the path that are the same for every row.
        name: What it is called on the command line; by default as in `alianza operations`.
        on_exists: What becomes of rows whose object is there already.
        ensure: Whether every row is looked up before it is sent.
        under_way: Evidence beyond the look-up, or None.

    Raises:
        ConfigurationError: The operation is no create with a natural key and a model for its body, or nothing
            can change what it makes.
    """

    at_once: int | None = None

    def __init__(
        self,
        session: Session,
        create: BoundEndpoint[..., R_co],
        ids: Mapping[str, str] | None = None,
        *,
        name: str | None = None,
        on_exists: OnExists = "skip",
        ensure: bool = False,
        under_way: UnderWay | None = None,
    ) -> None:
        endpoint = create.endpoint
        key, model = create.operation.key, endpoint.body_model
        if key is None or model is None or not issubclass(model, WriteModel):
            raise ConfigurationError(
                f"{create.operation.operation_id} cannot run in bulk: it is no create with a natural key, so "
                "nothing could tell whether a lost answer had made its object"
            )
        self.name = name or create.operation.operation_id
        self.create = create
        self.model = model
        self.key_field = to_snake(key.field)
        self._session = session
        self._accounts = AccountIds(session)
        self._on_exists = on_exists
        self._ensure = ensure or on_exists == "update"
        self._under_way = under_way
        self._patch = _patch_of(session, create) if on_exists == "update" else None
        self._ids = dict(ids or {})
        self._path_fields = tuple(
            name for name in endpoint.path_names if name != _PARTITION and name not in self._ids
        )
        helpers = {*self._path_fields}
        if ACCOUNT_ID in helpers:
            helpers.add(ACCOUNT_NUMBER)
        self.fields = frozenset({*model.model_fields, *helpers})
        self.required = frozenset(name for name, info in model.model_fields.items() if info.is_required())

    # --- reading a row ----------------------------------------------------------------------------------

    def key_of(self, values: Mapping[str, object] | BaseModel) -> str | None:
        """Return a row's natural key as text, where it has one; never fails."""
        value = (
            getattr(values, self.key_field, None)
            if isinstance(values, BaseModel)
            else values.get(self.key_field)
        )
        return None if value is None else str(value)

    def read(self, values: Mapping[str, object] | BaseModel) -> Payload:
        """Make what is to be sent of a row's values.

        Raises:
            InvalidInputError: It cannot be sent; names each field.
        """
        if isinstance(values, BaseModel):
            if not isinstance(values, self.model):
                raise InvalidInputError(f"the row is a {type(values).__name__}, not a {self.model.__name__}")
            return Payload(str(getattr(values, self.key_field)), values, self._row_ids({}))
        body = dict(values)
        ids = self._row_ids(body)
        model = validate_write(self.model, body)
        return Payload(str(getattr(model, self.key_field)), model, ids)

    def _row_ids(self, body: dict[str, object]) -> dict[str, str]:
        """Take the ids of the path out of a row's values."""
        ids: dict[str, str] = {}
        for name in self._path_fields:
            value = body.pop(name, None)
            number = body.pop(ACCOUNT_NUMBER, None) if name == ACCOUNT_ID else None
            if value is not None:
                ids[name] = str(value)
            elif number is not None:
                ids[ACCOUNT_NUMBER] = str(number)
            else:
                also = f" or {ACCOUNT_NUMBER}" if name == ACCOUNT_ID else ""
                complaint = FieldError(name, f"is missing; give {name}{also}")
                raise InvalidInputError(str(complaint), fields=[complaint])
        return {**self._ids, **ids}

    async def prepare(self, payload: Payload) -> Call:
        """Make the create of what a row asks for; looks its account up where the row names it by number.

        Raises:
            InvalidInputError: An id cannot stand in a path.
            CallError: Its account could not be found.
        """
        ids = dict(payload.ids)
        number = ids.pop(ACCOUNT_NUMBER, None)
        if number is not None:
            ids[ACCOUNT_ID] = await self._accounts.find(number)
        return await self.create.prepare_with(ids, payload.model)

    def make_ready(self, work: Work) -> None:
        """Make a row's create, where that needs no login and no look-up."""
        payload, partition_id = work.payload, self._session.known_partition
        if partition_id is None or ACCOUNT_NUMBER in payload.ids:
            return
        # What cannot be one path segment is told at its turn.
        with contextlib.suppress(InvalidInputError):
            work.state = _Turns(self.create.prepare_now(payload.ids, payload.model, partition_id))

    # --- its turns --------------------------------------------------------------------------------------

    async def carry_out(self, work: Work, ledger: Ledger) -> Ended:
        """Give a row its turn: look where it may be there, write the intent, send."""
        turns = work.state
        if not isinstance(turns, _Turns):
            work.state = turns = _Turns(await self.prepare(work.payload))
        call = turns.call
        call.hand_back = True
        try:
            if turns.updating:
                return await self._update(work, turns, ledger, await self._found_again(call))
            if work.lost:
                adopted = await self._adopted(work, turns)
                if adopted is not None:
                    return adopted
            elif self._ensure or work.look_first:
                found = await self._session.find(call)
                if found is not None:
                    return await self._there(work, turns, ledger, found)
            return await self._send(work, turns, ledger)
        finally:
            work.attempts, work.maybe_sent = call.attempts, work.maybe_sent or call.maybe_sent
            work.request_id = call.request_id

    async def _send(self, work: Work, turns: _Turns, ledger: Ledger) -> Ended:
        call = turns.call
        began = time.monotonic()
        if not turns.failure:
            await ledger.intend(work)
        journaled = time.monotonic() - began
        try:
            reply = await self._session.send(call)
        except Unsettled as lost:
            work.lost, turns.failure, turns.last = True, lost.failure, lost.last
            raise Settle(anyio.current_time() + lost.wait) from None
        except AlreadyExistsError as there:
            if self._on_exists == "fail":
                raise
            return Ended("exists", None if there.existing is None else there.existing.object_id)
        except ConflictError as there:
            # Refused because it is there, and not as the row says: it was looked up to tell that.
            if self._patch is None or there.existing is None:
                raise
            return await self._update(work, turns, ledger, Found(there.existing, there.differences))
        return Ended("created", reply.object_id, reply.adopted, reply.elapsed + journaled)

    async def _adopted(self, work: Work, turns: _Turns) -> Ended | None:
        """Return what a request of ours whose answer was lost has made; None where it may be sent again."""
        call = turns.call
        reply = await self._session.adopt(call)
        if reply is not None:
            return Ended("created", reply.object_id, adopted=True, latency=reply.elapsed)
        if self._under_way is not None and await self._under_way.under_way(call):
            now = anyio.current_time()
            turns.waited_since = now if turns.waited_since is None else turns.waited_since
            if now - turns.waited_since < _UNDER_WAY_AT_MOST_S:
                raise Settle(now + _UNDER_WAY_AGAIN_S)
            raise UnknownOutcomeError(
                "the account's history shows that the server took it in, and it is still not there; "
                "reconcile later",
                context=call.context(),
            )
        work.lost = False
        if turns.failure is not None and turns.last:
            raise turns.failure
        return None

    # --- what is there already --------------------------------------------------------------------------

    async def _there(self, work: Work, turns: _Turns, ledger: Ledger, found: Found) -> Ended:
        if self._on_exists == "fail":
            raise conflict(turns.call, found)
        if not found.differences:
            return Ended("exists", found.reply.object_id, latency=found.reply.elapsed)
        if self._patch is None:
            raise conflict(turns.call, found)
        return await self._update(work, turns, ledger, found)

    async def _found_again(self, call: Call) -> Found | None:
        """Look up what a change whose answer was lost has left."""
        try:
            return await self._session.find(call)
        except CallError as error:
            raise UnknownOutcomeError(
                f"it may have been changed, and looking it up failed ({error.message}); look again",
                context=call.context(),
                status=error.status,
            ) from error

    async def _update(self, work: Work, turns: _Turns, ledger: Ledger, found: Found | None) -> Ended:
        """Send what differs, and nothing else; look again where the answer is lost."""
        call, patch = turns.call, self._patch
        assert patch is not None  # noqa: S101  (set wherever rows may be updated)
        if found is None:
            raise UnknownOutcomeError(
                "it was there, and is no more; look who deletes it", context=call.context()
            )
        object_id = found.reply.object_id
        if not found.differences:
            return Ended("updated" if turns.updates else "exists", object_id)
        if turns.updates >= self._session.retry_policy.attempts or object_id is None:
            raise conflict(call, found)
        differing = {difference.field.partition(".")[0] for difference in found.differences}
        sent = cast("dict[str, object]", json.loads(call.body or b"{}"))
        changes = {name: value for name, value in sent.items() if to_snake(name) in differing}
        if not turns.updating:
            await ledger.intend(work)
        turns.updating, turns.updates = True, turns.updates + 1
        ids = {name: value for name, value in call.path_values.items() if name in patch.endpoint.path_names}
        ids[next(name for name in patch.endpoint.path_names if name not in call.path_values)] = object_id
        request = await patch.prepare_with(ids, changes)
        try:
            reply = await self._session.send(request)
        except UnknownOutcomeError as lost:
            work.maybe_sent = True
            raise Settle(anyio.current_time() + ledger.settle_s) from lost
        finally:
            call.attempts += request.attempts
        return Ended("updated", object_id, latency=reply.elapsed)


def _patch_of(session: Session, create: BoundEndpoint[..., R]) -> BoundEndpoint[..., object]:
    """Return the declared change of what a create makes.

    Raises:
        ConfigurationError: There is none.
    """
    match create.operation.operation_id:
        case "createAccount":
            found: object = session.accounts.patch
        case "createEndUser":
            found = session.users.patch
        case operation_id:
            raise ConfigurationError(
                f"on_exists='update' does not go with {operation_id}: nothing changes what it makes field by "
                "field; use 'skip' or 'fail'"
            )
    return cast("BoundEndpoint[..., object]", found)
