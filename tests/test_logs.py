"""What the log says of a call, and the attributes of each record."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from alianza_async.calls.events import bound
from alianza_async.calls.logs import logger
from alianza_async.errors import AlianzaError, ConnectionLostError
from alianza_async.policies.values import RetryPolicy
from alianza_async.settings import Credentials
from tests.fakes import ScriptedTransport, answer, lost, refusal, scripted, token
from tests.retry_calls import FOUND

if TYPE_CHECKING:
    from collections.abc import Mapping

ME = Credentials("me", "a-password")
OK = answer(200, FOUND)
FIELDS = ("operation", "request_id", "attempt", "status", "elapsed_ms", "bound")


def fields(record: logging.LogRecord) -> Mapping[str, object]:
    """Return the attributes of a record that are ours."""
    return {name: getattr(record, name) for name in FIELDS}


async def test_each_attempt_that_is_planned_is_one_line(caplog: pytest.LogCaptureFixture) -> None:
    """At INFO: which operation, after how long, why; its record has the call's fields."""
    retry = RetryPolicy(wait_initial=0, wait_max=0, wait_jitter=0)
    with caplog.at_level(logging.INFO, "alianza_async"), bound(tenant="t1"):
        async with scripted(ScriptedTransport(refusal(503, "busy"), lost, OK), retry=retry) as session:
            await session.accounts.get("a1")
    lost_answer, broken = [record for record in caplog.records if "tried again" in record.getMessage()]
    assert "retrieveAccount is tried again in 0.0 s: answered 503: busy" in lost_answer.getMessage()
    assert fields(lost_answer) == {
        "operation": "retrieveAccount",
        "request_id": fields(lost_answer)["request_id"],
        "attempt": 1,
        "status": 503,
        "elapsed_ms": None,
        "bound": {"tenant": "t1"},
    }
    assert str(fields(lost_answer)["request_id"]).endswith("-1")
    assert (fields(broken)["attempt"], fields(broken)["status"]) == (2, None)


async def test_a_request_without_an_answer_is_one_line(caplog: pytest.LogCaptureFixture) -> None:
    """At DEBUG a request leaves a line whether its answer came or not."""
    with caplog.at_level(logging.DEBUG, "alianza_async"):
        async with scripted(ScriptedTransport(lost, OK), retry=RetryPolicy(attempts=1)) as session:
            with pytest.raises(ConnectionLostError):
                await session.accounts.get("a1")
            await session.accounts.get("a1")
    unanswered, answered = [each for each in caplog.records if each.levelno == logging.DEBUG]
    assert "no answer after" in unanswered.getMessage()
    assert "ConnectionLostError" in unanswered.getMessage()
    assert fields(answered)["status"] == 200
    for record in (unanswered, answered):
        assert isinstance(fields(record)["elapsed_ms"], float)
        assert fields(record)["operation"] == "retrieveAccount"


async def test_every_record_has_every_field(caplog: pytest.LogCaptureFixture) -> None:
    """A format string may name the fields: a record that is about no call has them too, as None."""
    with caplog.at_level(logging.DEBUG, "alianza_async"):
        logger.warning("about nothing")
        async with scripted(ScriptedTransport(token(mustChangePassword=True), OK), credentials=ME) as session:
            await session.accounts.get("a1")
    formatter = logging.Formatter(" ".join(f"%({name})s" for name in FIELDS))
    lines = [formatter.format(record) for record in caplog.records]
    assert lines[0] == "None None None None None None"
    assert len(lines) >= 4


async def test_no_line_holds_a_secret_or_a_body(caplog: pytest.LogCaptureFixture) -> None:
    """A server that repeats the password and the token puts neither into a line, at any level."""
    caplog.set_level(logging.DEBUG, "alianza_async")
    words = "the-password-17", "the-token-4711"
    said = f"wrong: {words[0]} {words[1]}"
    transport = ScriptedTransport(
        token(words[1]),
        refusal(503, said),
        lost,
        refusal(401, said),
        refusal(403, said),
        otherwise=refusal(403),
    )
    async with scripted(transport, credentials=Credentials("me", words[0])) as session:
        await session.login()
        with pytest.raises(AlianzaError) as caught:
            await session.accounts.get("a1")
        shown = [record.getMessage() for record in caplog.records]
        shown += [str(caught.value), repr(caught.value), repr(session.login_state), repr(session)]
    assert len(caplog.records) > 4
    assert [line for line in shown if any(word in line for word in words)] == []
    assert session.is_open is False
