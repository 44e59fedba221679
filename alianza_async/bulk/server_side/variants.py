"""Workflows whose rows go through the server's own bulk operations: one step of each is sent in batches.

All else is as in the workflow itself: how a row is read and found, who made it, how it is undone.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from alianza_async.bulk.engine.shapes import ACCOUNT_ID, CreateShape
from alianza_async.bulk.engine.steps import Item, Made, Step, step
from alianza_async.bulk.engine.workflow import Workflow
from alianza_async.bulk.kinds.found import bad_address, discreet
from alianza_async.bulk.server_side.server_batches import ServerBatches
from alianza_async.endpoints.masking import SHOWN
from alianza_async.endpoints.models import WriteModel
from alianza_async.errors import (
    AlianzaError,
    AnswerError,
    ConfigurationError,
    FieldError,
    InvalidInputError,
    NotFoundError,
    RequestRejectedError,
)
from alianza_async.models.shared_addresses import E911AddressWrite
from alianza_async.models.users import UserCreate
from alianza_async.resources.server_jobs.bulk import CREATE_TELEPHONE_NUMBERS, CREATE_USERS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pydantic import BaseModel

    from alianza_async.bulk.engine.shapes import RowShape
    from alianza_async.bulk.engine.valid_row import Payload
    from alianza_async.bulk.kinds.numbers import NumberRow
    from alianza_async.bulk.options import JobSettings
    from alianza_async.session import Session

__all__ = ["via_server"]

R = TypeVar("R", bound=WriteModel)

_NO_UPDATE: Final = "the server's bulk operations change nothing that is there"


def via_server(session: Session, workflow: Workflow[R], settings: JobSettings) -> Workflow[R]:
    """Return a workflow as it goes through the server's own bulk operations.

    Args:
        session: Where requests go.
        workflow: The workflow.
        settings: The job's options.

    Raises:
        ConfigurationError: The server has none for it.
    """
    vary = _VARIANTS.get(workflow.name)
    if vary is None:
        raise ConfigurationError(
            f"via='server' goes with {' and '.join(_VARIANTS)}, not with {workflow.name}: leave it out"
        )
    changed, shape = vary(session, cast("Workflow[Any]", workflow), settings)
    return Workflow[R](
        workflow.name,
        *(cast("Step[R]", changed.get(each.name, each)) for each in workflow.steps),
        fields=workflow.fields,
        key=workflow.key,
        unique=workflow.unique,
        choices=workflow.choices,
        shape=shape,
        no_undo=workflow.no_undo,
        no_update=_NO_UPDATE,
        rows_at_once=2 * settings.batch,  # one batch at work, the next one gathering
    )


def _found_by(batches: ServerBatches, one: Step[Any]) -> Callable[[Item[Any]], Any]:
    """Return what looks a step's object up once none of the server's jobs can make it any more."""
    jobs, look = batches.jobs, one.find
    assert look is not None  # noqa: S101  (what goes in batches can be looked up)

    async def find(item: Item[Any]) -> Made | None:
        await jobs.wait_for(item)
        try:
            made = await look(item)
        except NotFoundError:
            made = None  # not even what it would be made of
        jobs.looked_up(item, there=made is not None)
        return made

    return find


# --- users --------------------------------------------------------------------------------------------------

_USER_COLUMNS: Final = {
    "username": "Username",
    "time_zone": "Time Zone",
    "first_name": "First Name",
    "last_name": "Last Name",
    "extension": "Extension Number",
    "tags": "User Tags",
    "email_address": "Email",
    "user_product_plan": "Feature Plan",
    "allow_portal_access": "Voice Portal Access",
    "new_cpp_id": "Calling Plan",
    "language_tag": "Language",
}
_LANGUAGES: Final = {"en-US": "ENGLISH", "fr-CA": "FRENCH", "es-MX": "SPANISH"}
_NO_COLUMN: Final = "cannot be sent by the server's bulk operation: leave it out, or send via='calls'"


class _UserShape(CreateShape[UserCreate]):
    """Rows of users that hold nothing but what the server has columns for."""

    def __init__(self) -> None:
        super().__init__(UserCreate, "username", (ACCOUNT_ID,))

    def read(self, values: Mapping[str, object] | BaseModel, ids: Mapping[str, str]) -> Payload:
        """Make what is to be sent of a row's values.

        Raises:
            InvalidInputError: It cannot be sent, or not this way; names each field.
        """
        payload = super().read(values, ids)
        row = _given(payload.model)
        wrong = [FieldError(name, _NO_COLUMN) for name in row if name not in _USER_COLUMNS]
        if row.get("language_tag", "en-US") not in _LANGUAGES:
            wrong.append(FieldError("language_tag", f"{_NO_COLUMN}; it knows {', '.join(_LANGUAGES)}"))
        if wrong:
            raise InvalidInputError("; ".join(map(str, wrong)), fields=wrong)
        return payload


def _users(
    session: Session, workflow: Workflow[Any], settings: JobSettings
) -> tuple[dict[str, Step[Any]], RowShape | None]:
    """Return how users are made by `CREATE_USERS`."""
    batches = ServerBatches(session, CREATE_USERS, size=settings.batch)
    user = workflow.step_named("user")
    find = _found_by(batches, user)

    async def send(item: Item[Any]) -> Made:
        """Have the server make the user.

        `POST /v2/bulk-user-operation/collection`, then `POST /v2/bulk-user-operation/job`.
        """
        done = await batches.carry_out(item, item.id_of("account"), _user_columns(item.row))
        return Made(done.object_id or await _id_of(item))

    async def _id_of(item: Item[Any]) -> str | None:
        """Look up the id of a user that the server has made without telling its id."""
        try:
            made = await find(item)
        except AlianzaError:
            return None  # made it is: the server has said so
        return None if made is None else made.id

    return {"user": replace(user, send=send, find=find, update=None)}, _UserShape()


def _given(model: BaseModel) -> dict[str, object]:
    """Return what a row gives, by our names."""
    return model.model_dump(exclude_unset=True, exclude_none=True, context=SHOWN)


def _user_columns(model: BaseModel) -> dict[str, object]:
    """Return what a row gives by the server's columns, in the words of its published example."""
    row = _given(model)
    if "language_tag" in row:
        row["language_tag"] = _LANGUAGES[cast("str", row["language_tag"])]
    if "allow_portal_access" in row:
        row["allow_portal_access"] = "YES" if row["allow_portal_access"] else "NO"
    row["time_zone"] = str(row["time_zone"]).upper()
    return {_USER_COLUMNS[name]: value for name, value in row.items()}


