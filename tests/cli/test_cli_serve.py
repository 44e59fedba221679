from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from alianza_async.cli import main


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
def test_serve_until_interrupted(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """It prints lines that point a shell at it, serves, and ends with 0 when interrupted."""
    serving = subprocess.Popen(
        [sys.executable, "-m", "alianza_async.cli", "sandbox", "serve"], stdout=subprocess.PIPE, text=True
    )
    assert serving.stdout is not None
    for _ in range(3):
        name, _, value = serving.stdout.readline().removeprefix("export ").strip().partition("=")
        monkeypatch.setenv(name, value)
    code = main(["health"])
    serving.send_signal(signal.SIGINT)
    serving.communicate()
    assert (code, serving.returncode) == (0, 0)
    assert capsys.readouterr().out.startswith("ok: ")
