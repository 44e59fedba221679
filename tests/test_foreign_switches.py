"""What a host switches in a library for the whole process changes nothing of ours, nor we anything of its."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import stamina
from stamina.instrumentation import RetryDetails, get_on_retry_hooks, set_on_retry_hooks

from alianza_async.errors import ServerError, UnknownOutcomeError
from alianza_async.policies.values import RetryPolicy
from tests.fakes import ScriptedTransport, answer, lost, refusal, scripted
from tests.retry_calls import CREATE, FOUND, LOOK_UP, new_account
from tests.virtual_time import now, run_virtual, use_clock

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

OK = answer(200, FOUND)
PATIENT = RetryPolicy(attempts=4, wait_initial=1, wait_max=8, wait_jitter=0, settle_s=2)


def _cut_short() -> None:
    stamina.set_testing(True)


def _tried_longer() -> None:
    stamina.set_testing(True, attempts=100)


def _inactive() -> None:
    stamina.set_active(False)


def _nothing() -> None:
    """Leave it as it is."""


@pytest.fixture(params=[_nothing, _cut_short, _tried_longer, _inactive])
def _switched(request: pytest.FixtureRequest) -> Generator[None]:
    """Let the host have done something to its stamina."""
    switch: Callable[[], None] = request.param
    switch()
    yield
    stamina.set_testing(False)
    stamina.set_active(True)


@pytest.mark.usefixtures("_switched")
def test_attempts_and_waits_are_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """A failing call is tried as often, and with the waits, that the policy says."""
    use_clock(monkeypatch)

    async def main() -> tuple[int, float]:
        transport = ScriptedTransport(otherwise=refusal(503))
        async with scripted(transport, retry=PATIENT) as session:
            with pytest.raises(ServerError):
                await session.accounts.get("a1")
            return len(transport.sent), round(now(), 2)

    assert run_virtual(main()) == (4, 7.0)


@pytest.mark.usefixtures("_switched")
def test_a_lost_create_settles_before_it_is_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A create whose answer was lost is looked up after `settle_s`, no sooner."""
    use_clock(monkeypatch)

    async def main() -> tuple[list[str], float]:
        transport = ScriptedTransport(lost, OK)
        async with scripted(transport, retry=PATIENT) as session:
            await session.accounts.create(new_account())
            return transport.lines, round(now(), 2)

    assert run_virtual(main()) == ([CREATE, LOOK_UP], 2.0)


@pytest.mark.usefixtures("_switched")
async def test_an_action_is_never_sent_twice() -> None:
    """Whatever the host has switched on, an action whose answer was lost is unknown."""
    transport = ScriptedTransport(lost)
    async with scripted(transport) as session:
        with pytest.raises(UnknownOutcomeError):
            await session.call("POST", "/v2/thing")


async def test_the_hosts_hooks_are_its_own() -> None:
    """Hooks that a host has set see its retries, not ours, and stay as they are."""
    seen: list[RetryDetails] = []

    def note(details: RetryDetails) -> None:
        seen.append(details)

    before = get_on_retry_hooks()
    set_on_retry_hooks([note])
    try:
        async with scripted(ScriptedTransport(refusal(503), OK)) as session:
            await session.accounts.get("a1")
        assert seen == []
        async for attempt in stamina.retry_context(on=ValueError, attempts=2, wait_initial=0, wait_jitter=0):
            with attempt:
                if attempt.num == 1:
                    raise ValueError("the host's own")
        assert [details.caused_by.args for details in seen] == [("the host's own",)]
    finally:
        set_on_retry_hooks(before)


def test_our_hooks_do_not_reach_the_host() -> None:
    """A host that imports stamina after us has its own default hooks."""
    code = (
        "import alianza_async.session, stamina.instrumentation as i, stamina;"
        "from alianza_async.policies import private_stamina as ours;"
        "assert stamina.retry_context is not ours.retry_context;"
        "print(len(i.get_on_retry_hooks()) > 0, stamina.is_active(), stamina.is_testing())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout.split() == ["True", "True", "False"]


@pytest.mark.parametrize("stand_in", ["types.ModuleType('stamina')", "unittest.mock.MagicMock()"])
def test_a_stand_in_for_stamina_is_the_hosts_own(stand_in: str) -> None:
    """Whatever a program's tests put in stamina's place before we are imported changes nothing."""
    program = f"""
import sys, types, unittest.mock
sys.modules["stamina"] = {stand_in}
from alianza_async.policies.private_stamina import retry_context
assert callable(retry_context) and retry_context.__module__.startswith("alianza_async.")
"""
    subprocess.run([sys.executable, "-c", program], check=True)  # noqa: S603  (our own program)
