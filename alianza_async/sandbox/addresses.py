"""Emergency addresses: which are right, which can be put right, and which were validated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from alianza_async.sandbox.geography import STATES, is_postal_code, place_of, short_code, state_of
from alianza_async.sandbox.rules import checked, one_of, text
from alianza_async.sandbox.streets import mended, parse_street, parse_unit, tidy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alianza_async.sandbox.options import Json
    from alianza_async.sandbox.rules import Rule

_DIRECTION: Final = one_of("", "N", "NE", "E", "SE", "S", "SW", "W", "NW")
_RULES: Final[Mapping[str, Rule]] = {
    **{
        name: text(0, 256)
        for name in (
            *("firstName", "middleInitial", "lastName", "businessName", "streetNumber", "streetNumberSuffix"),
            *("streetName", "streetSuffix", "city", "state", "country", "postalCode", "unit", "language"),
            *("latitude", "longitude"),
        )
    },
    "preDirectional": _DIRECTION,
    "postDirectional": _DIRECTION,
    "secondaryLocationDescription": one_of(
        *("", "APARTMENT", "BUILDING", "BASEMENT", "DEPARTMENT", "FLOOR", "FRONT", "HANGER", "KEY", "LOBBY"),
        *("LOT", "LOWER", "OFFICE", "PENTHOUSE", "PIER", "REAR", "ROOM", "SIDE", "SLIP", "SPACE", "SUITE"),
        *("STOP", "TRAILER", "UNIT", "UPPER"),
    ),
    "customerType": one_of("BUSINESS", "RESIDENTIAL"),
}
_NEEDED: Final = ("streetNumber", "streetName", "city", "state", "postalCode")
_KEY: Final = (
    *("streetNumber", "streetNumberSuffix", "preDirectional", "streetName", "streetSuffix"),
    *("postDirectional", "unit"),
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the dispatcher thinks of an address.

    Attributes:
        address: The address, written the usual way, with its latitude and longitude where it is right.
        problems: Why it cannot be used; empty = it can.
        corrected: How it should be written; None = as it is.
    """

    address: Json
    problems: tuple[str, ...]
    corrected: Json | None


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text read as an address.

    Attributes:
        address: Its parts, with the state its postal code lies in.
        missing: The parts it lacks.
        valid: Whether there is such a place, as far as the line tells.
    """

    address: Json
    missing: tuple[str, ...]
    valid: bool


class AddressBook:
    """Which addresses were validated, and which city a postal code was seen with."""

    def __init__(self) -> None:
        self._validated: set[tuple[str, ...]] = set()
        self._prevalidated: set[tuple[str, ...]] = set()
        self._cities: dict[str, str] = {}

    def learn_city(self, postal_code: str, city: str) -> None:
        """Remember the first city seen with a postal code."""
        self._cities.setdefault(short_code(postal_code), city)

    def read(self, line: str, postal_code: str, *, needs_unit: bool = False) -> Line:
        """Take a line such as `12 Main St Apt 3, Springfield, IL` apart and remember it where it is valid.

        Args:
            line: Street, and where the caller likes also city and state, between commas.
            postal_code: A postal code that exists.
            needs_unit: Whether there is a building there that nobody finds without a unit.
        """
        street, *rest = (part.strip() for part in line.split(","))
        home = str(state_of(postal_code))
        address = parse_street(street)
        unit = parse_unit(rest[0]) if rest else None
        if unit is not None:
            address.update(unit)
            del rest[0]
        said = rest[-1].split()[0].upper() if rest and rest[-1] else ""
        right = said not in STATES or said == home
        if said in STATES:
            rest = rest[:-1]
        city = rest[0] if rest and rest[0] else self._cities.get(short_code(postal_code))
        address.update({"state": home, "postalCode": postal_code})
        if city:
            address["city"] = city
        missing = tuple(name for name in _NEEDED if name not in address)
        if needs_unit:
            missing += tuple(name for name in ("unit", "secondaryLocationDescription") if name not in address)
        line_known = right and not {"streetNumber", "streetName", "unit"} & set(missing)
        if line_known:
            self._validated.add(_key(address))
        return Line(address, missing, line_known)

    def judge(self, address: Json) -> Verdict:
        """Answer what is wrong with an emergency address, and how it should be written.

        Raises:
            ApiError: 400 where a field's value is none the API accepts.
        """
        address = tidy(checked(address, _RULES, ()))
        problems = [f"{name} must not be empty" for name in _NEEDED if not address.get(name)]
        if problems:
            return Verdict(address, tuple(problems), None)
        code, state = str(address["postalCode"]), str(address["state"]).upper()
        home = state_of(code) if is_postal_code(code) else None
        corrected = mended(address)
        if home is None:
            return Verdict(address, ("postalCode is not known",), None)
        if state != home:
            problems.append(f"postalCode does not belong to state {state}")
            corrected = {**(corrected or address), "state": home}
        if not problems:
            address = _placed(address, home)
        return Verdict(address, tuple(problems), None if corrected is None else _placed(corrected, home))

    def validate(self, address: Json) -> Verdict:
        """Judge an address and remember it where it can be used, and the corrected one with it.

        Raises:
            ApiError: 400 where a field's value is none the API accepts.
        """
        verdict = self.judge(address)
        if not verdict.problems:
            self._validated.add(_key(verdict.address))
            self._prevalidated.add(_key(verdict.address))
        if verdict.corrected is not None:
            self._validated.add(_key(verdict.corrected))
        return verdict

    @staticmethod
    def place(address: Json) -> tuple[str, str]:
        """Answer latitude and longitude of a valid address, in degrees."""
        return place_of(str(address["state"]), " ".join(_key(address)))

    def knows(self, address: Json, *, strict: bool = False) -> bool:
        """Say whether an address was validated before.

        Args:
            address: The address.
            strict: Whether it has to be one that was prevalidated as it stands: not one that was read off a
                line alone, or offered as a correction.
        """
        return _key(tidy(address)) in (self._prevalidated if strict else self._validated)


def _placed(address: Json, state: str) -> Json:
    """Answer an address with its latitude and longitude, unless it says them itself."""
    placed = {**address, "state": state}
    north, east = AddressBook.place(placed)
    return {"latitude": north, "longitude": east, **placed}


def _key(address: Json) -> tuple[str, ...]:
    """Answer what makes an address the same place: its street and postal code; the code decides the rest."""
    street = (" ".join(str(address.get(name) or "").casefold().split()) for name in _KEY)
    return (*street, short_code(str(address.get("postalCode") or "")))
