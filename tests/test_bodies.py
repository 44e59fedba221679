from __future__ import annotations

import asyncio
import gc
import gzip
import os
import tracemalloc
from email import message_from_bytes
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from alianza_async.calls.files import Download, Part, Upload, new_spool
from alianza_async.endpoints.other_hosts import upload_call
from alianza_async.errors import (
    InvalidInputError,
    NotFoundError,
    ResponseTooLargeError,
    UnknownOutcomeError,
)
from tests.fakes import ScriptedTransport, scripted
from tests.hosts import HANG_UP, Files, Host, session_on
from tests.raw_server import http, read_request, serving

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from alianza_async.transports.choice import TransportName

MIB = 1024 * 1024
DONE = http(b"")


def download(content: bytes, **headers: str) -> Download:
    """Return a download that holds some bytes."""
    spool = new_spool()
    spool.write(content)
    return Download(spool, {name.replace("_", "-"): value for name, value in headers.items()})


def parts_of(host: Host, request: int = -1) -> dict[str, tuple[str | None, str, bytes]]:
    """Return the parts of a multipart request: name to file name, media type and content."""
    head = f"Content-Type: {host.header('content-type', request)}\r\n\r\n".encode()
    message = message_from_bytes(head + host.bodies[request])
    found: dict[str, tuple[str | None, str, bytes]] = {}
    for part in message.walk():
        if not part.is_multipart():
            content = part.get_payload(decode=True)
            assert isinstance(content, bytes)
            name = str(part.get_param("name", header="content-disposition"))
            found[name] = (part.get_filename(), part.get_content_type(), content)
    return found


# --- going up -----------------------------------------------------------------------------------------


def test_an_upload_knows_its_name_and_its_size(tmp_path: Path) -> None:
    """The name is the one given, else the path's own; bytes have none; neither path nor bytes are shown."""
    path = tmp_path / "rows.csv"
    path.write_bytes(b"a,b\n")
    assert (Upload(path).name, Upload(path, "other").name, Upload(b"xy").name) == (
        "rows.csv",
        "other",
        "file",
    )
    assert (Upload(path).size, Upload(b"xy").size) == (4, 2)
    assert "rows.csv" not in repr(Upload(path))
    assert "secret" not in repr(Part("note", "secret"))


@pytest.mark.parametrize("kind", ["missing", "folder", "pipe"])
async def test_a_file_that_cannot_be_read_is_refused_before_anything_is_sent(
    kind: str, tmp_path: Path
) -> None:
    """A missing file, a folder and a pipe are told by name: no request leaves, no pipe is waited for."""
    path = tmp_path / "input.csv"
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    transport = ScriptedTransport()
    async with scripted(transport) as session:
        with pytest.raises(InvalidInputError, match=r"input\.csv cannot be read .*; nothing was sent"):
            await Files(session).add(Upload(path))
    assert transport.sent == []
    with pytest.raises(InvalidInputError, match="nothing was sent"):
        upload_call("https://files.example/x", Upload(path))


async def test_a_file_that_disappears_is_refused_when_it_is_opened(
    transport_name: TransportName, tmp_path: Path
) -> None:
    """What was there when the call was made, and is gone when it leaves, is told the same."""
    path = tmp_path / "input.csv"
    path.write_bytes(b"a")
    call = upload_call("http://127.0.0.1:1/x", Upload(path))
    path.unlink()
    host = Host(DONE)
    async with serving(host) as address, session_on(address, transport=transport_name) as session:
        with pytest.raises(InvalidInputError, match="cannot be read"):
            await session.send(call)
    assert host.heads == []


async def test_parts_go_as_declared(transport_name: TransportName, tmp_path: Path) -> None:
    """Files go with name and media type, text as text, anything else as JSON, None not at all."""
    path = tmp_path / "rows.csv"
    path.write_bytes(b"a,b\n\x00\xff")
    host = Host(DONE)
    async with serving(host) as address, session_on(address, transport=transport_name) as session:
        files = Files(session)
        await files.put("1", Upload(path, media_type="text/csv"), note="näh", facts={"a": None})
        await files.put("1", Upload(b"", "empty"), letter=Upload(b"Dear"))
    assert parts_of(host, 0) == {
        "file": ("rows.csv", "text/csv", b"a,b\n\x00\xff"),
        "the-note": (None, "text/plain", "näh".encode()),
        "facts": (None, "text/plain", b'{"a":null}'),
    }
    assert parts_of(host, 1) == {
        "file": ("empty", "application/octet-stream", b""),
        "letter": ("file", "application/octet-stream", b"Dear"),
    }
    assert host.lines == ["PUT /v2/file/1"] * 2


