from __future__ import annotations

import csv
import errno
import json
import os
import stat
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from alianza_async.bulk.input.file_options import AS_IT_IS, FileOptions
from alianza_async.bulk.input.rows import RESULT_COLUMNS, Row
from alianza_async.bulk.input.sources import Source, open_source
from alianza_async.bulk.output.results import ResultFile, ResultLine
from alianza_async.errors import ResultFileError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

FIELDS = frozenset({"account_number", "account_name"})
RESULT_HEADER = ",".join(RESULT_COLUMNS)
UTF_8 = FileOptions(encoding="utf-8")  # bytes that are none are then no Windows-1252 either
CREATED = ResultLine("created", "id-1", None, 1, "r-1")


def _open(source: object, options: FileOptions = AS_IT_IS) -> Source:
    return open_source(source, fields=FIELDS, key_field="account_number", options=options)  # type: ignore[arg-type]


def _file(tmp_path: Path, content: str | bytes, name: str = "in.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def _run(source: Source, path: Path, *, order: Sequence[int] | None = None) -> Path:
    """Write one `created` line a row, in the given order of positions."""
    rows = list(source)
    with ResultFile(path, source=source, force=True) as file:
        for position in order if order is not None else range(len(rows)):
            file.write(rows[position], CREATED)
    return path


def _records(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", errors="surrogateescape", newline="") as handle:
        return list(csv.reader(handle))


# --- nothing of the input is lost

_CELL = st.text(st.sampled_from("aß🚀 ,;\"\r\n\t\0='\udc80\udcff"), max_size=6)


def _is_filled(cells: Iterable[str]) -> bool:
    """Tell whether any cell is more than blank: rows and surplus cells that are not are passed over."""
    return bool("".join(cells).strip())


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    table=st.lists(st.tuples(_CELL, _CELL).filter(_is_filled), min_size=1, max_size=8),
    extra=st.lists(_CELL, max_size=2).filter(lambda cells: not cells or _is_filled(cells)),
    shuffle=st.randoms(use_true_random=False),
)
def test_any_cells_survive_byte_for_byte_and_can_be_fed_back(
    tmp_path: Path, table: list[tuple[str, str]], extra: list[str], shuffle: object
) -> None:
    """Whatever the cells and the order in which rows end, the result file says the input again, in order."""
    rows: list[tuple[str, ...]] = [*table, (*table[0], *extra)]
    source = _open(_quoted(tmp_path, [("account_number", "Note"), *rows]), UTF_8)
    order = list(range(len(rows)))
    shuffle.shuffle(order)  # type: ignore[attr-defined]
    out = _run(source, tmp_path / "out.csv", order=order)
    raw = [tuple(cell.encode("utf-8", "surrogateescape") for cell in cells) for cells in _records(out)[1:]]
    assert [(*cells[:2], *cells[2 + len(RESULT_COLUMNS) :]) for cells in raw] == [
        tuple(cell.encode("utf-8", "surrogateescape") for cell in cells) for cells in rows
    ]
    again = _open(out, UTF_8)
    assert again.columns == source.columns
    assert [(row.number, row.values, row.cells, row.problems) for row in again] == [
        (row.number, row.values, row.cells, row.problems) for row in source
    ]
    assert [row.earlier for row in again] == [CREATED] * len(rows)
    assert _run(again, tmp_path / "again.csv").read_bytes() == out.read_bytes()


def _quoted(tmp_path: Path, table: Iterable[tuple[str, ...]]) -> Path:
    path = tmp_path / "in.csv"
    with path.open("w", encoding="utf-8", errors="surrogateescape", newline="") as handle:
        csv.writer(handle, quoting=csv.QUOTE_ALL).writerows(table)
    return path


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    items=st.lists(
        st.dictionaries(
            st.sampled_from(["accountNumber", "account_name", "x", '"result_row": 9,', "\n"]),
            st.recursive(
                st.none() | st.booleans() | st.integers() | st.text(),
                lambda inner: st.lists(inner, max_size=2),
                max_leaves=3,
            ),
        ),
        min_size=1,
        max_size=6,
    ),
    shuffle=st.randoms(use_true_random=False),
)
def test_any_json_lines_survive_and_can_be_fed_back(
    tmp_path: Path, items: list[dict[str, object]], shuffle: object
) -> None:
    """The text of each object comes back exactly, in input order, and again from the file fed back."""
    source = _open(_file(tmp_path, "".join(f"{json.dumps(item)}\n" for item in items), "in.jsonl"))
    order = list(range(len(items)))
    shuffle.shuffle(order)  # type: ignore[attr-defined]
    out = _run(source, tmp_path / "out.jsonl", order=order)
    again = _open(out)
    assert [(row.values, row.cells, row.problems) for row in again] == [
        (row.values, row.cells, row.problems) for row in source
    ]
    assert _run(again, tmp_path / "again.jsonl").read_bytes() == out.read_bytes()


