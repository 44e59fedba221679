"""See that a handful of customers have their accounts, however often this is run.

Run it twice against an embedded Alianza, and the second run creates nothing:

    alianza sandbox serve               # prints three export lines: paste them in a second shell, then there
    python examples/ensure_customers.py
    python examples/ensure_customers.py
"""

from __future__ import annotations

import asyncio

from alianza_async import AccountCreate, Session

CUSTOMERS = {
    "ACME-DETROIT": "America/Detroit",
    "ACME-PHOENIX": "America/Phoenix",
    "ACME-TORONTO": "America/Toronto",
}


async def main() -> None:
    """Look each account up, create it where it is absent, and show what differs where it is another one."""
    wanted = [
        AccountCreate.model_validate(
            {
                "account_number": number,
                "account_name": number.title(),
                "account_type": "SIMPLE",
                "time_zone": zone,
                "billing_cycle_day": 1,
            }
        )
        for number, zone in CUSTOMERS.items()
    ]
    async with Session.from_env() as session:
        for ensured in await asyncio.gather(*(session.accounts.ensure(account) for account in wanted)):
            differing = ", ".join(difference.field for difference in ensured.differences)
            print(ensured.value.account_number, ensured.outcome, differing)


if __name__ == "__main__":
    asyncio.run(main())
