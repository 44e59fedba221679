"""Long lists are found, and cut between their items, without parsing; what values take is estimated."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, TypeVar

import pytest
from hypothesis import given, strategies as st

from alianza_async.endpoints.json_layout import Layout, estimated_cost, scan

if TYPE_CHECKING:
    from collections.abc import Generator

R = TypeVar("R")

ITEMS: list[object] = [
    {"id": i, "name": f'a "quoted" {{name}} [of] \\ {i}', "tags": ["a,b", []], "in": {"x": {"y": [{}, None]}}}
    for i in range(1000)
]


def ended(steps: Generator[None, None, R]) -> tuple[R, int]:
    """Go through all steps; return what they came to, and how often they paused."""
    pauses = 0
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value, pauses
        pauses += 1


def layout_of(body: bytes) -> Layout | None:
    """Return the layout of a body."""
    return ended(scan(body, 1_000_000))[0]


def put_together(layout: Layout) -> object:
    """Parse a body piece by piece, by means of its layout alone."""
    skeleton = layout.skeleton
    value = json.loads(b"".join(skeleton))
    for number, gap in enumerate(layout.gaps, 1):
        whole = value if gap.key is None else value[gap.key]
        assert whole == []
        for piece in gap.pieces:
            assert len(whole) == piece.first
            part = json.loads(
                b"".join([*skeleton[:number], layout.body[piece.start : piece.end], *skeleton[number:]])
            )
            items = part if gap.key is None else part[gap.key]
            assert len(items) == piece.items
            whole += items
        assert len(whole) == gap.items
    return value


BODIES: dict[str, object] = {
    "a list": ITEMS,
    "a member": {"results": ITEMS, "totalRecords": 1000},
    "two members": {
        "totalRecords": 1000,
        "few": [1, [2], "]"],
        "results": ITEMS,
        "note": "a ] } [",
        "more": ITEMS[:400],
    },
    "all kinds of items": [1, "a", None, True, [], {}, -1.5e3] * 100,
}


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("value", BODIES.values(), ids=list(BODIES))
def test_a_body_in_pieces_is_the_body(value: object, indent: int | None) -> None:
    """Whatever stands in strings, however items are nested and set: the pieces add up to what was there."""
    layout = layout_of(json.dumps(value, indent=indent).encode())
    assert layout is not None
    assert put_together(layout) == value


def test_pieces_are_bounded() -> None:
    """A piece holds 2,048 items or some 384 KiB, whichever comes first, and one item at least."""
    for item, most in (({}, 2048), ({"text": "x" * 1024}, 380), ({"text": "x" * 600_000}, 1)):
        layout = layout_of(b"[" + b",".join([json.dumps(item).encode()] * (2 * most)) + b"]")
        assert layout is not None
        assert max(piece.items for piece in layout.gaps[0].pieces) == most
        assert max(piece.end - piece.start for piece in layout.gaps[0].pieces) < 385 * 1024 + 600_000


def test_others_go_on_meanwhile() -> None:
    """The first pass pauses between pieces, the second one once per MiB."""
    body = b"[" + b"{}," * 1_000_000 + b"{}]"
    assert ended(scan(body, 2_000_000))[1] == 489
    assert ended(estimated_cost(body, 1 << 40))[1] == 3


@pytest.mark.parametrize("body", [b"[%s]", b'{"a": [1], "b": [%s], "c": 1}'])
def test_a_list_of_too_many_items_ends_the_search(body: bytes) -> None:
    """What is over the limit is not counted to its end."""
    layout, pauses = ended(scan(body % b",".join([b"{}"] * 100_000), 5000))
    assert layout is not None
    assert layout.gaps[-1].items == 5001
    assert pauses <= 3


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"null",
        b"1",
        b'"[1]"',
        b"[1,2",
        b"[1,2}",
        b"[1,2]]",
        b"[1,2] x",
        b"[1,,2]",
        b"[1,]",
        b"[,1]",
        b'[1,"a]',
        b'{"a": [1,2]',
        b'{"a": [1,2]]',
        b'{"a": [1,2} }',
        b'{"a" [1,2]}',
        b'{"a": 1, }',
        b'{"a": 1]',
        b"{a: [1,2]}",
        b"[" * 40 + b"]" * 40,
        b'{"a": ' + b"[" * 40 + b"]" * 40 + b"}",
    ],
)
def test_what_is_no_list_has_no_layout(body: bytes) -> None:
    """What is no JSON, no list, or nested more deeply than is looked into is left to the parser."""
    assert layout_of(body) is None


@pytest.mark.parametrize(
    "body",
    [
        b'{"a": [%s], "a": [1]}',
        b'{"a": 1, "a": [%s]}',
        b'{"\\u0061": [%s]}',
    ],
)
def test_a_name_that_stands_twice_is_left_to_the_parser(body: bytes) -> None:
    """Which of two members of one name counts is not decided here; an escaped name may be one of them."""
    assert layout_of(body % b",".join([b"1"] * 1000)) is None


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@given(st.lists(_json, min_size=1, max_size=6), st.booleans(), st.sampled_from([None, 1]))
def test_any_list_is_cut_between_its_items(items: list[object], ascii_only: bool, indent: int | None) -> None:
    """The pieces of any list add up to it."""
    body = json.dumps(items * 60, ensure_ascii=ascii_only, indent=indent).encode()
    layout = layout_of(body)
    assert layout is not None
    assert put_together(layout) == items * 60


@given(st.binary(max_size=60) | st.text('[]{},:" \\1a', max_size=60).map(str.encode))
def test_what_cannot_be_parsed_is_not_made_parsable(body: bytes) -> None:
    """Cut into pieces or not, a body that is no JSON stays one that cannot be parsed."""
    layout = layout_of(body)
    try:
        value = json.loads(body)
    except ValueError:
        if layout is not None:
            with pytest.raises(ValueError, match=r"."):  # no JSON, or not even UTF-8
                put_together(layout)
    else:
        assert layout is None or put_together(layout) == value


# --- what it takes --------------------------------------------------------------------------------------


def test_objects_cost_most() -> None:
    """An object is taken for a model: 1.2 KB, however short it is; lists and values take some 60 bytes."""
    assert ended(estimated_cost(b"[{},{}]", 1 << 30))[0] == 2 * 1200 + 64 + 60


@pytest.mark.parametrize("text", ["{,[", 'a \\" {,[ \\\\', "é{"])
def test_what_stands_in_strings_costs_nothing_where_it_matters(text: str) -> None:
    """A long prose full of brackets is no million objects: it is under a limit that brackets would exceed."""
    body = json.dumps([text * 50_000, {"a": text * 10}] * 3).encode()
    assert ended(estimated_cost(body, 10_000))[0] == 3 * 1200 + 64 + 5 * 60


def test_an_estimate_over_the_limit_is_not_brought_to_its_end() -> None:
    """It is over as soon as it is over."""
    cost, pauses = ended(estimated_cost(b"[" + b"{}," * 1_000_000 + b"{}]", 1_000_000))
    assert 1_000_000 < cost < 50_000_000
    assert pauses < 6


def test_a_string_without_an_end_ends_the_estimate() -> None:
    """What is no JSON costs what came before."""
    assert ended(estimated_cost(b'[{},"' + b"{" * 1000, 2000))[0] == 1200 + 64 + 60
