"""Generate `alianza_async/models/_time_zone_table.py` from the installed `tzdata` package.

The rule: a zone of the US, its territories or Canada maps to the API time zone with the same UTC offset at
every instant from 2026-01-01 to 2030-12-31 (UTC, inclusive). Where several API values fit, the zone's country
decides: `Canada/*` for Canada, else `US/*`. The API's own values stand for themselves; others are refused.

`python -m tools.time_zones` writes the table; `--check` only compares it (exit code 1 where it is stale).
"""

from __future__ import annotations

import argparse
import functools
import io
import sys
import textwrap
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

ROOT = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:  # started as a file, Python looks for modules beside it only
    sys.path.append(str(ROOT))

from alianza_async.models.time_zones import API_TIME_ZONES  # noqa: E402 - needs the path above

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from importlib.resources.abc import Traversable

TABLE = ROOT / "alianza_async" / "models" / "_time_zone_table.py"
FIRST = datetime(2026, 1, 1, tzinfo=UTC)
LAST = datetime(2030, 12, 31, 23, 59, 59, tzinfo=UTC)
SECOND = timedelta(seconds=1)
US_AND_TERRITORIES = frozenset({"US", "AS", "GU", "MP", "PR", "UM", "VI"})
CANADA = "CA"
# No rule in force in these years changes a clock twice within this span: no change hides between two looks.
STEP = timedelta(hours=6)

Offsets = tuple[tuple[datetime, timedelta | None], ...]

# What Windows calls the zones of North America, and the zone that each stands for where nothing says which
# territory is meant. Source: the facts of CLDR's windowsZones (territory 001), release 47.
WINDOWS = {
    "Aleutian Standard Time": "America/Adak",
    "Hawaiian Standard Time": "Pacific/Honolulu",
    "Alaskan Standard Time": "America/Anchorage",
    "Pacific Standard Time": "America/Los_Angeles",
    "Pacific Standard Time (Mexico)": "America/Tijuana",
    "US Mountain Standard Time": "America/Phoenix",
    "Mountain Standard Time": "America/Denver",
    "Mountain Standard Time (Mexico)": "America/Mazatlan",
    "Yukon Standard Time": "America/Whitehorse",
    "Central Standard Time": "America/Chicago",
    "Central Standard Time (Mexico)": "America/Mexico_City",
    "Canada Central Standard Time": "America/Regina",
    "Central America Standard Time": "America/Guatemala",
    "Eastern Standard Time": "America/New_York",
    "Eastern Standard Time (Mexico)": "America/Cancun",
    "US Eastern Standard Time": "America/Indianapolis",
    "Cuba Standard Time": "America/Havana",
    "Haiti Standard Time": "America/Port-au-Prince",
    "Turks And Caicos Standard Time": "America/Grand_Turk",
    "Atlantic Standard Time": "America/Halifax",
    "Newfoundland Standard Time": "America/St_Johns",
    "West Pacific Standard Time": "Pacific/Port_Moresby",
}
# What people call them, and what lists of zones show, without the offset before it. Each has one meaning in
# the US, its territories and Canada; a name of both countries has the hours of both, and the US stands first.
SPOKEN = {
    "America/New_York": (
        "Eastern; ET; EST5EDT; Eastern Time; Eastern Daylight Time; Eastern Time (US & Canada); US Eastern"
    ),
    "America/Indianapolis": "Indiana (East)",
    "America/Chicago": (
        "Central; CT; CST6CDT; Central Time; Central Daylight Time; Central Time (US & Canada); US Central"
    ),
    "America/Denver": (
        "Mountain; MT; MST7MDT; Mountain Time; Mountain Daylight Time; Mountain Time (US & Canada)"
    ),
    "America/Phoenix": "Arizona; Arizona Time; US Arizona",
    "America/Los_Angeles": (
        "Pacific; PT; PST8PDT; Pacific Time; Pacific Daylight Time; Pacific Time (US & Canada); US Pacific"
    ),
    "America/Anchorage": (
        "Alaska; Alaska Time; Alaska Standard Time; Alaska Daylight Time; Alaskan Daylight Time"
    ),
    "Pacific/Honolulu": "Hawaii; Hawaii Time; Hawaii Standard Time; US Hawaii",
    "Pacific/Pago_Pago": "American Samoa",
    "America/Whitehorse": "Yukon; Yukon Time",
    "America/Halifax": "Atlantic; Atlantic Time; Atlantic Daylight Time; Atlantic Time (Canada)",
    "America/St_Johns": "Newfoundland; Newfoundland Time; Newfoundland Daylight Time",
}
# What may mean several zones, or the hours of half a year: the zones to ask about.
PROPOSED = {
    "EST": ("US/Eastern",),
    "EDT": ("US/Eastern",),
    "CST": ("US/Central",),
    "CDT": ("US/Central",),
    "MST": ("US/Mountain", "US/Arizona"),
    "MDT": ("US/Mountain",),
    "PST": ("US/Pacific",),
    "PDT": ("US/Pacific",),
    "AKST": ("US/Alaska",),
    "AKDT": ("US/Alaska",),
    "AST": ("Canada/Atlantic", "America/St_Thomas"),
    "ADT": ("Canada/Atlantic",),
    "NST": ("Canada/Newfoundland",),
    "NDT": ("Canada/Newfoundland",),
    "SST": ("US/Samoa",),
    "Samoa Standard Time": ("US/Samoa",),
    "SA Western Standard Time": ("America/St_Thomas",),
    "Hawaii-Aleutian Standard Time": ("US/Hawaii",),
}


