"""Virtual time for everything in the pipeline."""

from __future__ import annotations

import pytest

from tests.virtual_time import use_clock


@pytest.fixture(autouse=True)
def _virtual_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let everything in the pipeline that has a clock read the event loop's."""
    use_clock(monkeypatch)
