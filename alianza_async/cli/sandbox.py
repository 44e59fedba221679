"""`alianza sandbox serve`, and the door to the extra it needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alianza_async.cli.exits import Exit
from alianza_async.errors import ConfigurationError

if TYPE_CHECKING:
    from types import ModuleType

    from alianza_async.cli.screen import Screen
    from alianza_async.sandbox import SandboxOptions

__all__ = ["require_sandbox", "run_sandbox", "sandbox_options"]


def require_sandbox() -> ModuleType:
    """Return the sandbox package.

    Raises:
        ConfigurationError: Its extra is not installed.
    """
    try:
        from alianza_async import sandbox
    except ImportError as error:
        raise ConfigurationError(
            "the sandbox needs its extra: pip install 'alianza-async[sandbox]'"
        ) from error
    return sandbox


def sandbox_options(**told: object) -> SandboxOptions:
    """Return a sandbox's options.

    Raises:
        ConfigurationError: One makes no sense, or the extra is not installed.
    """
    require_sandbox()
    from alianza_async.sandbox import SandboxOptions

    try:
        return SandboxOptions().with_changes(told)
    except ValueError as error:
        raise ConfigurationError(str(error)) from error


def run_sandbox(options: SandboxOptions, *, port: int, screen: Screen) -> int:
    """Serve a sandbox until a signal says stop, and return the exit code.

    Raises:
        ConfigurationError: The port cannot be had, or the inventory cannot be read.
    """
    from alianza_async.sandbox import run

    try:
        run(options, port=port, as_json=screen.as_json)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or "no such port"
        raise ConfigurationError(
            f"the sandbox cannot listen on port {port} ({reason}); choose another"
        ) from error
    except ValueError as error:  # the inventory's
        raise ConfigurationError(str(error)) from error
    return Exit.DONE
