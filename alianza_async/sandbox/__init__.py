"""The embedded Alianza: a server that behaves like the real one, in this process or beside it.

`Sandbox` is the app and its store, `serve` puts it on a loopback port of this event loop, `SandboxProcess`
runs it as a child process, `run` serves until it is told to stop.
"""

from __future__ import annotations

try:
    import starlette as _starlette
    import uvicorn as _uvicorn
except ImportError as error:
    raise ImportError(
        "The embedded Alianza needs its extra: pip install 'alianza-async[sandbox]'."
    ) from error

from alianza_async.sandbox.app import Sandbox
from alianza_async.sandbox.faults import ConnectionCutError, Fault, FaultKind, FaultPlan
from alianza_async.sandbox.options import SandboxOptions
from alianza_async.sandbox.process import SandboxProcess
from alianza_async.sandbox.record import RequestRecord, Truth
from alianza_async.sandbox.server import RunningSandbox, run, serve
from alianza_async.sandbox.store import Store

del _starlette, _uvicorn

__all__ = [
    "ConnectionCutError",
    "Fault",
    "FaultKind",
    "FaultPlan",
    "RequestRecord",
    "RunningSandbox",
    "Sandbox",
    "SandboxOptions",
    "SandboxProcess",
    "Store",
    "Truth",
    "run",
    "serve",
]
