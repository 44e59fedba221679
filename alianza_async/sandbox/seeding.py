"""Objects that are there beforehand: made as though by some login, some time ago."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from alianza_async.sandbox.answers import ApiError
from alianza_async.sandbox.inventory import Seed
from alianza_async.sandbox.line_book import plain_mac
from alianza_async.sandbox.plan_book import Owner
from alianza_async.sandbox.rules import as_object
from alianza_async.sandbox.validation import check_account, check_user

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from alianza_async.sandbox.options import Json, SandboxOptions
    from alianza_async.sandbox.store import Store

ANOTHER_LOGIN: Final = "somebody-else"
THREE_DAYS_S: Final = 3 * 86_400.0
_NAMES: Final = ("accountNumber", "accountId", "username", "userId")
_ADDRESS: Final[Json] = {
    "streetNumber": "12",
    "streetName": "Main",
    "streetSuffix": "St",
    "city": "Springfield",
    "state": "IL",
    "postalCode": "62701",
}
_LINE_DEFAULTS: Final[Json] = {
    "deviceName": "Telephone",
    "deviceTypeId": "sandbox-device-type",
    "faxEnabled": False,
    "lineNumber": 1,
}


def seed_objects(
    store: Store,
    options: SandboxOptions,
    things: Mapping[str, Sequence[Json]],
    *,
    login: str,
    ago_s: float,
) -> dict[str, list[Json]]:
    """Make objects and answer them; see `Sandbox.seed`.

    Raises:
        ValueError: A body is one that the API would refuse, or there is no such list.
    """
    unknown = sorted(things.keys() - _SORTS.keys())
    if unknown:
        raise ValueError(f"{unknown[0]} cannot be seeded: {', '.join(_SORTS)} can")
    seeder = _Seeder(store, options, login)
    store.history.follow(options)
    store.history.actor, store.history.ago_s = login, ago_s
    try:
        # In the order of the table: a user needs its account, a line its user.
        return {
            name: [make(seeder, body) for body in things[name]]
            for name, make in _SORTS.items()
            if name in things
        }
    except ApiError as error:
        raise ValueError(f"this cannot be seeded: {'; '.join(error.messages)}") from None
    finally:
        store.history.ago_s = 0.0


class _Seeder:
    """Makes one object after the other.

    Args:
        store: Where they go.
        options: Whose partition they are in.
        login: Who makes them.
    """

    def __init__(self, store: Store, options: SandboxOptions, login: str) -> None:
        self._store = store
        self._partition = options.partition_id
        self._unique = options.unique
        self._login = login

    def account(self, body: Json) -> Json:
        """Make an account."""
        account = self._store.add_account(self._partition, check_account(body), unique=self._unique)
        self._store.guarded.add(str(account["accountNumber"]))
        return account

    def user(self, body: Json) -> Json:
        """Make a user."""
        account = self._account(body)
        fields = {name: value for name, value in body.items() if name not in _NAMES or name == "username"}
        user = self._store.add_user(account, check_user(fields), unique=self._unique)
        self._store.guarded.add(str(user["username"]))
        return user

    def number(self, body: Json) -> Json:
        """Put a number on an account, in service at once; into the inventory first where it is not there."""
        account, book = self._account(body), self._store.numbers
        text = str(body["phoneNumber"])
        book.seed(self._partition, [Seed(text)])
        stocked = book.check_free(account, text, self._login, unique=self._unique)
        verdict = self._store.addresses.validate(as_object(body.get("e911Address")) or _ADDRESS)
        fields = self._fields(body)
        user = self._user(account, body)
        if user is not None:
            fields.update(referenceType="END_USER", referenceId=user["id"])
        number = book.add(account, stocked, fields, verdict)
        book.activate(number, 0)
        self._store.guarded.add(text)
        return number

    def line(self, body: Json) -> Json:
        """Make a device line of a user."""
        account = self._account(body)
        user = self._user(account, body)
        fields = {**_LINE_DEFAULTS, **self._fields(body), "macAddress": plain_mac(str(body["macAddress"]))}
        if user is not None:
            fields["userId"] = user["id"]
        self._store.guarded.add(str(fields["macAddress"]))
        return self._store.lines.add(account, fields, unique=self._unique)

    def plan(self, body: Json) -> Json:
        """Give an account, or a user of it, a calling plan."""
        account = self._account(body)
        user = self._user(account, body)
        owner = Owner("ACCOUNT", str(account["id"])) if user is None else Owner("END_USER", str(user["id"]))
        product = body["callingPlanProductId"]
        self._store.guarded.add(f"{owner.id}/{product}")
        return self._store.plans.add(account, owner, product, unique=self._unique).to_json()

    def reservation(self, body: Json) -> Json:
        """Reserve a number; into the inventory first where it is not there."""
        book, text = self._store.numbers, str(body["phoneNumber"])
        book.seed(self._partition, [Seed(text)])
        stocked = book.inventory.one(self._partition, text)
        book.inventory.reserve(stocked, self._login)
        return stocked.reservation()

    def _account(self, body: Json) -> Json:
        """Find the account that a body names."""
        if "accountId" in body:
            return self._store.account(self._partition, str(body["accountId"]))
        return self._store.account_by_number(self._partition, str(body.get("accountNumber")))

    def _user(self, account: Json, body: Json) -> Json | None:
        """Find the user that a body names; None where it names none."""
        if "userId" in body:
            return self._store.user(account, str(body["userId"]))
        if "username" in body:
            return self._store.user_by_name(account, str(body["username"]))
        return None

    @staticmethod
    def _fields(body: Json) -> Json:
        """Answer what a body holds beyond whose it is."""
        return {name: value for name, value in body.items() if name not in (*_NAMES, "e911Address")}


_SORTS: Final[dict[str, Callable[[_Seeder, Json], Json]]] = {
    "accounts": _Seeder.account,
    "users": _Seeder.user,
    "numbers": _Seeder.number,
    "lines": _Seeder.line,
    "plans": _Seeder.plan,
    "reservations": _Seeder.reservation,
}
