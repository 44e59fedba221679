"""Values as people's files have them: read where there is one meaning, else refused or named."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import given, strategies as st

from alianza_async.bulk.engine.field_sorts import sorts_of
from alianza_async.bulk.input.readings import Readings
from alianza_async.bulk.input.rows import Change
from alianza_async.bulk.input.text_rules import read_text
from alianza_async.bulk.kinds.by_name import KINDS, workflow_named
from alianza_async.bulk.kinds.subscriber_row import SubscriberRow
from alianza_async.models._reading import numbers
from alianza_async.models._reading.sorts import Sort
from tests.markdown import ROOT, codes, table

if TYPE_CHECKING:
    from collections.abc import Iterator

SAME: Final = "same"
READ: Final = "read"
DOUBT: Final = "doubt"
REFUSED: Final = "refused"

ERROR: Final = "is the spreadsheet's error"
SHORTENED: Final = "was shortened by a spreadsheet"
NO_VALUE: Final = "a word for no value: leave the cell empty"
DECIMALS: Final = "is a number with decimals"

IDENTIFIERS: Final = (Sort.IDENTIFIER,)
FREE: Final = (Sort.NAME, Sort.TEXT)
DIGITS: Final = (Sort.IDENTIFIER, Sort.TELEPHONE_NUMBER, Sort.MAC, Sort.WHOLE_NUMBER, Sort.AREA_CODE)
TYPED: Final = tuple(sort for sort in Sort if sort not in {*FREE, Sort.SECRET})

Case = tuple[tuple[Sort, ...], str, str, str, str]
"""The sorts of a field, a text, the verdict, what it is read as, and the rule or what the message says."""

CASES: Final[tuple[Case, ...]] = (
    # What keeps a spreadsheet from counting.
    (IDENTIFIERS, '="00123"', READ, "00123", 'text in ="..."'),
    (IDENTIFIERS, "'00124", READ, "00124", "apostrophe before it"),
    (IDENTIFIERS, "''00124", READ, "00124", "apostrophe before it"),
    (
        (Sort.TELEPHONE_NUMBER,),
        "'+18015551212",
        READ,
        "18015551212",
        "apostrophe before it, telephone number",
    ),
    (FREE, '="Smith ""Inch"" Ltd"', READ, 'Smith "Inch" Ltd', 'text in ="..."'),
    (FREE, "'00124", READ, "00124", "apostrophe before it"),
    (FREE, "'t Hooft", SAME, "'t Hooft", ""),
    (FREE, "'Round Midnight", SAME, "'Round Midnight", ""),
    (FREE, "O'Brien & Sons, #4", SAME, "O'Brien & Sons, #4", ""),
    (tuple(Sort)[:5], '=""', READ, "", 'text in ="..."'),
    # Formulas.
    (TYPED, "=A1+B2", REFUSED, "", "is a formula"),
    (FREE, "=A1+B2", DOUBT, "=A1+B2", "formula"),
    # Numbers.
    (DIGITS, "1.80156E+10", REFUSED, "", SHORTENED),
    (DIGITS, "1,80156e+10", REFUSED, "", SHORTENED),
    (DIGITS, "1E+10", REFUSED, "", SHORTENED),
    (DIGITS, "1.0E10", REFUSED, "", SHORTENED),
    (DIGITS, "1.5E-05", REFUSED, "", SHORTENED),
    ((Sort.POSTAL_CODE,), "8.4043E+04", REFUSED, "", SHORTENED),
    (IDENTIFIERS, "1E10", SAME, "1E10", ""),
    (IDENTIFIERS, "12E-34", SAME, "12E-34", ""),
    ((Sort.MAC,), "4E1053AD6BE1", SAME, "4E1053AD6BE1", ""),
    (FREE, "1.80156E+10", SAME, "1.80156E+10", ""),
    ((Sort.IDENTIFIER, Sort.WHOLE_NUMBER), "10001.0", READ, "10001", "number with .0"),
    (IDENTIFIERS, "00123.00", READ, "00123", "number with .0"),
    ((Sort.TELEPHONE_NUMBER,), "18015551212.0", READ, "18015551212", "number with .0"),
    ((Sort.TELEPHONE_NUMBER,), "8015551212.0", READ, "18015551212", "number with .0, telephone number"),
    ((Sort.POSTAL_CODE,), "84043.0", READ, "84043", "number with .0"),
    ((Sort.AREA_CODE,), "801.0", READ, "801", "number with .0"),
    ((Sort.IDENTIFIER, Sort.WHOLE_NUMBER, Sort.POSTAL_CODE), "10001.5", REFUSED, "", DECIMALS),
    (IDENTIFIERS, "v1.0", SAME, "v1.0", ""),
    (IDENTIFIERS, "10.0.0.1", SAME, "10.0.0.1", ""),
    ((Sort.WHOLE_NUMBER,), "01", SAME, "01", ""),
    # Errors and words for no value.
    (tuple(sort for sort in Sort if sort is not Sort.SECRET), "#N/A", REFUSED, "", f"{ERROR} #N/A"),
    ((Sort.NAME, Sort.VALUE, Sort.MAC), "#ref!", REFUSED, "", f"{ERROR} #REF!"),
    (FREE, "#DIV/0!", REFUSED, "", ERROR),
    (FREE, "#VALUE!", REFUSED, "", ERROR),
    (FREE, "#NAME?", REFUSED, "", ERROR),
    (FREE, "#NUM!", REFUSED, "", ERROR),
    (FREE, "#NULL!", REFUSED, "", ERROR),
    (FREE, "#SPILL!", REFUSED, "", ERROR),
    (FREE, "########", REFUSED, "", f"{ERROR} ####"),
    (FREE, "#1 Pizza", SAME, "#1 Pizza", ""),
    (TYPED, "NULL", REFUSED, "", NO_VALUE),
    (TYPED, "null", REFUSED, "", NO_VALUE),
    (TYPED, "NaN", REFUSED, "", NO_VALUE),
    (TYPED, "None", REFUSED, "", NO_VALUE),
    (TYPED, "n/a", REFUSED, "", NO_VALUE),
    (TYPED, "-", REFUSED, "", NO_VALUE),
    (FREE, "Null", DOUBT, "Null", "word for no value"),
    (FREE, "N/A", DOUBT, "N/A", "word for no value"),
    (FREE, "Nullarbor", SAME, "Nullarbor", ""),
    # What nobody sees.
    ((*FREE, *IDENTIFIERS), "\u200bZW-1", READ, "ZW-1", "invisible characters"),
    ((*FREE, *IDENTIFIERS), "\ufeffZW-2\u00ad\u200f", READ, "ZW-2", "invisible characters"),
    ((*FREE, *IDENTIFIERS), "ZW\u200b-1", REFUSED, "", "(U+200B) as its character 3"),
    ((*FREE, *IDENTIFIERS), "ZW\u202e-1", REFUSED, "", "(U+202E)"),
    (FREE, "Main\u00a0Street", READ, "Main Street", "unusual spaces"),
    (IDENTIFIERS, "A\u30001", READ, "A 1", "unusual spaces"),
    (FREE, "\u200b", READ, "", "invisible characters"),
    (FREE, "Z\u00fcrich caf\u00e9 \u6771\u4eac", SAME, "Z\u00fcrich caf\u00e9 \u6771\u4eac", ""),
    (IDENTIFIERS, "\uff21CME", DOUBT, "\uff21CME", "full-width characters"),
    (FREE, "\uff21CME", SAME, "\uff21CME", ""),
    # Telephone numbers.
    ((Sort.TELEPHONE_NUMBER,), "801-555-1212", READ, "18015551212", "telephone number"),
    ((Sort.TELEPHONE_NUMBER,), "(801) 555-1212", READ, "18015551212", "telephone number"),
    ((Sort.TELEPHONE_NUMBER,), "+1 801.555.1212", READ, "18015551212", "telephone number"),
    ((Sort.TELEPHONE_NUMBER,), "1 (801) 555 1212", READ, "18015551212", "telephone number"),
    ((Sort.TELEPHONE_NUMBER,), "8015551212", READ, "18015551212", "telephone number"),
    ((Sort.TELEPHONE_NUMBER,), "tel:+1-801-555-1212", READ, "18015551212", "telephone number"),
    (
        (Sort.TELEPHONE_NUMBER,),
        "801\u00a0555\u20111212",
        READ,
        "18015551212",
        "unusual spaces, telephone number",
    ),
    ((Sort.TELEPHONE_NUMBER,), "18015551212", SAME, "18015551212", ""),
    ((Sort.AREA_CODE,), "(801)", READ, "801", "area code"),
    # MAC addresses.
    ((Sort.MAC,), "4a:e1:bc:53:ad:6b", READ, "4AE1BC53AD6B", "MAC address"),
    ((Sort.MAC,), "4A-E1-BC-53-AD-6B", READ, "4AE1BC53AD6B", "MAC address"),
    ((Sort.MAC,), "4ae1.bc53.ad6b", READ, "4AE1BC53AD6B", "MAC address"),
    ((Sort.MAC,), "4AE1BC-53AD6B", READ, "4AE1BC53AD6B", "MAC address"),
    ((Sort.MAC,), "4a e1 bc 53 ad 6b", READ, "4AE1BC53AD6B", "MAC address"),
    ((Sort.MAC,), "4ae1bc53ad6b", READ, "4AE1BC53AD6B", "MAC address"),
    # Places.
    ((Sort.STATE,), "utah", READ, "UT", "state"),
    ((Sort.STATE,), "New York", READ, "NY", "state"),
    ((Sort.STATE,), "Calif.", READ, "CA", "state"),
    ((Sort.STATE,), "W. Va.", READ, "WV", "state"),
    ((Sort.STATE,), "Washington, D.C.", READ, "DC", "state"),
    ((Sort.STATE,), "Qu\u00e9bec", READ, "QC", "state"),
    ((Sort.STATE,), "on", READ, "ON", "state"),
    ((Sort.STATE,), "UT", SAME, "UT", ""),
    ((Sort.COUNTRY,), "United States of America", READ, "USA", "country"),
    ((Sort.COUNTRY,), "U.S.", READ, "USA", "country"),
    ((Sort.COUNTRY,), "US", READ, "USA", "country"),
    ((Sort.COUNTRY,), "Canada", READ, "CAN", "country"),
    ((Sort.COUNTRY,), "CA", READ, "CAN", "country"),
    ((Sort.COUNTRY,), "CAN", SAME, "CAN", ""),
    ((Sort.POSTAL_CODE,), "k1a0b1", READ, "K1A 0B1", "postal code"),
    ((Sort.POSTAL_CODE,), "K1A-0B1", READ, "K1A 0B1", "postal code"),
    ((Sort.POSTAL_CODE,), "84043-1234", SAME, "84043-1234", ""),
    # Time zones and yes or no.
    ((Sort.TIME_ZONE,), "Eastern Standard Time", READ, "US/Eastern", "time zone"),
    ((Sort.TIME_ZONE,), "America/Detroit", READ, "US/Eastern", "time zone"),
    ((Sort.TIME_ZONE,), "US/Eastern", SAME, "US/Eastern", ""),
    ((Sort.YES_NO,), "Yes", READ, "true", "yes or no"),
    ((Sort.YES_NO,), "1", READ, "true", "yes or no"),
    ((Sort.YES_NO,), "OFF", READ, "false", "yes or no"),
    ((Sort.YES_NO,), "n", READ, "false", "yes or no"),
    ((Sort.YES_NO,), "true", SAME, "true", ""),
    # Secrets stay as they are, letter by letter.
    ((Sort.SECRET,), '="00123"', SAME, '="00123"', ""),
    ((Sort.SECRET,), "#N/A", SAME, "#N/A", ""),
)


def cases() -> Iterator[tuple[Sort, str, str, str, str]]:
    """Yield each case of the table, one for each sort."""
    for sorts, *rest in CASES:
        for sort in sorts:
            text, verdict, value, rule = rest
            yield sort, text, verdict, value, rule


def test_each_value_of_the_table_is_read_as_it_says() -> None:
    """A text has one meaning, with the rule that found it; or it is doubted; or it is refused by name."""
    wrong: list[object] = []
    for sort, text, verdict, value, rule in cases():
        reading = read_text(sort, text)
        if verdict == REFUSED:
            right = reading.problem is not None and rule in reading.problem
        elif verdict == DOUBT:
            right = (reading.problem, reading.value, reading.doubt) == (None, text, rule)
        else:
            told = (reading.problem, reading.value, ", ".join(reading.rules), reading.doubt)
            right = told == (None, value, rule, None)
        if not right:
            wrong.append((sort, text, reading))
    assert wrong == []


def test_a_row_reads_each_value_as_its_rule_does() -> None:
    """What is read at a glance, and what is kept of texts met before, comes to what the rule says."""
    for sort, text, verdict, value, rule in cases():
        readings = Readings({"it": sort})
        for _ in range(2):
            values: dict[str, object] = {"it": text}
            changes, problems = readings.read_cells(values, text)
            if verdict == REFUSED:
                assert ([each.field for each in problems], changes, values) == (["it"], (), {"it": text})
            else:
                new = text if verdict == DOUBT else value
                told = () if verdict == SAME else (Change("it", text, new, rule),)
                assert (problems, changes, values) == ((), told, {"it": new} if new else {}), (sort, text)


# Characters that matter somewhere, so that chance puts them together.
_ODD: Final = "=\"'#-+.,/():@ \u200b\ufeff\u00ad\u00a0\u3000\u202e\uff21\uff11\u00e9NaUTE018xl"
TEXTS: Final = st.one_of(
    st.text(alphabet=_ODD, min_size=1, max_size=14),
    st.text(min_size=1, max_size=20),
    st.sampled_from([text for _, text, *_ in CASES]),
    st.builds("{}{}".format, st.sampled_from([text for _, text, *_ in CASES]), st.sampled_from(_ODD)),
).map(str.strip)
SORTS: Final = st.sampled_from(list(Sort))


@given(SORTS, TEXTS)
def test_what_is_read_is_read_as_itself(sort: Sort, text: str) -> None:
    """A value that came of a reading is not changed by another one."""
    first = read_text(sort, text)
    if first.problem is None and first.value:
        again = read_text(sort, first.value)
        assert (again.value, again.rules, again.problem) == (first.value, (), None)


@given(st.dictionaries(SORTS, TEXTS.filter(bool), min_size=1, max_size=6))
def test_strict_refuses_exactly_what_is_changed(row: dict[Sort, str]) -> None:
    """With strict the fields that would be changed are refused, those refused anyhow, and no other."""
    sorts = {sort.value: sort for sort in row}
    given_: dict[str, object] = {sort.value: text for sort, text in row.items()}
    loose, strict = dict(given_), dict(given_)
    changes, problems = Readings(sorts).read(loose)
    kept, refused = Readings(sorts, strict=True).read(strict)

    changed = {each.field for each in changes if not each.is_doubt}
    assert {each.field for each in refused} == changed | {each.field for each in problems}
    assert {each.field for each in kept} <= {each.field for each in changes if each.is_doubt}
    assert strict == given_
    assert {field for field in given_ if loose.get(field) != given_[field]} == changed


@given(SORTS, TEXTS.filter(bool))
def test_a_glance_sees_what_a_look_does(sort: Sort, text: str) -> None:
    """No text that a rule would change, doubt or refuse passes for one that is as it should be."""
    readings, values = Readings({"it": sort}), dict[str, object](it=text)
    changes, problems = readings.read_cells(values, text)
    if any(unicodedata.category(each) in {"Cc", "Cs"} for each in text):
        assert (changes, problems) == ((), ())  # the row is refused for that already
        return
    reading = read_text(sort, text)
    wanted = text if reading.problem is not None else reading.value
    assert (values.get("it", ""), bool(problems)) == (wanted, reading.problem is not None)
    assert any(each.is_doubt for each in changes) == (reading.doubt is not None and not problems)


def test_a_zip_code_gets_its_zero_back_where_its_state_has_such() -> None:
    """Four digits are filled up by the row's state; a state without such codes leaves them alone."""
    readings = Readings({"e911_state": Sort.STATE, "postal_code": Sort.POSTAL_CODE})
    for state, text, code in (
        ("MA", "2134", "02134"),
        ("Massachusetts", "2134", "02134"),
        ("ma", "2134.0", "02134"),
        ("NJ", "7030-1234", "07030-1234"),
        ("PR", "901", "00901"),
        ("VI", "802", "00802"),
        ("NY", "6390", "06390"),
        ("UT", "8404", "8404"),
        ("MA", "6270", "6270"),
        ("", "2134", "2134"),
    ):
        values: dict[str, object] = {"postal_code": text, **({"e911_state": state} if state else {})}
        _, problems = readings.read(values)
        assert (values["postal_code"], problems) == (code, ()), (state, text)


