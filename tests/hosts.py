"""Hosts that keep what they are sent, and a resource whose operations move files."""
# mypy: disable-error-code="empty-body"
# ruff: noqa: PIE790, TC001
# A declaration's `...` tells pyright that its answer comes from elsewhere; its types are read as it is used.

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from alianza_async.calls.call import OperationClass
from alianza_async.calls.files import Download, UploadSource
from alianza_async.endpoints import declare
from alianza_async.endpoints.endpoint import Resource
from alianza_async.session import Session
from tests.conftest import FAST_RETRY, UNLIMITED
from tests.raw_server import reset

if TYPE_CHECKING:
    import asyncio
    import ssl
    from typing import Unpack

    from alianza_async.transports.choice import TransportName
    from tests.session_options import SessionOptions

HANG_UP = b"hang up"
"""Instead of an answer: read half a body and reset the connection."""


class Host:
    """Answers each request with the next of its answers, and keeps head and body of it.

    Args:
        *answers: HTTP answers as bytes; the last one is given again and again.
        keep: Whether bodies are kept; else they are only counted.
    """

    def __init__(self, *answers: bytes, keep: bool = True) -> None:
        self._answers = list(answers)
        self._keep = keep
        self.heads: list[str] = []
        self.bodies: list[bytes] = []
        self.received = 0

    @property
    def lines(self) -> list[str]:
        """Verb and target of every request."""
        return [head.partition(" HTTP/")[0] for head in self.heads]

    def header(self, name: str, request: int = -1) -> str | None:
        """Return a header field of a request."""
        for line in self.heads[request].split("\r\n")[1:]:
            found, _, value = line.partition(":")
            if found.lower() == name.lower():
                return value.strip()
        return None

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection: one request."""
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        self.heads.append((await reader.readuntil(b"\r\n\r\n")).decode("latin-1"))
        length = int(self.header("content-length") or 0)
        wanted = length // 2 if answer is HANG_UP else length
        kept: list[bytes] = []
        while wanted and (piece := await reader.read(min(65536, wanted))):
            wanted -= len(piece)
            self.received += len(piece)
            if self._keep:
                kept.append(piece)
        self.bodies.append(b"".join(kept))
        if answer is HANG_UP:
            reset(writer)
            return
        writer.write(answer)
        await writer.drain()


def session_on(
    address: str,
    *,
    tls: ssl.SSLContext | None = None,
    transport: TransportName | None = None,
    max_connections: int = 120,
    **options: Unpack[SessionOptions],
) -> Session:
    """Return a session with a token on a host of `serving`."""
    given: SessionOptions = {
        "auth_token": "token-0",
        "partition_id": "part",
        "retry": FAST_RETRY,
        "limit": UNLIMITED,
        **options,
    }
    return Session(
        base_url=f"http{'s' if tls else ''}://{address}",
        ssl_context=tls,
        transport=transport,
        max_connections=max_connections,
        **given,
    )


class Files(Resource):
    """Operations that move files."""

    @declare.get("/v2/file/{file_id}", operation_id="getFile")
    async def get(self, file_id: str) -> Download:
        """Bring a file."""
        ...

    @declare.get("/v2/bulk-user-operation/collection/{collection_id}/json", operation_id="getRows")
    async def rows(self, collection_id: str) -> Download:
        """Bring a collection's rows."""
        ...

    @declare.get("/v2/thing", operation_id="getThing")
    async def thing(self) -> dict[str, object]:
        """Bring what is no file."""
        ...

    @declare.put("/v2/file/{file_id}", operation_id="putFile")
    async def put(
        self,
        file_id: str,
        file: UploadSource,
        *,
        letter: UploadSource | None = None,
        note: Annotated[str | None, declare.PartField("the-note")] = None,
        facts: Annotated[dict[str, object] | None, declare.PartField("facts")] = None,
    ) -> None:
        """Send a file."""
        ...

    @declare.post("/v2/file", operation_id="addFile", operation_class=OperationClass.ACTION)
    async def add(self, file: UploadSource) -> None:
        """Add a file."""
        ...
