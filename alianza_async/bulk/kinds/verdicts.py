"""What is known of the addresses of a job: each is asked about once, by whichever row asks first."""

from __future__ import annotations

import copy
import math
import re
from typing import TYPE_CHECKING, Final, TypeVar, cast

from alianza_async.bulk.engine.remembered import Remembered
from alianza_async.endpoints.models import validate_write
from alianza_async.errors import AlianzaError
from alianza_async.models.shared_addresses import E911AddressWrite
from alianza_async.models.shared_numbers import NumberActivationCreate

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from alianza_async.bulk.engine.steps import Item
    from alianza_async.endpoints.models import WriteModel
    from alianza_async.models.addresses import AddressValidation
    from alianza_async.models.prevalidations import E911Validation
    from alianza_async.session import Session

__all__ = ["Verdicts"]

T = TypeVar("T")
_Line = tuple[str, str, str]
_Parts = tuple[tuple[str, str], ...]

_NAME: Final = "address verdicts"
_KEPT: Final = 10_000
_PUNCTUATION: Final = re.compile("[.,]+")
_OF_A_PERSON: Final = frozenset(
    {"first_name", "middle_initial", "last_name", "business_name", "customer_type", "language"}
)
"""What an address says of people: it makes no other place."""


class Verdicts:
    """The verdicts on addresses, the latest ten thousand of each kind; a failed look-up is not kept.

    Args:
        session: Where to ask.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._lines = Remembered(self._read, seconds=math.inf, most=_KEPT)
        self._addresses = Remembered(self._prevalidate, seconds=math.inf, most=_KEPT)
        # What is asked about goes out as it was written; only the key is folded.
        self._written: dict[_Line, str] = {}
        self._asked: dict[_Parts, E911AddressWrite] = {}

    @classmethod
    def of(cls, item: Item[WriteModel]) -> Verdicts:
        """Return the verdicts of the item's job."""
        found = item.shared.get(_NAME)
        if found is None:
            found = item.shared[_NAME] = cls(item.session)
        return cast("Verdicts", found)

    async def read(self, line: str, postal_code: str, country: str) -> AddressValidation:
        """Have a street line taken apart: `GET /v2/address/validate`.

        Raises:
            CallError: It was refused, or could not be asked about.
        """
        key = (_plain(line), postal_code.upper(), country)
        self._written[key] = line
        try:
            return await _own(self._lines.get(key))
        finally:
            self._written.pop(key, None)

    async def prevalidate(self, address: E911AddressWrite) -> E911Validation:
        """Have an address checked: `PUT /v2/partition/{partitionId}/account/e911/prevalidate`.

        Raises:
            CallError: It was refused, or could not be asked about.
        """
        parts = tuple(
            (name, _plain(str(value)))
            for name in E911AddressWrite.model_fields
            if name not in _OF_A_PERSON and (value := getattr(address, name))
        )
        self._asked[parts] = address
        try:
            return await _own(self._addresses.get(parts))
        finally:
            self._asked.pop(parts, None)

    async def _read(self, key: _Line) -> AddressValidation:
        line, postal_code, country = key
        return await self._session.addresses.validate(
            address=self._written.get(key, line),
            country="CAN" if country == "CAN" else "USA",
            postal_code=postal_code,
        )

    async def _prevalidate(self, parts: _Parts) -> E911Validation:
        address = self._asked.get(parts) or validate_write(E911AddressWrite, dict(parts))
        return await self._session.prevalidations.e911_address(NumberActivationCreate(e911_address=address))


async def _own(asked: Awaitable[T]) -> T:
    """Return an answer; an error is each row's own, which may add to it."""
    try:
        return await asked
    except AlianzaError as error:
        raise copy.copy(error) from error


def _plain(text: str) -> str:
    """Write a text as it is compared: without case, punctuation and repeated blanks."""
    return " ".join(_PUNCTUATION.sub(" ", text).split()).casefold()
