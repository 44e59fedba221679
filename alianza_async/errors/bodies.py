"""Read what a server says in the body of an error.

The API has several shapes of error body, gateways in front of it have more, and a broken answer has none. All
are read by one walk: it looks under the names that hold messages, codes, ids and fields, wherever they are,
and takes no type for granted. Nothing here raises, whatever the bytes.
"""

from __future__ import annotations

import http
import json
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import TYPE_CHECKING, cast

from alianza_async.errors.facts import FieldError
from alianza_async.errors.fields import field_in, snake_case, sounds_wrong

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ErrorDetails", "FieldError", "body_text", "decode_error", "one_line"]

LONGEST_MESSAGE = 500
"""Characters of a message; what is cut off is marked by a final `…`."""

_MOST_ITEMS = 100  # messages and field errors kept of one body
_DEEPEST = 5  # levels of lists and objects looked into
_MOST_BYTES = 1 << 20  # a larger body is not parsed as JSON
_MOST_TEXT = 1 << 14  # characters of a text looked at
_MOST_PAGE = 1 << 12  # characters of a page looked at: the standard parser is quadratic on some
_LONGEST_CODE = 100
_LONGEST_NAME = 200

_REQUEST_ID_HEADERS = (
    "x-request-id",
    "x-correlation-id",
    "x-amzn-requestid",
    "x-amzn-trace-id",
    "x-b3-traceid",
    "cf-ray",
)

