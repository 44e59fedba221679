"""What every test may ask for: a sandbox, a session on it, and a retry policy that does not wait."""

from __future__ import annotations

import os
from itertools import count
from typing import TYPE_CHECKING, cast

import pytest
from hypothesis import HealthCheck, settings

from alianza_async.policies.refusals import REFUSALS
from alianza_async.policies.values import LimitPolicy, RetryPolicy
from alianza_async.sandbox import RunningSandbox, Sandbox, serve
from alianza_async.session import Session
from alianza_async.settings import Credentials
from alianza_async.transports.choice import TransportFactory, TransportName, choose
from alianza_async.transports.httpx import InProcessTransport

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator
    from pathlib import Path

# A busy machine is no finding: what a property says does not depend on how long it took.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")

FAST_RETRY = RetryPolicy(wait_initial=0, wait_max=0, wait_jitter=0, settle_s=0)
"""As by default, without waiting between attempts."""

UNLIMITED = LimitPolicy(rate=100_000)
"""No test waits for the rate limit, unless that is what it tests."""


@pytest.fixture(scope="session")
def _state_folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Name folders that are not there yet: to make one for each test, most of which need none, takes long."""
    under = tmp_path_factory.mktemp("states")
    return (under / str(number) for number in count())


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch, _state_folders: Iterator[Path]) -> None:
    """Keep the developer's `ALIANZA_*` and proxy variables, known jobs and refused logins out of tests."""
    REFUSALS.clear()
    monkeypatch.setenv("XDG_STATE_HOME", str(next(_state_folders)))
    for name in list(os.environ):
        if name.upper().startswith("ALIANZA_") or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)


@pytest.fixture
def credentials() -> Credentials:
    """A login that the sandbox accepts."""
    return Credentials("tester", "a-made-up-password")


@pytest.fixture
def fast_retry() -> RetryPolicy:
    """As by default, without waiting between attempts."""
    return FAST_RETRY


@pytest.fixture(params=["httpx", "fast"])
def transport_name(request: pytest.FixtureRequest) -> TransportName:
    """Each transport there is: who asks for it is run over all of them."""
    return cast("TransportName", request.param)


@pytest.fixture
def make(transport_name: TransportName) -> TransportFactory:
    """What makes each transport there is."""
    return choose(transport_name)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """An embedded Alianza in this process; what hangs in it is let go at the end."""
    made = Sandbox()
    yield made
    made.faults.release()


@pytest.fixture
async def session(sandbox: Sandbox, credentials: Credentials) -> AsyncGenerator[Session]:
    """An open session on `sandbox`, in process: no socket."""
    async with Session(
        credentials,
        base_url="http://localhost",
        transport=InProcessTransport(sandbox.app),
        retry=FAST_RETRY,
        limit=UNLIMITED,
    ) as opened:
        yield opened


@pytest.fixture
async def served(sandbox: Sandbox) -> AsyncGenerator[RunningSandbox]:
    """Serve `sandbox` on a loopback port of this event loop."""
    async with serve(sandbox) as running:
        yield running


@pytest.fixture
async def served_session(served: RunningSandbox, credentials: Credentials) -> AsyncGenerator[Session]:
    """An open session on `served`, over real sockets."""
    async with Session(credentials, base_url=served.base_url, retry=FAST_RETRY, limit=UNLIMITED) as opened:
        yield opened
