"""Where a client calls: its base URL, and which hosts are this machine, where alone plain http goes."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from alianza_async.calls.urls import why_unusable
from alianza_async.errors import ConfigurationError

__all__ = ["checked_base_url", "is_loopback"]


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def checked_base_url(url: str) -> str:
    """Return a base URL without a slash at its end.

    Raises:
        ConfigurationError: It is none, or plain http to another machine; it is not echoed, because it may
            hold a password.
    """
    if (why := why_unusable(url)) is not None:
        raise ConfigurationError(f"base_url {why}; give one such as https://api.example.com")
    parts = urlsplit(url)
    # A final dot is the same host by another name.
    host = (parts.hostname or "").rstrip(".")
    if parts.scheme not in {"http", "https"} or not host:
        raise ConfigurationError("base_url is no http(s) URL; give one such as https://api.example.com")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ConfigurationError("base_url holds more than scheme, host, port and path; take the rest out")
    if parts.scheme == "http" and not is_loopback(host):
        raise ConfigurationError(
            f"base_url is plain http to {host}: a token would travel in clear; use https, "
            "or http to this machine alone"
        )
    return url.rstrip("/")
