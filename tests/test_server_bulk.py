# mypy: disable-error-code="empty-body"
# ruff: noqa: PIE790  (the `...` of a declaration tells pyright that its answer comes from elsewhere)
from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from alianza_async.calls.files import Download, new_spool
from alianza_async.endpoints import declare
from alianza_async.endpoints.endpoint import Resource
from alianza_async.endpoints.models import ReadModel
from alianza_async.errors import InvalidInputError, ResponseShapeError, UnknownOutcomeError
from alianza_async.resources.server_jobs.bulk import (
    CREATE_TELEPHONE_NUMBERS,
    CREATE_USERS,
    DELETE_TELEPHONE_NUMBERS,
    DELETE_USERS,
    BulkDoors,
    BulkWork,
    ServerBulk,
    ServerBulkReport,
)
from tests.fakes import ScriptedTransport, Step, answer, scripted
from tests.virtual_time import now, run_virtual, use_clock

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from alianza_async.session import Session

Rows = list[dict[str, object]]


class Output(ReadModel):
    """Where outcomes are."""

    id: str | None = None


class Job(ReadModel):
    """A bulk job."""

    id: str | None = None
    job_status: str | None = None
    execution_status: str | None = None
    output_collections: dict[str, Output] | None = None


class BulkJobs(Resource):
    """The one operation that is polled."""

    @declare.get("/v2/bulk-user-operation/job/{job_id}", operation_id="get_job")
    async def get(self, job_id: str) -> Job:
        """Bring a job."""
        ...


class Made(ReadModel):
    """A collection."""

    id: str | None = None


class Server:
    """The server's bulk operations, by a script.

    Args:
        *looks: What each look at the job answers.
        outputs: The rows of each output collection, by its id; bytes as they are.
        collection_id: The input collection's id.
        job: The job as its start answers it.
    """

    def __init__(
        self,
        *looks: Step,
        outputs: Mapping[str, object] | None = None,
        collection_id: str | None = "c-1",
        job: Job | None = None,
    ) -> None:
        self._looks = looks
        self._outputs = outputs or {}
        self._collection_id = collection_id
        self._job = job or Job(id="j-1", job_status="CREATED", execution_status="CREATED")
        self.kept: list[tuple[str, Rows]] = []
        self.started: list[tuple[str, str, str]] = []
        self.files: list[Download] = []
        self.ended = 0.0

    async def new_collection(self, kind: str, rows: Rows) -> Made:
        """Keep rows."""
        self.kept.append((kind, rows))
        return Made(id=self._collection_id)

    async def new_job(self, kind: str, account_id: str, collection_id: str) -> Job:
        """Start a job."""
        self.started.append((kind, account_id, collection_id))
        return self._job

    async def download(self, collection_id: str) -> Download:
        """Bring a collection's rows."""
        held = self._outputs[collection_id]
        spool = new_spool()
        spool.write(held if isinstance(held, bytes) else json.dumps(held).encode())
        self.files.append(Download(spool, {}))
        return self.files[-1]

    def run(
        self, work: BulkWork, rows: Sequence[Mapping[str, object]], timeout: float = 3600.0
    ) -> ServerBulkReport[Job]:
        """Do one thing with many rows, in virtual time."""
        return run_virtual(self._run(work, rows, timeout))

    async def _run(
        self,
        work: BulkWork,
        rows: Sequence[Mapping[str, object]],
        timeout: float,  # noqa: ASYNC109
    ) -> ServerBulkReport[Job]:
        async with scripted(ScriptedTransport(*self._looks)) as session:
            try:
                return await self.bulk(session).run(work, "acc", iter(rows), timeout=timeout)
            finally:
                self.ended = now()

    def bulk(self, session: Session) -> ServerBulk[Job]:
        """Return the library's side of it."""
        return ServerBulk(BulkDoors(self.new_collection, self.new_job, BulkJobs(session).get, self.download))


@pytest.fixture(autouse=True)
def _virtual_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every clock of the pipeline is the loop's."""
    use_clock(monkeypatch)


def look(job_status: str | None, execution_status: str | None = None, **outputs: str) -> Step:
    """Answer a job, with its output collections by name."""
    return answer(
        200,
        {
            "id": "j-1",
            "jobStatus": job_status,
            "executionStatus": execution_status or job_status,
            "outputCollections": {name: {"id": key} for name, key in outputs.items()},
        },
    )


USERS: Rows = [
    {"Username": f"user{n}", "Time Zone": "US/Mountain", "Extension Number": 100 + n} for n in range(4)
]


def told(report: ServerBulkReport[Job]) -> list[tuple[int, str, str | None]]:
    """Return index, outcome and error of each row."""
    return [(row.index, row.outcome, row.error) for row in report.rows]


