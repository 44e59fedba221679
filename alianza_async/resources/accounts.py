"""Accounts: the customers of the partition."""

# ruff: noqa: PIE790  (the `...` of a declaration tells pyright that its answer comes from elsewhere)
from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Literal

from alianza_async.calls.call import NaturalKey
from alianza_async.calls.files import Download
from alianza_async.endpoints import declare
from alianza_async.endpoints.body_fields import read_model
from alianza_async.endpoints.ensure import Ensured, ensure
from alianza_async.endpoints.matching import checked
from alianza_async.models.account_activations import MultipleActivation
from alianza_async.models.account_history import AccountHistoryPage, AccountHistoryType
from alianza_async.models.accounts import Account, AccountCreate, AccountSummary
from alianza_async.models.shared_jobs import Job, JobUploadKey
from alianza_async.models.user_product_plans import ProductPlan
from alianza_async.resources._accounts_deprecated import AccountsDeprecated
from alianza_async.resources.page_styles import BY_INDEX

__all__ = ["Accounts"]

_ACCOUNTS = "/v2/partition/{partition_id}/account"
_ACCOUNT = _ACCOUNTS + "/{account_id}"
_NUMBER = NaturalKey("accountNumber", _ACCOUNTS + "/{key}", (("accountIdType", "AccountNumber"),))

AccountIdType = Literal["Id", "AccountNumber", "PhoneNumber", "MacAddress"]


class Accounts(AccountsDeprecated):
    """Accounts of the partition."""

    tag = "Account"

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

    @declare.get_pages(
        _ACCOUNTS + "/accounthistorysearch",
        operation_id="accountHistoryByAccountNumberSearch",
        style=BY_INDEX,
    )
    async def history_by_number(
        self,
        *,
        account_history_type: list[AccountHistoryType] | None = None,
        account_number: str,
        end_date: date | None = None,
        first_result_index: int | None = None,
        max_result: int | None = None,
        start_date: date | None = None,
        partition_id: str | None = None,
    ) -> AccountHistoryPage:
        """Return what happened to the account that has a number.

        `GET /v2/partition/{partitionId}/account/accounthistorysearch`.
        """
        ...

    @declare.post(_ACCOUNTS + "/activation/multiple", operation_id="multipleActivation")
    async def activate_users(
        self, activation: MultipleActivation, *, partition_id: str | None = None
    ) -> dict[str, object]:
        """Put several users with their numbers on an account in one call.

        `POST /v2/partition/{partitionId}/account/activation/multiple`.
        """
        ...

    @declare.post(_ACCOUNTS + "/bulkstatuschange_2", operation_id="bulkStatusChange_2")
    async def change_statuses(self, key: JobUploadKey, *, partition_id: str | None = None) -> Job:
        """Start a job that changes the status of the accounts in an uploaded file.

        `POST /v2/partition/{partitionId}/account/bulkstatuschange_2`.
        """
        ...

    @declare.get(_ACCOUNTS + "/frequentlyaccessed", operation_id="frequentlyAccessed")
    async def frequently_accessed(self, *, partition_id: str | None = None) -> list[AccountSummary]:
        """Return the accounts that this login opens most.

        `GET /v2/partition/{partitionId}/account/frequentlyaccessed`.
        """
        ...

    @declare.get(_ACCOUNTS + "/recentlyaccessed", operation_id="recentlyAccessed")
    async def recently_accessed(self, *, partition_id: str | None = None) -> list[AccountSummary]:
        """Return the accounts that this login opened last.

        `GET /v2/partition/{partitionId}/account/recentlyaccessed`.
        """
        ...

    @declare.get(_ACCOUNTS + "/validateproperties", operation_id="validateAccountProperties")
    async def validate(
        self,
        *,
        account_number: Annotated[str | None, declare.Named("accountnumber")] = None,
        mac_address: Annotated[str | None, declare.Named("macaddress")] = None,
        sip_username: Annotated[str | None, declare.Named("sipusername")] = None,
        username: str | None = None,
        partition_id: str | None = None,
    ) -> bool:
        """Tell whether an account number, user name, MAC address or SIP user name is free to use.

        `GET /v2/partition/{partitionId}/account/validateproperties`.
        """
        ...

    @declare.patch(_ACCOUNT, operation_id="accountPatch")
    async def patch(
        self, account_id: str, changes: Mapping[str, object], *, partition_id: str | None = None
    ) -> Account:
        """Change the given fields of an account.

        A name is that of a field of `Account`, ours or the one on the wire; any other is refused.

        `PATCH /v2/partition/{partitionId}/account/{accountId}`.
        """
        ...

    @declare.get_pages(
        _ACCOUNT + "/accounthistorysearch", operation_id="accountHistoryByAccountIdSearch", style=BY_INDEX
    )
    async def history(
        self,
        account_id: str,
        *,
        account_history_type: list[AccountHistoryType] | None = None,
        end_date: date | None = None,
        first_result_index: int | None = None,
        max_result: int | None = None,
        start_date: date | None = None,
        partition_id: str | None = None,
    ) -> AccountHistoryPage:
        """Return what happened to an account.

        `GET /v2/partition/{partitionId}/account/{accountId}/accounthistorysearch`.
        """
        ...

    @declare.post(_ACCOUNT + "/send-welcome-email", operation_id="sendWelcomeEmailToAll")
    async def send_welcome_emails(self, account_id: str, *, partition_id: str | None = None) -> None:
        """Mail a welcome to the users of an account who have had none.

        `POST /v2/partition/{partitionId}/account/{accountId}/send-welcome-email`.
        """
        ...

    @declare.get(_ACCOUNT + "/status", operation_id="getStatus")
    async def status(self, account_id: str, *, partition_id: str | None = None) -> str:
        """Return the status of an account, as a bare text.

        `GET /v2/partition/{partitionId}/account/{accountId}/status`.
        """
        ...

    @declare.get(_ACCOUNT + "/user-product-plans", operation_id="getAvailableUserProductPlans")
    async def user_product_plans(
        self, account_id: str, *, partition_id: str | None = None
    ) -> list[ProductPlan]:
        """Return the product plans that users of an account can have.

        `GET /v2/partition/{partitionId}/account/{accountId}/user-product-plans`.
        """
        ...

    @declare.get("/v2/ref/account/bulkstatuschange", operation_id="getBulkStatusChangeDefinition")
    async def status_changes_template(self) -> Download:
        """Download the form of the file that changes account statuses.

        `GET /v2/ref/account/bulkstatuschange`.
        """
        ...

    async def get_by_number(self, account_number: str) -> Account:
        """Return the account that has a number.

        Raises:
            NotFoundError: There is none.
            ResponseShapeError: The server answered another account.
        """
        reply = await self.get.raw(account_number, account_id_type="AccountNumber")
        return checked(self.get, reply, _NUMBER.field, account_number)

    async def update(self, account: Account) -> Account:
        """Send an account back as it is in the model: changed fields, unchanged ones and unknown ones.

        `PUT /v2/partition/{partitionId}/account/{accountId}`.

        Args:
            account: An account as it was read, with changes; its `id` says which.

        Raises:
            InvalidInputError: It has no id, or is no model.
        """
        read_model("account", account, Account)
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
