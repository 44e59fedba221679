from __future__ import annotations

import html
import json
import time
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, strategies as st

from alianza_async.calls.redaction import MASK, Redactor

SECRET = 'p@ss w"ör/d\\+1'


@pytest.mark.parametrize(
    "spelling",
    [
        SECRET,
        quote(SECRET, safe=""),
        quote(SECRET),
        quote(SECRET, safe="").lower(),
        quote_plus(SECRET),
        json.dumps(SECRET)[1:-1],
        json.dumps(SECRET, ensure_ascii=False)[1:-1],
        json.dumps(SECRET)[1:-1].replace("/", "\\/"),
        json.dumps(json.dumps(SECRET)[1:-1])[1:-1],
        repr(SECRET)[1:-1],
        html.escape(SECRET),
    ],
)
def test_a_known_secret_goes_in_each_spelling(spelling: str) -> None:
    """A secret we know is masked as it stands and as URLs, JSON, Python's repr and HTML write it."""
    assert Redactor([SECRET])(f"before {spelling} after {spelling}.") == f"before {MASK} after {MASK}."


def test_the_longest_secret_goes_first() -> None:
    """A secret that begins with another leaves no rest behind."""
    assert Redactor(["abcd", "abcdefgh"])("x abcdefgh y abcd z") == "x *** y *** z"


@pytest.mark.parametrize("short", ["", "a", "abc", "   ", " ab  "])
def test_a_short_secret_is_not_searched_for(short: str) -> None:
    """Fewer than four characters would blank out ordinary words, so they are left."""
    redact = Redactor([short])
    redact.add(short)
    assert redact("a abc ab is ordinary   text") == "a abc ab is ordinary   text"


def test_surrounding_blanks_do_not_hide_a_secret() -> None:
    """A secret given with a line end, as from a file, is found without it."""
    assert Redactor(["opensesame\n"])("say opensesame now") == "say *** now"


def test_the_last_sixteen_added_are_remembered() -> None:
    """Rotating tokens do not pile up: the 17th added pushes out the first; the first ones given stay."""
    redact = Redactor(["constructor-secret"])
    for number in range(17):
        redact.add(f"tok-{number:02}-value")
    assert redact("tok-00-value") == "tok-00-value"
    assert redact("tok-01-value tok-16-value constructor-secret") == "*** *** ***"


def test_a_secret_added_to_keep_is_never_forgotten() -> None:
    """A password added after the start outlives any number of tokens."""
    redact = Redactor()
    redact.add("the-password", keep=True)
    for number in range(40):
        redact.add(f"tok-{number:02}-value")
    assert redact("the-password tok-00-value tok-39-value") == "*** tok-00-value ***"


def test_adding_again_keeps_a_secret_young() -> None:
    """A token added once more counts as new, and is stored once."""
    redact = Redactor()
    redact.add("tok-first")
    for number in range(15):
        redact.add(f"tok-{number:02}-value")
    redact.add("tok-first")
    redact.add("tok-last-value")
    assert redact("tok-first tok-00-value") == "*** tok-00-value"


def test_a_secret_given_at_the_start_is_not_added_twice() -> None:
    """Adding what is known for good changes nothing."""
    redact = Redactor(["constructor-secret"])
    redact.add("constructor-secret")
    assert repr(redact) == "Redactor(<1 secrets>)"


def test_its_repr_shows_no_secret() -> None:
    """Printing the redactor tells how many secrets it knows, and none of them."""
    redact = Redactor([SECRET])
    redact.add("token-value")
    assert repr(redact) == "Redactor(<2 secrets>)"


@pytest.mark.parametrize("kept", [4, 9, 18])
def test_a_secret_cut_by_shortening_goes(kept: int) -> None:
    """A message shortened within a secret does not show the secret's first part."""
    token = "Zx81kQ0p5Tm2Vn7Wb3c"
    assert Redactor([token])(f"bad login {token[:kept]}…") == "bad login ***…"


def test_the_longest_part_of_a_cut_secret_goes() -> None:
    """Of two secrets with the same start, the longer part is taken whole."""
    assert Redactor(["abcdXXXX9999", "abcdefghijkl"])("see abcdefgh…") == "see ***…"


