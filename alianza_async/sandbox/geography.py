"""Which state or province a postal code belongs to, and where that is, in whole degrees."""

from __future__ import annotations

import re
import zlib
from typing import Final

# The first three digits of the ZIP codes of each state; of a code named twice, the first holds.
_ZIP_RANGES: Final = """
NY 005-005 100-149; PR 006-007 009-009; VI 008-008; MA 010-027 055-055; RI 028-029; NH 030-038; ME 039-049;
VT 050-059; CT 060-069; NJ 070-089; PA 150-196; DE 197-199; VA 201-201 220-246; DC 200-205 569-569;
MD 206-219; WV 247-268; NC 270-289; SC 290-299; GA 300-319 398-399; FL 320-349; AL 350-369; TN 370-385;
MS 386-397; KY 400-427; OH 430-459; IN 460-479; MI 480-499; IA 500-528; WI 530-549; MN 550-567; SD 570-577;
ND 580-588; MT 590-599; IL 600-629; MO 630-658; KS 660-679; NE 680-693; LA 700-714; AR 716-729;
TX 733-733 750-799 885-885; OK 730-749; CO 800-816; WY 820-831; ID 832-838; UT 840-847; AZ 850-865;
NM 870-884; NV 889-898; CA 900-961; HI 967-968; GU 969-969; OR 970-979; WA 980-994; AK 995-999
"""
# A Canadian code's first letter says its province.
_PROVINCE_LETTERS: Final = "NL A; NS B; PE C; NB E; QC GHJ; ON KLMNP; MB R; SK S; AB T; BC V; NT X; YT Y"
# Whole degrees are near enough for a sandbox: north, and west of Greenwich.
_CENTRES: Final = """
NY 43 75; PR 18 66; VI 18 65; MA 42 72; RI 42 72; NH 44 72; ME 45 69; VT 44 73; CT 42 73; NJ 40 75; PA 41 78;
DE 39 76; VA 38 79; DC 39 77; MD 39 77; WV 39 81; NC 36 79; SC 34 81; GA 33 83; FL 28 82; AL 33 87; TN 36 86;
MS 33 90; KY 38 85; OH 40 83; IN 40 86; MI 43 85; IA 42 93; WI 44 90; MN 46 94; SD 44 100; ND 47 100;
MT 47 110; IL 40 89; MO 38 92; KS 39 98; NE 41 100; LA 31 92; AR 35 92; TX 31 99; OK 35 97; CO 39 105;
WY 43 107; ID 44 114; UT 39 112; AZ 34 112; NM 34 106; NV 39 117; CA 37 120; HI 20 156; GU 13 -145; OR 44 121;
WA 47 121; AK 64 153; NL 48 56; NS 45 63; PE 46 63; NB 46 66; QC 47 72; ON 45 79; MB 50 97; SK 51 106;
AB 52 114; BC 50 123; NT 62 114; YT 61 135
"""
_ZIP: Final = re.compile(r"\d{5}(-?\d{4})?")
_CANADIAN: Final = re.compile(r"[A-Z]\d[A-Z] ?\d[A-Z]\d", re.IGNORECASE)
_DEGREE: Final = 10_000


def _zip_states() -> dict[str, str]:
    """Spread the ranges out."""
    states: dict[str, str] = {}
    for line in _ZIP_RANGES.split(";"):
        state, *spans = line.split()
        for low, high in (span.split("-") for span in spans):
            for code in range(int(low), int(high) + 1):
                states.setdefault(f"{code:03}", state)
    return states


_ZIP_STATES: Final = _zip_states()
_PROVINCES: Final = {
    letter: state
    for state, letters in (line.split() for line in _PROVINCE_LETTERS.split(";"))
    for letter in letters
}
_CENTRE_OF: Final = {
    state: (int(north), -int(west)) for state, north, west in (line.split() for line in _CENTRES.split(";"))
}
STATES: Final = frozenset(_CENTRE_OF)
"""Every state, territory and province there is an answer for."""


def is_postal_code(text: str) -> bool:
    """Say whether a text is written like a postal code of either country."""
    return _ZIP.fullmatch(text) is not None or _CANADIAN.fullmatch(text) is not None


def short_code(text: str) -> str:
    """Answer a postal code without its ornaments: a ZIP's first five digits, six Canadian characters."""
    return text[:5] if text[:1].isdigit() else text.replace(" ", "").upper()


def state_of(postal_code: str) -> str | None:
    """Answer the state or province a postal code lies in; None where there is no such code."""
    if postal_code[:1].isdigit():
        return _ZIP_STATES.get(postal_code[:3])
    return _PROVINCES.get(postal_code[:1].upper())


def centre_of(state: str) -> tuple[float, float] | None:
    """Answer a state's latitude and longitude, in degrees; None for an unknown state."""
    return _CENTRE_OF.get(state)


def place_of(state: str, address: str) -> tuple[str, str]:
    """Answer latitude and longitude of an address, in degrees: always the same, near its state's middle."""
    north, east = _CENTRE_OF[state]
    shift = zlib.crc32(address.encode("utf-8", "replace"))
    return (
        f"{north + shift % _DEGREE / _DEGREE:.4f}",
        f"{east + shift // _DEGREE % _DEGREE / _DEGREE:.4f}",
    )
