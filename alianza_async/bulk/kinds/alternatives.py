"""Addresses that a 911 provider offers in the place of one: brought to the form that addresses are sent in.

They come with the city in capitals, the street suffix in the street name, and two letters for the country.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pydantic import BaseModel

__all__ = ["as_sent", "same_place"]

_COUNTRIES: Final = {"CA": "CAN", "US": "USA", "CANADA": "CAN"}
_SUFFIX_WORDS: Final = """
aly alley anx arc ave avenue bch bnd blf blvd boulevard br brg brk byp byu cir circle clb clf cmn
cor cors cp cpe cres crescent crk cswy ct court ctr curv cv cyn dl dm dr drive dv est expy ext fld
flds fls flt frd frg frk frks frst fry ft fwy gdn gdns gln grn grv gtwy hbr hl hls holw hts hvn hwy
highway inlt is isle jct knl lane lf lgt lk lks ln lndg loop mall mdw mdws mews ml mls msn mt mtn
mtwy nck orch oval park pass path pike pkwy parkway pl place plz plaza pln plns pne pnes pr prt pt
radl ramp rd road rdg riv rnch row rpd rst rte rue run shl shr skwy smt spg spgs spur sq square st
sta stra street strm ter terrace tpke trce trak trfy trl trail trwy tunl un via vis vl vlg vly vw
walk way wl wls xing xrd
"""
_SUFFIXES: Final = frozenset(_SUFFIX_WORDS.split())
_PLACE: Final = ("street_number", "street_number_suffix", "state", "unit")


def as_sent(offered: BaseModel) -> dict[str, object]:
    """Return the parts of an offered address, in the form that addresses are sent in."""
    parts = {name: value for name in type(offered).model_fields if (value := getattr(offered, name))}
    parts.pop("id", None)
    country = parts.get("country")
    if isinstance(country, str):
        parts["country"] = _COUNTRIES.get(country.upper(), country.upper())
    words = str(parts.get("street_name", "")).split()
    if not parts.get("street_suffix") and len(words) > 1 and words[-1].rstrip(".").casefold() in _SUFFIXES:
        parts["street_suffix"] = words.pop()
        parts["street_name"] = " ".join(words)
    return parts


def same_place(one: BaseModel, other: BaseModel) -> bool:
    """Tell whether two addresses are one place, however the street and the city are spelled.

    House number, unit, state and postal code are the same: what differs is a spelling.
    """
    return all(_plain(one, name) == _plain(other, name) for name in _PLACE) and _code(one) == _code(other)


def _plain(address: BaseModel, name: str) -> str:
    return str(getattr(address, name, None) or "").strip().casefold()


def _code(address: BaseModel) -> str:
    code = _plain(address, "postal_code").replace(" ", "")
    return code[:5] if code[:1].isdigit() else code
