from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from alianza_async.bulk.input.file_options import FileOptions
from alianza_async.bulk.input.headers import FieldNames, misspelt, normalise, read_header
from alianza_async.errors import SourceError

FIELDS = frozenset({"account_number", "account_name", "e911_address", "custom_field"})


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("account_number", "account_number"),
        ("accountNumber", "account_number"),
        ("AccountNumber", "account_number"),
        ("Account Number", "account_number"),
        ("ACCOUNT-NUMBER", "account_number"),
        ("ACCOUNT_NUMBER", "account_number"),
        ("  account.number\t", "account_number"),
        (' "Account Number" ', "account_number"),
        ("'account number'", "account_number"),
        ("\ufeffaccount_number", "account_number"),
        ("Account\nNumber", "account_number"),
        ("account__number_", "account_number"),
        ("\uff41ccountNumber", "account_number"),
        ("accountID", "account_id"),
        ("IDType", "id_type"),
        ("e911Address", "e911_address"),
        ("Größe", "grösse"),
        ("—", ""),
        ("", ""),
    ],
)
def test_a_header_becomes_snake_case_however_it_is_written(header: str, expected: str) -> None:
    """Case, camel humps, separators, quotes and surrounding space make no other name."""
    assert normalise(header) == expected


@given(st.lists(st.from_regex(r"[a-z]{2,8}[0-9]?", fullmatch=True), min_size=1, max_size=4))
def test_every_style_of_a_name_is_the_same_name(words: list[str]) -> None:
    """snake_case, camelCase, PascalCase, spaced, shouted and dashed forms of any words agree."""
    snake = "_".join(words)
    pascal = "".join(word.capitalize() for word in words)
    forms = [
        snake,
        words[0] + pascal[len(words[0]) :],
        pascal,
        " ".join(words).title(),
        "-".join(words).upper(),
    ]
    assert [normalise(form) for form in forms] == [snake] * 5


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("account_number", "account_number"),
        ("Account Number", "account_number"),
        ("accountnumber", "account_number"),
        ("ACCOUNTNUMBER", "account_number"),
        ("E911 address", "e911_address"),
        ("acount number", None),
        ("", None),
    ],
)
def test_a_field_is_found_by_any_way_of_writing_it(header: str, expected: str | None) -> None:
    """Lost word borders do not matter, lost letters do."""
    assert FieldNames(FIELDS).match(header) == expected


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("account_number", "account_number"),
        ("accountNumber", "account_number"),
        ("Account Number", None),
        ("account_Number", None),
        ("accountnumber", None),
    ],
)
def test_a_python_key_is_snake_case_or_camel_case_only(key: str, expected: str | None) -> None:
    """A typing mistake in code is not guessed at, unlike a header a person wrote."""
    assert FieldNames(FIELDS).match_key(key) == expected


def test_a_header_line_tells_what_each_column_is() -> None:
    """Known fields, own columns, unknown ones (each once, nameless ones not) and results are told apart."""
    layout = read_header(
        ["Note", "accountNumber", "result_status", "", "Note", "Result ID"],
        fields=FIELDS,
        required=frozenset({"account_number"}),
        source_name="a.csv",
    )
    assert layout.width == 6
    assert layout.known == (("account_number", 1),)
    assert layout.results == {"result_status": 2, "result_id": 5}
    assert layout.own == (0, 1, 3, 4)
    assert layout.columns == ("Note", "accountNumber", "", "Note")
    assert layout.unknown == ("Note",)


@pytest.mark.parametrize(
    ("cells", "sentence"),
    [
        (
            ["Account Number", "accountNumber"],
            (
                "a.csv: the columns 'Account Number' and 'accountNumber' both mean account_number: "
                "remove or rename one of them"
            ),
        ),
        (
            ["account_number", "result_status", "Result-Status"],
            (
                "a.csv: the columns 'result_status' and 'Result-Status' both mean result_status: "
                "remove or rename one of them"
            ),
        ),
        (
            ["Acct Number", "account_name"],
            (
                "a.csv lacks the column account_number (did you mean 'Acct Number'?): "
                "name each in the header, or give columns={'Acct Number': 'account_number'}"
            ),
        ),
        (
            ["12 Main Street", "Jane Doe"],
            "a.csv lacks the columns account_name, account_number: name each in the header",
        ),
    ],
)
def test_a_header_that_does_not_fit_is_refused_in_one_sentence(cells: list[str], sentence: str) -> None:
    """It names the columns and the nearest miss, and never quotes what may be a customer's data."""
    with pytest.raises(SourceError) as caught:
        read_header(
            cells,
            fields=FIELDS,
            required=frozenset({"account_number", "account_name"}),
            source_name="a.csv",
        )
    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("MAC Adress", "mac_address"),
        ("macadress", "mac_address"),
        ("Phone Number", "telephone_number"),
        ("E911 Adress", "e911_address"),
        ("Address", None),
        ("Customer Name", None),
        ("Sales rep", None),
        ("Notes", None),
        ("", None),
    ],
)
def test_a_slip_in_a_fields_name_is_seen(header: str, expected: str | None) -> None:
    """Letters too few, too many or swapped are a slip; a shorter or another word is another column."""
    fields = {"mac_address", "telephone_number", "e911_address", "username", "custom_field"}
    assert misspelt(header, fields) == expected


def test_what_the_caller_says_comes_first() -> None:
    """A mapped header means its field whatever it says, a dropped one nothing; neither is called misspelt."""
    options = FileOptions(columns={"account name": "custom_field"}, drop=["Acount Number"])
    layout = read_header(
        ["Account Name", "Acount Number", "account_number", "E911 Adress"],
        fields=FIELDS,
        required=frozenset({"account_number"}),
        source_name="a.csv",
        options=options,
    )
    assert layout.known == (("custom_field", 0), ("account_number", 2))
    assert layout.unknown == ("Acount Number", "E911 Adress")
    assert layout.misspelt == {"E911 Adress": "e911_address"}
