"""Collections of the API's own bulk operations, and what their rows really do."""

from __future__ import annotations

import csv
from typing import cast

import pytest

from tests.sandbox.sandbox_bulk import CREATE, ROW, WHOLE_ROW, carried_out, outputs, refused, start, wanted
from tests.sandbox.sandbox_caller import ACCOUNTS, Json, logged_in, user
from tests.sandbox.sandbox_jobs import BULK_JOBS, COLLECTIONS, send_form, validated


async def test_users_are_really_created() -> None:
    """A row becomes a user with every column in its field; the outcome tells row and id."""
    caller = await logged_in()
    home = await caller.create()
    done, failed = await carried_out(caller, home, CREATE, WHOLE_ROW)
    (made,) = (await caller.call("GET", f"{ACCOUNTS}/{home['id']}/user")).json()
    assert (done, failed) == ([{**WHOLE_ROW, "Index": 0, "Id": made["id"]}], [])
    expected = {
        "firstName": "Ann",
        "lastName": "Abel",
        "extension": "4242",
        "tags": "blue",
        "timeZone": "US/Mountain",
        "emailAddress": "ann@acme.test",
        "username": "ann@acme",
        "userProductPlan": "STANDARD",
        "allowPortalAccess": False,
        "newCppId": "plan-1",
        "languageTag": "en-US",
    }
    assert {name: made[name] for name in expected} == expected


async def test_each_row_has_an_outcome_of_its_own() -> None:
    """A taken name is told beside its row and does not stop the rows after it."""
    caller = await logged_in()
    home = await caller.create()
    rows = [{**ROW, "Username": name} for name in ("ann@acme", "ann@acme", "bob@acme")]
    done, failed = await carried_out(caller, home, CREATE, *rows)
    assert [row["Index"] for row in done] == [0, 2]
    assert failed == [{**rows[1], "Index": 1, "Error": "Username is already in use"}]
    assert caller.sandbox.truth().users == 2


async def test_users_are_really_deleted() -> None:
    """A row names a user of the account, who is gone then; another account's is not found."""
    caller = await logged_in()
    home, other = await caller.create(), await caller.create("ACME-2")
    made = await caller.json("POST", f"{ACCOUNTS}/{home['id']}/user", user())
    await caller.json("POST", f"{ACCOUNTS}/{other['id']}/user", user("bob@acme"))
    rows: list[Json] = [{"Username": "ann@acme"}, {"Username": "bob@acme"}]
    done, failed = await carried_out(caller, home, "DeleteUserInput", *rows)
    assert done == [{"Username": "ann@acme", "Index": 0, "Id": made["id"]}]
    assert failed == [{"Username": "bob@acme", "Index": 1, "Error": "User not found"}]


async def test_numbers_are_really_put_in_service_and_released() -> None:
    """A row puts a number on the account with its address and user; another row takes it off again."""
    caller = await logged_in()
    home = await caller.create()
    owner = await caller.json("POST", f"{ACCOUNTS}/{home['id']}/user", user())
    caller.sandbox.store.numbers.seed("sandbox-partition", ["18015551212"])
    await validated(caller)
    address = {
        "Street Number": "12",
        "Street Name": "Main",
        "Street Suffix": "St",
        "City": "Springfield",
        "State": "IL",
        "Postal Code": "62701",
    }
    row: Json = {"Telephone Number": "18015551212", "Username": "ann@acme", **address}
    done, failed = await carried_out(caller, home, "CreateTelephoneNumberInput", row)
    (number,) = (await caller.call("GET", f"{ACCOUNTS}/{home['id']}/telephonenumber")).json()
    assert (done, failed) == ([{**row, "Index": 0, "Id": number["id"]}], [])
    assert (number["referenceId"], number["e911Address"]["city"]) == (owner["id"], "Springfield")
    gone: Json = {"Telephone Number": "18015551212"}
    done, failed = await carried_out(caller, home, "DeleteTelephoneNumberInput", gone, gone)
    assert done == [{**gone, "Index": 0, "Id": number["id"]}]
    assert failed == [{**gone, "Index": 1, "Error": "Telephone number not found"}]
    assert (await caller.call("GET", f"{ACCOUNTS}/{home['id']}/telephonenumber")).json() == []


