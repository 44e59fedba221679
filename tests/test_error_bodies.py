from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, strategies as st

from alianza_async.errors import FieldError
from alianza_async.errors.bodies import LONGEST_MESSAGE, ErrorDetails, decode_error

if TYPE_CHECKING:
    from collections.abc import Mapping


def decode(body: object, status: int = 400, headers: Mapping[str, str] | None = None) -> ErrorDetails:
    """Decode a body: bytes as they are, anything else as JSON."""
    return decode_error(status, headers or {}, body if isinstance(body, bytes) else json.dumps(body).encode())


def test_the_usual_body() -> None:
    """`PublicApiException`: each message is kept, the field it begins with is found, `data` is read too."""
    body = {
        "status": 400,
        "messages": ["accountNumber must not be null", "Something else"],
        "data": {"timeZone": "is not supported", "accountId": "8f0a"},
    }
    assert decode(body) == ErrorDetails(
        message="accountNumber must not be null; Something else; timeZone: is not supported",
        messages=("accountNumber must not be null", "Something else", "timeZone: is not supported"),
        code=None,
        field_errors=(
            FieldError("account_number", "accountNumber must not be null"),
            FieldError("time_zone", "is not supported"),
        ),
        request_id=None,
    )


def test_the_bulk_operation_body() -> None:
    """`BulkOperationErrorResponse`: message, errors and schema errors are all told, with their fields."""
    body = {
        "status": 400,
        "message": "Invalid collection",
        "errors": ["transformObjectsFile must not be null", "jobTypeId should be valid"],
        "schemaErrors": [{"index": 2, "path": "$.accountNumber", "description": "string is too short"}],
    }
    details = decode(body)
    assert details.messages == (
        "Invalid collection",
        "transformObjectsFile must not be null",
        "jobTypeId should be valid",
        "accountNumber: string is too short",
    )
    assert details.field_errors == (
        FieldError("transform_objects_file", "transformObjectsFile must not be null"),
        FieldError("job_type_id", "jobTypeId should be valid"),
        FieldError("account_number", "string is too short"),
    )


@pytest.mark.parametrize(
    ("body", "message", "code", "request_id"),
    [
        (
            {"errorCode": "LINE_BUSY", "message": "Line is busy", "traceId": "t-1"},
            "Line is busy",
            "LINE_BUSY",
            "t-1",
        ),
        ({"errorCode": "LINE_BUSY"}, "Bad Request (LINE_BUSY)", "LINE_BUSY", None),
        (
            {"code": "BRAND_TAKEN", "description": "The brand is taken"},
            "The brand is taken",
            "BRAND_TAKEN",
            None,
        ),
        (
            {"code": "INVALID_STATE", "message": "State failed", "details": {"maxSessionAge": "15 minutes"}},
            "State failed",
            "INVALID_STATE",
            None,
        ),
        ({"errors": ["path param x is wrong"]}, "path param x is wrong", None, None),
        ({"code": 404, "message": "No such thing"}, "No such thing", "404", None),
        (
            {
                "errorCode": "E1",
                "message": "Refused",
                "details": "as told",
                "requestId": "r-9",
                "path": "/v2/partition/p/account",
                "timestamp": "2026-01-01T00:00:00Z",
            },
            "Refused; as told",
            "E1",
            "r-9",
        ),
        ("Just a text", "Just a text", None, None),
        (["One", "Two"], "One; Two", None, None),
        ([{"message": "One", "code": "A"}, {"message": "Two", "code": "B"}], "One; Two", "A", None),
        ({"message": "Forbidden"}, "Forbidden", None, None),
        ({"Message": "Forbidden"}, "Forbidden", None, None),
        ({"error": {"code": "X", "message": "Inner", "requestId": "r"}}, "Inner", "X", "r"),
        ({"error": "invalid_grant", "error_description": "Expired"}, "Expired", "invalid_grant", None),
        (
            {"status": 404, "error": "Not Found", "message": "No account", "path": "/v2/x"},
            "No account",
            None,
            None,
        ),
        ({"error": "Not Found"}, "Not Found", None, None),
        ({"title": "Out of credit", "detail": "Balance is 30"}, "Balance is 30", None, None),
        ({"title": "Out of credit"}, "Out of credit", None, None),
        ({"data": "said here only"}, "said here only", None, None),
        ({"messages": ["Said"], "data": "and not twice"}, "Said", None, None),
        ({"messages": ["Same", "Same"], "message": "Same"}, "Same", None, None),
        ([{"code": "ONLY_A_CODE"}], "ONLY_A_CODE", "ONLY_A_CODE", None),
    ],
)
def test_other_shapes(body: object, message: str, code: str | None, request_id: str | None) -> None:
    """Each other shape of error body gives its message, its code and its request id."""
    details = decode(body)
    assert (details.message, details.code, details.request_id) == (message, code, request_id)
    assert details.field_errors == ()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"messages": ["accountNumber: size must be between 3 and 256"]}, "account_number"),
        ({"errors": ["path param emailAddress must be a well-formed email address"]}, "email_address"),
        ({"data": {"accountNumber": "already in use"}}, "account_number"),
        ({"data": {"accountNumber": ["already in use"]}}, "account_number"),
        ({"data": {"accountNumber": {"message": "already in use"}}}, "account_number"),
        ({"errors": {"accountNumber": ["taken"]}}, "account_number"),
        ({"errors": [{"field": "accountNumber", "defaultMessage": "taken"}]}, "account_number"),
        ({"schemaErrors": [{"path": "/accountNumber", "description": "too short"}]}, "account_number"),
        ({"schemaErrors": [{"path": "[0].accountNumber", "description": "too short"}]}, "account_number"),
        ({"detail": [{"loc": ["body", "accountNumber"], "msg": "field required"}]}, "account_number"),
        ({"detail": [{"loc": ["accountNumber"], "msg": "field required"}]}, "account_number"),
        ({"errors": [{"path": "$", "message": "accountNumber must not be null"}]}, "account_number"),
    ],
)
def test_the_field_of_a_complaint(body: object, field: str) -> None:
    """Wherever a body names the field, the complaint carries our name of it."""
    assert [error.field for error in decode(body).field_errors] == [field]


