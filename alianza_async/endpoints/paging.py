"""Lists that page: `await` one for a page, `async for` over it for every item of every page.

A list pages by position (`PageStyle`: an item's index, or a page's number), or each page links to the next
one (`LinkStyle`). A list may change while it is read: see `walking`. What could not be read is in
`pages.incomplete` and in the log; `pages.items(strict=True)` raises it.
"""

from __future__ import annotations

from functools import cached_property, partial
from typing import TYPE_CHECKING, Generic, ParamSpec, Protocol, TypeVar, cast, overload

from alianza_async.calls.logs import logger
from alianza_async.endpoints.described import NO_CLIENT, Described, bound_class, describe
from alianza_async.endpoints.endpoint import BoundEndpoint, Endpoint, Resource
from alianza_async.endpoints.links import follow
from alianza_async.endpoints.walking import Incomplete, LinkStyle, PageStyle, walk_links, walk_positions
from alianza_async.errors import IncompleteListError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Mapping, Sequence
    from typing import Self, Unpack

    from alianza_async.calls.call import Operation, Reply, Sender
    from alianza_async.calls.options import CallOptions

__all__ = [
    "BoundPages",
    "HasData",
    "HasEntities",
    "HasResults",
    "Incomplete",
    "LinkStyle",
    "PageStyle",
    "PagedEndpoint",
    "Pages",
]

_PAGES = "Pages[{}]"

P = ParamSpec("P")
M = TypeVar("M")
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
M_co = TypeVar("M_co", covariant=True)


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
        walk: Yields every item of every page, from the first one on; it reports what it could not read.
        name: The operation's id, for the log.

    Attributes:
        incomplete: What could not be read, once reading has come to the list's end; None where all came, and
            before that. A change that leaves the server's total as it is cannot be seen.
    """

    def __init__(
        self,
        first: Callable[[], Awaitable[M_co]],
        walk: Callable[[Callable[[Incomplete], None]], AsyncIterator[object]],
        *,
        name: str = "list",
    ) -> None:
        self._first = first
        self._walk = walk
        self._name = name
        self.incomplete: Incomplete | None = None

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
            size: Items per page at the most.
            name: The operation's id, for the log.
        """
        start = style.first if position is None else position
        size = size or style.default_size
        return Pages(
            partial(fetch, start, size), partial(walk_positions, fetch, style, start, size), name=name
        )

    @staticmethod
    def by_link(fetch: Callable[[str | None], Awaitable[M]], style: LinkStyle, *, name: str) -> Pages[M]:
        """Return a list whose every page links to the next one.

        Args:
            fetch: Brings the page that a link names; the first one for None.
            style: How the list is paged.
            name: The operation's id, for the log.
        """
        return Pages(partial(fetch, None), partial(walk_links, fetch, style), name=name)

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
        """Yield every item from the first page on; what could not be read is logged."""
        return self._read(strict=False)

    @overload
    def items(self: Pages[HasResults[T]], *, strict: bool = False) -> AsyncIterator[T]: ...
    @overload
    def items(self: Pages[HasData[T]], *, strict: bool = False) -> AsyncIterator[T]: ...
    @overload
    def items(self: Pages[HasEntities[T]], *, strict: bool = False) -> AsyncIterator[T]: ...
    def items(self, *, strict: bool = False) -> AsyncIterator[object]:
        """Yield every item from the first page on, as `async for` over the list itself does.

        Args:
            strict: Whether a list that could not be read whole is an error, once what could be read came.

        Raises:
            IncompleteListError: With `strict`, items are lacking.
        """
        return self._read(strict=strict)

    def _read(self, *, strict: bool) -> AsyncIterator[object]:
        self.incomplete = None
        return self._walk(partial(self._report, strict))

    def _report(self, strict: bool, incomplete: Incomplete) -> None:
        self.incomplete = incomplete
        sentence = f"{self._name}: {incomplete}; read the list again"
        if strict:
            raise IncompleteListError(sentence, read=incomplete.read, stated=incomplete.stated)
        logger.warning("%s", sentence, extra={"operation": self._name})


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

    def with_options(self, **options: Unpack[CallOptions]) -> Self:
        """Return the same list with options of its own; each page is a call that they hold for.

        `pages = session.accounts.history.with_options(deadline=2.0)("id")`

        Args:
            **options: `timeout`, `deadline` and `traffic`, as `Session.with_options` takes them.

        Raises:
            ConfigurationError: A value is not allowed.
        """
        return type(self)(self._paged, self._one.with_options(**options))

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
