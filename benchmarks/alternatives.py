"""What a user would write by hand, as well as one writes it; each returns only once all was answered."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final, cast

from benchmarks.meter import metered
from benchmarks.rows import ACCOUNTS_PATH, TOKEN, rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from benchmarks.worker import Facts

__all__ = ["gathered_httpx", "httpx_paced", "raw_aiohttp", "threaded_requests"]

_TOKEN: Final = {"X-AUTH-TOKEN": TOKEN}
_OK: Final = 200
THREADS: Final = 5


async def raw_aiohttp(url: str, count: int, in_flight: int) -> Facts:
    """Create with a bare aiohttp loop: a few tasks over one iterator, JSON out and in, nothing checked."""
    import aiohttp

    source, done = rows(count), 0
    connector = aiohttp.TCPConnector(limit=in_flight)
    async with aiohttp.ClientSession(connector=connector, headers=_TOKEN) as session:

        async def work() -> None:
            nonlocal done
            for body in source:
                async with session.post(url + ACCOUNTS_PATH, json=body) as answer:
                    account = await answer.json()
                    done += answer.status == _OK and "id" in account

        with metered() as spent:
            await asyncio.gather(*(work() for _ in range(in_flight)))
    return {"done": done, "wall_s": spent.wall_s, "cpu_s": spent.cpu_s}


async def gathered_httpx(url: str, count: int) -> Facts:
    """Create with `asyncio.gather` over as many calls as there are rows, on httpx's defaults.

    But for its timeout: with the default of five seconds most of two thousand calls end in `PoolTimeout`.
    """
    import httpx

    async with httpx.AsyncClient(headers=_TOKEN, timeout=None) as client:  # noqa: S113  (see above)
        with metered() as spent:
            answers = await asyncio.gather(
                *(client.post(url + ACCOUNTS_PATH, json=body) for body in rows(count))
            )
            done = sum(answer.status_code == _OK and "id" in answer.json() for answer in answers)
    return {"done": done, "wall_s": spent.wall_s, "cpu_s": spent.cpu_s}


async def threaded_requests(url: str, count: int) -> Facts:
    """Create with requests in five threads, each with a session of its own."""
    import requests

    def work(number: int) -> int:
        done = 0
        with requests.Session() as session:
            session.headers.update(_TOKEN)
            session.trust_env = False  # else each request looks through the environment for a proxy
            for body in rows(_share(count, number), start=number * count):
                answer = session.post(url + ACCOUNTS_PATH, json=cast("Mapping[str, str]", body), timeout=30)
                done += answer.status_code == _OK and "id" in answer.json()
        return done

    with metered() as spent, ThreadPoolExecutor(THREADS) as pool:
        done = sum(pool.map(work, range(THREADS)))
    return {"done": done, "wall_s": spent.wall_s, "cpu_s": spent.cpu_s}


def _share(count: int, number: int) -> int:
    whole, rest = divmod(count, THREADS)
    return whole + (number < rest)


async def httpx_paced(url: str, rate: float, warm_s: float, seconds: float) -> Facts:
    """Create at a rate with bare httpx: a request each tick of the clock, however long the answers take."""
    import httpx

    done = 0
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    async with httpx.AsyncClient(headers=_TOKEN, timeout=None, limits=limits) as client:  # noqa: S113  (as above)

        async def create(body: dict[str, object]) -> None:
            nonlocal done
            answer = await client.post(url + ACCOUNTS_PATH, json=body)
            done += answer.status_code == _OK and "id" in answer.json()

        async def keep_going() -> None:
            began = time.monotonic()
            async with asyncio.TaskGroup() as group:
                for number, body in enumerate(rows(int(rate * (warm_s + seconds)) + 1)):
                    await asyncio.sleep(began + number / rate - time.monotonic())
                    group.create_task(create(body))

        job = asyncio.create_task(keep_going())
        await asyncio.sleep(warm_s)
        before = done
        with metered() as spent:
            await asyncio.sleep(seconds)
            within = done - before
        await job
    return {"done": within, "wall_s": spent.wall_s, "cpu_s": spent.cpu_s}
