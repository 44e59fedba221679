"""The input of a seed: made-up accounts or subscribers, some spoilt, and what each row should become."""

from __future__ import annotations

import csv
import random
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tools.campaign_plan import Plan

SUBSCRIBERS: Final = Path(__file__).resolve().parents[2] / "shared" / "data" / "subscribers-2000.csv"
"""Subscribers made from real places, where they lie beside the repository; else they are made up whole."""

_ZONES: Final = ("America/New_York", "America/Chicago", "America/Denver", "US/Pacific", "America/Phoenix")
_NAMES: Final = ("Ardent Bakery", "Blue Hill Dental", "Corner Books", "Delta Freight", "Elm Street Garage")
_FIRST: Final = ("Ann", "Bob", "Cleo", "Dana", "Eric", "Fay")
_LAST: Final = ("Example", "Sample", "Specimen", "Pattern")
# City, state, postal code and area code of a few real places.
_PLACES: Final = (
    ("Ireton", "IA", "51027", "712", "America/Chicago"),
    ("Jersey City", "NJ", "07306", "201", "America/New_York"),
    ("Springfield", "IL", "62701", "217", "America/Chicago"),
    ("Phoenix", "AZ", "85003", "602", "America/Phoenix"),
)
_BAD_DAY: Final = "99"
_SHORTEST_NAME: Final = 3  # what the API asks of a person's first and last name
_FROM_FILE: Final = 501  # rows from which on the file is used, where there is one


@dataclass(frozen=True, slots=True)
class Wanted:
    """What one row of the input should become.

    Attributes:
        key: The key its row goes by: the account number, or a subscriber's user name.
        account_number: Number of its account.
        account_name: Name of its account.
        sound: Whether the row can be accepted.
        number: Its telephone number; empty = none.
        mac: MAC address of its device; empty = none.
    """

    key: str
    account_number: str
    account_name: str
    sound: bool = True
    number: str = ""
    mac: str = ""


def write_input(plan: Plan, path: Path) -> tuple[Wanted, ...]:
    """Write a plan's input file and return what each row should become."""
    chance = random.Random(f"input {plan.seed}")  # noqa: S311  # made-up names, not secrets
    bad = set(chance.sample(range(plan.items), plan.spoilt))
    rows = _accounts(plan, chance) if plan.kind == "accounts" else _subscribers(plan, chance)
    table = [row | ({"billing_cycle_day": _BAD_DAY} if at in bad else {}) for at, row in enumerate(rows)]
    _write(path, table)
    return tuple(_wanted(row, plan) for row in table)


def write_inventory(rows: Sequence[Wanted], path: Path) -> None:
    """Write the telephone numbers of all rows, one a line, as the sandbox reads its inventory."""
    path.write_text("".join(f"{row.number}\n" for row in rows if row.number), encoding="ascii")


def read_rows(path: Path) -> list[dict[str, str]]:
    """Read a CSV file whole; what a line cut short lacks is empty."""
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, restval=""))


def _write(path: Path, rows: Sequence[Mapping[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def _accounts(plan: Plan, chance: random.Random) -> Iterator[dict[str, str]]:
    for at in range(plan.items):
        yield {
            "account_number": f"C{plan.seed}-{at:06}",
            "account_name": f"{chance.choice(_NAMES)} {at}",
            "account_type": "SIMPLE",
            "time_zone": chance.choice(_ZONES),
            "billing_cycle_day": str(chance.randint(1, 28)),
        }


def _subscribers(plan: Plan, chance: random.Random) -> Iterator[dict[str, str]]:
    if plan.items >= _FROM_FILE and SUBSCRIBERS.exists():
        yield from read_rows(SUBSCRIBERS)[: plan.items]
        return
    for at in range(plan.items):
        city, state, postal_code, area, zone = chance.choice(_PLACES)
        first, last = chance.choice(_FIRST), chance.choice(_LAST)
        yield {
            "account_number": f"S{plan.seed}-{at:06}",
            "account_name": f"{first} {last} Household",
            "account_type": "SIMPLE",
            "time_zone": zone,
            "billing_cycle_day": str(chance.randint(1, 28)),
            "first_name": first,
            "last_name": last,
            "username": f"{first}.{last}.{plan.seed}-{at}".casefold(),
            "email_address": f"{first}.{last}.{at}@example.com".casefold(),
            "user_product_plan": "STANDARD",
            "telephone_number": f"1{area}{2_000_000 + at}",
            "e911_address": f"{at + 1} Elm Street",
            "e911_city": city,
            "e911_state": state,
            "postal_code": postal_code,
            "country": "USA",
            "mac_address": f"0200{at:08X}",
        }


def _wanted(row: Mapping[str, str], plan: Plan) -> Wanted:
    names = (row["first_name"], row["last_name"]) if plan.kind == "subscribers" else ()
    return Wanted(
        key=row["account_number"] if plan.kind == "accounts" else row["username"],
        account_number=row["account_number"],
        account_name=row["account_name"],
        sound=row["billing_cycle_day"] != _BAD_DAY and all(len(name) >= _SHORTEST_NAME for name in names),
        number=row.get("telephone_number", ""),
        mac=row.get("mac_address", ""),
    )
