"""What of an error may stand in a journal: no secret, no address, no word of the server's.

A server's messages quote what they were sent, so none is kept: the journal has an error's class, its HTTP
status, the names of its fields, and sentences written here.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from alianza_async.bulk.errors import BulkStoppedError
from alianza_async.bulk.input.seen import comparable
from alianza_async.calls.redaction import Redactor
from alianza_async.errors import (
    AlreadyExistsError,
    AnswerError,
    AuthenticationError,
    CallError,
    CallTimeoutError,
    ConfigurationError,
    ConflictError,
    ConnectionFailedError,
    ConnectionLostError,
    ConnectionProblem,
    DeadlineExceededError,
    IncompleteListError,
    InvalidInputError,
    JobFailedError,
    JournalError,
    OverloadedError,
    RateLimitError,
    ResponseShapeError,
    ResponseTooLargeError,
    ResultFileError,
    ServerError,
    SourceError,
    StepError,
    TransportError,
    UnknownOutcomeError,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from alianza_async.errors import AlianzaError, FieldError

__all__ = ["as_key", "safe_text"]

_LONGEST: Final = 500
_MOST_FIELDS: Final = 20
_FIELD: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.]{0,99}")
_QUOTED: Final = re.compile(r"""'[^']*'?|"[^"]*"?|`[^`]*`?""")
# What such a field holds is private: of its complaints only those are kept that cannot quote it.
_PRIVATE: Final = re.compile(
    r"(?i)pass|secret|token|credential|(?:^|[._])pin$|street|city|postal|zip|location|(?:^|[._])(?:unit|floor|apt|suite)"
    r"|(?<!mac)(?<!mac_)(?<!email)(?<!email_)(?<!ip_)address(?!_?id)"
)
_QUOTES_NOTHING: Final = re.compile(
    r"is missing; give [\w. ]+|field required|is a duplicate: row \d+ has the same"
    r"|input should be a valid [a-z]+|string should (?:have|match) [^'\"]*|extra inputs are not permitted"
    r"|(?:holds a control character|holds half a character) \(U\+[0-9A-F]+\).*"
    # What is said of an emergency address: it tells what to do, and nothing of what the address is.
    r"|there is no such place; correct it|is not a valid emergency address; correct it"
    r"|its postal_code does not belong to e911_state; correct one of them"
    r"|is not valid and cannot be kept; the server offers a correction"
    r"|the building needs it, so that help finds the door"
    r"|the server offers another place, not another spelling; write the right one, or accept it for this row "
    r"with e911_correction"
    r"|the server reads another unit than was written; give it in e911_unit, in ten characters"
    r"|is not the unit that e911_address ends with|is a second unit beside [a-z0-9_]+; leave one of them out"
    r"|is longer than \d+ characters, and the server would cut it; shorten it"
    r"|the server offers (?:a correction|\d+ corrections)(?: now that the number is on the account)?"
    r"; (?:say corrections=accept or keep(?: and resume)?|write the right one)"
)
# Sentences of ours with a figure or a plain name in them, whatever the class that carries them.
_OUR_SENTENCES: Final = (
    re.compile(r"\d+ objects have its key(?:; find out which one is right)?"),
    re.compile(
        r"(?:its service: )?its number (?:is not in service|rings without 911) yet: "
        r"(?:its activation|the registration of its emergency address) is still pending; "
        r"resume later to look again"
    ),
    re.compile(r"row \d+ met an unexpected \w+; please report it"),
    re.compile(
        r"(?:not sent: |it may have been done, and )?the job stopped before [a-z ]+(?:; resume [a-z ]+)?"
    ),
)
_STEP: Final = re.compile(r"its [a-z][a-z_-]{0,40}: ")
_FIXED: Final[tuple[tuple[type[AlianzaError], str], ...]] = (
    (AlreadyExistsError, "it exists already, equal in every field sent"),
    (ConnectionFailedError, "could not connect"),
    (ConnectionLostError, "the connection broke before the whole answer came"),
    (CallTimeoutError, "no whole answer in time"),
    (IncompleteListError, "a list could not be read whole"),
    (OverloadedError, "too many calls waited already; it was not sent"),
    (DeadlineExceededError, "its deadline passed before it was answered"),
    (TransportError, "there was no whole answer"),
    (ResponseTooLargeError, "the answer is larger than the cap"),
    (ResponseShapeError, "the answer cannot be read"),
    (ConfigurationError, "a setting is missing or wrong"),
    (SourceError, "the input cannot be read"),
    (ResultFileError, "the result file cannot be written"),
    (JournalError, "the journal cannot be used"),
    (BulkStoppedError, "the job stopped before its turn"),
)

