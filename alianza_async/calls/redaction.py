"""Take secrets out of a text before it reaches a message, a log line or a recording.

Two nets, one behind the other: the secrets we know (a password, the tokens we were given) in each spelling
they may take on the way, and whatever is where a secret usually is: `"authToken": "..."`, `password=...`,
`Authorization: ...`, `https://user:password@host`. Too much is taken rather than too little.
"""

from __future__ import annotations

import html
import json
import re
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

from alianza_async.calls.private import is_secret

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MASK = "***"
"""What stands in a secret's place."""

# Shorter ones would blank out ordinary words and figures.
_SHORTEST = 4
# Tokens rotate; one that was replaced this many logins ago no longer opens anything.
_REMEMBERED = 16

# A name followed by what separates it from a value. Possessive, and bound to a word's start: linear in time.
# `q` is the quote around the name, with the backslashes JSON inside a string puts before it.
_NAME = re.compile(r"(?<![\w.-])(?P<name>[\w.-]++)(?P<q>\\*+[\"']?+)\s*+(?P<sep>[:=,])\s*+", re.ASCII)
# Names whose unquoted value is the rest of the line, blanks included.
_WHOLE_LINE = frozenset({"cookie", "setcookie", "authorization", "proxyauthorization"})
# `("authorization", "...")`: a comma separates only the pairs of a list of headers.
_HEADER_NAMES = frozenset(
    {"xauthtoken", "authorization", "proxyauthorization", "cookie", "setcookie", "xapikey"}
)

_QUOTED = re.compile(r"[bur]?(?P<q>\\*+[\"'])", re.IGNORECASE)
_NOT_SECRET = re.compile(r"(?:true|false|null|none)(?![\w.-])", re.IGNORECASE)
_BRACKETS = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[\]{}]', re.DOTALL)
# The first alternative is a wrapper's repr, such as `Secret('...')`, whose quotes do not end the value.
_BARE_IN_JSON = re.compile(r"[a-z_][\w.]*+\([^)\n]*+\)?|[^\s,}\]\"']++", re.IGNORECASE)
_BARE = re.compile(
    r"[a-z_][\w.]*+\([^)\n]*+\)?|(?:(?:Bearer|Basic|Digest|Token)\s++)?[^\s&\"'<>]++", re.IGNORECASE
)
_LINE = re.compile(r"[^\r\n]++")

_URL_QUERY = re.compile(r"(?<=[\w/])\?[^\s\"'<>]++")

# What a text ends with that was shortened.
_CUT = "…"

# What needs no name to be known for a secret.
_ANYWHERE = (
    (re.compile(r"(?<=://)[^\s/?#\"'<>]*@"), f"{MASK}@"),
    (
        re.compile(r"\b(Bearer|Basic)(\s++)(?=[A-Za-z._~+/-]*+[0-9=])[\w.~+/=-]{8,}", re.IGNORECASE),
        rf"\1\2{MASK}",
    ),
    (re.compile(r"(?<![\w-])eyJ[\w-]{8,}\.[\w-]++(?:\.[\w-]*+)?"), MASK),
    (re.compile(r"(<\w{0,40}(?:password|secret|token|pwd)\w{0,40}>)[^<]*+", re.IGNORECASE), rf"\1{MASK}"),
)


class Redactor:
    """Replaces secrets in a text by `***`; call it with the text.

    Secrets given at the start are kept for good; of those added later (tokens, as they rotate), the last 16.
    A secret of fewer than 4 characters is not searched for. Its repr shows no secret.
    """

    __slots__ = ("_added", "_kept", "_known", "_spelled")

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._kept = [secret for secret in secrets if len(secret.strip()) >= _SHORTEST]
        self._added: list[str] = []
        self._learn()

    def __repr__(self) -> str:
        """Say how many secrets are known, and none of them."""
        return f"Redactor(<{len(self._kept) + len(self._added)} secrets>)"

    def add(self, secret: str, *, keep: bool = False) -> None:
        """Know one more secret.

        Args:
            secret: A token that will be replaced in time: the oldest one beyond 16 is forgotten.
            keep: Never forget this one, as those given at the start: a password.
        """
        if len(secret.strip()) < _SHORTEST or secret in self._kept:
            return
        if keep:
            self._kept.append(secret)
            self._learn()
            return
        self._added = [*(known for known in self._added if known != secret), secret][-_REMEMBERED:]
        self._learn()

    def __call__(self, text: str) -> str:
        """Answer the text without its secrets.

        Args:
            text: Any text: a message, a header block, a body, a URL.

        Returns:
            The text, `***` in the place of each known secret and of each value under a sensitive name.
        """
        if self._known is not None:
            text = self._known.sub(MASK, text)
            if text.endswith(_CUT):
                text = self._without_cut_secret(text)
        text = "".join(_without_values(text))
        for pattern, replacement in _ANYWHERE:
            text = pattern.sub(replacement, text)
        return text

    def header(self, name: str, value: str) -> str:
        """Answer a header field's value without secrets.

        Args:
            name: The field's name: the whole value is masked where it names a secret.
            value: The value; queries of URLs are masked too, because a signed URL is as good as a key.
        """
        if _plain(name) in _HEADER_NAMES or is_secret(name):
            return MASK
        return _URL_QUERY.sub(f"?{MASK}", self(value))

    def _learn(self) -> None:
        """Make the pattern of every spelling of every secret, longest first."""
        known = {spelling for secret in (*self._kept, *self._added) for spelling in spellings(secret)}
        self._spelled = sorted(known, key=lambda spelling: (-len(spelling), spelling))
        self._known = re.compile("|".join(map(re.escape, self._spelled))) if known else None

    def _without_cut_secret(self, text: str) -> str:
        """Answer a shortened text without the first part of a secret, where it was cut within one."""
        body = text.removesuffix(_CUT)
        longest = 0
        for spelling in self._spelled:
            for length in range(len(spelling) - 1, max(longest, _SHORTEST - 1), -1):
                if body.endswith(spelling[:length]):
                    longest = length
                    break
        return f"{body[:-longest]}{MASK}{_CUT}" if longest else text


