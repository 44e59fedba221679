"""Find which field a server's complaint is about, under our name of that field."""

from __future__ import annotations

import re

_LONGEST_PATH = 200
_LONGEST_COMPLAINT = 1000

# How a message begins that names a field: "path param emailAddress must ...", "accountNumber: size ...".
_LEADING = re.compile(
    r"(?:(?:path|query|header|body|form|request|required|missing|invalid|unknown|unrecognized|duplicate|the"
    r"|value|for|field|param|parameter|property|attribute)\s+)*"
    r"(?P<quote>[\"'`]?)(?P<name>[a-z][\w.\[\]]*)(?P=quote)(?P<rest>.*)",
    re.IGNORECASE | re.DOTALL | re.ASCII,
)
_INNER_CAPITAL = re.compile(r"(?:^|\.)[a-z][a-z0-9]+[A-Z]")
_SNAKE_CASE = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)+")
# After a plain lower-case word these show that it is a field's name ...
_SURE = re.compile(
    r"\s*:(?:\s|$)"
    r"|\s+(?:must|may not|should|can ?not be|(?:is|are) (?:required|missing|mandatory|not allowed))\b"
)
# ... and these only where the API has a field of that name, else "bob already exists" would name one.
_LIKELY = re.compile(r"\s+(?:is|are|has|have|was|already|exceeds|exists|does|contains|not|too|size must)\b")
_SINGLE_WORDS = frozenset(
    {"domain", "email", "extension", "number", "password", "status", "tags", "username"}
)
# Lower-case words that begin a sentence and are no field of the API.
_NO_FIELD = re.compile(
    r"account|all|an?|any|at|attribute|body|cause|data|details?|device|duplicate|each|either|errors?|exception|failed"
    r"|failure|fields?|for|form|header|https?|info|input|invalid|it|item|json|line|messages?|missing|no|note|object"
    r"|one|param|parameter|partition|path|property|query|reason|request|required|response|row|server|service|that"
    r"|the|there|they|this|token|unknown|unrecognized|users?|values?|warning|we|you|your"
)
_COMPLAINT = re.compile(
    r"\b(?:must|may not|should|can ?not|required|invalid|missing|mandatory|already|in use|not|too|taken"
    r"|duplicate|exceeds|unknown|unsupported|empty|blank|null|malformed|expected|at least|at most|exists?)\b",
    re.IGNORECASE,
)


def snake_case(path: str) -> str:
    """Answer our name of a field from its wire name or from a path to it; `""` where there is none.

    `accountNumber`, `$.accountNumber`, `/accountNumber` and `[0].accountNumber` are all `account_number`;
    deeper paths keep their dots, without the places in lists.
    """
    parts = re.split(r"[.$/\[\]'\"#\s]+", path[:_LONGEST_PATH])
    words = [part for part in parts if part and not part.isdigit()]
    # "createAccount.arg0.accountNumber": a Java method and its argument's number come before the field.
    arguments = [place for place, word in enumerate(words) if re.fullmatch(r"arg[0-9]+", word)]
    joined = ".".join(words[arguments[-1] + 1 :] if arguments else words)
    if not re.fullmatch(r"[a-z_][\w.-]*", joined, re.ASCII):
        return ""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", joined).lower()


def field_in(message: str) -> str:
    """Answer our name of the field a message begins with, `""` where it begins with plain words.

    A word with an inner capital or an underscore is a field's name. A plain lower-case word is one only where
    what follows shows it (`username must ...`, `extension: ...`) and it is no everyday word.
    """
    match = _LEADING.match(message[:_LONGEST_COMPLAINT])
    if match is None:
        return ""
    name, rest = match["name"].rstrip("."), match["rest"]
    if not name[0].islower() or _NO_FIELD.fullmatch(name):
        return ""
    named = _INNER_CAPITAL.search(name) or _SNAKE_CASE.fullmatch(name) or _SURE.match(rest)
    return snake_case(name) if named or (name in _SINGLE_WORDS and _LIKELY.match(rest)) else ""


def sounds_wrong(text: str) -> bool:
    """Tell a complaint (`already in use`) from a mere value (`15 minutes`)."""
    return _COMPLAINT.search(text[:_LONGEST_COMPLAINT]) is not None
