"""Call every declared operation through the library, and let Prism judge what was sent and answer at random.

    python -m tools.contract [DESCRIPTION] [--only NAME ...] [--seed SEED]

Prism serves the corrected description, once with answers as plain as it makes them, once with random ones
(`Prefer: dynamic=true`). Each operation is called with the least that its declaration allows, then with
everything it has, once for each member of the widest union in it. The judge is the `sl-violations` header,
not the status: Prism finds nothing wrong with a request of ours, and our models refuse no answer. An answer
to a create is given the natural key that was sent: Prism cannot know it. What Prism cannot serve is changed
in what it is given, each change with its reason: `contract_prism.for_prism`. Prints a line for each operation
that fails, then the totals; skips, saying why, without npx or a description.
"""

from __future__ import annotations

import argparse
import asyncio
import collections
import json
import os
import signal
import sys
import tempfile
import time
import warnings
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import SecretStr

from alianza_async.endpoints.endpoint import BoundEndpoint
from alianza_async.errors import AlianzaError, ConnectionFailedError, ConnectionLostError
from alianza_async.policies.values import LimitPolicy, RetryPolicy
from alianza_async.resources.registry import operations as declared_operations
from alianza_async.session import Session
from alianza_async.settings import Settings
from alianza_async.transports.httpx import HttpxTransport, Transport
from tools.contract_arguments import Arguments, Given
from tools.contract_prism import PrismError, for_prism, missing, serving
from tools.description import Json, load_patched, operations

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alianza_async.calls.call import Call, Reply
    from alianza_async.resources.registry import Declared

DECLARED_WRONG = (NameError, RuntimeError, TypeError, ValueError)
"""What a declaration or a model raises that is wrong in itself; RuntimeError is pydantic's."""

_SETTINGS = Settings.model_construct(auth_token=SecretStr("contract"))
"""As if ALIANZA_AUTH_TOKEN alone were set: a real token has no business at Prism."""

MODES = {"static": None, "dynamic": "dynamic=true"}


class Witness:
    """A transport that asks for a kind of answer, and remembers what was answered.

    Args:
        inner: What carries the requests; it outlives the sessions.
    """

    def __init__(self, inner: Transport) -> None:
        self._inner = inner
        self.prefer: str | None = None
        self.replies: list[Reply[object]] = []

    @property
    def capacity(self) -> int:
        """How many requests may be under way at once."""
        return self._inner.capacity

    async def send(
        self,
        call: Call,
        headers: dict[str, str],
        timeout: float,  # noqa: ASYNC109 - as the protocol
    ) -> Reply[object]:
        """Send one request, with the preference, and remember its answer."""
        if self.prefer is not None:
            headers = {**headers, "Prefer": self.prefer}
        reply = _about_what_was_sent(call, await self._inner.send(call, headers, timeout))
        self.replies.append(reply)
        return reply

    async def aclose(self) -> None:
        """Leave the connections open, for the next session."""


@dataclass
class Findings:
    """What came of all calls.

    Attributes:
        calls: Calls made, by mode.
        called: Operations that were called, by id.
        failed: Problem of each operation and mode, the first of several.
        odd_answers: Answers that do not fit the description they were made from: Prism's own doing.
    """

    calls: collections.Counter[str] = field(default_factory=collections.Counter[str])
    called: set[str] = field(default_factory=set[str])
    failed: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])
    odd_answers: int = 0


def main() -> int:
    """Call everything; 0 if nothing failed, or if it was skipped."""
    parser = argparse.ArgumentParser(description="Call every operation against Prism.")
    parser.add_argument("description", nargs="?", help="default: ALIANZA_OPENAPI")
    parser.add_argument(
        "--only", nargs="+", metavar="NAME", help="operation ids, or names such as accounts.create"
    )
    parser.add_argument("--seed", default="1", help="what the random answers begin with (default: 1)")
    options = parser.parse_args()
    path = options.description or os.environ.get("ALIANZA_OPENAPI")
    reason = missing()
    if not path or reason:
        reason = reason or "no description is given; set ALIANZA_OPENAPI to its path"
        print(f"contract: skipped: {reason}", file=sys.stderr)
        return 0
    # A plain SIGTERM would leave Prism behind; an exit runs what ends it.
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    began = time.monotonic()
    description = for_prism(load_patched(Path(path)))
    chosen = [one for one in declared_operations() if not options.only or _is_named(one, options.only)]
    try:
        with (
            tempfile.TemporaryDirectory() as folder,
            serving(description, Path(folder), seed=options.seed) as base_url,
        ):
            findings = asyncio.run(_over_http(chosen, description, base_url))
    except (PrismError, ConnectionFailedError, ConnectionLostError) as error:
        print(f"contract: {error}", file=sys.stderr)
        return 1
    problems = report(findings, description, everything=not options.only)
    print(f"{time.monotonic() - began:.0f} s, Prism's start included")
    return 1 if problems else 0


