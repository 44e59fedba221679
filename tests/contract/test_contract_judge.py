from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from alianza_async.calls.call import Reply
from alianza_async.resources.registry import find
from tools import contract

if TYPE_CHECKING:
    from alianza_async.calls.call import Call
    from tools.description import Json

ACCOUNT = {"id": "a-1", "accountNumber": "1000"}
DESCRIPTION: Json = {
    "paths": {"/v2/partition/{partitionId}/account": {"post": {"operationId": "createAccount"}}},
    "components": {"schemas": {}},
}


def violation(side: str) -> dict[str, str]:
    """Return a header as Prism writes it."""
    found = {"location": [side, "body", "x"], "severity": "Error", "code": "type", "message": "must be text"}
    return {"sl-violations": json.dumps([found])}


class FakePrism:
    """Answers every call alike, and remembers what each preferred."""

    capacity = 1

    def __init__(self, status: int, body: object, headers: dict[str, str] | None = None) -> None:
        self.answer = (status, headers or {}, json.dumps(body).encode())
        self.preferred: list[str | None] = []

    async def send(self, call: Call, headers: dict[str, str], timeout: float) -> Reply[object]:  # noqa: ASYNC109
        """Answer."""
        assert timeout > 0
        assert headers["X-AUTH-TOKEN"] == "contract"
        self.preferred.append(headers.get("Prefer"))
        status, fields, body = self.answer
        return Reply(status, fields, body, elapsed=0.0, request_id=call.request_id, value=None)

    async def aclose(self) -> None:
        """Fail: the judge closes nothing that it was lent."""
        raise AssertionError


async def judged(prism: FakePrism, name: str = "accounts.create") -> contract.Findings:
    """Return what is found of one operation."""
    return await contract.call_all([find(name)], DESCRIPTION, prism)


async def test_good_requests_and_answers_pass() -> None:
    """Where nothing is wrong nothing fails; both modes call with the least and with everything."""
    prism = FakePrism(201, ACCOUNT)
    findings = await judged(prism)
    assert findings.failed == {}
    assert findings.called == {"createAccount"}
    assert prism.preferred == [None, None, "dynamic=true", "dynamic=true"]


@pytest.mark.parametrize("status", [200, 400, 422])
async def test_a_violation_in_a_request_fails_whatever_the_status(status: int) -> None:
    """The header is the judge: a wrong request fails, also where the answer looks fine."""
    findings = await judged(FakePrism(status, ACCOUNT, violation("request")))
    expected = "the least: request: body.x: must be text"
    assert findings.failed == {
        ("accounts.create", "static"): expected,
        ("accounts.create", "dynamic"): expected,
    }


async def test_an_answer_that_the_models_refuse_fails() -> None:
    """An answer that is not what the operation declares is a failure."""
    findings = await judged(FakePrism(200, ["no account"]), "accounts.get")
    assert set(findings.failed) == {("accounts.get", "static"), ("accounts.get", "dynamic")}
    assert "ResponseShapeError" in findings.failed["accounts.get", "static"]


async def test_an_answer_to_a_create_is_given_its_key_alone() -> None:
    """Prism cannot know the key that was sent, so it is put in; what the models refuse still fails."""
    assert (await judged(FakePrism(201, {}))).failed == {}
    findings = await judged(FakePrism(201, {"accountNumber": "1000", "billingCycleDay": "noon"}))
    assert set(findings.failed) == {("accounts.create", "static"), ("accounts.create", "dynamic")}
    for refused in (["no account"], "no account"):
        assert set((await judged(FakePrism(201, refused))).failed) == set(findings.failed)


async def test_an_odd_answer_of_prism_is_counted_not_failed() -> None:
    """An answer of Prism's that breaks its own description, and that we can read, is no fault of ours."""
    findings = await judged(FakePrism(200, ACCOUNT, violation("response")))
    assert (findings.failed, findings.odd_answers) == ({}, 4)


async def test_a_refusal_without_a_violation_fails() -> None:
    """What Prism cannot serve is not passed over: its own words are told."""
    findings = await judged(FakePrism(406, {"title": "cannot be represented"}))
    assert "cannot be represented" in findings.failed["accounts.create", "static"]


async def test_every_failure_and_what_was_not_called_is_reported(capsys: pytest.CaptureFixture[str]) -> None:
    """Each failure is a line of its own and a problem, as is a described operation that was not called."""
    findings = await judged(FakePrism(200, [], violation("request")))
    findings.called.clear()
    assert contract.report(findings, DESCRIPTION, everything=True) == 3
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines if line.startswith("FAILED")] == [
        "FAILED accounts.create (dynamic)",
        "FAILED accounts.create (static)",
        "FAILED createAccount",
    ]


def test_without_a_description_it_skips(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a description nothing is called, which is told, and is no failure."""
    monkeypatch.delenv("ALIANZA_OPENAPI", raising=False)
    monkeypatch.setattr("sys.argv", ["contract"])
    monkeypatch.setattr(contract, "missing", lambda: None)
    assert contract.main() == 0
    assert "skipped: no description is given" in capsys.readouterr().err