def test_a_complaint_told_twice_is_kept_once() -> None:
    """A message and an entry of `data` that say the same give one message and one field error."""
    details = decode(
        {"messages": ["accountNumber already in use"], "data": {"accountNumber": "already in use"}}
    )
    assert details.messages == ("accountNumber already in use",)
    assert details.field_errors == (FieldError("account_number", "accountNumber already in use"),)


def test_the_path_of_a_url_is_no_field() -> None:
    """`path` may be that of the request: it is then not taken for a field."""
    assert decode({"errors": [{"path": "/v2/partition/p", "message": "Nope"}]}).field_errors == ()


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "Bad Gateway"),
        (b"  \r\n ", "Bad Gateway"),
        (b"null", "Bad Gateway"),
        (b"17", "Bad Gateway"),
        (b"NaN", "Bad Gateway"),
        (b"{}", "Bad Gateway"),
        (b"[]", "Bad Gateway"),
        (b'""', "Bad Gateway"),
        (b'{"messages": null}', "Bad Gateway"),
        (b'{"messages": 7, "message": true, "code": false, "errors": 1.5}', "Bad Gateway"),
        (b'{"messages": [null, 1, [], {}]}', "Bad Gateway"),
        (b'{"messages": {"a": {"b": {"c": "d"}}}}', "Bad Gateway"),
        (b'{"messages": [["nested"]]}', "nested"),
        (b'{"message": {"message": "inner"}}', "inner"),
        (b"upstream\n  connect\terror", "upstream connect error"),
        (b'\xef\xbb\xbf{"message": "with a mark"}', "with a mark"),
        ('{"message": "wide"}'.encode("utf-16"), "wide"),
        (b"caf\xe9 closed", "caf\ufffd closed"),
        (b'{"message": "caf\xe9"}', "caf\ufffd"),
        (b'{"message": "a\\u0000b\\u001b[31mc\\u202ed\\ud800e"}', "a b [31mc\ufffdd\ufffde"),
        (b'{"message": "a\\u061cb\\u00adc"}', "a\ufffdb\ufffdc"),
        (bytes(range(128, 256)), "Bad Gateway"),
        (b'{"status": 502, "messages": ["accountNumber is ba', "accountNumber is ba"),
        (b'{"message": "broken \\u12', "broken \\u12"),
        (b"{'message': 'python'}", "{'message': 'python'}"),
        (b'[{"message": "one"}, {"message": "t\\u0077o"}', "one; two"),
        (b"<html><head><title>502 Bad\n Gateway</title></head><body>x</body></html>", "502 Bad Gateway"),
        (b"<!doctype html><title> </title><script>no()</script><p>It&nbsp;is <b>down</b></p>", "It is down"),
        (b"<error><message>from XML</message></error>", "from XML"),
        (b"<![broken[ <b>text</b>", "text"),
        (b"<title>cut", "cut"),
    ],
)  # fmt: skip
def test_broken_and_foreign_bodies(body: bytes, message: str) -> None:
    """Text, pages, nothing, wrong types and cut-off JSON still give one readable line."""
    assert decode(body, status=502).message == message


def test_a_page_is_known_by_its_content_type() -> None:
    """A body that its header calls HTML is read as such though it begins with text."""
    details = decode(b"Oops <b>down</b>", 503, {"Content-Type": "text/html; charset=utf-8"})
    assert details.message == "Oops down"


def test_the_declared_encoding_is_used() -> None:
    """A body in an old encoding that its header names is read in it."""
    headers = {"content-type": 'text/plain; charset="ISO-8859-1"'}
    assert decode("café".encode("latin-1"), 500, headers).message == "café"


def test_an_unknown_status_has_a_number() -> None:
    """A status without a reason phrase is told by its number."""
    assert decode(b"", 599).message == "HTTP status 599"


def test_the_request_id_in_cut_off_json() -> None:
    """A request id is found in JSON that does not end."""
    assert decode(b'{"requestId": "r-7", "message": "x').request_id == "r-7"


