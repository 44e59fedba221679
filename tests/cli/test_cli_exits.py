from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from alianza_async import errors
from alianza_async.bulk.errors import BulkStoppedError, FailureBudgetError
from alianza_async.bulk.report import Report
from alianza_async.cli import app
from alianza_async.cli.exits import code_of, interrupted
from alianza_async.cli.options import Output
from alianza_async.policies.authentication import refused_login

if TYPE_CHECKING:
    from alianza_async.cli.screen import Screen

CONTEXT = errors.CallContext("createAccount", "POST", "/v2/x", "r-1", 1)
REFUSED = refused_login(errors.AnswerError("no", context=CONTEXT, status=401))


def stopped(cause: Exception | None) -> BulkStoppedError:
    """Make the error of a job that stopped because of another."""
    error = BulkStoppedError("the job stopped", report=Report())
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (errors.ConfigurationError("x"), 2),
        (errors.SessionStateError("x"), 2),
        (errors.SourceError("x"), 2),
        (errors.ResultFileError("x"), 2),
        (errors.InvalidInputError("x"), 2),
        (errors.JournalError("x"), 2),
        (errors.JournalLockedError("x"), 2),
        (REFUSED, 3),
        (errors.AuthenticationError("x", context=CONTEXT), 1),
        (FailureBudgetError("x", report=Report()), 4),
        (stopped(REFUSED), 3),
        (stopped(errors.SourceError("x")), 2),
        (stopped(errors.ResultFileError("x")), 2),
        (stopped(errors.JournalError("x")), 2),
        (stopped(errors.InputChangedError("x")), 2),
        (stopped(ValueError("x")), 1),
        (stopped(None), 1),
        (errors.ConnectionFailedError("x", context=CONTEXT), 1),
    ],
)
def test_code_of(error: Exception, expected: int) -> None:
    """Each error ends the command with the code its kind has."""
    assert code_of(error) == expected


def test_signals() -> None:
    """A signal ends the command as shells expect."""
    assert [interrupted(number) for number in (1, signal.SIGINT, signal.SIGTERM)] == [129, 130, 143]


@pytest.mark.parametrize(
    ("level", "lines", "has_traceback"), [(None, 1, False), ("DEBUG", None, True)], ids=["usual", "debug"]
)
def test_unforeseen(
    level: str | None, lines: int | None, *, has_traceback: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """An error nobody foresaw is one line that keeps its text to itself; with DEBUG it has its traceback."""

    def fail(_: Screen) -> int:
        raise RuntimeError("open sesame")

    assert app.finish(Output(log_level=level), fail) == 1
    printed = capsys.readouterr().err
    assert ("Traceback" in printed, "sesame" in printed) == (has_traceback, has_traceback)
    assert lines is None or len(printed.splitlines()) == lines


def test_interrupt_outside_a_job(capsys: pytest.CaptureFixture[str]) -> None:
    """Ctrl-C where no job runs ends the command with 130."""

    def fail(_: Screen) -> int:
        raise KeyboardInterrupt

    assert app.finish(Output(), fail) == 130
    assert capsys.readouterr().err == "interrupted\n"
