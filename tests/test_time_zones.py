from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st

from alianza_async.models import _time_zone_table as table
from alianza_async.models.time_zones import API_TIME_ZONES, to_api_time_zone
from tools import time_zones as generator


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("America/Detroit", "US/Eastern"),
        ("America/New_York", "US/Eastern"),
        ("America/Fort_Wayne", "US/Eastern"),
        ("America/Indiana/Tell_City", "US/Central"),
        ("America/North_Dakota/Beulah", "US/Central"),
        ("America/Boise", "US/Mountain"),
        ("Navajo", "US/Mountain"),
        ("America/Phoenix", "US/Arizona"),
        ("America/Whitehorse", "US/Arizona"),
        ("America/Los_Angeles", "US/Pacific"),
        ("America/Anchorage", "US/Alaska"),
        ("Pacific/Honolulu", "US/Hawaii"),
        ("Pacific/Pago_Pago", "US/Samoa"),
        ("Pacific/Midway", "US/Samoa"),
        ("America/Puerto_Rico", "America/St_Thomas"),
        ("America/Toronto", "Canada/Eastern"),
        ("America/Montreal", "Canada/Eastern"),
        ("America/Winnipeg", "Canada/Central"),
        ("America/Edmonton", "Canada/Mountain"),
        ("America/Vancouver", "Canada/Pacific"),
        ("America/Halifax", "Canada/Atlantic"),
        ("America/St_Johns", "Canada/Newfoundland"),
    ],
)
def test_a_name_maps_to_the_value_with_the_same_hours(name: str, value: str) -> None:
    """A zone of the US, its territories or Canada stands for the API value that keeps the same hours."""
    assert to_api_time_zone(name) == value


@pytest.mark.parametrize("value", API_TIME_ZONES)
def test_the_api_s_own_values_stand_for_themselves(value: str) -> None:
    """Each of the fifteen values is its own answer."""
    assert to_api_time_zone(value) == value


def test_there_are_fifteen_values() -> None:
    """The API knows fifteen time zones, each once."""
    assert (len(API_TIME_ZONES), len(set(API_TIME_ZONES))) == (15, 15)


@pytest.mark.parametrize(
    "name",
    [
        "America/Regina",
        "Canada/Saskatchewan",
        "America/Adak",
        "US/Aleutian",
        "America/Atikokan",
        "Pacific/Guam",
        "Pacific/Saipan",
        "Pacific/Wake",
        "Europe/Paris",
        "Atlantic/Bermuda",
        "America/Panama",
        "America/Nassau",
        "America/Tijuana",
        "America/Anguilla",
        "Canada Central Standard Time",
        "UTC",
    ],
)
def test_a_zone_without_an_equivalent_is_refused_by_name(name: str) -> None:
    """A real zone that keeps other hours, or lies elsewhere, is refused; the message names it."""
    with pytest.raises(ValueError, match=rf"^'{name}' has no equivalent at Alianza .*US/Eastern") as caught:
        to_api_time_zone(name)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "name", ["Mars/Olympus", "", " ", "Easter", "US", "UTC+1", "(UTC-05:00) Bogota", "../etc/passwd"]
)
def test_an_unknown_name_is_refused_by_name(name: str) -> None:
    """A name that is no time zone is refused with a sentence of its own, which repeats the name."""
    with pytest.raises(ValueError, match="is not a time zone this library knows") as caught:
        to_api_time_zone(name)
    assert str(caught.value).startswith(f"{name.strip()!r} is not")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (" America/Detroit ", "US/Eastern"),
        ("america/detroit", "US/Eastern"),
        ("US/EASTERN", "US/Eastern"),
        ("\tus/arizona\n", "US/Arizona"),
    ],
)
def test_case_and_surrounding_space_do_not_matter(name: str, value: str) -> None:
    """A name that is not exact is tried without surrounding space and without regard to case."""
    assert to_api_time_zone(name) == value


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Eastern Standard Time", "US/Eastern"),
        ("eastern standard time", "US/Eastern"),
        ("(UTC-05:00) Eastern Time (US & Canada)", "US/Eastern"),
        ("(GMT-05:00) Indiana (East)", "US/Eastern"),
        ("US Eastern Standard Time", "US/Eastern"),
        ("(UTC-07:00) Arizona", "US/Arizona"),
        ("US Mountain Standard Time", "US/Arizona"),
        ("Hawaiian Standard Time", "US/Hawaii"),
        ("(UTC-10:00) Hawaii", "US/Hawaii"),
        ("Alaskan Standard Time", "US/Alaska"),
        ("Atlantic Standard Time", "Canada/Atlantic"),
        ("Newfoundland Standard Time", "Canada/Newfoundland"),
        ("Yukon Standard Time", "US/Arizona"),
        ("Eastern", "US/Eastern"),
        ("ET", "US/Eastern"),
        ("Pacific Time", "US/Pacific"),
        ("EST5EDT", "US/Eastern"),
        ("PST8PDT", "US/Pacific"),
        ("America/New York", "US/Eastern"),
        ("america/north dakota/new salem", "US/Central"),
    ],
)
def test_a_windows_or_spoken_name_has_one_meaning(name: str, value: str) -> None:
    """What Windows and people call the zones of North America stands for the zone that they mean."""
    assert to_api_time_zone(name) == value


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("EST", "US/Eastern"),
        ("EDT", "US/Eastern"),
        ("mst", "US/Mountain or US/Arizona"),
        ("AST", "Canada/Atlantic or America/St_Thomas"),
        ("GMT-5", "US/Eastern"),
        ("UTC-05:00", "US/Eastern"),
        ("(UTC-05:00)", "US/Eastern"),
        ("-0330", "Canada/Newfoundland"),
        ("Etc/GMT+5", "US/Eastern"),
        ("utc -7", "US/Arizona or US/Mountain"),
        ("Samoa Standard Time", "US/Samoa"),
    ],
)
def test_what_may_mean_several_zones_is_asked_about(name: str, meant: str) -> None:
    """An abbreviation or an offset is not guessed: the message asks whether the likely zone is meant."""
    with pytest.raises(ValueError, match="does not say which time zone is meant") as caught:
        to_api_time_zone(name)
    assert str(caught.value) == (f"{name!r} does not say which time zone is meant; did you mean {meant}?")