async def test_a_file_name_cannot_leave_its_place(transport_name: TransportName) -> None:
    """Quotes and line ends in a file name are escaped: they begin no header field and no part."""
    host = Host(DONE)
    async with serving(host) as address, session_on(address, transport=transport_name) as session:
        await Files(session).put("1", Upload(b"x", 'a"; name="b"\r\nX-Evil: 1'))
    assert list(parts_of(host)) == ["file"]
    assert b"\r\nX-Evil" not in host.bodies[0]


@pytest.fixture
def traced() -> Generator[None]:
    """Count what Python allocates."""
    tracemalloc.start()
    yield
    tracemalloc.stop()


@pytest.mark.usefixtures("traced")
@pytest.mark.parametrize("whole", [False, True])
async def test_a_large_file_is_read_as_it_goes_out(
    transport_name: TransportName, whole: bool, tmp_path: Path
) -> None:
    """64 MB go up, as a part and as a whole body, in a few MB of memory."""
    path = tmp_path / "large.bin"
    with path.open("wb") as file:
        file.truncate(64 * MIB)
    host = Host(DONE, keep=False)
    async with serving(host) as address, session_on(address, transport=transport_name) as session:
        tracemalloc.reset_peak()
        before, _ = tracemalloc.get_traced_memory()
        if whole:
            await session.send(upload_call(f"http://{address}/place", Upload(path)))
        else:
            await Files(session).put("1", Upload(path))
        _, peak = tracemalloc.get_traced_memory()
    assert host.received == int(host.header("content-length") or 0) >= 64 * MIB
    assert host.header("transfer-encoding") is None
    assert peak - before < 8 * MIB


@pytest.mark.parametrize("whole", [False, True])
async def test_a_file_is_sent_again_from_its_start(
    transport_name: TransportName, whole: bool, tmp_path: Path
) -> None:
    """An upload that broke half-way goes out whole the second time."""
    path = tmp_path / "rows.csv"
    content = bytes(range(256)) * 4096
    path.write_bytes(content)
    host = Host(HANG_UP, DONE)
    async with serving(host) as address, session_on(address, transport=transport_name) as session:
        if whole:
            await session.send(upload_call(f"http://{address}/place", Upload(path)))
        else:
            await Files(session).put("1", Upload(path))
    assert len(host.bodies) == 2
    assert (host.bodies[1] if whole else parts_of(host)["file"][2]) == content


async def test_an_upload_that_acts_is_not_sent_twice(transport_name: TransportName, tmp_path: Path) -> None:
    """An action's file may have arrived: its loss is unknown, as that of any action."""
    path = tmp_path / "rows.csv"
    path.write_bytes(b"a" * MIB)
    host = Host(HANG_UP, DONE)
    async with serving(host) as address, session_on(address, transport=transport_name) as session:
        with pytest.raises(UnknownOutcomeError):
            await Files(session).add(Upload(path))
    assert host.lines == ["POST /v2/file"]


# --- coming down --------------------------------------------------------------------------------------


