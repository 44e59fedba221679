"""Fields that rows of workflows have in common: telephone numbers, MAC addresses, postal codes, states."""

from __future__ import annotations

import re
from typing import Annotated, Final

from pydantic import AfterValidator, Field, ValidationError
from pydantic_core import PydanticCustomError

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

_NUMBER: Final = re.compile(r"1[2-9]\d\d[2-9]\d{6}")
_AREA: Final = re.compile(r"[2-9]\d\d")
_MAC: Final = re.compile(
    r"[0-9A-F]{12}|[0-9A-F]{2}([:-])(?:[0-9A-F]{2}\1){4}[0-9A-F]{2}|(?:[0-9A-F]{4}\.){2}[0-9A-F]{4}"
)
_NO_MAC: Final = frozenset({"0" * 12, "F" * 12})
_ZIP: Final = re.compile(r"\d{5}(?:-?\d{4})?")
_CANADIAN: Final = re.compile(r"[ABCEGHJ-NPRSTVXY]\d[ABCEGHJ-NPRSTV-Z] ?\d[ABCEGHJ-NPRSTV-Z]\d")
_COUNTRIES: Final = {"USA": "USA", "US": "USA", "CAN": "CAN", "CA": "CAN"}
_LANGUAGES: Final = {"fr-ca": "fr-CA", "en-us": "en-US"}
_STATES: Final = frozenset(
    [
        "AL",
        "AK",
        "AZ",
        "AR",
        "CA",
        "CO",
        "CT",
        "DE",
        "DC",
        "FL",
        "GA",
        "HI",
        "ID",
        "IL",
        "IN",
        "IA",
        "KS",
        "KY",
        "LA",
        "ME",
        "MD",
        "MA",
        "MI",
        "MN",
        "MS",
        "MO",
        "MT",
        "NE",
        "NV",
        "NH",
        "NJ",
        "NM",
        "NY",
        "NC",
        "ND",
        "OH",
        "OK",
        "OR",
        "PA",
        "RI",
        "SC",
        "SD",
        "TN",
        "TX",
        "UT",
        "VT",
        "VA",
        "WA",
        "WV",
        "WI",
        "WY",
        "AS",
        "GU",
        "MP",
        "PR",
        "VI",
    ]
)
_PROVINCES: Final = frozenset("AB BC MB NB NL NS NT NU ON PE QC SK YT".split())  # noqa: SIM905  (as above)


def _service_code(digits: str) -> bool:
    """Tell whether three digits are a service code such as 911."""
    return digits.endswith("11")


def _number(value: str) -> str:
    number = value.removeprefix("+")
    if not (number.isascii() and _NUMBER.fullmatch(number)):
        raise ValueError("is not a telephone number of North America: 11 digits such as 18015551212")
    if _service_code(number[1:4]):
        raise ValueError("has a service code such as 911 where its area code is")
    return number


def _area(value: str) -> str:
    if not (value.isascii() and _AREA.fullmatch(value)) or _service_code(value):
        raise ValueError("is not an area code: three digits such as 801")
    return value


def _mac(value: str) -> str:
    mac = value.upper()
    plain = re.sub("[:.-]", "", mac)
    if not _MAC.fullmatch(mac) or plain in _NO_MAC:
        raise ValueError("is not a MAC address: 12 hexadecimal digits such as 4AE1BC53AD6B")
    return plain


def _postal_code(value: str) -> str:
    code = value.upper()
    if not (code.isascii() and (_ZIP.fullmatch(code) or _CANADIAN.fullmatch(code))):
        raise ValueError("is neither a ZIP code such as 84043 nor a Canadian postal code such as K1A 0B1")
    return code


def _state(value: str) -> str:
    state = value.upper()
    if state not in _STATES | _PROVINCES:
        raise ValueError("is no state or province in two letters, such as UT or ON")
    return state


def _country(value: str) -> str:
    country = _COUNTRIES.get(value.upper())
    if country is None:
        raise ValueError("is neither USA nor CAN")
    return country


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
    if (state in _PROVINCES) != canada:
        return "e911_state", f"is not in {country}"
    if postal_code[:1].isalpha() != canada:
        return "postal_code", f"is not one of {country}"
    return None


PhoneNumber = Annotated[str, AfterValidator(_number)]
"""A telephone number of North America: 11 digits, as the API writes it."""

AreaCode = Annotated[str, AfterValidator(_area)]
"""The three digits that telephone numbers of a region begin with."""

Mac = Annotated[str, AfterValidator(_mac)]
"""A device's MAC address, written plainly: 12 hexadecimal digits."""

PostalCode = Annotated[str, AfterValidator(_postal_code)]
"""A ZIP code, or a Canadian postal code."""

State = Annotated[str, AfterValidator(_state)]
"""A state, or a province, in two letters."""

Country = Annotated[str, AfterValidator(_country)]
"""`USA` or `CAN`."""

Language = Annotated[str, AfterValidator(_language)]
"""The language in which emergency calls are answered: `fr-CA` or `en-US`."""

City = Annotated[str, Field(min_length=1, max_length=256)]
"""The city of an address."""

Street = Annotated[str, Field(min_length=1, max_length=256, repr=False)]
"""Street, number and unit on one line; shown nowhere."""