def test_rows_go_up_and_their_outcomes_come_home() -> None:
    """A collection, a job over it, looks at it to its end: each row is told what became of it."""
    server = Server(
        look("CREATED"),
        look("STARTED"),
        look("COMPLETED", success="ok", error="bad"),
        outputs={
            "ok": [
                {**USERS[2], "Index": 2, "Id": "u2"},
                {"Username": "USER0 ", "Id": "u0"},
            ],
            "bad": [{**USERS[3], "Index": 3, "Error": "user3 is taken; password=hunter22"}],
        },
    )
    report = server.run(CREATE_USERS, USERS)
    assert server.kept == [("CreateUserInput", USERS)]
    assert server.started == [("create users", "acc", "c-1")]
    assert told(report) == [
        (0, "done", None),
        (1, "unknown", None),
        (2, "done", None),
        (3, "failed", "user3 is taken; password=***"),
    ]
    assert [row.row for row in report.rows] == USERS
    assert report.rows[2].output == {**USERS[2], "Index": 2, "Id": "u2"}
    assert [row.index for row in report.of("done")] == [0, 2]
    assert (report.unmatched, report.aborted, report.job and report.job.id) == ((), False, "j-1")
    assert "user0" not in repr(report)
    with pytest.raises(ValueError, match="closed"):
        server.files[0].read()


@pytest.mark.parametrize(
    ("work", "job_type", "row_type", "key"),
    [
        (DELETE_USERS, "delete users", "DeleteUserInput", "Username"),
        (
            CREATE_TELEPHONE_NUMBERS,
            "create telephone numbers",
            "CreateTelephoneNumberInput",
            "Telephone Number",
        ),
        (
            DELETE_TELEPHONE_NUMBERS,
            "delete telephone numbers",
            "DeleteTelephoneNumberInput",
            "Telephone Number",
        ),
    ],
)
def test_the_other_three_go_the_same_way(work: BulkWork, job_type: str, row_type: str, key: str) -> None:
    """Each kind of work names its job and rows as the API does; columns it does not publish may be any."""
    server = Server(look("COMPLETED", success="ok"), outputs={"ok": [{key: "18015551212"}]})
    report = server.run(work, [{key: 18015551212, "Anything": "x"}])
    assert (server.kept[0][0], server.started) == (row_type, [(job_type, "acc", "c-1")])
    assert told(report) == [(0, "done", None)]


def test_nothing_to_do_sends_nothing() -> None:
    """Without a row there is no collection and no job."""
    server = Server()
    report = server.run(CREATE_USERS, [])
    assert (report.rows, report.job, report.aborted, server.kept) == ((), None, False, [])


def test_a_column_there_is_not_is_refused_before_anything_is_sent() -> None:
    """A misspelt column is named; the other rows do not go either."""
    server = Server()
    with pytest.raises(
        InvalidInputError, match="CreateUserInput has no column 'Extension', 'username'"
    ) as caught:
        server.run(CREATE_USERS, [USERS[0], {"username": "x", "Extension": 7}])
    assert [field.field for field in caught.value.fields] == ["Extension", "username"]
    assert server.kept == []


def test_a_job_that_was_stopped_tells_what_it_did() -> None:
    """A job that is aborted is no error: what it does not tell of is unknown."""
    server = Server(look("ABORTED", success="ok"), outputs={"ok": [USERS[0]]})
    report = server.run(CREATE_USERS, USERS[:2])
    assert report.aborted
    assert told(report) == [(0, "done", None), (1, "unknown", None)]


@pytest.mark.parametrize(
    ("statuses", "ends"),
    [
        (("COMPLETED", "COMPLETED"), True),
        (("STARTED", "COMPLETED"), True),
        (("CREATED", "ABORTED"), True),
        (("ABORTED", "CREATED"), True),
        (("ABORTED", "STARTED"), False),
        (("COMPLETED", "STARTED"), False),
        (("STARTED", "STARTED"), False),
        (("SOMETHING", "NEW"), False),
    ],
)
def test_work_under_way_is_waited_for(statuses: tuple[str, str], ends: bool) -> None:
    """A job has ended when its work has; one that was stopped before its work began has ended too."""
    server = Server(look(*statuses), look("COMPLETED"))
    server.run(DELETE_USERS, [{"Username": "a"}])
    assert server.ended == pytest.approx(0.5 if ends else 1.0, abs=0.01)


def test_a_job_that_never_ends_is_unknown_by_its_id() -> None:
    """At the deadline the job's id is told: its rows can be asked for later."""
    server = Server(*[look("STARTED")] * 10)
    with pytest.raises(UnknownOutcomeError, match="job j-1 has not ended within 3 s"):
        server.run(CREATE_USERS, USERS, timeout=3.0)


