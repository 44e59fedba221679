"""Where a client calls: its base URL, and which hosts are this machine, where alone plain http goes.

A URL has many spellings and one meaning. It is brought into one spelling here, and that spelling is what is
compared, shown, kept and dialled: a host that only looks different cannot pass for another place.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from alianza_async.calls.urls import why_unusable
from alianza_async.errors import ConfigurationError

if TYPE_CHECKING:
    from urllib.parse import SplitResult

__all__ = ["canonical_host", "checked_base_url", "is_loopback", "is_same_place"]

_HOST: Final = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*")
_PATH: Final = re.compile(r"[A-Za-z0-9/._~!$&'()*+,;=:@%-]*")
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def canonical_host(host: str) -> str | None:
    """Return the one spelling of a host, as DNS has it; None where there is none.

    Case, a final dot and compatibility forms such as full-width letters make no other host (IDNA, UTS 46):
    what a resolver or an HTTP library would make of them is made of them here. Other letters beyond ASCII
    have to be given as `xn--...`: libraries disagree on what they mean, and some look like Latin ones.

    Args:
        host: A name or an address, without brackets and port.
    """
    if ":" in host:
        try:
            address = ipaddress.IPv6Address(host)
        except ValueError:
            return None
        return None if address.scope_id else address.compressed
    plain = unicodedata.normalize("NFKC", host).lower().removesuffix(".")
    return plain if _HOST.fullmatch(plain) else None


def checked_base_url(url: str) -> str:
    """Return a base URL in its one spelling: host as DNS has it, no default port, no slash at its end.

    Raises:
        ConfigurationError: It is none, or plain http to another machine; it is not echoed, because it may
            hold a password.
    """
    if (why := why_unusable(url)) is not None:
        raise ConfigurationError(f"base_url {why}; give one such as https://api.example.com")
    parts, port = _split(url)
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
        raise ConfigurationError("base_url is no http(s) URL; give one such as https://api.example.com")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise ConfigurationError("base_url holds more than scheme, host, port and path; take the rest out")
    host = canonical_host(parts.hostname)
    if host is None:
        raise ConfigurationError(
            "base_url has a host that is no host name; give letters beyond ASCII in their xn-- form"
        )
    if not _PATH.fullmatch(parts.path):
        raise ConfigurationError("base_url has a path that no URL can have; percent-encode it")
    if parts.scheme == "http" and not is_loopback(host):
        raise ConfigurationError(
            f"base_url is plain http to {host}: a token would travel in clear; use https, "
            "or http to this machine alone"
        )
    shown = f"[{host}]" if ":" in host else host
    shown_port = "" if port in {None, _DEFAULT_PORTS[parts.scheme]} else f":{port}"
    return f"{parts.scheme}://{shown}{shown_port}{parts.path.rstrip('/')}"


def is_same_place(one: str, other: str) -> bool:
    """Tell whether two base URLs are spellings of one; what is no base URL is only equal to itself."""
    if one == other:
        return True
    try:
        return checked_base_url(one) == checked_base_url(other)
    except ConfigurationError:
        return False


def _split(url: str) -> tuple[SplitResult, int | None]:
    """Take a URL apart.

    Raises:
        ConfigurationError: It cannot be read.
    """
    try:
        parts = urlsplit(url)
        port = parts.port  # only reading it checks it
    except ValueError:
        # Also a host with a compatibility form of a delimiter, such as a full-width solidus.
        raise ConfigurationError(
            "base_url cannot be read; give one such as https://api.example.com"
        ) from None
    return parts, port