@pytest.mark.parametrize(
    ("headers", "request_id"),
    [
        ({"x-request-id": "a"}, "a"),
        ({"X-Request-ID": "a"}, "a"),
        ({"x-correlation-id": "b"}, "b"),
        ({"x-amzn-requestid": "c"}, "c"),
        ({"x-amzn-trace-id": "Root=1-67-ab"}, "Root=1-67-ab"),
        ({"x-b3-traceid": "d"}, "d"),
        ({"cf-ray": "e-AMS"}, "e-AMS"),
        ({"cf-ray": "e", "x-request-id": "a"}, "a"),
        ({"x-request-id": "has blanks", "cf-ray": "e"}, "e"),
        ({"x-request-id": "x" * 129}, None),
        ({"x-request-id": ""}, None),
        ({}, None),
    ],
)
def test_the_request_id_in_the_headers(headers: dict[str, str], request_id: str | None) -> None:
    """The first header that carries a sane id gives the server's request id."""
    assert decode({"message": "x"}, headers=headers).request_id == request_id


def test_the_request_id_in_the_body_comes_first() -> None:
    """What the body says of its own request goes before a header that a gateway may have set."""
    body = {"message": "x", "requestId": "from-body"}
    assert decode(body, headers={"x-request-id": "from-header"}).request_id == "from-body"


@pytest.mark.parametrize(
    ("value", "expected"), [(12, "12"), (True, None), ([], None), ("a\nb", None), ("z" * 500, None)]
)
def test_odd_request_ids(value: object, expected: str | None) -> None:
    """An id that cannot be one is left out, a number is taken."""
    assert decode({"message": "x", "traceId": value}).request_id == expected


@pytest.mark.parametrize(
    ("value", "expected"), [("", None), ("z" * 500, None), (["A"], None), (-3, "-3"), ("A B", "A B")]
)
def test_odd_codes(value: object, expected: str | None) -> None:
    """A code that is none, or absurdly long, is left out."""
    assert decode({"message": "x", "code": value}).code == expected


def test_a_message_is_cut() -> None:
    """Neither one long message nor many of them make a line over the limit; the cut is marked."""
    for body in (
        {"message": "x" * 5000},
        {"messages": ["y" * 90] * 3 + [f"message {n}" for n in range(500)]},
    ):
        details = decode(body)
        assert len(details.message) == LONGEST_MESSAGE
        assert details.message.endswith("…")
        assert len(details.messages) <= 100


def test_a_flood_of_fields_is_cut() -> None:
    """A body with thousands of complaints leaves at most a hundred of each kind."""
    details = decode({"errors": {f"fieldNumber{n}": "is wrong" for n in range(5000)}})
    assert (len(details.messages), len(details.field_errors)) == (100, 100)


def test_keys_that_are_no_names_are_passed_over() -> None:
    """An entry under a key that cannot be a field is no field error."""
    assert decode({"messages": ["No"], "errors": {"Not a name!": "is wrong"}}).field_errors == ()


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 1_000_000,
        b'{"a":' * 200_000,
        b'{"message":' * 90_000 + b"1" + b"}" * 90_000,
        b"[" * 900 + b'"deep"' + b"]" * 900,
        b'"' + b"x" * 2_000_000 + b'"',
        b"<" * 500_000,
        b"<!" * 500_000,
        b"<a " * 300_000,
        b"&" * 1_000_000,
        b'"message"' * 100_000,
        b"{" + b'"message":"' * 100_000,
        b"1" * 1_000_000,
        b"path " * 200_000,
        b'{"message": "' + b"path " * 100_000 + b'"}',
        json.dumps([["x"] * 100] * 2000).encode(),
        json.dumps({"errors": [{"loc": ["body"] * 50, "msg": "m"}] * 5000}).encode(),
    ],
    ids=lambda body: f"{bytes(body[:12])!r}x{len(body)}",
)
def test_hostile_bodies_are_read_quickly(body: bytes) -> None:
    """Deep nesting and floods neither crash nor take longer than reading the bytes once or twice."""
    started = time.process_time()
    details = decode(body)
    assert time.process_time() - started < 2.0
    assert 0 < len(details.message) <= LONGEST_MESSAGE


@given(st.integers(100, 999), st.binary(max_size=300), st.sampled_from(["", "text/html", "application/json"]))
def test_any_bytes_give_a_line(status: int, body: bytes, content_type: str) -> None:
    """Whatever the bytes, the answer is a line of 1 to 500 characters without control characters."""
    details = decode_error(status, {"content-type": content_type}, body)
    assert 0 < len(details.message) <= LONGEST_MESSAGE
    assert not any(character < " " or character == "\x7f" for character in details.message)


NAMES = [
    "messages",
    "message",
    "errors",
    "schemaErrors",
    "data",
    "details",
    "error",
    "code",
    "path",
    "accountNumber",
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(NAMES) | st.text(), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(JSON)
def test_any_json_gives_a_line(value: object) -> None:
    """Whatever types stand where, the answer is a line that can be encoded, and named field errors."""
    details = decode(value)
    assert 0 < len(details.message.encode()) <= LONGEST_MESSAGE * 4
    assert all(error.field and error.message for error in details.field_errors)
