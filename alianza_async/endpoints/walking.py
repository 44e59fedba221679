"""Read a list to its end, page after page, while it may change.

What is put in front of a list pushes items onto later pages: they are met again, and come once. What is taken
out in front pulls items onto pages that were read already: the walk goes back by as many as the total has
shrunk. A page that brings nothing new is no end while the stated total says that more is to come; a run of
such pages is bounded, because a total may be wrong. What could not be read is reported, once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence

__all__ = ["Incomplete", "LinkStyle", "PageStyle", "walk_links", "walk_positions"]

_SEEN: Final = 50_000
"""Ids of a generation; the last one or two of them are remembered, about 10 MB."""
_IDLE_PAGES: Final = 3
"""How many pages may bring nothing new, one after the other, in a list whose total does not change."""
_MOST_PAGES: Final = 100
"""The same, and how far the walk goes back, however much the total changes."""


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


@dataclass(frozen=True, slots=True)
class Incomplete:
    """Why a list may lack items.

    Attributes:
        read: Items that came.
        stated: How many the server said there are, in its last word; None where it did not say.
        reason: Why the rest did not come, as part of a sentence.
    """

    read: int
    stated: int | None
    reason: str

    def __str__(self) -> str:
        """Return it as the rest of a sentence that begins with the list's name."""
        of = "" if self.stated is None else f" of the {self.stated}"
        return f"{self.read}{of} items were read: {self.reason}"


class _Seen:
    """The ids that were met lately: the last 50,000 at least, and not many more than twice that."""

    def __init__(self) -> None:
        self._now: set[object] = set()
        self._before: set[object] = set()

    def note(self, identity: object) -> bool:
        """Note an id; return whether it is new."""
        if identity in self._now or identity in self._before:
            return False
        self._now.add(identity)
        self._turn()
        return True

    def fresh(self, items: Sequence[object]) -> list[object]:
        """Return the items whose id is new; one without an id is always new."""
        now, before = self._now, self._before
        found: list[object] = []
        for item in items:
            identity = getattr(item, "id", None)
            if identity is None:
                identity = _field(item, "id")  # of parsed JSON
            if isinstance(identity, (str, int)):
                if identity in now or identity in before:
                    continue
                now.add(identity)
            found.append(item)
        self._turn()
        return found

    def _turn(self) -> None:
        """Forget the older generation where the younger one is full."""
        if len(self._now) >= _SEEN:
            self._before, self._now = self._now, set()


class _Totals:
    """What the server says of how many items there are.

    Attributes:
        stated: Its last word; None where it said nothing yet.
        changes: By how many it has changed, up or down, in all.
    """

    __slots__ = ("changes", "stated")

    def __init__(self) -> None:
        self.stated: int | None = None
        self.changes = 0

    def hear(self, stated: int | None) -> int:
        """Take what a page says; return by how many the total has shrunk since the last one."""
        last = self.stated
        if stated is None:
            return 0
        self.stated = stated
        if last is None:
            return 0
        self.changes += abs(stated - last)
        return max(last - stated, 0)


