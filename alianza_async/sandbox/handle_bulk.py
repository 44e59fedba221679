"""The API's own bulk operations: collections of rows in, a job over them, collections of outcomes out."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar, cast

from alianza_async.sandbox.answers import Answer, ApiError, encode, ok
from alianza_async.sandbox.bodies import form_parts, json_object, media_type
from alianza_async.sandbox.bulk_book import BulkJob, Collection
from alianza_async.sandbox.bulk_schemas import SCHEMAS
from alianza_async.sandbox.bulk_work import check_permission, worker
from alianza_async.sandbox.csv_files import UnusableFileError, read_csv, write_csv
from alianza_async.sandbox.handle_jobs import FILE_TYPE
from alianza_async.sandbox.routes import Route

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from alianza_async.sandbox.options import Json
    from alianza_async.sandbox.routes import Incoming

T = TypeVar("T")

_FIXED: Final = ("jobTypeId", "targetAccountId", "inputCollectionId")
_STATUSES: Final = ("CREATED", "STARTED", "ABORTED", "COMPLETED")
_JOB_TYPES: Final = tuple(schema.job_type for schema in SCHEMAS.values())


@dataclass(slots=True)
class BulkError(ApiError):
    """An error of these operations, in a body of their own: `{status, message, errors, schemaErrors}`.

    Attributes:
        schema_errors: What is wrong with which row.
    """

    schema_errors: tuple[Json, ...] = ()

    def answer(self) -> Answer:
        """Put the error into that body."""
        body: Json = {"status": self.status, "message": self.messages[0], "errors": list(self.messages)}
        if self.schema_errors:
            body["schemaErrors"] = list(self.schema_errors)
        return Answer(self.status, encode(body), headers=self.headers)


def create_collection(incoming: Incoming) -> Answer:
    """Keep rows, sent as JSON or as a CSV file: `POST /v2/bulk-user-operation/collection`."""
    owner_id = incoming.login.partition_id
    if _is_form(incoming):
        form = _read(form_parts, incoming)
        _check_column_types(form.get("columnTypes"))
        job_type = form.get("jobTypeId")
        kind, table = _from_file(form, "transformObjectsFile")
        rows: object = table
        if job_type is not None and job_type.decode("utf-8", "replace") != SCHEMAS[kind].job_type:
            raise BulkError(422, (f"jobTypeId does not take {kind}",))
    else:
        body = _read(json_object, incoming)
        kind, rows = _kind(body.get("transformObjectType")), body.get("transformObjects")
        owner_id = str(body.get("ownerId") or owner_id)
    return ok(_keep(incoming, owner_id, kind, rows).to_json())


def get_collection(incoming: Incoming) -> Answer:
    """Answer a collection: `GET /v2/bulk-user-operation/collection/{collectionId}`."""
    return ok(_collection(incoming).to_json())


def get_collection_file(incoming: Incoming) -> Answer:
    """Answer a collection's rows as a file: `GET .../collection/{collectionId}/{json|csv}`."""
    collection, extension = _collection(incoming), incoming.params["extension"]
    if extension == "json":
        return Answer(200, encode(collection.rows), FILE_TYPE)
    if extension == "csv":
        columns = dict.fromkeys(SCHEMAS[collection.kind].columns)
        columns |= dict.fromkeys(name for row in collection.rows for name in row)
        return Answer(200, write_csv(list(columns), collection.rows), FILE_TYPE)
    raise BulkError(404, ("The extension must be csv or json",))


def create_job(incoming: Incoming) -> Answer:
    """Start a job over a collection, or over a file: `POST /v2/bulk-user-operation/job`."""
    if not _is_form(incoming):
        body = _read(json_object, incoming)
        job_type, account_id = _start_of(incoming, body)
        collection = _input(incoming, body.get("inputCollectionId"))
        _check_type(job_type, collection.kind)
        return _start(incoming, job_type, account_id, collection, _abort_after(body))
    form = _read(form_parts, incoming)
    named: dict[str, object] = {
        name: form[name].decode("utf-8", "replace") for name in _FIXED if name in form
    }
    job_type, account_id = _start_of(incoming, named)
    kind, rows = _from_file(form, "transformObjectFile")
    _check_type(job_type, kind)
    return _start(incoming, job_type, account_id, _keep(incoming, account_id, kind, rows), None)


