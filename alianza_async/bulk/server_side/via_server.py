"""Users through the server's own bulk operation: the rows of `--kind users`, many in one of its jobs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar, cast

import anyio

from alianza_async.bulk.creates import ACCOUNT_ID, CreateKind
from alianza_async.bulk.past import MAY_BE_LOST
from alianza_async.bulk.server_side.server_batches import ServerBatches
from alianza_async.bulk.work import Ended, Settle
from alianza_async.errors import (
    CallError,
    ConfigurationError,
    FieldError,
    InvalidInputError,
    RequestRejectedError,
)
from alianza_async.policies.lookup import conflict
from alianza_async.policies.retry import Unsettled
from alianza_async.server_bulk import CREATE_USERS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import BaseModel

    from alianza_async.bulk.options import JobSettings
    from alianza_async.bulk.server_side.server_jobs import Sent
    from alianza_async.bulk.work import Ledger, Payload, Work
    from alianza_async.call import Call, Found
    from alianza_async.operations import BoundEndpoint
    from alianza_async.session import Session

__all__ = ["UsersViaServer"]

R_co = TypeVar("R_co", covariant=True)

_COLUMNS: Final = {
    "username": "Username",
    "time_zone": "Time Zone",
    "first_name": "First Name",
    "last_name": "Last Name",
    "extension": "Extension Number",
    "tags": "User Tags",
    "email_address": "Email",
    "user_product_plan": "Feature Plan",
    "allow_portal_access": "Voice Portal Access",
    "new_cpp_id": "Calling Plan",
    "language_tag": "Language",
}
_LANGUAGES: Final = {"en-US": "ENGLISH", "fr-CA": "FRENCH", "es-MX": "SPANISH"}
_NO_COLUMN: Final = "cannot be sent by the server's bulk operation: leave it out, or send via='calls'"


@dataclass(slots=True)
class _Turns:
    """Where a row stands between two turns.

    Attributes:
        call: The create that it stands for: what it is looked up by and compared with.
        failure: What happened to the latest job that did not tell of it.
        ours: Whether a job of ours may have made it before.
    """

    call: Call
    failure: CallError | None = None
    ours: bool = False


class UsersViaServer(CreateKind[R_co]):
    """Users, created by the server's bulk operation.

    Args:
        session: Where requests go.
        create: The declared create of users, bound to the session.
        settings: The job's options.
        ids: Ids of the path that are the same for every row.

    Attributes:
        at_once: How many rows have to be under way: one batch at work, the next one gathering.

    Raises:
        ConfigurationError: An option does not go with it.
    """

    def __init__(
        self,
        session: Session,
        create: BoundEndpoint[..., R_co],
        settings: JobSettings,
        ids: Mapping[str, str] | None = None,
    ) -> None:
        if settings.on_exists == "update":
            raise ConfigurationError("on_exists='update' does not go with via='server': use 'skip' or 'fail'")
        super().__init__(
            session, create, ids, name="users", on_exists=settings.on_exists, ensure=settings.ensure
        )
        self.at_once = 2 * settings.batch
        self._batches = ServerBatches(session, CREATE_USERS, size=settings.batch)

    def read(self, values: Mapping[str, object] | BaseModel) -> Payload:
        """Make what is to be sent of a row's values.

        Raises:
            InvalidInputError: It cannot be sent, or not this way; names each field.
        """
        payload = super().read(values)
        row = _given(payload.model)
        wrong = [FieldError(name, _NO_COLUMN) for name in row if name not in _COLUMNS]
        if row.get("language_tag", "en-US") not in _LANGUAGES:
            wrong.append(FieldError("language_tag", f"{_NO_COLUMN}; it knows {', '.join(_LANGUAGES)}"))
        if wrong:
            raise InvalidInputError("; ".join(map(str, wrong)), fields=wrong)
        return payload

    def make_ready(self, work: Work) -> None:
        """Nothing: the row goes into a batch."""

    async def carry_out(self, work: Work, ledger: Ledger) -> Ended:
        """Give a row its turn: look where a job may have made it, else put it into a batch."""
        turns = work.state
        if not isinstance(turns, _Turns):
            work.state = turns = _Turns(await self.prepare(work.payload))
        with self._batches.turn(work, ledger) as sent:
            if work.lost or sent.open or sent.journaled == "created":
                adopted = await self._adopted_after(work, turns, sent, ledger)
                if adopted is not None:
                    return adopted
            elif self._ensure or work.look_first:
                found = await self._session.find(turns.call)
                if found is not None:
                    return self._is_there(turns.call, found)
            return await self._hand_over(work, turns, sent, ledger)

    async def _hand_over(self, work: Work, turns: _Turns, sent: Sent, ledger: Ledger) -> Ended:
        """Put a row into a batch, and return how it ended."""
        account_id = turns.call.path_values[ACCOUNT_ID]
        try:
            told = await self._batches.carry_out(
                work, ledger, sent, account_id, _as_columns(work.payload.model)
            )
        except Unsettled as lost:
            work.lost, turns.failure, turns.ours = True, lost.failure, True
            raise Settle(anyio.current_time() + max(lost.wait, ledger.settle_s)) from None
        except RequestRejectedError as refusal:
            return await self._refused(turns, refusal)
        return Ended("created", told.object_id or await self._id_of(turns.call))

    async def _adopted_after(self, work: Work, turns: _Turns, sent: Sent, ledger: Ledger) -> Ended | None:
        """Return what a job of ours has made, once it has ended; None where the row may be sent again."""
        turns.ours = True
        await self._batches.jobs.wait_for(sent)
        reply = await self._session.adopt(turns.call)
        if reply is not None:
            if work.entry is not None and work.entry.status not in MAY_BE_LOST and not work.intended:
                await ledger.intend(work)  # put back by hand, and made all the same
            await self._batches.jobs.found(work, ledger, sent)
            return Ended("created", reply.object_id, adopted=True)
        self._batches.jobs.absent(sent, ledger.settle_s)
        if turns.failure is not None and sent.jobs >= self._session.retry_policy.attempts:
            raise turns.failure
        work.lost = False
        return None

    async def _refused(self, turns: _Turns, refusal: RequestRejectedError) -> Ended:
        """Look what stands in the way of a row; where nobody can tell, the refusal itself says most."""
        if turns.ours:
            reply = await self._session.adopt(turns.call)
            if reply is not None:
                return Ended("created", reply.object_id, adopted=True)
            raise refusal
        try:
            found = await self._session.find(turns.call)
        except CallError:
            raise refusal from None
        if found is None:
            raise refusal
        return self._is_there(turns.call, found)

    def _is_there(self, call: Call, found: Found) -> Ended:
        if found.differences or self._on_exists == "fail":
            raise conflict(call, found)
        return Ended("exists", found.reply.object_id)

    async def _id_of(self, call: Call) -> str | None:
        """Look up the id of a user that the server has made without telling its id."""
        try:
            found = await self._session.find(call)
        except CallError:
            return None
        return None if found is None else found.reply.object_id


def _given(model: BaseModel) -> dict[str, object]:
    """Return what a row gives, by our names."""
    return model.model_dump(exclude_unset=True, exclude_none=True)


def _as_columns(model: BaseModel) -> dict[str, object]:
    """Return what a row gives by the server's columns, in the words of its published example."""
    row = _given(model)
    if "language_tag" in row:
        row["language_tag"] = _LANGUAGES[cast("str", row["language_tag"])]
    if "allow_portal_access" in row:
        row["allow_portal_access"] = "YES" if row["allow_portal_access"] else "NO"
    row["time_zone"] = str(row["time_zone"]).upper()
    return {_COLUMNS[name]: value for name, value in row.items()}
