"""Which objects have a natural key, where one is all there should be.

A look-up by key answers one object, or an error where several have it; a server need not even say which. So
they are taken from what lists objects (the account search, an account's users), and from account history,
which also says who created each, and when.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from alianza_async.bulk.input.seen import comparable
from alianza_async.bulk.reconciling.evidence import Evidence, Subject
from alianza_async.bulk.reconciling.findings import Creation, Findings
from alianza_async.errors import NotFoundError

if TYPE_CHECKING:
    from alianza_async.session import Session

__all__ = ["doubles", "holders"]

_EVER: Final = datetime(1970, 1, 1, tzinfo=UTC)


async def doubles(session: Session, number: str, *, evidence: Evidence | None = None) -> list[Creation]:
    """Return every account that has a number, where that are two or more.

    `GET /v2/partition/{partitionId}/account/search`, then the account history of the number.

    Args:
        session: Where to ask.
        number: The account number.
        evidence: What asks account history; by default everything of this session's login counts as ours.

    Returns:
        An entry an account, oldest first; who and when are None where history does not tell. Empty where the
        number belongs to one account, or to none.

    Raises:
        CallError: The search failed.
    """
    asked = evidence or Evidence(session, since=_EVER)
    subject = Subject("account", number)
    found = await holders(session, subject, await asked.of(subject))
    return found if len(found) > 1 else []


async def holders(session: Session, subject: Subject, findings: Findings | None) -> list[Creation]:
    """Return every object that has a natural key, oldest first.

    Args:
        session: Where to ask.
        subject: The key.
        findings: What history tells of it, where it does.

    Raises:
        CallError: The list failed.
    """
    told = findings or Findings()
    ids = dict.fromkeys(await _listed(session, subject))
    for creation in told.living:
        # A search may lag, or answer only so many; and what had the key once may be called otherwise now.
        object_id = creation.object_id
        if object_id is not None and object_id not in ids and await _has_it(session, subject, object_id):
            ids[object_id] = None
    found = [told.of(object_id) or Creation(None, None, ours=False, object_id=object_id) for object_id in ids]
    return sorted(found, key=lambda each: each.when or _EVER)


async def _listed(session: Session, subject: Subject) -> list[str]:
    wanted = comparable(subject.key)
    pairs: list[tuple[str | None, str | None]]
    try:
        if subject.kind == "account":
            pairs = [(hit.id, hit.account_number) for hit in await session.accounts.search(q=subject.key)]
        else:
            pairs = [(user.id, user.username) for user in await session.users.list(subject.account_id or "")]
    except NotFoundError:
        return []
    return [object_id for object_id, key in pairs if object_id and key and comparable(key) == wanted]


async def _has_it(session: Session, subject: Subject, object_id: str) -> bool:
    try:
        if subject.kind == "account":
            key = (await session.accounts.get(object_id)).account_number
        else:
            key = (await session.users.get(subject.account_id or "", object_id)).username
    except NotFoundError:
        return False
    return key is not None and comparable(key) == comparable(subject.key)