def get_job(incoming: Incoming) -> Answer:
    """Tell how a job stands: `GET /v2/bulk-user-operation/job/{jobId}`."""
    return ok(_job(incoming).to_json())


def update_job(incoming: Incoming) -> Answer:
    """Abort a job, now or later: `PUT /v2/bulk-user-operation/job/{jobId}`."""
    job, body = _job(incoming), _read(json_object, incoming)
    view = job.to_json()
    changed = tuple(
        f"{name} cannot be changed" for name in _FIXED if body.get(name) not in (None, view[name])
    )
    if changed:
        raise BulkError(400, changed)
    status, abort_after = body.get("jobStatus"), _abort_after(body)
    if status is not None and status not in _STATUSES:
        raise BulkError(400, (f"jobStatus must be one of {', '.join(_STATUSES)}",))
    if job.ended:
        raise BulkError(400, ("The job has ended",))
    if abort_after is not None:
        job.abort_after = abort_after
        incoming.store.bulk.abort_later(job, abort_after)
    if status == "ABORTED":
        incoming.store.bulk.abort(job)
    return ok(job.to_json())


def _is_form(incoming: Incoming) -> bool:
    """Say whether the request carries a form; it is JSON otherwise."""
    return media_type(incoming.content_type) == "multipart/form-data"


def _read(how: Callable[[bytes, str], T], incoming: Incoming) -> T:
    """Answer the body, read as a form or as JSON.

    Raises:
        BulkError: 400 or 415 where it cannot be read.
    """
    try:
        return how(incoming.raw, incoming.content_type)
    except ApiError as error:
        raise BulkError(error.status, error.messages) from None


def _kind(given: object) -> str:
    """Answer the type of rows.

    Raises:
        BulkError: 400 where there is no such type.
    """
    if isinstance(given, str) and given in SCHEMAS:
        return given
    raise BulkError(400, (f"transformObjectType must be one of {', '.join(SCHEMAS)}",))


def _from_file(form: dict[str, bytes], part: str) -> tuple[str, list[Json]]:
    """Answer the type and the rows of a form's file.

    Raises:
        BulkError: 400 where the type or the file cannot be used.
    """
    kind = _kind(form.get("transformObjectType", b"").decode("utf-8", "replace"))
    if part not in form:
        raise BulkError(400, (f"{part} must not be null",))
    try:
        table = read_csv(form[part], tuple(SCHEMAS[kind].columns), required=False)
    except UnusableFileError as unusable:
        raise BulkError(400, (unusable.error.error,)) from None
    return kind, [dict(row.values) for row in table.rows]


def _check_column_types(given: bytes | None) -> None:
    """Look whether the columns' types, if told, are a JSON object; nothing is done with them.

    Raises:
        BulkError: 400 where they are not.
    """
    if not given:
        return
    try:
        types: object = json.loads(given)
    except ValueError:
        types = None
    if not isinstance(types, dict):
        raise BulkError(400, ("columnTypes must be a JSON object",))


def _keep(incoming: Incoming, owner_id: str, kind: str, rows: object) -> Collection:
    """Check rows and keep them.

    Raises:
        BulkError: 400 where there are none, 422 where one does not fit its type.
    """
    if not isinstance(rows, list) or not rows:
        raise BulkError(400, ("transformObjects must not be empty",))
    listed = cast("list[object]", rows)
    schema = SCHEMAS[kind]
    wrong = tuple(error for index, row in enumerate(listed) for error in schema.complaints(index, row))
    if wrong:
        raise BulkError(422, ("The rows do not fit their type",), schema_errors=wrong)
    partition_id = incoming.login.partition_id
    return incoming.store.bulk.add_collection(partition_id, owner_id, kind, cast("list[Json]", listed))


