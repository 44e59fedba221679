"""Operations that read an uploaded file: they start with its key and answer a job."""

from __future__ import annotations

import re
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

from alianza_async.sandbox.answers import Answer, ApiError, ok
from alianza_async.sandbox.bodies import form_parts
from alianza_async.sandbox.csv_files import RowError, UnusableFileError, read_csv, write_csv
from alianza_async.sandbox.handle_inventory import create_number
from alianza_async.sandbox.handle_jobs import start_job
from alianza_async.sandbox.jobs import Outcome
from alianza_async.sandbox.routes import Route

if TYPE_CHECKING:
    from collections.abc import Callable

    from alianza_async.sandbox.jobs import Upload
    from alianza_async.sandbox.routes import Incoming

Complaint = tuple[str, str]
"""The column that is wrong, and what is wrong with it."""

ACCOUNT_NUMBER: Final = "Account Number"
STATUS: Final = "Status"
MAC: Final = "MAC Address"
DEVICE_TYPE: Final = "Device Type"
RATE_CENTER: Final = "Rate Center"
STATE: Final = "State"
TELEPHONE_NUMBER: Final = "Telephone Number"
_STATUSES: Final = ("ACTIVE", "DISABLED", "SUSPENDED")
_MAC: Final = re.compile("[0-9a-f]{12}", re.IGNORECASE)


class _Import(NamedTuple):
    """One operation.

    Attributes:
        path: Its path under the partition.
        operation: Its id.
        columns: Columns its file must have.
        carry_out: What it does with a row; answers what is wrong with it.
        status: Status it answers with.
    """

    path: str
    operation: str
    columns: tuple[str, ...]
    carry_out: Callable[[Incoming, dict[str, str]], Complaint | None]
    status: int


def _change_status(incoming: Incoming, row: dict[str, str]) -> Complaint | None:
    """Give an account another status."""
    status = row[STATUS].upper()
    if status not in _STATUSES:
        return STATUS, f"must be one of {', '.join(_STATUSES)}"
    store = incoming.store
    try:
        account = store.account_by_number(incoming.login.partition_id, row[ACCOUNT_NUMBER])
    except ApiError as error:
        return ACCOUNT_NUMBER, error.messages[0]
    store.replace_account(account, {**account, "status": status}, unique=False)
    return None


def _add_number(incoming: Incoming, row: dict[str, str]) -> Complaint | None:
    """Put a telephone number into the inventory."""
    try:
        create_number(replace(incoming, body={"phoneNumber": row[TELEPHONE_NUMBER]}))
    except ApiError as error:
        return TELEPHONE_NUMBER, error.messages[0]
    return None


def _add_device(incoming: Incoming, row: dict[str, str]) -> Complaint | None:
    """Put a device into the inventory, or another in its place."""
    mac = _mac(row)
    if mac is None:
        return MAC, "must be 12 hexadecimal digits"
    incoming.store.kept.put("devices", incoming.login.partition_id, mac, {**row, MAC: mac})
    return None


def _remove_device(incoming: Incoming, row: dict[str, str]) -> Complaint | None:
    """Take a device out of the inventory."""
    mac = _mac(row)
    if mac is None or not incoming.store.kept.drop("devices", incoming.login.partition_id, mac):
        return MAC, "is not in the inventory"
    return None


def _plan_rate_center(incoming: Incoming, row: dict[str, str]) -> Complaint | None:
    """Plan the inventory of a rate center."""
    if not row[RATE_CENTER]:
        return RATE_CENTER, "must not be empty"
    key = f"{row[STATE]}/{row[RATE_CENTER]}"
    incoming.store.kept.put("rate centers", incoming.login.partition_id, key, row)
    return None


def _mac(row: dict[str, str]) -> str | None:
    """Answer a row's MAC address as 12 digits; None where it is none."""
    digits = re.sub("[:.-]", "", row[MAC]).upper()
    return digits if _MAC.fullmatch(digits) else None


