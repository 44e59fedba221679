"""What of a model is shown and dumped, and that a mask is never sent."""

from __future__ import annotations

import copy
import json
import pickle
from typing import TYPE_CHECKING, cast

import pytest
from pydantic import BaseModel, SecretStr, TypeAdapter, ValidationError
from rich.pretty import pretty_repr

from alianza_async.bulk.input.fingerprints import RowDigest
from alianza_async.calls.call import Call, Operation, OperationClass
from alianza_async.calls.hidden import HiddenText, HiddenUrl, hidden
from alianza_async.calls.redaction import MASK
from alianza_async.client.settings import ClientSettings
from alianza_async.errors import InvalidInputError
from alianza_async.models.authorize import LoginInfo
from alianza_async.models.bulk_operation_collections import BulkCollectionCreate
from alianza_async.models.business_lines import SipCredentialsWrite
from alianza_async.models.jobs import JobOutputUrl
from alianza_async.models.shared_addresses import Address, AddressWrite, E911Address
from alianza_async.models.shared_devices import DeviceLine, DeviceLineCreate, DeviceStatus
from alianza_async.models.users import User
from alianza_async.models.voicemail_boxes import PinChange
from alianza_async.policies.authentication import Token
from alianza_async.settings import Settings
from tests.fakes import ScriptedTransport, answer, scripted

if TYPE_CHECKING:
    from alianza_async.endpoints.models import WireModel

SECRET, STREET = "sip-secret-1", "Evergreen Terrace"
IN_CLEAR = {"secrets": True}
READ: dict[str, object] = {
    "id": "u-1",
    "username": "ada",
    "devices": [{"id": "d-1", "sipPassword": SECRET}],
    "sipPassword": SECRET,
    "later": {"pin": "48213", "lines": [{"authToken": SECRET, "pinLocked": True}]},
    "mustChangePassword": False,
    "place": {"address": {"streetName": STREET, "city": "Springfield"}},
}
VALUES = (SECRET, "48213", STREET, "Springfield")


# --- shown --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "model",
    [
        User.model_validate(READ),
        Address.model_validate({"id": "a", "firstName": SECRET, "streetName": STREET, "city": "Springfield"}),
        AddressWrite(street_name=STREET, city="Springfield", unit="48213"),
        E911Address.model_validate({"streetName": STREET, "latitude": "48213"}),
        DeviceStatus.model_validate({"request": {"sipPassword": SECRET, "address": STREET}}),
        SipCredentialsWrite(sip_username="line", sip_password=SecretStr(SECRET)),
        LoginInfo.model_validate({"authToken": SECRET, "refreshToken": SECRET, "pwdHash": SECRET}),
        JobOutputUrl(url=f"https://files.example/key?X-Signature={SECRET}"),
        BulkCollectionCreate.model_validate(
            {"transform_objects": [{"Password": SECRET, "Street Name": STREET}], "transform_object_type": "x"}
        ),
        ClientSettings(
            base_url="https://api.example", token=SecretStr(SECRET), proxy=f"http://me:{SECRET}@p"
        ),
        Settings(password=SecretStr(SECRET), auth_token=SecretStr(SECRET), proxy=f"http://me:{SECRET}@p:1"),
        Token(SECRET),
        {"X-AUTH-TOKEN": hidden(SECRET)},
        Call(
            Operation("op", "PUT", "/v2", OperationClass.ACTION),
            "/v2",
            {},
            body=SECRET.encode(),
            url=f"https://files.example/?{SECRET}",
        ),
    ],
    ids=lambda model: type(model).__name__,
)
def test_a_repr_shows_no_secret_and_no_address(model: object) -> None:
    """Repr, str and what rich draws show neither, declared or not, at whatever depth."""
    shown = f"{model!r} {model!s} {pretty_repr(model)} {pretty_repr(model, max_string=6)}"
    assert [value for value in (*VALUES, SECRET[:6]) if value in shown] == []


def test_a_repr_says_what_it_may() -> None:
    """What is not private is shown, what is missing too, and the place of a value that is not."""
    assert repr(Address(id="a-1", city="x", unit=None)).startswith("Address(id='a-1', first_name=None,")
    assert "city='***'" in repr(Address(city="x"))
    assert "url='https://files.example/key?***'" in repr(JobOutputUrl(url="https://files.example/key?sign=1"))
    assert "https://files.example/key'" in repr(JobOutputUrl(url="https://files.example/key"))
    assert "proxy='http://***@p:1'" in repr(Settings(proxy="http://me:secret@p:1"))
    assert "email_address='a@b.example'" in repr(User(email_address="a@b.example"))
    assert repr(HiddenUrl("me:secret@p")) == "'***@p'"