def test_shortened_text_without_a_secret_stays() -> None:
    """The mark of shortening alone changes nothing."""
    assert Redactor(["secret-value"])("all is well…") == "all is well…"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"authToken":"abc.def"}', '{"authToken":"***"}'),
        ('{"authToken" : "a\\"b", "x": 1}', '{"authToken" : "***", "x": 1}'),
        ('{"authToken":"cut off', '{"authToken":"***'),
        ('{"sipPassword": "x", "username": "bob"}', '{"sipPassword": "***", "username": "bob"}'),
        ('{"pwdHash":"5f4d"}', '{"pwdHash":"***"}'),
        ('{"password":12345,"status":400}', '{"password":***,"status":400}'),
        ('{"password":["a","b"],"status":400}', '{"password":***,"status":400}'),
        ('{"password":{"a":"}","b":["c"]},"status":400}', '{"password":***,"status":400}'),
        ('{"password":["a","b', '{"password":***'),
        ('{"wirelessPin":"1234","pin":4321}', '{"wirelessPin":"***","pin":***}'),
        ('{"apiKey":"k","apiSecret":"s"}', '{"apiKey":"***","apiSecret":"***"}'),
        ('{"adminPassword":"p"}', '{"adminPassword":"***"}'),
        ('"{\\"password\\": \\"hunter2\\", \\"a\\": 1}"', '"{\\"password\\": \\"***\\", \\"a\\": 1}"'),
        ('"{\\"password\\": \\"hunter2', '"{\\"password\\": \\"***'),
        ("{'password': 'it\\'s', 'a': 1}", "{'password': '***', 'a': 1}"),
        ("{'password': Secret('hunter2'), 'a': 1}", "{'password': ***, 'a': 1}"),
        ("Login(username='bob', password=Secret('hunter2'))", "Login(username='bob', password=***)"),
        ("password=hunter2&user=bob", "password=***&user=bob"),
        ("grant?access_token=abc&x=1", "grant?access_token=***&x=1"),
        ("password = hunter2 now", "password = *** now"),
        ("new_password: hunter2", "new_password: ***"),
        ('password="hun ter2" x', 'password="***" x'),
        ("X-AUTH-TOKEN: abc-123\r\nAccept: */*", "X-AUTH-TOKEN: ***\r\nAccept: */*"),
        ("x-auth-token: abc-123", "x-auth-token: ***"),
        ("Authorization: Bearer abc.def\nHost: x", "Authorization: ***\nHost: x"),
        ('Authorization: Digest username="b", response="c"\nHost: x', "Authorization: ***\nHost: x"),
        ("Set-Cookie: a=b; c=d\nHost: x", "Set-Cookie: ***\nHost: x"),
        ("(b'x-auth-token', b'abc')", "(b'x-auth-token', b'***')"),
        ("[('Authorization', 'Bearer abc')]", "[('Authorization', '***')]"),
        ("got Bearer abcdef123456 there", "got Bearer *** there"),
        ("got Basic dXNlcjpwYXNz0= there", "got Basic *** there"),
        ("see eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln end", "see *** end"),
        ("https://bob:hunter2@host/x?y", "https://***@host/x?y"),
        ("http://bob:p@ss@127.0.0.1:8080/", "http://***@127.0.0.1:8080/"),
        ("<password>hunter2</password>", "<password>***</password>"),
    ],
)  # fmt: skip
def test_what_stands_under_a_sensitive_name_goes(text: str, expected: str) -> None:
    """A value under a name such as `password` is masked though nobody told us the secret."""
    assert Redactor()(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "accountNumber: ACME-1 must not be null",
        '{"mustChangePassword": true, "resetAuthToken": false, "password": null}',
        '{"pinLockedOut": true, "mapping": "x", "shipping": "y"}',
        "password must not be blank",
        "the token, as it stands, is fine",
        "authorization, please",
        "Basic authentication is off; Bearer authentication is on",
        "https://api.b2.alianza.com/v2/authorize?x=a@b.example",
        "write to bob@example.com at 12:30",
        "username=bob&accountName=Acme",
        "password=",
        "password:",
        '{"password":',
    ],
)
def test_ordinary_text_stays(text: str) -> None:
    """What holds no secret is left as it is, also where it speaks of one."""
    assert Redactor(["never-there"])(text) == text


@given(st.text(min_size=1, max_size=40), st.booleans())
def test_any_value_under_a_sensitive_name_goes(value: str, ascii_only: bool) -> None:
    """Whatever characters a password has, JSON around it keeps its shape and the password is gone."""
    text = json.dumps({"user": "bob", "password": value, "status": 400}, ensure_ascii=ascii_only)
    assert Redactor()(text) == '{"user": "bob", "password": "***", "status": 400}'


@given(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=4, max_size=30).filter(
        lambda s: len(s.strip()) > 3
    ),
    st.text(max_size=50),
    st.text(max_size=50),
)
def test_a_known_secret_never_survives(secret: str, before: str, after: str) -> None:
    """Wherever it is, a known secret is not in the redacted text, unless the mask itself spells it."""
    redacted = Redactor([secret])(f"{before} {secret} {after}")
    assert secret not in redacted.replace(MASK, "\x00")


@pytest.mark.parametrize(
    "text",
    [
        "password" * 20_000,
        "<" + "password" * 20_000,
        "a-" * 80_000,
        "\\" * 160_000,
        '"password":[' * 15_000,
        '"password":"' * 15_000,
        "password=" * 18_000,
        "eyJ" + "a" * 160_000,
        "://" * 50_000,
        "Bearer " * 25_000,
        " " * 160_000 + "password" + " " * 160_000,
        "…" * 100_000,
    ],
)
def test_hostile_text_takes_linear_time(text: str) -> None:
    """160,000 hostile characters take well under the seconds that a quadratic search would."""
    redact = Redactor(["known-secret"])
    started = time.process_time()
    redact(text)
    assert time.process_time() - started < 2.0
