"""The worker pool of every verb: each item has its turns, so many at once, until a stop."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
import pytest

from alianza_async.bulk.engine.pool import Pool
from tests.virtual_time import now, run_virtual

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

Turn = tuple[float, int]


def _numbers(count: int) -> Callable[[], Awaitable[tuple[int, float | None] | None]]:
    """Return what hands out so many numbers, from 0 on."""
    left = iter(range(count))

    async def take() -> tuple[int, float | None] | None:
        number = next(left, None)
        return None if number is None else (number, None)

    return take


@pytest.mark.parametrize("width", [1, 3, 50])
def test_every_item_has_its_turn_and_no_more_than_the_width_at_once(width: int) -> None:
    """Ten items of a second each: so many at once, and the pool ends with the last of them."""

    async def main() -> tuple[list[int], int, float]:
        most, under_way, done = 0, 0, list[int]()

        async def turn(item: int) -> None:
            nonlocal most, under_way
            under_way += 1
            most = max(most, under_way)
            await anyio.sleep(1)
            under_way -= 1
            done.append(item)

        await Pool(_numbers(10), turn, width=lambda: width).run()
        return sorted(done), most, round(now(), 3)

    seconds = -(-10 // width)
    assert run_virtual(main()) == (list(range(10)), min(width, 10), float(seconds))


def test_an_item_that_waits_holds_no_worker() -> None:
    """With one worker, the items after one that waits have their turns before it has its next one."""

    async def main() -> list[Turn]:
        turns = list[Turn]()

        async def turn(item: int) -> float | None:
            turns.append((round(now(), 3), item))
            return now() + 5 if item == 0 and len(turns) == 1 else None

        await Pool(_numbers(3), turn, width=lambda: 1).run()
        return turns

    assert run_virtual(main()) == [(0.0, 0), (0.0, 1), (0.0, 2), (5.0, 0)]


def test_an_item_may_have_to_wait_before_its_first_turn() -> None:
    """What was sent by an earlier run is looked up once the server has had its time."""

    async def main() -> list[Turn]:
        turns = list[Turn]()
        items = iter([(0, 3.0), (1, None)])

        async def take() -> tuple[int, float | None] | None:
            return next(items, None)

        async def turn(item: int) -> None:
            turns.append((round(now(), 3), item))

        await Pool(take, turn, width=lambda: 1).run()
        return turns

    assert run_virtual(main()) == [(0.0, 1), (3.0, 0)]


def test_a_pool_that_widens_hires_and_one_that_narrows_lets_go() -> None:
    """The width is looked at after each turn: it may change while the pool runs."""

    async def main() -> list[int]:
        width, under_way, seen = 1, 0, list[int]()

        async def turn(item: int) -> None:
            nonlocal width, under_way
            under_way += 1
            await anyio.sleep(1)
            seen.append(under_way)
            under_way -= 1
            width = 4 if item < 8 else 1

        await Pool(_numbers(20), turn, width=lambda: width).run()
        return [seen[0], max(seen), seen[-1]]

    assert run_virtual(main()) == [1, 4, 1]


def test_a_stop_takes_no_further_item_and_ends_those_that_wait() -> None:
    """After `stop()` nothing is taken, also where too many wait; what waits has its turns to its end."""

    async def main() -> tuple[list[Turn], int]:
        turns, taken = list[Turn](), 0
        numbers = _numbers(100)

        async def take() -> tuple[int, float | None] | None:
            nonlocal taken
            taken += 1
            return None if stopped else await numbers()

        async def turn(item: int) -> float | None:
            turns.append((round(now(), 3), item))
            return now() + 10 if len(turns) <= 2 else None

        stopped = False
        pool = Pool(take, turn, width=lambda: 1, waiting=2)
        async with anyio.create_task_group() as group:
            group.start_soon(pool.run)
            await anyio.sleep(1)
            stopped = True
            pool.stop()
        return turns, len(pool.queue)

    assert run_virtual(main()) == ([(0.0, 0), (0.0, 1), (10.0, 0), (10.0, 1)], 0)


def test_no_item_is_taken_while_too_many_wait() -> None:
    """Memory stays bounded while a server is down: a full queue keeps further items out."""

    async def main() -> list[Turn]:
        firsts = list[Turn]()
        again = set[int]()

        async def turn(item: int) -> float | None:
            if item in again:
                return None
            again.add(item)
            firsts.append((round(now()), item))
            return now() + 10

        await Pool(_numbers(4), turn, width=lambda: 4, waiting=2).run()
        return firsts

    firsts = run_virtual(main())
    assert [item for _, item in firsts] == [0, 1, 2, 3]
    assert (min(firsts)[0], max(firsts)[0] >= 10) == (0, True)
