"""States, countries and postal codes of the US and Canada, however they are written."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

__all__ = ["PROVINCES", "read_country", "read_postal_code", "read_state", "with_lost_zeros"]

# Code: what else it is called. Names are compared without case, accents and full stops.
_STATES: Final = {
    "AL": "alabama, ala",
    "AK": "alaska",
    "AZ": "arizona, ariz",
    "AR": "arkansas, ark",
    "CA": "california, calif, cal",
    "CO": "colorado, colo",
    "CT": "connecticut, conn",
    "DE": "delaware, del",
    "DC": "district of columbia, washington dc, washington d c",
    "FL": "florida, fla",
    "GA": "georgia",
    "HI": "hawaii, hawai'i",
    "ID": "idaho",
    "IL": "illinois, ill",
    "IN": "indiana, ind",
    "IA": "iowa",
    "KS": "kansas, kan, kans",
    "KY": "kentucky",
    "LA": "louisiana",
    "ME": "maine",
    "MD": "maryland",
    "MA": "massachusetts, mass",
    "MI": "michigan, mich",
    "MN": "minnesota, minn",
    "MS": "mississippi, miss",
    "MO": "missouri",
    "MT": "montana, mont",
    "NE": "nebraska, neb, nebr",
    "NV": "nevada, nev",
    "NH": "new hampshire",
    "NJ": "new jersey",
    "NM": "new mexico",
    "NY": "new york, new york state",
    "NC": "north carolina",
    "ND": "north dakota",
    "OH": "ohio",
    "OK": "oklahoma, okla",
    "OR": "oregon, ore",
    "PA": "pennsylvania, penn, penna",
    "RI": "rhode island",
    "SC": "south carolina",
    "SD": "south dakota",
    "TN": "tennessee, tenn",
    "TX": "texas, tex",
    "UT": "utah",
    "VT": "vermont",
    "VA": "virginia",
    "WA": "washington, wash, washington state",
    "WV": "west virginia, w va",
    "WI": "wisconsin, wis, wisc",
    "WY": "wyoming, wyo",
    "AS": "american samoa",
    "GU": "guam",
    "MP": "northern mariana islands",
    "PR": "puerto rico",
    "VI": "virgin islands, us virgin islands, united states virgin islands, usvi",
}
_PROVINCES: Final = {
    "AB": "alberta, alta",
    "BC": "british columbia",
    "MB": "manitoba, man",
    "NB": "new brunswick",
    "NL": "newfoundland and labrador, newfoundland & labrador, newfoundland, labrador, nf, nfld",
    "NS": "nova scotia",
    "NT": "northwest territories, nwt",
    "NU": "nunavut",
    "ON": "ontario, ont",
    "PE": "prince edward island, pei",
    "QC": "quebec, que, pq",
    "SK": "saskatchewan, sask",
    "YT": "yukon, yukon territory",
}
_COUNTRIES: Final = {
    "USA": "usa, us, united states, united states of america, the united states",
    "CAN": "can, ca, canada",
}
# First three digits of the ZIP codes of a state that begin with 0, as the US Postal Service assigns them.
_ZEROS: Final = {
    "CT": ((60, 69),),
    "MA": ((10, 27), (55, 55)),
    "ME": ((39, 49),),
    "NH": ((30, 38),),
    "NJ": ((70, 89),),
    "NY": ((5, 5), (63, 63)),
    "PR": ((6, 7), (9, 9)),
    "RI": ((28, 29),),
    "VI": ((8, 8),),
    "VT": ((50, 54), (56, 59)),
}
_ZIP: Final = re.compile(r"\d{5}(?:-?\d{4})?", re.ASCII)
_LOST: Final = re.compile(r"(\d{3,4})((?:-\d{4})?)", re.ASCII)
_CANADIAN: Final = re.compile(
    r"([ABCEGHJ-NPRSTVXY]\d[ABCEGHJ-NPRSTV-Z])[ -]?(\d[ABCEGHJ-NPRSTV-Z]\d)", re.ASCII
)

PROVINCES: Final = frozenset(_PROVINCES)
"""The two letters of each province and territory of Canada."""


def _by_name(names: dict[str, str]) -> dict[str, str]:
    return {name: code for code, others in names.items() for name in (code.lower(), *others.split(", "))}


_STATE_OF: Final = _by_name(_STATES | _PROVINCES)
_COUNTRY_OF: Final = _by_name(_COUNTRIES)


def read_state(text: str) -> str:
    """Return a state of the US, or a province of Canada, in two letters.

    Args:
        text: Its two letters or its name, in any case, or a usual short form such as `Calif.`

    Raises:
        ValueError: It is none.
    """
    state = text if text in _STATES else _STATE_OF.get(_folded(text))
    if state is None:
        raise ValueError("is no state or province in two letters, such as UT or ON")
    return state


def read_country(text: str) -> str:
    """Return `USA` or `CAN`.

    Args:
        text: `US`, `U.S.A.`, `United States`, `CA`, `Canada` and the like, in any case.

    Raises:
        ValueError: It is neither.
    """
    country = _COUNTRY_OF.get(_folded(text))
    if country is None:
        raise ValueError("is neither USA nor CAN")
    return country


def read_postal_code(text: str) -> str:
    """Return a ZIP code as it is, and a Canadian postal code in capitals with its space: `K1A 0B1`.

    Raises:
        ValueError: It is neither.
    """
    code = text.strip().upper()
    if _ZIP.fullmatch(code):
        return code
    canadian = _CANADIAN.fullmatch(code)
    if canadian is None:
        raise ValueError("is neither a ZIP code such as 84043 nor a Canadian postal code such as K1A 0B1")
    return f"{canadian[1]} {canadian[2]}"


def with_lost_zeros(text: str, state: str | None) -> str:
    """Return a ZIP code with the zeros that a spreadsheet took from its beginning; other text as it is.

    Args:
        text: What stands for the ZIP code.
        state: The state in two letters; a code is filled up only where that state has such ZIP codes.
    """
    lost = _LOST.fullmatch(text)
    if lost is None or state is None:
        return text
    code = lost[1].zfill(5)
    area = int(code[:3])
    if any(first <= area <= last for first, last in _ZEROS.get(state, ())):
        return code + lost[2]
    return text


def _folded(text: str) -> str:
    """Return a name without case, accents, full stops and surplus spaces."""
    plain = text if text.isascii() else _without_accents(text)
    plain = plain.replace(",", " ").replace(".", " " if ". " in plain else "")
    return " ".join(plain.split()).lower()


def _without_accents(text: str) -> str:
    return "".join(each for each in unicodedata.normalize("NFD", text) if not unicodedata.combining(each))
