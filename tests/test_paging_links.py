# mypy: disable-error-code="empty-body"
# ruff: noqa: PIE790  (the `...` of a declaration tells pyright that its answer comes from elsewhere)
"""Lists whose every page links to the next one: followed lazily, within the client's own API alone."""

from __future__ import annotations

import logging
from typing import Annotated

import pytest
from pydantic import Field

from alianza_async.calls.call import Call, Operation, OperationClass
from alianza_async.endpoints import declare
from alianza_async.endpoints.endpoint import Resource
from alianza_async.endpoints.links import follow
from alianza_async.endpoints.models import ReadModel
from alianza_async.endpoints.paging import LinkStyle
from alianza_async.errors import ResponseShapeError
from tests.fakes import Answer, ScriptedTransport, answer, refusal, scripted

LIST = "/v1/things?size=2"


class Thing(ReadModel):
    """What is listed."""

    id: int


class Links(ReadModel):
    """Where the other pages are."""

    next: str | None = None


class ThingPage(ReadModel):
    """A page of it."""

    data: list[Thing] | None = None
    links: Links | None = Field(default_factory=Links)


class Things(Resource):
    """A resource whose list pages by links."""

    @declare.get_pages("/v1/things", operation_id="listThings", style=LinkStyle("data", "links.next"))
    async def list(
        self, *, kind: str | None = None, per_page: Annotated[int | None, declare.Named("per_page")] = None
    ) -> ThingPage:
        """List things."""
        ...


def page(*ids: int, link: str | None) -> Answer:
    """Answer a page."""
    return answer(200, {"data": [{"id": i} for i in ids], "links": {"next": link}})


async def read(transport: ScriptedTransport) -> list[int]:
    """Read the list to its end."""
    async with scripted(transport) as session:
        return [thing.id async for thing in Things(session).list(kind="a b", per_page=2)]


async def test_links_are_followed_to_the_end() -> None:
    """The first page is asked for as the caller says, the others as the links say; any of them is retried."""
    transport = ScriptedTransport(
        page(1, 2, link="http://localhost/v1/things?cursor=x%2Fy&n=2"),
        refusal(503, "busy"),
        page(2, 3, link="?cursor=z"),
        page(link="/v1/things?cursor=last"),
        page(4, link=""),
    )

    found = await read(transport)

    assert found == [1, 2, 3, 4]  # what moved onto the next page comes once; an empty page is no end
    assert [sent.target for sent in transport.sent] == [
        "/v1/things?kind=a+b&per_page=2",
        "/v1/things?cursor=x%2Fy&n=2",
        "/v1/things?cursor=x%2Fy&n=2",
        "/v1/things?cursor=z",
        "/v1/things?cursor=last",
    ]


async def test_a_page_is_asked_for_when_it_is_needed() -> None:
    """Nothing is sent before the list is read, and the second page not before the first one is at its end."""
    transport = ScriptedTransport(page(1, 2, link="?page=2"))
    async with scripted(transport) as session:
        things = Things(session).list()
        assert transport.sent == []
        async for thing in things:
            if thing.id == 2:
                break
    assert len(transport.sent) == 1


async def test_awaited_it_is_the_first_page() -> None:
    """`await` brings the first page, and follows no link."""
    transport = ScriptedTransport(page(1, link="?page=2"))
    async with scripted(transport) as session:
        one = await Things(session).list()
    assert (one.data, one.links) == ([Thing(id=1)], Links(next="?page=2"))


@pytest.mark.parametrize("links", [None, {}, {"next": None}, {"prev": "/v1/things"}])
async def test_a_page_without_a_link_is_the_last(links: object) -> None:
    """However a server says that there is no next page."""
    assert await read(ScriptedTransport(answer(200, {"data": [{"id": 1}], "links": links}))) == [1]


async def test_links_that_go_in_a_circle_end_the_list(caplog: pytest.LogCaptureFixture) -> None:
    """A page that links to one that was read is the last one, and the log says so."""
    caplog.set_level(logging.WARNING, logger="alianza_async")
    transport = ScriptedTransport(page(1, link="?page=2"), page(2, link="?page=2"))

    async with scripted(transport) as session:
        things = Things(session).list()
        assert [thing.id async for thing in things] == [1, 2]
    assert caplog.messages == [
        "listThings: 2 items were read: a page links to one that was read already; read the list again"
    ]
    assert things.incomplete is not None
    assert (things.incomplete.read, things.incomplete.stated) == (2, None)


async def test_a_link_to_another_host_is_not_followed() -> None:
    """The token goes to no host that an answer names: the list ends in an error, after its first page."""
    transport = ScriptedTransport(page(1, link="https://elsewhere.example/v1/things?page=2"))
    async with scripted(transport) as session:
        things = aiter(Things(session).list())
        first = await anext(things)
        with pytest.raises(ResponseShapeError, match="leads away from base_url") as caught:
            await anext(things)

    assert (first.id, len(transport.sent)) == (1, 1)
    assert (caught.value.operation_id, caught.value.carrier) == ("listThings", "alianza")


def call() -> Call:
    """Return a call of a list."""
    return Call(Operation("list", "GET", "/v1/things", OperationClass.SAFE), LIST, {})


@pytest.mark.parametrize(
    ("base_url", "link", "target"),
    [
        ("https://api.example", "https://api.example/v1/things?page=2", "/v1/things?page=2"),
        ("https://api.example", "https://API.example.:443/v1/things", "/v1/things"),
        ("https://api.example:8443", "https://api.example:8443/v1/things#x", "/v1/things"),
        # TLS ends in front of many a server, which does not know it: scheme and host remain the client's.
        ("https://api.example", "http://api.example/v1/things?page=2", "/v1/things?page=2"),
        ("https://api.example", "//api.example/v1/things?page=2", "/v1/things?page=2"),
        ("https://api.example/gate", "https://api.example/gate/v1/things?p=2", "/v1/things?p=2"),
        ("https://api.example/gate", "?p=2", "/v1/things?p=2"),
        ("https://api.example", " things?q=a b\r\nX: y&u=é ", "/v1/things?q=a%20b%0D%0AX:%20y&u=%C3%A9"),
    ],
)
def test_a_link_within_the_api_is_a_target(base_url: str, link: str, target: str) -> None:
    """Path and query are the link's, without the base URL's own path, and can stand in a request line."""
    listing = call()
    follow(listing, link, base_url)
    assert listing.target == target


@pytest.mark.parametrize(
    "link",
    [
        "https://elsewhere.example/gate/v1/things",
        "https://api.example@elsewhere.example/gate/v1/things",
        "https://api.example:444/gate/v1/things",
        "https://api.example.elsewhere.example/gate/v1/things",
        "https://api.example\\@elsewhere.example/gate/v1/things",
        "//elsewhere.example/gate/v1/things",
        "/v1/things",  # behind a gateway, another API's
        "https://api.example/gateway/v1/things",
        "https://api.example/gate/../other/v1/things",
        "https://api.example/gate/%2e%2E/other/v1/things",
        "https://api.example/gate",
        "ftp://api.example/gate/v1/things",
        "https://[::1/gate/v1/things",
        "https://api.example:port/gate/v1/things",
        "javascript:alert(1)",
    ],
)
def test_a_link_that_leads_away_is_refused(link: str) -> None:
    """Another host or port, another API behind the same gateway, or no URL at all: nothing is sent there."""
    listing = call()
    with pytest.raises(ResponseShapeError, match="leads away from base_url"):
        follow(listing, link, "https://api.example/gate")
    assert listing.target == LIST
