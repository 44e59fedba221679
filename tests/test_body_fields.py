"""A body given as a mapping: our names become those on the wire, and one that is no field is refused."""

from __future__ import annotations

import importlib
import json
import pkgutil
from typing import TYPE_CHECKING, cast

import pytest

from alianza_async import resources
from alianza_async.endpoints.body_fields import Shape, fields_of
from alianza_async.endpoints.endpoint import Endpoint, Resource
from alianza_async.errors import InvalidInputError
from alianza_async.models.accounts import AccountCreate
from alianza_async.models.shared_addresses import AddressWrite
from alianza_async.sandbox import Sandbox, serve
from alianza_async.session import Session
from alianza_async.settings import Credentials
from tests.conftest import UNLIMITED
from tests.fakes import ScriptedTransport, answer, scripted

if TYPE_CHECKING:
    from alianza_async.models.accounts import Account
    from alianza_async.models.users import User
    from alianza_async.transports.choice import TransportName

TAKE_OUT = "take it out, or give the field's own name"
NEW = AccountCreate(
    account_number="A-1",
    account_name="Acme",
    account_type="SIMPLE",
    time_zone="US/Eastern",
    billing_cycle_day=1,
)


@pytest.mark.parametrize("name", ["account_name", "accountName"])
async def test_a_patch_changes_what_it_names(transport_name: TransportName, name: str) -> None:
    """Our name and the wire's change the same field, and the server shows it."""
    async with (
        serve(Sandbox()) as running,
        Session(
            Credentials("any", "any"), base_url=running.base_url, transport=transport_name, limit=UNLIMITED
        ) as session,
    ):
        made = await session.accounts.create(NEW)
        await session.accounts.patch(made.id or "", {name: "Renamed"})
        assert (await session.accounts.get(made.id or "")).account_name == "Renamed"
        found = await session.accounts.get(made.id or "")
        dump = found.model_dump(exclude_unset=True, context={"secrets": True}, mode="json")
        await session.accounts.replace(made.id or "", cast("Account", dump | {"account_name": "Again"}))
        assert (await session.accounts.get(made.id or "")).account_name == "Again"


async def sent_by(call: str, *args: object) -> object:
    """Return the body that a call sends."""
    transport = ScriptedTransport(otherwise=answer(200, b"{}"))
    async with scripted(transport, partition_id="p") as session:
        resource, _, name = call.partition(".")
        await getattr(getattr(session, resource), name)(*args)
    return json.loads(transport.sent[-1].body or b"")


@pytest.mark.parametrize(
    ("call", "args", "body"),
    [
        ("device_lines.patch", ("a", "d", {"sip_password": "x"}), {"sipPassword": "x"}),
        (
            "device_lines.update",
            ("a", "d", {"sip_password": "x", "zipcode": "1"}),
            {"sipPassword": "x", "zipcode": "1"},
        ),
        (
            "users.patch",
            ("a", "u", {"first_name": None, "call_screening_settings": {"anonymous_call_screen": "Block"}}),
            {"firstName": None, "callScreeningSettings": {"anonymousCallScreen": "Block"}},
        ),
    ],
)
async def test_the_wires_names_are_sent(call: str, args: tuple[object, ...], body: object) -> None:
    """Of a mapping for a model, and of one for the changes of a PATCH."""
    assert await sent_by(call, *args) == body


@pytest.mark.parametrize(
    ("call", "args", "told"),
    [
        (
            "accounts.patch",
            ("a", {"acount_name": "x"}),
            "acount_name: is not a field of this body; did you mean account_name or account_number?",
        ),
        (
            "accounts.create",
            ({"account_number": "A-1", "AccountNam": "x"},),
            "account_nam: is not a field of this body; did you mean account_name or account_number?",
        ),
        (
            "users.patch",
            ("a", "u", {"call_screening_settings": {"quatsch": 1}}),
            f"call_screening_settings.quatsch: is not a field of this body; {TAKE_OUT}",
        ),
        (
            "accounts.patch",
            ("a", {"account_name": "x", "accountName": "y"}),
            "account_name: is given twice, as account_name and accountName",
        ),
        (
            "accounts.patch",
            ("a", {"my pass word": "x"}),
            f"the body has a name that is not a field of it; {TAKE_OUT}",
        ),
    ],
    ids=["a patch", "a create", "within a field", "twice", "no name"],
)
async def test_what_is_no_field_is_refused(call: str, args: tuple[object, ...], told: str) -> None:
    """Nothing is sent; the error names the field and those that are like it."""
    transport = ScriptedTransport()
    async with scripted(transport, partition_id="p") as session:
        resource, _, name = call.partition(".")
        with pytest.raises(InvalidInputError) as caught:
            await getattr(getattr(session, resource), name)(*args)
    assert (str(caught.value), transport.sent) == (told, [])
    assert caught.value.fields[0].field == (told.partition(":")[0] if ":" in told else "")


