"""The options of `alianza bench`: what each is called, what it means, what it is where it is not given."""

from __future__ import annotations

from dataclasses import dataclass

from cyclopts import Parameter

from alianza_async.cli.options import Flag  # noqa: TC001  (read at run time, to convert)
from alianza_async.transports.choice import TransportName  # noqa: TC001  (as above)

__all__ = ["BenchOptions"]


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class BenchOptions:
    """What is sent, and how.

    Attributes:
        requests: Calls to make [default: 2,000; 10,000 at the embedded Alianza without limit and latency].
        concurrency: Calls under way at once.
        rate: Requests a second [default: no limit at the embedded Alianza, ALIANZA_RATE or 100 elsewhere].
        transport: What carries the requests [default: fast, where it is installed].
        latency_ms: Milliseconds each answer of the embedded Alianza takes.
        create: Create accounts instead; on this machine alone.
        anywhere: Let the load go to another machine.
    """

    requests: int | None = None
    concurrency: int = 20
    rate: float | None = None
    transport: TransportName | None = None
    latency_ms: float | None = None
    create: Flag = False
    anywhere: Flag = False
