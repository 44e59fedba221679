"""The truth: what reached the sandbox and what it made of it."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, NamedTuple

from alianza_async.sandbox.rate import PeakMeter

if TYPE_CHECKING:
    from alianza_async.sandbox.options import Json
    from alianza_async.sandbox.store import Store

_LISTED = 100


class RequestRecord(NamedTuple):
    """One request as the sandbox saw it.

    Attributes:
        operation: Operation id, `unknown` where no operation has that verb and path.
        method: HTTP verb.
        path: Path as sent, still quoted, without its query.
        status: Status answered; 0 where the connection was cut or the client left first.
        arrived: Monotonic arrival time in seconds.
        request_id: The client's own `X-Request-ID`; empty where it sent none.
    """

    operation: str
    method: str
    path: str
    status: int
    arrived: float
    request_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What happened so far, in figures.

    Attributes:
        accounts: Accounts that exist now.
        users: Users that exist now.
        created_accounts: Accounts ever created.
        created_users: Users ever created.
        duplicate_account_numbers: The first 100 numbers that two or more living accounts have.
        duplicate_usernames: The first 100 names that two or more living users have.
        logins: Tokens issued.
        requests: API requests that arrived, by operation id.
        statuses: API requests answered, by status.
        peak_per_second: Most API requests that arrived in any span shorter than a second.
        throttled: API requests the rate limit refused.
        numbers: Telephone numbers that are on accounts now.
        active_numbers: Those of them in service.
        created_numbers: Telephone numbers ever put on an account.
        duplicate_numbers: The first 100 telephone numbers that are on accounts more than once.
        numbers_without_address: The first 100 numbers in service without a validated emergency address.
        numbers_without_911: The first 100 numbers in service whose address the 911 provider has not taken.
        device_lines: Device lines that exist now.
        created_device_lines: Device lines ever created.
        duplicate_device_lines: The first 100 device lines, `MAC/line`, that exist more than once.
        calling_plans: Calling plans that somebody has now.
        duplicate_calling_plans: The first 100, `owner/product`, that somebody has more than once.
        history_entries: Entries of the account history, those not yet to be seen too.
        jobs: Jobs ever started, the tracker's and the bulk operations'.
        tokens_leaked: Uploads and downloads that carried a login.
    """

    accounts: int
    users: int
    created_accounts: int
    created_users: int
    duplicate_account_numbers: list[str]
    duplicate_usernames: list[str]
    logins: int
    requests: dict[str, int]
    statuses: dict[str, int]
    peak_per_second: int
    throttled: int
    numbers: int
    active_numbers: int
    created_numbers: int
    duplicate_numbers: list[str]
    numbers_without_address: list[str]
    numbers_without_911: list[str]
    device_lines: int
    created_device_lines: int
    duplicate_device_lines: list[str]
    calling_plans: int
    duplicate_calling_plans: list[str]
    history_entries: int
    jobs: int
    tokens_leaked: int

    def to_json(self) -> Json:
        """Answer the same figures as a JSON object."""
        return asdict(self)


class Recorder:
    """Keeps the newest request records and all counts.

    Args:
        limit: How many request records are kept; 0 = counts only.
    """

    def __init__(self, limit: int) -> None:
        self.requests: deque[RequestRecord] = deque(maxlen=limit)
        self.operations: Counter[str] = Counter()
        self.statuses: Counter[int] = Counter()
        self.meter = PeakMeter()
        self.throttled = 0

    def arrive(self, operation: str, now: float) -> None:
        """Count a request that has just arrived."""
        self.meter.mark(now)
        self.operations[operation] += 1

    def finish(self, record: RequestRecord) -> None:
        """Keep the record of a request that has been dealt with."""
        self.requests.append(record)
        if record.status:
            self.statuses[record.status] += 1

    def truth(self, store: Store) -> Truth:
        """Put the counts and the store's own figures together."""
        created = Counter(item.kind for item in store.created)
        return Truth(
            accounts=len(store.accounts),
            users=len(store.users),
            created_accounts=created["account"],
            created_users=created["user"],
            duplicate_account_numbers=store.duplicate_numbers()[:_LISTED],
            duplicate_usernames=store.duplicate_usernames()[:_LISTED],
            logins=store.tokens.issued,
            requests=dict(self.operations),
            statuses={str(status): count for status, count in sorted(self.statuses.items())},
            peak_per_second=self.meter.peak,
            throttled=self.throttled,
            numbers=len(store.numbers.active),
            active_numbers=len(store.numbers.in_service()),
            created_numbers=store.numbers.created,
            duplicate_numbers=store.numbers.duplicates()[:_LISTED],
            numbers_without_address=store.numbers.without_address()[:_LISTED],
            numbers_without_911=store.numbers.without_911()[:_LISTED],
            device_lines=len(store.lines.lines),
            created_device_lines=store.lines.created,
            duplicate_device_lines=store.lines.duplicates()[:_LISTED],
            calling_plans=store.plans.count(),
            duplicate_calling_plans=store.plans.duplicates()[:_LISTED],
            history_entries=len(store.history.entries),
            jobs=len(store.jobs.jobs) + len(store.bulk.jobs),
            tokens_leaked=store.jobs.leaked,
        )
