"""A partition's telephone numbers that wait for an account."""

from __future__ import annotations

import csv
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from alianza_async.sandbox.answers import ApiError
from alianza_async.sandbox.geography import centre_of
from alianza_async.sandbox.history import date_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from alianza_async.sandbox.options import Json

_DIGITS: Final = 11
_BUCKET: Final = 4  # country code and area code
_TOLL_FREE: Final = frozenset({"800", "833", "844", "855", "866", "877", "888"})
_COLUMNS: Final = {
    "number": ("telephone_number", "phone_number", "number", "tn"),
    "city": ("e911_city", "city", "rate_center"),
    "state": ("e911_state", "state"),
    "postal_code": ("postal_code", "zip"),
}


class Seed(NamedTuple):
    """One number to put into an inventory.

    Attributes:
        number: 11 digits.
        city: Its rate center; empty = unknown.
        state: State of that; empty = unknown.
        postal_code: A postal code there; empty = unknown.
    """

    number: str
    city: str = ""
    state: str = ""
    postal_code: str = ""


@dataclass(slots=True)
class Stocked:
    """One number of an inventory.

    Attributes:
        partition_id: Whose it is.
        seed: The number and where it is from.
        account_id: The account it is on; None = it is free.
        reserved_by: User name of whoever reserved it; None = nobody.
        reserved_at: Unix time of that.
    """

    partition_id: str
    seed: Seed
    account_id: str | None = None
    reserved_by: str | None = None
    reserved_at: float = 0

    @property
    def function(self) -> str:
        """What kind of number it is."""
        return "TollFree" if self.seed.number[1:_BUCKET] in _TOLL_FREE else "ELS"

    def to_json(self) -> Json:
        """Write it as the API's `TelephoneNumberViewX`; what it does not have is left out."""
        number = self.seed.number
        view: Json = {
            "id": number,
            "partitionId": self.partition_id,
            "phoneNumber": number,
            "rateCenter": self.seed.city or None,
            "state": self.seed.state or None,
            "country": "USA",
            "prefix": number[: _BUCKET + 3],
            "functionType": self.function,
            "accountId": self.account_id,
            "isInInventory": self.account_id is None,
            "operationalStatus": None if self.account_id is None else "ACTIVE",
        }
        return {name: value for name, value in view.items() if value is not None}

    def reservation(self) -> Json:
        """Write its reservation as the API's `TelephoneNumberReservedX`."""
        return {
            "id": self.seed.number,
            "tn": self.seed.number,
            "reserved": self.reserved_by is not None,
            "reservedTime": date_text(self.reserved_at),
        }