def _is_named(one: Declared, names: Sequence[str]) -> bool:
    return one.python in names or one.operation.operation_id in names


async def _over_http(chosen: Sequence[Declared], description: Json, base_url: str) -> Findings:
    transport = HttpxTransport(base_url, max_connections=1)
    try:
        return await call_all(chosen, description, transport, base_url=base_url)
    finally:
        await transport.aclose()


async def call_all(
    chosen: Sequence[Declared], description: Json, inner: Transport, *, base_url: str = "http://127.0.0.1"
) -> Findings:
    """Make every call, one after the other, so that the same seed gives the same answers.

    Args:
        chosen: The operations to call.
        description: What is served.
        inner: What carries the requests to it.
        base_url: Where it is served.
    """
    findings = Findings()
    witness = Witness(inner)
    arguments = Arguments(description)
    for mode, witness.prefer in MODES.items():
        for one in chosen:
            try:
                ways = list(arguments.of(one))
            except DECLARED_WRONG as error:
                findings.failed[one.python, mode] = f"no arguments can be made: {error}"
                continue
            for given in ways:
                problem = await call_one(one, given, witness, base_url)
                findings.calls[mode] += 1
                findings.called.add(one.operation.operation_id)
                findings.odd_answers += any(_violations(reply, "response") for reply in witness.replies)
                if problem is not None:
                    findings.failed.setdefault((one.python, mode), f"{given.label}: {problem}")
    return findings


async def call_one(one: Declared, given: Given, witness: Witness, base_url: str) -> str | None:
    """Make one call in a session of its own (one of them is a logout); return what is wrong, or None.

    Raises:
        ConnectionFailedError: Prism is gone.
        ConnectionLostError: Prism went.
    """
    witness.replies.clear()
    session = Session(
        base_url=base_url,
        partition_id="partition",
        transport=witness,
        retry=RetryPolicy(attempts=1, settle_s=0),
        limit=LimitPolicy(rate=10_000),
        settings=_SETTINGS,
    )
    problem = None
    async with session:
        bound = BoundEndpoint(one.endpoint, session)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)
                await bound.send_with((), given.values)
        except (ConnectionFailedError, ConnectionLostError):
            raise
        except AlianzaError as error:
            problem = f"{type(error).__name__}: {error}"
        except DECLARED_WRONG as error:
            problem = f"could not be called: {type(error).__name__}: {error}"
    wrong = [text for reply in witness.replies[:1] for text in _violations(reply, "request")]
    if wrong:
        return "request: " + "; ".join(wrong)
    if problem is None and not witness.replies:
        return "nothing was sent"
    if problem is not None and witness.replies and witness.replies[0].status >= HTTPStatus.BAD_REQUEST:
        return f"{problem} ({witness.replies[0].body[:200].decode('utf-8', 'replace')})"
    return problem


def _about_what_was_sent(call: Call, reply: Reply[object]) -> Reply[object]:
    """Return the answer to a create with the natural key and the account that were sent.

    Prism makes them up, and an answer about another object than was sent counts as a lost one.
    """
    key = call.operation.key
    if key is None or call.key_value is None or reply.status >= HTTPStatus.MULTIPLE_CHOICES:
        return reply
    try:
        answer: object = json.loads(reply.body)
    except ValueError:
        return reply
    if not isinstance(answer, dict):
        return reply
    sent = {key.field: call.key_value}
    if "account_id" in call.path_values:
        sent["accountId"] = call.path_values["account_id"]
    return replace(reply, body=json.dumps(answer | sent).encode())


def _violations(reply: Reply[object], side: str) -> list[str]:
    """Return what Prism found wrong on one side, the request or its own answer."""
    found: list[Json] = json.loads(reply.headers.get("sl-violations", "[]"))
    return [
        f"{'.'.join(str(part) for part in item['location'][1:])}: {item['message']}"
        for item in found
        if item["location"][:1] == [side] and item["severity"] == "Error"
    ]


def report(findings: Findings, description: Json, *, everything: bool) -> int:
    """Print what failed and the totals; return how many problems there are."""
    for (name, mode), problem in sorted(findings.failed.items()):
        print(f"FAILED {name} ({mode}): {problem}")
    described = {operation["operationId"] for _verb, _path, operation in operations(description)}
    uncalled = sorted(described - findings.called) if everything else []
    for operation_id in uncalled:
        print(f"FAILED {operation_id}: it is described, and was not called")
    for mode in MODES:
        failed = sum(1 for _name, where in findings.failed if where == mode)
        print(f"{mode}: {findings.calls[mode]} calls, {failed} operations failed")
    print(
        f"{len(findings.called)} of {len(described)} operations called; "
        f"{findings.odd_answers} of Prism's answers do not fit the description they were made from"
    )
    return len(findings.failed) + len(uncalled)


if __name__ == "__main__":
    raise SystemExit(main())
