"""`alianza whoami` and `alianza health`."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final

from rich.table import Table

from alianza_async.cli.connect import make_session, place
from alianza_async.cli.exits import Exit, code_of
from alianza_async.cli.screen import plain
from alianza_async.errors import AuthenticationError, CallError
from alianza_async.policies.values import RetryPolicy

if TYPE_CHECKING:
    from alianza_async.cli.options import Where
    from alianza_async.cli.screen import Screen
    from alianza_async.models.authorize import LoginInfo
    from alianza_async.session import Session

__all__ = ["run_health", "run_whoami"]

# Somebody waits before a terminal, or a monitor does: tell soon.
_QUICK: Final = RetryPolicy(attempts=2, attempt_timeout=10, total_timeout=20)


def run_whoami(where: Where, screen: Screen) -> int:
    """Log in, tell who that is, and return the exit code.

    Raises:
        AlianzaError: The login was refused or could not be made.
    """
    return asyncio.run(_whoami(make_session(where, retry=_QUICK), screen))


async def _whoami(session: Session, screen: Screen) -> int:
    async with session:
        info = await session.authorize.user_info()
        partition = session.known_partition or info.partition_id
        must_change = session.must_change_password or bool(info.must_change_password)
        if screen.as_json:
            screen.json(_facts(session, info, partition, must_change=must_change))
        else:
            screen.show(_table(session, info, partition))
        if must_change:
            screen.say("warning: the password of this login must be changed", "yellow")
    return Exit.DONE


def _facts(
    session: Session, info: LoginInfo, partition: str | None, *, must_change: bool
) -> dict[str, object]:
    return {
        "username": info.username,
        "user_type": info.user_type,
        "partition_id": partition,
        "partition_name": info.partition_name,
        "environment": None if session.environment is None else str(session.environment),
        "base_url": session.base_url,
        "permissions": len(info.permissions or {}),
        "must_change_password": must_change,
    }


def _table(session: Session, info: LoginInfo, partition: str | None) -> Table:
    kind = f" ({info.user_type})" if info.user_type else ""
    # The login names its own partition, not the one that was given.
    is_own = info.partition_name and partition == info.partition_id
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row("user", plain(f"{info.username or 'not known'}{kind}"))
    table.add_row("partition", plain(f"{partition or 'none'}{f' ({info.partition_name})' if is_own else ''}"))
    table.add_row("environment", str(session.environment or "none of the provider's"))
    table.add_row("base URL", session.base_url)
    table.add_row("permissions", f"{len(info.permissions or {}):,}")
    return table


def run_health(where: Where, screen: Screen) -> int:
    """Log in, make one round trip, tell how long it took, and return the exit code.

    Raises:
        ConfigurationError: A setting is missing or invalid.
    """
    return asyncio.run(_health(make_session(where, retry=_QUICK), screen))


async def _health(session: Session, screen: Screen) -> int:
    code: int = Exit.DONE
    error: CallError | None = None
    latency_ms: float | None = None
    async with session:
        try:
            latency_ms = round(await _round_trip(session), 1)
        except CallError as failure:
            error = failure
            # A refused token is a refused login too: there is nothing else to log in with.
            code = Exit.LOGIN_REFUSED if isinstance(error, AuthenticationError) else code_of(error)
            screen.error(error)
        if screen.as_json:
            screen.json(
                {
                    "ok": error is None,
                    "environment": None if session.environment is None else str(session.environment),
                    "base_url": session.base_url,
                    "latency_ms": latency_ms,
                    "error": None if error is None else str(error),
                }
            )
        elif latency_ms is not None:
            screen.line(f"ok: {place(session)} answers in {latency_ms:.0f} ms")
    return code


async def _round_trip(session: Session) -> float:
    """Return the milliseconds of one call, the login not among them."""
    await session.partition_id()
    began = time.monotonic()
    await session.authorize.user_info()
    return (time.monotonic() - began) * 1000