def test_the_page_names_every_rule() -> None:
    """docs/values.md lists the rules there are, and what is doubted, and no other."""
    page = ROOT / "docs" / "values.md"
    read = {each for _, _, verdict, _, rule in cases() if verdict == READ for each in rule.split(", ")}
    assert {codes(row[0])[0] for row in table(page, "rule")} == read | {"ZIP code without its zero"}
    assert {codes(row[0])[0] for row in table(page, "why")} == {
        rule for _, _, verdict, _, rule in cases() if verdict == DOUBT
    }


def test_each_field_of_each_kind_has_a_sort() -> None:
    """Numbers, places, zones and yes-no columns are known by their types, identifiers by their names."""
    sorts = sorts_of(SubscriberRow, SubscriberRow.model_fields)
    known = {
        "account_number": Sort.IDENTIFIER,
        "username": Sort.IDENTIFIER,
        "email_address": Sort.IDENTIFIER,
        "extension": Sort.IDENTIFIER,
        "device_type_id": Sort.IDENTIFIER,
        "account_name": Sort.NAME,
        "last_name": Sort.NAME,
        "e911_address": Sort.TEXT,
        "custom_field": Sort.TEXT,
        "account_type": Sort.VALUE,
        "billing_cycle_day": Sort.WHOLE_NUMBER,
        "line_number": Sort.WHOLE_NUMBER,
        "allow_portal_access": Sort.YES_NO,
        "telephone_number": Sort.TELEPHONE_NUMBER,
        "area_code": Sort.AREA_CODE,
        "mac_address": Sort.MAC,
        "e911_state": Sort.STATE,
        "country": Sort.COUNTRY,
        "postal_code": Sort.POSTAL_CODE,
        "time_zone": Sort.TIME_ZONE,
    }
    assert {field: sorts[field] for field in known} == known
    for name in KINDS:
        workflow = workflow_named(name)
        assert sorts_of(workflow.fields, workflow.shape.fields).keys() == workflow.shape.fields