def _handler(operation: _Import) -> Callable[[Incoming], Answer]:
    """Write the handler of an import."""

    def handle(incoming: Incoming) -> Answer:
        """Start the job that reads the file."""
        key = incoming.body.get("key")
        upload = incoming.store.jobs.upload(incoming.partition, key)
        return start_job(
            incoming,
            operation.operation,
            lambda: _work_through(incoming, upload, operation),
            input_key=str(key),
            status=operation.status,
        )

    return handle


def _work_through(incoming: Incoming, upload: Upload, operation: _Import) -> Outcome:
    """Carry out a file's rows, one by one; a bad one does not stop the rest.

    Raises:
        UnusableFileError: There is no file, or no row can be taken from it.
    """
    if upload.content is None:
        raise UnusableFileError(RowError(1, "", "", "No file was uploaded"))
    table = read_csv(upload.content, operation.columns)
    incoming.store.history.actor = incoming.login.username
    errors: list[RowError] = []
    for row in table.rows:
        complaint = operation.carry_out(incoming, row.values)
        if complaint is not None:
            column, error = complaint
            errors.append(RowError(row.line, column, row.values[column], error))
    return Outcome(errors, done=len(table.rows) - len(errors))


def status_definition(_incoming: Incoming) -> Answer:
    """Answer an empty file of status changes: `GET /v2/ref/account/bulkstatuschange`."""
    return Answer(200, write_csv(_STATUS_FILE, ()), b"text/csv")


def upload_media(incoming: Incoming) -> Answer:
    """Take an account's audio, in the form or from an upload: `POST .../account/{accountId}/media_2`."""
    account = incoming.store.account(incoming.partition, incoming.params["accountId"])
    key = incoming.query().get("jobUploadKey")
    if key is not None:
        upload = incoming.store.jobs.upload(incoming.partition, key)

        def keep() -> Outcome:
            if upload.content is None:
                raise UnusableFileError(RowError(1, "", "", "No file was uploaded"))
            return Outcome()

        return start_job(incoming, "uploadAccountMedia", keep, input_key=key)
    if not form_parts(incoming.raw, incoming.content_type).get("file"):
        raise ApiError(400, ("file must not be null",))
    media_id = str(uuid.uuid4())
    return ok({"id": media_id, "url": f"{incoming.origin}/media/{account['id']}/{media_id}"})


_PARTITION: Final = "/v2/partition/{partitionId}"
_STATUS_FILE: Final = (ACCOUNT_NUMBER, STATUS)
_NUMBER_FILE: Final = (TELEPHONE_NUMBER,)
_DEVICE_FILE: Final = (MAC, DEVICE_TYPE)

_IMPORTS: Final = (
    _Import("/account/bulkstatuschange_2", "bulkStatusChange_2", _STATUS_FILE, _change_status, 200),
    _Import("/telephonenumber/bulkimport_2", "bulkTelephoneNumberImport", _NUMBER_FILE, _add_number, 202),
    _Import("/deviceinventory/import", "importDeviceInventory", _DEVICE_FILE, _add_device, 200),
    _Import("/deviceinventory_2", "importDeviceInventory_2", _DEVICE_FILE, _add_device, 200),
    _Import("/deviceinventory/delete", "deleteDeviceInventory", (MAC,), _remove_device, 200),
    _Import("/ratecenter/inventoryplan_2", "importFile_2", (RATE_CENTER, STATE), _plan_rate_center, 200),
)

ROUTES: Final = (
    *(
        Route("POST", _PARTITION + item.path, item.operation, _handler(item), takes_body=True)
        for item in _IMPORTS
    ),
    Route("GET", "/v2/ref/account/bulkstatuschange", "getBulkStatusChangeDefinition", status_definition),
    Route("POST", _PARTITION + "/account/{accountId}/media_2", "uploadAccountMedia", upload_media),
)
