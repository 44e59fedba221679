from __future__ import annotations

import asyncio

import pytest

from alianza_async.bulk.engine.remembered import Remembered


class Asked:
    """Answers with a number that grows, and counts how often it was asked for each key."""

    def __init__(self) -> None:
        self.keys: list[str] = []
        self.now = 0.0
        self.fails = False

    async def __call__(self, key: str) -> int:
        """Answer."""
        self.keys.append(key)
        await asyncio.sleep(0)
        if self.fails:
            raise LookupError(key)
        return len(self.keys)


async def test_many_who_ask_are_one_question() -> None:
    """Those who ask while an answer is on its way, or is fresh, get that one."""
    asked = Asked()
    remembered = Remembered(asked, seconds=10, clock=lambda: asked.now)
    together = await asyncio.gather(*(remembered.get("a") for _ in range(5)))
    asked.now = 9.9
    assert (together, await remembered.get("a"), asked.keys) == ([1] * 5, 1, ["a"])


async def test_an_old_answer_is_asked_for_again() -> None:
    """An answer is good for so many seconds, and never where a fresh one is wanted."""
    asked = Asked()
    remembered = Remembered(asked, seconds=10, clock=lambda: asked.now)
    first = await remembered.get("a")
    fresh = await remembered.get("a", fresh=True)
    asked.now = 10.0
    assert [first, fresh, await remembered.get("a")] == [1, 2, 3]


async def test_only_the_latest_are_kept() -> None:
    """Beyond so many keys the oldest answer goes."""
    asked = Asked()
    remembered = Remembered(asked, most=2, clock=lambda: asked.now)
    for key in ("a", "b", "c", "b", "a"):
        await remembered.get(key)
    assert asked.keys == ["a", "b", "c", "a"]


async def test_a_failure_is_not_kept() -> None:
    """Everybody who waits is told of a failure; whoever comes next asks again."""
    asked = Asked()
    asked.fails = True
    remembered = Remembered(asked, clock=lambda: asked.now)
    told = await asyncio.gather(remembered.get("a"), remembered.get("a"), return_exceptions=True)
    asked.fails = False
    assert ([type(one) for one in told], await remembered.get("a")) == ([LookupError] * 2, 2)


async def test_whoever_leaves_takes_nobody_along() -> None:
    """Cancelling the one who asked first does not fail those who wait with it."""
    asked = Asked()
    remembered = Remembered(asked, clock=lambda: asked.now)
    first = asyncio.create_task(remembered.get("a"))
    await asyncio.sleep(0)
    second = asyncio.create_task(remembered.get("a"))
    await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    assert (await second, asked.keys) == (1, ["a"])
