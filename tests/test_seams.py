"""No seam of the core without two who use it: what one alone would implement is indirection, no seam."""

from __future__ import annotations

import ast
from dataclasses import fields
from typing import TYPE_CHECKING, Final

import pytest

from alianza_async.calls.carrier import Carrier
from alianza_async.carrier import ALIANZA, AlianzaLogin
from alianza_async.models.cdrs import CallDetailRecordPage
from alianza_async.models.edge_nodes import EdgeNodeAssignmentPage, EdgeNodePage
from alianza_async.policies.answers import Answers
from alianza_async.policies.retry import Retry
from alianza_async.transports.aiohttp import AiohttpTransport
from alianza_async.transports.httpx import HttpxTransport
from examples.third_carrier import DIALTONE, BearerLogin, NumberPage, PhoneCallPage
from tests.test_layers import ROOT, core
from tests.test_paging_links import ThingPage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from alianza_async.endpoints.paging import HasData, HasEntities, HasResults
    from alianza_async.policies.authentication import AuthScheme
    from alianza_async.policies.base import Policy
    from alianza_async.transports.base import Transport
    from alianza_async.transports.choice import TransportFactory

# The type checkers see to it that each is what its list says.
_SCHEMES: Final[Sequence[type[AuthScheme]]] = (AlianzaLogin, BearerLogin)
_TRANSPORTS: Final[Sequence[type[Transport]]] = (HttpxTransport, AiohttpTransport)
_FACTORIES: Final[Sequence[TransportFactory]] = (HttpxTransport, AiohttpTransport)
_POLICIES: Final[Sequence[type[Policy]]] = (Answers, Retry)
_RESULTS: Final[Sequence[type[HasResults[object]]]] = (CallDetailRecordPage, PhoneCallPage)
_ENTITIES: Final[Sequence[type[HasEntities[object]]]] = (EdgeNodePage, EdgeNodeAssignmentPage)
_DATA: Final[Sequence[type[HasData[object]]]] = (NumberPage, ThingPage)

IMPLEMENTED: Final[Mapping[str, Sequence[object]]] = {
    "AuthScheme": _SCHEMES,
    "HasData": _DATA,
    "HasEntities": _ENTITIES,
    "HasResults": _RESULTS,
    "Policy": _POLICIES,
    "Transport": _TRANSPORTS,
    "TransportFactory": _FACTORIES,
}
ONE_IS_ENOUGH: Final = {
    "Answer": "how an error sees a reply, which lies above it",
    "HasResources": "a session's lazy resources; a carrier with more than a handful of them is the second",
    "Sender": "how a declared operation sees the client, which lies above it",
}
DIALTONE_ADDS: Final = {"name", "decode_error", "retry_after"}
UNTRIED: Final = {
    "failure_of": "both carriers' statuses mean what they mean to everybody",
    "request_id_header": "both take ours as X-Request-ID",
}


def protocols() -> set[str]:
    """Return the public protocols of the core."""
    trees = (ast.parse((ROOT / f"{module}.py").read_text("utf-8")) for module in core())
    return {
        node.name
        for tree in trees
        for node in tree.body
        if isinstance(node, ast.ClassDef)
        and any(ast.unparse(base).partition("[")[0] == "Protocol" for base in node.bases)
        and not node.name.startswith("_")
    }


def test_every_protocol_of_the_core_is_listed() -> None:
    """A new protocol names two who implement it, or says why one is enough."""
    assert protocols() == {*IMPLEMENTED, *ONE_IS_ENOUGH}


@pytest.mark.parametrize("name", IMPLEMENTED)
def test_a_protocol_has_two_implementations(name: str) -> None:
    """Two of the library's own, or one of each carrier's."""
    assert len(set(IMPLEMENTED[name])) >= 2


def test_what_a_carrier_may_say_is_said_by_one_of_two() -> None:
    """Each field of `Carrier` differs between the two carriers, or the reason why not stands above."""
    names = {field.name for field in fields(Carrier)}
    differing = {name for name in names if getattr(ALIANZA, name) != getattr(DIALTONE, name)}
    assert differing == {*DIALTONE_ADDS, "defaults"}
    assert names - differing == UNTRIED.keys()
