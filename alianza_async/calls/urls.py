"""Whether a URL in a setting names a place that a connection can be made to at all."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

__all__ = ["why_unusable"]

_NEVER_IN_A_URL = re.compile(r"[\x00-\x20\x7f-\xa0\u2028\u2029\\\ud800-\udfff]")


def why_unusable(url: object) -> str | None:  # noqa: PLR0911  (a list of reasons: one return each)
    """Return why a URL names no place, as the end of a sentence that does not repeat it; None where it does.

    `urlsplit` drops line ends in silence, and lets through hosts that no name server is ever asked for.

    Args:
        url: Scheme and host, perhaps with a port, a path and credentials.
    """
    if not isinstance(url, str):
        return "is no text"
    if _NEVER_IN_A_URL.search(url):
        return "holds a blank, a line end or another character that no URL can hold"
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return "cannot be read: its host or its port is none"
    if not host:
        return "names no host"
    if port == 0:
        return "names port 0; ports go from 1 to 65535"
    if host.rpartition(".")[2].isdigit() or ":" in host:
        return None if _is_address(host) else "names an address that is none"
    try:
        host.removesuffix(".").encode("idna").decode("idna")
    except UnicodeError:
        return "names a host that none can be called: a part of its name is empty, too long or misspelt"
    return None


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
