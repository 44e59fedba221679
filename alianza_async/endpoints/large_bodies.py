"""Parse a large body in pieces, so that the event loop goes on meanwhile, and refuse one that takes too much.

A model takes 1.2 KB where its JSON has two characters: 3 MB of `[{},{},...]` are 1.2 GB of objects. A thread
does not help: the parser holds the interpreter's lock. So the items of long lists are counted, and what they
take is estimated, before the first one is parsed; then they are parsed some hundred at a time by the very
parser of the operation: the body with one piece of one list in it, and the other long lists empty.
"""

from __future__ import annotations

import gc
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeVar, cast

import anyio
import anyio.lowlevel
from pydantic import BaseModel, ValidationError

from alianza_async.endpoints.json_layout import MOST_A_BYTE, estimated_cost, most_cost, scan
from alianza_async.errors import ResponseTooLargeError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

    from alianza_async.calls.call import Call, Reply
    from alianza_async.endpoints.json_layout import Gap, Layout

__all__ = ["DEFAULT_MAX_LIST_ITEMS", "DEFAULT_MAX_PARSED_BYTES", "AnswerLimits", "PieceError", "parse_large"]

R = TypeVar("R")

DEFAULT_MAX_LIST_ITEMS: Final = 50_000
DEFAULT_MAX_PARSED_BYTES: Final = 192 * 1024 * 1024

_SMALL: Final = 16 * 1024
_LARGE: Final = 1024 * 1024
_FEW_OBJECTS: Final = 4_000
_MOST_SKELETON: Final = 256 * 1024


@dataclass(frozen=True, slots=True)
class AnswerLimits:
    """What an answer may be parsed into.

    Attributes:
        items: Items of one list.
        parsed_bytes: Bytes that the values of one answer may take, as estimated.
    """

    items: int = DEFAULT_MAX_LIST_ITEMS
    parsed_bytes: int = DEFAULT_MAX_PARSED_BYTES
    _few_items: int = field(init=False, repr=False, compare=False)
    _harmless: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Work out up to which size a body is within the limits, whatever is in it."""
        few_items = 2 * self.items + 2  # an item takes a byte and a comma
        object.__setattr__(self, "_few_items", few_items)
        object.__setattr__(self, "_harmless", min(_SMALL, few_items, self.parsed_bytes // MOST_A_BYTE))

    def is_small(self, body: bytes) -> bool:
        """Tell whether a body takes no time and is within the limits, as far as a glance can tell.

        Its size alone tells it of most answers; one that may be over a limit is looked at more closely.
        """
        size = len(body)
        if size <= self._harmless:
            return True
        objects = body.count(b"{")
        return (
            _is_quick(size, objects)
            and (size <= self._few_items or body.count(b",") < self.items)
            and most_cost(objects, size) <= self.parsed_bytes
        )


def _is_quick(size: int, objects: int) -> bool:
    """Tell whether a body is parsed in no time."""
    return size <= _SMALL or (size <= _LARGE and objects <= _FEW_OBJECTS)


class PieceError(Exception):
    """A piece of a list cannot be parsed.

    Attributes:
        error: What is wrong with it.
        first: The index of its first item in the list.
    """

    def __init__(self, error: ValidationError, first: int) -> None:
        super().__init__()
        self.error = error
        self.first = first


async def parse_large(call: Call, reply: Reply[object], limits: AnswerLimits) -> object:
    """Parse a body that is not small: one that takes time, or that may be over a limit.

    Args:
        call: What it answers, and how it is parsed.
        reply: The answer that has it.
        limits: What it may be parsed into.

    Raises:
        ResponseTooLargeError: A list has too many items, or the whole would take too much memory.
        PieceError: An item of a long list cannot be parsed.
        ValidationError: Something else in it cannot be parsed.
    """
    body = reply.body
    layout = await _now_and_then(scan(body, limits.items))
    for gap in () if layout is None else layout.gaps:
        if gap.items > limits.items:
            raise ResponseTooLargeError(
                f"the answer's list has more than {limits.items} items; "
                "raise max_list_items if that is meant",
                context=call.context(),
                status=reply.status,
            )
    if await _now_and_then(estimated_cost(body, limits.parsed_bytes)) > limits.parsed_bytes:
        raise ResponseTooLargeError(
            f"the answer would take more than {limits.parsed_bytes} bytes of memory once it is parsed; "
            "raise max_parsed_bytes if that is meant",
            context=call.context(),
            status=reply.status,
        )
    if (
        layout is None
        or _is_quick(len(body), body.count(b"{"))
        or sum(map(len, layout.skeleton)) > _MOST_SKELETON
    ):
        return call.parse(body)
    return await _in_pieces(call.parse, layout)


async def _now_and_then(steps: Generator[None, None, R]) -> R:
    """Go through all steps, and let others go on between them."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return cast("R", end.value)
        await anyio.lowlevel.checkpoint()


async def _in_pieces(parse: Callable[[bytes], object], layout: Layout) -> object:
    body, skeleton = layout.body, layout.skeleton
    try:
        value = parse(b"".join(skeleton))
    except ValidationError:
        return parse(body)  # it may be that a list must not be empty
    for number, gap in enumerate(layout.gaps, 1):
        whole = _list_of(value, gap)
        if whole is None or whole:
            return parse(body)  # what the answer makes of its list is for it alone to know
        before, after = b"".join(skeleton[:number]), b"".join(skeleton[number:])
        for piece in gap.pieces:
            await anyio.lowlevel.checkpoint()
            try:
                part = _uncollected(parse, before + body[piece.start : piece.end] + after)
            except ValidationError as error:
                raise PieceError(error, piece.first) from None
            items = _list_of(part, gap)
            if items is None or len(items) != piece.items:
                return parse(body)  # as above
            whole += items
    return value


def _uncollected(parse: Callable[[bytes], object], body: bytes) -> object:
    """Parse a piece without the garbage collector, which finds nothing in what is being made.

    It would go through all that was made before, again and again: 120 ms of a standing event loop for 40,000
    models. It is off for this step alone: whoever comes next has it back.
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        return parse(body)
    finally:
        if collects:
            gc.enable()


def _list_of(value: object, gap: Gap) -> list[object] | None:
    """Return the list of a parsed answer that a long list became, or None where it became none."""
    found = value if gap.key is None else _member(value, gap.key)
    return cast("list[object]", found) if type(found) is list else None


def _member(value: object, key: str) -> object:
    """Return the member of a parsed object that has a name on the wire."""
    if isinstance(value, dict):
        return cast("Mapping[str, object]", value).get(key)
    if not isinstance(value, BaseModel):
        return None
    for name, declared in type(value).model_fields.items():
        if key in (declared.validation_alias, declared.alias, name):
            return cast("object", getattr(value, name))
    return (value.model_extra or {}).get(key)
