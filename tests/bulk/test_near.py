from __future__ import annotations

import sqlite3
import unicodedata

import pytest
from hypothesis import given, settings, strategies as st

from alianza_async.bulk.input.near import NearKeys, Twin, folded, told_apart_by
from alianza_async.errors import SourceError


@pytest.mark.parametrize(
    ("key", "other", "by"),
    [
        ("ACME-1", "acme-1", "case"),
        ("ACME-1", "ACME - 1", "spaces"),
        ("ACME 1", "ACME\u00a01", "letter forms"),
        ("ACME-1", "ACME-\uff11", "letter forms"),
        ("Caf\u00e9 1", "cafe\u0301 1", "case"),
        ("ACME-1", "ACM\u00adE-1", "letter forms"),
        ("Strasse 1", "STRA\u00dfE1", "case, spaces, letter forms"),
        ("\ufb01ber", "fi ber", "spaces, letter forms"),
    ],
)
def test_keys_that_look_alike(key: str, other: str, by: str) -> None:
    """What people overlook does not tell folded keys apart, and is named."""
    assert folded(key) == folded(other)
    assert told_apart_by(key, other) == by


@pytest.mark.parametrize(
    ("key", "other"), [("ACME-1", "ACME-11"), ("ACME-1", "ACME_1"), ("Cafe", "Caf\u00e9"), ("O-1", "0-1")]
)
def test_keys_that_differ(key: str, other: str) -> None:
    """A letter more, an accent, a zero for an O: those are other keys."""
    assert folded(key) != folded(other)


@settings(max_examples=200)
@given(st.text(max_size=12))
def test_a_fold_does_not_depend_on_how_letters_are_composed(key: str) -> None:
    """Composed or taken apart, with spaces around or not, a key folds to the same."""
    assert folded(f" {unicodedata.normalize('NFC', key)} ") == folded(key)
    assert folded(f" {unicodedata.normalize('NFD', key)} ") == folded(key)


def test_the_first_row_is_named() -> None:
    """A new key answers None, a near one the first row that had it, the very same key None."""
    with NearKeys() as near:
        assert near.note("ACME-1", 1) is None
        assert near.note("ACME-2", 2) is None
        assert near.note("acme-1", 3) == 1
        assert near.note("Acme -1", 4) == 1
        assert near.note(" ACME-1 ", 5) is None


def test_a_twin_has_its_key() -> None:
    """The earlier key comes with its row, also where it holds what is no character."""
    with NearKeys() as near:
        near.note("A\udce9", 7)
        assert near.twin("a\udce9", 9) == Twin(7, "A\udce9")


def test_a_disk_that_is_full_is_told() -> None:
    """Where the keys cannot be kept it is an error of ours that says what to do."""
    near = NearKeys()
    near.close()
    with pytest.raises(SourceError, match="keys of row 3 and before cannot be kept") as caught:
        near.note("A", 3)
    assert isinstance(caught.value.__cause__, sqlite3.Error)
