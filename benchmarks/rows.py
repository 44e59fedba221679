"""What goes out and comes back: an account of about 600 bytes, answered with about 900.

Every side of a comparison sends these rows, so that none has less to write or to read than another.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["ACCOUNTS_PATH", "LOGIN", "NUMBER", "PARTITION", "TOKEN", "account_json", "row", "rows"]

PARTITION: Final = "bench-partition"
ACCOUNTS_PATH: Final = f"/v2/partition/{PARTITION}/account"

NUMBER: Final = "ACCOUNT-NUMBER-HERE"
"""What stands in `account_json()` where a server puts the account's number."""

TOKEN: Final = "bench-token-of-a-usual-length-0123456789abcdef0123456789abcdef"  # noqa: S105  (made up)
"""What a login is answered with, and what every request then carries."""

LOGIN: Final = json.dumps(
    {
        "authToken": TOKEN,
        "userId": "bench-user",
        "userType": "ManagementUser",
        "username": "bench",
        "partitionId": PARTITION,
        "partitionName": "Benchmarks",
        "permissions": {"Account": "Write"},
        "expiresIn": 36_000,
    }
).encode()
"""The answer to a login."""

_SENT: Final[dict[str, object]] = {
    "accountName": "Ardent Bakery and Coffee Roasters of Lower Main",
    "accountType": "ADVANCED",
    "timeZone": "US/Eastern",
    "billingCycleDay": 5,
    "extensionLength": 4,
    "allowDangerousExtensions": False,
    "callScreeningSettings": {"anonymousCallScreen": "Allow", "defaultCallScreen": "Allow"},
    "customField": "imported from the billing system, batch of the first quarter",
    "dialingBehaviorType": "TEN_DIGIT",
    "holdTimeoutSeconds": 300,
    "languageTag": "en-US",
    "platformType": "V2_1",
    "regulatoryType": "COMMERCIAL",
    "routePlanId": "6b1f0d7e-55c3-4e0c-8a34-0d9a6a1f7c52",
    "sendWelcomeEmail": False,
    "status": "ACTIVE",
}


def row(number: int) -> dict[str, object]:
    """Return the body of one create, as a mapping with the names of the wire."""
    return {"accountNumber": f"BENCH-{number:08}", **_SENT}


def rows(count: int, *, start: int = 1) -> Iterator[dict[str, object]]:
    """Yield so many bodies, each with a number of its own."""
    return (row(number) for number in range(start, start + count))


def account_json(number: str = NUMBER, account_id: str = "0f6cf1a2-4c1b-4a5e-9d68-2f3c5b7a9e01") -> bytes:
    """Return the answer to a create, as a server writes it."""
    account = {"id": account_id, "partitionId": PARTITION, "accountNumber": number, **_SENT}
    account["callingPlans"] = [
        {
            "id": "c2b7",
            "referenceId": account_id,
            "referenceType": "ACCOUNT",
            "calledPartyType": "DOMESTIC",
            "startDate": "2026-01-01T00:00:00.000Z",
            "planMinutes": 1000,
        }
    ]
    account |= {"endUserCount": 0, "platformChangeDate": "2026-01-01T00:00:00.000Z"}
    return json.dumps(account, separators=(",", ":")).encode()
