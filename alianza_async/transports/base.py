"""What every transport has in common: the protocol it keeps to, where it goes, and how it tells what failed.

Only a failed connect is "never sent". Every other fault may have come after the server acted.
"""

from __future__ import annotations

import os
import select
import ssl
import sys
import urllib.request
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast
from urllib.parse import urlsplit

from alianza_async.calls.file_hosts import is_public
from alianza_async.calls.files import DEFAULT_MAX_DOWNLOAD_BYTES
from alianza_async.calls.hidden import HiddenUrl
from alianza_async.calls.numbers import whole
from alianza_async.calls.urls import why_unusable
from alianza_async.errors import (
    CallTimeoutError,
    ConfigurationError,
    ConnectionLostError,
    InvalidInputError,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from alianza_async.calls.call import Call, Reply
    from alianza_async.calls.file_hosts import FileHosts

__all__ = [
    "DEFAULT_MAX_BODY_BYTES",
    "DEFAULT_MAX_DOWNLOAD_BYTES",
    "KEEPALIVE_SECONDS",
    "NoPublicAddressError",
    "Transport",
    "broke",
    "check_connections",
    "check_peer",
    "connect_seconds",
    "default_tls",
    "find_proxy",
    "is_readable",
    "joined",
    "no_url",
    "system_tls",
    "took_too_long",
    "unusable_header",
    "unusable_proxy",
]

DEFAULT_MAX_BODY_BYTES = 32 * 1024 * 1024
KEEPALIVE_SECONDS = 30.0
"""How long a connection that nobody uses is kept."""

_PROXY_SCHEMES = frozenset({"http", "https"})
_CONNECT_TIMEOUT = 10.0
_CONNECT_SHARE = 0.9


class Transport(Protocol):
    """What carries one request and brings one answer."""

    @property
    def capacity(self) -> int:
        """How many requests may be under way at once; the session holds callers to it."""
        ...

    async def send(
        self,
        call: Call,
        headers: dict[str, str],
        timeout: float,  # noqa: ASYNC109  (it alone knows what was cut off: a connect, or an answer)
    ) -> Reply[object]:
        """Send one request and read its answer to the end, whatever its status.

        Args:
            call: What to send.
            headers: Header fields to send with it.
            timeout: Seconds for all of it.

        Raises:
            ConnectionFailedError: No connection was made: never sent.
            ConnectionLostError: It broke afterwards.
            CallTimeoutError: Not answered in full in time.
            ResponseShapeError: The answer is no HTTP, or larger than the cap.
        """
        ...

    async def aclose(self) -> None:
        """Close every connection."""
        ...


# --- what failed --------------------------------------------------------------------------------------


class NoPublicAddressError(Exception):
    """A host that the API named has an address of somebody's own network.

    Args:
        host: Its name.
    """

    def __init__(self, host: str) -> None:
        super().__init__()
        self.host = host


def check_peer(hosts: FileHosts, host: str, peer: object) -> None:
    """See that a connection leads to where its host may have an address, before anything is said on it.

    Args:
        hosts: Which hosts may have any.
        host: What was connected to.
        peer: The other end of the socket: address, port and so on; None where there is no such socket.

    Raises:
        NoPublicAddressError: It leads to somebody's own network.
    """
    if hosts.trusts(host):
        return
    address = str(cast("tuple[object, ...]", peer)[0]) if isinstance(peer, tuple) and peer else ""
    if not is_public(address):
        raise NoPublicAddressError(host)


def took_too_long(timeout: float, call: Call) -> CallTimeoutError:
    """Return the error of a request that was not answered in full in time."""
    return CallTimeoutError(f"no whole answer within {timeout:g} s", context=call.context())


def broke(error: BaseException, call: Call) -> ConnectionLostError:
    """Return the error of a request that may have been carried out."""
    return ConnectionLostError(
        f"the connection broke before the whole answer came ({_name(error)})", context=call.context()
    )


def _name(error: BaseException) -> str:
    """Return an error's kind alone: its text may hold a URL with an id in it."""
    return type(error).__name__


def unusable_header() -> InvalidInputError:
    """Return the error of a header field that cannot be sent; it may hold a token."""
    return InvalidInputError(
        "a header field holds a line end or a character that no header can, so nothing was sent; "
        "give plain ASCII"
    )


# --- where it goes ------------------------------------------------------------------------------------


def no_url() -> InvalidInputError:
    """Return the error of a path that is part of no URL."""
    return InvalidInputError(
        "the call's path and query are no URL that can be sent, most likely too long; shorten the ids"
    )


def connect_seconds(timeout: float) -> float:
    """Return how long connecting may take.

    It is less than the whole takes, so that a host that does not answer is told as never connected.
    """
    return min(_CONNECT_TIMEOUT, timeout * _CONNECT_SHARE)


def check_connections(max_connections: int) -> int:
    """Return the number of connections.

    Raises:
        ConfigurationError: There is to be none at all.
    """
    whole("max_connections", max_connections)
    return max_connections


def default_tls(*, trust_env: bool) -> ssl.SSLContext:
    """Return the TLS context of a session that was given none: certifi's certificates, or the environment's.

    Args:
        trust_env: Whether `SSL_CERT_FILE` and `SSL_CERT_DIR` are heeded.

    Raises:
        ConfigurationError: The variable names no certificates.
    """
    import certifi

    if trust_env and (file := os.environ.get("SSL_CERT_FILE")):
        try:
            return ssl.create_default_context(cafile=file)
        except OSError as error:  # one of OpenSSL's is an OSError too
            why = "holds no certificates" if isinstance(error, ssl.SSLError) else "cannot be read"
            raise ConfigurationError(
                f"SSL_CERT_FILE names {file!a:.200}, which {why}; "
                "name a file of certificates in PEM, or unset it"
            ) from None
    if trust_env and (folder := os.environ.get("SSL_CERT_DIR")):
        # OpenSSL takes several, and whatever is in none of them is an unknown authority later on.
        if not any(Path(each).is_dir() for each in folder.split(os.pathsep)):
            raise ConfigurationError(
                f"SSL_CERT_DIR names {folder!a:.200}, which is no folder; "
                "name a folder of certificates, or unset it"
            )
        return ssl.create_default_context(capath=folder)
    return ssl.create_default_context(cafile=certifi.where())


def system_tls() -> ssl.SSLContext:
    """Return a TLS context that trusts what the operating system trusts: a company's own authority, for one.

    Raises:
        ConfigurationError: The package `truststore` is not installed.
    """
    try:
        import truststore
    except ImportError:
        raise ConfigurationError(
            "the system's certificates are read by truststore, which is not installed; "
            "run `pip install 'alianza-async[system-trust]'`, or give ssl_context"
        ) from None
    return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def find_proxy(proxy: str | None, base_url: str, *, trust_env: bool) -> str | None:
    """Return the proxy to use: the one given, else the one that the environment names for this host.

    Raises:
        ConfigurationError: Its URL names no place that a connection can be made to.
    """
    if proxy is None and trust_env:
        proxy = _environment_proxy(base_url)
    proxy = HiddenUrl(proxy) if isinstance(proxy, str) else proxy
    why = None if proxy is None else why_unusable(proxy) or _unknown_scheme(proxy)
    if why is not None:
        raise unusable_proxy(f"its URL {why}; give one such as http://proxy.example:3128")
    return proxy


def _unknown_scheme(proxy: str) -> str | None:
    """Return why a proxy's scheme is none that both transports speak, as the end of a sentence."""
    return None if urlsplit(proxy).scheme in _PROXY_SCHEMES else "begins with neither http:// nor https://"


def _environment_proxy(base_url: str) -> str | None:
    """Return the proxy that the environment names for this host, by the standard library's rules."""
    parts = urlsplit(base_url)
    if parts.hostname is None or urllib.request.proxy_bypass(parts.hostname):
        return None
    proxies = urllib.request.getproxies()
    return proxies.get(parts.scheme) or proxies.get("all")


def unusable_proxy(why: str) -> ConfigurationError:
    """Return the error of a proxy that cannot be used; its URL may hold a password."""
    return ConfigurationError(f"the proxy cannot be used: {why}")


# --- connections that wait for a request ----------------------------------------------------------------


def is_readable(descriptor: int) -> bool:
    """Tell whether a connection that nobody reads from has something to be read, or its other end was closed.

    Args:
        descriptor: Its socket's; -1 for one that is closed.
    """
    if descriptor < 0:
        return True  # closed already
    if sys.platform == "win32":  # pragma: no cover  (it has no poll)
        return bool(select.select([descriptor], [], [], 0)[0])
    return bool(_poll_of(descriptor).poll(0))


@lru_cache(maxsize=256)
def _poll_of(descriptor: int) -> select.poll:
    """Return what asks the kernel about a socket; only open ones are asked, so a number means one of them."""
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return poll


# --- what came back -----------------------------------------------------------------------------------


def joined(fields: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Return header fields as a reply has them: names in lower case, repeated fields joined."""
    found: dict[str, str] = {}
    for raw_name, raw_value in fields:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found
