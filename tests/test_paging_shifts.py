# mypy: disable-error-code="empty-body"
# ruff: noqa: PIE790  (the `...` of a declaration tells pyright that its answer comes from elsewhere)
"""Lists that change while they are read: each item comes once, and what could not be read is told."""

from __future__ import annotations

import json
import logging
import pickle
from itertools import count
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, strategies as st

from alianza_async import IncompleteListError
from alianza_async.endpoints import declare, walking
from alianza_async.endpoints.endpoint import Resource
from alianza_async.endpoints.models import ReadModel
from alianza_async.endpoints.paging import Incomplete, Pages
from alianza_async.resources.page_styles import BY_INDEX, BY_NUMBER
from tests.hosts import Host, session_on
from tests.raw_server import http, serving
from tests.test_paging import STYLES, ByIndex, ByNumber, Item, Server, ids_of, items

if TYPE_CHECKING:
    from collections.abc import Callable

    from alianza_async.endpoints.paging import PageStyle
    from alianza_async.transports.choice import TransportName

CHANGED = "the list changed while it was read"


class Changing(Server):
    """Changes its list after it has answered a page.

    Args:
        held: Ids of the list.
        **changes: What is done to the list, by the number of the page it is done after.
    """

    def __init__(self, held: int, changes: dict[int, Callable[[list[Item]], None]]) -> None:
        super().__init__(items(*range(held)))
        self._changes = changes

    def _page(self, start: int, size: int) -> tuple[list[Item], int | None]:
        page = super()._page(start, size)
        self._changes.get(len(self.asked), _nothing)(self.held)
        return page


def _nothing(_held: list[Item]) -> None:
    """Leave a list as it is."""


def put_in_front(*ids: object) -> Callable[[list[Item]], None]:
    """Return what puts items in front."""

    def change(held: list[Item]) -> None:
        held[:0] = items(*ids)

    return change


def take_out(start: int, end: int) -> Callable[[list[Item]], None]:
    """Return what takes items out."""

    def change(held: list[Item]) -> None:
        del held[start:end]

    return change


NEW = tuple(range(1000, 1010))


@pytest.mark.parametrize("style", STYLES)
async def test_a_list_that_shifts_by_a_page_is_read_on(
    style: PageStyle, caplog: pytest.LogCaptureFixture
) -> None:
    """Ten of 35 are put in front after page 1: page 2 repeats page 1, and the rest comes all the same."""
    server = Changing(35, {1: put_in_front(*NEW)})
    pages = server.pages(style, size=10)
    assert await ids_of(pages) == list(range(35))
    assert pages.incomplete == Incomplete(35, 45, CHANGED)
    assert caplog.messages == [f"list: 35 of the 45 items were read: {CHANGED}; read the list again"]
    assert [getattr(record, "operation", None) for record in caplog.records] == ["list"]
    assert len(server.asked) == 5


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("taken", [(0, 1), (0, 10), (3, 17), (15, 30), (0, 25)])
async def test_what_is_taken_out_passes_nothing_over(
    style: PageStyle, taken: tuple[int, int], caplog: pytest.LogCaptureFixture
) -> None:
    """What moved onto pages that were read already is read: nothing lacks, so nothing is told."""
    server = Changing(35, {2: take_out(*taken)})
    pages = server.pages(style, size=10)
    assert {*await ids_of(pages)} == {i for i in range(35) if i < 20 or not taken[0] <= i < taken[1]}
    assert (pages.incomplete, caplog.messages) == (None, [])


async def test_a_page_that_is_empty_is_no_end(caplog: pytest.LogCaptureFixture) -> None:
    """The pages behind it come; what it should have held is told as lacking."""

    async def fetch(position: int, size: int) -> ByIndex:
        return ByIndex([] if position == 10 else items(*range(position, min(position + size, 35))), 35)

    pages = Pages.by_position(fetch, BY_INDEX, size=10, name="hole")
    assert [item.id async for item in pages] == [*range(10), *range(20, 35)]
    assert pages.incomplete == Incomplete(25, 35, "the pages hold no more than that")
    assert len(caplog.messages) == 1


@given(
    held=st.integers(0, 60),
    size=st.integers(1, 12),
    style=st.sampled_from([BY_INDEX, BY_NUMBER]),
    changes=st.dictionaries(
        st.integers(1, 6), st.tuples(st.booleans(), st.integers(0, 59), st.integers(1, 12)), max_size=3
    ),
)
async def test_what_stays_comes_once(
    held: int, size: int, style: PageStyle, changes: dict[int, tuple[bool, int, int]]
) -> None:
    """Whatever is put in or taken out between pages, an item that is there all the time comes once."""
    new = count(1000)

    def change(inserts: bool, at: int, number: int) -> Callable[[list[Item]], None]:
        def insert(there: list[Item]) -> None:
            there[at:at] = items(*(next(new) for _ in range(number)))

        return insert if inserts else take_out(at, at + number)

    server = Changing(held, {page: change(*what) for page, what in changes.items()})
    found = await ids_of(server.pages(style, size=size))
    assert len(found) == len(set(found))
    assert {item.id for item in server.held if isinstance(item.id, int) and item.id < 1000} <= set(found)


@pytest.mark.parametrize("style", STYLES)
async def test_a_total_that_never_comes_true_ends_the_list(style: PageStyle) -> None:
    """A server that states a billion items and gives three is asked a bounded number of times."""
    server = Server(items(1, 2, 3), total=lambda _page, _items, _every: 1_000_000_000)
    pages = server.pages(style, size=3)
    assert await ids_of(pages) == [1, 2, 3]
    assert len(server.asked) == 5
    assert pages.incomplete == Incomplete(3, 1_000_000_000, "the pages hold no more than that")