async def test_no_number_goes_live_without_a_validated_address_by_this_door_either() -> None:
    """A row without an address, or with one nobody validated, is an error; the number stays free."""
    caller = await logged_in()
    home = await caller.create()
    caller.sandbox.store.numbers.seed("sandbox-partition", ["18015551212"])
    bare: Json = {"Telephone Number": "18015551212"}
    placed: Json = {
        **bare,
        "Street Number": 12,
        "Street Name": "Main",
        "City": "X",
        "State": "IL",
        "Postal Code": 62701,
    }
    done, failed = await carried_out(caller, home, "CreateTelephoneNumberInput", bare, placed)
    assert (done, [row["Error"] for row in failed]) == (
        [],
        ["e911Address must not be null", "e911Address was not validated: prevalidate it first"],
    )


async def test_a_collection_is_answered_whole() -> None:
    """A collection has an id, a size, its rows as sent and the time it was made."""
    caller = await logged_in()
    made = await caller.json("POST", COLLECTIONS, {**wanted(CREATE, WHOLE_ROW), "ownerId": "me"})
    expected = {"id": made["id"], "ownerId": "me", "size": 1, "createdDateTime": made["createdDateTime"]}
    assert made == {**wanted(CREATE, WHOLE_ROW), **expected}
    assert await caller.json("GET", f"{COLLECTIONS}/{made['id']}") == made


async def test_a_collection_comes_as_a_file_too() -> None:
    """The JSON file is the rows as they are, the CSV file has their type's columns and those added."""
    caller = await logged_in()
    home = await caller.create()
    collection = await caller.json("POST", COLLECTIONS, wanted(CREATE, ROW, ROW))
    one = f"{COLLECTIONS}/{collection['id']}"
    as_json = await caller.call("GET", one + "/json")
    assert (as_json.json(), as_json.headers["content-type"]) == ([ROW, ROW], "application/octet-stream")
    job = await start(caller, home, collection)
    ended = await caller.json("GET", f"{BULK_JOBS}/{job['id']}")
    errors = cast("dict[str, Json]", ended["outputCollections"])["error"]["id"]
    as_csv = await caller.call("GET", f"{COLLECTIONS}/{errors}/csv")
    lines = as_csv.text.splitlines()
    assert lines[0] == ",".join([*WHOLE_ROW, "Index", "Error"])
    (row,) = csv.DictReader(lines)
    assert (row["Username"], row["Index"], row["Error"]) == ("ann@acme", "1", "Username is already in use")
    assert refused(await caller.call("GET", one + "/xml"))[:2] == (404, ["The extension must be csv or json"])


async def test_a_collection_comes_from_a_file() -> None:
    """A form with a CSV file is a collection; column names match however they are spelled."""
    caller = await logged_in()
    home = await caller.create()
    fields = {"transformObjectType": CREATE, "jobTypeId": "create users", "columnTypes": "{}"}
    content = b"username,time zone,Extension Number\nann@acme,us/eastern,101\n"
    made = cast("Json", (await send_form(caller, COLLECTIONS, fields, transformObjectsFile=content)).json())
    row = {"Username": "ann@acme", "Time Zone": "us/eastern", "Extension Number": "101"}
    assert (made["transformObjects"], made["ownerId"]) == ([row], "sandbox-partition")
    done, _ = await outputs(caller, await start(caller, home, made))
    assert len(done) == 1


async def test_a_job_starts_from_a_file() -> None:
    """A form with a CSV file starts the job over a collection of its own, the account's."""
    caller = await logged_in()
    home = await caller.create()
    fields = {"transformObjectType": CREATE, "jobTypeId": "create users", "targetAccountId": str(home["id"])}
    content = b"Username,Time Zone\nann@acme,US/Eastern\n"
    job = cast("Json", (await send_form(caller, BULK_JOBS, fields, transformObjectFile=content)).json())
    source = await caller.json("GET", f"{COLLECTIONS}/{job['inputCollectionId']}")
    assert (source["size"], source["ownerId"]) == (1, home["id"])
    assert len((await outputs(caller, job))[0]) == 1


