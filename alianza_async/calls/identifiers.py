"""Ids: ours of requests, UUID version 7 (RFC 9562, section 5.7), and those that servers give to objects."""

from __future__ import annotations

import os
import random
import time

_VERSION_7 = 0x7000
_VARIANT = 0x8000_0000_0000_0000
_SUB_MILLISECOND_STEPS = 4096

# Seeded by the system, and anew in a child. An id has to be unique, not secret: no system call for each.
_random = random.Random()  # noqa: S311
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_random.seed)


def is_printable(object_id: object) -> bool:
    """Tell whether an id can be shown, copied and kept: one that cannot is no id, whatever answered it.

    Args:
        object_id: An id; None and what is no text pass, for they hold nothing to print.
    """
    return not isinstance(object_id, str) or object_id.isprintable()


def new_call_id() -> str:
    """Return a new UUIDv7 as 36 characters; ids made later by this process sort later.

    The 12 bits after the version hold the fraction of the millisecond (RFC 9562, section 6.2, method 3), so
    that ids made within one millisecond sort too.
    """
    milliseconds, remainder = divmod(time.time_ns(), 1_000_000)
    fraction = remainder * _SUB_MILLISECOND_STEPS // 1_000_000
    text = f"{milliseconds:012x}{_VERSION_7 | fraction:04x}{_VARIANT | _random.getrandbits(62):016x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
