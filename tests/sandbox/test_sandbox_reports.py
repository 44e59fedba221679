"""Reports and exports: each answers a job, its file has the API's columns, its rows are the store's."""

from __future__ import annotations

import csv

import pytest

from alianza_async.sandbox.handle_reports import ROUTES
from tests.sandbox.sandbox_caller import ACCOUNTS, Json, Refusal, logged_in, refusal, user
from tests.sandbox.sandbox_jobs import PARTITION, put_on_account, report

MONTH = "?month=1&year=2026"
DATES = "?startDate=2000-01-01&endDate=2999-12-31"


def _rows(lines: list[str]) -> list[Json]:
    """Read a report's rows, without what is empty."""
    return [{name: value for name, value in row.items() if value} for row in csv.DictReader(lines)]


def _line(owner: Json, number: int = 1) -> Json:
    """Write a device line of a user, as the sandbox keeps it."""
    return {
        "macAddress": "001565AABB01",
        "lineNumber": number,
        "deviceName": "Desk",
        "deviceTypeId": "T46",
        "faxEnabled": False,
        "userId": owner["id"],
    }


@pytest.mark.parametrize("path", ["/report/account/csv_2", "/report/account/csv_3"])
async def test_accounts_are_reported(path: str) -> None:
    """The report has a row for each account, with its facts and how many users of each plan it has."""
    caller = await logged_in()
    first = await caller.create("ACME-1", accountType="ADVANCED", extensionLength=4)
    await caller.create("ACME-2")
    for name, plan in (("ann@acme", "STANDARD"), ("bob@acme", "PROFESSIONAL")):
        made = await caller.json("POST", f"{ACCOUNTS}/{first['id']}/user", user(name, userProductPlan=plan))
        caller.sandbox.store.lines.add(first, _line(made, len(name) % 2), unique=False)
    rows = _rows(await report(caller, path))
    assert rows[0] == {
        "Account Billing Cycle Day": "1",
        "Account Dialing Behavior": "TEN_DIGIT",
        "Account Extension Length": "4",
        "Account Name": "Acme",
        "Account Number": "ACME-1",
        "Account Status": "ACTIVE",
        "Account Time Zone": "US/Eastern",
        "Account Type": "ADVANCED",
        "AccountId": first["id"],
        "Number of Devices": "1",
        "Number of Phone Numbers": "0",
        "Number of Advanced BCC Users": "0",
        "Number of Professional BCC Users": "1",
        "Number of Standard BCC Users": "1",
        "Number of Users": "2",
        "Partition": "Sandbox",
        "PartitionId": "sandbox-partition",
    }
    assert [row["Account Number"] for row in rows] == ["ACME-1", "ACME-2"]


@pytest.mark.parametrize("path", ["/report/user/csv_2", "/report/user/csv_3"])
async def test_users_are_reported(path: str) -> None:
    """The report has a row for each user, with the account's number and status."""
    caller = await logged_in()
    made = await caller.create()
    sent = user(firstName="Ann", lastName="Abel", extension="101", userProductPlan="ADVANCED")
    await caller.json("POST", f"{ACCOUNTS}/{made['id']}/user", sent)
    assert _rows(await report(caller, path + MONTH)) == [
        {
            "AccountNumber": "ACME-1",
            "AccountStatus": "ACTIVE",
            "AccountType": "SIMPLE",
            "Extension": "101",
            "Partition": "Sandbox",
            "UserFirstName": "Ann",
            "UserLastName": "Abel",
            "UserUsername": "ann@acme",
            "UserProductPlan": "ADVANCED",
        }
    ]
    assert _rows(await report(caller, "/report/user-products/csv_2")) == [
        {"AccountNumber": "ACME-1", "UserUsername": "ann@acme", "UserProductPlan": "ADVANCED"}
    ]


async def test_device_lines_are_reported() -> None:
    """The report has a row for each line, with its user's name."""
    caller = await logged_in()
    home = await caller.create()
    owner = await caller.json("POST", f"{ACCOUNTS}/{home['id']}/user", user())
    line = caller.sandbox.store.lines.add(home, _line(owner), unique=True)
    for path in ("/report/device/csv_2", "/report/device/csv_3"):
        assert _rows(await report(caller, path)) == [
            {
                "AccountNumber": "ACME-1",
                "DeviceName": "Desk",
                "DeviceType": "T46",
                "LineNumber": "1",
                "MacAddress": "001565AABB01",
                "Partition": "Sandbox",
                "Username": "ann@acme",
                "PartitionId": "sandbox-partition",
                "AccountId": home["id"],
                "DeviceId": line["id"],
                "UserId": owner["id"],
            }
        ]


