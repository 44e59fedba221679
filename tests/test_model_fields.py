from __future__ import annotations

import json

import pytest
from pydantic import SecretStr, TypeAdapter, ValidationError

from alianza_async.endpoints.models import WriteModel
from alianza_async.models.business_line_hunt_groups import (
    ForwardFailoverActionWrite,
    HuntGroupCreate,
    HuntingConfiguration,
    LinearHuntingConfiguration,
    OtherHuntingConfiguration,
)
from alianza_async.models.business_lines import SipCredentialsWrite
from alianza_async.models.ivrs import Ivr, IvrHangup, OtherIvrComponent
from alianza_async.models.ports import LetterOfAuthorization
from alianza_async.models.shared_ports import Port, PortWrite
from alianza_async.models.sip_trunks import SipTrunkCreate
from tools.model_names import snake


@pytest.mark.parametrize(
    ("wire", "python"),
    [
        ("canAcceptSMS", "can_accept_sms"),
        ("e911Address", "e911_address"),
        ("resultCSRs", "result_csrs"),
        ("@type", "type"),
        ("b2BPartnerID", "b2b_partner_id"),
    ],
)
def test_python_names(wire: str, python: str) -> None:
    """Abbreviations stay together; the at sign goes."""
    assert snake(wire) == python


def test_a_tag_chooses_the_member() -> None:
    """The tag decides which member a value is parsed into."""
    ivr = Ivr.model_validate({"ivrComponents": [{"type": "HANGUP", "id": "1", "goodBye": "m"}]})
    assert ivr.ivr_components is not None
    assert ivr.ivr_components[0] == IvrHangup(type="HANGUP", id="1", good_bye="m")


@pytest.mark.parametrize("component", [{"type": "LINE_HUNTGROUP", "id": "1", "lines": [4]}, {"id": "2"}])
def test_an_unknown_tag_is_kept(component: dict[str, object]) -> None:
    """A member this release does not know, or one without a tag, is kept whole and goes back as it came."""
    ivr = Ivr.model_validate({"ivrComponents": [component]})
    assert ivr.ivr_components is not None
    assert type(ivr.ivr_components[0]) is OtherIvrComponent
    assert json.loads(ivr.to_wire()) == {"ivrComponents": [component]}


def test_an_unknown_enumeration_value_is_kept() -> None:
    """A value that a newer server has is read and sent back."""
    assert json.loads(Port.model_validate({"status": "A_NEW_ONE"}).to_wire()) == {"status": "A_NEW_ONE"}


def test_an_unknown_tag_is_not_sent() -> None:
    """Strict to write: a tag without a member is refused, and the message names those there are."""
    body = {"name": "n", "account_id": "a", "partition_id": "p", "hunting_configuration": {"@type": "Random"}}
    with pytest.raises(ValidationError, match="needs type, one of LinearHuntingConfiguration, Sequential"):
        HuntGroupCreate.model_validate(body)


def test_the_tag_is_sent_although_nobody_set_it() -> None:
    """A write member carries its tag by itself, under its wire name."""
    action = ForwardFailoverActionWrite(failover_reason="BUSY", forward_to_phone_number="18015551212")
    assert json.loads(action.to_wire()) == {
        "@type": "ForwardFailoverAction",
        "failoverReason": "BUSY",
        "forwardToPhoneNumber": "18015551212",
    }


def test_a_union_is_told_by_model_and_by_python_name() -> None:
    """Instances and snake_case mappings are told apart as JSON is."""
    adapter: TypeAdapter[object] = TypeAdapter(HuntingConfiguration)
    assert type(adapter.validate_python({"type": "LinearHuntingConfiguration"})) is LinearHuntingConfiguration
    model = OtherHuntingConfiguration(type="Random")
    assert adapter.validate_python(model) == model


def test_a_pattern_holds_the_whole_value() -> None:
    """A pattern is held to the whole value, as the server does: a number with a letter is refused."""
    with pytest.raises(ValidationError, match="forward_to_phone_number"):
        ForwardFailoverActionWrite(failover_reason="BUSY", forward_to_phone_number="1801x")
    with pytest.raises(ValidationError, match="extension_patterns"):
        SipTrunkCreate(extension_patterns=["12xa"])


def test_secrets_are_shown_nowhere_and_sent_in_clear() -> None:
    """A password is hidden in repr and str, and in clear in the JSON that is sent; its length is checked."""
    login = SipCredentialsWrite(sip_username="line-1", sip_password=SecretStr("made-up-secret"))
    assert "made-up-secret" not in f"{login!r}{login}"
    assert json.loads(login.to_wire())["sipPassword"] == "made-up-secret"
    with pytest.raises(ValidationError, match="sip_password"):
        SipTrunkCreate(sip_password=SecretStr("short"))


def test_iana_time_zones_are_mapped_where_a_time_zone_is_sent() -> None:
    """A time zone to send takes an IANA name in every write model."""
    port = PortWrite.model_validate({"foc_date_time_zone": "America/Detroit"})
    assert port.foc_date_time_zone == "US/Eastern"


def test_bytes_are_read_as_one_text_or_as_a_list() -> None:
    """Java's byte[] comes as one base64 text; the description's list is read as well."""
    assert LetterOfAuthorization.model_validate({"data": "AAEC"}).data == "AAEC"
    assert LetterOfAuthorization.model_validate({"data": ["AAEC"]}).data == ["AAEC"]


def test_the_first_instant_goes_back_as_it_came() -> None:
    """Unix time 0 is a time as any other."""
    sent = LetterOfAuthorization.model_validate({"date": 0}).to_wire()
    assert json.loads(sent) == {"date": 0}


def test_write_models_are_strict() -> None:
    """A field that does not exist is refused before anything is sent."""
    assert issubclass(PortWrite, WriteModel)
    with pytest.raises(ValidationError, match="status"):
        PortWrite.model_validate({"status": "ACTIVE"})
