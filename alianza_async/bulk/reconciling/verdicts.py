"""What became of one item, judged by what is there, who created it and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Literal

import anyio

from alianza_async.bulk.reconciling.doubles import holders
from alianza_async.errors import AlianzaError, CallError, NotFoundError
from alianza_async.policies.lookup import conflict

if TYPE_CHECKING:
    from alianza_async.bulk.journal import Entry
    from alianza_async.bulk.reconciling.evidence import Evidence, Subject
    from alianza_async.bulk.reconciling.findings import Creation, Findings
    from alianza_async.call import Call
    from alianza_async.comparison import Difference
    from alianza_async.session import Session

__all__ = ["Judge", "Verdict"]

_WAIT_S: Final = 30.0
_AGAIN_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is known of an item now.

    Attributes:
        status: What it is; `pending` is "absent, and may be sent".
        object_id: The object, where there is one.
        reason: Why it stays unknown.
        error: Why it failed.
        holders: Every object that has its key, where those are two or more.
    """

    status: Literal["created", "exists", "failed", "pending", "unknown"]
    object_id: str | None = None
    reason: str | None = None
    error: AlianzaError | None = None
    holders: tuple[Creation, ...] = ()


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a look-up found.

    Attributes:
        object_id: The object's id.
        differences: In what it differs from its row; None where there is no row to compare it with.
        error: The error that tells of the difference.
    """

    object_id: str
    differences: tuple[Difference, ...] | None
    error: AlianzaError | None


class Judge:
    """Finds out what became of items.

    Args:
        session: Where to ask.
        evidence: What asks account history.
    """

    def __init__(self, session: Session, evidence: Evidence) -> None:
        self._session = session
        self._evidence = evidence

    async def judge(self, entry: Entry, call: Call | None, subject: Subject | None) -> Verdict:
        """Return what is known of an item whose outcome is not.

        Args:
            entry: What the journal has of it; its settle time is over.
            call: Its create, where the input is there to compare with.
            subject: What history and lists are asked about, where they tell of such things.

        Raises:
            AlianzaError: Nothing can be asked at all: the login is refused.
        """
        deadline = anyio.current_time() + _WAIT_S
        while True:
            verdict = await self._judge(entry, call, subject)
            if verdict.status != "pending" or subject is None:
                return verdict
            if not await self._evidence.under_way(subject, since=_window(entry)):
                return verdict
            if anyio.current_time() >= deadline:
                return Verdict("unknown", reason="the server has it under way: reconcile again later")
            await anyio.sleep(_AGAIN_S)

    async def several(self, entry: Entry, subject: Subject) -> tuple[Creation, ...]:
        """Return every object that has an item's key, where those are two or more.

        Raises:
            CallError: Nobody could tell.
        """
        findings = await self._evidence.of(subject, since=_window(entry))
        if findings is not None and len(findings.living) == 1:
            return ()
        found = await holders(self._session, subject, findings)
        return tuple(found) if len(found) > 1 else ()

    async def _judge(  # noqa: PLR0911  (a table: one return a case)
        self, entry: Entry, call: Call | None, subject: Subject | None
    ) -> Verdict:
        if call is None and subject is None:
            return Verdict("unknown", reason="its account is not known without the input: give it")
        # History first: what is carried out between the two questions is found by the second.
        findings = None if subject is None else await self._evidence.of(subject, since=_window(entry))
        seen, failure = await self._look(call, subject)
        living = findings.living if findings else ()
        ids = {each.object_id for each in living} | ({seen.object_id} if seen else set[str | None]())
        # One object, looked up and told of: nothing to list. In every other case lists have the last word.
        sure = findings is not None and failure is None and len(ids) == (seen is not None)
        if subject is not None and not sure:
            try:
                held = await holders(self._session, subject, findings)
            except CallError as error:
                _refuse_lost_login(error)
                failure, held = failure or error, []
            if len(held) > 1:
                return Verdict("unknown", reason=f"{len(held)} objects have its key", holders=tuple(held))
            ids = {each.object_id for each in held}
        if failure is not None:
            return Verdict("unknown", reason=f"it cannot be looked up ({failure.message})")
        if seen is not None:
            return _weigh(seen, findings)
        if not ids:
            return Verdict("pending")
        made = next((each for each in living if each.ours and each.object_id in ids), None)
        if made is not None:
            return Verdict("created", made.object_id)
        reason = "lists show it and its look-up does not: reconcile again later"
        return Verdict("unknown", next(iter(ids)), reason=reason)

    async def _look(
        self, call: Call | None, subject: Subject | None
    ) -> tuple[_Seen | None, CallError | None]:
        """Look it up by its key, and compare it where its row is there."""
        try:
            if call is not None:
                found = await self._session.find(call)
                if found is None:
                    return None, None
                return _Seen(str(found.reply.object_id), found.differences, conflict(call, found)), None
            assert subject is not None  # noqa: S101  (one of the two is there)
            if subject.kind == "account":
                found_id = (await self._session.accounts.get_by_number(subject.key)).id
            else:
                found_id = (await self._session.users.get_by_name(subject.account_id or "", subject.key)).id
            return _Seen(str(found_id), None, None), None
        except NotFoundError:
            return None, None
        except CallError as error:
            _refuse_lost_login(error)
            return None, error


def _weigh(seen: _Seen, findings: Findings | None) -> Verdict:
    """Tell whose the one object is, and whether it is as its row says."""
    creation = findings.of(seen.object_id) if findings else None
    if creation is not None and creation.ours:
        return Verdict("created", seen.object_id)
    if seen.differences is None:
        whose = "nobody knows whose" if creation is None else f"created by {creation.who or 'somebody else'}"
        reason = f"it is there, {whose}: give the input to compare it with"
        return Verdict("unknown", seen.object_id, reason=reason)
    if seen.differences:
        return Verdict("failed", seen.object_id, error=seen.error)
    # Without evidence the rule of the job itself: sent by us, and there as it was sent.
    return Verdict("created" if creation is None else "exists", seen.object_id)


def _window(entry: Entry) -> datetime | None:
    """Return when an item was first sent, where the journal still knows."""
    if entry.attempts > 1 or entry.intent_at is None:
        return None  # the journal keeps the latest intent alone
    return datetime.fromtimestamp(entry.intent_at, UTC)


def _refuse_lost_login(error: CallError) -> None:
    """Raise an error that every further question would meet too."""
    if getattr(error, "login_refused", False):
        raise error
