from __future__ import annotations

import sqlite3
import subprocess
import sys

import pytest
from hypothesis import example, given, settings, strategies as st

from alianza_async.bulk.input.seen import Seen, comparable
from alianza_async.errors import SourceError


def test_a_key_belongs_to_the_row_that_had_it_first() -> None:
    """A new key answers None; every later row is told the first one."""
    with Seen() as seen:
        assert seen.first("A-1", 1) is None
        assert seen.first("A-2", 2) is None
        assert seen.first("A-1", 3) == 1
        assert seen.first("A-1", 4) == 1
        assert seen.first("a-1", 5) is None


@settings(max_examples=50)
@example(["\udce9", "\ud800", "\udce9", "\0", ""])
@given(st.lists(st.text(st.sampled_from("aAé\0\udce9\ud800🚀"), max_size=3)))
def test_keys_are_told_apart_exactly(keys: list[str]) -> None:
    """Whatever the characters, and wherever they are kept, the answers are those of a dict."""
    first: dict[str, int] = {}
    expected = [None if first.setdefault(key, row) == row else first[key] for row, key in enumerate(keys)]
    for in_memory in (0, 2, 1000):
        with Seen(in_memory) as seen:
            assert [seen.first(key, row) for row, key in enumerate(keys)] == expected


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("A-1", "  A-1 ", True),
        ("Caf\u00e9", "Cafe\u0301", True),
        ("A-1", "a-1", False),
        ("A-1", "A-01", False),
        ("\uff21", "A", False),
    ],
)
def test_two_keys_are_compared_trimmed_and_composed(one: str, other: str, *, same: bool) -> None:
    """Space around a key and the way an accent is stored make no other key; case and digits do."""
    assert (comparable(one) == comparable(other)) is same


def test_a_full_disk_is_our_error_and_names_the_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite's own exceptions do not reach the caller."""

    class Full:
        def execute(self, *_: object) -> object:
            raise sqlite3.OperationalError("database or disk is full")

    seen = Seen(in_memory=0)
    seen.close()
    monkeypatch.setattr(seen, "_database", Full())
    with pytest.raises(SourceError, match=r"keys of row 7 and before .* \(database or disk is full\)"):
        seen.first("A-7", 7)


def test_memory_stays_flat() -> None:
    """Most keys live on disk: 200,000 of them take less than 8 MB, a third of what a dict would."""
    script = (
        "import resource\n"
        "from alianza_async.bulk.input.seen import Seen\n"
        "peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "with Seen() as seen:\n"
        "    seen.first('x', 0)\n"
        "    before = peak()\n"
        "    for row in range(1, 200_001):\n"
        "        assert seen.first(f'{row * 2654435761 % 2**32:08x}-{row}', row) is None\n"
        "    print(peak() - before)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)  # noqa: S603
    unit = 1 if sys.platform != "darwin" else 1024
    assert int(done.stdout) / unit < 8 * 1024
