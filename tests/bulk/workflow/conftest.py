"""Virtual time for everything on the road."""

from __future__ import annotations

import pytest

from tests.virtual_time import use_clock


@pytest.fixture(autouse=True)
def _virtual_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let everything on the road that has a clock read the event loop's."""
    use_clock(monkeypatch)
