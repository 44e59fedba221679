"""After a run with every sort of fault, nothing that was written holds a secret or a street."""

from __future__ import annotations

import asyncio
import csv
import json
import logging
import os
import shlex
import sys
from typing import TYPE_CHECKING, Final

import pytest

from alianza_async.bulk import Workflow, step
from alianza_async.calls.redaction import MASK
from alianza_async.endpoints import WriteModel
from alianza_async.errors import AlianzaError
from alianza_async.models.business_lines import SipCredentialsWrite
from alianza_async.models.fields import Secret  # noqa: TC001  (pydantic reads them as the class is made)
from alianza_async.models.shared_addresses import AddressWrite  # noqa: TC001  (as above)
from alianza_async.policies.values import RetryPolicy
from alianza_async.sandbox import Sandbox, serve
from alianza_async.session import Session
from alianza_async.settings import Credentials
from tests.bulk.engine import write_csv
from tests.bulk.workflow.places import NUMBERS, subscriber
from tests.conftest import UNLIMITED
from tests.frames import leaks_in
from tests.quoting import Quoting

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from alianza_async.bulk import Item, Made
    from alianza_async.calls.events import Event
    from alianza_async.transports.choice import TransportName

PASSWORD, SIP, PIN = "login-password-1", "sip-secret-1", "48213067"
STREET, CITY = "742 Evergreen Terrace", "Springfield"
SECRETS: Final = (PASSWORD, SIP, PIN, "Evergreen", "EVERGREEN", CITY, CITY.upper())
OWN_COLUMNS: Final = "result_"
ROWS: Final = 8
AGAIN = RetryPolicy(attempts=4, wait_initial=0, wait_max=0, wait_jitter=0, settle_s=0)


def found(name: str, content: bytes | str, secrets: tuple[str, ...]) -> list[str]:
    """Return which secrets something that was written holds."""
    text = content if isinstance(content, str) else content.decode("utf-8", "replace")
    return [f"{name}: {secret}" for secret in secrets if secret in text]


def files_in(folder: Path, inputs: set[Path]) -> dict[str, bytes]:
    """Return what files hold, but for inputs; of a result file what is not the input's own."""
    held: dict[str, bytes] = {}
    for path in folder.rglob("*"):
        if not path.is_file() or path in inputs:
            continue
        held[path.name] = path.read_bytes()
        if ".csv" in path.suffixes or ".jsonl" in path.suffixes:
            whole = held[path.name].decode().rpartition("\n")[0].splitlines()
            lines = csv.DictReader(whole) if ".csv" in path.suffixes else map(json.loads, whole)
            held[path.name] = json.dumps([_told(line) for line in lines]).encode()
    return held


def _told(line: Mapping[str, object]) -> dict[str, object]:
    """Return what a line of a result file says, without the input's own columns."""
    return {name: value for name, value in line.items() if name.startswith(OWN_COLUMNS)}