def zoneinfo_dir() -> Traversable:
    """Answer the directory of compiled zones inside the `tzdata` package (never the system's)."""
    return files("tzdata") / "zoneinfo"


def tzdata_version() -> str:
    """Answer the release of the time zone database inside the `tzdata` package, such as ``2026a``."""
    first_line = (zoneinfo_dir() / "tzdata.zi").read_text("utf-8").split("\n", 1)[0]
    return first_line.removeprefix("# version ").strip()


def zone_names() -> list[str]:
    """Answer every zone name the `tzdata` package has, sorted."""
    return sorted((files("tzdata") / "zones").read_text("utf-8").split())


def links() -> dict[str, str]:
    """Answer alias -> target from the ``L`` lines of `tzdata.zi`."""
    lines = (line.split() for line in (zoneinfo_dir() / "tzdata.zi").read_text("utf-8").splitlines())
    return {fields[2]: fields[1] for fields in lines if fields and fields[0] == "L"}


def countries() -> dict[str, str]:
    """Answer zone name -> two-letter country code from `zone.tab`."""
    lines = (zoneinfo_dir() / "zone.tab").read_text("utf-8").splitlines()
    rows = (line.split("\t") for line in lines if line and not line.startswith("#"))
    return {row[2]: row[0] for row in rows}


def country_of(name: str, table: Mapping[str, str], aliases: Mapping[str, str]) -> str | None:
    """Answer a zone's country code, an alias having that of its target; None for ``Etc/UTC`` and the like."""
    seen: set[str] = set()
    current: str | None = name
    while current is not None and current not in seen:
        if current in table:
            return table[current]
        seen.add(current)
        current = aliases.get(current)
    return None


@functools.cache
def _offsets_of_file(content: bytes) -> Offsets:
    """Answer the offsets a compiled zone file holds; aliases share a file, so most answers are ready."""
    zone = ZoneInfo.from_file(io.BytesIO(content))
    moment, current = FIRST, FIRST.astimezone(zone).utcoffset()
    found = [(FIRST, current)]
    while moment < LAST:
        later = min(moment + STEP, LAST)
        offset = later.astimezone(zone).utcoffset()
        if offset != current:
            found.append((_first_second_of(offset, zone, moment, later), offset))
            current = offset
        moment = later
    return tuple(found)


