from __future__ import annotations

import csv
import subprocess
import sys

import pytest

from alianza_async import Session
from alianza_async.endpoints.endpoint import Resource
from alianza_async.endpoints.lazy import Lazy
from alianza_async.resources.namespace import Namespace
from alianza_async.resources.registry import operations
from tools.lowest import ROOT

with (ROOT / "tools" / "resources.csv").open(encoding="utf-8", newline="") as _lines:
    RESOURCES = sorted(row["resource"] for row in csv.DictReader(_lines))


def test_every_tag_is_under_a_session() -> None:
    """Each tag of the API is one lazy property of a session; the only other one is `bulk`."""
    lazy = sorted(name for name, member in vars(Namespace).items() if isinstance(member, Lazy))

    assert (
        [name for name in lazy if name != "bulk"]
        == RESOURCES
        == sorted({each.resource for each in operations()})
    )


@pytest.mark.parametrize("name", RESOURCES)
def test_a_property_is_the_resource_of_its_name(name: str) -> None:
    """`session.sip_trunks` is a `SipTrunks` bound to the session, the same one each time."""
    session = Session(auth_token="t", environment="beta")
    resource: object = getattr(session, name)

    assert isinstance(resource, Resource)
    assert type(resource).__name__ == name.title().replace("_", "")
    assert resource.client is session
    assert getattr(session, name) is resource


def test_a_class_shows_its_properties() -> None:
    """On the class a property is itself, for those who look."""
    assert isinstance(Session.accounts, Lazy)


def test_a_resource_loads_its_own_domain_alone() -> None:
    """`session.virtual_fax_lines` loads one resource and that domain's models, not the other 56."""
    script = (
        "import sys; from alianza_async import Session;"
        "session = Session(auth_token='t', environment='beta');"
        "before = set(sys.modules); session.virtual_fax_lines;"
        "told = sorted(set(sys.modules) - before);"
        "print(*[n for n in told if n.startswith(('alianza_async.resources.', 'alianza_async.models.'))])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)  # noqa: S603  (our own)

    assert done.stdout.split() == [
        "alianza_async.models.virtual_fax_lines",
        "alianza_async.resources.virtual_fax_lines",
    ]
