"""Rows, sandboxes and workflows that the tests of workflows share."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar, cast

from alianza_async.bulk.engine.kind import Kind
from alianza_async.bulk.kinds.subscribers import SUBSCRIBERS
from alianza_async.sandbox import Sandbox, SandboxOptions
from tests.bulk.engine import session_on
from tests.bulk.workflow.driver import run
from tests.virtual_time import now, run_virtual

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from starlette.types import ASGIApp, Receive, Scope, Send

    from alianza_async.bulk.engine.context import OnExists
    from alianza_async.bulk.engine.kind import AnyKind
    from alianza_async.bulk.engine.workflow import Workflow
    from alianza_async.bulk.report import ItemResult
    from alianza_async.endpoints.models import WriteModel
    from alianza_async.session import Session
    from tests.bulk.workflow.driver import KillableStore

T = TypeVar("T")

NUMBERS = [f"1801555{index:04}" for index in range(200)]
STREET = "12 Main St"
ODD_STREET = "12 Main Str."


def subscriber(number: int = 1, /, **changes: object) -> dict[str, object]:
    """Return a subscriber's row; None takes a field out."""
    row: dict[str, object] = {
        "account_number": f"SUB-{number:04}",
        "account_name": "Ardent Bakery",
        "account_type": "SIMPLE",
        "time_zone": "America/Chicago",
        "billing_cycle_day": 5,
        "username": f"user.{number}",
        "first_name": "Anna",
        "last_name": "Baker",
        "telephone_number": NUMBERS[number],
        "e911_address": STREET,
        "e911_city": "Springfield",
        "e911_state": "IL",
        "postal_code": "62701",
        "mac_address": f"4AE1BC53{number:04X}",
    }
    return {name: value for name, value in (row | changes).items() if value is not None}


def in_area(number: int = 1, /, **changes: object) -> dict[str, object]:
    """Return a subscriber's row that asks for the first free number in 801."""
    return subscriber(number, telephone_number=None, area_code="801", **changes)


class Detached:
    """An ASGI app that carries a request out although its caller has left, as a server behind a socket does.

    Args:
        app: The app.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        await asyncio.shield(asyncio.ensure_future(self._answer(scope, receive, send)))

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)


class Clock:
    """The time of a sandbox: the event loop's, and it goes on where another loop takes over."""

    def __init__(self) -> None:
        self._before = 0.0

    def __call__(self) -> float:
        """Return the time in seconds; between two loops it stands still."""
        try:
            return self._before + now()
        except RuntimeError:
            return self._before

    def end(self) -> None:
        """Note that the loop ends."""
        self._before = self() + 0.001


def a_sandbox(numbers: Sequence[str] = NUMBERS, **options: object) -> Sandbox:
    """Return a sandbox with an inventory, whose time is the event loop's."""
    sandbox = Sandbox(SandboxOptions().with_changes(options))
    sandbox.seed_inventory(numbers)
    sandbox.store.agenda.clock = Clock()
    sandbox.app = Detached(sandbox.app)
    return sandbox


def requests(sandbox: Sandbox) -> dict[str, int]:
    """Return how often each operation was called, the login aside."""
    return {name: count for name, count in sandbox.truth().requests.items() if name != "logUserIn"}


def kind_on(
    session: Session,
    workflow: object = SUBSCRIBERS,
    choices: Mapping[str, str] | None = None,
    *,
    on_exists: OnExists = "skip",
    ensure: bool = False,
) -> AnyKind:
    """Return a workflow on a session."""
    return Kind(session, cast("Workflow[WriteModel]", workflow), choices, on_exists=on_exists, ensure=ensure)


def carried_out(
    sandbox: Sandbox,
    rows: Sequence[Mapping[str, object]],
    store: KillableStore | None = None,
    *,
    workflow: object = SUBSCRIBERS,
    choices: Mapping[str, str] | None = None,
    workers: int = 8,
    attempt_timeout: float = 30.0,
    on_exists: OnExists = "skip",
    ensure: bool = False,
    **changes: object,
) -> list[ItemResult]:
    """Run rows in virtual time, and return the result of each."""

    async def carry_out(session: Session) -> list[ItemResult]:
        kind = kind_on(session, workflow, choices, on_exists=on_exists, ensure=ensure)
        return await run(kind, rows, store, workers=workers, **changes)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]

    return at(sandbox, carry_out, attempt_timeout=attempt_timeout)


def at(sandbox: Sandbox, do: Callable[[Session], Awaitable[T]], *, attempt_timeout: float = 30.0) -> T:
    """Do something with a session on a sandbox, in virtual time."""

    async def main() -> T:
        async with session_on(sandbox, attempt_timeout=attempt_timeout) as session:
            try:
                return await do(session)
            finally:
                clock = sandbox.store.agenda.clock
                if isinstance(clock, Clock):
                    clock.end()

    return run_virtual(main())


def statuses(results: Sequence[ItemResult]) -> list[str]:
    """Return the status of each row."""
    return [result.status for result in results]
