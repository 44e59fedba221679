"""Parts that rows of workflows are put together of: an address, a number, a device, whose it is to be."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field, model_validator

from alianza_async.bulk.kinds.row_fields import (
    AreaCode,
    City,
    Country,
    Language,
    Mac,
    PhoneNumber,
    PostalCode,
    State,
    Street,
    complaint,
    place_problem,
)
from alianza_async.bulk.kinds.units import NO_UNIT, Unit, UnitNumber, UnitType, split_unit, unit_in
from alianza_async.endpoints.models import WriteModel

__all__ = ["AddressFields", "DeviceFields", "NumberFields", "OwnerFields"]

_OwnUnit = Annotated[UnitNumber | None, Field(repr=False)]
_NUMBERED: Final = frozenset({"APARTMENT", "BUILDING", "FLOOR", "LOT", "ROOM", "SPACE", "SUITE", "UNIT"})
_Text = Annotated[str, Field(min_length=1, max_length=256)]


class AddressFields(WriteModel):
    """The emergency address of a row: its street on one line, its place, and its unit.

    The unit is the end of the street line, or a column: `e911_unit` with `e911_unit_type`, or one of `apt`,
    `suite` and `unit`, which are what such columns are called in files.
    """

    e911_address: Street
    e911_city: City
    e911_state: State
    postal_code: PostalCode
    country: Country = "USA"
    e911_unit: _OwnUnit = None
    e911_unit_type: UnitType | None = None
    apt: _OwnUnit = None
    suite: _OwnUnit = None
    unit: _OwnUnit = None
    e911_language: Language | None = None
    e911_correction: Literal["accept", "keep"] | None = None

    def unit_of(self) -> Unit:
        """Return the unit that the row's columns name."""
        for kind, text in (
            (self.e911_unit_type, self.e911_unit),
            ("APARTMENT", self.apt),
            ("SUITE", self.suite),
            (self.e911_unit_type, self.unit),
        ):
            if text is not None:
                written = split_unit(text)
                return Unit(kind or written.type or "UNIT", written.number)
        return Unit(self.e911_unit_type, None)

    def line_of(self, unit: Unit) -> str:
        """Return street and unit on one line; a unit that stands in the street is not repeated."""
        if unit == NO_UNIT or unit_in(self.e911_address) != NO_UNIT:
            return self.e911_address
        return f"{self.e911_address}, {unit.line}"

    @model_validator(mode="after")
    def _has_one_unit(self) -> AddressFields:
        given = [name for name in ("e911_unit", "apt", "suite", "unit") if getattr(self, name) is not None]
        if not given and self.e911_unit_type is None:
            return self
        if len(given) > 1:
            raise complaint(given[1], f"is a second unit beside {given[0]}; leave one of them out")
        unit, written = self.unit_of(), unit_in(self.e911_address)
        if unit.number is None and unit.type in _NUMBERED:
            raise complaint("e911_unit", f"is missing; give it with e911_unit_type {unit.type}")
        if written.number and (unit.number or "").casefold() != written.number.casefold():
            raise complaint(given[0] if given else "e911_unit", "is not the unit that e911_address ends with")
        return self

    @model_validator(mode="after")
    def _is_one_place(self) -> AddressFields:
        problem = place_problem(state=self.e911_state, postal_code=self.postal_code, country=self.country)
        if problem is not None:
            raise complaint(*problem)
        return self


class NumberFields(WriteModel):
    """The number of a row: the one named, or else the first free one in an area code."""

    telephone_number: PhoneNumber | None = None
    area_code: AreaCode | None = None

    @model_validator(mode="after")
    def _has_a_number(self) -> NumberFields:
        if self.telephone_number is None and self.area_code is None:
            raise complaint("telephone_number", "is missing; give it, or area_code for the first free number")
        if self.telephone_number and self.area_code and self.telephone_number[1:4] != self.area_code:
            raise complaint("area_code", "is not the one of telephone_number; leave one of them out")
        return self


class DeviceFields(WriteModel):
    """The device line of a row; without `mac_address` it has none."""

    mac_address: Mac | None = None
    line_number: Annotated[int, Field(ge=1, le=100)] = 1
    device_type_id: _Text | None = None
    device_name: _Text | None = None


class OwnerFields(WriteModel):
    """An account there is, and a user of it: by our names of them, or by their ids."""

    account_number: _Text | None = None
    account_id: _Text | None = None
    username: _Text | None = None
    user_id: _Text | None = None

    @model_validator(mode="after")
    def _names_an_account(self) -> OwnerFields:
        if self.account_number is None and self.account_id is None:
            raise complaint("account_number", "is missing; give it, or account_id")
        return self
