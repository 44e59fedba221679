"""Jobs of a sandbox, as a plain caller sees them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from alianza_async.sandbox import SandboxOptions
from tests.sandbox.sandbox_caller import Caller, Json, logged_in

if TYPE_CHECKING:
    import httpx

PARTITION = "/v2/partition/sandbox-partition"
COLLECTIONS = "/v2/bulk-user-operation/collection"
BULK_JOBS = "/v2/bulk-user-operation/job"


ADDRESS = {
    "streetNumber": "12",
    "streetName": "Main",
    "streetSuffix": "St",
    "city": "Springfield",
    "state": "IL",
    "postalCode": "62701",
}


@dataclass
class Clock:
    """A clock moved by hand."""

    now: float = 1000

    def __call__(self) -> float:
        """Answer the time."""
        return self.now


async def at_work(job_s: float = 9, **changes: object) -> tuple[Caller, Clock]:
    """Answer a caller of a sandbox whose jobs take a time, and the clock they go by."""
    caller = await logged_in(SandboxOptions(job_s=job_s).with_changes(changes))
    clock = caller.sandbox.store.agenda.clock = Clock()
    return caller, clock


async def uploaded(caller: Caller, content: bytes | str) -> str:
    """Upload a file the way a job wants it and answer its key."""
    place = await caller.json("POST", "/v2/job/input")
    data = content.encode() if isinstance(content, str) else content
    assert (await caller.http.put(str(place["url"]), content=data)).status_code == 200
    return str(place["key"])


async def finished(caller: Caller, started: httpx.Response) -> Json:
    """Answer a started job as it stands at its end."""
    assert started.status_code in (200, 202), started.text
    job = cast("Json", started.json())
    assert job["status"] == "PENDING"
    return await caller.json("GET", f"/v2/job/{job['id']}")


async def imported(caller: Caller, path: str, content: bytes | str) -> Json:
    """Upload a file, start the operation that reads it, and answer the job at its end."""
    key = await uploaded(caller, content)
    return await finished(caller, await caller.call("POST", PARTITION + path, {"key": key}))


async def report(caller: Caller, path: str, verb: str = "GET") -> list[str]:
    """Ask for a report and answer the lines of its file."""
    job = await finished(caller, await caller.call(verb, PARTITION + path))
    output = await caller.call("GET", f"/v2/job/{job['id']}/output")
    assert (output.status_code, output.headers["content-type"]) == (200, "application/octet-stream")
    return output.text.splitlines()


async def send_form(caller: Caller, path: str, fields: dict[str, str], **files: bytes) -> httpx.Response:
    """Send a multipart form."""
    parts: list[tuple[str, tuple[str | None, bytes]]] = [
        (name, (None, value.encode())) for name, value in fields.items()
    ]
    parts += [(name, ("rows.csv", content)) for name, content in files.items()]
    return await caller.http.post(path, files=parts, headers={"X-AUTH-TOKEN": caller.token})


async def validated(caller: Caller) -> Json:
    """Have the address used in these tests validated."""
    return await caller.json("PUT", PARTITION + "/account/e911/prevalidate", {"e911Address": ADDRESS})


async def put_on_account(caller: Caller, account: Json, number: str) -> Json:
    """Put a number of the inventory on an account, with a validated address."""
    await validated(caller)
    body = {"telephoneNumbers": [{"phoneNumber": number}], "e911Address": ADDRESS}
    return await caller.json("POST", f"{PARTITION}/account/{account['id']}/telephonenumber", body)
