# mypy: disable-error-code="empty-body"
# ruff: noqa: PIE790  (the `...` of a declaration tells pyright that its answer comes from elsewhere)
from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from alianza_async.endpoints import declare
from alianza_async.endpoints.endpoint import Resource
from alianza_async.endpoints.models import ReadModel
from alianza_async.endpoints.paging import BoundPages, PagedEndpoint, Pages, PageStyle
from alianza_async.resources.page_styles import BY_INDEX, BY_NUMBER
from tests.fakes import ScriptedTransport, answer, refusal, scripted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from alianza_async.calls.call import Call, Reply


@dataclass(frozen=True)
class Item:
    """What is listed."""

    id: object
    name: str = ""


@dataclass(frozen=True)
class ByIndex:
    """A page of the one style."""

    results: Sequence[Item] | None
    total_records: int | None = None


@dataclass(frozen=True)
class ByNumber:
    """A page of the other style."""

    entities: Sequence[Item] | None
    count: int | None = None


def items(*ids: object) -> list[Item]:
    """Return items with these ids."""
    return [Item(i) for i in ids]


class Server:
    """Holds a list and answers its pages.

    Args:
        held: The list.
        total: What it states of each page: its number, the page's items, everything.
        cap: Items a page at the most, whatever is asked for.
    """

    def __init__(
        self,
        held: Sequence[Item],
        *,
        total: Callable[[int, int, int], int | None] = lambda _page, _items, every: every,
        cap: int | None = None,
    ) -> None:
        self.held = list(held)
        self.asked: list[tuple[int, int]] = []
        self._total = total
        self._cap = cap

    def _page(self, start: int, size: int) -> tuple[list[Item], int | None]:
        found = self.held[start : start + min(size, self._cap or size)]
        return found, self._total(len(self.asked), len(found), len(self.held))

    async def by_index(self, position: int, size: int) -> ByIndex:
        """Answer the page that begins at an item."""
        self.asked.append((position, size))
        return ByIndex(*self._page(position, size))

    async def by_number(self, position: int, size: int) -> ByNumber:
        """Answer the page with a number."""
        self.asked.append((position, size))
        return ByNumber(*self._page(position * min(size, self._cap or size), size))

    def pages(
        self, style: PageStyle, *, position: int | None = None, size: int | None = 2
    ) -> Pages[ByIndex] | Pages[ByNumber]:
        """Return the list as the library pages it."""
        if style is BY_INDEX:
            return Pages.by_position(self.by_index, style, position=position, size=size, name="list")
        return Pages.by_position(self.by_number, style, position=position, size=size, name="list")


async def ids_of(pages: Pages[ByIndex] | Pages[ByNumber]) -> list[object]:
    """Read a list to its end."""
    return [item.id async for item in pages]


STYLES = [pytest.param(BY_INDEX, id="by index"), pytest.param(BY_NUMBER, id="by number")]


