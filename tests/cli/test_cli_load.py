from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import anyio
import pytest

from alianza_async.calls.call import Reply
from alianza_async.cli.load import Load, percentile
from alianza_async.errors import (
    AuthenticationError,
    CallContext,
    ConfigurationError,
    NotFoundError,
    ServerError,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

CONTEXT = CallContext("op", "GET", "/v2/op", "r-1", 1)


def answered(attempts: int = 1) -> Reply[object]:
    """Return an answer that took so many requests."""
    return Reply(200, {}, b"", 0.0, "r-1", None, attempts)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (range(1, 1001), [500, 900, 990, 999]),
        (range(1, 2001), [1000, 1800, 1980, 1998]),
        (range(1, 11), [5, 9, 10, 10]),
        ([1, 2], [1, 2, 2, 2]),
        ([7], [7, 7, 7, 7]),
        ([1, 1, 1, 9], [1, 9, 9, 9]),
    ],
)
def test_percentiles_are_of_the_nearest_rank(values: Sequence[int], expected: list[int]) -> None:
    """A percentile is a value that occurred: the smallest with so many of them at or under it."""
    assert [percentile(values, per_mille) for per_mille in (500, 900, 990, 999)] == expected
    assert percentile(values, 0) == values[0]


async def test_failures_are_counted_and_end_nothing() -> None:
    """Each number is called once, by so many workers at a time; a failure is counted by its class."""
    seen: list[int] = []
    running, most = 0, 0

    async def make_call(turn: int) -> Reply[object]:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1
        seen.append(turn)
        if turn == 2:
            raise NotFoundError("there is none", context=CONTEXT, status=404)
        if turn >= 8:
            raise ServerError("answered 503", context=CONTEXT, status=503)
        return answered(3 if turn == 5 else 1)

    load = Load(10, 4)
    await load.run(make_call)

    assert (sorted(seen), most) == (list(range(10)), 4)
    assert (load.answered, load.failed, load.ended) == (7, 3, 10)
    assert load.failures == {"NotFoundError": 1, "ServerError": 2}
    assert (type(load.first_failure), load.sent_again) == (NotFoundError, 2)


@pytest.mark.parametrize(
    "error",
    [
        AuthenticationError("refused", context=CONTEXT, status=401),
        ConfigurationError("?"),
        ZeroDivisionError(),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_what_no_further_call_can_mend_ends_the_load(error: Exception) -> None:
    """A refused login, a setting that cannot be meant and our own mistakes end the load as they are."""
    calls = 0

    async def make_call(turn: int) -> Reply[object]:
        nonlocal calls
        calls += 1
        if turn == 1:
            raise error
        await asyncio.Event().wait()  # until it is cut off
        return answered()

    with pytest.raises(type(error)) as raised:
        await Load(100, 3).run(make_call)

    assert (raised.value, calls) == (error, 3)


async def test_what_was_measured_outlives_a_cancellation() -> None:
    """A load that is cut short keeps what it has: the answers so far, and the time they took."""
    load = Load(10, 1)

    with anyio.CancelScope() as scope:

        async def make_call(turn: int) -> Reply[object]:
            if turn == 4:
                scope.cancel()
                await anyio.sleep_forever()
            return answered()

        await load.run(make_call)

    assert (scope.cancelled_caught, load.answered, load.seconds > 0) == (True, 4, True)