class _Place:
    """Where a walk by position is.

    Args:
        style: How the list is paged.
        position: Where it begins.

    Attributes:
        position: The page that comes next.
        read: Items that lie before it, as far as is known.
        again: Pages that it has been sent back to.
    """

    __slots__ = ("_style", "again", "position", "read")

    def __init__(self, style: PageStyle, position: int) -> None:
        self._style = style
        self.position = position
        self.read = 0 if style.counts_pages else position - style.first
        self.again = 0

    def forward(self, items: int) -> None:
        """Go past a page."""
        self.read += items
        self.position += 1 if self._style.counts_pages else items

    def back(self, items: int, step: int) -> None:
        """Go back from the beginning of a page, by whole pages of a size where those are counted."""
        pages = -(-items // step)
        self.again += pages + 1
        if self._style.counts_pages:
            self.position = max(self.position - pages, self._style.first)
            self.read = max(self.read - pages * step, 0)
        else:
            self.position -= items
            self.read -= items


async def walk_positions(
    fetch: Callable[[int, int], Awaitable[object]],
    style: PageStyle,
    position: int,
    size: int,
    report: Callable[[Incomplete], None],
) -> AsyncIterator[object]:
    """Yield every item of a list that pages by position.

    Args:
        fetch: Brings the page at a position, of a size.
        style: How the list is paged.
        position: Where to begin.
        size: Items per page at the most.
        report: Called at the end, where items may be lacking.
    """
    # Where pages are counted, how much lies before a later page is not known.
    total_ends = position == style.first or not style.counts_pages
    place, seen, totals = _Place(style, position), _Seen(), _Totals()
    begun = place.read
    before: Sequence[object] = ()
    yielded = repeated = idle = full = 0
    skipped = False
    while True:
        page = await fetch(place.position, size)
        items = _items(page, style.items)
        full = max(full, len(items))
        step = full or size  # some servers hold pages to a size of their own
        stated = _stated(page, style, len(items), read=place.read, size=size)
        shrunk = min(totals.hear(stated), place.read)
        total = totals.stated if total_ends else None
        # A page that is the one before, to the letter, is no page of its own, with ids or without.
        fresh = [] if items and items == before else seen.fresh(items)
        for item in fresh:
            yield item
        yielded += len(fresh)
        repeated += len(items) - len(fresh)
        back = min(shrunk, _MOST_PAGES * step)
        skipped = skipped or back < shrunk
        if back:
            place.back(back, step)
        else:
            place.forward(len(items) or step)
        before = items
        if fresh:
            idle = 0
            # A total that is less than what came is wrong: then the list is read until a page brings nothing.
            if total is not None and place.read >= total >= yielded - totals.changes:
                break
        else:
            idle += 1
            patience = _IDLE_PAGES + totals.changes // step + place.again
            if total is None or place.read >= total or idle > min(patience, _MOST_PAGES):
                break
    total = totals.stated if total_ends else None
    if skipped or (total is not None and begun + yielded < total):
        report(Incomplete(yielded, totals.stated, _why(totals, repeated, skipped=skipped)))


def _why(totals: _Totals, repeated: int, *, skipped: bool) -> str:
    if skipped:
        return "so many were taken out meanwhile that some may have been passed over"
    if totals.changes:
        return "the list changed while it was read"
    if repeated:
        return "pages repeat what came before"
    return "the pages hold no more than that"


async def walk_links(
    fetch: Callable[[str | None], Awaitable[object]], style: LinkStyle, report: Callable[[Incomplete], None]
) -> AsyncIterator[object]:
    """Yield every item of a list whose every page links to the next one.

    Args:
        fetch: Brings the page that a link names; the first one for None.
        style: How the list is paged.
        report: Called at the end, where items may be lacking.
    """
    seen, links = _Seen(), _Seen()
    link: str | None = None
    yielded = 0
    while True:
        page = await fetch(link)
        for item in (fresh := seen.fresh(_items(page, style.items))):
            yield item
        yielded += len(fresh)
        at = page
        for part in style.next.split("."):
            at = _field(at, part)
        if not at:
            return
        link = str(at)
        if not links.note(link):
            report(Incomplete(yielded, None, "a page links to one that was read already"))
            return


def _field(value: object, name: str) -> object:
    """Return a field of a model, declared or not, or of parsed JSON; None where it has none."""
    if isinstance(value, dict):
        return cast("Mapping[str, object]", value).get(name)
    return getattr(value, name, None)


def _items(page: object, name: str) -> Sequence[object]:
    return cast("Sequence[object]", _field(page, name) or ())


def _stated(page: object, style: PageStyle, held: int, *, read: int, size: int) -> int | None:
    """Return how many items there are in all, where a page says so."""
    stated = _field(page, style.total)
    if not isinstance(stated, int):
        return None
    if style.counts_pages and stated == held and (read or held >= size):
        return None  # `count` of a full page, or of a later one, may be of that page alone
    return stated
