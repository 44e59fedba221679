"""Login, logout, password change and who is logged in."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from alianza_async.sandbox import Sandbox, SandboxOptions
from alianza_async.sandbox.tokens import TokenBook
from tests.sandbox.sandbox_caller import ACCOUNTS, Caller, Json, Refusal, logged_in, refusal

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

LOGIN = "/v2/authorize"
NO_TOKEN: Refusal = (401, ["The token is missing, wrong or expired"], {})


async def test_login_answers_the_fields_of_the_api() -> None:
    """A login tells the token, who holds it, its partition and its life."""
    body = await Caller(Sandbox()).json("POST", LOGIN, {"username": "ann", "password": "secret"})
    assert sorted(body) == [
        "authToken",
        "expiresIn",
        "maxLifeInHours",
        "mustChangePassword",
        "partitionId",
        "partitionName",
        "permissions",
        "userId",
        "userType",
        "username",
    ]
    assert (body["username"], body["partitionId"], body["userType"]) == (
        "ann",
        "sandbox-partition",
        "ManagementUser",
    )
    assert (body["expiresIn"], body["maxLifeInHours"], body["mustChangePassword"]) == (28_800, 8, False)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (SandboxOptions(expires_in=False, token_ttl_s=90), (None, 1)),
        (SandboxOptions(token_ttl_s=0.5), (0.5, 1)),
        (SandboxOptions(token_ttl_s=7201), (7201, 3)),
    ],
)
async def test_life_is_told_as_the_options_say(
    options: SandboxOptions, expected: tuple[float | None, int]
) -> None:
    """`expiresIn` is in seconds and can be left out; `maxLifeInHours` is whole hours, rounded up."""
    body = await (await logged_in(options)).log_in()
    assert (body.get("expiresIn"), body["maxLifeInHours"]) == expected


async def test_each_login_is_a_new_token_and_is_counted() -> None:
    """Two logins give two tokens, both live, and the truth counts two."""
    caller = await logged_in()
    first = caller.token
    await caller.log_in()
    assert caller.token != first
    assert (await caller.call("GET", ACCOUNTS, headers={"X-AUTH-TOKEN": first})).status_code == 200
    assert caller.sandbox.truth().logins == 2


@pytest.mark.parametrize(
    ("sent", "messages"),
    [
        ({}, ["username must not be null", "password must not be null"]),
        ({"username": "ann", "password": ""}, ["password must not be null"]),
        ({"username": 5, "password": "x"}, ["username must not be null"]),
    ],
)
async def test_login_needs_both_fields(sent: Json, messages: list[str]) -> None:
    """A login without a name or a password is a 400 that names the field, and no login."""
    caller = Caller(Sandbox())
    assert refusal(await caller.call("POST", LOGIN, sent)) == (400, messages, {})
    assert caller.sandbox.truth().logins == 0


@pytest.mark.parametrize(
    ("username", "password", "status"),
    [("ann", "secret", 200), ("bob", "secret", 401), ("ann", "wrong", 401)],
)
async def test_fixed_credentials_are_held_to(username: str, password: str, status: int) -> None:
    """With credentials in the options, no others are accepted."""
    caller = Caller(Sandbox(SandboxOptions(username="ann", password="secret")))
    response = await caller.call("POST", LOGIN, {"username": username, "password": password})
    assert response.status_code == status
    if status == 401:
        assert refusal(response)[1] == ["Invalid username or password"]


async def test_login_status_forces_the_answer() -> None:
    """A forced login status is answered whatever is sent."""
    caller = Caller(Sandbox(SandboxOptions(login_status=503)))
    response = await caller.call("POST", LOGIN, {"username": "ann", "password": "secret"})
    assert refusal(response) == (503, ["Login is not available"], {})


async def _no_token(caller: Caller) -> None:
    """Send no token at all."""
    caller.token = ""


async def _wrong_token(caller: Caller) -> None:
    """Send a token nobody issued."""
    caller.token = "made-up"


async def _logged_out(caller: Caller) -> None:
    """Log out first."""
    response = await caller.call("PUT", "/v2/authorize/logout")
    assert (response.status_code, response.content) == (200, b"")


async def _revoked(caller: Caller) -> None:
    """Have the sandbox revoke every token."""
    assert caller.sandbox.store.tokens.revoke_all() == 1


async def _expired(caller: Caller) -> None:
    """Log in for no time at all."""
    caller.sandbox.options = replace(caller.sandbox.options, token_ttl_s=0)
    await caller.log_in()


@pytest.mark.parametrize("spoil", [_no_token, _wrong_token, _logged_out, _revoked, _expired])
@pytest.mark.parametrize("path", [ACCOUNTS, "/v2/authorize/userinfo"])
async def test_every_other_call_needs_a_live_token(
    spoil: Callable[[Caller], Awaitable[None]], path: str
) -> None:
    """A missing, wrong, logged out, revoked or expired token is a 401."""
    caller = await logged_in()
    await spoil(caller)
    assert refusal(await caller.call("GET", path)) == NO_TOKEN


async def test_userinfo_tells_the_login_without_a_token() -> None:
    """Who is logged in is what the login told, its token aside."""
    caller = await logged_in()
    login = await caller.log_in()
    del login["authToken"]
    assert await caller.json("GET", "/v2/authorize/userinfo") == login


async def test_password_change_counts_from_then_on() -> None:
    """After a change only the new password is accepted, and it need not be changed again."""
    options = SandboxOptions(password="old", must_change_password=True)
    caller = Caller(Sandbox(options))
    old = {"username": "ann", "password": "old"}
    assert (await caller.json("POST", LOGIN, old))["mustChangePassword"] is True
    changed = await caller.json("PUT", LOGIN, {**old, "changePassword": "new"})
    assert changed["mustChangePassword"] is False
    assert (await caller.call("POST", LOGIN, old)).status_code == 401
    assert (await caller.call("POST", LOGIN, {**old, "password": "new"})).status_code == 200


async def test_password_change_needs_the_new_password() -> None:
    """A change without a new password is a 400 and changes nothing."""
    caller = Caller(Sandbox())
    response = await caller.call("PUT", LOGIN, {"username": "ann", "password": "old"})
    assert refusal(response) == (400, ["changePassword must not be null"], {})
    assert caller.sandbox.store.password is None


async def test_another_partition_is_forbidden() -> None:
    """A token opens its own partition only."""
    caller = await logged_in()
    response = await caller.call("GET", "/v2/partition/other/account")
    assert refusal(response) == (
        403,
        ["You do not have access to this partition"],
        {"partitionId": "other"},
    )


def test_a_token_lives_until_its_end_and_not_a_moment_more() -> None:
    """A token is good before its end, and no more at it; the dead are forgotten at the next login."""
    now = [100.0]
    book = TokenBook(lambda: now[0])
    token, login = book.issue("ann", "p", 10)
    now[0] = 109.9
    assert book.find(token) == login
    now[0] = 110.0
    assert book.find(token) is None
    book.issue("ann", "p", 10)
    assert book.revoke_all() == 1
    book.revoke(token)  # an unknown one is no error