async def test_a_job_is_asked_for_its_rows_later() -> None:
    """By its id, and with the rows it was given, another process brings the outcomes home."""
    server = Server(outputs={"ok": [{"Username": "b"}]})
    async with scripted(ScriptedTransport(look("COMPLETED", success="ok"))) as session:
        bulk = server.bulk(session)
        report = await bulk.report(DELETE_USERS, "j-1", [{"Username": "a"}, {"Username": "b"}])
        with pytest.raises(InvalidInputError, match="no row"):
            await bulk.start(DELETE_USERS, "acc", [])
    assert told(report) == [(0, "unknown", None), (1, "done", None)]
    assert server.kept == []


def test_equal_rows_are_told_apart() -> None:
    """Rows of one key are each told once, in order; what is told too often fits no row, and is kept."""
    rows: Rows = [{"Username": "a"}, {"Username": "a"}, {"Username": "b"}]
    outputs = {"ok": [{"Username": "a", "Id": 1}], "bad": [{"Username": "a"}, {"Username": "a", "Id": 3}]}
    server = Server(look("COMPLETED", created="ok", failures="bad"), outputs=outputs)
    report = server.run(DELETE_USERS, rows)
    assert told(report) == [(0, "done", None), (1, "failed", None), (2, "unknown", None)]
    assert report.unmatched == ({"Username": "a", "Id": 3},)


@pytest.mark.parametrize(
    ("output", "index"),
    [
        ({"Index": 1, "Name": "b"}, 1),  # the count agrees with what else is told
        ({"Index": 1, "Username": "c"}, 2),  # counted from elsewhere: the key tells
        ({"Index": 2, "Name": "b"}, None),  # nothing to tell it by
        ({"Index": 9, "Name": "b"}, None),
        ({"Index": -1, "Name": "c"}, None),
        ({"Index": "1"}, None),
        ({"Index": 1}, None),
        ({}, None),
    ],
)
def test_a_count_alone_proves_nothing(output: dict[str, object], index: int | None) -> None:
    """The API does not say from where it counts: a row is found by its count where the rest agrees."""
    rows: Rows = [
        {"Username": "a", "Name": "a"},
        {"Username": "b", "Name": "b"},
        {"Username": "c", "Name": "c"},
    ]
    server = Server(look("COMPLETED", success="ok"), outputs={"ok": [output]})
    report = server.run(DELETE_USERS, rows)
    assert [row.index for row in report.of("done")] == ([] if index is None else [index])
    assert report.unmatched == (() if index is not None else (output,))


@pytest.mark.parametrize(
    ("name", "more", "outcome", "error"),
    [
        ("succeeded", {}, "done", None),
        ("createdUsers", {"error": None, "errors": []}, "done", None),
        ("validationErrors", {}, "failed", None),
        ("success", {"Errors": ["a", "b"]}, "failed", "a; b"),
        ("output", {"error": "odd"}, "failed", "odd"),
        ("output", {}, "unknown", None),
    ],
)
def test_a_collections_name_says_what_its_rows_are(
    name: str, more: dict[str, object], outcome: str, error: str | None
) -> None:
    """A complaint is a failure wherever it stands; a name that says nothing proves nothing."""
    server = Server(look("COMPLETED", **{name: "c"}), outputs={"c": [{"Username": "a", **more}]})
    assert told(server.run(DELETE_USERS, [{"Username": "a"}])) == [(0, outcome, error)]


def test_a_collection_may_come_as_an_object() -> None:
    """The file may hold the rows alone, or the collection with its rows; one without an id holds nothing."""
    server = Server(
        answer(
            200,
            {
                "jobStatus": "COMPLETED",
                "outputCollections": {"success": {"id": "c"}, "error": {"id": None}},
            },
        ),
        outputs={"c": {"size": 1, "transformObjects": [{"Username": "a"}]}},
    )
    assert told(server.run(DELETE_USERS, [{"Username": "a"}])) == [(0, "done", None)]


@pytest.mark.parametrize("held", [b"<html>", {}, 7, [1], [["a"]]])
def test_outcomes_that_cannot_be_read_are_told(held: object) -> None:
    """A file of outcomes that is none is an error: the rows are not taken for done."""
    server = Server(look("COMPLETED", success="c"), outputs={"c": held})
    with pytest.raises(ResponseShapeError, match="cannot be read"):
        server.run(DELETE_USERS, [{"Username": "a"}])


def test_a_collection_without_an_id_starts_no_job() -> None:
    """Rows that cannot be referred to are not worked on."""
    server = Server(collection_id=None)
    with pytest.raises(ResponseShapeError, match="no job was started"):
        server.run(DELETE_USERS, [{"Username": "a"}])
    assert server.started == []


def test_a_job_without_an_id_is_unknown() -> None:
    """A job that was started and cannot be looked at may be carried out."""
    server = Server(job=Job(job_status="CREATED"))
    with pytest.raises(UnknownOutcomeError, match="answered no id for the job"):
        server.run(DELETE_USERS, [{"Username": "a"}])