def test_unreadable_rows_survive_and_are_as_unreadable_when_fed_back(tmp_path: Path) -> None:
    """A quote never closed, a cell over the CSV limit and a bad line of JSON keep their text."""
    long = "x" * (csv.field_size_limit() + 1)
    source = _open(_file(tmp_path, f'account_number,n\nA-1,{long}\nA-2,"open\nA-3,z\n'))
    path = _run(source, tmp_path / "out.csv", order=[1, 0])
    with path.open(encoding="utf-8", newline="") as handle:
        assert handle.readline() == f"account_number,n,{RESULT_HEADER}\n"
        assert handle.readline() == f'"A-1,{long}",,1,created,id-1,,1,r-1,,,,\n'
        assert handle.read() == '"A-2,""open\nA-3,z",,2,created,id-1,,1,r-1,,,,\n'
    assert [bool(row.problems) for row in _open(path)] == [True, True]


# --- the file


def test_the_file_appears_whole_in_input_order_and_only_for_its_owner(tmp_path: Path) -> None:
    """While the job runs there is only `.partial`, in the order of answers; afterwards only the result."""
    source = _open(_file(tmp_path, "account_number\nA-1\nA-2\nA-3\n"))
    out, partial = tmp_path / "out.csv", tmp_path / "out.csv.partial"
    first, second, third = source
    file = ResultFile(out, source=source)
    assert file.partial == partial
    file.write(third, CREATED)
    file.write(first, CREATED)
    assert [cells[0] for cells in _records(partial)] == ["account_number", "A-3", "A-1"]
    assert stat.S_IMODE(partial.stat().st_mode) == 0o600
    assert not out.exists()
    file.write(second, CREATED)
    file.close()
    file.close()
    assert [cells[0] for cells in _records(out)] == ["account_number", "A-1", "A-2", "A-3"]
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv", "out.csv"]


def test_a_file_of_no_rows_has_its_header(tmp_path: Path) -> None:
    """An input without rows has a result file without rows."""
    out = _run(_open(_file(tmp_path, "account_number\n")), tmp_path / "out.csv")
    assert out.read_text() == f"account_number,{RESULT_HEADER}\n"
    assert _run(_open([]), tmp_path / "none.csv").read_text() == f"{RESULT_HEADER}\n"
    assert _run(_open([]), tmp_path / "none.jsonl").read_text() == ""


def test_an_older_partial_file_is_left_alone(tmp_path: Path) -> None:
    """It is all that is left of a killed job."""
    source = _open(_file(tmp_path, "account_number\nA-1\n"))
    left = _file(tmp_path, "what the killed job did", "out.csv.partial")
    with ResultFile(tmp_path / "out.csv", source=source) as file:
        assert file.partial == tmp_path / "out.csv.partial.2"
    assert left.read_text() == "what the killed job did"


def test_an_error_in_the_job_still_leaves_a_result_file(tmp_path: Path) -> None:
    """What was done has to be told, above all when the job ended badly."""
    source = _open(_file(tmp_path, "account_number\nA-1\nA-2\n"))
    first, _ = source

    def job() -> None:
        with ResultFile(tmp_path / "out.csv", source=source) as file:
            file.write(first, CREATED)
            raise RuntimeError("the job broke")

    with pytest.raises(RuntimeError, match="the job broke"):
        job()
    assert [cells[0] for cells in _records(tmp_path / "out.csv")] == ["account_number", "A-1"]


def test_a_link_is_followed(tmp_path: Path) -> None:
    """The file a link names is replaced, not the link."""
    source = _open(_file(tmp_path, "account_number\nA-1\n"))
    real = _file(tmp_path, "old", "real.csv")
    (tmp_path / "link.csv").symlink_to(real)
    _run(source, tmp_path / "link.csv")
    assert (tmp_path / "link.csv").is_symlink()
    assert real.read_text().startswith("account_number,result_row")


# --- what goes wrong