def test_why_a_telephone_number_is_refused() -> None:
    """Each text that is no one number is refused with its own reason, which does not repeat it."""
    for text, reason in (
        ("801-555-1212 x12", "has an extension"),
        ("8015551212 ext. 7", "has an extension"),
        ("801-555-1212#4", "has an extension"),
        ("1-800-FLOWERS", "has letters in it"),
        ("801-555-121", "has 9 digits"),
        ("801-555-1212 / 801-555-1213", "has 20 digits"),
        ("+44 20 7946 0958", "its country code is not 1"),
        ("011 44 20 7946 0958", "its country code is not 1"),
        ("+8015551212", "its country code is not 1"),
        ("28015551212", "is not a telephone number of North America"),
        ("911-555-1212", "has a service code such as 911"),
        ("801-055-1212", "is not a telephone number of North America"),
        ("8015551.212", "is not a telephone number of North America"),
        ("\uff18015551212", "has digits other than 0 to 9"),
        ("8" * 500, "is not a telephone number of North America"),
    ):
        with pytest.raises(ValueError, match=reason) as refused:
            numbers.read_number(text)
        assert text not in str(refused.value)


def test_rare_spellings_of_a_number_are_read_by_the_library_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """With `phonenumbers` digits in any grouping are read; without it the usual spellings alone are."""
    text = "80 15 55 12 12"
    monkeypatch.setattr(numbers, "_library", lambda: None)
    with pytest.raises(ValueError, match="is not a telephone number of North America"):
        numbers.read_number(text)
    assert numbers.read_number("801-555-1212") == "18015551212"
    monkeypatch.undo()
    pytest.importorskip("phonenumbers")
    assert numbers.read_number(text) == "18015551212"
    with pytest.raises(ValueError, match="is not a telephone number of North America"):
        numbers.read_number("80 10 55 12 12")