def _collection(incoming: Incoming) -> Collection:
    """Find the path's collection.

    Raises:
        BulkError: 404 where there is none.
    """
    key = incoming.params["collectionId"]
    found = incoming.store.bulk.collection(incoming.login.partition_id, key)
    if found is None:
        raise BulkError(404, ("Collection not found",))
    return found


def _input(incoming: Incoming, given: object) -> Collection:
    """Find a job's input.

    Raises:
        BulkError: 400 where there is none with that id.
    """
    found = incoming.store.bulk.collection(incoming.login.partition_id, str(given))
    if found is None:
        raise BulkError(400, ("inputCollectionId is not the id of a collection",))
    return found


def _job(incoming: Incoming) -> BulkJob:
    """Find the path's job.

    Raises:
        BulkError: 404 where there is none.
    """
    found = incoming.store.bulk.job(incoming.login.partition_id, incoming.params["jobId"])
    if found is None:
        raise BulkError(404, ("Job not found",))
    return found


def _start_of(incoming: Incoming, given: Mapping[str, object]) -> tuple[str, str]:
    """Answer a new job's type and account.

    Raises:
        BulkError: 400 where either is not known.
    """
    job_type, account_id = given.get("jobTypeId"), given.get("targetAccountId")
    if not isinstance(job_type, str) or job_type not in _JOB_TYPES:
        raise BulkError(400, (f"jobTypeId must be one of {', '.join(_JOB_TYPES)}",))
    try:
        incoming.store.account(incoming.login.partition_id, str(account_id))
    except ApiError:
        raise BulkError(400, ("targetAccountId is not the id of an account",)) from None
    return job_type, str(account_id)


def _check_type(job_type: str, kind: str) -> None:
    """Look whether a job takes such rows.

    Raises:
        BulkError: 422 where it does not.
    """
    if SCHEMAS[kind].job_type != job_type:
        raise BulkError(422, (f"jobTypeId {job_type} does not take {kind}",))


def _abort_after(body: Json) -> int | None:
    """Answer the seconds after which a job shall be aborted; None where it does not say.

    Raises:
        BulkError: 400 where that is no whole number of at least 0.
    """
    given = body.get("abortAfter")
    if given is None or (isinstance(given, int) and not isinstance(given, bool) and given >= 0):
        return given
    raise BulkError(400, ("abortAfter must be an integer of at least 0",))


def _start(
    incoming: Incoming, job_type: str, account_id: str, collection: Collection, abort_after: int | None
) -> Answer:
    """Start a job and answer it as it is now.

    Raises:
        BulkError: 403 where the login may not do what the rows ask for.
    """
    try:
        check_permission(incoming, collection.kind)
    except ApiError as error:
        raise BulkError(error.status, error.messages) from None
    partition_id = incoming.login.partition_id
    job = BulkJob(str(uuid.uuid4()), partition_id, job_type, account_id, collection.id)
    job.abort_after = abort_after
    incoming.store.bulk.start(job, worker(incoming, collection.kind, account_id), incoming.options)
    return ok(job.to_json())


_COLLECTIONS: Final = "/v2/bulk-user-operation/collection"
_ONE: Final = _COLLECTIONS + "/{collectionId}"
_JOBS: Final = "/v2/bulk-user-operation/job"

ROUTES: Final = (
    Route("POST", _COLLECTIONS, "create_collection", create_collection),
    Route("GET", _ONE, "get_collection", get_collection),
    Route("GET", _ONE + "/{extension}", "get_collection_file", get_collection_file),
    Route("POST", _JOBS, "create_job", create_job),
    Route("GET", _JOBS + "/{jobId}", "get_job", get_job),
    Route("PUT", _JOBS + "/{jobId}", "update_job", update_job),
)
