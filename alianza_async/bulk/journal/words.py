"""A server's words about a row, without secrets and without the row's private values."""

from __future__ import annotations

import re
import unicodedata
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

from alianza_async.bulk.journal.texts import safe_text
from alianza_async.calls.own_words import keeping
from alianza_async.calls.redaction import MASK, Redactor
from alianza_async.errors import AnswerError, CallError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from alianza_async.errors import AlianzaError

__all__ = ["SafeError", "safe_error"]

_LONGEST: Final = 500
_LONGEST_READ: Final = 4000
_LONG_WORD: Final = 4
_CAUSES: Final = 5
_WORD: Final = re.compile(r"\w+")
_QUOTED: Final = re.compile(r"""'[^']*'?|"[^"]*"?|`[^`]*`?""")
# A server that complains of such a field quotes its value, perhaps spelled otherwise than in the row.
_ABOUT_PRIVATE: Final = re.compile(
    r"(?i)pass|secret|token|credential|\bpin\b|street|(?<!capa)city|postal|zip|location"
    r"|(?<!mac)(?<!mac.)(?<!email)(?<!email.)(?<!ip)(?<!ip.)address(?!.?id)"
)
_MASKS: Final = re.compile(rf"{re.escape(MASK)}(?:[\s,.;]*{re.escape(MASK)})+")
_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/+=@-]{0,127}")


class SafeError(NamedTuple):
    """What a journal keeps of an error.

    Attributes:
        error_class: Name of its class.
        error: Our own sentence.
        message: The server's words.
        server_request_id: The server's id of the request.
    """

    error_class: str | None = None
    error: str | None = None
    message: str | None = None
    server_request_id: str | None = None


_NO_ERROR: Final = SafeError()
_redact: Final = Redactor()


def safe_error(
    error: AlianzaError | None, private: tuple[str, ...] = (), keys: tuple[str | None, ...] = ()
) -> SafeError:
    """Return what may be kept of an error.

    Args:
        error: Why something did not succeed, or None.
        private: Values of the row that must not be on disk.
        keys: The natural keys of what it is about: they stay, also where a private value is the same.
    """
    if error is None:
        return _NO_ERROR
    answer, call = _answer(error)
    words = request_id = None
    if answer is not None:
        words = _safe_words("; ".join(answer.messages) or answer.message, private, keys)
    if call is not None and call.server_request_id and _REQUEST_ID.fullmatch(call.server_request_id):
        kept = _safe_words(call.server_request_id, private, ())
        request_id = None if MASK in kept else kept
    return SafeError(*safe_text(error), words, request_id)


def _answer(error: BaseException) -> tuple[AnswerError | None, CallError | None]:
    """Return the answer that an error comes from, and the call that has the server's id."""
    call: CallError | None = None
    cause: BaseException | None = error
    for _ in range(_CAUSES):
        if isinstance(cause, CallError) and (call is None or not call.server_request_id):
            call = cause
        if isinstance(cause, AnswerError):
            return cause, call
        if cause is None:
            break
        cause = cause.__cause__
    return None, call


def _safe_words(text: str, private: Iterable[str], keys: Iterable[str | None]) -> str:
    """Return a text in one line, without secrets and private values; keys and row numbers stay."""
    text = unicodedata.normalize("NFC", " ".join(text[:_LONGEST_READ].split()))
    values = [unicodedata.normalize("NFC", value).strip() for value in private]
    values = [value for value in values if value]
    known = [unicodedata.normalize("NFC", key).strip() for key in keys if key]
    folded = {key.casefold() for key in known}
    values = [value for value in values if value.casefold() not in folded]
    if values:
        text = keeping(text, known, partial(_without_private, values=values))
    text = _redact(text)
    if _ABOUT_PRIVATE.search(text):
        text = _QUOTED.sub(f"'{MASK}'", text)
    text = _MASKS.sub(MASK, text)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _without_private(text: str, values: Sequence[str]) -> str:
    """Return a text without values, in each spelling of JSON, URLs and HTML, and without their words."""
    return _without_words(_without(Redactor(values)(text), values), values)


def _without(text: str, values: Iterable[str]) -> str:
    """Return a text without values, however they are cased."""
    for value in sorted(values, key=len, reverse=True):
        # Short ones only where they stand alone: "5" is in many a word and number.
        edges = ("", "") if len(value) >= _LONG_WORD else (r"(?<!\w)", r"(?!\w)")
        text = re.sub(f"{edges[0]}{re.escape(value)}{edges[1]}", MASK, text, flags=re.IGNORECASE)
        if len(value) >= _LONG_WORD and value.casefold() in text.casefold():
            return MASK  # letters that case changes in number
    return text


def _without_words(text: str, values: Iterable[str]) -> str:
    """Return a text without the words of values: long ones anywhere, short ones beside another."""
    words = {word.casefold() for value in values for word in _WORD.findall(value)}
    found = list(_WORD.finditer(text))
    known = [match[0].casefold() in words for match in found]
    out: list[str] = []
    done = 0
    for place, match in enumerate(found):
        beside = any(known[max(place - 1, 0) : place] + known[place + 1 : place + 2])
        if known[place] and (beside or len(match[0]) >= _LONG_WORD):
            out += text[done : match.start()], MASK
            done = match.end()
    return _without("".join(out) + text[done:], [word for word in words if len(word) >= _LONG_WORD])
