"""Who may use the control pages: programs on this machine, and no web page that a browser has open.

A browser sends requests to loopback addresses for whichever page asks it to, and a name that an attacker owns
may be made to lead to 127.0.0.1. `Host` tells the one, `Origin` the other.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Final, cast
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from starlette.types import Scope

__all__ = ["refusal_of"]

_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


def refusal_of(scope: Scope) -> str | None:
    """Return why a request may not use a control page; None where it may.

    Args:
        scope: The ASGI scope of an HTTP request.
    """
    hosts = _headers(scope, b"host")
    place = _place(f"//{hosts[0]}", scope) if len(hosts) == 1 else None
    if place is None or not _is_own(place[0], scope):
        return "The control pages answer to localhost and to loopback addresses alone; check Host"
    origins = _headers(scope, b"origin")
    if any(_place(origin, scope) != place for origin in origins):
        return "The control pages answer no page of another origin; send no Origin"
    return None


def _headers(scope: Scope, name: bytes) -> list[str]:
    """Return the values of a header field, each where it is sent more than once."""
    headers = cast("list[tuple[bytes, bytes]]", scope["headers"])
    return [value.decode("latin-1") for key, value in headers if key == name]


def _is_own(host: str, scope: Scope) -> bool:
    """Tell whether a host is this machine, or the address that the sandbox is bound to."""
    server = cast("tuple[str, int | None] | None", scope.get("server"))
    if host == "localhost" or (server is not None and host == server[0]):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _place(url: str, scope: Scope) -> tuple[str, int | None] | None:
    """Return host and port of a URL; None where it has none, such as the origin `null`."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if not parts.hostname or "@" in parts.netloc:
        return None
    scheme = parts.scheme or cast("str", scope["scheme"])
    return parts.hostname.removesuffix("."), port or _DEFAULT_PORTS.get(scheme)
