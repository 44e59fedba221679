from __future__ import annotations

from typing import TYPE_CHECKING

from alianza_async.resources.registry import operations
from tools import operations_page

if TYPE_CHECKING:
    import pytest


def test_the_page_is_fresh() -> None:
    """docs/operations.md is what the declarations say today; `make docs` writes it again."""
    assert operations_page.PAGE.read_text(encoding="utf-8") == operations_page.page()


def test_every_operation_has_a_row() -> None:
    """The tables have each operation once, with its class."""
    rows = [line for line in operations_page.page().splitlines() if line.startswith("| `")]
    told = [row.split("`")[1] for row in rows if row.count(" | ") == 3]

    assert sorted(told) == sorted(each.python for each in operations())


def test_every_create_is_listed() -> None:
    """Whatever is called create, add or import and has no key stands among those that cannot be looked up."""
    listed = operations_page.page().partition("## account_devices")[0]
    missing = [
        each.python
        for each in operations()
        if each.python.partition(".")[2].startswith("create") and f"`{each.python}`" not in listed
    ]

    assert missing == []


def test_check_tells_a_stale_page(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """--check writes nothing and fails where the page would change."""
    monkeypatch.setattr("sys.argv", ["operations_page.py", "--check"])
    assert operations_page.main() == 0
    monkeypatch.setattr(operations_page, "HEAD", "# Another\n")
    assert operations_page.main() == 1
    assert "run `make docs`" in capsys.readouterr().out
