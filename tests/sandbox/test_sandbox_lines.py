"""Device lines in the sandbox: created, found, changed, swapped, deleted."""

from __future__ import annotations

import pytest

from tests.sandbox.sandbox_caller import ACCOUNTS, Json, Refusal, refusal, user
from tests.sandbox.sandbox_subscriber import MAC, NOTHING, Subscriber, items, subscriber

OTHER_MAC = "722ED8E339D8"


async def test_a_line_is_answered_whole() -> None:
    """A create answers ids, a SIP user name, the MAC address written plainly, and everything sent."""
    who = await subscriber()
    made = await who.add_line(macAddress="4a:e1:bc:53:ad:6b", unheardOf=[1], accountId="mine")
    assert made == {
        **who.line(unheardOf=[1]),
        "id": made["id"],
        "partitionId": "sandbox-partition",
        "accountId": who.account["id"],
        "lineType": "Line",
        "sipUsername": made["sipUsername"],
    }
    assert await who.caller.json("GET", f"{who.path}/deviceline/{made['id']}") == made


async def test_lines_are_listed_and_filtered() -> None:
    """A list has the account's lines in order, or those of one device, owner, reference or account."""
    who = await subscriber()
    path = f"{who.path}/deviceline"
    bob = await who.caller.json("POST", f"{who.path}/user", user("bob@acme"))
    first = await who.add_line()
    second = await who.add_line(macAddress=OTHER_MAC, userId=bob["id"], referenceId=who.user["id"])
    third = await who.add_line(macAddress=None)
    found = [
        await items(who.caller, path + query)
        for query in (
            "",
            "?filterType=MAC_ADDRESS&filter=4A-E1-BC-53-AD-6B",
            f"?filterType=OWNING_USERID&filter={bob['id']}",
            f"?filterType=REFERENCED_USERID&filter={who.user['id']}",
            f"?filterType=ACCOUNT&filter={who.account['id']}",
            "?filterType=MAC_ADDRESS_INVENTORY&filter=none",
        )
    ]
    everything = [first, second, third]
    assert found == [everything, [first], [second], [second], everything, []]
    assert (await who.caller.call("GET", f"{path}?filterType=COLOUR")).status_code == 400


@pytest.mark.parametrize(
    ("changes", "messages"),
    [
        (
            {"deviceName": None, "faxEnabled": None},
            ["deviceName must not be null", "faxEnabled must not be null"],
        ),
        ({"macAddress": "nonsense"}, ["macAddress must be a MAC address"]),
        ({"lineNumber": 0}, ["lineNumber must be greater than or equal to 1"]),
        ({"userId": "none"}, ["userId is not a user of the account"]),
    ],
)
async def test_lines_that_are_refused(changes: Json, messages: list[str]) -> None:
    """A missing or wrong field, or a user who is none of the account's, is a 400 and nothing is stored."""
    who = await subscriber()
    status, told, _ = refusal(await who.ask_for_line(**changes))
    assert (status, told) == (400, messages)
    assert who.caller.sandbox.truth().created_device_lines == 0


async def neighbour(who: Subscriber) -> Subscriber:
    """Answer a second subscriber at the same sandbox."""
    account = await who.caller.create("ACME-2")
    member = await who.caller.json("POST", f"{ACCOUNTS}/{account['id']}/user", user("bob@acme"))
    return Subscriber(who.caller, account, member, who.clock)


async def test_a_line_is_used_once() -> None:
    """The same line of the same device is refused; another line of it is not, but for another account."""
    who = await subscriber()
    await who.add_line()
    assert refusal(await who.ask_for_line()) == (
        400,
        ["Device line is already in use"],
        {"macAddress": MAC, "lineNumber": 1},
    )
    await who.add_line(lineNumber=2)
    other = await neighbour(who)
    assert refusal(await other.ask_for_line(lineNumber=3)) == (
        400,
        ["MAC address is used by another account"],
        {"macAddress": MAC},
    )
    assert who.caller.sandbox.truth().device_lines == 2


async def test_without_uniqueness_doubles_are_stored_and_told() -> None:
    """With uniqueness off both are kept and the truth names the line; a key of two accounts is refused."""
    who = await subscriber(unique=False)
    other = await neighbour(who)
    await who.add_line()
    path = f"{ACCOUNTS}/{MAC}?accountIdType=MacAddress"
    assert (await who.caller.json("GET", path))["id"] == who.account["id"]
    await other.add_line()
    assert who.caller.sandbox.truth().duplicate_device_lines == [f"{MAC}/1"]
    ids = sorted([str(who.account["id"]), str(other.account["id"])])
    assert refusal(await who.caller.call("GET", path)) == (
        400,
        ["More than one account has that key"],
        {"accountIds": ids},
    )