class Inventory:
    """The numbers of every partition; the free ones are kept by area code, so that a search is short."""

    def __init__(self) -> None:
        self._stock: dict[tuple[str, str], Stocked] = {}
        self._free: dict[tuple[str, str], dict[str, Stocked]] = {}

    def add(self, partition_id: str, seed: Seed) -> Stocked | None:
        """Put a number in; answer None where it is there already."""
        key = (partition_id, seed.number)
        if key in self._stock:
            return None
        stocked = self._stock[key] = Stocked(partition_id, seed)
        self._shelve(stocked)
        return stocked

    def all_of(self, partition_id: str) -> Iterator[Stocked]:
        """Yield a partition's numbers in the order they came, those on accounts too."""
        return (stocked for (owner, _), stocked in self._stock.items() if owner == partition_id)

    def everything(self) -> Iterator[Stocked]:
        """Yield every number of every partition."""
        return iter(self._stock.values())

    def get(self, partition_id: str, number: str) -> Stocked | None:
        """Answer a number; None where the partition does not have it."""
        return self._stock.get((partition_id, number))

    def one(self, partition_id: str, number: str) -> Stocked:
        """Answer a number.

        Raises:
            ApiError: 404 where the partition does not have it.
        """
        stocked = self.get(partition_id, number)
        if stocked is None:
            raise ApiError(404, ("Telephone number not found",), {"telephoneNumber": number})
        return stocked

    def free(self, partition_id: str, prefix: str) -> Iterator[Stocked]:
        """Yield the numbers nobody has or reserved that begin with some digits."""
        if len(prefix) < _BUCKET:
            areas = [key for key in self._free if key[0] == partition_id and key[1].startswith(prefix)]
        else:
            areas = [(partition_id, prefix[:_BUCKET])]
        for key in areas:
            for number, stocked in self._free.get(key, {}).items():
                if number.startswith(prefix):
                    yield stocked

    def near(self, partition_id: str, north: float, east: float) -> list[tuple[float, Stocked]]:
        """List the free numbers whose state is known, with their distance in degrees, nearest first."""
        found: list[tuple[float, Stocked]] = []
        for stocked in self.free(partition_id, ""):
            centre = centre_of(stocked.seed.state)
            if centre is not None:
                found.append((abs(centre[0] - north) + abs(centre[1] - east), stocked))
        return sorted(found, key=lambda item: item[0])

    def reserve(self, stocked: Stocked, username: str) -> None:
        """Keep a number for somebody.

        Raises:
            ApiError: 400 where an account has it, or somebody keeps it already.
        """
        if stocked.account_id is not None:
            raise _refusal("Telephone number is on an account", stocked)
        if stocked.reserved_by is not None:
            raise _refusal("Telephone number is already reserved", stocked)
        stocked.reserved_by, stocked.reserved_at = username, time.time()
        self._unshelve(stocked)

    def expire(self, stocked: Stocked, life_s: float) -> None:
        """End a reservation that is older than so many seconds; 0 = reservations do not end."""
        if life_s and stocked.reserved_by is not None and time.time() > stocked.reserved_at + life_s:
            stocked.reserved_by = None
            self._shelve(stocked)

    def let_go(self, stocked: Stocked) -> None:
        """End a reservation.

        Raises:
            ApiError: 404 where there is none.
        """
        if stocked.reserved_by is None:
            raise ApiError(404, ("Reservation not found",), {"telephoneNumber": stocked.seed.number})
        stocked.reserved_by = None
        self._shelve(stocked)

    def take(self, stocked: Stocked, account_id: str) -> None:
        """Hand a number to an account; its reservation is used up."""
        stocked.account_id, stocked.reserved_by = account_id, None
        self._unshelve(stocked)

    def give_back(self, stocked: Stocked) -> None:
        """Take a number back from its account."""
        stocked.account_id = None
        self._shelve(stocked)

    def remove(self, stocked: Stocked) -> None:
        """Take a number out for good.

        Raises:
            ApiError: 400 where an account has it.
        """
        if stocked.account_id is not None:
            raise _refusal("Telephone number exists on an account", stocked)
        self._unshelve(stocked)
        del self._stock[stocked.partition_id, stocked.seed.number]

    def _shelve(self, stocked: Stocked) -> None:
        """Put a number among the free ones."""
        number = stocked.seed.number
        self._free.setdefault((stocked.partition_id, number[:_BUCKET]), {})[number] = stocked

    def _unshelve(self, stocked: Stocked) -> None:
        """Take a number from among the free ones, where it is among them."""
        number = stocked.seed.number
        self._free.get((stocked.partition_id, number[:_BUCKET]), {}).pop(number, None)


def is_number(text: object) -> bool:
    """Say whether a value is a telephone number the way the API writes it: 11 digits, the first a 1."""
    return (
        isinstance(text, str)
        and len(text) == _DIGITS
        and text.isascii()
        and text.isdigit()
        and text[0] == "1"
    )


def read_inventory(path: str) -> list[Seed]:
    """Read numbers from a file: one a line, or CSV with a `telephone_number` column.

    The CSV's city, state and postal code are taken along where it has them.

    Args:
        path: The file, UTF-8.

    Raises:
        ValueError: It cannot be read, or a line's number is none.
    """
    try:
        with Path(path).open(encoding="utf-8-sig", newline="") as file:
            return _seeds(csv.reader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise ValueError(f"the inventory cannot be read: {reason}") from error


def seeds(numbers: Iterable[str | Seed]) -> Iterator[Seed]:
    """Yield numbers as seeds.

    Raises:
        ValueError: One is no telephone number.
    """
    for given in numbers:
        seed = given if isinstance(given, Seed) else Seed(given)
        if not is_number(seed.number):
            raise ValueError(f"{seed.number} is not a telephone number: 11 digits such as 18015551212")
        yield seed


def _seeds(lines: Iterable[list[str]]) -> list[Seed]:
    """Read the seeds off a file's lines; a first line without a number is a header."""
    found: list[Seed] = []
    places = {"number": 0}
    for line, raw in enumerate(lines, 1):
        cells = [cell.strip() for cell in raw]
        if not any(cells):
            continue
        if line == 1 and not any(is_number(cell) for cell in cells):
            places = _places(cells)
            continue
        taken = {name: cells[place] for name, place in places.items() if place < len(cells)}
        if not is_number(taken.get("number")):
            raise ValueError(f"line {line} of the inventory has no telephone number of 11 digits")
        found.append(Seed(**taken))
    return found


def _places(header: list[str]) -> dict[str, int]:
    """Find the columns by their names; without any of them the numbers are in the first."""
    names = [cell.casefold().replace(" ", "_") for cell in header]
    places = {"number": 0}
    for field, known in _COLUMNS.items():
        for name in reversed(known):
            if name in names:
                places[field] = names.index(name)
    return places


def _refusal(reason: str, stocked: Stocked) -> ApiError:
    """Build the refusal of a number."""
    return ApiError(400, (reason,), {"telephoneNumber": stocked.seed.number})