async def test_a_download_is_read_in_every_way(tmp_path: Path) -> None:
    """Bytes, text without its byte order mark, pieces, and a file: all of them from the start, any time."""
    content = b"\xef\xbb\xbfa;\xc3\xa4\n" * 100_000
    with download(content, content_type="Text/CSV; charset=utf-8") as file:
        assert (file.size, file.media_type, file.filename) == (len(content), "text/csv", None)
        assert file.read() == file.read() == content
        assert file.text()[:4] == "a;ä\n"
        pieces = [piece async for piece in file]
        assert b"".join(pieces) == content
        assert max(map(len, pieces)) <= 256 * 1024 < len(content)
        path = await file.save(tmp_path / "report.csv")
        assert path.read_bytes() == content
        assert path.stat().st_mode & 0o777 == 0o600
        assert repr(file) == f"<Download text/csv {len(content)} bytes>"
    with pytest.raises(ValueError, match="closed"):
        file.read()


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ('attachment; filename="report.csv"', "report.csv"),
        ("attachment; filename*=UTF-8''r%C3%A9sum%C3%A9.csv", "résumé.csv"),
        ('attachment; filename="../../etc/passwd"', "passwd"),
        ('attachment; filename="C:\\\\temp\\\\a.csv"', "a.csv"),
        ('attachment; filename=".."', None),
        ('attachment; filename="a/.."', None),
        ('attachment; filename="."', None),
        ('attachment; filename="/"', None),
        ("attachment; filename*=UTF-8''a%0Ab", None),
        ("attachment; filename*=UTF-8''a%00b", None),
        ('attachment; filename=""', None),
        ('attachment; filename=".bashrc"', "bashrc"),
        ('attachment; filename="../.ssh"', "ssh"),
        ('attachment; filename="-rf"', "rf"),
        ('attachment; filename="--"', None),
        ('attachment; filename="=cmd.csv"', "cmd.csv"),
        ('attachment; filename="~root"', "root"),
        ('attachment; filename=" .-. a b.csv. "', "a b.csv"),
        ('attachment; filename="C:a.csv"', "C_a.csv"),
        ('attachment; filename="a.csv:hidden"', "a.csv_hidden"),
        ('attachment; filename="CON"', "_CON"),
        ('attachment; filename="nul.csv"', "_nul.csv"),
        ('attachment; filename="console.csv"', "console.csv"),
        ("attachment; filename*=UTF-8''a%1B%5B2J", None),
        ("attachment; filename*=UTF-8''a%E2%80%AEvsc.exe", None),
        ("attachment", None),
        ("", None),
    ],
)
def test_a_file_name_is_one_name_or_none(disposition: str, name: str | None) -> None:
    """What the server calls the file is never a way to another folder, nor what no file can be called."""
    assert download(b"x", content_disposition=disposition).filename == name


@pytest.mark.parametrize(
    ("stem", "suffix"), [("a", ".csv"), ("\u00e9", ".csv"), ("a", ""), ("a", "." + "b" * 300)]
)
def test_a_long_name_fits_a_file_system(stem: str, suffix: str, tmp_path: Path) -> None:
    """A name is cut to what a file can be called, where it can with its suffix."""
    given = quote(stem * 1000 + suffix)
    name = download(b"x", content_disposition=f"attachment; filename*=UTF-8''{given}").filename
    assert name is not None
    assert (tmp_path / name).write_bytes(b"x") == 1
    assert name.startswith(stem * 90)
    assert name.endswith(suffix if len(suffix) < 10 else stem)


@pytest.mark.parametrize(("given", "name"), [(".bashrc", "bashrc"), ("-rf", "rf"), ("../../.ssh/x", "x")])
async def test_what_is_saved_under_the_servers_name_stays_in_its_folder(
    transport_name: TransportName, tmp_path: Path, given: str, name: str
) -> None:
    """A name that a server gave is a file of the folder it is saved in, that every listing shows."""
    host = Host(http(b"x", "Content-Type: text/csv", f'Content-Disposition: attachment; filename="{given}"'))
    async with serving(host) as address, session_on(address, transport=transport_name) as session:
        file = await Files(session).get("f1")
    assert file.filename == name
    await file.save(tmp_path / name)
    assert os.listdir(tmp_path) == [name]  # noqa: PTH208  (a list of names is what is asked for)


async def test_saving_is_all_or_nothing(tmp_path: Path) -> None:
    """Where the file cannot take its place, what was there stays, and nothing is left over."""
    (tmp_path / "taken").mkdir()
    file = download(b"new")
    (tmp_path / "link").symlink_to(tmp_path / "taken")
    for folder in (tmp_path / "taken", tmp_path / "link", f"{tmp_path}/taken/"):
        with pytest.raises(
            InvalidInputError, match=r"(taken|link)'? is a directory; give the path of a file"
        ):
            await file.save(folder)
    with pytest.raises(FileNotFoundError):
        await file.save(tmp_path / "nowhere" / "report.csv")
    assert sorted(os.listdir(tmp_path)) == ["link", "taken"]  # noqa: PTH208  (no temporary file is left over)
    old = tmp_path / "report.csv"
    old.write_bytes(b"old, and longer")
    old.chmod(0o644)
    await file.save(old)
    assert (old.read_bytes(), old.stat().st_mode & 0o777) == (b"new", 0o600)


