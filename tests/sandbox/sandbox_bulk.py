"""The API's own bulk operations, as a plain caller uses them."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from tests.sandbox.sandbox_jobs import BULK_JOBS, COLLECTIONS

if TYPE_CHECKING:
    import httpx

    from tests.sandbox.sandbox_caller import Caller, Json

CREATE = "CreateUserInput"
ROW: Json = {"Username": "ann@acme", "Time Zone": "US/MOUNTAIN"}
WHOLE_ROW: Json = {
    "First Name": "Ann",
    "Last Name": "Abel",
    "Extension Number": 4242,
    "User Tags": "blue",
    "Time Zone": "US/MOUNTAIN",
    "Email": "ann@acme.test",
    "Username": "ann@acme",
    "Feature Plan": "standard",
    "Voice Portal Access": "NO",
    "Calling Plan": "plan-1",
    "Language": "ENGLISH",
}


def refused(response: httpx.Response) -> tuple[int, list[str], list[Json]]:
    """Take an error body of these operations apart, and hold its status to the response's."""
    body = cast("Json", response.json())
    errors = cast("list[str]", body["errors"])
    assert (body["status"], body["message"]) == (response.status_code, errors[0])
    return response.status_code, errors, cast("list[Json]", body.get("schemaErrors", []))


def wanted(kind: str = CREATE, *rows: object) -> Json:
    """Write a collection to be made."""
    return {"transformObjectType": kind, "transformObjects": list(rows or [ROW])}


async def start(caller: Caller, account: Json, collection: Json, **changes: object) -> Json:
    """Start the job that takes a collection and answer it."""
    kind = str(collection["transformObjectType"])
    verb, thing = (
        ("create" if kind.startswith("C") else "delete"),
        ("users" if "User" in kind else "telephone numbers"),
    )
    body = {
        "jobTypeId": f"{verb} {thing}",
        "targetAccountId": account["id"],
        "inputCollectionId": collection["id"],
        **changes,
    }
    return await caller.json("POST", BULK_JOBS, body)


async def outputs(caller: Caller, job: Json) -> tuple[list[Json], list[Json]]:
    """Answer the rows that went well and those that did not, of a job at its end."""
    ended = await caller.json("GET", f"{BULK_JOBS}/{job['id']}")
    found = cast("dict[str, Json]", ended["outputCollections"])
    assert sorted(found) == ["error", "success"]
    collections = [
        await caller.json("GET", f"{COLLECTIONS}/{found[name]['id']}") for name in ("success", "error")
    ]
    return cast("list[Json]", collections[0]["transformObjects"]), cast(
        "list[Json]", collections[1]["transformObjects"]
    )


async def carried_out(caller: Caller, account: Json, kind: str, *rows: Json) -> tuple[list[Json], list[Json]]:
    """Have rows carried out and answer those that went well and those that did not."""
    collection = await caller.json("POST", COLLECTIONS, wanted(kind, *rows))
    return await outputs(caller, await start(caller, account, collection))
