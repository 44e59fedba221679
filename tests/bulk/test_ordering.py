from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from alianza_async.bulk.output import ordering
from alianza_async.bulk.output.ordering import in_row_order

if TYPE_CHECKING:
    from pathlib import Path


def _line(number: int) -> bytes:
    return b"line %d\n" % number


@pytest.mark.parametrize("heap_lines", [1, 2, 7, 4096])
@pytest.mark.parametrize("count", [0, 1, 2, 500])
def test_any_order_becomes_row_order(tmp_path: Path, heap_lines: int, count: int) -> None:
    """However few lines are held, down to one, shuffled lines come back sorted and complete."""
    numbers = list(range(1, count + 1))
    shuffled = random.Random(count).sample(numbers, count)  # noqa: S311 - a repeatable order, no secret
    lines = [(number, _line(number)) for number in shuffled]
    found = list(in_row_order(lines, directory=str(tmp_path), heap_lines=heap_lines))
    assert found == [_line(number) for number in numbers]


def test_a_straggler_starts_one_more_run_and_does_not_hold_the_others(tmp_path: Path) -> None:
    """Row 1 coming last is sorted to the front though the heap is far too small to wait for it."""
    lines = [(number, _line(number)) for number in [*range(2, 1001), 1]]
    found = list(in_row_order(lines, directory=str(tmp_path), heap_lines=4))
    assert found == [_line(number) for number in range(1, 1001)]


def test_few_files_are_open_however_many_runs_there_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worst order, descending, makes a run a line; they are merged before they use up the descriptors."""
    monkeypatch.setattr(ordering, "_FAN_IN", 4)
    lines = [(number, _line(number)) for number in range(300, 0, -1)]
    found = list(in_row_order(lines, directory=str(tmp_path), heap_lines=1))
    assert found == [_line(number) for number in range(1, 301)]


def test_long_lines_are_held_by_their_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A few huge lines fill the heap as well as many small ones, and are sorted all the same."""
    monkeypatch.setattr(ordering, "_HEAP_BYTES", 16)
    lines = [(number, _line(number) * 10) for number in (3, 1, 2)]
    found = list(in_row_order(lines, directory=str(tmp_path)))
    assert found == [_line(number) * 10 for number in (1, 2, 3)]


def test_nothing_is_left_on_disk(tmp_path: Path) -> None:
    """The runs have no names, so not even a killed process leaves them behind."""
    found = in_row_order([(2, b"b\n"), (1, b"a\n")], directory=str(tmp_path))
    assert next(found) == b"a\n"
    assert list(tmp_path.iterdir()) == []
    assert list(found) == [b"b\n"]
