"""Imports: an uploaded file's rows really change what the sandbox holds, and bad rows are told by line."""

from __future__ import annotations

from typing import cast

import pytest

from tests.sandbox.sandbox_caller import Json, logged_in, refusal
from tests.sandbox.sandbox_jobs import PARTITION, finished, imported, report, send_form, uploaded

STATUS_CHANGE = "/account/bulkstatuschange_2"


async def test_statuses_change_row_by_row() -> None:
    """Good rows are carried out, bad ones are told with line, column and input; the job is DONE."""
    caller = await logged_in()
    made = [await caller.create(f"ACME-{index}") for index in range(2)]
    file = "Account Number,Status\r\nACME-0,suspended\r\nNONE-1,ACTIVE\r\n\r\nACME-1,SLEEPING\r\n"
    job = await imported(caller, STATUS_CHANGE, file)
    assert (job["status"], job["errors"]) == (
        "DONE",
        [
            {"error": "Account not found", "lineNumber": 3, "column": "Account Number", "input": "NONE-1"},
            {
                "error": "must be one of ACTIVE, DISABLED, SUSPENDED",
                "lineNumber": 5,
                "column": "Status",
                "input": "SLEEPING",
            },
        ],
    )
    statuses = [(await caller.json("GET", f"{PARTITION}/account/{one['id']}"))["status"] for one in made]
    assert statuses == ["SUSPENDED", "ACTIVE"]


@pytest.mark.parametrize(
    "content", [b"Account Number\nACME-1\n", b"", b"Account Number,Status\nNONE,ACTIVE\n"]
)
async def test_a_job_without_a_row_of_use_has_failed(content: bytes) -> None:
    """A file that cannot be read, or of which no row could be carried out, makes a FAILED job."""
    caller = await logged_in()
    job = await imported(caller, STATUS_CHANGE, content)
    assert (job["status"], len(cast("list[Json]", job["errors"]))) == ("FAILED", 1)


async def test_the_definition_is_a_file_to_fill_in() -> None:
    """The definition of a status change is its header, as CSV, and is taken back as it is."""
    caller = await logged_in()
    response = await caller.call("GET", "/v2/ref/account/bulkstatuschange")
    assert (response.text, response.headers["content-type"]) == ("Account Number,Status\r\n", "text/csv")
    assert (await imported(caller, STATUS_CHANGE, response.content))["status"] == "DONE"


async def test_numbers_go_into_the_inventory() -> None:
    """Each row's number can be had afterwards; what is no number, or is there already, is told."""
    caller = await logged_in()
    file = "telephone_number\n18015551212\n8015551213\n18015551212\n"
    job = await imported(caller, "/telephonenumber/bulkimport_2", file)
    assert (job["status"], job["errors"]) == (
        "DONE",
        [
            {"error": error, "lineNumber": line, "column": "Telephone Number", "input": text}
            for line, text, error in (
                (3, "8015551213", "Telephone number must be 11 digits"),
                (4, "18015551212", "Telephone number is already in the inventory"),
            )
        ],
    )
    listed = (await caller.call("GET", PARTITION + "/telephonenumber")).json()
    assert [number["phoneNumber"] for number in listed] == ["18015551212"]


async def test_what_a_job_changes_is_in_the_history_of_whoever_started_it() -> None:
    """A status changed by a job is told in the account's history, under the login that started the job."""
    caller = await logged_in()
    home = await caller.create()
    await imported(caller, STATUS_CHANGE, "Account Number,Status\nACME-1,SUSPENDED\n")
    history = await caller.json("GET", f"{PARTITION}/account/{home['id']}/accounthistorysearch")
    (newest, *_) = cast("list[Json]", history["results"])
    assert (newest["accountHistoryType"], newest["action"], newest["userName"]) == (
        "ACCOUNT_STATUS",
        "UPDATE",
        "ann",
    )


@pytest.mark.parametrize(
    ("importing", "exporting", "verb"),
    [
        ("/deviceinventory/import", "/deviceinventory/export", "POST"),
        ("/deviceinventory_2", "/deviceinventory_2", "GET"),
    ],
)
async def test_devices_come_out_as_they_went_in(importing: str, exporting: str, verb: str) -> None:
    """The device inventory exports what was imported, each MAC address once; a delete takes it out."""
    caller = await logged_in()
    file = "MAC Address,Device Type\n00:15:65:aa:bb:01,T46\n001565AABB02,T48\n001565aabb01,T57\nnone,T46\n"
    job = await imported(caller, importing, file)
    assert job["errors"] == [
        {
            "error": "must be 12 hexadecimal digits",
            "lineNumber": 5,
            "column": "MAC Address",
            "input": "none",
        }
    ]
    lines = ["MAC Address,Device Type", "001565AABB01,T57", "001565AABB02,T48"]
    assert await report(caller, exporting, verb) == lines
    job = await imported(caller, "/deviceinventory/delete", "mac address\n001565AABB01\n001565AABB09\nx\n")
    assert job["errors"] == [
        {"error": "is not in the inventory", "lineNumber": line, "column": "MAC Address", "input": text}
        for line, text in ((3, "001565AABB09"), (4, "x"))
    ]
    assert await report(caller, exporting, verb) == [lines[0], lines[2]]


async def test_a_rate_center_plan_comes_out_as_it_went_in() -> None:
    """The plan exports what was imported; a row without a rate center is told."""
    caller = await logged_in()
    job = await imported(caller, "/ratecenter/inventoryplan_2", "Rate Center,State\nSalt Lake City,UT\n,ID\n")
    assert job["errors"] == [
        {"error": "must not be empty", "lineNumber": 3, "column": "Rate Center", "input": ""}
    ]
    lines = await report(caller, "/ratecenter/inventoryplan_2")
    assert lines == ["Rate Center,State", "Salt Lake City,UT"]


async def test_audio_is_taken_in_a_form_or_from_an_upload() -> None:
    """A form answers the medium at once, an upload's key a job; a key without a file makes that fail."""
    caller = await logged_in()
    media = f"{PARTITION}/account/{(await caller.create())['id']}/media_2"
    made = (await send_form(caller, media, {}, file=b"RIFF")).json()
    assert str(made["url"]).endswith(f"/{made['id']}")
    key = await uploaded(caller, b"RIFF")
    started = await caller.call("POST", f"{media}?jobUploadKey={key}")
    assert (started.status_code, (await finished(caller, started))["status"]) == (202, "DONE")
    key = str((await caller.json("POST", "/v2/job/input"))["key"])
    failed = await finished(caller, await caller.call("POST", f"{media}?jobUploadKey={key}"))
    assert failed["status"] == "FAILED"


async def test_audio_needs_a_file_and_an_account() -> None:
    """A form without a file is a 400, no form a 415, an unknown account a 404."""
    caller = await logged_in()
    media = f"{PARTITION}/account/{(await caller.create())['id']}/media_2"
    assert refusal(await send_form(caller, media, {"name": "x"})) == (400, ["file must not be null"], {})
    assert (await caller.call("POST", media, {})).status_code == 415
    assert (await caller.call("POST", f"{PARTITION}/account/none/media_2", {})).status_code == 404


async def test_an_import_needs_its_own_partition() -> None:
    """Another partition's import is a 403."""
    caller = await logged_in()
    response = await caller.call("POST", "/v2/partition/other" + STATUS_CHANGE, {"key": "x"})
    assert response.status_code == 403
