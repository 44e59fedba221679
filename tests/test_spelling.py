"""Typed calls send MAC addresses and telephone numbers in the API's spelling, as bulk jobs do."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from alianza_async.models.accounts import AccountCreate
from alianza_async.models.shared_devices import DeviceLineCreate
from alianza_async.models.shared_numbers import NumberSettingsWrite
from alianza_async.models.users import UserCreate
from alianza_async.session import Session

if TYPE_CHECKING:
    from alianza_async.sandbox import RunningSandbox
    from alianza_async.settings import Credentials
    from alianza_async.transports.choice import TransportName


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("4a:e1:bc:53:ad:6b", "4AE1BC53AD6B"),
        ("4ae1.bc53.ad6b", "4AE1BC53AD6B"),
        ("4AE1BC53AD6B", "4AE1BC53AD6B"),
        ("no mac", "no mac"),
    ],
)
def test_a_mac_address_is_sent_in_one_spelling(given: str, sent: str) -> None:
    """Any common spelling is sent as 12 digits; what is no MAC address is the API's to refuse."""
    line = DeviceLineCreate(device_type_id="Generic", line_number=1, mac_address=given)
    assert json.loads(line.to_wire())["macAddress"] == sent


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("(801) 555-1212", "18015551212"),
        ("+1 801 555 1212", "18015551212"),
        ("18015551212", "18015551212"),
        ("+44 20 7946 0958", "+44 20 7946 0958"),
        ("4000", "4000"),
    ],
)
def test_a_number_is_sent_in_one_spelling(given: str, sent: str) -> None:
    """A number of North America is sent as its 11 digits; another text is the API's to judge."""
    assert json.loads(NumberSettingsWrite(phone_number=given).to_wire()) == {"phoneNumber": sent}


def test_types_stay_strict() -> None:
    """Only text is read: a number that is no text is refused as before."""
    with pytest.raises(ValueError, match="phone_number"):
        NumberSettingsWrite.model_validate({"phone_number": 18015551212})


async def test_the_api_gets_it_on_each_transport(
    served: RunningSandbox, credentials: Credentials, transport_name: TransportName
) -> None:
    """A line created with colons and a number with dashes arrives, and is answered, in the API's spelling."""
    async with Session(credentials, base_url=served.base_url, transport=transport_name) as session:
        account = await session.accounts.create(
            AccountCreate(
                account_number="A-1",
                account_name="Ardent Bakery",
                account_type="SIMPLE",
                time_zone="Eastern Standard Time",
                billing_cycle_day=5,
            )
        )
        assert account.id is not None
        user = await session.users.create(
            account.id, UserCreate(username="ada", time_zone="(UTC-05:00) Eastern Time (US & Canada)")
        )
        line = await session.device_lines.create(
            account.id,
            DeviceLineCreate(
                device_type_id="Generic",
                line_number=1,
                mac_address="4a:e1:bc:53:ad:6b",
                device_name="Front desk",
                emergency_number="801-555-1212",
                fax_enabled=False,
                user_id=user.id,
            ),
        )
    assert (account.time_zone, user.time_zone) == ("US/Eastern", "US/Eastern")
    assert (line.mac_address, line.emergency_number) == ("4AE1BC53AD6B", "18015551212")
