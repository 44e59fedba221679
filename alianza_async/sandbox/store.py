"""The sandbox's memory: accounts, users, tokens, and every object ever created, in order."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeVar

from alianza_async.sandbox.addresses import AddressBook
from alianza_async.sandbox.agenda import Agenda
from alianza_async.sandbox.answers import ApiError
from alianza_async.sandbox.bulk_book import BulkBook
from alianza_async.sandbox.history import ACCOUNT, USER, History
from alianza_async.sandbox.jobs import JobBook
from alianza_async.sandbox.kept import KeptRows
from alianza_async.sandbox.line_book import LineBook
from alianza_async.sandbox.number_book import NumberBook
from alianza_async.sandbox.plan_book import Owner, PlanBook
from alianza_async.sandbox.tokens import TokenBook

if TYPE_CHECKING:
    from alianza_async.sandbox.options import Json

_Key = TypeVar("_Key")

# Strings and numbers only: CPython's garbage collector then never walks the stored objects.
_ACCOUNT_DEFAULTS: Final[Json] = {
    "status": "ACTIVE",
    "languageTag": "en-US",
    "platformType": "V2_1",
    "dialingBehaviorType": "TEN_DIGIT",
    "regulatoryType": "RESIDENTIAL",
    "inboundRatePlanProductId": "sandbox-inbound-rate-plan",
    "allowDangerousExtensions": False,
}
_USER_DEFAULTS: Final[Json] = {
    "languageTag": "en-US",
    "endUserType": "STANDARD",
    "mustChangePassword": False,
    "allowPortalAccess": True,
}
# What the server alone decides; a caller's value for one of these is not taken.
_ACCOUNT_OWNED: Final = ("id", "partitionId", "endUserCount")
_USER_OWNED: Final = ("id", "partitionId", "accountId")


class Created(NamedTuple):
    """One object the sandbox created.

    Attributes:
        kind: What it is.
        id: Its id.
        key: Its natural key, the account number or the user name.
    """

    kind: Literal["account", "user"]
    id: str
    key: str


class Store:
    """Accounts, users and tokens of one sandbox; every change is one step, so none is ever half done."""

    def __init__(self) -> None:
        self.tokens = TokenBook()
        self.agenda = Agenda()
        self.jobs = JobBook(self.agenda)
        self.bulk = BulkBook(self.agenda)
        self.kept = KeptRows()
        self.history = History(self.agenda)
        self.addresses = AddressBook()
        self.numbers = NumberBook(self.agenda, self.history, self.addresses)
        self.lines = LineBook(self.history)
        self.plans = PlanBook(self.history)
        self.password: str | None = None  # set by a password change, then the only one accepted
        self.accounts: dict[str, Json] = {}
        self.users: dict[str, Json] = {}
        self.created: list[Created] = []
        self.guarded: set[str] = set()  # keys that are unique also where the options let keys repeat
        self._numbers: dict[tuple[str, str], list[str]] = {}
        self._usernames: dict[str, list[str]] = {}
        self._members: dict[str, dict[str, None]] = {}
        self._leaving: set[str] = set()

    # -- accounts ------------------------------------------------------------------------------

    def add_account(self, partition_id: str, body: Json, *, unique: bool) -> Json:
        """Create an account from an accepted body and answer it whole.

        Raises:
            ApiError: 400 where the account number is in use and must be unique.
        """
        number = str(body["accountNumber"])
        if unique and (partition_id, number) in self._numbers:
            raise _number_in_use(number)
        account: Json = {"id": str(uuid.uuid4()), "partitionId": partition_id, **_ACCOUNT_DEFAULTS}
        _overlay(account, body, _ACCOUNT_OWNED)
        account["endUserCount"] = 0
        account_id = str(account["id"])
        self.accounts[account_id] = account
        self._numbers.setdefault((partition_id, number), []).append(account_id)
        self.created.append(Created("account", account_id, number))
        self.history.write(account, ACCOUNT, "CREATE", (account_id, number))
        return account

    def accounts_of(self, partition_id: str) -> list[Json]:
        """List a partition's accounts in the order of their creation."""
        return [account for account in self.accounts.values() if account["partitionId"] == partition_id]

    def account(self, partition_id: str, account_id: str) -> Json:
        """Answer the account with this id.

        Raises:
            ApiError: 404 where the partition has none.
        """
        account = self.accounts.get(account_id)
        if account is None or account["partitionId"] != partition_id:
            raise ApiError(404, ("Account not found",), {"accountId": account_id})
        return account

    def account_by_number(self, partition_id: str, number: str) -> Json:
        """Answer the one account with this number.

        Raises:
            ApiError: 404 where there is none, 400 where there are two or more.
        """
        found = self._numbers.get((partition_id, number), ())
        if not found:
            raise ApiError(404, ("Account not found",), {"accountNumber": number})
        if len(found) > 1:
            raise ApiError(400, (f"More than one account has number {number}",), {"accountNumber": number})
        return self.accounts[found[0]]

    def number_in_use(self, partition_id: str, number: str) -> bool:
        """Say whether any account of the partition has this number."""
        return (partition_id, number) in self._numbers

    def replace_account(self, account: Json, body: Json, *, unique: bool) -> Json:
        """Put an accepted body in an account's place; what the server decides stays.

        Raises:
            ApiError: 400 where the new account number is in use and must be unique, or the account is being
                deleted.
        """
        self.staying(account)
        partition_id, account_id = str(account["partitionId"]), str(account["id"])
        old, new = str(account["accountNumber"]), str(body["accountNumber"])
        if unique and self._numbers.get((partition_id, new), [account_id]) != [account_id]:
            raise _number_in_use(new)
        fresh: Json = {"id": account_id, "partitionId": partition_id, "status": account["status"]}
        _overlay(fresh, body, _ACCOUNT_OWNED)
        fresh["endUserCount"] = account["endUserCount"]
        if new != old:
            _unlink(self._numbers, (partition_id, old), account_id)
            self._numbers.setdefault((partition_id, new), []).append(account_id)
        self.accounts[account_id] = fresh
        self.history.changed(fresh, ACCOUNT, (account_id, new), account, fresh)
        return fresh

    def staying(self, account: Json) -> Json:
        """Answer an account that something may be added to.

        Raises:
            ApiError: 400 where it is being deleted.
        """
        if account["id"] in self._leaving:
            raise ApiError(400, ("Account is being deleted",), {"accountId": account["id"]})
        return account

    def remove_account(self, account: Json, after_s: float = 0) -> None:
        """Delete an account, at once or some seconds from now; until then it is DELETE_PENDING.

        Raises:
            ApiError: 400 where it still has users or telephone numbers.
        """
        account_id = str(account["id"])
        for things, held in (
            ("users", self._members.get(account_id)),
            ("telephone numbers", self.numbers.of_account(account_id)),
        ):
            if held:
                raise ApiError(
                    400, (f"Account cannot be deleted while it has {things}",), {"accountId": account_id}
                )
        if not after_s:
            self._drop_account(account)
        elif account_id not in self._leaving:
            self._leaving.add(account_id)
            before, actor = dict(account), self.history.actor
            account["status"] = "DELETE_PENDING"
            self.history.changed(account, ACCOUNT, (account_id, account["accountNumber"]), before, account)

            def end() -> None:
                self.history.actor = actor
                self._drop_account(account)

            self.agenda.put_off(after_s, end)

    def _drop_account(self, account: Json) -> None:
        """Forget an account."""
        account_id, number = str(account["id"]), str(account["accountNumber"])
        del self.accounts[account_id]
        self._leaving.discard(account_id)
        _unlink(self._numbers, (str(account["partitionId"]), number), account_id)
        self.plans.forget(account_id)
        self.history.write(account, ACCOUNT, "DELETE", (account_id, number), old=number)

    # -- users ---------------------------------------------------------------------------------

    def add_user(self, account: Json, body: Json, *, unique: bool) -> Json:
        """Create a user in an account from an accepted body and answer it whole.

        Raises:
            ApiError: 400 where the user name is in use, in any partition, and must be unique, or the account
                is being deleted.
        """
        self.staying(account)
        username = str(body["username"])
        if unique and username in self._usernames:
            raise _username_in_use(username)
        user: Json = {
            "id": str(uuid.uuid4()),
            "partitionId": account["partitionId"],
            "accountId": account["id"],
            **_USER_DEFAULTS,
        }
        _overlay(user, body, _USER_OWNED)
        user_id = str(user["id"])
        self.users[user_id] = user
        self._usernames.setdefault(username, []).append(user_id)
        self._members.setdefault(str(account["id"]), {})[user_id] = None
        account["endUserCount"] = len(self._members[str(account["id"])])
        self.created.append(Created("user", user_id, username))
        self.history.write(account, USER, "CREATE", (user_id, username))
        return user

    def users_of(self, account: Json) -> list[Json]:
        """List an account's users in the order of their creation."""
        return [self.users[user_id] for user_id in self._members.get(str(account["id"]), ())]

    def user(self, account: Json, user_id: str) -> Json:
        """Answer the account's user with this id.

        Raises:
            ApiError: 404 where the account has none.
        """
        user = self.users.get(user_id)
        if user is None or user["accountId"] != account["id"]:
            raise ApiError(404, ("User not found",), {"userId": user_id})
        return user

    def member(self, account: Json, user_id: str, field: str) -> Json:
        """Answer the account's user that a body's field names.

        Raises:
            ApiError: 400 where the account has none.
        """
        user = self.users.get(user_id)
        if user is None or user["accountId"] != account["id"]:
            raise ApiError(400, (f"{field} is not a user of the account",), {field: user_id})
        return user

    def user_by_name(self, account: Json, username: str) -> Json:
        """Answer the account's one user with this user name.

        Raises:
            ApiError: 404 where there is none, 400 where there are two or more.
        """
        users = (self.users[user_id] for user_id in self._usernames.get(username, ()))
        found = [user for user in users if user["accountId"] == account["id"]]
        if not found:
            raise ApiError(404, ("User not found",), {"username": username})
        if len(found) > 1:
            raise ApiError(400, (f"More than one user has name {username}",), {"username": username})
        return found[0]

    def username_in_use(self, username: str) -> bool:
        """Say whether any user, in any partition, has this name."""
        return username in self._usernames

    def replace_user(self, user: Json, body: Json, *, unique: bool) -> Json:
        """Put an accepted body in a user's place; what the server decides stays.

        Raises:
            ApiError: 400 where the new user name is in use and must be unique.
        """
        user_id = str(user["id"])
        old, new = str(user["username"]), str(body["username"])
        if unique and self._usernames.get(new, [user_id]) != [user_id]:
            raise _username_in_use(new)
        fresh: Json = {name: user[name] for name in _USER_OWNED}
        _overlay(fresh, body, _USER_OWNED)
        if new != old:
            _unlink(self._usernames, old, user_id)
            self._usernames.setdefault(new, []).append(user_id)
        self.users[user_id] = fresh
        self.history.changed(self.accounts[str(user["accountId"])], USER, (user_id, new), user, fresh)
        return fresh

    def remove_user(self, user: Json) -> None:
        """Delete a user.

        Raises:
            ApiError: 400 where a telephone number rings there, or a device line is theirs.
        """
        user_id, account_id = str(user["id"]), str(user["accountId"])
        for things, book in (("telephone numbers", self.numbers), ("device lines", self.lines)):
            if book.uses(user_id, account_id):
                raise ApiError(400, (f"User cannot be deleted while it has {things}",), {"userId": user_id})
        del self.users[user_id]
        _unlink(self._usernames, str(user["username"]), user_id)
        del self._members[account_id][user_id]
        account = self.accounts[account_id]
        account["endUserCount"] = len(self._members[account_id])
        self.plans.forget(account_id, Owner("END_USER", user_id))
        self.history.write(account, USER, "DELETE", (user_id, user["username"]), old=str(user["username"]))

    # -- the truth -----------------------------------------------------------------------------

    def duplicate_numbers(self) -> list[str]:
        """List the account numbers that more than one living account of a partition has."""
        return [number for (_, number), ids in self._numbers.items() if len(ids) > 1]

    def duplicate_usernames(self) -> list[str]:
        """List the user names that more than one living user has."""
        return [username for username, ids in self._usernames.items() if len(ids) > 1]


def _overlay(target: Json, body: Json, owned: tuple[str, ...]) -> None:
    """Write a body over an object, leaving out what the server alone decides."""
    for name, value in body.items():
        if name not in owned:
            target[name] = value


def _unlink(index: dict[_Key, list[str]], key: _Key, object_id: str) -> None:
    """Take an object out of an index, and the key with its last object."""
    index[key].remove(object_id)
    if not index[key]:
        del index[key]


def _number_in_use(number: str) -> ApiError:
    """Build the refusal of a taken account number."""
    return ApiError(400, ("Account number is already in use",), {"accountNumber": number})


def _username_in_use(username: str) -> ApiError:
    """Build the refusal of a taken user name."""
    return ApiError(400, ("Username is already in use",), {"username": username})