async def test_a_line_is_changed_but_for_what_the_server_decides() -> None:
    """PATCH changes what it names, PUT replaces the rest; ids and account stay; a used line is refused."""
    who = await subscriber()
    made = await who.add_line()
    second = await who.add_line(lineNumber=2)
    path = f"{who.path}/deviceline/{made['id']}"
    patched = await who.caller.json("PATCH", path, {"deviceName": "Hall", "accountId": "mine"})
    assert patched == {**made, "deviceName": "Hall"}
    put = await who.caller.json("PUT", path, who.line(macAddress=None, deviceName="Soft"))
    assert ("macAddress" in put, put["deviceName"], put["id"]) == (False, "Soft", made["id"])
    assert await items(who.caller, f"{who.path}/device/{MAC}") == [second]
    assert (await who.caller.call("PATCH", path, {"macAddress": MAC, "lineNumber": 2})).status_code == 400
    assert await who.caller.json("GET", path) == put


async def test_a_device_is_swapped_where_it_is_free() -> None:
    """A swap puts another device in the line's place; a device with lines already is told beforehand."""
    who = await subscriber()
    made = await who.add_line()
    path = f"{who.path}/deviceline/{made['id']}/swap"
    checks = [
        (await who.caller.call("GET", f"{path}/prevalidate?macaddress={mac}")).json()
        for mac in (OTHER_MAC, MAC)
    ]
    assert checks == [True, True]
    await who.add_line(lineNumber=2)
    assert (await who.caller.call("GET", f"{path}/prevalidate?macaddress={MAC}")).json() is False
    swapped = await who.caller.json(
        "POST", path, {"macAddress": OTHER_MAC, "deviceName": "New", "deviceTypeId": "T46", "x": 1}
    )
    assert swapped == {**made, "macAddress": OTHER_MAC, "deviceName": "New", "deviceTypeId": "T46"}
    missing = refusal(await who.caller.call("POST", path, {"macAddress": MAC}))
    assert missing[1] == ["deviceName must not be null", "deviceTypeId must not be null"]


async def test_a_line_and_a_device_are_deleted() -> None:
    """A line deleted is gone; a device deleted takes all its lines with it."""
    who = await subscriber()
    lines = [await who.add_line(lineNumber=number) for number in (1, 2, 3)]
    path = f"{who.path}/deviceline/{lines[0]['id']}"
    assert (await who.caller.call("DELETE", path)).status_code == 204
    assert refusal(await who.caller.call("GET", path)) == (
        404,
        ["Device not found"],
        {"deviceId": lines[0]["id"]},
    )
    assert (await who.caller.call("DELETE", f"{who.path}/device/{MAC}")).status_code == 200
    truth = who.caller.sandbox.truth()
    assert (truth.device_lines, truth.created_device_lines, truth.history_entries) == (0, 3, 8)
    soft = await who.add_line(macAddress=None)
    assert (await who.caller.call("DELETE", f"{who.path}/deviceline/{soft['id']}")).status_code == 204


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (f"device/{OTHER_MAC}", (404, ["Device not found"], {"macAddress": OTHER_MAC})),
        ("device/nonsense", (400, ["macAddress must be a MAC address"], {"macAddress": "nonsense"})),
        (f"device/{MAC}/validateproperties", (400, ["lineno must not be null"], NOTHING)),
        (
            f"device/{MAC}/validateproperties?lineno=0",
            (400, ["lineno must be a whole number of at least 1"], {"lineno": "0"}),
        ),
    ],
)
async def test_devices_that_are_not_there(path: str, expected: Refusal) -> None:
    """A device without lines is a 404; what is no MAC address or line number, a 400."""
    who = await subscriber()
    assert refusal(await who.caller.call("GET", f"{who.path}/{path}")) == expected


async def test_a_free_line_is_told() -> None:
    """A line is free where the device is nobody's or ours, has such a line, and it is not in use."""
    who = await subscriber()
    await who.add_line()
    other = await neighbour(who)
    answers = [
        (await who.caller.call("GET", f"{path}/device/{mac}/validateproperties?lineno={number}")).json()
        for path, mac, number in (
            (who.path, MAC, 2),
            (who.path, OTHER_MAC, 1),
            (who.path, MAC, 1),
            (who.path, MAC, 101),
            (other.path, MAC, 2),
        )
    ]
    assert answers == [True, True, False, False, False]


async def test_a_user_with_a_line_is_not_deleted() -> None:
    """A user who owns a device line stays until it is deleted."""
    who = await subscriber()
    made = await who.add_line()
    path = f"{who.path}/user/{who.user['id']}"
    refused = refusal(await who.caller.call("DELETE", path))
    assert refused[1] == ["User cannot be deleted while it has device lines"]
    await who.caller.call("DELETE", f"{who.path}/deviceline/{made['id']}")
    assert (await who.caller.call("DELETE", path)).status_code == 204


async def test_proposed_devices_are_checked() -> None:
    """A MAC address or SIP user name in use is not free; no MAC address at all is nobody's."""
    who = await subscriber()
    made = await who.add_line()
    answers = [
        (await who.caller.call("GET", f"{ACCOUNTS}/validateproperties?{query}")).json()
        for query in (
            f"macaddress={MAC}",
            f"sipusername={made['sipUsername']}",
            f"macaddress={OTHER_MAC}&sipusername=other",
            "macaddress=nonsense",
        )
    ]
    assert answers == [False, False, True, True]