@pytest.fixture
def warnings(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """What is told in the log."""
    caplog.set_level(logging.WARNING, logger="alianza_async")
    return caplog


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("held", range(6))
async def test_every_item_of_every_page_comes_once(
    style: PageStyle, held: int, warnings: pytest.LogCaptureFixture
) -> None:
    """Whatever the length, an empty list and a full last page too, all come, in order; nothing is told."""
    server = Server(items(*range(held)))
    assert await ids_of(server.pages(style)) == list(range(held))
    assert warnings.messages == []


@pytest.mark.parametrize(
    ("style", "asked"), [(BY_INDEX, [(0, 2), (2, 2), (4, 2)]), (BY_NUMBER, [(0, 2), (1, 2), (2, 2)])]
)
async def test_a_stated_total_saves_the_last_look(style: PageStyle, asked: list[tuple[int, int]]) -> None:
    """Five items in pages of two are three requests: the first position is 0 in both styles."""
    server = Server(items(*range(5)))
    await ids_of(server.pages(style))
    assert server.asked == asked


@pytest.mark.parametrize("style", STYLES)
async def test_awaited_it_is_one_page(style: PageStyle) -> None:
    """`await` brings the page as the server answers it, at the position and of the size asked for."""
    server = Server(items(*range(5)))
    page = await server.pages(style, position=1, size=3)
    held = page.results if isinstance(page, ByIndex) else page.entities
    assert (held, server.asked) == (items(1, 2, 3) if style is BY_INDEX else items(3, 4), [(1, 3)])


@pytest.mark.parametrize("style", STYLES)
async def test_a_page_is_asked_for_by_a_hundred(style: PageStyle) -> None:
    """Where the caller says nothing, a page has a hundred items; nothing is asked for before it is read."""
    server = Server(items(*range(3)))
    pages = server.pages(style, size=None)
    assert server.asked == []
    await ids_of(pages)
    assert server.asked == [(0, 100)]


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("stated", [True, False])
async def test_a_server_that_holds_pages_to_its_own_size_loses_nothing(
    style: PageStyle, stated: bool, warnings: pytest.LogCaptureFixture
) -> None:
    """A page shorter than asked for is no end: every item comes, whether a total is stated or not."""
    server = Server(items(*range(7)), cap=3, total=lambda _page, _items, every: every if stated else None)
    assert await ids_of(server.pages(style, size=100)) == list(range(7))
    assert warnings.messages == []


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("identified", [True, False])
@pytest.mark.parametrize("total", [None, 4, 9])
async def test_a_server_that_answers_everything_each_time_ends(
    style: PageStyle, identified: bool, total: int | None
) -> None:
    """A page that repeats brings nothing new, by its ids or as a whole; its items come once.

    Without a total that ends the list; with one that says there is more, a few more pages are looked at.
    """
    every = items(1, 2, 3, 4) if identified else [Item(None, name) for name in "abcd"]
    asked: list[int] = []

    async def by_index(position: int, _size: int) -> ByIndex:
        asked.append(position)
        return ByIndex(every, total)

    async def by_number(position: int, _size: int) -> ByNumber:
        asked.append(position)
        return ByNumber(every, total)

    if style is BY_INDEX:
        found = [item async for item in Pages.by_position(by_index, style, size=2, name="list")]
    else:
        found = [item async for item in Pages.by_position(by_number, style, size=2, name="list")]
    assert found == every
    assert len(asked) <= (2 if total != 9 else 5)


async def test_a_count_of_the_page_alone_does_not_end_a_list(warnings: pytest.LogCaptureFixture) -> None:
    """`count` may be of the page, not of all: then the list is read until a page brings nothing."""
    server = Server(items(*range(5)), total=lambda _page, found, _every: found)
    assert await ids_of(server.pages(BY_NUMBER)) == list(range(5))
    assert warnings.messages == []


async def test_an_item_that_moved_onto_the_next_page_comes_once(warnings: pytest.LogCaptureFixture) -> None:
    """What was put in front pushes an item onto the next page: its second sight is dropped.

    That what was put in front was not read is told, once.
    """
    server = Server(items(1, 2, 3, 4))
    pages = server.pages(BY_INDEX)
    found: list[object] = []
    async for item in pages:
        found.append(item.id)
        if len(found) == 2:
            server.held.insert(0, Item(0))
    assert found == [1, 2, 3, 4]
    assert warnings.messages == [
        "list: 4 of the 5 items were read: the list changed while it was read; read the list again"
    ]


async def test_items_without_an_id_are_all_different() -> None:
    """Only ids tell that two items are one: equal rows of a report are two rows; odd ids are no ids."""
    rows = [Item(None, "a"), Item(None, "a"), Item(["x"], "b"), Item(["x"], "b"), Item(None, "a")]
    server = Server(rows)
    assert await ids_of(server.pages(BY_INDEX, size=3)) == [row.id for row in rows]


async def test_a_total_that_does_not_come_true_is_told(warnings: pytest.LogCaptureFixture) -> None:
    """A list that ends before its total says so in the log."""
    server = Server(items(1, 2, 3), total=lambda _page, _items, _every: 9)
    assert await ids_of(server.pages(BY_INDEX, size=3)) == [1, 2, 3]
    assert warnings.messages == [
        "list: 3 of the 9 items were read: the pages hold no more than that; read the list again"
    ]


async def test_a_total_that_is_less_than_what_came_ends_nothing(warnings: pytest.LogCaptureFixture) -> None:
    """A page that holds more than the total shows that it is wrong: the rest is read none the less."""
    server = Server(items(*range(8)), total=lambda _page, _items, _every: 2)
    assert await ids_of(server.pages(BY_INDEX, size=3)) == list(range(8))
    assert warnings.messages == []


@pytest.mark.parametrize("style", STYLES)
async def test_a_list_may_be_read_from_its_middle(
    style: PageStyle, warnings: pytest.LogCaptureFixture
) -> None:
    """From a later position on, the rest comes, and the total is not held against it."""
    server = Server(items(*range(7)))
    start = 4 if style is BY_INDEX else 2
    assert await ids_of(server.pages(style, position=start)) == [4, 5, 6]
    assert await ids_of(server.pages(style, position=50)) == []
    assert warnings.messages == []
    if style is BY_INDEX:
        assert server.asked[:2] == [(4, 2), (6, 2)]


@pytest.mark.parametrize("style", STYLES)
async def test_a_page_without_its_list_is_empty(style: PageStyle) -> None:
    """An answer that leaves the items out, or gives null, holds none."""

    async def by_index(_position: int, _size: int) -> ByIndex:
        return ByIndex(None)

    async def by_number(_position: int, _size: int) -> ByNumber:
        return ByNumber(None)

    if style is BY_INDEX:
        assert [item async for item in Pages.by_position(by_index, style, name="list")] == []
    else:
        assert [item async for item in Pages.by_position(by_number, style, name="list")] == []


# --- declared -----------------------------------------------------------------------------------------


class Entry(ReadModel):
    """What is listed."""

    id: str | None = None


class Page(ReadModel):
    """A page of it."""

    total_records: int | None = None
    results: list[Entry] | None = None


class Entries(Resource):
    """A resource with a list that pages."""

    @declare.get_pages("/v2/account/{account_id}/entry", operation_id="listEntries", style=BY_INDEX)
    async def list(
        self,
        account_id: str,
        *,
        kind: list[str] | None = None,
        first_result_index: int | None = None,
        max_result: int | None = None,
    ) -> Page:
        """List entries."""
        ...


def page(*ids: str, total: int) -> Callable[[Call], Reply[object]]:
    """Answer a page."""
    return answer(200, {"totalRecords": total, "results": [{"id": i} for i in ids], "extra": 1})


async def test_a_declared_list_pages_with_its_other_arguments() -> None:
    """Every page is asked for with the ids and filters of the call, and with position and size."""
    transport = ScriptedTransport(page("a", "b", total=3), page("c", total=3))
    async with scripted(transport) as session:
        found = [entry.id async for entry in Entries(session).list("x/1", kind=["A", "B"], max_result=2)]
    assert found == ["a", "b", "c"]
    common = "/v2/account/x%2F1/entry?kind=A&kind=B"
    assert [sent.target for sent in transport.sent] == [
        f"{common}&firstResultIndex=0&maxResult=2",
        f"{common}&firstResultIndex=2&maxResult=2",
    ]


async def test_a_declared_list_is_awaited_or_asked_raw_for_one_page() -> None:
    """`await` parses one page, unknown fields kept; `.raw` answers its reply."""
    transport = ScriptedTransport(page("a", total=9), page("b", total=9))
    async with scripted(transport) as session:
        entries = Entries(session)
        one = await entries.list("x", first_result_index=4)
        reply = await entries.list.raw("x", max_result=1)
    assert (one.results, one.total_records, one.model_extra) == ([Entry(id="a")], 9, {"extra": 1})
    assert (reply.status, reply.value.results) == (200, [Entry(id="b")])
    assert [sent.target.partition("?")[2] for sent in transport.sent] == [
        "firstResultIndex=4&maxResult=100",
        "maxResult=1",
    ]


async def test_a_page_is_tried_again_as_any_read() -> None:
    """A list is safe: a page that failed is asked for again, and the list goes on."""
    transport = ScriptedTransport(page("a", total=2), refusal(503, "busy"), page("b", total=2))
    async with scripted(transport) as session:
        found = [entry.id async for entry in Entries(session).list("x", max_result=1)]
    assert (found, len(transport.sent)) == (["a", "b"], 3)


async def test_arguments_of_a_list_that_do_not_fit_are_type_errors() -> None:
    """Wrong arguments are told as for any declared operation, once the list is read."""
    async with scripted(ScriptedTransport()) as session:
        with pytest.raises(TypeError, match="unexpected keyword argument 'colour'"):
            await Entries(session).list("x", colour="red")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


async def test_a_declared_list_is_data_too() -> None:
    """On the class it is a `PagedEndpoint`, on an instance a `BoundPages`; both know the operation."""
    async with scripted(ScriptedTransport()) as session:
        bound = Entries(session).list
    assert isinstance(Entries.list, PagedEndpoint)
    assert isinstance(bound, BoundPages)
    assert bound.operation is Entries.list.operation
    assert (bound.operation.operation_id, Entries.list.__doc__) == ("listEntries", "List entries.")
