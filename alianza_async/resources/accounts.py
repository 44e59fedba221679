"""Accounts: the customers of the partition."""

# ruff: noqa: PIE790  (the `...` of a declaration tells pyright that its answer comes from elsewhere)
from __future__ import annotations

from typing import Literal

from alianza_async import declare
from alianza_async.call import NaturalKey
from alianza_async.ensure import Ensured, ensure
from alianza_async.models.accounts import Account, AccountCreate, AccountSummary
from alianza_async.operations import Resource

__all__ = ["Accounts"]

_ACCOUNTS = "/v2/partition/{partition_id}/account"
_ACCOUNT = _ACCOUNTS + "/{account_id}"
_NUMBER = NaturalKey("accountNumber", _ACCOUNTS + "/{key}", (("accountIdType", "AccountNumber"),))

AccountIdType = Literal["Id", "AccountNumber", "PhoneNumber", "MacAddress"]


class Accounts(Resource):
    """Accounts of the partition."""

    @declare.get(_ACCOUNTS + "/search", operation_id="accountSearch")
    async def search(self, *, q: str, partition_id: str | None = None) -> list[AccountSummary]:
        """Return the accounts that match a text.

        `GET /v2/partition/{partitionId}/account/search`.
        """
        ...

    @declare.post(_ACCOUNTS, operation_id="createAccount", key=_NUMBER)
    async def create(self, account: AccountCreate, *, partition_id: str | None = None) -> Account:
        """Create an account.

        A lost answer is looked up by account number before anything is sent again, so one call makes one
        account at the most; `.raw(...)` says in `adopted` whether it came to that.

        `POST /v2/partition/{partitionId}/account`.

        Raises:
            AlreadyExistsError: The number is taken by an account equal in every field sent.
            ConflictError: The number is taken by a different account.
            RequestRejectedError: The server refuses the account; `.fields` names what it complains of.
            UnknownOutcomeError: It may have been created, and the look-up failed.
        """
        ...

    @declare.get(_ACCOUNT, operation_id="retrieveAccount")
    async def get(
        self, account_id: str, *, account_id_type: AccountIdType = "Id", partition_id: str | None = None
    ) -> Account:
        """Return one account, by its id or by the natural key that `account_id_type` names.

        `GET /v2/partition/{partitionId}/account/{accountId}`.

        Raises:
            NotFoundError: There is none.
        """
        ...

    @declare.put(_ACCOUNT, operation_id="updateAccount")
    async def replace(self, account_id: str, account: Account, *, partition_id: str | None = None) -> Account:
        """Put an account in the place of one; `update` is the same with the id taken from the model.

        `PUT /v2/partition/{partitionId}/account/{accountId}`.
        """
        ...

    @declare.delete(_ACCOUNT, operation_id="deleteAccount")
    async def delete(self, account_id: str, *, partition_id: str | None = None) -> None:
        """Delete an account; one with telephone numbers or activations under way is refused.

        `DELETE /v2/partition/{partitionId}/account/{accountId}`.
        """
        ...

    async def get_by_number(self, account_number: str) -> Account:
        """Return the account that has a number.

        Raises:
            NotFoundError: There is none.
        """
        return await self.get(account_number, account_id_type="AccountNumber")

    async def update(self, account: Account) -> Account:
        """Send an account back as it is in the model: changed fields, unchanged ones and unknown ones.

        `PUT /v2/partition/{partitionId}/account/{accountId}`.

        Args:
            account: An account as it was read, with changes; its `id` says which.

        Raises:
            InvalidInputError: It has no id.
        """
        return await self.replace(account.id or "", account)

    async def ensure(self, account: AccountCreate) -> Ensured[Account]:
        """Look the account up by its number, and create it where it is absent.

        Returns:
            `created`, `existed` (equal in every field sent) or `differs`, with the account as it is now.
        """
        return await ensure(self.create, account)

    # Last, because from here on `list` is this operation.
    @declare.get(_ACCOUNTS, operation_id="getAccounts")
    async def list(self, *, partition_id: str | None = None) -> list[Account]:
        """Return every account of the partition, in one answer.

        `GET /v2/partition/{partitionId}/account`.
        """
        ...
