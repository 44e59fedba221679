"""Which transport carries the requests: httpx, unless another one is named.

What else is installed decides nothing: what works with httpx alone, such as respx and the instrumentation of
tracing libraries, works wherever nobody chose otherwise. Both transports pass the same tests, so naming the
fast one changes what a request costs and not what it does. An aiohttp outside the bounds of the extra, which
this release was never tested with, is refused.
"""

from __future__ import annotations

import importlib.metadata
import re
from functools import cache
from typing import TYPE_CHECKING, Literal, Protocol, get_args

from alianza_async.calls.logs import logger
from alianza_async.errors import ConfigurationError

if TYPE_CHECKING:
    import ssl
    from collections.abc import Sequence

    from alianza_async.transports.base import Transport

__all__ = ["FAST_VERSIONS", "TransportFactory", "TransportName", "choose", "fastest", "name_of"]

TransportName = Literal["httpx", "fast"]
"""What a transport is called in settings."""

FAST_VERSIONS = ((3, 13, 3), (3, 15, 0))
"""The versions of aiohttp that the fast transport is made for: from the first to before the second."""

# By the names of the classes: each is loaded only where it is used.
_NAMES: dict[str, TransportName] = {"HttpxTransport": "httpx", "AiohttpTransport": "fast"}

_INSTALL = "run `pip install 'alianza-async[fast]'`, or choose \"httpx\""


class TransportFactory(Protocol):
    """Makes a transport."""

    def __call__(
        self,
        base_url: str,
        *,
        max_connections: int = ...,
        max_body_bytes: int = ...,
        max_download_bytes: int = ...,
        file_hosts: Sequence[str] = ...,
        ssl_context: ssl.SSLContext | None = ...,
        proxy: str | None = ...,
        trust_env: bool = ...,
    ) -> Transport:
        """Return a transport for a base URL; the options are those of `Session`."""
        ...


def choose(name: TransportName) -> TransportFactory:
    """Return what makes the transport; loads its library, and says at INFO which one, once.

    Args:
        name: `httpx` or `fast`.

    Raises:
        ConfigurationError: There is no such transport, or it is not installed.
    """
    if name not in get_args(TransportName):
        names = ", ".join(get_args(TransportName))
        raise ConfigurationError(f"there is no transport {name!r:.40}; choose one of {names}")
    if name == "httpx":
        from alianza_async.transports.httpx import HttpxTransport

        _say("httpx")
        return HttpxTransport
    version = _aiohttp_version()
    if version is None:
        raise ConfigurationError(f"the fast transport is not installed; {_INSTALL}")
    if not _known(version):
        raise ConfigurationError(f"the fast transport is not made for aiohttp {version}; {_INSTALL}")
    from alianza_async.transports.aiohttp import AiohttpTransport

    _say(f"aiohttp {version}, the fast transport")
    return AiohttpTransport


def fastest() -> TransportName:
    """Return the name of the fast transport where it is installed, else of httpx: the command's choice."""
    version = _aiohttp_version()
    return "httpx" if version is None or not _known(version) else "fast"


@cache
def _say(library: str) -> None:
    """Say once in a process what requests go over."""
    logger.info("requests go over %s", library)


def name_of(transport: Transport) -> str:
    """Return what settings call a transport; one that they cannot name, by its class."""
    kind = type(transport).__name__
    return _NAMES.get(kind, kind)


def _aiohttp_version() -> str | None:
    try:
        return importlib.metadata.version("aiohttp")
    except importlib.metadata.PackageNotFoundError:
        return None


def _known(version: str) -> bool:
    """Tell whether the fast transport is made for a version of aiohttp; no pre-release is one."""
    found = re.fullmatch(r"(\d+)\.(\d+)\.(\d+)(?:\.post\d+)?", version)
    first, end = FAST_VERSIONS
    return found is not None and first <= tuple(map(int, found.groups())) < end
