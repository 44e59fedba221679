"""Who may write: a lease, its epoch on every write, and taking over."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from alianza_async.bulk.journal import Fence
from alianza_async.errors import JournalError, JournalLockedError
from tests.bulk.journal.journals import intent

if TYPE_CHECKING:
    from alianza_async.bulk.journal import JournalStore


async def test_one_holder_at_a_time(store: JournalStore) -> None:
    """While a lease holds, nobody else gets it, and the error names its holder; other parts are free."""
    first = await store.lease(owner="process 1", ttl_s=60)
    with pytest.raises(JournalLockedError, match="part 0 of job job-1 is being worked on by process 1"):
        await store.lease(owner="process 2", ttl_s=60)
    other = await store.lease(owner="process 2", ttl_s=60, chunk=1)

    assert (first, other) == (Fence("job-1", 0, 1), Fence("job-1", 1, 1))


async def test_an_expired_lease_is_taken_over(store: JournalStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Taking over raises the epoch; whoever had it before can write nothing any more."""
    monkeypatch.setattr("time.time", lambda: 1000.0)
    old = await store.lease(owner="process 1", ttl_s=10)
    monkeypatch.setattr("time.time", lambda: 1011.0)
    await store.write(old, intent(1))  # expired, and nobody has taken it
    new = await store.lease(owner="process 2", ttl_s=10)

    assert new == Fence("job-1", 0, 2)
    for write in (
        store.write(old, intent(2)),
        store.claim(old, "account", "A-2", 2),
        store.heartbeat(old, 10),
        store.set_job(old, state="stopped"),
        store.write(Fence("job-2", 0, 2), intent(2)),
        store.write(Fence("job-1", 7, 1), intent(2)),
    ):
        with pytest.raises(JournalError, match="was taken over or given back"):
            await write
    await store.release(old)  # it is the other's now, and stays so
    await store.write(new, intent(3))

    assert sorted(await store.rows([1, 2, 3])) == [1, 3]
    assert store.broken is None


async def test_a_heartbeat_keeps_a_lease(store: JournalStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lease whose holder is alive does not expire."""
    monkeypatch.setattr("time.time", lambda: 1000.0)
    fence = await store.lease(owner="process 1", ttl_s=10)
    monkeypatch.setattr("time.time", lambda: 1009.0)
    await store.heartbeat(fence, 10)
    monkeypatch.setattr("time.time", lambda: 1018.0)

    with pytest.raises(JournalLockedError):
        await store.lease(owner="process 2", ttl_s=10)


async def test_what_is_given_back_is_free(store: JournalStore) -> None:
    """After a release the next one gets it at once, and its former holder writes nothing any more."""
    old = await store.lease(owner="process 1", ttl_s=60)
    await store.release(old)

    with pytest.raises(JournalError, match="was taken over or given back"):
        await store.write(old, intent(1))
    assert await store.lease(owner="process 2", ttl_s=60) == Fence("job-1", 0, 2)
