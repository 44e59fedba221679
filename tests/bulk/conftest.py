"""What every test of bulk jobs may ask for: a state folder of its own, clocks whose difference is known."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

import pytest

from alianza_async.bulk import history
from alianza_async.bulk.engine import outage, step_waits
from alianza_async.bulk.engine.evidence import History
from tests.bulk.engine import exact_clock

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _state_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no test know of another one's jobs: they send the same keys by the same login."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have jobs wait milliseconds, where they wait seconds for a server that cannot tell, or be reached."""
    monkeypatch.setattr(step_waits, "_AGAIN_S", 0.001)
    for name in ("_FIRST_PROBE_S", "_LAST_PROBE_S"):
        monkeypatch.setattr(outage, name, 0.001)
    monkeypatch.setattr(outage, "_ALONE_S", 1.0)


def measured_exactly(patch: pytest.MonkeyPatch) -> None:
    """Have account history prove all that it can: a server in this process is too near to be measured."""
    exact = partial(History, server_clock=exact_clock(), clock=lambda: time.time() + 1.0)
    patch.setattr(history, "History", exact)


@pytest.fixture
def exact_clocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have account history prove all that it can; see `measured_exactly`."""
    measured_exactly(monkeypatch)
