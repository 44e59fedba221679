from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from alianza_async.bulk.input.fingerprints import BLOCK_BYTES, Fingerprint, fingerprint
from alianza_async.bulk.input.sources import Source, open_source
from alianza_async.errors import InputChangedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from alianza_async.bulk.input.rows import Row

FIELDS = frozenset({"account_number", "account_name"})
HEADER = "account_number,account_name\n"
LINE_BYTES = 64
LINES_A_BLOCK = BLOCK_BYTES // LINE_BYTES


def line(number: int) -> str:
    """Return a CSV line of 64 bytes."""
    return f"A-{number:07},".ljust(LINE_BYTES - 1, "x") + "\n"


def write(path: Path, lines: int) -> Path:
    """Write a CSV file of so many lines of 64 bytes each, its header among them: a block has 16,384."""
    header = HEADER.rstrip("\n").ljust(LINE_BYTES - 1) + "\n"
    path.write_text(header + "".join(line(number) for number in range(1, lines)))
    return path


def checked(path: Path, expected: Fingerprint | None = None) -> Source:
    """Open a file, held to what it is now or to a fingerprint."""
    return open_source(
        path, fields=FIELDS, key_field="account_number", expected=expected or Fingerprint.of(path)
    )


def read_until_changed(source: Source, at: int, change: Callable[[], object]) -> tuple[int, str]:
    """Change the file when so many rows were read; returns how many came in all, and the error's words."""
    count = 0

    def read() -> None:
        nonlocal count
        for row in source:
            count = row.number
            if count == at:
                change()

    with pytest.raises(InputChangedError) as caught:
        read()
    assert source.handed_out == count
    return count, str(caught.value)


def overwrite(path: Path, offset: int, data: bytes = b"#") -> None:
    """Write bytes into a file in place."""
    with path.open("r+b") as handle:
        handle.seek(offset)
        handle.write(data)


def replace(path: Path, data: bytes) -> None:
    """Rename a new file over another, as editors do."""
    new = path.with_name("new")
    new.write_bytes(data)
    new.replace(path)


def numbers(rows: Iterator[Row]) -> list[int]:
    """Return the numbers of the rows that are left."""
    return [row.number for row in rows]


# --- the fingerprint