_redact = Redactor()


def safe_text(error: AlianzaError | None) -> tuple[str | None, str | None]:
    """Return an error's class and what of it may be kept.

    Args:
        error: Why something did not end well, or None.

    Returns:
        The name of its class, and one sentence; None for the sentence where it could hold anything, and for
        both where there is no error.
    """
    if error is None:
        return None, None
    sentence = _sentence(error)
    return type(error).__name__, None if sentence is None else _redact(sentence)[:_LONGEST]


def as_key(key: str | None) -> str | None:
    r"""Return a natural key as a journal keeps and compares it.

    It is trimmed and NFC-normalised. Half characters, which no database takes, are written as `\udce9`; a row
    that has one is invalid anyway.
    """
    if key is None or key.isascii():
        return key if key is None else key.strip()
    return comparable(key).encode("utf-8", "backslashreplace").decode()


def _sentence(error: AlianzaError) -> str | None:
    text = error.message if isinstance(error, CallError) else str(error)
    if isinstance(error, StepError) or any(ours.fullmatch(text) for ours in _OUR_SENTENCES):
        return text
    step = _STEP.match(text)
    rest = _reason(error)
    return rest if step is None or rest is None else f"{step[0]}{rest}"


def _reason(error: AlianzaError) -> str | None:
    match error:
        case InvalidInputError(fields=fields):
            return "; ".join(map(_complaint, fields[:_MOST_FIELDS])) or "it cannot be sent"
        case UnknownOutcomeError():
            cause = error.__cause__
            why = _sentence(cause) if isinstance(cause, CallError) else None
            return f"it may have been carried out{f' ({why})' if why else ''}; look before it is sent again"
        case JobFailedError(errors=rows):
            return f"the server's job failed, with {len(rows)} complaints"
        case ConnectionFailedError(problem=problem) if problem is not ConnectionProblem.OTHER:
            return f"could not connect ({problem})"
        case ConflictError(differences=different) if different:
            return f"it exists already and differs in {_names(each.field for each in different)}"
        case _:
            pass
    fixed = next((text for kind, text in _FIXED if isinstance(error, kind)), None)
    return _answer(error) if fixed is None and isinstance(error, AnswerError) else fixed


def _answer(error: AnswerError) -> str:
    status = error.status or 0
    match error:
        case AuthenticationError(login_refused=True):
            return f"{status}: the login was refused"
        case ServerError():
            return f"{status}: the server failed"
        case RateLimitError():
            return f"{status}: the server asks for too long a wait"
        case _:
            pass
    named = _names(field.field for field in error.fields if field.field)
    return f"{status}: refused{f'; it complains of {named}' if named else ''}"


def _names(fields: Iterable[str]) -> str:
    """Return names of fields in one line; what is no name is left out."""
    names = dict.fromkeys(name if _FIELD.fullmatch(name) else "another field" for name in fields)
    return ", ".join(list(names)[:_MOST_FIELDS])


def _complaint(complaint: FieldError) -> str:
    """Return our reason against a field's value, without anything that could be the value."""
    name, reason = complaint.field, complaint.message
    if name and not _FIELD.fullmatch(name):
        return "a field whose name is not shown: is not accepted"
    if _PRIVATE.search(name) and not _QUOTES_NOTHING.fullmatch(reason):
        reason = "is not accepted"
    elif not reason.startswith("input should be "):  # what follows there is what would be accepted
        reason = _QUOTED.sub("...", reason)
    return f"{name}: {reason}" if name else reason