async def test_readers_do_not_disturb_each_other(tmp_path: Path) -> None:
    """Saved twice and iterated at once, each gets the whole: they share a spool, not a position."""
    content = os.urandom(3 * MIB)
    file = download(content)

    async def iterated() -> bytes:
        return b"".join([piece async for piece in file])

    first, second, third = await asyncio.gather(
        file.save(tmp_path / "1"), file.save(tmp_path / "2"), iterated()
    )
    assert first.read_bytes() == second.read_bytes() == third == content


def test_a_forgotten_download_gives_its_disk_back() -> None:
    """One that nobody closes closes its file, without a warning, when it is collected."""
    spool = new_spool()
    spool.write(bytes(2 * MIB))
    file = Download(spool, {})
    assert file.size == 2 * MIB
    del file
    gc.collect()
    assert spool.closed


@pytest.mark.usefixtures("traced")
async def test_a_large_download_is_not_held_in_memory(transport_name: TransportName) -> None:
    """64 MB come down, to disk, in a few MB of memory."""

    async def pours(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(http(b"", length=64 * MIB))
        for _ in range(64):
            writer.write(bytes(MIB))
            await writer.drain()

    async with serving(pours) as address, session_on(address, transport=transport_name) as session:
        tracemalloc.reset_peak()
        before, _ = tracemalloc.get_traced_memory()
        with await Files(session).get("1") as file:
            _, peak = tracemalloc.get_traced_memory()
            assert file.size == 64 * MIB
    assert peak - before < 8 * MIB


async def test_a_file_is_asked_for_as_anything_and_the_rest_as_json(transport_name: TransportName) -> None:
    """A CSV or an audio file is no JSON, and a server may refuse to send it to who accepts JSON alone."""
    host = Host(
        http(b"a,b", "Content-Type: text/csv", 'Content-Disposition: x; filename="r.csv"'), http(b"{}")
    )
    async with serving(host) as address, session_on(address, transport=transport_name) as session:
        reply = await Files(session).get.raw("1")
        await Files(session).thing()
    assert (reply.value.text(), reply.value.media_type, reply.value.filename) == ("a,b", "text/csv", "r.csv")
    assert reply.body == b""
    assert [host.header("accept", 0), host.header("accept", 1)] == ["*/*", "application/json, */*;q=0.1"]


@pytest.mark.parametrize("packed", [False, True])
async def test_a_download_has_a_cap_of_its_own(transport_name: TransportName, packed: bool) -> None:
    """A file over `max_download_bytes`, once inflated, is refused by that name; one of that size is not."""
    content = bytes(100_000)
    answer = http(gzip.compress(content), "Content-Encoding: gzip") if packed else http(content)
    async with serving(Host(answer)) as address:
        async with session_on(address, max_download_bytes=100_000, transport=transport_name) as session:
            assert (await Files(session).get("1")).read() == content
        async with session_on(address, max_download_bytes=99_999, transport=transport_name) as session:
            with pytest.raises(ResponseTooLargeError, match="over 99999 bytes; raise max_download_bytes"):
                await Files(session).get("1")


async def test_a_cut_download_is_fetched_again_whole(transport_name: TransportName) -> None:
    """Half a file is never an answer: it is thrown away, and fetched from its start."""
    host = Host(http(b"half", length=8), http(b"the whole"))
    async with serving(host) as address, session_on(address, transport=transport_name) as session:
        reply = await Files(session).get.raw("1")
    assert (reply.value.read(), reply.attempts) == (b"the whole", 2)


async def test_a_refused_download_is_an_error_and_no_file(transport_name: TransportName) -> None:
    """What is answered instead of a file is read as any refusal."""
    host = Host(http(b'{"status": 404, "messages": ["no such report"]}', status="404 Not Found"))
    async with serving(host) as address, session_on(address, transport=transport_name) as session:
        with pytest.raises(NotFoundError, match="no such report"):
            await Files(session).get("1")
