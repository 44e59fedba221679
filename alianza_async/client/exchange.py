"""One request and its answer: the end of the pipeline."""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from typing import TYPE_CHECKING

from alianza_async.calls.frames import forget_variables
from alianza_async.calls.logs import fields_of, logger
from alianza_async.version import USER_AGENT

if TYPE_CHECKING:
    from alianza_async.calls.call import Call, Reply
    from alianza_async.client.state import Opened, Shared
    from alianza_async.policies.values import RetryPolicy

__all__ = ["Exchange"]


class Exchange:
    """Sends one request over the transport of an open client.

    Args:
        shared: What the client is made with.
        opened: What exists while it is open.
        retry: How long a request, and a call, may take.
    """

    def __init__(self, shared: Shared, opened: Opened, retry: RetryPolicy) -> None:
        self._shared = shared
        self._opened = opened
        self._retry = retry

    async def __call__(self, call: Call) -> Reply[object]:
        """Send one request and bring its answer."""
        opened, retry = self._opened, self._retry
        if call.url is not None:
            self._shared.file_hosts.check(call)
        call.requests += 1
        call.attempts += 1
        headers = self._headers(call)
        if call.operation.authenticated:
            opened.credential.authenticator.stamp(call, headers)
        timeout = min(call.timeout or retry.attempt_timeout, max(retry.total_timeout - call.spent, 0.001))
        handled = sys.exception()
        opened.in_flight.exchange_begins(call)
        call.sent_at = time.time()
        started = time.monotonic()
        try:
            reply = await opened.transport.send(call, headers, timeout)
        except BaseException as error:
            if isinstance(error, asyncio.CancelledError):
                call.maybe_sent = True  # it may have left; what became of it is nobody's to wait for
            if logger.isEnabledFor(logging.DEBUG):
                self._log_unanswered(call, error, time.monotonic() - started)
            forget_variables(error, handled)  # the request and what came of the answer, with all secrets
            raise
        finally:
            call.spent += time.monotonic() - started
            opened.in_flight.exchange_ends(call)
        call.carried_out = call.carried_out or 200 <= reply.status < 300  # noqa: PLR2004  (success)
        if logger.isEnabledFor(logging.DEBUG):
            operation = call.operation
            logger.debug(
                "%s %s: %d in %.0f ms (%s)",
                operation.method,
                operation.path,
                reply.status,
                reply.elapsed * 1000,
                call.request_id,
                extra=fields_of(call, status=reply.status, elapsed=reply.elapsed),
            )
        return reply

    def _headers(self, call: Call) -> dict[str, str]:
        headers = {"Accept": call.accept, "Accept-Encoding": "gzip, deflate", "User-Agent": USER_AGENT}
        headers.update(call.headers)
        if call.body is not None or call.upload is not None:
            headers["Content-Type"] = call.content_type
        id_header = self._shared.carrier.request_id_header
        if id_header is not None and self._shared.settings.send_request_id and call.url is None:
            headers[id_header] = call.request_id
        return headers

    @staticmethod
    def _log_unanswered(call: Call, error: BaseException, elapsed: float) -> None:
        logger.debug(
            "%s %s: no answer after %.0f ms: %s (%s)",
            call.operation.method,
            call.operation.path,
            elapsed * 1000,
            type(error).__name__,
            call.request_id,
            extra=fields_of(call, elapsed=elapsed),
        )
