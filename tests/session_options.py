"""The keyword arguments of `Session` that tests pass on."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alianza_async.calls.events import OnEvent
    from alianza_async.policies.own import OwnPolicy
    from alianza_async.policies.values import LimitPolicy, RetryPolicy, TokenPolicy
    from alianza_async.settings import Credentials


class SessionOptions(TypedDict, total=False):
    """See `Session`."""

    credentials: Credentials | None
    auth_token: str
    partition_id: str | None
    retry: RetryPolicy
    limit: LimitPolicy
    token: TokenPolicy
    send_request_id: bool
    max_body_bytes: int
    max_download_bytes: int
    file_hosts: Sequence[str]
    max_list_items: int
    max_parsed_bytes: int
    close_timeout: float
    max_queue: int
    share: bool
    policies: Sequence[OwnPolicy]
    on_event: OnEvent
