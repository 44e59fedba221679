"""Read what a server says in the body of an error.

The API has several shapes of error body, gateways in front of it have more, and a broken answer has none. All are
read by one walk: it looks under the names that hold messages, codes, ids and fields, wherever it finds them, and
takes no type for granted. Nothing here raises, whatever the bytes.
"""

from __future__ import annotations

import http
import json
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import TYPE_CHECKING, cast

from alianza_async.errors import FieldError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["ErrorDetails", "FieldError", "decode_error"]

LONGEST_MESSAGE = 500
"""Characters of a message; what is cut off is marked by a final `…`."""

_MOST_ITEMS = 100  # messages and field errors kept of one body
_DEEPEST = 5  # levels of lists and objects looked into
_MOST_BYTES = 1 << 20  # a larger body is not parsed as JSON
_MOST_TEXT = 1 << 14  # characters of a text or a page looked at
_LONGEST_CODE = 100

_REQUEST_ID_HEADERS = (
    "x-request-id",
    "x-correlation-id",
    "x-amzn-requestid",
    "x-amzn-trace-id",
    "x-b3-traceid",
    "cf-ray",
)

# The names of things in the bodies, lower-cased and without "_" and "-".
_MESSAGES = ("message", "messages", "errormessage", "errormessages", "errordescription", "description", "detail")
_LISTS = ("errors", "schemaerrors", "fielderrors", "violations", "error", "fault")
_LAST_RESORTS = ("title", "reason", "details", "data")
_CODES = ("code", "errorcode")
_REQUEST_IDS = ("requestid", "traceid", "correlationid")
_FIELDS = ("field", "fieldname", "path", "property", "propertyname", "param", "parameter", "name", "pointer", "loc")
_COMPLAINTS = ("message", "defaultmessage", "description", "detail", "errormessage", "reason", "msg", "error")

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_INVISIBLE = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")
_ID = re.compile(r"[\x21-\x7e]{1,128}")
_CHARSET = re.compile(r"charset=[\"']?(iso-8859-1|latin-?1|windows-1252|cp1252|utf-16(?:le|be)?)\b", re.IGNORECASE)
# Messages in JSON that was cut off: what stands in quotes under one of these names.
_SALVAGED = re.compile(
    r'"(?:messages?|errors?|description|detail)"\s*+:\s*+(?:\[\s*+)?"((?:[^"\\]|\\.)*+)', re.IGNORECASE | re.DOTALL
)