async def test_models_in_plain_data_are_sent_as_models_are() -> None:
    """By the wire's names, with what was set alone, in a body of no declaration too."""
    transport = ScriptedTransport(otherwise=answer(200, b"{}"))
    async with scripted(transport, partition_id="p") as session:
        await session.call("POST", "/v2/any", body={"at": [AddressWrite(street_name="Elm", city="Provo")]})
        await session.call("POST", "/v2/any", body={"free_name": {"inner_name": 1}})
    assert [json.loads(sent.body or b"") for sent in transport.sent] == [
        {"at": [{"streetName": "Elm", "city": "Provo"}]},
        {"free_name": {"inner_name": 1}},
    ]


async def test_the_key_of_a_mapping_is_known_by_either_name() -> None:
    """A create given as a mapping is looked up again by what stands under our name of the key."""
    async with scripted(ScriptedTransport(), partition_id="p") as session:
        calls = [
            await session.accounts.create.prepare(cast("AccountCreate", {name: "A-7"}))
            for name in ("account_number", "accountNumber")
        ]
    assert [(call.key_value, call.body) for call in calls] == [("A-7", b'{"accountNumber":"A-7"}')] * 2


def all_resources() -> list[type[Resource]]:
    """Return the classes of all resources."""
    modules = pkgutil.iter_modules(resources.__path__, f"{resources.__name__}.")
    members = [each for module in modules for each in vars(importlib.import_module(module.name)).values()]
    return list(dict.fromkeys(e for e in members if isinstance(e, type) and issubclass(e, Resource)))


def _names(shape: Shape) -> dict[str, object]:
    """Return every name that plain data may hold, and what each of its values may."""
    if shape.values is not None:
        return {"*": _names(shape.values)}
    return {name: _names(field.shape) for name, field in fields_of(shape.models).items()}


def _lacking(wanted: dict[str, object], known: dict[str, object], path: str = "") -> list[str]:
    """Return the names that one shape has and another that is not free lacks."""
    if not known:
        return []
    return [
        line
        for name, inner in wanted.items()
        for line in (
            _lacking(
                cast("dict[str, object]", inner), cast("dict[str, object]", known[name]), f"{path}{name}."
            )
            if name in known
            else [path + name]
        )
    ]


def test_a_patch_knows_what_can_be_created_and_put() -> None:
    """The fields of a PATCH are those of its answer, and no field that can be written is missing there."""
    checked = 0
    for resource in all_resources():
        ends = {
            name: cast("Endpoint[..., object]", each)
            for name, each in vars(resource).items()
            if isinstance(each, Endpoint)
        }
        patches = [each for each in ends.values() if each.operation.method == "PATCH"]
        for patch in patches:
            assert patch.binder.shape.models, patch
            for name in {"create", "update", "replace", "update_metadata"} & ends.keys():
                checked += 1
                wanted = _names(ends[name].binder.shape)
                assert (patch, name, _lacking(wanted, _names(patch.binder.shape))) == (patch, name, [])
    assert checked >= 20


@pytest.mark.parametrize("given", [{"id": "a"}, None, "a"], ids=["a dict", "None", "text"])
async def test_an_update_takes_a_model(given: object) -> None:
    """What has no id to tell which is refused by an error of ours, and nothing is sent."""
    transport = ScriptedTransport()
    async with scripted(transport, partition_id="p") as session:
        with pytest.raises(
            InvalidInputError, match=r"^account is .*; give an Account, or use patch or replace"
        ):
            await session.accounts.update(cast("Account", given))
        with pytest.raises(InvalidInputError, match=r"^user is .*; give a User, or use patch or replace"):
            await session.users.update(cast("User", given))
    assert transport.sent == []
