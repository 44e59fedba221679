"""A write whose outcome is not known can be looked up in another process."""

from __future__ import annotations

import asyncio
import pickle
from typing import TYPE_CHECKING, get_args

import pytest

from alianza_async.calls.call import Call, OperationClass
from alianza_async.calls.files import Part, Upload
from alianza_async.client.in_flight import Unsettled, UnsettledCall
from alianza_async.models.users import UserCreate
from alianza_async.resources.registry import operations
from tests.fakes import ScriptedTransport, answer, scripted

if TYPE_CHECKING:
    from alianza_async.calls.call import Reply
    from alianza_async.resources.registry import Declared

CREATES = [each for each in operations() if each.operation.operation_class is OperationClass.CREATE]
MAYBE_NONE = [each for each in operations() if type(None) in get_args(each.endpoint.answer)]


def twin(write: UnsettledCall) -> UnsettledCall:
    """Return what another process has of it."""
    found = pickle.loads(pickle.dumps(write))  # noqa: S301  (our own)
    assert isinstance(found, UnsettledCall)
    return found


@pytest.mark.parametrize("declared", [*CREATES, *MAYBE_NONE], ids=lambda each: each.python)
def test_every_write_can_be_pickled(declared: Declared) -> None:
    """Whatever it answers; what is bound, and what tells of attempts in this process, is no hindrance."""

    async def before(_call: Call) -> None:
        raise AssertionError("not of a look-up")

    call = Call(
        declared.operation,
        "/v2/x",
        {"id": "1"},
        body=b"{}",
        key_value="A1",
        parse=declared.endpoint.parse,
        before_attempt=before,
    )
    write = Unsettled().add(call)
    assert twin(write) == write


def test_a_write_that_sent_an_open_file_can_be_pickled(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A look-up sends no file."""
    path = tmp_path_factory.mktemp("files") / "a.wav"
    path.write_bytes(b"RIFF")
    with path.open("rb") as opened:
        upload = Upload(opened)
        call = Call(CREATES[0].operation, "/v2/x", {}, upload=upload, parts=(Part("file", upload),))
        write = Unsettled().add(call)
        assert twin(write) == write


async def test_another_process_looks_it_up() -> None:
    """What was cut off here is found there, by its key, as the operation answers it."""
    came = asyncio.Event()

    async def silent(_call: Call) -> Reply[object]:
        came.set()
        await asyncio.Event().wait()
        raise AssertionError("never answered")

    user = UserCreate(username="ann", time_zone="US/Eastern")
    async with scripted(ScriptedTransport(silent)) as session:
        creating = asyncio.create_task(session.users.create("acc", user))
        await came.wait()
        creating.cancel()
        await asyncio.gather(creating, return_exceptions=True)
        (write,) = session.unsettled
    there = {"id": "u-1", "username": "ann", "accountId": "acc"}
    async with scripted(ScriptedTransport(answer(200, there))) as another:
        found = await twin(write).resolve(another)
    assert (write.operation_id, write.key) == ("createEndUser", "ann")
    assert found is not None
    assert found.object_id == "u-1"
