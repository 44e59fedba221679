"""Links to the next page of a list: followed where they lead to this client's own API, and nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urljoin, urlsplit

from alianza_async.errors import ResponseShapeError

if TYPE_CHECKING:
    from urllib.parse import SplitResult

    from alianza_async.calls.call import Call

__all__ = ["follow"]

_PORTS = {"http": 80, "https": 443}
_RESERVED = "%/:?#[]@!$&'()*+,;=~"


def follow(call: Call, link: str, base_url: str) -> None:
    """Let a call of a list bring the page that a link names.

    Path and query are taken from the link; scheme and host remain the client's own, so a server that does not
    know that TLS ends in front of it may write `http://`.

    Args:
        call: A call of the list's first page; its target becomes the link's.
        link: Absolute, or relative to that page.
        base_url: Where the client calls.

    Raises:
        ResponseShapeError: The link leads to another host, or out of the base URL's path; nothing was sent.
    """
    target = _own_target(call.target, link, base_url)
    if target is None:
        raise ResponseShapeError(
            "the link to the next page leads away from base_url, so it was not followed; check base_url",
            context=call.context(),
        )
    call.target = target


def _own_target(target: str, link: str, base_url: str) -> str | None:
    """Return path and query of a link under a base URL; None where it leads elsewhere."""
    base = urlsplit(base_url)
    try:
        to = urlsplit(urljoin(base_url + target, quote(link.strip(), safe=_RESERVED)))
        elsewhere = to.scheme not in _PORTS or _host(to) != _host(base)
    except ValueError:
        return None
    dotted = any(unquote(segment) in {".", ".."} for segment in to.path.split("/"))
    if elsewhere or dotted or not to.path.startswith(f"{base.path}/"):
        return None
    path = to.path.removeprefix(base.path)
    return f"{path}?{to.query}" if to.query else path


def _host(url: SplitResult) -> tuple[str, int | None]:
    """Return host and port; no port where it is the scheme's own."""
    port = None if url.port == _PORTS.get(url.scheme) else url.port
    return (url.hostname or "").rstrip("."), port