async def command(line: str, environment: Mapping[str, str], folder: Path) -> str:
    """Run the command, and return all that it printed."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "alianza_async.cli", *shlex.split(line)),
        cwd=folder,
        env=environment,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    printed, _ = await process.communicate()
    return printed.decode()


@pytest.mark.slow
async def test_a_command_writes_no_secret(transport_name: TransportName, tmp_path: Path) -> None:
    """Whatever is printed, logged at DEBUG, journaled, reported and exported holds none, whatever fails."""
    sandbox = Sandbox()
    sandbox.seed_inventory(NUMBERS)
    sandbox.app = quoting = Quoting(sandbox.app, seed=7)
    rows = [subscriber(number, e911_address=STREET, e911_city=CITY) for number in range(1, ROWS + 1)]
    source = write_csv(tmp_path / "in.csv", rows)
    async with serve(sandbox) as running:
        environment = {
            **os.environ,
            "ALIANZA_USERNAME": "tester",
            "ALIANZA_PASSWORD": PASSWORD,
            "ALIANZA_BASE_URL": running.base_url,
            "ALIANZA_TRANSPORT": transport_name,
            "ALIANZA_LOG_LEVEL": "DEBUG",
            "XDG_STATE_HOME": str(tmp_path / "state"),
        }
        body, pin = json.dumps({"sipPassword": SIP}), json.dumps({"pin": PIN})
        printed = {
            line: await command(line, environment, tmp_path)
            for line in (
                "bulk plan in.csv --kind subscribers --check-remote --save plan.json",
                "bulk run in.csv --kind subscribers --journal j.db --results out.csv --settle 0 --json",
                "bulk resume j.db --retry-failed --results second.csv",
                "bulk status j.db --json",
                "bulk reconcile j.db",
                "bulk export j.db --results again.csv",
                f"call device_lines.patch --path account_id=a --path device_id=u --body {shlex.quote(body)}",
                (
                    "call voicemail_boxes.set_pin --path account_id=a --path voicemail_box_id=v "
                    f"--body {shlex.quote(pin)}"
                ),
                "bulk undo j.db --yes",
            )
        }
    secrets = (*SECRETS, *quoting.tokens)
    files = files_in(tmp_path, {source})
    assert {"j.db", "out.csv", "second.csv", "again.csv", "plan.json"} <= files.keys()
    assert (quoting.quoted > ROWS, len(quoting.tokens) > 0) == (True, True)
    assert b"refused" in files["out.csv"]
    assert [leak for name, text in printed.items() for leak in found(name, text, secrets)] == []
    assert [leak for name, content in files.items() for leak in found(name, content, secrets)] == []


class Line(WriteModel):
    """A row that holds secrets."""

    account_number: str
    sip_password: Secret
    pin: Secret
    address: AddressWrite


async def _send(item: Item[Line]) -> Made:
    row = item.row
    body = {
        "accountNumber": row.account_number,
        "sipPassword": row.sip_password.get_secret_value(),
        "pin": row.pin.get_secret_value(),
        "address": json.loads(row.address.to_wire()),
    }
    await item.session.call("POST", "/v2/no/such/operation", body=body)
    raise AssertionError("the server has no such operation")


LINES = Workflow("lines", step("line", _send, key="account_number"), fields=Line, key="account_number")


async def test_a_job_and_its_calls_write_no_secret(
    transport_name: TransportName, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Rows with passwords and PINs: log, events, errors, results, and the journal with its -wal hold none."""
    caplog.set_level(logging.DEBUG)
    sandbox = Sandbox()
    sandbox.app = quoting = Quoting(sandbox.app, seed=3, refuses=0.7)
    written: dict[str, bytes] = {}
    told: list[str] = []
    address = {"streetName": STREET, "city": CITY}
    rows = [
        {"account_number": f"A-{number}", "sip_password": SIP, "pin": PIN, "address": address}
        for number in range(1, ROWS + 1)
    ]

    def on_event(event: Event) -> None:
        told.append(repr(event))
        written.update(files_in(tmp_path, set()))  # while the journal is open, its newest part is beside it

    async with (
        serve(sandbox) as running,
        Session(
            Credentials("tester", PASSWORD),
            base_url=running.base_url,
            transport=transport_name,
            retry=AGAIN,
            limit=UNLIMITED,
            on_event=on_event,
        ) as session,
    ):
        job = session.bulk.workflow(
            LINES, map(Line.model_validate, rows), journal=tmp_path / "j.db", results=tmp_path / "out.jsonl"
        )
        report = await job.run()
        told += [repr(report), str(report), *map(repr, report.results)]
        for body in (rows[0], SipCredentialsWrite.model_validate({"sip_username": "u", "sip_password": SIP})):
            for _ in range(6):
                try:
                    told.append(repr(await session.call("POST", "/v2/no/such/operation", body=body)))
                except AlianzaError as error:
                    told += [str(error), repr(error), repr(error.__cause__), repr(vars(error))]
        told += [repr(session), repr(session.unsettled), repr(sandbox.options)]
    secrets = (*SECRETS, *quoting.tokens)
    written.update(files_in(tmp_path, set()))
    assert {"j.db", "j.db-wal", "out.jsonl"} <= written.keys()
    assert (quoting.quoted > ROWS, len(quoting.tokens) > 0) == (True, True)
    assert report.failed + report.unknown == ROWS
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert {line["sip_password"] for line in lines} == {MASK}
    errors = [result.error for result in report.results]
    assert [leak for error in errors for leak in leaks_in(error or AlianzaError(), secrets)] == []
    everything: dict[str, bytes | str] = {
        **written,
        "log": f"{caplog.text} {[vars(record) for record in caplog.records]}",
        "told": "\n".join(told),
    }
    assert [leak for name, content in everything.items() for leak in found(name, content, secrets)] == []