# How a message begins that names a field: "path param emailAddress must ...", "accountNumber: size ...".
_LEADING = re.compile(
    r"(?:(?:path|query|header|body|form|request|required|missing|invalid|unknown|unrecognized|duplicate|the|value"
    r"|for|field|param|parameter|property|attribute)\s+)*"
    r"(?P<quote>[\"'`]?)(?P<name>[a-z][\w.\[\]]*)(?P=quote)(?P<rest>.*)",
    re.IGNORECASE | re.DOTALL | re.ASCII,
)
_INNER_CAPITAL = re.compile(r"(?:^|\.)[a-z][a-z0-9]+[A-Z]")
_SNAKE_CASE = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)+")
_FOLLOWED = re.compile(
    r"\s*:(?:\s|$)|\s+(?:must|may not|should|can ?not|has to|needs to|size must"
    r"|(?:is|are)\s+(?:not|required|invalid|missing|mandatory|already|too|empty|blank|null|unknown|unsupported)"
    r"|(?:has )?already|exceeds|does not)\b"
)
# Lower-case words that begin a sentence without being a field of the API.
_NO_FIELD = frozenset(
    "account all an any at attribute body cause data detail details device duplicate each either error errors exception"
    " failed failure field fields for form header http https info input invalid it item json line message messages"
    " missing no note object one param parameter partition path property query reason request required response row"
    " server service that the there they this token unknown unrecognized user users value values warning we you"
    " your".split()
)
_COMPLAINT = re.compile(
    r"\b(?:must|may not|should|can ?not|required|invalid|missing|mandatory|already|in use|not|too|taken|duplicate|exceeds"
    r"|unknown|unsupported|empty|blank|null|malformed|expected|at least|at most|exists?)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class ErrorDetails:
    """What an error's body says, in one form whatever its shape was.

    Attributes:
        message: All messages in one line, at most 500 characters; the HTTP reason phrase where there is none.
        messages: The server's messages, one each, cleaned and cut likewise; empty where it gave none.
        code: The server's own error code, not the HTTP status.
        field_errors: What is wrong with which field, under our names of the fields.
        request_id: The server's id of the request, from the body or else from the headers.
    """

    message: str
    messages: tuple[str, ...]
    code: str | None
    field_errors: tuple[FieldError, ...]
    request_id: str | None


def decode_error(status: int, headers: Mapping[str, str], body: bytes) -> ErrorDetails:
    """Read an error's body.

    Args:
        status: The HTTP status.
        headers: The reply's headers; their names in any case.
        body: The decoded body: JSON of any shape, text, HTML, cut off, not UTF-8, or empty.

    Returns:
        What it says. The texts hold no control characters and no line ends; secrets in them are not masked yet.
        Never raises.
    """
    lowered = {name.lower(): value for name, value in headers.items()}
    content_type = lowered.get("content-type", "")
    text = _text(body, content_type)
    findings = _Findings(_phrase(status))
    if not _read_json(text, findings):
        _read_text(text, content_type, findings)
    request_id = findings.request_id or next(
        (found for name in _REQUEST_ID_HEADERS if (found := _identifier(lowered.get(name)))), None
    )
    messages = tuple(findings.messages)
    message = "; ".join(messages)
    if not message:
        message = f"{findings.phrase} ({findings.code})" if findings.code else findings.phrase
    return ErrorDetails(
        message=_clean(message),
        messages=messages,
        code=findings.code,
        field_errors=tuple(findings.field_errors),
        request_id=request_id,
    )


@dataclass(slots=True)
class _Findings:
    """What the walk through a body has found so far."""

    phrase: str
    messages: list[str] = field(default_factory=list[str])
    field_errors: list[FieldError] = field(default_factory=list[FieldError])
    code: str | None = None
    request_id: str | None = None

    def say(self, text: str, name: str = "") -> None:
        """Keep a message, and its complaint about a field where it is about one; the first of equals counts."""
        message = _clean(text)
        if not message:
            return
        our_name = snake_case(name) or _field_in(message)
        error = FieldError(our_name, message)
        if our_name and error not in self.field_errors and len(self.field_errors) < _MOST_ITEMS:
            self.field_errors.append(error)
        told = f"{name}: {message}" if name and _field_in(message) != our_name else message
        told = _clean(told)
        if told not in self.messages and len(self.messages) < _MOST_ITEMS:
            self.messages.append(told)


def snake_case(path: str) -> str:
    """Answer our name of a field from its wire name or from a path to it; `""` where there is none.

    `accountNumber`, `$.accountNumber`, `/accountNumber` and `[0].accountNumber` are all `account_number`; deeper
    paths keep their dots, without the places in lists.
    """
    words = [word for word in re.split(r"[.$/\[\]'\"#\s]+", path[:_MOST_ITEMS]) if word and not word.isdigit()]
    joined = ".".join(words)
    if not re.fullmatch(r"[A-Za-z_][\w.-]*", joined, re.ASCII):
        return ""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", joined).lower()


def _field_in(message: str) -> str:
    """Answer our name of the field a message begins with, `""` where it begins with plain words."""
    match = _LEADING.match(message)
    if match is None:
        return ""
    name, rest = match["name"].rstrip("."), match["rest"]
    if not name[:1].islower() or name in _NO_FIELD:
        return ""
    if _INNER_CAPITAL.search(name) or _SNAKE_CASE.fullmatch(name) or match["quote"] or _FOLLOWED.match(rest):
        return snake_case(name)
    return ""


def _phrase(status: int) -> str:
    """Answer the HTTP reason phrase of a status."""
    try:
        return http.HTTPStatus(status).phrase
    except ValueError:
        return f"HTTP status {status}"


def _text(body: bytes, content_type: str) -> str:
    """Answer a body's text; what is not in its encoding is replaced."""
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        return body.decode("utf-16", "replace")
    charset = _CHARSET.search(content_type)
    return body.decode(charset[1] if charset else "utf-8-sig", "replace").removeprefix("\ufeff")


def _clean(text: str) -> str:
    """Answer a text in one line of at most 500 characters, without control and invisible characters."""
    line = " ".join(_INVISIBLE.sub("\ufffd", _CONTROL.sub(" ", text[:_MOST_TEXT])).split())
    return line if len(line) <= LONGEST_MESSAGE else f"{line[: LONGEST_MESSAGE - 1]}…"


def _identifier(value: object) -> str | None:
    """Answer a value that can be an id: printable ASCII without blanks, of a sane length."""
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    return text if isinstance(text, str) and _ID.fullmatch(text) else None


# --- JSON ------------------------------------------------------------------------------------------------------


def _read_json(text: str, findings: _Findings) -> bool:
    """Read a body as JSON; False where it is none."""
    if len(text) > _MOST_BYTES:
        return False
    try:
        value = cast("object", json.loads(text))
    except (ValueError, RecursionError):
        return False
    _read_value(value, findings, _DEEPEST)
    return True


def _read_value(value: object, findings: _Findings, depth: int, name: str = "") -> None:
    """Read a message, a list of them, or an object that holds them; `name` is the field they are about."""
    if isinstance(value, str):
        findings.say(value, name)
    elif depth and isinstance(value, list):
        for item in cast("list[object]", value)[:_MOST_ITEMS]:
            _read_value(item, findings, depth - 1, name)
    elif depth and isinstance(value, dict):
        _read_object(cast("dict[str, object]", value), findings, depth - 1)


def _read_object(wire: dict[str, object], findings: _Findings, depth: int) -> None:
    values = {re.sub(r"[_-]", "", key[:_MOST_ITEMS]).lower(): value for key, value in wire.items()}
    named = {name: values[name] for name in _FIELDS if isinstance(values.get(name), str | list)}
    about = next((_path(value) for value in named.values()), "")
    findings.request_id = findings.request_id or next(
        (found for name in _REQUEST_IDS if (found := _identifier(values.get(name)))), None
    )
    findings.code = findings.code or next((found for name in _CODES if (found := _code(values.get(name)))), None)
