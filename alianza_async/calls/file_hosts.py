"""Which hosts a file may be fetched from, or sent to, because the API named them.

A URL that a server names may lead anywhere: to this machine, to the cloud's metadata, to a router. So it is
https to a public address, unless its host is the client's own or is listed. The address is checked where a
connection was made, before a request is sent on it: a name may resolve to another address each time.
"""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from alianza_async.calls.hosts import is_loopback
from alianza_async.errors import ConfigurationError, ResponseShapeError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from alianza_async.calls.call import Call

__all__ = ["FileHosts", "is_public", "not_public"]

_NAME: Final = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*")
_NUMBER: Final = re.compile(r"(0x[0-9a-f]*|[0-9]+)")
_HERE: Final = ("localhost", "local", "internal", "localdomain", "lan", "intranet", "corp", "home", "arpa")
"""Last labels of names that are somebody's own network: RFC 6761, RFC 6762, RFC 8375, ICANN's `internal`."""
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")


class FileHosts:
    """Knows which hosts may have any address, and plain http.

    Args:
        base_url: The client's own; its host may have any address.
        listed: Host names and IP addresses that may have any address, and plain http.

    Raises:
        ConfigurationError: What is listed is no host.
    """

    def __init__(self, base_url: str, listed: Iterable[str] = ()) -> None:
        if isinstance(listed, str):
            listed = (listed,)
        base = urlsplit(base_url)
        self._own = _plain(base.hostname or "")
        self._own_is_http = base.scheme == "http"
        self._listed = frozenset(_checked(host) for host in listed)

    def trusts(self, host: str) -> bool:
        """Tell whether a host may have any address."""
        host = _plain(host)
        return host == self._own or host in self._listed or (is_loopback(host) and is_loopback(self._own))

    def check(self, call: Call) -> None:
        """See that the place that a call goes to may be gone to, as far as its URL tells.

        Args:
            call: A call of a URL that the API named.

        Raises:
            ResponseShapeError: It is neither https, nor a host that may have plain http; or it is an address,
                or a name, of somebody's own network.
        """
        parts = urlsplit(call.url or "")
        host = _plain(parts.hostname or "")
        trusted = self.trusts(host)
        if parts.scheme != "https" and not (trusted and (self._own_is_http or host in self._listed)):
            raise ResponseShapeError(
                f"the API named a place for a file that is no https URL ({host[:80]!a}); "
                "nothing was sent there; list its host in file_hosts if that is meant",
                context=call.context(),
            )
        if not trusted and not _may_be_public(host):
            raise not_public(call, host)


def not_public(call: Call, host: str) -> ResponseShapeError:
    """Return the error of a place that is not out in the open, named by the API; nothing was sent there."""
    return ResponseShapeError(
        f"the API named a place for a file that has no public address ({host[:80]!a}); "
        "nothing was sent there; list its host in file_hosts if that is meant",
        context=call.context(),
    )


def is_public(address: str) -> bool:
    """Tell whether an IP address is one of the public internet; what is no address is not."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour
        if inner is None and found in _NAT64:
            inner = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        if inner is not None:
            found = inner
    return found.is_global and not found.is_multicast


def _may_be_public(host: str) -> bool:
    """Tell whether a name may lead to a public address; a proxy that resolves it sees the name alone."""
    last = host.rpartition(".")[2]
    if ":" in host or _NUMBER.fullmatch(last):
        return is_public(host)  # 127.1 and 0x7f.1 are addresses to a resolver, and none that is public here
    return "." in host and last not in _HERE


def _plain(host: str) -> str:
    """Return a host in the one way that it is compared: in ASCII and lower case, without a final dot."""
    host = host.rstrip(".").lower()
    if not host.isascii():
        try:
            host = host.encode("idna").decode()
        except UnicodeError:
            return host
    return host


def _checked(host: str) -> str:
    plain = _plain(host.strip().removeprefix("[").removesuffix("]"))
    try:
        ipaddress.ip_address(plain)
    except ValueError:
        if not _NAME.fullmatch(plain):
            raise ConfigurationError(
                f"file_hosts holds {host[:80]!a}, which is no host; "
                "give names and addresses without scheme, port and path"
            ) from None
    return plain