# --- telephone numbers --------------------------------------------------------------------------------------

_ADDRESS_COLUMNS: Final = {
    "street_number": "Street Number",
    "street_name": "Street Name",
    "street_suffix": "Street Suffix",
    "unit": "Unit",
    "city": "City",
    "state": "State",
    "postal_code": "Postal Code",
    "country": "Country",
}
# Parts of a place that have no column: without them it is another place.
_WITHOUT_COLUMN: Final = (
    *("street_number_suffix", "pre_directional", "post_directional"),
    "secondary_location_description",
)
_COLUMN_OF_ITS_OWN: Final = "UNIT"


def _numbers(
    session: Session, workflow: Workflow[Any], settings: JobSettings
) -> tuple[dict[str, Step[Any]], RowShape | None]:
    """Return how numbers are put on accounts by `CREATE_TELEPHONE_NUMBERS`.

    No number is reserved before; the server refuses one that is taken.
    """
    batches = ServerBatches(session, CREATE_TELEPHONE_NUMBERS, size=settings.batch)
    activation = workflow.step_named("activation")

    async def named(item: Item[NumberRow]) -> Made:
        """Take the number that the row names; the server looks whether it is free."""
        return Made(item.row.telephone_number, existed=True)

    async def send(item: Item[NumberRow]) -> Made:
        """Have the server put the number on the account, with the address validated.

        `POST /v2/bulk-user-operation/collection`, then `POST /v2/bulk-user-operation/job`.
        """
        address = _address_of(item)
        values: dict[str, object] = {"Telephone Number": item.id_of("number")}
        user = item.made.get("user")
        if user is not None:
            values["Username"] = _username_of(user)
        parts = {name: getattr(address, name) for name in _ADDRESS_COLUMNS}
        values |= {_ADDRESS_COLUMNS[name]: part for name, part in parts.items() if part}
        try:
            await batches.carry_out(item, item.id_of("account"), values)
        except RequestRejectedError as refusal:
            shown: AnswerError = discreet(refusal, item.row, [address.street_name])
            raise shown from None
        return Made(item.id_of("number"))

    return {
        "number": step("number", named, writes=False, after="address", calls=0),
        "activation": replace(
            activation, key="telephone_number", send=send, find=_found_by(batches, activation)
        ),
    }, None


def _address_of(item: Item[NumberRow]) -> E911AddressWrite:
    """Return the validated address.

    Raises:
        InvalidInputError: The server's columns cannot tell all of it.
    """
    address = item.made["address"].value
    if not isinstance(address, E911AddressWrite):
        raise AlianzaError("no address of it was validated, and no number goes into service without one")
    for name in _WITHOUT_COLUMN:
        part: object = getattr(address, name)
        if part and part != _COLUMN_OF_ITS_OWN:
            raise bad_address(f"has a {name}, for which the server has no column: send it via='calls'")
    return address


def _username_of(user: Made) -> str:
    """Return by what the server's rows name a user.

    Raises:
        AlianzaError: It has no user name.
    """
    name: object = getattr(user.value, "username", None)
    if not name:
        raise AlianzaError("its user has no username, by which the server would know it: send it via='calls'")
    return str(name)


_VARIANTS: Final = {"users": _users, "telephone-numbers": _numbers}
