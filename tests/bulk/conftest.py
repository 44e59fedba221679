"""Each test has a state folder of its own: what other tests' journals sent is no concern of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _own_state_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep the jobs that this machine knows out of every test."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
