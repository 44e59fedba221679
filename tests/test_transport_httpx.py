"""What the transport over httpx does on its own: mocks, and requests without a socket."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest
import respx

from alianza_async.errors import ConnectionLostError
from alianza_async.sandbox import Fault
from alianza_async.session import Session
from alianza_async.transports.httpx import InProcessTransport
from tests.raw_server import new_call

if TYPE_CHECKING:
    from alianza_async.sandbox import Sandbox


async def test_in_process_an_app_that_breaks_is_a_lost_connection(sandbox: Sandbox) -> None:
    """What a cut connection is over a socket it is in process, too."""
    sandbox.faults.add(Fault(kind="cut_before"))
    transport = InProcessTransport(sandbox.app, max_connections=3)
    assert transport.capacity == 3
    with pytest.raises(ConnectionLostError):
        await transport.send(new_call(), {}, 5)
    await transport.aclose()


@respx.mock
async def test_users_may_mock_httpx() -> None:
    """Named, the transport over httpx is what the tools for httpx see, whatever else is installed."""
    route = respx.get("http://localhost/v2/thing").mock(return_value=httpx.Response(200, json={"a": 1}))
    async with Session(base_url="http://localhost", auth_token="sesame", transport="httpx") as session:
        reply = await session.call("GET", "/v2/thing")
    assert (reply.value, route.call_count) == ({"a": 1}, 1)
