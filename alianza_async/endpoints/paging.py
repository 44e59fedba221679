"""Lists that page: `await` one for a page, `async for` over it for every item of every page.

A list pages by position (`PageStyle`: an item's index, or a page's number), or each page links to the next
one (`LinkStyle`). A list may change while it is read, so an id that was seen is not yielded again. Without
links, a page that brings nothing new ends the list, and a total that does not come true is logged.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Generic, ParamSpec, Protocol, TypeVar, cast, overload

from alianza_async.endpoints.described import NO_CLIENT, Described, bound_class, describe
from alianza_async.endpoints.endpoint import BoundEndpoint, Endpoint, Resource
from alianza_async.endpoints.links import follow

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Mapping, Sequence

    from alianza_async.calls.call import Operation, Reply, Sender

__all__ = [
    "BoundPages",
    "HasData",
    "HasEntities",
    "HasResults",
    "LinkStyle",
    "PageStyle",
    "PagedEndpoint",
    "Pages",
]

logger = logging.getLogger("alianza_async")
_PAGES = "Pages[{}]"

P = ParamSpec("P")
M = TypeVar("M")
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
M_co = TypeVar("M_co", covariant=True)


@dataclass(frozen=True, slots=True)
class PageStyle:
    """How a list is paged by position.

    Attributes:
        position: Our name of the parameter that says where a page begins.
        size: Our name of the parameter that says how many items it holds at the most.
        items: The attribute of the answer that holds the items.
        total: The attribute of the answer that says how many there are in all.
        first: The position of the first page.
        counts_pages: Whether the position counts pages, not items.
        default_size: How many items are asked for where the caller does not say.
    """

    position: str
    size: str
    items: str
    total: str
    first: int
    counts_pages: bool
    default_size: int = 100


@dataclass(frozen=True, slots=True)
class LinkStyle:
    """How a list is paged whose every page links to the next one.

    Attributes:
        items: The attribute of the answer that holds the items.
        next: The attribute that holds the link, such as `links.next`; the last page has no link.
    """

    items: str
    next: str


class HasResults(Protocol[T_co]):
    """An answer that holds its items in `results`."""

    @property
    def results(self) -> Sequence[T_co] | None:
        """The page's items."""
        ...


class HasData(Protocol[T_co]):
    """An answer that holds its items in `data`."""

    @property
    def data(self) -> Sequence[T_co] | None:
        """The page's items."""
        ...


class HasEntities(Protocol[T_co]):
    """An answer that holds its items in `entities`."""

    @property
    def entities(self) -> Sequence[T_co] | None:
        """The page's items."""
        ...


class Pages(Generic[M_co]):
    """A list that pages.

    Args:
        first: Brings the first page.
        walk: Yields every item of every page, from the first one on.
    """

    def __init__(
        self, first: Callable[[], Awaitable[M_co]], walk: Callable[[], AsyncIterator[object]]
    ) -> None:
        self._first = first
        self._walk = walk

    @staticmethod
    def by_position(
        fetch: Callable[[int, int], Awaitable[M]],
        style: PageStyle,
        *,
        position: int | None = None,
        size: int | None = None,
        name: str,
    ) -> Pages[M]:
        """Return a list that pages by position.

        Args:
            fetch: Brings the page at a position, of a size.
            style: How the list is paged.
            position: Where to begin.
            size: Items a page at the most.
            name: The operation's id, for the log.
        """
        start = style.first if position is None else position
        size = size or style.default_size
        return Pages(partial(fetch, start, size), partial(_walk_positions, fetch, style, start, size, name))

    @staticmethod
    def by_link(fetch: Callable[[str | None], Awaitable[M]], style: LinkStyle, *, name: str) -> Pages[M]:
        """Return a list whose every page links to the next one.

        Args:
            fetch: Brings the page that a link names; the first one for None.
            style: How the list is paged.
            name: The operation's id, for the log.
        """
        return Pages(partial(fetch, None), partial(_walk_links, fetch, style, name))

    def __await__(self) -> Generator[object, None, M_co]:
        """Return one page, as the server answers it."""
        return cast("Generator[object, None, M_co]", self._first().__await__())

    @overload
    def __aiter__(self: Pages[HasResults[T]]) -> AsyncIterator[T]: ...
    @overload
    def __aiter__(self: Pages[HasData[T]]) -> AsyncIterator[T]: ...
    @overload
    def __aiter__(self: Pages[HasEntities[T]]) -> AsyncIterator[T]: ...
    def __aiter__(self) -> AsyncIterator[object]:
        """Yield every item from the first page on."""
        return self._walk()


async def _walk_positions(
    fetch: Callable[[int, int], Awaitable[object]], style: PageStyle, position: int, size: int, name: str
) -> AsyncIterator[object]:
    whole = position == style.first
    read = 0 if style.counts_pages else position - style.first
    seen: set[object] = set()
    before: Sequence[object] = ()
    yielded = 0
    total: int | None = None
    while True:
        page = await fetch(position, size)
        items = _items(page, style.items)
        stated = _stated(page, style, len(items), read=read, size=size)
        if total is not None and stated is not None and stated != total:
            logger.warning("%s: the list changed while it was read: %d in all, then %d", name, total, stated)
        total = total if stated is None else stated
        fresh = [item for item in items if _is_new(item, seen)]
        if not fresh or items == before:
            break
        for item in fresh:
            yield item
        yielded += len(fresh)
        read += len(items)
        position += 1 if style.counts_pages else len(items)
        # A page that is not full is no end: some servers hold pages to a size of their own.
        if total is not None and read >= total and (whole or not style.counts_pages):
            break
        before = items
    if whole and total is not None and yielded != total:
        logger.warning("%s: the server states %d items in all, and answered %d", name, total, yielded)