# The names of things in the bodies, lower-cased and without "_" and "-".
_MESSAGES = (
    "message",
    "messages",
    "errormessage",
    "errormessages",
    "errordescription",
    "description",
    "detail",
)
_ERRORS = ("errors", "schemaerrors", "fielderrors", "violations", "error", "fault")
_MORE = ("details", "data")
_LAST_RESORTS = ("title", "reason", "error")
_CODES = ("code", "errorcode")
_REQUEST_IDS = ("requestid", "traceid", "correlationid")
# In an item of a list of errors: the field it is about, and what is wrong with it.
_FIELDS = (
    "field",
    "fieldname",
    "path",
    "property",
    "propertyname",
    "param",
    "parameter",
    "pointer",
    "loc",
    "name",
)
_COMPLAINTS = ("message", "defaultmessage", "description", "detail", "errormessage", "reason", "msg", "error")
_PLACES = frozenset({"body", "query", "path", "header", "form"})

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_INVISIBLE = re.compile(
    r"[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)
_ID = re.compile(r"[\x21-\x7e]{1,128}")
_CHARSET = re.compile(
    r"charset=[\"']?(iso-8859-1|latin-?1|windows-1252|cp1252|utf-16(?:le|be)?)\b", re.IGNORECASE
)
# Messages in JSON that was cut off: what stands in quotes under one of these names.
_SALVAGED = re.compile(
    r'"(?:messages?|errors?|description|detail)"\s*+:\s*+(?:\[\s*+)?"((?:[^"\\]|\\.)*+)',
    re.IGNORECASE | re.DOTALL,
)

_SALVAGED_ID = re.compile(r'"(?:requestId|traceId)"\s*+:\s*+"([\x21\x23-\x7e]{1,128})"')


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
        What it says. The texts hold no control characters and no line ends; secrets in them are not masked
        yet. Never raises.
    """
    lowered = {name.lower(): value for name, value in headers.items()}
    content_type = lowered.get("content-type", "")
    text = body_text(body, content_type)
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
        message=one_line(message),
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
        """Keep a message and, where it is about a field, a complaint; what is known is not repeated."""
        message = one_line(text)
        if not message:
            return
        inside = field_in(message)
        our_name = snake_case(name) or inside
        known = any(our_name == error.field and message in error.message for error in self.field_errors)
        if our_name and not known and len(self.field_errors) < _MOST_ITEMS:
            self.field_errors.append(FieldError(our_name, message))
        if name and inside != our_name:
            message = one_line(f"{name.lstrip('$/#.')}: {message}")
        if message not in self.messages and not (name and known) and len(self.messages) < _MOST_ITEMS:
            self.messages.append(message)


def _phrase(status: int) -> str:
    """Answer the HTTP reason phrase of a status."""
    try:
        return http.HTTPStatus(status).phrase
    except ValueError:
        return f"HTTP status {status}"


def body_text(body: bytes, content_type: str) -> str:
    """Answer a body's text; what is not in its encoding is replaced."""
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        return body.decode("utf-16", "replace")
    charset = _CHARSET.search(content_type)
    return body.decode(charset[1] if charset else "utf-8-sig", "replace").removeprefix("\ufeff")


def one_line(text: str) -> str:
    """Answer a text in one line of at most 500 characters, without control and invisible characters."""
    line = " ".join(_INVISIBLE.sub("\ufffd", _CONTROL.sub(" ", text[:_MOST_TEXT])).split())
    return line if len(line) <= LONGEST_MESSAGE else f"{line[: LONGEST_MESSAGE - 1]}…"


def _identifier(value: object) -> str | None:
    """Answer a value that can be an id: printable ASCII without blanks, of a sane length."""
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    return text if isinstance(text, str) and _ID.fullmatch(text) else None


# --- JSON ---------------------------------------------------------------------------------------------------


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


def _read_value(
    value: object, findings: _Findings, depth: int, name: str = "", *, item: bool = False
) -> None:
    """Read a message, a list of them, or an object that holds them; `name` is the field they are about."""
    if isinstance(value, str):
        findings.say(value, name)
    elif depth and isinstance(value, list):
        for entry in cast("list[object]", value)[:_MOST_ITEMS]:
            _read_value(entry, findings, depth - 1, name, item=True)
    elif depth and isinstance(value, dict):
        values = {_plain(key): entry for key, entry in cast("dict[str, object]", value).items()}
        _read_ids(values, findings)
        if item or name:
            _read_item(values, findings, depth - 1, name)
        else:
            _read_object(values, findings, depth - 1)


def _plain(key: str) -> str:
    """Answer a key in the one spelling the tables above have."""
    return key[:_LONGEST_NAME].replace("_", "").replace("-", "").lower()


def _read_ids(values: Mapping[str, object], findings: _Findings) -> None:
    """Take the first code and the first request id there is."""
    if findings.code is None:
        findings.code = next((found for name in _CODES if (found := _code(values.get(name)))), None)
    if findings.request_id is None:
        found_ids = (_identifier(values.get(name)) for name in _REQUEST_IDS)
        findings.request_id = next((found for found in found_ids if found), None)


def _code(value: object) -> str | None:
    """Answer a code, a word or a number; None for what is no code or absurdly long."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    text = one_line(str(value))
    return text if 0 < len(text) <= _LONGEST_CODE else None


def _read_item(values: Mapping[str, object], findings: _Findings, depth: int, name: str) -> None:
    """Read one entry of a list of errors: what is wrong, and with which field."""
    about = name or next((path for key in _FIELDS if snake_case(path := _path(values.get(key)))), "")
    complaint = next((values[key] for key in _COMPLAINTS if values.get(key)), None)
    if complaint is None:
        complaint = findings.code if not findings.messages else None
    _read_value(complaint, findings, depth, about)


def _path(value: object) -> str:
    """Answer the path to a field, written as text or as a list of its parts; `""` for a URL's path."""
    if isinstance(value, list):
        parts = [part for part in cast("list[object]", value)[:_DEEPEST] if isinstance(part, str)]
        return ".".join(parts[1:] if parts[:1] and parts[0] in _PLACES else parts)
    return value if isinstance(value, str) and not re.match(r"/v[0-9]", value) else ""


def _read_object(values: Mapping[str, object], findings: _Findings, depth: int) -> None:
    """Read an object that is the whole of an error."""
    for key in _MESSAGES:
        _read_value(values.get(key), findings, depth)
    for key in _ERRORS:
        fields = _mapping(values.get(key))
        if fields is not None and not _is_error(fields):
            _read_fields(fields, findings, depth, sure=True)
        elif key != "error" or not isinstance(values.get(key), str):  # "error" is often a mere status or code
            _read_value(values.get(key), findings, depth)
    _read_more(values, findings, depth)
    if values.get("errordescription") and findings.code is None:
        findings.code = _code(values.get("error"))
    for key in _LAST_RESORTS:
        if not findings.messages:
            _read_value(values.get(key), findings, depth)


def _read_more(values: Mapping[str, object], findings: _Findings, depth: int) -> None:
    """Read what stands beside the messages: complaints about fields, and texts where nothing else is said."""
    for key in _MORE:
        fields = _mapping(values.get(key))
        if fields is not None:
            _read_fields(fields, findings, depth, sure=False)
        elif key == "details" or isinstance(values.get(key), list) or not findings.messages:
            _read_value(values.get(key), findings, depth)


def _mapping(value: object) -> dict[str, object] | None:
    """Answer a value as a JSON object, None where it is none."""
    return cast("dict[str, object]", value) if isinstance(value, dict) else None


def _is_error(value: dict[str, object]) -> bool:
    """Tell an error inside an error from a mapping of fields to complaints."""
    keys = {_plain(key) for key in value}
    return not keys.isdisjoint((*_MESSAGES, *_CODES))


def _read_fields(mapping: dict[str, object], findings: _Findings, depth: int, *, sure: bool) -> None:
    """Read a mapping of fields to complaints; where that is not sure, only what sounds like one."""
    for key, value in list(mapping.items())[:_MOST_ITEMS]:
        if not snake_case(key):
            continue
        entries = cast("list[object]", value)[:_MOST_ITEMS] if isinstance(value, list) else [value]
        for entry in entries:
            if not isinstance(entry, str) or sure or sounds_wrong(entry):
                _read_value(entry, findings, min(depth, 1), key)


# --- text, pages, and JSON that was cut off -----------------------------------------------------------------


def _read_text(text: str, content_type: str, findings: _Findings) -> None:
    """Read a body that is no JSON."""
    start = text[:_MOST_TEXT].strip()
    if start.count("\ufffd") * 4 > len(start):  # bytes of something else: nothing a person could read
        return
    if start.startswith("<") or "html" in content_type.lower():
        findings.say(_page_text(start[:_MOST_PAGE]))
    elif start.startswith(("{", "[")):
        _read_cut_json(start, findings)
    else:
        findings.say(start)


def _read_cut_json(text: str, findings: _Findings) -> None:
    """Read what can be found in JSON that does not end or is not quite JSON; all of it where nothing can."""
    for match in _SALVAGED.finditer(text):
        findings.say(_unescaped(match[1]))
    if not findings.messages:
        findings.say(text)
    found = _SALVAGED_ID.search(text)
    findings.request_id = found[1] if found else None


def _unescaped(text: str) -> str:
    """Answer the text of a JSON string; as written, where an escape in it is broken."""
    try:
        return str(json.loads(f'"{text}"', strict=False))
    except ValueError:
        return text


class _Page(HTMLParser):
    """Collects a page's title and its visible text."""

    def __init__(self) -> None:
        super().__init__()
        self.title: list[str] = []
        self.text: list[str] = []
        self._inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - the base's
        """Note where a title or something invisible begins."""
        if tag in ("title", "script", "style"):
            self._inside = tag

    def handle_endtag(self, tag: str) -> None:
        """Note where it ends."""
        if tag == self._inside:
            self._inside = ""

    def handle_data(self, data: str) -> None:
        """Keep what can be seen."""
        if self._inside == "title":
            self.title.append(data)
        elif not self._inside:
            self.text.append(data)


def _page_text(source: str) -> str:
    """Answer a page's title, or the text in it where it has none."""
    page = _Page()
    try:
        page.feed(source)
        page.close()
    except (AssertionError, ValueError):  # how the standard parser gives up on some broken declarations
        return re.sub(r"<[^>]*+>?", " ", source)
    title = "".join(page.title)
    return title if title.strip() else " ".join(page.text)
