"""Which transport carries the requests: the one named, else the fast one where its extra is installed.

Nothing tells an aiohttp that came with the extra from one that came with another package, and nothing needs
to: both transports pass the same tests, so a change of transport changes what a request costs and not what it
does. What must not happen by accident is an aiohttp that this release was never tested with: one outside the
extra's own bounds is never picked by itself, and is refused where the fast transport is named.
"""

from __future__ import annotations

import importlib.metadata
import logging
import re
from typing import TYPE_CHECKING, Literal, Protocol, get_args

from alianza_async.errors import ConfigurationError

if TYPE_CHECKING:
    import ssl

    from alianza_async.transports.base import Transport

__all__ = ["FAST_VERSIONS", "TransportFactory", "TransportName", "choose", "name_of"]

logger = logging.getLogger("alianza_async")

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
        ssl_context: ssl.SSLContext | None = ...,
        proxy: str | None = ...,
        trust_env: bool = ...,
    ) -> Transport:
        """Return a transport for a base URL; the options are those of `Session`."""
        ...


def choose(name: TransportName | None) -> TransportFactory:
    """Return what makes the transport; loads its library.

    Args:
        name: `httpx`, `fast`, or None for the fast one where its extra is installed.

    Raises:
        ConfigurationError: There is no such transport, or it is not installed.
    """
    if name is not None and name not in get_args(TransportName):
        names = ", ".join(get_args(TransportName))
        raise ConfigurationError(f"there is no transport {name!r:.40}; choose one of {names}")
    version = None if name == "httpx" else _aiohttp_version()
    if name == "fast":
        if version is None:
            raise ConfigurationError(f"the fast transport is not installed; {_INSTALL}")
        if not _known(version):
            raise ConfigurationError(f"the fast transport is not made for aiohttp {version}; {_INSTALL}")
    if version is not None and _known(version):
        from alianza_async.transports.aiohttp import AiohttpTransport

        logger.debug("requests go over aiohttp %s", version)
        return AiohttpTransport
    from alianza_async.transports.httpx import HttpxTransport

    logger.debug("requests go over httpx")
    return HttpxTransport


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