def test_a_hidden_text_is_the_text() -> None:
    """It goes into a header, a URL and a comparison as it is; its parts and its copies are hidden too."""
    text = hidden(SecretStr(SECRET))
    assert (text, f"{text}", text.encode(), text[:3]) == (SECRET, SECRET, SECRET.encode(), SECRET[:3])
    for each in (text, text[:3], copy.deepcopy(text), pickle.loads(pickle.dumps(text))):  # noqa: S301  (ours)
        assert (type(each), repr(each)) == (HiddenText, repr(MASK))


# --- dumped -------------------------------------------------------------------------------------------


class Outer(BaseModel):
    """A service's own answer, with one of ours in it."""

    user: User


DUMPED: dict[str, object] = {
    **READ,
    "devices": [{"id": "d-1", "sipPassword": MASK}],
    "sipPassword": MASK,
    "later": {"pin": MASK, "lines": [{"authToken": MASK, "pinLocked": True}]},
}


def test_a_dump_masks_secrets_unless_it_is_asked_for_them() -> None:
    """Declared secrets and those of fields that nobody declared, also within another model; flags stay."""
    user = User.model_validate(READ)
    assert user.model_dump(by_alias=True, exclude_unset=True) == DUMPED
    assert json.loads(user.model_dump_json(by_alias=True, exclude_unset=True)) == DUMPED
    assert Outer(user=user).model_dump(by_alias=True, exclude_unset=True) == {"user": DUMPED}
    assert TypeAdapter(list[User]).dump_python([user], by_alias=True, exclude_unset=True) == [DUMPED]
    for mode in ("python", "json"):
        assert user.model_dump(by_alias=True, exclude_unset=True, mode=mode, context=IN_CLEAR) == READ
    assert Outer(user=user).model_dump(by_alias=True, exclude_unset=True, context=IN_CLEAR) == {"user": READ}
    assert user.model_dump(include={"id", "devices"}) == {
        "id": "u-1",
        "devices": [DeviceLine(id="d-1", sip_password=SecretStr("x")).model_dump()],
    }
    assert json.loads(user.to_wire()) == READ


@pytest.mark.parametrize("context", [None, {}, {"secrets": False}, {"secrets": "yes"}, "secrets", 1])
def test_only_the_one_context_shows_secrets(context: object) -> None:
    """Whatever else a context is, it shows nothing."""
    model = PinChange(pin=SecretStr("48213"))
    assert model.model_dump(exclude_unset=True, context=context) == {"pin": MASK}
    assert model.model_dump(exclude_unset=True, context=IN_CLEAR) == {"pin": "48213"}


def test_copies_keep_the_real_values() -> None:
    """Copying, deep-copying and pickling mask nothing."""
    user = User.model_validate(READ)
    pickled: object = pickle.loads(pickle.dumps(user))  # noqa: S301  (ours)
    for each in (user.model_copy(), user.model_copy(deep=True), copy.deepcopy(user), pickled):
        assert isinstance(each, User)
        assert (each, json.loads(each.to_wire())) == (user, READ)


def test_the_schema_of_a_model_tells_its_fields() -> None:
    """What a model is dumped to is described as before: services publish it."""
    properties = User.model_json_schema(mode="serialization")["properties"]
    assert properties["username"]["anyOf"] == [{"type": "string"}, {"type": "null"}]
    rows = BulkCollectionCreate.model_json_schema(mode="serialization")["properties"]["transformObjects"]
    assert rows["items"]["type"] == "object"


def test_a_row_is_known_again_by_its_real_values() -> None:
    """A row with a secret has the digest of the same values as plain data, and no other secret has it."""
    digest = RowDigest(b"salt")
    first = SipCredentialsWrite(sip_username="line", sip_password=SecretStr(SECRET))
    other = SipCredentialsWrite(sip_username="line", sip_password=SecretStr("another-secret"))
    assert digest(first) == digest({"sipUsername": "line", "sipPassword": SECRET})
    assert digest(first) != digest(other)


# --- refused ------------------------------------------------------------------------------------------

LINE = {"device_type_id": "t", "line_number": 1, "sip_username": "u"}
NOT_SENT = "sip_password: holds a mask instead of a value; give the value, or leave the field out"


@pytest.mark.parametrize("mask", [MASK, "**********", str(SecretStr("x"))])
def test_a_write_model_refuses_a_mask(mask: str) -> None:
    """Read, dumped and written back, a secret is refused where the model is made, or before it is sent."""
    line = {**LINE, "device_name": mask}
    with pytest.raises(ValidationError, match=r"device_name\n.*holds a mask instead of a value"):
        DeviceLineCreate.model_validate(line)


async def _refused(body: object) -> str:
    transport = ScriptedTransport(otherwise=answer(200, {}))
    async with scripted(transport) as session:
        with pytest.raises(InvalidInputError) as caught:
            await session.call("PUT", "/v2/thing", body=body)
    assert transport.sent == []
    assert caught.value.fields != ()
    return str(caught.value)


