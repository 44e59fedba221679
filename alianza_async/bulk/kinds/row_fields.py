"""Fields that rows of workflows have in common: telephone numbers, MAC addresses, postal codes, states."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import AfterValidator, Field, ValidationError
from pydantic_core import PydanticCustomError

from alianza_async.models._reading.macs import read_mac
from alianza_async.models._reading.numbers import read_area_code, read_number
from alianza_async.models._reading.places import PROVINCES, read_country, read_postal_code, read_state
from alianza_async.models._reading.sorts import Sort

__all__ = [
    "AreaCode",
    "City",
    "Country",
    "Language",
    "Mac",
    "PhoneNumber",
    "PostalCode",
    "State",
    "Street",
    "complaint",
    "place_problem",
]

_LANGUAGES: Final = {"fr-ca": "fr-CA", "en-us": "en-US"}


def _language(value: str) -> str:
    language = _LANGUAGES.get(value.replace("_", "-").casefold())
    if language is None:
        raise ValueError("is neither fr-CA nor en-US")
    return language


def complaint(field: str, message: str) -> ValidationError:
    """Return what a validator of a whole row raises that complains of one field."""
    error = PydanticCustomError("row", message)  # pyright: ignore[reportArgumentType]
    return ValidationError.from_exception_data("row", [{"type": error, "loc": (field,), "input": None}])


def place_problem(*, state: str, postal_code: str, country: str) -> tuple[str, str] | None:
    """Return which field cannot belong to the others of a place, and why; None where all can."""
    canada = country == "CAN"
    if (state in PROVINCES) != canada:
        return "e911_state", f"is not in {country}"
    if postal_code[:1].isalpha() != canada:
        return "postal_code", f"is not one of {country}"
    return None


PhoneNumber = Annotated[str, AfterValidator(read_number), Sort.TELEPHONE_NUMBER]
"""A telephone number of North America: 11 digits, as the API writes it."""

AreaCode = Annotated[str, AfterValidator(read_area_code), Sort.AREA_CODE]
"""The three digits that telephone numbers of a region begin with."""

Mac = Annotated[str, AfterValidator(read_mac), Sort.MAC]
"""A device's MAC address, written plainly: 12 hexadecimal digits."""

PostalCode = Annotated[str, AfterValidator(read_postal_code), Sort.POSTAL_CODE]
"""A ZIP code, or a Canadian postal code."""

State = Annotated[str, AfterValidator(read_state), Sort.STATE]
"""A state, or a province, in two letters."""

Country = Annotated[str, AfterValidator(read_country), Sort.COUNTRY]
"""`USA` or `CAN`."""

Language = Annotated[str, AfterValidator(_language)]
"""The language in which emergency calls are answered: `fr-CA` or `en-US`."""

City = Annotated[str, Field(min_length=1, max_length=256)]
"""The city of an address."""

Street = Annotated[str, Field(min_length=1, max_length=256, repr=False)]
"""Street, number and unit on one line; shown nowhere."""
