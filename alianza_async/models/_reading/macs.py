"""MAC addresses, however they are written."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["read_mac"]

_PLAIN: Final = re.compile(r"[0-9A-F]{12}")
_SPELLED: Final = re.compile(
    r"[0-9A-F]{2}([:. -])(?:[0-9A-F]{2}\1){4}[0-9A-F]{2}"  # pairs
    r"|[0-9A-F]{4}([:. -])[0-9A-F]{4}\2[0-9A-F]{4}"  # fours, as switches print them
    r"|[0-9A-F]{6}[:. -][0-9A-F]{6}"  # maker and number
)
_PARTS: Final = re.compile("[:. -]")
_DIGITS: Final = re.compile("[0-9A-F]+")
_LENGTH: Final = 12
_GROUP: Final = 1  # the bit of the first byte that makes an address one of a group


def read_mac(text: str) -> str:
    """Return a device's MAC address as 12 hexadecimal digits in capitals, such as 4AE1BC53AD6B.

    Pairs, fours or sixes of digits may be parted by colons, dashes, dots or spaces.

    Args:
        text: The address, as somebody wrote it.

    Raises:
        ValueError: It is none, or no device's: of a group, broadcast, or nothing but zeros. The message is
            half a sentence.
    """
    # Only ASCII: a look-alike must not become a letter by being made a capital.
    mac = text.upper() if text.isascii() else text
    if not _PLAIN.fullmatch(mac):
        spelled = mac.strip()
        mac = _PARTS.sub("", spelled)
        if _DIGITS.fullmatch(mac) and len(mac) != _LENGTH:
            raise ValueError(f"has {len(mac)} hexadecimal digits, where a MAC address has 12")
        if not (_PLAIN.fullmatch(spelled) or _SPELLED.fullmatch(spelled)):
            raise ValueError("is not a MAC address: 12 hexadecimal digits such as 4AE1BC53AD6B")
    if mac == "0" * _LENGTH:
        raise ValueError("is not a MAC address: 12 hexadecimal digits such as 4AE1BC53AD6B")
    if mac == "F" * _LENGTH:
        raise ValueError("is the broadcast address, not a device's MAC address")
    if int(mac[:2], 16) & _GROUP:
        raise ValueError("is a multicast address, not a device's MAC address")
    return mac