@pytest.mark.parametrize(
    ("kind", "row", "expected"),
    [
        (CREATE, "text", [("", "must be an object")]),
        (CREATE, {}, [("Username", "must not be empty"), ("Time Zone", "must not be empty")]),
        (CREATE, {**ROW, "Username": " "}, [("Username", "must not be empty")]),
        (CREATE, {**ROW, "Username": "ab"}, [("Username", "size must be between 3 and 256")]),
        (CREATE, {**ROW, "Time Zone": "Mars"}, [("Time Zone", "is not a time zone")]),
        (CREATE, {**ROW, "Email": "ann"}, [("Email", "must be an e-mail address")]),
        (CREATE, {**ROW, "Extension Number": 12}, [("Extension Number", "must be 3 to 6 digits")]),
        (CREATE, {**ROW, "User Tags": True}, [("User Tags", "must be a string or an integer")]),
        (CREATE, {**ROW, "User Tags": None, "Language": ""}, []),
        (
            CREATE,
            {**ROW, "Feature Plan": "GOLD", "Voice Portal Access": "maybe"},
            [
                ("Feature Plan", "must be one of STANDARD, ADVANCED, PROFESSIONAL"),
                ("Voice Portal Access", "must be one of YES, NO"),
            ],
        ),
        (CREATE, {**ROW, "userName": "x"}, [("userName", "is not a column of this type")]),
        (
            "DeleteTelephoneNumberInput",
            {"Telephone Number": "8015551212"},
            [("Telephone Number", "must be 11 digits that begin with 1")],
        ),
    ],
)
async def test_rows_are_checked_before_anything_is_made(
    kind: str, row: object, expected: list[tuple[str, str]]
) -> None:
    """A row that does not fit its type is a 422 that names index, column and rule; nothing is kept."""
    caller = await logged_in()
    good: Json = ROW if kind == CREATE else {"Telephone Number": "18015551212"}
    response = await caller.call("POST", COLLECTIONS, wanted(kind, good, row))
    if not expected:
        assert response.status_code == 200
        return
    errors: list[Json] = [{"index": 1, "path": path, "description": text} for path, text in expected]
    assert refused(response) == (422, ["The rows do not fit their type"], errors)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"transformObjects": [ROW]}, "transformObjectType must be one of "),
        (wanted("UpdateUserInput"), "transformObjectType must be one of "),
        ({"transformObjectType": CREATE}, "transformObjects must not be empty"),
        ({"transformObjectType": CREATE, "transformObjects": []}, "transformObjects must not be empty"),
        ([], "The request body must be a JSON object"),
    ],
)
async def test_a_collection_needs_a_type_and_rows(body: object, expected: str) -> None:
    """What is no collection is a 400 that says what is missing."""
    caller = await logged_in()
    status, errors, _ = refused(await caller.call("POST", COLLECTIONS, body))
    assert (status, errors[0].startswith(expected)) == (400, True)


@pytest.mark.parametrize(
    ("fields", "content", "expected"),
    [
        ({}, b"x", (400, "transformObjectType must be one of ")),
        ({"transformObjectType": CREATE}, None, (400, "transformObjectsFile must not be null")),
        ({"transformObjectType": CREATE}, b"", (400, "The file is empty")),
        (
            {"transformObjectType": CREATE, "columnTypes": "["},
            b"x",
            (400, "columnTypes must be a JSON object"),
        ),
        (
            {"transformObjectType": CREATE, "columnTypes": "[]"},
            b"x",
            (400, "columnTypes must be a JSON object"),
        ),
        (
            {"transformObjectType": CREATE, "jobTypeId": "delete users"},
            b"x",
            (422, "jobTypeId does not take "),
        ),
    ],
)
async def test_a_form_that_is_no_collection_is_refused(
    fields: dict[str, str], content: bytes | None, expected: tuple[int, str]
) -> None:
    """What a form lacks, or has wrong, is told."""
    caller = await logged_in()
    files = {} if content is None else {"transformObjectsFile": content}
    status, errors, _ = refused(await send_form(caller, COLLECTIONS, {**fields, "": ""}, **files))
    assert (status, errors[0][: len(expected[1])]) == expected


async def test_a_body_that_cannot_be_read_is_refused_in_their_own_way() -> None:
    """A broken form is a 400, a body of another type a 415, both in these operations' own error body."""
    caller = await logged_in()
    headers = {"X-AUTH-TOKEN": caller.token, "content-type": "multipart/form-data; boundary=b"}
    assert refused(await caller.http.post(COLLECTIONS, content=b"x", headers=headers))[0] == 400
    headers["content-type"] = "text/csv"
    assert refused(await caller.http.post(COLLECTIONS, content=b"x", headers=headers))[0] == 415


@pytest.mark.parametrize("path", [COLLECTIONS, BULK_JOBS])
async def test_they_need_a_login(path: str) -> None:
    """Without a token each of them is a 401."""
    caller = await logged_in()
    caller.token = ""
    assert (await caller.call("POST", path, {})).status_code == 401
