from __future__ import annotations

import subprocess
import sys

import pytest

import alianza_async

PUBLIC = """
Account AccountCreate AccountSummary AlianzaError AlreadyExistsError AnswerError AuthenticationError Bulk
BulkJob BulkStoppedError CallError CallTimeoutError ClientError ConfigurationError ConflictError
ConnectionFailedError
ConnectionLostError Credentials Difference Download Ensured Environment FailureBudgetError FieldError
HttpxTransport InProcessTransport InputChangedError InvalidInputError Item ItemResult JobComplaint
JobFailedError JobOptions JournalError JournalLockedError JournalReader LimitPolicy LoginInfo Made
NaturalKey NotFoundError Operation OperationClass PermissionDeniedError RateLimitError Reply Report
RequestRejectedError ResponseShapeError ResponseTooLargeError ResultFileError RetryPolicy ServerError
Session SessionStateError Settings SourceError StepError TokenPolicy Transport TransportError
UndoRefusedError UnknownOutcomeError Upload User UserCreate Workflow __version__ bound
per_attempt per_call step
""".split()  # noqa: SIM905  (a list would take a line a name)


def test_the_public_names_are_pinned() -> None:
    """A public name comes or goes on purpose: here, and in the changelog."""
    assert alianza_async.__all__ == PUBLIC


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_name_loads(name: str) -> None:
    """Each name is found where the package says it lives."""
    assert getattr(alianza_async, name) is not None
    assert name in dir(alianza_async)


def test_a_name_there_is_not_is_an_attribute_error() -> None:
    """A misspelt name is told as Python itself would."""
    with pytest.raises(AttributeError, match="Sesion"):
        getattr(alianza_async, "Sesion")  # noqa: B009  (checkers would refuse the attribute)


def test_importing_the_package_loads_next_to_nothing() -> None:
    """Importing the package loads neither httpx nor pydantic nor any model: names come when touched."""
    script = (
        "import sys, alianza_async;"
        "heavy = ('httpx', 'pydantic', 'alianza_async.');"
        "print(*(name for name in sys.modules if name.startswith(heavy)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)  # noqa: S603  (our own)
    assert done.stdout.split() == []


def test_a_session_loads_a_resource_when_it_is_touched() -> None:
    """Making a session loads no resource; `session.accounts` loads accounts, and not users."""
    script = (
        "import sys; from alianza_async import Session;"
        "session = Session(auth_token='t', environment='beta');"
        "told = lambda: [n for n in ('accounts', 'users') if f'alianza_async.resources.{n}' in sys.modules];"
        "before = told(); session.accounts; print(before, told())"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)  # noqa: S603  (our own)
    assert done.stdout.strip() == "[] ['accounts']"