def test_a_place_that_cannot_hold_the_file_is_refused_before_the_job(tmp_path: Path) -> None:
    """Each in its own sentence; the input itself, also under another name, is never overwritten."""
    path = _file(tmp_path, "account_number\nA-1\n")
    (tmp_path / "same.csv").symlink_to(path)
    source = _open(path)
    for place, told in (
        (path, f"{path} is the input: name another file for the results"),
        (tmp_path / "same.csv", f"{path} is the input: name another file for the results"),
        (tmp_path, f"{tmp_path} is a directory: name a file for the results"),
        (
            tmp_path / "none" / "out.csv",
            (
                f"the result file {tmp_path / 'none' / 'out.csv'} cannot be written "
                f"({os.strerror(errno.ENOENT)}): name another place"
            ),
        ),
    ):
        with pytest.raises(ResultFileError) as caught:
            ResultFile(place, source=source)
        assert str(caught.value) == told
    assert path.read_text() == "account_number\nA-1\n"


class _SmallDisk:
    """An `os.write` for a disk with room for so many bytes, that writes 7 at a time."""

    def __init__(self, room: int) -> None:
        self.room = room
        self._write = os.write

    def __call__(self, descriptor: int, data: bytes) -> int:
        count = min(7, len(data), self.room)
        if count == 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        self.room -= count
        return self._write(descriptor, data[:count])


def test_a_full_disk_is_our_error_and_leaves_whole_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The line that did not fit is taken back, later ones may fit again, and the file can be closed."""
    first, second, third = source = list(rows := _open(_file(tmp_path, "account_number\nA-1\nA-2\nA-3\n")))
    disk = _SmallDisk(10_000)
    monkeypatch.setattr(os, "write", disk)
    with ResultFile(tmp_path / "out.csv", source=rows) as file:
        file.write(first, CREATED)
        disk.room = 10
        with pytest.raises(ResultFileError) as caught:
            file.write(second, CREATED)
        assert str(caught.value) == f"{file.partial} cannot be written (the disk is full): free space"
        disk.room = 10_000
        file.write(third, CREATED)
        disk.room = 20
        with pytest.raises(ResultFileError):
            file.write(second, CREATED)
    assert [cells[0] for cells in _records(tmp_path / "out.csv")] == ["account_number", "A-1", "A-3"]
    assert len(source) == 3


def test_a_disk_that_is_full_from_the_start_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where not even the header fits, no empty file is left behind."""
    source = _open(_file(tmp_path, "account_number\nA-1\n"))
    monkeypatch.setattr(os, "write", _SmallDisk(3))
    with pytest.raises(ResultFileError, match="the disk is full"):
        ResultFile(tmp_path / "out.csv", source=source)
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


@pytest.mark.parametrize("order", [[0, 1], [1, 0]])
def test_a_final_file_that_cannot_be_written_leaves_the_partial_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, order: list[int]
) -> None:
    """The sentence names where the lines are; no temporary file stays."""

    def refuse(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    source = _open(_file(tmp_path, "account_number\nA-1\nA-2\n"))
    rows = list(source)
    file = ResultFile(tmp_path / "out.csv", source=source)
    for position in order:
        file.write(rows[position], CREATED)
    monkeypatch.setattr(type(tmp_path), "replace", refuse)
    monkeypatch.setattr("os.link", refuse)
    with pytest.raises(ResultFileError) as caught:
        file.close()
    assert str(caught.value) == (
        f"the result file {tmp_path / 'out.csv'} cannot be written (Input/output error): "
        f"its lines, not in input order, are in {file.partial}"
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv", "out.csv.partial"]


def test_the_jobs_error_is_seen_before_the_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where both fail, the file's sentence is a note on the job's error; alone it is the error."""

    def refuse(_: int) -> None:
        raise OSError(errno.EIO, "")

    source = _open(_file(tmp_path, "account_number\nA-1\n"))
    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(RuntimeError) as caught, ResultFile(tmp_path / "out.csv", source=source):
        raise RuntimeError("the job broke")
    assert len(caught.value.__notes__) == 1
    assert caught.value.__notes__[0].startswith(f"the result file {tmp_path / 'out.csv'} cannot be written")
    with pytest.raises(ResultFileError), ResultFile(tmp_path / "out.csv", source=source):
        pass


def test_a_row_after_the_end_is_refused(tmp_path: Path) -> None:
    """A closed file takes no more lines, and says which came too late."""
    file = ResultFile(tmp_path / "out.csv", source=_open([]))
    file.close()
    with pytest.raises(ResultFileError, match="is closed: row 9 came too late"):
        file.write(Row(9, {}, None), CREATED)


@pytest.mark.parametrize("name", ["out.xlsx", "out.XLSM"])
def test_results_are_no_excel_file(name: str, tmp_path: Path) -> None:
    """CSV by that name would be read as a broken Excel file, here and in every spreadsheet program."""
    with pytest.raises(ResultFileError, match="results are CSV or JSON Lines, no Excel file; name it"):
        ResultFile(tmp_path / name, source=_open([]))