async def _walk_links(
    fetch: Callable[[str | None], Awaitable[object]], style: LinkStyle, name: str
) -> AsyncIterator[object]:
    seen: set[object] = set()
    links: set[str] = set()
    link: str | None = None
    while True:
        page = await fetch(link)
        for item in _items(page, style.items):
            if _is_new(item, seen):
                yield item
        at = page
        for part in style.next.split("."):
            at = _field(at, part)
        if not at:
            break
        link = str(at)
        if link in links:
            logger.warning("%s: a page links to one that was read already; the list ends there", name)
            break
        links.add(link)


def _field(value: object, name: str) -> object:
    """Return a field of a model, declared or not, or of parsed JSON; None where it has none."""
    if isinstance(value, dict):
        return cast("Mapping[str, object]", value).get(name)
    return getattr(value, name, None)


def _items(page: object, name: str) -> Sequence[object]:
    return cast("Sequence[object]", _field(page, name) or ())


def _stated(page: object, style: PageStyle, held: int, *, read: int, size: int) -> int | None:
    """Return how many items there are in all, where a page says so."""
    stated = cast("int | None", _field(page, style.total))
    if style.counts_pages and stated == held and (read or held >= size):
        return None  # `count` of a full page, or of a later one, may be of that page alone
    return stated


def _is_new(item: object, seen: set[object]) -> bool:
    """Note an item's id; an item without one is always new."""
    identity = getattr(item, "id", None)
    if not isinstance(identity, (str, int)):
        return True
    if identity in seen:
        return False
    seen.add(identity)
    return True


class PagedEndpoint(Generic[P, M]):
    """A declared operation that pages.

    Args:
        endpoint: The declaration of one page.
        style: How the pages follow each other.
    """

    def __init__(self, endpoint: Endpoint[P, M], style: PageStyle | LinkStyle) -> None:
        self.endpoint = endpoint
        self.style = style
        describe(self, endpoint.function)

    @property
    def operation(self) -> Operation:
        """The operation as data."""
        return self.endpoint.operation

    @overload
    def __get__(self, instance: None, owner: type[Resource]) -> PagedEndpoint[P, M]: ...
    @overload
    def __get__(self, instance: Resource, owner: type[Resource]) -> BoundPages[P, M]: ...
    def __get__(
        self, instance: Resource | None, owner: type[Resource]
    ) -> PagedEndpoint[P, M] | BoundPages[P, M]:
        """Return the declaration on the class, the call on an instance."""
        return self if instance is None else self._bind(instance.client)

    @cached_property
    def _bound(self) -> type[BoundPages[P, M]]:
        """The class of its calls."""
        answers = {"__call__": _PAGES, "raw": "Reply[{}]"}
        return bound_class(cast("type[BoundPages[P, M]]", BoundPages), self.endpoint.function, answers)

    def _bind(self, client: Sender) -> BoundPages[P, M]:
        return self._bound(self, BoundEndpoint(self.endpoint, client))

    if not TYPE_CHECKING:  # there is nothing to call on the class, and checkers say so

        @property
        def __call__(self) -> Callable[..., object]:
            """What a mock of the resource's class checks arguments by."""
            return self._bind(NO_CLIENT).__call__

        @property
        def raw(self) -> Callable[..., object]:
            """As above."""
            return self._bind(NO_CLIENT).raw

    def __repr__(self) -> str:
        """Return verb, path and class."""
        return repr(self.endpoint).replace("Endpoint", "PagedEndpoint", 1)


class BoundPages(Described, Generic[P, M]):
    """A declared operation that pages, on a session: call it for its `Pages`, or `.raw(...)` one page.

    Args:
        paged: The declaration.
        one: What brings one page.
    """

    __slots__ = ("_one", "_paged")
    _function_names = frozenset[str]()  # it answers no coroutine
    _answer = _PAGES

    def __init__(self, paged: PagedEndpoint[P, M], one: BoundEndpoint[P, M]) -> None:
        self._paged = paged
        self._one = one

    @property
    def operation(self) -> Operation:
        """The operation as data."""
        return self._paged.operation

    @property
    def function(self) -> Callable[..., object]:
        """The declaration as it was written, of one page."""
        return self._one.function

    def __repr__(self) -> str:
        """Return verb, path and class."""
        return repr(self._one).replace("BoundEndpoint", "BoundPages", 1)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Pages[M]:
        """Return the list: `await` it for one page, `async for` over it for every item."""
        style, name = self._paged.style, self.operation.operation_id
        if isinstance(style, LinkStyle):
            return Pages.by_link(partial(self._linked, args, kwargs), style, name=name)
        given = dict(cast("Mapping[str, object]", kwargs))
        position, size = given.pop(style.position, None), given.pop(style.size, None)

        async def fetch(position: int, size: int) -> M:
            reply = await self._one.send_with(args, {**given, style.position: position, style.size: size})
            return reply.value

        return Pages.by_position(
            fetch, style, position=cast("int | None", position), size=cast("int | None", size), name=name
        )

    async def _linked(self, args: tuple[object, ...], kwargs: Mapping[str, object], link: str | None) -> M:
        """Bring the page that a link names; the first one for None."""
        one = cast("BoundEndpoint[..., M]", self._one)
        call = await one.prepare(*args, **kwargs)
        if link is not None:
            call.carrier = one.client.carrier.name
            follow(call, link, one.client.base_url)
        return cast("M", (await one.client.send(call)).value)

    async def raw(self, *args: P.args, **kwargs: P.kwargs) -> Reply[M]:
        """Bring one page and return its reply."""
        return await self._one.raw(*args, **kwargs)
