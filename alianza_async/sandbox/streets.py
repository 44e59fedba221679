"""A street line taken apart: number, directions, name, suffix, unit."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from alianza_async.sandbox.options import Json


def _spellings(table: str) -> dict[str, str]:
    """Read `usual: spelling spelling; ...` as a table from each spelling to the usual one."""
    usual_of = (line.split(":") for line in table.split(";"))
    return {spelling: usual.strip() for usual, spellings in usual_of for spelling in spellings.split()}


_DIRECTIONS: Final = _spellings(
    "N: n north; S: s south; E: e east; W: w west; NE: ne northeast; NW: nw northwest; SE: se southeast; "
    "SW: sw southwest"
)
_SUFFIXES: Final = _spellings(
    "Aly: aly alley; Ave: ave avenue; Blvd: blvd boulevard; Cir: cir circle; Cres: cres crescent;"
    "Ct: ct court; Dr: dr drive; Expy: expy expressway; Fwy: fwy freeway; Hwy: hwy highway; Ln: ln lane;"
    "Pkwy: pkwy parkway; Pl: pl place; Plz: plz plaza; Rd: rd road; Sq: sq square; St: st street;"
    "Ter: ter terrace; Tpke: tpke turnpike; Trl: trl trail; Way: way"
)
# Written by somebody, known to nobody's dispatcher: each is answered with a correction.
_ODD_SUFFIXES: Final = _spellings(
    "St: str stre stret strasse; Ave: av aven avn; Blvd: boul; Dr: drv; Rd: rod; Ct: crt"
)
_UNITS: Final = _spellings(
    "SUITE: suite ste; APARTMENT: apartment apt; UNIT: unit #; FLOOR: floor fl; ROOM: room rm; "
    "BUILDING: building bldg; LOT: lot; SPACE: space; TRAILER: trailer; OFFICE: office"
)
# Words that are as well a street's: they are a unit's where they stand between commas.
_ALONE_WORDS: Final = """
APARTMENT BASEMENT BUILDING DEPARTMENT FLOOR FRONT HANGER KEY LOBBY LOT LOWER OFFICE PENTHOUSE PIER
REAR ROOM SIDE SLIP SPACE STOP SUITE TRAILER UNIT UPPER
"""
_ALONE: Final = frozenset(_ALONE_WORDS.split())
_WORDS: Final = "|".join(sorted(word for word in _UNITS if word != "#"))
_UNIT: Final = re.compile(rf"[\s,]+(?P<kind>(?:{_WORDS})\b\.?|\#)\s*(?P<unit>\S+)\s*$", re.IGNORECASE)
_NUMBER: Final = re.compile(r"(\d+(?:-\d+)?)-?([A-Za-z])?")
_LONGEST_UNIT: Final = 10


def parse_unit(text: str) -> Json | None:
    """Take a unit that stands alone apart, such as `Apt 3` or `LOBBY`; None where it is none."""
    kind, _, unit = text.partition(" ")
    if kind.rstrip(".").upper() in _ALONE:
        usual: Json = {"secondaryLocationDescription": kind.rstrip(".").upper()}
        return {**usual, "unit": unit.strip()[:_LONGEST_UNIT]} if unit.strip() else usual
    found = _UNIT.fullmatch(f" {text}")
    return None if found is None else _unit(found)


def _unit(found: re.Match[str]) -> Json:
    kind = _UNITS[found["kind"].rstrip(".").casefold()]
    return {"secondaryLocationDescription": kind, "unit": found["unit"][:_LONGEST_UNIT]}


def parse_street(line: str) -> Json:
    """Take a line such as `12B N Main Street Apt. 3` apart; what it does not have is left out."""
    parts: Json = {}
    unit = _UNIT.search(line)
    if unit is not None:
        line = line[: unit.start()]
        parts.update(_unit(unit))
    words = line.split()
    number = _NUMBER.fullmatch(words[0]) if words else None
    if number is not None:
        del words[0]
        parts["streetNumber"] = number[1]
        if number[2]:
            parts["streetNumberSuffix"] = number[2]
    return {**parts, **_split_name(words)}


def tidy(address: Json) -> Json:
    """Answer an address with its street written the usual way, and its unit cut to the longest there is."""
    fresh = dict(address)
    named = _split_name(str(address.get("streetName", "")).split(), directions=False)
    given = str(address.get("streetSuffix") or "")
    if given:
        fresh["streetSuffix"] = _usual(given)
    else:
        fresh.update(named)
    if isinstance(address.get("unit"), str):
        fresh["unit"] = str(address["unit"])[:_LONGEST_UNIT]
    return fresh


def mended(address: Json) -> Json | None:
    """Answer a tidy address with the odd spelling of its suffix put right; None where there is none."""
    given, name = str(address.get("streetSuffix") or ""), str(address.get("streetName") or "")
    if given:
        suffix = _ODD_SUFFIXES.get(_plain(given))
        return {**address, "streetSuffix": suffix} if suffix else None
    words = name.split()
    suffix = _ODD_SUFFIXES.get(_plain(words[-1])) if len(words) > 1 else None
    return {**address, "streetName": " ".join(words[:-1]), "streetSuffix": suffix} if suffix else None


def raw(address: Json) -> Json:
    """Answer an address as the 911 provider writes it: in capitals, its suffix in the name, `CA` and `US`."""
    fresh = {name: value for name, value in address.items() if name != "streetSuffix"}
    merged = f"{address.get('streetName') or ''} {address.get('streetSuffix') or ''}"
    fresh["streetName"] = merged.strip().upper()
    fresh["city"] = str(address.get("city") or "").upper()
    fresh["country"] = "US" if str(address.get("postalCode") or "")[:1].isdigit() else "CA"
    return fresh


def _split_name(words: list[str], *, directions: bool = True) -> Json:
    """Tell directions and suffix from the name; a name is left whatever it is."""
    parts: Json = {}
    if directions and len(words) > 1 and _plain(words[-1]) in _DIRECTIONS:
        parts["postDirectional"] = _DIRECTIONS[_plain(words.pop())]
    if len(words) > 1 and _plain(words[-1]) in _SUFFIXES:
        parts["streetSuffix"] = _SUFFIXES[_plain(words.pop())]
    # Last, so that `West Ave` is an avenue called West.
    if directions and len(words) > 1 and _plain(words[0]) in _DIRECTIONS:
        parts["preDirectional"] = _DIRECTIONS[_plain(words.pop(0))]
    if words:
        parts["streetName"] = " ".join(words)
    return parts


def _usual(suffix: str) -> str:
    """Answer a known suffix's usual spelling; others as they are."""
    return _SUFFIXES.get(_plain(suffix), suffix)


def _plain(word: str) -> str:
    """Reduce a word to what its spellings have in common."""
    return word.rstrip(".").casefold()
