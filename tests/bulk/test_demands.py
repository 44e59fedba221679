from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from alianza_async.bulk.kinds.kind_table import WORKFLOWS
from alianza_async.bulk.planning.plan import plan
from alianza_async.bulk.planning.plan_report import LEVELS, Held, held
from alianza_async.policies.values import LimitPolicy
from alianza_async.sandbox import Fault, SandboxOptions
from alianza_async.sandbox.permissions import LEVELS as SANDBOX_LEVELS, USUAL
from alianza_async.session import Session
from alianza_async.settings import Credentials
from alianza_async.transports.httpx import InProcessTransport
from tests.bulk.engine import InstantTransport, accounts, session_on

if TYPE_CHECKING:
    from alianza_async.sandbox import Sandbox


@pytest.mark.parametrize(
    ("permissions", "expected"),
    [
        ({"Account": "READ"}, (Held("Account", "CREATE", "READ", enough=False),)),
        ({"Account": "CREATE"}, (Held("Account", "CREATE", "CREATE", enough=True),)),
        (None, (Held("Account", "CREATE", "DELETE", enough=True),)),
    ],
)
async def test_permissions_are_told_before_the_first_row(
    permissions: dict[str, str] | None, expected: tuple[Held, ...], sandbox: Sandbox
) -> None:
    """What the login holds is beside what the job needs, before anything is looked up."""
    sandbox.options = SandboxOptions(permissions=permissions)
    told: list[tuple[int, object]] = []
    async with session_on(sandbox) as session:
        made = await plan(
            session,
            "accounts",
            accounts(2),
            check_remote=True,
            on_progress=lambda so_far: told.append((so_far.rows, so_far.held)),
        )
    assert told == [(0, expected), (1, expected), (2, expected)]
    assert made.all_can_run == expected[0].enough


@pytest.mark.parametrize("refused", [False, True])
async def test_a_token_is_asked_whose_it_is(sandbox: Sandbox, *, refused: bool) -> None:
    """Where a token was given instead of a login permissions are asked for; a refusal is "not told"."""
    if refused:
        sandbox.faults.add(Fault(kind="status_before", operation="getLoginInfo", status=403))
    async with session_on(sandbox) as session:
        token = (await session.login()).auth_token
    async with Session(
        auth_token=token,
        partition_id="sandbox-partition",
        base_url="http://localhost",
        transport=InProcessTransport(sandbox.app),
    ) as other:
        made = await plan(other, "accounts", accounts(1), check_remote=True)
    assert made.held == (None if refused else (Held("Account", "CREATE", "DELETE", enough=True),))
    assert made.counts["create"] == 1


async def test_a_login_that_is_told_nothing() -> None:
    """A login without permissions in its answer says nothing: neither enough nor too little."""
    async with Session(
        Credentials("tester", "a-made-up-password"),
        base_url="http://localhost",
        transport=InstantTransport(),
        limit=LimitPolicy(rate=1000),
    ) as session:
        made = await plan(session, "accounts", accounts(2), check_remote=True)
    assert (made.held, made.lacking) == (None, ())


def test_levels_and_areas_are_those_of_the_api() -> None:
    """Every need names an area and a level there is; the sandbox's levels are in the same order."""
    needs = {need for workflow in WORKFLOWS.values() for need in workflow.needs}
    assert {need.area for need in needs} <= USUAL.keys()
    assert {need.level for need in needs} <= set(LEVELS)
    assert [level for level in LEVELS if level in SANDBOX_LEVELS] == list(SANDBOX_LEVELS)


@pytest.mark.parametrize(
    ("has", "enough"),
    [("DENIED", False), (None, False), ("EDIT_MYUSER", False), ("DELETE_MYUSER", True), ("NEW_ONE", False)],
)
def test_a_level_allows_what_is_under_it(has: str | None, *, enough: bool) -> None:
    """Levels are ordered; one that nobody knows, or none, is not enough."""
    permissions = {"Reports": "READ"} | ({"Account": has} if has else {})
    assert held(WORKFLOWS["accounts"].needs, permissions) == (Held("Account", "CREATE", has, enough),)