def spellings(secret: str) -> Iterator[str]:
    """Yield a secret as it stands and as URLs, JSON, Python's repr and HTML write it."""
    for form in (secret, secret.strip()):
        as_bytes = form.encode("utf-8", "surrogatepass")
        for quoted in (quote(as_bytes, safe=""), quote(as_bytes), quote_plus(as_bytes)):
            yield quoted
            yield re.sub(r"%[0-9A-F]{2}", lambda match: match[0].lower(), quoted)
        escaped = json.dumps(form)[1:-1]
        yield from (form, escaped, escaped.replace("/", "\\/"), json.dumps(escaped)[1:-1])
        yield from (json.dumps(form, ensure_ascii=False)[1:-1], repr(form)[1:-1], html.escape(form))


def _without_values(text: str) -> Iterator[str]:
    """Yield the pieces of a text, `***` in the place of each value under a sensitive name."""
    done = position = 0
    while (match := _NAME.search(text, position)) is not None:
        position = match.end()
        if not _is_sensitive(match):
            continue
        start, end = _value(text, match)
        if end > start:
            yield text[done:start]
            yield MASK
            done = position = end
    yield text[done:]


def _plain(name: str) -> str:
    """Answer a name in the one spelling the tables above have."""
    return re.sub(r"[_.-]", "", name).lower()


def _is_sensitive(match: re.Match[str]) -> bool:
    """Tell whether what follows a name is a secret; after a comma only a header's quoted name counts."""
    if match["sep"] == ",":
        return bool(match["q"]) and _plain(match["name"]) in _HEADER_NAMES
    return is_secret(match["name"])


def _value(text: str, name: re.Match[str]) -> tuple[int, int]:
    """Answer where the value after a name starts and ends, without quotes; an empty span masks nothing."""
    start = name.end()
    if _NOT_SECRET.match(text, start):
        return start, start
    if (opening := _QUOTED.match(text, start)) is not None:
        return opening.end(), _closing(text, opening.end(), opening["q"])
    if text[start : start + 1] in ("[", "{"):
        return start, _bracketed(text, start)
    if _plain(name["name"]) in _WHOLE_LINE and not name["q"]:
        bare = _LINE
    else:
        bare = _BARE_IN_JSON if name["q"] else _BARE
    found = bare.match(text, start)
    return (start, found.end()) if found else (start, start)


def _closing(text: str, start: int, quote_mark: str) -> int:
    """Answer where a quoted value ends: at its closing quote, or at the text's end where that is missing."""
    if len(quote_mark) == 1:
        pattern = rf"(?:[^{quote_mark}\\]|\\.)*+"
        found = re.compile(pattern, re.DOTALL).match(text, start)
        return len(text) if found is None or found.end() == len(text) else found.end()
    # Inside a string of JSON: the closing quote carries exactly as many backslashes as the opening one.
    end = re.compile(rf"(?<!\\){re.escape(quote_mark)}").search(text, start)
    return len(text) if end is None else end.start()


def _bracketed(text: str, start: int) -> int:
    """Answer where a list or an object ends, not counting brackets in strings; the text's end if cut off."""
    depth = 0
    for token in _BRACKETS.finditer(text, start):
        if token[0] in ("[", "{"):
            depth += 1
        elif token[0] in ("]", "}"):
            depth -= 1
            if depth == 0:
                return token.end()
    return len(text)