@pytest.mark.parametrize("size", [0, 1, BLOCK_BYTES - 1, BLOCK_BYTES, BLOCK_BYTES + 1, 3 * BLOCK_BYTES])
def test_a_fingerprint_is_of_the_whole_and_of_each_block(size: int, tmp_path: Path) -> None:
    """It has the file's SHA-256 and size, a digest for each block begun, and survives its JSON."""
    path = tmp_path / "in.csv"
    path.write_bytes(os.urandom(size))
    taken = Fingerprint.of(path)
    assert (taken.sha256, taken.size) == fingerprint(path)
    assert taken.block_count == -(-size // BLOCK_BYTES)
    assert Fingerprint.from_json(json.loads(json.dumps(taken.to_json()))) == taken


@pytest.mark.parametrize(
    "damage", [{"blocks": None}, {"blocks": "?"}, {"blocks": ""}, {"size": 1 << 40}, {"sha256": 7}]
)
def test_a_damaged_fingerprint_is_refused(damage: dict[str, object], tmp_path: Path) -> None:
    """What is incomplete, or does not fit its size, is never taken for a fingerprint."""
    path = write(tmp_path / "in.csv", 3)
    with pytest.raises(ValueError, match=r"^the fingerprint of the input"):
        Fingerprint.from_json({**Fingerprint.of(path).to_json(), **damage})  # type: ignore[dict-item]


# --- what stops a reading


def test_an_edit_further_on_stops_before_the_first_row_of_its_block(tmp_path: Path) -> None:
    """Rows whose bytes lie wholly in blocks that match come; the error names the first that did not."""
    path = write(tmp_path / "in.csv", 3 * LINES_A_BLOCK)
    count, said = read_until_changed(checked(path), 5, lambda: overwrite(path, 2 * BLOCK_BYTES + 10))
    assert count == 2 * LINES_A_BLOCK - 1  # the header is a line too
    assert said == (
        f"{path} changed while the job ran: rows from {count + 1} on were not sent; put the file back as it "
        "was and resume the job, or run what has changed as a job of its own"
    )


def test_a_row_that_reaches_into_a_changed_block_is_not_handed_out(tmp_path: Path) -> None:
    """A quoted cell with line ends begins in a block that matches and ends in one that does not."""
    path = tmp_path / "in.csv"
    filler = "".join(line(number) for number in range(1, LINES_A_BLOCK - 1))
    path.write_text(HEADER + filler + 'A-9,"' + "one\ntwo\n" * 40 + '"\nA-10,last\n')
    assert path.stat().st_size > BLOCK_BYTES
    count, _ = read_until_changed(checked(path), 1, lambda: overwrite(path, path.stat().st_size - 3))
    assert count == LINES_A_BLOCK - 2


def test_an_edit_of_the_block_that_is_being_read_stops_at_once(tmp_path: Path) -> None:
    """Also a file smaller than a block is watched: only what was decoded before the edit still comes."""
    path = write(tmp_path / "in.csv", 6_000)
    count, said = read_until_changed(checked(path), 300, lambda: overwrite(path, 5_900 * LINE_BYTES + 9))
    assert 300 <= count < 600
    assert f"rows from {count + 1} on were not sent" in said


@pytest.mark.parametrize("blocks", [0, 1, 2])
def test_a_file_cut_short_is_no_end_of_the_input(blocks: int, tmp_path: Path) -> None:
    """Truncated within the block that is read, or at the end of one, the rest is named as not sent."""
    path = write(tmp_path / "in.csv", 3 * LINES_A_BLOCK)
    count, said = read_until_changed(checked(path), 320, lambda: os.truncate(path, blocks * BLOCK_BYTES))
    assert 320 <= count < 600 if blocks == 0 else count == blocks * LINES_A_BLOCK - 1
    assert f"rows from {count + 1} on were not sent" in said


@pytest.mark.parametrize("lines", [1_000, LINES_A_BLOCK, LINES_A_BLOCK + 1_000])
def test_lines_added_meanwhile_are_named(lines: int, tmp_path: Path) -> None:
    """What was appended is not what was begun with: the reading stops before a block that grew."""
    path = write(tmp_path / "in.csv", lines)

    def append() -> None:
        with path.open("a") as handle:
            handle.write(line(lines))

    count, said = read_until_changed(checked(path), 10, append)
    assert count <= lines - 1
    assert f"rows from {count + 1} on were not sent" in said


def test_a_file_that_vanishes_is_named(tmp_path: Path) -> None:
    """Deleted between the fingerprint and the reading, or while it is read."""
    path = write(tmp_path / "in.csv", 6_000)
    count, said = read_until_changed(checked(path), 10, path.unlink)
    assert said.startswith(f"{path} vanished while the job ran: rows from {count + 1} on")
    source = checked(write(path, 10))
    path.unlink()
    with pytest.raises(InputChangedError, match="vanished while the job ran: rows from 1 on were not sent"):
        list(source)


def test_another_file_under_its_name_is_read_from_there_on(tmp_path: Path) -> None:
    """A rename of other content over the input stops where it differs, not at the end of the old file."""
    path = write(tmp_path / "in.csv", 2 * LINES_A_BLOCK)
    other = bytearray(path.read_bytes())
    other[BLOCK_BYTES + 7] ^= 1
    count, _ = read_until_changed(checked(path), 10, lambda: replace(path, bytes(other)))
    assert count == LINES_A_BLOCK - 1


def test_another_header_is_never_read_under_the_old_one(tmp_path: Path) -> None:
    """Columns swapped between opening and reading: no row is handed out, with or without a fingerprint."""
    path = tmp_path / "in.csv"
    path.write_text(HEADER + "A-1,one\n")
    source = open_source(path, fields=FIELDS, key_field="account_number")
    path.write_text("account_name,account_number\none,A-1\n")
    with pytest.raises(InputChangedError, match="rows from 1 on were not sent"):
        list(source)


# --- what stops nothing


@pytest.mark.parametrize("how", ["touch", "rename", "link"])
def test_equal_bytes_stop_nothing(how: str, tmp_path: Path) -> None:
    """`touch`, a rename of equal content over it, or a symbolic link that moves on: all rows come."""
    path = write(tmp_path / "in.csv", 2 * LINES_A_BLOCK)
    named = path
    if how == "link":
        named = tmp_path / "link.csv"
        named.symlink_to(path)
    seen = 0
    for row in (source := checked(named)):
        seen = row.number
        if seen in {5, 10_000, 20_000}:
            if how == "touch":
                os.utime(path, ns=(seen, seen))
            elif how == "rename":
                replace(path, path.read_bytes())
            else:
                copy = tmp_path / f"{seen}.csv"
                copy.write_bytes(path.read_bytes())
                (tmp_path / "next").symlink_to(copy)
                (tmp_path / "next").replace(named)
    assert seen == 2 * LINES_A_BLOCK - 1
    assert source.handed_out is None


def test_a_change_after_the_last_row_was_read_stops_nothing(tmp_path: Path) -> None:
    """All that the job was begun with was handed out: nothing is missing."""
    path = write(tmp_path / "in.csv", 20)
    rows = iter(checked(path))
    assert next(rows).number == 1
    path.unlink()
    assert numbers(rows) == list(range(2, 20))


def test_the_first_fingerprint_that_was_given_stays(tmp_path: Path) -> None:
    """What a plan was made of binds the run: a file that changed in between is refused before a row."""
    path = write(tmp_path / "in.csv", 20)
    source = checked(path)
    source.expect(Fingerprint.of(path))
    overwrite(path, 100)
    with pytest.raises(InputChangedError, match="changed before the job began: nothing was sent"):
        source.expect(Fingerprint.of(path))
    open_source([], fields=FIELDS, key_field="account_number").expect(Fingerprint.of(path))


# --- every encoding, at every boundary


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    shift=st.integers(0, 12),
    end=st.sampled_from(["\n", "\r\n"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    jsonl=st.booleans(),
    cell=st.sampled_from(["é", "🚀", "店", "two\nlines", '"quoted"']),
)
def test_any_text_is_read_as_without_a_fingerprint(  # noqa: PLR0917  (what hypothesis draws)
    tmp_path: Path, shift: int, end: str, encoding: str, jsonl: bool, cell: str
) -> None:
    """Characters, line ends and quoted cells across a block's end come whole, whatever the encoding."""
    path = tmp_path / ("in.jsonl" if jsonl else "in.csv")
    quoted = '"' + cell.replace('"', '""') + '"'
    rows = [("A-0", "x" * shift), *((f"A-{n}", cell * 20) for n in range(1, 9))]
    if jsonl:
        text = "".join(json.dumps({"accountNumber": a, "n": b}, ensure_ascii=False) + end for a, b in rows)
    else:
        text = f"account_number,n{end}" + "".join(
            f"{a},{quoted if n else b}{end}" for n, (a, b) in enumerate(rows)
        )
    # What comes before it ends a few bytes short of the block, so that a drawn row lies across its end.
    width = 2 if encoding == "utf-16" else 1
    head, rest = text.split(end, 1)
    blank = " " * ((BLOCK_BYTES - 60) // width - len(head))
    path.write_bytes((head + (blank if jsonl else end + blank) + end + rest).encode(encoding))
    plain = open_source(path, fields=FIELDS, key_field="account_number")
    assert list(checked(path)) == list(plain)
    assert path.stat().st_size > BLOCK_BYTES