def _first_second_of(offset: timedelta | None, zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """Answer the second between two instants at which the zone takes an offset it has at the later one."""
    while after - before > SECOND:
        middle = before + (after - before) // (2 * SECOND) * SECOND
        if middle.astimezone(zone).utcoffset() == offset:
            after = middle
        else:
            before = middle
    return after


def offsets(name: str) -> Offsets:
    """Answer the zone's UTC offset at `FIRST`, and each later one up to `LAST` with its first second."""
    return _offsets_of_file(zoneinfo_dir().joinpath(name).read_bytes())


def equivalent(name: str, country: str | None) -> str | None:
    """Answer the API time zone that stands for a zone of a country, or None where the rule refuses it.

    Raises:
        LookupError: Several API values fit and the country does not decide between them.
    """
    if name in API_TIME_ZONES:
        return name
    if country != CANADA and country not in US_AND_TERRITORIES:
        return None
    own = offsets(name)
    fitting = [value for value in API_TIME_ZONES if offsets(value) == own]
    if len(fitting) > 1:
        prefix = "Canada/" if country == CANADA else "US/"
        decided = [value for value in fitting if value.startswith(prefix)]
        if len(decided) != 1:
            raise LookupError(f"{name!r} fits {fitting} and its country {country} does not decide")
        return decided[0]
    return fitting[0] if fitting else None


def compute() -> tuple[dict[str, str], list[str]]:
    """Answer IANA name -> API time zone for the zones that have one, and the names of those refused."""
    country_table, aliases = countries(), links()
    equivalents: dict[str, str] = {}
    refused: list[str] = []
    named = {each for names in SPOKEN.values() for each in names.split("; ")}
    for name in zone_names():
        if name in PROPOSED or name in named:
            continue  # Unix's names of half a year's hours: `other_names` has them
        value = equivalent(name, country_of(name, country_table, aliases))
        if value is None:
            refused.append(name)
        else:
            equivalents[name] = value
    return equivalents, refused


def other_names(equivalents: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """Answer other names -> API time zone, in lower case, and the Windows names of zones that are refused."""
    names = {each.lower(): equivalents[zone] for zone, names in SPOKEN.items() for each in names.split("; ")}
    refused: list[str] = []
    for name, zone in WINDOWS.items():
        if zone in equivalents:
            names[name.lower()] = equivalents[zone]
        else:
            refused.append(name)
    return names, refused


def offset_zones() -> dict[int, tuple[str, ...]]:
    """Answer minutes east of UTC -> the API's US zones whose standard time that is, or else the others."""
    zones: dict[int, list[str]] = {}
    for value in API_TIME_ZONES:
        standard = min(offset for _, offset in offsets(value) if offset is not None)
        zones.setdefault(int(standard.total_seconds()) // 60, []).append(value)
    return {
        minutes: tuple(each for each in values if each.startswith("US/")) or tuple(values)
        for minutes, values in zones.items()
    }


def render(equivalents: Mapping[str, str], refused: Iterable[str], version: str) -> str:
    """Answer the text of the table module; the same input gives the same bytes."""
    rows = "\n".join(f'    "{name}": "{value}",' for name, value in sorted(equivalents.items()))
    others, others_refused = other_names(equivalents)
    other_rows = "\n".join(f'    "{name}": "{value}",' for name, value in sorted(others.items()))
    windows = "\n".join(f'        "{name}",' for name in sorted(others_refused))
    proposed = "\n".join(
        f'    "{name.lower()}": {_tuple(zones)},' for name, zones in sorted(PROPOSED.items())
    )
    at_offset = "\n".join(
        f"    {minutes}: {_tuple(zones)}," for minutes, zones in sorted(offset_zones().items())
    )
    names = textwrap.fill(" ".join(sorted(refused)), 110, break_long_words=False, break_on_hyphens=False)
    return f'''"""IANA time zone names and the API's; generated by `python -m tools.time_zones`: do not edit.

Made from tzdata {version}, for every instant from {FIRST:%Y-%m-%d} to {LAST:%Y-%m-%d} (UTC).
"""

from __future__ import annotations

TZDATA_VERSION = "{version}"

EQUIVALENTS: dict[str, str] = {{
{rows}
}}

# What Windows calls zones, and what people do, in lower case: each has one meaning in North America.
OTHER_NAMES: dict[str, str] = {{
{other_rows}
}}

# Names that may mean several zones, in lower case: those to ask about.
PROPOSED: dict[str, tuple[str, ...]] = {{
{proposed}
}}

# The zones to ask about where an offset from UTC is given, in minutes: their standard time has it.
AT_OFFSET: dict[int, tuple[str, ...]] = {{
{at_offset}
}}

# What Windows calls zones that no API value stands for.
WINDOWS_REFUSED: frozenset[str] = frozenset(
    {{
{windows}
    }}
)

# Real zones that no API value stands for: elsewhere in the world, or with hours of their own.
REFUSED: frozenset[str] = frozenset(
    """
{names}
""".split()  # noqa: SIM905 - a list would take a line a name
)
'''


def _tuple(zones: Iterable[str]) -> str:
    """Answer a tuple of texts as ruff writes it."""
    texts = [f'"{zone}"' for zone in zones]
    return f"({texts[0]},)" if len(texts) == 1 else f"({', '.join(texts)})"


def main(arguments: list[str] | None = None) -> int:
    """Write the table, or with `--check` tell whether the one on disk is current; answer the exit code."""
    parser = argparse.ArgumentParser(description="Generate the table of time zones.")
    parser.add_argument("--check", action="store_true", help="compare only, write nothing")
    options = parser.parse_args(arguments)
    equivalents, refused = compute()
    text = render(equivalents, refused, tzdata_version())
    if not options.check:
        TABLE.write_text(text, encoding="utf-8")
        print(f"{TABLE.relative_to(ROOT)}: {len(equivalents)} mapped, {len(refused)} refused")
        return 0
    if TABLE.is_file() and TABLE.read_text("utf-8") == text:
        return 0
    print(f"{TABLE.relative_to(ROOT)} is stale: run `python -m tools.time_zones`", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
