"""Which fields hold a secret or a part of an address, told by their names, as in Python or on the wire.

Names are all there is to go by: undeclared fields, mappings and other carriers' bodies have no model. Too
much is taken for private rather than too little.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from pydantic.alias_generators import to_snake

__all__ = ["is_place", "is_private", "is_secret"]

_SECRET: Final = re.compile(
    r"passw|passphrase|passcode|pwd|secret|token|credential|authorization|cookie|signature|digest"
    r"|session_?id|api_?key|private_?key|(?:^|_)pin(?:_|$)"
)
# These end in a word of the above and hold no secret.
_NO_SECRET: Final = frozenset(
    {"must_change_password", "enforce_unique_admin_password", "token_source", "token_type", "pin_locked_out"}
)
_PLACE: Final = re.compile(
    r"address|street|suite|postal|(?:^|_)zip|(?:^|_)(?:city|house|unit|line_?[12])(?:_|$)"
)
_NO_PLACE: Final = frozenset({"email_address", "mac_address", "ip_address"})
_SEPARATORS: Final = re.compile(r"[-\s]+")


_LONGEST_KNOWN: Final = 100


def _named(name: str) -> tuple[bool, bool]:
    """Tell whether a name is that of a secret, and whether it is that of a part of an address."""
    plain = to_snake(_SEPARATORS.sub("_", name))
    return (
        _SECRET.search(plain) is not None and plain not in _NO_SECRET,
        _PLACE.search(plain) is not None and plain not in _NO_PLACE,
    )


_known = lru_cache(maxsize=4096)(_named)


def _looked_up(name: str) -> tuple[bool, bool]:
    # A server chooses the names in its answers: long ones are not kept.
    return _known(name) if len(name) <= _LONGEST_KNOWN else _named(name)


def is_secret(field: str) -> bool:
    """Tell whether a field, or one that it lies in, is named as one that holds a secret.

    Args:
        field: Its name, `sip_password` or `sipPassword`; with dots between the fields that it lies in.
    """
    return any(_looked_up(part)[0] for part in field.split("."))


def is_place(field: str) -> bool:
    """Tell whether a field, or one that it lies in, is named as a part of an address."""
    return any(_looked_up(part)[1] for part in field.split("."))


def is_private(field: str) -> bool:
    """Tell whether a field is named as one that holds a secret or a part of an address."""
    return is_secret(field) or is_place(field)
