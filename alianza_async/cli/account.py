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
from alianza_async.settings import RetryPolicy

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
    session = make_session(where, retry=_QUICK)
    info, partition = asyncio.run(_ask(session))
    must_change = bool(info.must_change_password)
    facts: dict[str, object] = {
        "username": info.username,
        "user_type": info.user_type,
        "partition_id": partition,
        "partition_name": info.partition_name,
        "environment": None if session.environment is None else str(session.environment),
        "base_url": session.base_url,
        "permissions": len(info.permissions or {}),
        "must_change_password": must_change,
    }
    if screen.as_json:
        screen.json(facts)
    else:
        name = f" ({info.partition_name})" if info.partition_name else ""
        kind = f" ({info.user_type})" if info.user_type else ""
        table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
        table.add_column(style="dim", no_wrap=True)
        table.add_column(overflow="fold")
        table.add_row("user", plain(f"{info.username or 'not told'}{kind}"))
        table.add_row("partition", plain(f"{partition or 'none'}{name}"))
        table.add_row("environment", str(session.environment or "none of the provider's"))
        table.add_row("base URL", session.base_url)
        table.add_row("permissions", f"{len(info.permissions or {}):,}")
        screen.show(table)
    if must_change:
        screen.say("warning: the password of this login must be changed", "yellow")
    return Exit.DONE


async def _ask(session: Session) -> tuple[LoginInfo, str | None]:
    async with session:
        info = await session.authorize.user_info()
        if session.must_change_password:
            info.must_change_password = True
        return info, session.known_partition or info.partition_id


def run_health(where: Where, screen: Screen) -> int:
    """Log in, make one round trip, tell how long it took, and return the exit code.

    Raises:
        ConfigurationError: A setting is missing or cannot be meant.
    """
    session = make_session(where, retry=_QUICK)
    facts: dict[str, object] = {
        "ok": True,
        "environment": None if session.environment is None else str(session.environment),
        "base_url": session.base_url,
        "latency_ms": None,
        "error": None,
    }
    code: int = Exit.DONE
    try:
        latency_ms = asyncio.run(_round_trip(session))
    except CallError as error:
        # A refused token is a refused login too: there is nothing else to log in with.
        code = Exit.LOGIN_REFUSED if isinstance(error, AuthenticationError) else code_of(error)
        facts |= {"ok": False, "error": str(error)}
        screen.error(error)
    else:
        facts["latency_ms"] = round(latency_ms, 1)
        if not screen.as_json:
            screen.line(f"ok: {place(session)} answers in {latency_ms:.0f} ms")
    if screen.as_json:
        screen.json(facts)
    return code


async def _round_trip(session: Session) -> float:
    """Return the milliseconds of one call, the login not among them."""
    async with session:
        await session.partition_id()
        began = time.monotonic()
        await session.authorize.user_info()
        return (time.monotonic() - began) * 1000
