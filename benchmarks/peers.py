"""The quickest loops one would write by hand with our models: every row validated, every answer parsed.

Each library is tuned for speed alone: one connection per task kept alive, a target that is parsed once, bytes
in and out, no cookies, no decompression, no redirects, no proxies, no time limits. So a ratio to these sides
never flatters ours, which does all of that and more.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from benchmarks.meter import metered
from benchmarks.rows import ACCOUNTS_PATH, TOKEN, rows

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from benchmarks.worker import Facts

__all__ = ["aiohttp_models", "pyreqwest_models"]

_HEADERS: Final = {"X-AUTH-TOKEN": TOKEN, "Content-Type": "application/json", "Accept": "application/json"}
_OK: Final = 200


async def aiohttp_models(url: str, count: int, in_flight: int) -> Facts:
    """Create with a tuned aiohttp client session and our models."""
    import aiohttp
    from yarl import URL

    target = URL(url + ACCOUNTS_PATH)
    session = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=in_flight, keepalive_timeout=60),
        headers=_HEADERS,
        cookie_jar=aiohttp.DummyCookieJar(),
        skip_auto_headers=("User-Agent", "Accept-Encoding"),
        auto_decompress=False,
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
    )
    async with session:

        async def post(body: bytes) -> tuple[int, bytes]:
            async with session.post(target, data=body, allow_redirects=False) as answer:
                return answer.status, await answer.read()

        return await _create_all(post, count, in_flight)


async def pyreqwest_models(url: str, count: int, in_flight: int) -> Facts:
    """Create with a tuned pyreqwest client and our models."""
    from pyreqwest.client import ClientBuilder
    from pyreqwest.http import Url

    target = Url(url + ACCOUNTS_PATH)
    builder = ClientBuilder().default_headers(_HEADERS).no_proxy().follow_redirects(enable=False)
    builder = builder.max_connections(in_flight).pool_max_idle_per_host(in_flight).referer(enable=False)
    builder = builder.gzip(enable=False).brotli(enable=False).zstd(enable=False).deflate(enable=False)
    async with builder.build() as client:

        async def post(body: bytes) -> tuple[int, bytes]:
            answer = await client.post(target).body_bytes(body).build().send()
            return answer.status, (await answer.bytes()).to_bytes()

        return await _create_all(post, count, in_flight)


async def _create_all(
    post: Callable[[bytes], Awaitable[tuple[int, bytes]]], count: int, in_flight: int
) -> Facts:
    """Let so many tasks share one iterator: a model for each row, its JSON sent, a model for each answer."""
    from alianza_async import Account, AccountCreate

    source, done = rows(count), 0

    async def work() -> None:
        nonlocal done
        for row in source:
            status, answer = await post(AccountCreate.model_validate(row).to_wire())
            account = Account.model_validate_json(answer)
            done += status == _OK and account.id is not None

    with metered() as spent:
        await asyncio.gather(*(work() for _ in range(in_flight)))
    return {"done": done, "wall_s": spent.wall_s, "cpu_s": spent.cpu_s}