def test_the_names_of_windows_are_whole() -> None:
    """Each zone that Windows has in North America is mapped, or refused because no API zone has its hours."""
    others, refused = generator.other_names(table.EQUIVALENTS)
    assert (others, frozenset(refused)) == (table.OTHER_NAMES, table.WINDOWS_REFUSED)
    assert {name.lower() for name in generator.WINDOWS} <= others.keys() | {each.lower() for each in refused}
    assert set(others.values()) <= set(API_TIME_ZONES)


def test_a_refused_name_is_told_in_its_usual_spelling() -> None:
    """A refused zone in odd case is told as real but unsupported, in its usual spelling."""
    with pytest.raises(ValueError, match=r"^'Europe/Paris' has no equivalent"):
        to_api_time_zone(" EUROPE/PARIS ")


def test_a_look_alike_is_not_taken_for_the_letter() -> None:
    """The Kelvin sign lower-cases to "k", and still `America/New_Yor<Kelvin>` is no time zone."""
    with pytest.raises(ValueError, match="is not a time zone this library knows"):
        to_api_time_zone("America/New_Yor\u212a")


def test_a_long_name_is_cut_in_the_message() -> None:
    """A message stays short whatever was given, and control characters in it are shown escaped."""
    with pytest.raises(ValueError, match=r"is not a time zone") as caught:
        to_api_time_zone("\x1b" + "x" * 100_000)
    assert len(str(caught.value)) < 700
    assert "\x1b" not in str(caught.value)


@given(st.text(max_size=40))
def test_any_text_gives_a_value_or_a_value_error(name: str) -> None:
    """Whatever the text, the answer is one of the fifteen values or a ValueError."""
    try:
        answer = to_api_time_zone(name)
    except ValueError:
        return
    assert answer in API_TIME_ZONES


def test_the_table_is_what_the_rule_gives() -> None:
    """The table is what the rule gives with the installed tzdata: a new release cannot go unnoticed."""
    if generator.tzdata_version() < table.TZDATA_VERSION:
        pytest.skip(f"the table is made from tzdata {table.TZDATA_VERSION}, newer than the one installed")
    equivalents, refused = generator.compute()
    assert equivalents == table.EQUIVALENTS
    assert set(refused) == table.REFUSED


