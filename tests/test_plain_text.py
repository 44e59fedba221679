"""What others wrote steers no terminal and breaks no log line, wherever it is shown."""

from __future__ import annotations

import json
import logging
import pickle
from typing import TYPE_CHECKING

import pytest

from alianza_async.errors import AlianzaError, CallContext, CallError, InvalidInputError
from alianza_async.errors.plain import plain
from alianza_async.models.users import UserCreate
from tests.hosts import Host, session_on
from tests.raw_server import http, serving

if TYPE_CHECKING:
    from alianza_async.transports.choice import TransportName

STEERING = "\x1b]0;owned\x07\u202egnp.exe\r\nINFO forged"
SHOWN = r"\x1b]0;owned\x07\u202egnp.exe\r\nINFO forged"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ""),
        ("as it is, 東京 é 🚀", "as it is, 東京 é 🚀"),
        (STEERING, SHOWN),
        ("a\u00a0b\u3000c", "a b c"),
        ("\x9b2J\u2028\u200b\ud800", r"\x9b2J\u2028\u200b\ud800"),
        ("C:\\x1b", "C:\\x1b"),
    ],
)
def test_what_cannot_be_printed_is_escaped(text: str, shown: str) -> None:
    """Controls, line ends, marks of direction and halves of characters are escapes; any blank is a blank."""
    assert plain(text) == shown
    assert plain(text).isprintable()


def test_an_error_is_shown_plain_and_kept_as_it_was() -> None:
    """Whatever text an error was made of, its sentence is one line; its arguments are what they were."""
    context = CallContext("createUser", "POST", "/v2/user", f"r-1{STEERING}", 1)
    for error in (AlianzaError(STEERING), CallError(STEERING, context=context)):
        for each in (error, pickle.loads(pickle.dumps(error))):  # noqa: S301  (our own)
            assert SHOWN in str(each)
            assert str(each).isprintable()
            assert each.args == error.args
    assert CallError(STEERING, context=context).message == STEERING


async def test_what_a_server_says_is_one_plain_line(
    transport_name: TransportName, caplog: pytest.LogCaptureFixture
) -> None:
    """A refusal and an answer that cannot be read hold text of the server's, and neither steers."""
    caplog.set_level(logging.DEBUG)
    refusal = json.dumps({"messages": [f"no{STEERING}"], "status": 400}).encode()
    nonsense = json.dumps({"permissions": {f"a{STEERING}": {"b": STEERING}}}).encode()
    for answer in (http(refusal, "Content-Type: application/json", status="400 Bad Request"), http(nonsense)):
        host = Host(answer)
        async with serving(host) as address, session_on(address, transport=transport_name) as session:
            with pytest.raises(AlianzaError) as caught:
                await session.authorize.user_info()
        assert str(caught.value).isprintable()
    assert all(record.getMessage().isprintable() for record in caplog.records)


async def test_a_key_that_cannot_be_printed_is_not_sent(transport_name: TransportName) -> None:
    """What could not be looked up again, or shown as what it is, is refused before anything leaves."""
    host = Host(http(b"{}"))
    user = UserCreate(username="ann\u202e@x.example", time_zone="US/Eastern")
    async with serving(host) as address, session_on(address, transport=transport_name) as session:
        with pytest.raises(InvalidInputError, match="cannot be printed"):
            await session.users.create("a1", user)
        with pytest.raises(InvalidInputError, match="account_id holds a character that cannot be printed"):
            await session.accounts.get("a1\x1b[2J")
    assert host.heads == []