async def test_numbers_are_reported() -> None:
    """The report has each number on an account with its address, the inventory every number there is."""
    caller = await logged_in()
    home = await caller.create()
    caller.sandbox.store.numbers.seed("sandbox-partition", ["18015551212", "18015551213"])
    await put_on_account(caller, home, "18015551212")
    (row,) = _rows(await report(caller, "/report/tn/csv_2" + MONTH))
    assert (row["TelephoneNumber"], row["AccountNumber"], row["CarrierStatus"], row["TollFree"]) == (
        "18015551212",
        "ACME-1",
        "ACTIVE",
        "False",
    )
    assert (row["911street_number"], row["911city"], row["911postal_code"]) == ("12", "Springfield", "62701")
    assert _rows(await report(caller, "/telephonenumber/export_2")) == [
        {"TelephoneNumber": "18015551212", "Status": "ASSIGNED", "AccountNumber": "ACME-1"},
        {"TelephoneNumber": "18015551213", "Status": "AVAILABLE"},
    ]


async def test_activations_are_reported_as_a_status_search_finds_them() -> None:
    """The export has all that the search with the same query finds, whatever its pages; a bad one is 400."""
    caller = await logged_in()
    home = await caller.create()
    numbers = [f"180155512{index:02}" for index in range(25)]
    caller.sandbox.store.numbers.seed("sandbox-partition", numbers)
    for number in numbers:
        await put_on_account(caller, home, number)
    path = "/telephonenumber/exportstatussearch_2"
    rows = _rows(await report(caller, f"{path}?accountId={home['id']}&eventType=ACTIVATION"))
    assert sorted(str(row["TelephoneNumber"]) for row in rows) == numbers
    assert (rows[0]["AccountId"], rows[0]["EventType"], rows[0]["Status"]) == (
        home["id"],
        "ACTIVATION",
        "COMPLETED",
    )
    assert _rows(await report(caller, path + "?statusType=PENDING")) == []
    assert (await caller.call("GET", f"{PARTITION}{path}?statusType=LOST")).status_code == 400


async def test_changes_of_users_are_reported() -> None:
    """The report has a row for each change of a user in its span, and none of another thing's."""
    caller = await logged_in()
    made = await caller.create()
    await caller.json("POST", f"{ACCOUNTS}/{made['id']}/user", user())
    rows = _rows(await report(caller, "/report/accounthistory/enduserchanges_2" + DATES))
    assert [(row["Account Number"], row["Username"], row["Change Type"]) for row in rows] == [
        ("ACME-1", "ann@acme", "CREATE")
    ]
    early = "?startDate=2000-01-01&endDate=2000-01-02"
    assert _rows(await report(caller, "/report/accounthistory/enduserchanges_2" + early)) == []


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: str(route.operation))
async def test_every_report_answers_a_job_and_a_header(route: tuple[str, str, str]) -> None:
    """With nothing in store each report's file is one line: column names, no two the same."""
    caller = await logged_in()
    verb, pattern, _ = route[:3]
    path = pattern.removeprefix("/v2/partition/{partitionId}")
    if "{accountId}" in path:
        path = path.replace("{accountId}", str((await caller.create())["id"]))
    (line,) = await report(caller, path + MONTH + DATES.replace("?", "&"), verb)
    names = line.split(",")
    assert len(set(names)) == len(names) >= 2


@pytest.mark.parametrize(
    ("path", "messages"),
    [
        ("/report/tn/csv_2", ["month must be between 1 and 12", "year must be an integer"]),
        ("/report/tn/csv_2?month=13&year=2026", ["month must be between 1 and 12"]),
        ("/report/tn/csv_2?month=1&year=next", ["year must be an integer"]),
        ("/report/msteams/csv_1?month=0&year=2026", ["month must be between 1 and 12"]),
        (
            "/report/accounthistory/enduserchanges_2?startDate=2026-01-01",
            ["endDate must not be null"],
        ),
    ],
)
async def test_a_span_that_makes_no_sense_is_refused(path: str, messages: list[str]) -> None:
    """A report that needs a month or dates says which is missing or wrong; no job is started."""
    caller = await logged_in()
    expected: Refusal = (400, messages, {})
    assert refusal(await caller.call("GET", PARTITION + path)) == expected
    assert caller.sandbox.truth().jobs == 0


async def test_a_date_must_be_one() -> None:
    """A date that does not exist is refused when the report is asked for, not in its job."""
    caller = await logged_in()
    path = PARTITION + "/report/accounthistory/enduserchanges_2?startDate=2026-02-30&endDate=2026-03-01"
    status, _, data = refusal(await caller.call("GET", path))
    assert (status, data) == (400, {"startDate": "2026-02-30"})


async def test_a_month_may_be_left_out_where_it_is_optional() -> None:
    """The reports whose month is optional take none."""
    caller = await logged_in()
    assert len(await report(caller, "/report/msteams/csv_1")) == 1


async def test_calls_are_those_of_an_account() -> None:
    """The export of calls needs an account that exists."""
    caller = await logged_in()
    response = await caller.call("GET", f"{ACCOUNTS}/none/cdrsearch/csv_2")
    assert refusal(response) == (404, ["Account not found"], {"accountId": "none"})


async def test_a_report_needs_its_own_partition() -> None:
    """Another partition's report is a 403."""
    caller = await logged_in()
    response = await caller.call("GET", "/v2/partition/other/report/account/csv_3")
    assert response.status_code == 403