def test_the_table_is_written_the_same_each_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The generator's file, checked with `--check`, is current once written, and stale once touched."""
    made = tmp_path / "table.py"
    monkeypatch.setattr(generator, "ROOT", tmp_path)
    monkeypatch.setattr(generator, "TABLE", made)
    assert generator.main(["--check"]) == 1
    assert generator.main([]) == 0
    first = made.read_bytes()
    assert generator.main(["--check"]) == 0
    made.write_text("other", encoding="utf-8")
    assert generator.main(["--check"]) == 1
    assert generator.main([]) == 0
    assert made.read_bytes() == first


def test_the_committed_table_is_the_generator_s_text() -> None:
    """Nobody edits the table by hand: its text is what the generator writes for its content."""
    text = generator.render(table.EQUIVALENTS, table.REFUSED, table.TZDATA_VERSION)
    assert generator.TABLE.read_text("utf-8") == text


def test_offsets_agree_with_a_look_at_every_half_hour() -> None:
    """The quick search for changes finds what looking at each half hour of the five years finds."""
    names = ["America/St_Johns", "America/Adak", "America/Vancouver", "Africa/Casablanca"]
    for name in names:
        with generator.zoneinfo_dir().joinpath(name).open("rb") as file:
            zone = ZoneInfo.from_file(file)
        found = generator.offsets(name)
        starts = [start for start, _ in found]
        # Both sides of each change, to the second.
        for start, offset in found[1:]:
            assert start.astimezone(zone).utcoffset() == offset
            assert (start - timedelta(seconds=1)).astimezone(zone).utcoffset() != offset
        moment, changes, current = generator.FIRST, 0, generator.FIRST.astimezone(zone).utcoffset()
        while moment <= generator.LAST:
            if (now := moment.astimezone(zone).utcoffset()) != current:
                changes, current = changes + 1, now
            moment += timedelta(minutes=30)
        assert len(starts) == changes + 1


def test_the_rule_covers_both_ends_of_the_years() -> None:
    """The first and the last second looked at are those of 2026 and of 2030, in UTC."""
    assert datetime(2026, 1, 1, tzinfo=UTC) == generator.FIRST
    assert datetime(2031, 1, 1, tzinfo=UTC) - timedelta(seconds=1) == generator.LAST


def test_a_tie_the_country_does_not_decide_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two API values that a country cannot choose between stop the generator: it never guesses."""
    monkeypatch.setattr(generator, "API_TIME_ZONES", ("US/Eastern", "US/Michigan"))
    with pytest.raises(LookupError, match="'America/New_York' fits"):
        generator.equivalent("America/New_York", "US")


def test_the_country_decides_a_tie() -> None:
    """Of Canadian and US values with the same hours, a zone takes the one of its own country."""
    assert generator.offsets("US/Eastern") == generator.offsets("Canada/Eastern")
    assert generator.equivalent("America/Toronto", "CA") == "Canada/Eastern"
    assert generator.equivalent("America/Toronto", "US") == "US/Eastern"


def test_an_alias_has_its_target_s_country() -> None:
    """`zone.tab` decides for a name it lists; any other name follows its links; a loop has no country."""
    in_tab, aliases = (
        {"A/Real": "CA", "A/Own": "US"},
        {"A/Old": "A/Real", "A/Own": "A/Real", "B": "C", "C": "B"},
    )
    answers = [
        generator.country_of(name, in_tab, aliases) for name in ("A/Real", "A/Old", "A/Own", "B", "UTC")
    ]
    assert answers == ["CA", "CA", "US", None, None]


def test_importing_it_reads_no_time_zone_database() -> None:
    """A program that maps names loads neither zoneinfo nor tzdata: the table holds every answer."""
    code = (
        "import sys, alianza_async.models; before = set(sys.modules);"
        "from alianza_async.models.time_zones import to_api_time_zone as f; f('America/Detroit');"
        "print(sorted({'zoneinfo', 'tzdata'} & (set(sys.modules) - before)))"
    )
    root = Path(__file__).parents[1]
    done = subprocess.run(  # noqa: S603 - our own interpreter and code
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root, timeout=60
    )
    assert done.stdout.strip() == "[]"
