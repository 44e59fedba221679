"""What is uploaded: paths, bytes and open files, each for what it is, and the same bytes each time."""

from __future__ import annotations

import gc
import io
import os
import pathlib
import tempfile
import threading
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

import pytest

from alianza_async.calls.files import Upload
from alianza_async.errors import InvalidInputError
from alianza_async.models.media import Media
from alianza_async.resources.server_jobs import tracker
from tests.fakes import ScriptedTransport, answer, scripted
from tests.hosts import HANG_UP, Files, Host, session_on
from tests.raw_server import http, serving
from tests.test_bodies import parts_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from alianza_async.calls.files import UploadSource
    from alianza_async.transports.choice import TransportName

DONE = http(b"{}")
CONTENT = bytes(range(256)) * 8192
"""2 MiB: more than is kept in memory."""


class Named:
    """A path of another library's, whose text is bytes."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __fspath__(self) -> bytes:
        return os.fsencode(self._path)


def _opened(path: Path) -> IO[bytes]:
    file = path.open("rb")
    file.seek(3)
    return file


SOURCES: dict[str, tuple[Callable[[Path], object], bytes, str]] = {
    "path": (lambda path: path, CONTENT, "prompt.wav"),
    "path as bytes": (Named, CONTENT, "prompt.wav"),
    "bytes": (lambda _path: CONTENT, CONTENT, "file"),
    "bytearray": (lambda _path: bytearray(CONTENT), CONTENT, "file"),
    "memoryview": (lambda _path: memoryview(CONTENT)[3:], CONTENT[3:], "file"),
    "open file": (_opened, CONTENT[3:], "prompt.wav"),
    "in memory": (lambda _path: io.BytesIO(CONTENT), CONTENT, "file"),
    "Upload": (lambda path: Upload(path, "other.wav"), CONTENT, "other.wav"),
    "Upload of a name": (lambda path: Upload(str(path)), CONTENT, "prompt.wav"),
    "Upload of an open file": (lambda path: Upload(_opened(path), "o.wav"), CONTENT[3:], "o.wav"),
}


@pytest.mark.parametrize("kind", SOURCES)
async def test_a_source_is_taken_for_what_it_is(
    transport_name: TransportName, kind: str, tmp_path: Path
) -> None:
    """A path is read from disk, bytes are sent, an open file from where it stands: twice the same."""
    path = tmp_path / "prompt.wav"
    path.write_bytes(CONTENT)
    make, content, name = SOURCES[kind]
    source = make(path)
    host = Host(HANG_UP, DONE)
    async with serving(host) as address, session_on(address, transport=transport_name) as session:
        await Files(session).put("1", cast("UploadSource", source))
    assert len(host.bodies) == 2
    assert parts_of(host)["file"] == (name, "application/octet-stream", content)
    opened = source.source if isinstance(source, Upload) else source
    if isinstance(opened, io.IOBase):
        assert not opened.closed, "it is its owner's to close"
        opened.close()


async def test_a_pipe_is_read_once(transport_name: TransportName) -> None:
    """What cannot be read twice is kept: an upload that broke half-way goes out whole the second time."""
    reading, writing = os.pipe()

    def write() -> None:
        with os.fdopen(writing, "wb") as sink:
            sink.write(CONTENT)

    writer = threading.Thread(target=write)
    writer.start()
    host = Host(HANG_UP, DONE)
    with os.fdopen(reading, "rb") as pipe:
        async with serving(host) as address, session_on(address, transport=transport_name) as session:
            await Files(session).put("1", pipe)
    writer.join(5)
    assert parts_of(host)["file"][2] == CONTENT


async def test_a_resource_takes_a_path(tmp_path: Path) -> None:
    """`media.upload(id, Path("prompt.wav"))` uploads the file, and not its name."""
    path = tmp_path / "prompt.wav"
    path.write_bytes(b"RIFF")
    transport = ScriptedTransport(answer(200, {"id": "m1"}))
    async with scripted(transport) as session:
        uploaded = await session.media.upload("a1", path)
    assert isinstance(uploaded, Media)
    assert uploaded.id == "m1"


class Asynchronous:
    """A file as a web framework hands it out."""

    async def read(self, _size: int = -1) -> bytes:
        """Answer later."""
        return b"x"


class Texts:
    """Reads text, and is no class of the standard library."""

    def read(self, _size: int = -1) -> str:
        """Answer text."""
        return "text"


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("prompt.wav", r" is text.*; give pathlib\.Path"),
        (io.StringIO("x"), 'reads text, not bytes; open the file to upload with "rb"'),
        (Texts(), "reads text, not bytes"),
        (Asynchronous(), "reads asynchronously; give the file that it wraps"),
        (5, "an int is nothing to upload"),
        (["a"], "a list is nothing to upload"),
        (object(), "an object is nothing to upload"),
    ],
)
async def test_anything_else_is_refused(source: object, said: str) -> None:
    """Text may be a name or the content, and is neither by itself; nothing is sent of what is no file."""
    transport = ScriptedTransport()
    async with scripted(transport) as session:
        given = cast("UploadSource", source)
        for upload in (
            lambda: session.media.upload("a1", given),
            lambda: Files(session).put("1", b"x", letter=given),
            lambda: session.jobs.upload(given),
        ):
            with pytest.raises(InvalidInputError, match=said):
                await upload()
    assert transport.sent == []


@pytest.mark.parametrize("mode", ["text", "closed", "write-only", "at its end"])
async def test_a_file_that_cannot_be_read_on_is_refused(mode: str, tmp_path: Path) -> None:
    """A file opened for text or for writing, a closed one, and one read to its end send nothing."""
    path = tmp_path / "prompt.wav"
    path.write_bytes(b"RIFF")
    opened = cast("IO[bytes]", path.open({"text": "r", "write-only": "ab"}.get(mode, "rb")))
    if mode == "closed":
        opened.close()
    elif mode == "at its end":
        opened.read()
    said = {"text": "reads text", "closed": "it is closed", "at its end": r"seek\(0\)"}
    transport = ScriptedTransport()
    async with scripted(transport) as session:
        with pytest.raises(InvalidInputError, match=said.get(mode, "cannot be read")):
            await session.media.upload("a1", opened)
    opened.close()
    assert transport.sent == []


async def test_an_empty_file_is_a_file(tmp_path: Path) -> None:
    """No bytes at all are sent as that, whether they stand on disk, in memory or in an open file."""
    path = tmp_path / "empty"
    path.touch()
    host = Host(DONE)
    async with serving(host) as address, session_on(address) as session:
        await Files(session).put("1", path)
        await Files(session).put("1", b"")
        with path.open("rb") as opened:
            await Files(session).put("1", opened)
    assert [parts_of(host, request)["file"][2] for request in range(3)] == [b""] * 3


@pytest.mark.parametrize("name", ["a\0b", "missing", "."])
async def test_a_path_that_is_no_file_is_refused(name: str, tmp_path: Path) -> None:
    """What cannot be a file's name, a missing file and a folder are told before anything is sent."""
    transport = ScriptedTransport()
    async with scripted(transport) as session:
        with pytest.raises(InvalidInputError, match=r"cannot be read .*; nothing was sent") as caught:
            await session.media.upload("a1", tmp_path / name)
        with pytest.raises(InvalidInputError, match="cannot be read"):
            await session.jobs.upload(tmp_path / name)
    assert transport.sent == []
    assert str(caught.value).isprintable()


