"""`alianza call`: any declared operation, by name."""

from __future__ import annotations

import asyncio
import json
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from alianza_async.bulk.output.place import refuse_place
from alianza_async.calls.call import OperationClass
from alianza_async.calls.files import Download, Upload
from alianza_async.calls.output_files import OutputFile
from alianza_async.cli.confirm import confirm_production
from alianza_async.cli.connect import make_session
from alianza_async.cli.exits import Exit
from alianza_async.endpoints.encoding import any_json
from alianza_async.endpoints.endpoint import BoundEndpoint
from alianza_async.errors import InvalidInputError
from alianza_async.resources.registry import find

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from alianza_async.cli.options import Where
    from alianza_async.cli.screen import Screen
    from alianza_async.resources.registry import Declared
    from alianza_async.session import Session

__all__ = ["CallOptions", "run_call"]


@dataclass(frozen=True, kw_only=True)
class CallOptions:
    """What is called, and with what.

    Attributes:
        name: Python name or operation id.
        path: Ids as `name=value`.
        query: Parameters as `name=value`; a name given twice is a list.
        body: JSON, or `@` and the name of a file.
        output: Where the answer goes instead of standard output.
        force: Whether a file that is there may be replaced.
        yes: Whether nothing has to be typed.
    """

    name: str
    path: Sequence[str] = ()
    query: Sequence[str] = ()
    body: str | None = None
    output: Path | None = None
    force: bool = False
    yes: bool = False


def run_call(told: CallOptions, where: Where, screen: Screen) -> int:
    """Make one call, print or save its answer, and return the exit code.

    Raises:
        InvalidInputError: There is no such operation, or what it was given cannot be sent.
        ResultFileError: The answer may not be written to its place; nothing was sent.
        ConfigurationError: A setting is missing or invalid, or a write to production was not confirmed.
        AlianzaError: The call did not end well.
    """
    declared = find(told.name)
    arguments = _arguments(declared, told)
    _refuse_output(told)
    if declared.operation.deprecated is not None:
        screen.say(f"warning: {declared.operation.deprecated}", "yellow")
    session = make_session(where)
    if not _only_reads(declared):
        confirm_production(session, f"calls {declared.python}", screen, yes=told.yes)
    return asyncio.run(_call(declared, arguments, told, session, screen))


def _only_reads(declared: Declared) -> bool:
    return declared.operation.operation_class is OperationClass.SAFE


async def _call(
    declared: Declared, arguments: Mapping[str, object], told: CallOptions, session: Session, screen: Screen
) -> int:
    async with session:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # it was shown above
            reply = await BoundEndpoint(declared.endpoint, session).send_with((), arguments)
        if isinstance(reply.value, Download):
            with reply.value as download:
                await _deliver(download, told.output, screen)
        elif reply.value is not None:
            _print(reply.value, told.output, screen, force=told.force)
        else:
            screen.say(f"{declared.python}: done")
    return Exit.NOT_DONE if _only_reads(declared) and screen.is_lost else Exit.DONE


async def _deliver(download: Download, output: Path | None, screen: Screen) -> None:
    if output is None:
        async for piece in download:
            screen.write_bytes(piece)
            if screen.is_lost:
                return
        return
    try:
        await download.save(output)
    except OSError as error:
        raise _unwritable(output, error) from None
    screen.say(f"{output}: {download.size:,} bytes")


def _print(value: object, output: Path | None, screen: Screen, *, force: bool) -> None:
    # The parsed answer, not its bytes: a login's token stays hidden.
    wire = json.loads(any_json.dump_json(value, by_alias=True, exclude_unset=True))
    text = json.dumps(wire, indent=None if screen.as_json else 2) + "\n"
    if output is None:
        screen.write(text)
        return
    try:
        with OutputFile(output, over=force) as file:
            file.handle.write(text.encode("utf-8"))
    except OSError as error:
        raise _unwritable(output, error) from None
    screen.say(f"{output}: {len(text):,} bytes")


def _refuse_output(told: CallOptions) -> None:
    """Refuse a place that the answer may not go to, before anything is sent.

    Raises:
        ResultFileError: It may not.
    """
    if told.output is not None:
        inputs = [told.body[1:]] if told.body is not None and told.body.startswith("@") else []
        refuse_place(told.output, what="answer", force=told.force, inputs=inputs)


def _unwritable(path: Path, error: OSError) -> InvalidInputError:
    return InvalidInputError(f"cannot write {path} ({error.strerror}); give another --output")


def _arguments(declared: Declared, told: CallOptions) -> dict[str, object]:
    """Return the arguments of the declaration, by our names.

    Raises:
        InvalidInputError: One is missing, unknown, or cannot be read.
    """
    endpoint, binder = declared.endpoint, declared.endpoint.binder
    ids = {name: endpoint.wire_name(name) for name in endpoint.path_names}
    values: dict[str, object] = dict(_named(told.path, ids, f"{declared.python}: --path"))
    texts: dict[str, list[str]] = {}
    for name, text in _named(told.query, {**binder.query, **binder.headers}, f"{declared.python}: --query"):
        texts.setdefault(name, []).append(text)
    values |= {name: given if len(given) > 1 else given[0] for name, given in texts.items()}
    if told.body is not None:
        name, body = _body(declared, told.body)
        values[name] = body
    for name in sorted(binder.required - values.keys()):
        option = "--path" if name in ids else "--query" if name in binder.query else "--body"
        example = "" if option == "--body" else f" {name}=..."
        raise InvalidInputError(f"{declared.python} needs {option}{example}")
    return values


def _named(pairs: Sequence[str], known: Mapping[str, str], what: str) -> list[tuple[str, str]]:
    """Take `name=value` apart; a name is ours, or the one on the wire."""
    ours = {wire: name for name, wire in known.items()} | {name: name for name in known}
    out: list[tuple[str, str]] = []
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or name not in ours:
            names = ", ".join(known) or "nothing"
            raise InvalidInputError(f"{what} takes {names}, each as name=value, and was given {name!r}")
        out.append((ours[name], value))
    return out


def _body(declared: Declared, text: str) -> tuple[str, object]:
    """Return the argument that takes the body, and the body: JSON, or the file of an upload."""
    binder = declared.endpoint.binder
    if binder.body is None:
        if len(binder.parts) != 1:
            raise InvalidInputError(f"{declared.python} takes no --body")
        if not text.startswith("@"):
            raise InvalidInputError(f"{declared.python} uploads a file: give --body @FILE")
        return next(iter(binder.parts)), Upload(Path(text[1:]))
    if text.startswith("@"):
        try:
            text = Path(text[1:]).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            told = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
            raise InvalidInputError(f"cannot read the file of --body ({told}); check its name") from None
    try:
        return binder.body, json.loads(text)
    except ValueError:
        raise InvalidInputError("--body is no JSON; give JSON, or @ and the name of a file of it") from None
