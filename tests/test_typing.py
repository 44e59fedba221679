from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent / "typing"
ROOT = HERE.parent.parent
CHECKERS = {
    "mypy": ["mypy", "--no-error-summary"],
    "basedpyright": ["basedpyright", "--pythonpath", sys.executable],
}


def complaints(checker: str, file: Path) -> tuple[set[int], str]:
    """Return the lines of a file that a checker refuses, and all that it says."""
    if importlib.util.find_spec(checker) is None:
        pytest.skip(f"{checker} is not installed: pip install -e '.[dev]'")
    command = [sys.executable, "-m", *CHECKERS[checker], str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)  # noqa: S603  (our own)
    pattern = rf"{re.escape(file.name)}:(\d+)(?::\d+)?:? (?:- )?error"
    return {int(line) for line in re.findall(pattern, done.stdout)}, done.stdout + done.stderr


@pytest.mark.parametrize("checker", CHECKERS)
def test_right_calls_have_exact_types(checker: str) -> None:
    """Calls, raw replies, ensure and `session.call` have their exact types under both strict checkers."""
    lines, said = complaints(checker, HERE / "right_calls.py")
    assert lines == set(), said
    assert "error:" not in said.replace("0 errors", ""), said


@pytest.mark.parametrize("checker", CHECKERS)
def test_wrong_calls_are_refused(checker: str, tmp_path: Path) -> None:
    """Every call that fits no declaration is refused where it stands, and nothing else is."""
    # Kept as text, so that the checkers' run over the whole project does not meet it.
    text = (HERE / "wrong_calls.py.txt").read_text("utf-8")
    wrong = {number for number, line in enumerate(text.splitlines(), 1) if line.endswith("# wrong")}
    file = tmp_path / "wrong_calls.py"
    file.write_text(text, "utf-8")
    lines, said = complaints(checker, file)
    assert lines == wrong, said
