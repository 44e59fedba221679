"""What a row of subscribers holds: all of it is checked before anybody is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alianza_async.bulk.kinds.row_parts import AddressFields, DeviceFields, NumberFields
from alianza_async.models.accounts import AccountCreate
from alianza_async.models.users import UserCreate

if TYPE_CHECKING:
    from pydantic import BaseModel

__all__ = ["SubscriberRow"]


class SubscriberRow(NumberFields, DeviceFields, AddressFields, AccountCreate, UserCreate):
    """One subscriber: an account, a user in it, a number with its emergency address, and a device.

    It has every field of `AccountCreate` and of `UserCreate`, under the same rules; those that both have
    (`time_zone`, `language_tag`, `call_screening_settings`) go to both. A row has a number: its own, or the
    first free one of an area code. A row without `mac_address` gets no device line.
    """

    def account(self) -> AccountCreate:
        """Return the account that the row asks for."""
        return AccountCreate.model_validate(_given(self, AccountCreate))

    def user(self) -> UserCreate:
        """Return the user that the row asks for."""
        return UserCreate.model_validate(_given(self, UserCreate))


def _given(row: BaseModel, model: type[BaseModel]) -> dict[str, object]:
    """Return those fields of a row that a model has, and that were given."""
    names = model.model_fields.keys() & row.model_fields_set
    return {name: value for name in names if (value := getattr(row, name)) is not None}