@pytest.mark.parametrize(
    "body",
    [
        User.model_validate(READ).model_dump(by_alias=True, exclude_unset=True),
        json.loads(User.model_validate(READ).model_dump_json(by_alias=True, exclude_unset=True)),
        User.model_validate(User.model_validate(READ).model_dump(by_alias=True)),
        [{"sipPassword": MASK}],
        {"sipPassword": "**********"},
    ],
    ids=["dump", "JSON", "read again", "list", "pydantic's"],
)
async def test_a_dump_that_is_sent_is_refused(body: object) -> None:
    """Extras of a read model, mappings and lists that hold a mask are refused, and nothing is sent."""
    assert NOT_SENT in await _refused(body)


async def test_a_mask_in_a_secret_is_refused() -> None:
    """A mask that was wrapped as a secret is one none the less."""
    model: WireModel = DeviceLineCreate.model_validate({**LINE, "sip_password": SecretStr(MASK)})
    assert await _refused(model) == NOT_SENT


@pytest.mark.parametrize("text", ["*72", "**", "a *** b", "*** VIP ***", '"***"', "\\***"])
async def test_text_with_asterisks_is_sent(text: str) -> None:
    """Only what is nothing but a mask is one: codes to dial and decorated names are values."""
    transport = ScriptedTransport(otherwise=answer(200, {}))
    async with scripted(transport) as session:
        await session.call("PUT", "/v2/thing", body={"name": text})
    assert json.loads(transport.sent[0].body or b"") == {"name": text}


async def body_of(line: DeviceLine | DeviceLineCreate) -> object:
    """Return what is sent of a line."""
    transport = ScriptedTransport(answer(200, b"{}"))
    async with scripted(transport, partition_id="p") as session:
        await session.device_lines.update("a", "d-1", line)
    return json.loads(transport.sent[-1].body or b"")


@pytest.mark.parametrize("value", ["new-secret-2", SecretStr("new-secret-2")], ids=["text", "SecretStr"])
@pytest.mark.parametrize(
    "line",
    [
        DeviceLine.model_validate({"id": "d-1", "sipPassword": SECRET}),
        DeviceLineCreate(device_type_id="t", line_number=1),
    ],
    ids=["read", "to write"],
)
async def test_a_secret_is_changed_as_any_field_is(
    line: DeviceLine | DeviceLineCreate, value: str | SecretStr
) -> None:
    """By a copy or by assignment, as text or as a `SecretStr`: the new value is sent, and a dump masks it."""
    copied, assigned = line.model_copy(update={"sip_password": value}), line.model_copy()
    assigned.sip_password = cast("SecretStr", value)
    for changed in (copied, assigned):
        sent = cast("dict[str, object]", await body_of(changed))
        assert sent["sipPassword"] == "new-secret-2"
        assert changed.model_dump()["sip_password"] == MASK
        assert "new-secret-2" not in repr(changed)


@pytest.mark.parametrize("mask", ["***", "**********"])
async def test_a_mask_that_a_secret_was_changed_to_is_refused(mask: str) -> None:
    """As a mask, and by the field's name."""
    line = DeviceLine.model_validate({"id": "d-1"}).model_copy(update={"sip_password": mask})
    with pytest.raises(InvalidInputError, match=r"^sip_password: holds a mask instead of a value") as caught:
        await body_of(line)
    assert [each.field for each in caught.value.fields] == ["sip_password"]


async def test_a_field_that_json_cannot_hold_is_named() -> None:
    """Of a model, every one of them; a secret has to be text."""
    line = DeviceLine.model_validate({"id": "d-1"})
    line = line.model_copy(update={"sip_password": 1234, "device_name": object()})
    with pytest.raises(InvalidInputError) as caught:
        await body_of(line)
    assert str(caught.value) == (
        "device_name: holds a value that JSON cannot; give text, numbers, lists and the like; "
        "sip_password: holds a value that JSON cannot; give text"
    )
    assert [each.field for each in caught.value.fields] == ["device_name", "sip_password"]


def test_the_text_of_a_secret_is_the_one_mask() -> None:
    """Read, given, copied and pickled; it equals a `SecretStr` of the same value, and no other."""
    line = DeviceLine.model_validate({"sipPassword": SECRET})
    given = DeviceLineCreate(device_type_id="t", line_number=1, sip_password=SecretStr(SECRET))
    secrets = [line.sip_password, given.sip_password, pickle.loads(pickle.dumps(line)).sip_password]  # noqa: S301
    for secret in (*secrets, copy.deepcopy(line).sip_password):
        assert (str(secret), f"{secret}", repr(secret)) == (MASK, MASK, f"SecretStr('{MASK}')")
        assert isinstance(secret, SecretStr)
        assert (secret == SecretStr(SECRET), SecretStr(SECRET) == secret) == (True, True)
        assert (secret == SecretStr("x"), secret == SECRET) == (False, False)
        assert {secret: 1} == {line.sip_password: 1}
