"""What becomes of a number's emergency address at the 911 provider: taken, refused, or left lying."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Literal, NamedTuple

from alianza_async.sandbox.streets import raw

if TYPE_CHECKING:
    from alianza_async.sandbox.options import Json, SandboxOptions

__all__ = ["REJECTED_CODE", "Registration", "registration_of", "rejection"]

REJECTED_CODE = "WEST:UPDATE:CRITICAL_ERROR"
"""The code in the log of a refusal."""


class Registration(NamedTuple):
    """How the registration of an address ends.

    Attributes:
        after_s: Seconds until it ends.
        fate: How; PENDING = it never does.
        correction: What a refusal offers in its place; None = nothing.
    """

    after_s: float = 0.0
    fate: Literal["COMPLETED", "REJECTED", "PENDING"] = "COMPLETED"
    correction: Json | None = None


def registration_of(options: SandboxOptions, number: str, address: Json) -> Registration:
    """Answer how the registration of a number's address ends.

    Args:
        options: Which streets are refused, or left lying, and how many addresses by chance.
        number: The number, 11 digits: by chance, the same one always ends alike.
        address: Its emergency address.
    """
    names = ("streetNumber", "streetNumberSuffix", "preDirectional", "streetName", "streetSuffix", "city")
    line = " ".join(str(address[name]) for name in names if address.get(name)).casefold()
    if options.e911_pending and options.e911_pending.casefold() in line:
        return Registration(options.e911_s, "PENDING")
    chance = zlib.crc32(f"{options.seed}/{number}".encode()) / 2**32
    named = bool(options.e911_reject) and options.e911_reject.casefold() in line
    if named or chance < options.e911_reject_rate:
        offered = raw(address) if options.e911_alternatives == "raw" else None
        return Registration(options.e911_s, "REJECTED", offered)
    return Registration(options.e911_s)


def rejection(number: str, address: Json) -> str:
    """Write a refusal as its log does: what is wrong, and what would be right in brackets."""
    street = " ".join(str(address.get(name) or "") for name in ("streetNumber", "streetName"))
    return f"#409 {number}: no MSAG match [{street.upper()}, {str(address.get('city') or '').upper()}]"