async def test_a_total_that_jumps_ends_the_list() -> None:
    """However wildly the total changes, at most a hundred pages in a row bring nothing new."""
    asked: list[int] = []

    async def fetch(position: int, _size: int) -> ByNumber:
        asked.append(position)
        return ByNumber(items(1, 2, 3), 10**9 if len(asked) % 2 else 10**8)

    pages = Pages.by_position(fetch, BY_NUMBER, size=3, name="list")
    assert [item.id async for item in pages] == [1, 2, 3]
    assert len(asked) == 102
    assert min(asked) == 0


async def test_a_list_that_loses_more_than_is_gone_back_for_says_so() -> None:
    """The way back is bounded too: what may have been passed over is told, though no number lacks."""
    server = Changing(1000, {500: take_out(0, 400)})
    pages = server.pages(BY_INDEX, size=1)
    found = await ids_of(pages)
    assert len(found) == 700
    assert pages.incomplete == Incomplete(
        700, 600, "so many were taken out meanwhile that some may have been passed over"
    )


async def test_ids_are_remembered_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """The latest ids are remembered, as many as two generations hold; an older one is forgotten."""
    monkeypatch.setattr(walking, "_SEEN", 4)
    ids = [1, 2, 3, 4, 5, 5, 6, 7, 8, 9, 1, 9, 10]
    server = Server(items(*ids), total=lambda _page, _items, _every: None)
    assert await ids_of(server.pages(BY_INDEX, size=5)) == [1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 10]


async def test_objects_of_parsed_json_come_once_too() -> None:
    """An id is an id in a model and in a JSON object."""
    pages = [[{"id": 1}, {"id": 2}], [{"id": 2}, {"id": 3}], []]

    async def fetch(_position: int, _size: int) -> object:
        return {"results": pages.pop(0)}

    walk = walking.walk_positions(fetch, BY_INDEX, 0, 2, lambda _incomplete: None)
    assert [item async for item in walk] == [{"id": 1}, {"id": 2}, {"id": 3}]


async def test_strict_raises_after_what_could_be_read(caplog: pytest.LogCaptureFixture) -> None:
    """With `strict`, a list that lacks items ends in an error that can be pickled; nothing is logged."""
    server = Changing(35, {1: put_in_front(*NEW)})
    pages = server.pages(BY_INDEX, size=10)
    found: list[object] = []

    async def read() -> None:
        async for item in pages.items(strict=True):
            found.append(item.id)  # noqa: PERF401  (what came before the error counts)

    with pytest.raises(IncompleteListError, match="list: 35 of the 45 items were read: ") as caught:
        await read()
    assert found == list(range(35))
    error = pickle.loads(pickle.dumps(caught.value))  # noqa: S301  (our own bytes)
    assert (error.read, error.stated, str(error)) == (35, 45, str(caught.value))
    assert caplog.messages == []


async def test_strict_says_nothing_of_a_list_that_is_whole() -> None:
    """A list that came whole is whole, strict or not; what an earlier reading lacked is forgotten."""
    server = Changing(35, {1: put_in_front(*NEW)})
    pages = server.pages(BY_INDEX, size=10)
    await ids_of(pages)
    assert pages.incomplete is not None
    assert [item.id async for item in pages.items(strict=True)] == [*NEW, *range(35)]
    assert pages.incomplete is None


# --- declared, over both transports ---------------------------------------------------------------------


class Entry(ReadModel):
    """What is listed."""

    id: int | None = None


class Page(ReadModel):
    """A page of it."""

    total_records: int | None = None
    results: list[Entry] | None = None


class Entries(Resource):
    """A resource with a list that pages."""

    @declare.get_pages("/v2/entry", operation_id="listEntries", style=BY_INDEX)
    async def list(self, *, first_result_index: int | None = None, max_result: int | None = None) -> Page:
        """List entries."""
        ...


def shifted(*pages: tuple[range, int]) -> Host:
    """Return a host that answers pages: the ids of each, and its total."""
    bodies = [{"totalRecords": total, "results": [{"id": i} for i in ids]} for ids, total in pages]
    return Host(*(http(json.dumps(body).encode()) for body in bodies))


async def test_a_declared_list_is_read_on(
    transport_name: TransportName, caplog: pytest.LogCaptureFixture
) -> None:
    """What a session lists tells what lacks: in `incomplete`, in one warning, with `strict` in an error."""
    caplog.set_level(logging.WARNING, logger="alianza_async")
    answers = [(range(3), 6), (range(3), 9), (range(3, 6), 9), (range(0), 9)]
    host = shifted(*answers, *answers)
    async with serving(host) as address, session_on(address, transport=transport_name) as session:
        entries = Entries(session).list(max_result=3)
        assert [entry.id async for entry in entries] == list(range(6))
        assert entries.incomplete == Incomplete(6, 9, CHANGED)
        assert len(caplog.messages) == 1
        with pytest.raises(IncompleteListError, match="listEntries: 6 of the 9 items were read"):
            [entry async for entry in Entries(session).list(max_result=3).items(strict=True)]
    assert [line.partition("?")[2] for line in host.lines[:3]] == [
        f"firstResultIndex={i}&maxResult=3" for i in (0, 3, 6)
    ]