async def test_a_file_that_was_changed_is_not_sent_again_as_another(
    transport_name: TransportName, tmp_path: Path
) -> None:
    """What goes out a second time is what went out the first time, or nothing."""
    path = tmp_path / "prompt.wav"
    path.write_bytes(CONTENT)

    class Changing(Host):
        async def __call__(self, *streams: object) -> None:
            """Change the file when its first half has come."""
            await super().__call__(*streams)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
            path.write_bytes(b"another")

    host = Changing(HANG_UP, DONE)
    async with serving(host) as address, session_on(address, transport=transport_name) as session:
        with pytest.raises(InvalidInputError, match="was changed before it was sent"):
            await Files(session).put("1", path)
    assert len(host.bodies) == 1


async def test_the_event_loop_does_not_wait_for_the_disk(
    transport_name: TransportName, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file is looked at, opened and read in other threads."""
    path = tmp_path / "prompt.wav"
    path.write_bytes(CONTENT)
    threads: set[int] = set()

    class Watched(io.FileIO):
        def read(self, size: int | None = -1) -> bytes:
            """Note who reads."""
            threads.add(threading.get_ident())
            return super().read(-1 if size is None else size) or b""

    plainly = pathlib.Path.open

    def opens(opened: Path, *args: object, **options: object) -> object:
        if opened != path:
            return plainly(opened, *args, **options)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportArgumentType]
        threads.add(threading.get_ident())
        return Watched(opened)

    monkeypatch.setattr(pathlib.Path, "open", opens)
    host = Host(DONE)
    async with serving(host) as address, session_on(address, transport=transport_name) as session:
        await Files(session).put("1", path)
        with Watched(path) as opened:
            await Files(session).put("1", cast("IO[bytes]", opened))
    assert parts_of(host, 0)["file"][2] == parts_of(host, 1)["file"][2] == CONTENT
    assert threads
    assert threading.get_ident() not in threads


async def test_a_jobs_input_is_taken_the_same(transport_name: TransportName, tmp_path: Path) -> None:
    """A whole body is read from an open file, and sent again, as a part is."""
    path = tmp_path / "rows.csv"
    path.write_bytes(CONTENT)
    files = Host(HANG_UP, DONE)
    async with serving(files) as there:
        place = http(f'{{"url":"http://{there}/up","key":"k1"}}'.encode())
        async with (
            serving(Host(place)) as address,
            session_on(address, transport=transport_name) as session,
        ):
            with path.open("rb") as opened:
                assert await tracker.upload(session.jobs.request_upload, opened) == "k1"
    assert files.bodies[1] == CONTENT


@pytest.mark.parametrize("name", [b"caf\xe9.wav", "näh.wav".encode()])
async def test_a_file_may_have_any_name(transport_name: TransportName, name: bytes, tmp_path: Path) -> None:
    """A name on disk that is no Unicode is sent with a question mark in its place; nothing breaks."""
    path = tmp_path / os.fsdecode(name)
    path.write_bytes(b"RIFF")
    host = Host(DONE)
    async with serving(host) as address, session_on(address, transport=transport_name) as session:
        await Files(session).put("1", path)
    assert parts_of(host)["file"][2] == b"RIFF"
    assert b'filename="' in host.bodies[0]


def test_what_is_kept_is_given_back() -> None:
    """A file that was kept on disk leaves nothing open when its upload is forgotten; its size is told."""
    with tempfile.TemporaryFile() as opened:
        opened.write(CONTENT)
        opened.seek(1)
        upload = Upload(opened)
        assert (upload.size, opened.tell()) == (len(CONTENT) - 1, 1)
        ready = upload.ready()
    assert (ready.size, ready.name, ready.ready() is ready) == (len(CONTENT) - 1, "file", True)
    for _ in range(2):
        reader = ready.open()
        assert not isinstance(reader, bytes)
        with reader:
            assert reader.read() == CONTENT[1:]
        del reader
    with pytest.raises(InvalidInputError, match="it is closed"):
        _ = upload.size
    del ready
    gc.collect()  # an unclosed file would be told of here
