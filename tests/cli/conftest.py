"""What every test of the command has: a clean environment, and sandboxes to run it against."""

from __future__ import annotations

import logging
import os
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from alianza_async.bulk.engine import step_waits
from tests.cli.sandbox_child import SandboxChild

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Run each test without `ALIANZA_*` variables, in folders of its own, and undo its logging."""
    for name in [name for name in os.environ if name.startswith("ALIANZA_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    names = ("", "alianza_async", "stamina")
    before = [(logging.getLogger(name), logging.getLogger(name).level) for name in names]
    handlers = logging.getLogger().handlers[:]
    yield
    logging.getLogger().handlers[:] = handlers
    for logger, level in before:
        logger.setLevel(level)


@pytest.fixture
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have jobs of this process ask at once again, where they wait seconds for a server that cannot tell."""
    monkeypatch.setattr(step_waits, "_AGAIN_S", 0.001)


@pytest.fixture
def start_sandbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., SandboxChild]]:
    """Start sandboxes with options; the variables then point at the newest one."""
    with ExitStack() as running:

        def start(**options: object) -> SandboxChild:
            child = running.enter_context(SandboxChild(options))
            monkeypatch.setenv("ALIANZA_BASE_URL", child.base_url)
            monkeypatch.setenv("ALIANZA_USERNAME", "sandbox")
            monkeypatch.setenv("ALIANZA_PASSWORD", "open sesame")
            return child

        yield start
