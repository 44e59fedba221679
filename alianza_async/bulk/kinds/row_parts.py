"""Parts that rows of workflows are put together of: an address, a number, a device, whose it is to be."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from alianza_async.bulk.kinds.row_fields import (
    AreaCode,
    City,
    Country,
    Mac,
    PhoneNumber,
    PostalCode,
    State,
    Street,
    complaint,
    place_problem,
)
from alianza_async.endpoints.models import WriteModel

__all__ = ["AddressFields", "DeviceFields", "NumberFields", "OwnerFields"]

_Text = Annotated[str, Field(min_length=1, max_length=256)]


class AddressFields(WriteModel):
    """The emergency address of a row: its street on one line, and its place."""

    e911_address: Street
    e911_city: City
    e911_state: State
    postal_code: PostalCode
    country: Country = "USA"

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
