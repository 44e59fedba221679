"""The README's service over tokens that live five seconds, failures and a revocation: no user sees one."""

from __future__ import annotations

import asyncio
import runpy
from collections import Counter
from typing import TYPE_CHECKING, cast

import httpx
import pytest

from alianza_async.sandbox import Fault, Sandbox, serve
from tests.markdown import ROOT

if TYPE_CHECKING:
    from fastapi import FastAPI

    from alianza_async.transports.choice import TransportName

OFFERED = 80
SECONDS = 14


def customer(number: int) -> dict[str, object]:
    """Return what a user of the service sends."""
    return {
        "accountNumber": f"ACME-{number}",
        "accountName": f"Customer {number}",
        "accountType": "SIMPLE",
        "timeZone": "US/Eastern",
        "billingCycleDay": 1,
    }


@pytest.fixture
def app() -> FastAPI:
    """The service, as the README has it."""
    pytest.importorskip("fastapi")
    return cast("FastAPI", runpy.run_path(str(ROOT / "examples" / "service.py"))["app"])


@pytest.mark.slow
async def test_no_401_and_no_error_of_the_login_reaches_a_user(
    app: FastAPI, monkeypatch: pytest.MonkeyPatch, transport_name: TransportName
) -> None:
    """At 80 creates a second, with 4 % of 503s and one revocation, every user has an account, once."""
    sandbox = Sandbox()
    sandbox.options = sandbox.options.with_changes({"token_ttl_s": 5, "expires_in": False})
    sandbox.faults.add(Fault(kind="status_before", status=503, probability=0.04, times=None))
    async with serve(sandbox) as running:
        monkeypatch.setenv("ALIANZA_BASE_URL", running.base_url)
        monkeypatch.setenv("ALIANZA_USERNAME", "tester")
        monkeypatch.setenv("ALIANZA_PASSWORD", "a-made-up-password")
        monkeypatch.setenv("ALIANZA_TRANSPORT", transport_name)
        answers: Counter[int] = Counter()
        async with app.router.lifespan_context(app):
            users = httpx.AsyncClient(
                transport=httpx.ASGITransport(app), base_url="http://service", timeout=60
            )
            async with users, asyncio.TaskGroup() as tasks:

                async def add(number: int) -> None:
                    answers[(await users.post("/customers", json=customer(number))).status_code] += 1

                for number in range(OFFERED * SECONDS):
                    tasks.create_task(add(number))
                    await asyncio.sleep(1 / OFFERED)
                    if number == OFFERED * SECONDS // 2:
                        sandbox.store.tokens.revoke_all()
    truth = sandbox.truth()
    assert answers == {201: OFFERED * SECONDS}
    assert truth.accounts == OFFERED * SECONDS
    assert truth.statuses["401"] > 0
    assert truth.statuses["503"] > 0
    assert truth.requests["logUserIn"] >= 3
