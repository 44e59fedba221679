"""A subscriber's things at a sandbox, as a plain caller sees them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from alianza_async.sandbox import SandboxOptions
from tests.sandbox.sandbox_caller import ACCOUNTS, Caller, Json, logged_in, user

if TYPE_CHECKING:
    import httpx

PARTITION = "/v2/partition/sandbox-partition"
NUMBERS = f"{PARTITION}/telephonenumber"
PREVALIDATE = f"{ACCOUNTS}/e911/prevalidate"
FIRST, SECOND, THIRD = "18015550001", "18015550002", "12125550003"
MAC = "4AE1BC53AD6B"
NOTHING: Json = {}


def address(**changes: object) -> Json:
    """Write an emergency address that is right."""
    return {
        "streetNumber": "12",
        "streetName": "Main",
        "streetSuffix": "St",
        "city": "Springfield",
        "state": "IL",
        "postalCode": "62701",
        **changes,
    }


@dataclass
class Clock:
    """A clock moved by hand."""

    now: float = 1000

    def __call__(self) -> float:
        """Answer the time."""
        return self.now


@dataclass
class Subscriber:
    """A caller with an account and a user in it, at a sandbox with three numbers.

    Attributes:
        caller: The caller.
        account: The account.
        user: Its user.
        clock: The clock that things put off go by.
    """

    caller: Caller
    account: Json
    user: Json
    clock: Clock

    @property
    def path(self) -> str:
        """The account's path."""
        return f"{ACCOUNTS}/{self.account['id']}"

    async def validate(self, **changes: object) -> Json:
        """Have an emergency address checked."""
        return await self.caller.json("PUT", PREVALIDATE, {"e911Address": address(**changes)})

    async def ask_for(self, number: str = FIRST, /, **changes: object) -> httpx.Response:
        """Ask for a number on the account, ringing at the user, at the address that is right."""
        wanted = {"phoneNumber": number, "referenceType": "END_USER", "referenceId": self.user["id"]}
        body = {"telephoneNumbers": [wanted], "e911Address": address(), **changes}
        return await self.caller.call("POST", f"{self.path}/telephonenumber", body)

    async def activate(self, number: str = FIRST, /, **changes: object) -> Json:
        """Put a number on the account, with an address that was validated, and answer it."""
        await self.validate()
        answer = await self.ask_for(number, **changes)
        assert answer.status_code == 200, answer.text
        return cast("Json", answer.json()["telephoneNumbers"][0])

    async def number(self, number: str = FIRST) -> Json:
        """Answer a number of the account."""
        return await self.caller.json("GET", f"{self.path}/telephonenumber/{number}")

    def line(self, **changes: object) -> Json:
        """Write a device line's body with no more than the API requires, and a MAC address."""
        return {
            "deviceName": "Desk",
            "deviceTypeId": "VVX250",
            "macAddress": MAC,
            "lineNumber": 1,
            "faxEnabled": False,
            "userId": self.user["id"],
            **changes,
        }

    async def ask_for_line(self, **changes: object) -> httpx.Response:
        """Ask for a device line."""
        return await self.caller.call("POST", f"{self.path}/deviceline", self.line(**changes))

    async def add_line(self, **changes: object) -> Json:
        """Create a device line."""
        answer = await self.ask_for_line(**changes)
        assert answer.status_code == 201, answer.text
        return cast("Json", answer.json())


async def subscriber(**changes: object) -> Subscriber:
    """Answer a subscriber at a new sandbox, with some of its options changed."""
    caller = await logged_in(SandboxOptions().with_changes(changes))
    clock = caller.sandbox.store.agenda.clock = Clock()
    caller.sandbox.seed_inventory([FIRST, SECOND, THIRD])
    account = await caller.create()
    member = await caller.json("POST", f"{ACCOUNTS}/{account['id']}/user", user())
    return Subscriber(caller, account, member, clock)


async def items(caller: Caller, path: str) -> list[Json]:
    """Ask for a list."""
    answer = await caller.call("GET", path)
    assert answer.status_code == 200, answer.text
    return cast("list[Json]", answer.json())
