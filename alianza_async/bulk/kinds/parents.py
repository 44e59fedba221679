"""Which account id a number stands for: asked once, by whoever asks first, and remembered."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import TYPE_CHECKING

from alianza_async.bulk.engine.steps import folded
from alianza_async.bulk.kinds.found import not_asked_for
from alianza_async.errors import CallContext, NotFoundError

if TYPE_CHECKING:
    from alianza_async.session import Session

__all__ = ["AccountIds"]

_REMEMBERED = 10_000
_NOT_FOUND = 404


class AccountIds:
    """Account ids by account number, the latest ten thousand; that there is none is remembered too.

    Args:
        session: Where to ask.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._known: OrderedDict[str, str | CallContext] = OrderedDict()
        self._asking: dict[str, asyncio.Future[str | CallContext]] = {}

    async def find(self, number: str) -> str:
        """Return the id of the account that has a number.

        Raises:
            NotFoundError: There is none.
            CallError: It could not be looked up.
        """
        known = self._known.get(number)
        if known is None:
            known = await self._answer(number)
        else:
            self._known.move_to_end(number)
        if isinstance(known, CallContext):
            raise NotFoundError(
                "there is no account with this account_number; create it first",
                context=known,
                status=_NOT_FOUND,
            )
        return known

    async def _answer(self, number: str) -> str | CallContext:
        asked = self._asking.get(number)
        if asked is None:
            # A task of its own: cancelling the row that asks first must not fail the rows that wait with it.
            asked = asyncio.ensure_future(self._ask(number))
            self._asking[number] = asked
            asked.add_done_callback(lambda task: self._asked(number, task))
        return await asyncio.shield(asked)

    def _asked(self, number: str, task: asyncio.Future[str | CallContext]) -> None:
        self._asking.pop(number, None)
        if not task.cancelled():
            task.exception()  # each waiting row gets the error; without one it needs no reader

    async def _ask(self, number: str) -> str | CallContext:
        """Return the id, or the call that found no account."""
        get = self._session.accounts.get
        try:
            reply = await get.raw(number, account_id_type="AccountNumber")
        except NotFoundError as error:
            return self._remember(number, error.context)
        if reply.value.id is None or folded(reply.value.account_number or "") != folded(number):
            raise not_asked_for(get, reply, "account")
        return self._remember(number, reply.value.id)

    def _remember(self, number: str, found: str | CallContext) -> str | CallContext:
        self._known[number] = found
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return found
