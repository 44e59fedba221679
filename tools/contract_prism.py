"""Prism: a server made of nothing but the description, here with what it needs to serve ours at all.

It is fetched by npx at a pinned version, runs on a free port of this machine, and ends with the block.
"""

from __future__ import annotations

import collections
import copy
import json
import os
import shutil
import signal
import socket
import subprocess
import threading
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, cast

from tools.description import REF, Json, operations
from tools.model_names import fields_of

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

VERSION = "5.14.2"
_READY = "Prism is listening"
_START_SECONDS = 180.0
"""npx downloads 90 MB at the first use; later it starts within 4 seconds."""
_END_SECONDS = 10.0
_NO_BOUND = 2**31 - 1


class PrismError(Exception):
    """Prism did not start, or ended before it was asked to."""


def missing() -> str | None:
    """Return why Prism cannot be run here; None where it can."""
    return None if shutil.which("npx") else "there is no npx on this machine; install Node.js 18 or newer"


def for_prism(description: Json) -> Json:
    """Return a copy of a description that Prism can serve, and that says the same of what is sent and read.

    * A union and its members name each other (`anyOf` there, `allOf` here): Prism's generator follows that
      circle until its stack is full. Each member gets all its fields, and its tag as the only value.
    * An answer that is no JSON is described as a list of bytes, an object or a truth value; Prism can write
      out text alone. A file is bytes to us whatever they are; a truth value becomes one of two texts.
    * A list of 2,147,483,647 items at the most has no bound that anyone meant; Prism makes as many as fit.
    """
    out = copy.deepcopy(description)
    schemas: Json = out["components"]["schemas"]
    for base in [name for name, schema in schemas.items() if "discriminator" in schema]:
        _unfold(schemas, base)
    _bound(schemas)
    for _verb, _path, operation in operations(out):
        for response in operation["responses"].values():
            for media_type, content in response.get("content", {}).items():
                if "json" not in media_type:
                    content["schema"] = _as_text(content.get("schema", {}))
                    content.pop("example", None)
                    content.pop("examples", None)
    return out


def _unfold(schemas: Json, base: str) -> None:
    """Give each member of a union the union's own fields, and take them, and the circle, from the union."""
    discriminator: Json = schemas[base].pop("discriminator")
    for keyword in ("anyOf", "oneOf"):
        schemas[base].pop(keyword, None)
    marker: str = discriminator["propertyName"]
    tags: dict[str, list[str]] = collections.defaultdict(list)
    for tag, ref in discriminator["mapping"].items():
        tags[ref.removeprefix(REF)].append(tag)
    flat: Json = {}
    for member, values in tags.items():
        properties, required = fields_of(schemas, member)
        flat[member] = {
            "type": "object",
            "properties": {**properties, marker: {"type": "string", "enum": values}},
            "required": sorted({*required, marker}),
        }
    schemas.update(flat)
    schemas[base] = {"anyOf": [{"$ref": REF + member} for member in tags]}


def _as_text(schema: Json) -> Json:
    return (
        {"type": "string", "enum": ["true", "false"]}
        if schema.get("type") == "boolean"
        else {"type": "string"}
    )


def _bound(node: object) -> None:
    """Take bounds of lists that bound nothing from a piece of the description, wherever in it."""
    if isinstance(node, dict):
        piece = cast("Json", node)
        if piece.get("maxItems") == _NO_BOUND:
            del piece["maxItems"]
        for value in piece.values():
            _bound(value)
    elif isinstance(node, list):
        for value in cast("list[object]", node):
            _bound(value)


@contextmanager
def serving(description: Json, folder: Path, *, seed: str) -> Generator[str]:
    """Serve a description while the block runs.

    Args:
        description: What is served.
        folder: Where it is written for Prism to read.
        seed: What Prism's random answers begin with.

    Yields:
        The base URL.

    Raises:
        PrismError: Prism did not start.
    """
    file = folder / "description.json"
    file.write_text(json.dumps(description), encoding="utf-8")
    port = _free_port()
    command = ["npx", "--yes", f"@stoplight/prism-cli@{VERSION}", "mock", "--host", "127.0.0.1"]
    command += ["--port", str(port), "--seed", seed, str(file)]
    # A group of its own: npx starts a shell, and that Prism; the group is all of them and nobody else.
    process = subprocess.Popen(  # noqa: S603 - our own arguments
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        start_new_session=True,
    )
    assert process.stdout is not None  # noqa: S101 - it was asked for
    ready = threading.Event()
    last: collections.deque[str] = collections.deque(maxlen=8)
    reader = threading.Thread(target=_drain, args=(process.stdout, ready, last), daemon=True)
    reader.start()
    try:
        # Set as well where the output ends, so a Prism that fails does not cost the whole wait.
        if not ready.wait(_START_SECONDS) or not any(_READY in line for line in last):
            raise PrismError("Prism did not start: " + (" / ".join(last) or "it said nothing"))
        yield f"http://127.0.0.1:{port}"
    finally:
        _end(process)
        reader.join(_END_SECONDS)
        process.stdout.close()


def _drain(output: IO[str], ready: threading.Event, last: collections.deque[str]) -> None:
    """Read what Prism says, so that it never waits for a reader; each request makes several lines."""
    for line in output:
        if not ready.is_set():
            last.append(line.strip())
            if _READY in line:
                ready.set()
    ready.set()


def _end(process: subprocess.Popen[str]) -> None:
    for told in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, told)
        except ProcessLookupError:
            break
        try:
            process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            continue
        break
    process.wait(_END_SECONDS)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
