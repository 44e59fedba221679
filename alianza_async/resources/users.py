"""Users: the people of an account who make and take calls."""

# ruff: noqa: E501, PIE790  (a path is not broken; the `...` of a declaration tells pyright that its answer comes from elsewhere)
from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from alianza_async.calls.call import NaturalKey, OperationClass
from alianza_async.endpoints import declare
from alianza_async.endpoints.body_fields import read_model
from alianza_async.endpoints.endpoint import Resource
from alianza_async.endpoints.ensure import Ensured, ensure
from alianza_async.endpoints.matching import checked
from alianza_async.models.calling_plans import CallingPlanSwap
from alianza_async.models.shared import CallingPlan
from alianza_async.models.shared_voicemail import VoicemailMessage
from alianza_async.models.user_activations import UserActivation, UserActivationCreate
from alianza_async.models.user_reassignments import UserReassignment
from alianza_async.models.users import User, UserCreate

__all__ = ["Users"]

_USERS = "/v2/partition/{partition_id}/account/{account_id}/user"
_USER = _USERS + "/{user_id}"
_NAME = NaturalKey("username", _USERS + "/{key}", (("idType", "UserName"),), parent="account_id")


class Users(Resource):
    """End users of an account."""

    tag = "End User"

    @declare.post(_USERS, operation_id="createEndUser", key=_NAME)
    async def create(self, account_id: str, user: UserCreate, *, partition_id: str | None = None) -> User:
        """Create a user in an account.

        A lost answer is looked up by user name before anything is sent again.

        `POST /v2/partition/{partitionId}/account/{accountId}/user`.

        Raises:
            AlreadyExistsError: The name is taken, in this account, by a user equal in every field sent.
            ConflictError: The name is taken, in this account, by a different user.
            RequestRejectedError: The server refuses the user; `.fields` names what it complains of.
            UnknownOutcomeError: It may have been created, and the look-up failed.
        """
        ...

    @declare.get(_USER, operation_id="retrieveEndUser")
    async def get(
        self,
        account_id: str,
        user_id: str,
        *,
        id_type: Literal["ID", "UserName"] | None = None,
        partition_id: str | None = None,
    ) -> User:
        """Return one user, by id or by user name.

        `GET /v2/partition/{partitionId}/account/{accountId}/user/{userId}`.

        Raises:
            NotFoundError: There is none.
        """
        ...

    @declare.put(_USER, operation_id="updateEndUser")
    async def replace(
        self, account_id: str, user_id: str, user: User, *, partition_id: str | None = None
    ) -> User:
        """Put a user in the place of one; `update` is the same with the ids taken from the model.

        `PUT /v2/partition/{partitionId}/account/{accountId}/user/{userId}`.
        """
        ...

    @declare.delete(_USER, operation_id="deleteEndUser")
    async def delete(self, account_id: str, user_id: str, *, partition_id: str | None = None) -> None:
        """Delete a user.

        `DELETE /v2/partition/{partitionId}/account/{accountId}/user/{userId}`.
        """
        ...

    @declare.post(
        _USERS + "/activation",
        operation_id="activation_1",
        deprecated="users.activate is deprecated: no one operation replaces it; users.create, device_lines.create and telephone_numbers.activate each do a part",
    )
    async def activate(
        self, account_id: str, activation: UserActivationCreate, *, partition_id: str | None = None
    ) -> UserActivation:
        """Create a user with devices and numbers in one call.

        `POST /v2/partition/{partitionId}/account/{accountId}/user/activation`.
        """
        ...

    @declare.get(_USERS + "/prevalidate/email/{email}", operation_id="prevalidateEmailAddress")
    async def prevalidate_email(
        self, account_id: str, email: str, *, user_id: str | None = None, partition_id: str | None = None
    ) -> None:
        """Check whether a user may have an e-mail address; it is refused by an error.

        `GET /v2/partition/{partitionId}/account/{accountId}/user/prevalidate/email/{email}`.
        """
        ...

    @declare.patch(_USER, operation_id="patchEndUser")
    async def patch(
        self, account_id: str, user_id: str, changes: Mapping[str, object], *, partition_id: str | None = None
    ) -> User:
        """Change the given fields of a user.

        A name is that of a field of `User`, ours or the one on the wire; any other is refused.

        `PATCH /v2/partition/{partitionId}/account/{accountId}/user/{userId}`.
        """
        ...

    @declare.put(
        _USER + "/callingplanproduct/{calling_plan_product_id}",
        operation_id="changeCallingPlan_2",
        operation_class=OperationClass.ACTION,
        deprecated="users.schedule_calling_plan is deprecated: use calling_plans.add",
    )
    async def schedule_calling_plan(
        self, account_id: str, user_id: str, calling_plan_product_id: str, *, partition_id: str | None = None
    ) -> list[CallingPlan]:
        """Set the calling plan that a user gets with the next billing cycle.

        `PUT /v2/partition/{partitionId}/account/{accountId}/user/{userId}/callingplanproduct/{callingPlanProductId}`.
        """
        ...

    @declare.post(
        _USER + "/callingplanswap",
        operation_id="swapCallingPlan_2",
        deprecated="users.swap_calling_plan is deprecated: use calling_plans.add",
    )
    async def swap_calling_plan(
        self, account_id: str, user_id: str, swap: CallingPlanSwap, *, partition_id: str | None = None
    ) -> list[CallingPlan]:
        """Exchange the calling plan of a user at once.

        `POST /v2/partition/{partitionId}/account/{accountId}/user/{userId}/callingplanswap`.
        """
        ...

    @declare.delete(
        _USER + "/cancelpendingcallingplan",
        operation_id="cancelPendingCallingPlan_2",
        operation_class=OperationClass.ACTION,
        deprecated="users.cancel_pending_calling_plan is deprecated: use calling_plans.remove",
    )
    async def cancel_pending_calling_plan(
        self, account_id: str, user_id: str, *, partition_id: str | None = None
    ) -> list[CallingPlan]:
        """Drop the calling plan that a user was to get.

        `DELETE /v2/partition/{partitionId}/account/{accountId}/user/{userId}/cancelpendingcallingplan`.
        """
        ...

    @declare.put(
        _USER + "/repurpose",
        operation_id="repurposeEndUser",
        operation_class=OperationClass.ACTION,
        probe="users.get",
    )
    async def repurpose(
        self,
        account_id: str,
        user_id: str,
        reassignment: UserReassignment,
        *,
        partition_id: str | None = None,
    ) -> User:
        """Hand a user's numbers and devices to another person.

        `PUT /v2/partition/{partitionId}/account/{accountId}/user/{userId}/repurpose`.
        """
        ...

    @declare.put(
        _USER + "/resetpassword", operation_id="resetEndUserPassword", operation_class=OperationClass.ACTION
    )
    async def reset_password(self, account_id: str, user_id: str, *, partition_id: str | None = None) -> User:
        """Give a user a new password, by mail.

        `PUT /v2/partition/{partitionId}/account/{accountId}/user/{userId}/resetpassword`.
        """
        ...

    @declare.post(_USER + "/send-welcome-email", operation_id="sendWelcomeEmail")
    async def send_welcome_email(
        self, account_id: str, user_id: str, *, partition_id: str | None = None
    ) -> None:
        """Mail a welcome to a user.

        `POST /v2/partition/{partitionId}/account/{accountId}/user/{userId}/send-welcome-email`.
        """
        ...

    @declare.put(
        _USER + "/unlockvm", operation_id="unlockVm", operation_class=OperationClass.ACTION, probe="users.get"
    )
    async def unlock_voicemail(
        self, account_id: str, user_id: str, *, reset_pin: bool | None = None, partition_id: str | None = None
    ) -> User:
        """Unlock the voicemail of a user; may take the PIN away too.

        `PUT /v2/partition/{partitionId}/account/{accountId}/user/{userId}/unlockvm`.
        """
        ...

    @declare.get(_USER + "/voicemail", operation_id="getVoicemailData")
    async def list_voicemail(
        self, account_id: str, user_id: str, *, partition_id: str | None = None
    ) -> list[VoicemailMessage]:
        """Return every voicemail message of a user.

        `GET /v2/partition/{partitionId}/account/{accountId}/user/{userId}/voicemail`.
        """
        ...

    async def get_by_name(self, account_id: str, username: str) -> User:
        """Return the user of an account who has a user name.

        Raises:
            NotFoundError: There is none.
            ResponseShapeError: The server answered another user, or one of another account.
        """
        reply = await self.get.raw(account_id, username, id_type="UserName")
        return checked(self.get, reply, _NAME.field, username, ("account_id", account_id))

    async def update(self, user: User) -> User:
        """Send a user back as it is in the model: changed fields, unchanged ones and unknown ones.

        `PUT /v2/partition/{partitionId}/account/{accountId}/user/{userId}`.

        Args:
            user: A user as it was read, with changes; its `account_id` and `id` say which.

        Raises:
            InvalidInputError: It lacks one of them, or is no model.
        """
        read_model("user", user, User)
        return await self.replace(user.account_id or "", user.id or "", user)

    async def ensure(self, account_id: str, user: UserCreate) -> Ensured[User]:
        """Look the user up by name, and create it where it is absent.

        Returns:
            `created`, `existed` (equal in every field sent) or `differs`, with the user as it is now.
        """
        return await ensure(self.create, account_id, user)

    # Last, because from here on `list` is this operation.
    @declare.get(_USERS, operation_id="retrieveEndUserList")
    async def list(
        self, account_id: str, *, limited_data: bool | None = None, partition_id: str | None = None
    ) -> list[User]:
        """Return every user of an account, in one answer.

        `GET /v2/partition/{partitionId}/account/{accountId}/user`.
        """
        ...
