"""Creates that have arrived and are not carried out yet, as account history tells of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from alianza_async.sandbox.history import ACCOUNT, LINE, NUMBER, PLAN, USER, USER_PLAN
from alianza_async.sandbox.line_book import plain_mac
from alianza_async.sandbox.rules import as_object

if TYPE_CHECKING:
    from collections.abc import Callable

    from alianza_async.sandbox.history import Thing
    from alianza_async.sandbox.routes import Incoming


def note_request(operation: str, incoming: Incoming) -> None:
    """Write the `PROVISION_REQUEST` of a create that has just arrived; others leave none.

    Raises:
        ApiError: 403 where the token opens another partition.
    """
    note = _NOTES.get(operation)
    if note is not None:
        note(incoming)


def is_noted(operation: str) -> bool:
    """Say whether an operation's requests are told of."""
    return operation in _NOTES


def _account(incoming: Incoming) -> None:
    number = incoming.body.get("accountNumber")
    if isinstance(number, str):
        incoming.store.history.ask(incoming.partition, number, ACCOUNT, number)


def _user(incoming: Incoming) -> None:
    username = incoming.body.get("username")
    if isinstance(username, str):
        _ask(incoming, USER, username.lower() if incoming.options.fold_usernames else username)


def _numbers(incoming: Incoming) -> None:
    given = incoming.body.get("telephoneNumbers")
    for item in cast("list[object]", given) if isinstance(given, list) else []:
        number = (as_object(item) or {}).get("phoneNumber")
        if isinstance(number, str):
            _ask(incoming, NUMBER, number)


def _line(incoming: Incoming) -> None:
    mac = plain_mac(str(incoming.body.get("macAddress", ""))) or ""
    _ask(incoming, LINE, f"{mac}/{incoming.body.get('lineNumber')}")


def _plan(incoming: Incoming) -> None:
    body = incoming.body
    product, owner = body.get("callingPlanProductId"), body.get("referenceId")
    if isinstance(product, str) and isinstance(owner, str):
        thing = USER_PLAN if body.get("referenceType") == "END_USER" else PLAN
        _ask(incoming, thing, product, reference_id=owner)


def _ask(incoming: Incoming, thing: Thing, name: str, *, reference_id: str | None = None) -> None:
    """Write that something is asked for on the path's account, where the partition has that."""
    account = incoming.store.accounts.get(incoming.params["accountId"])
    if account is not None and account["partitionId"] == incoming.partition:
        number, account_id = str(account["accountNumber"]), str(account["id"])
        incoming.store.history.ask(
            incoming.partition, number, thing, name, account_id, reference_id=reference_id
        )


_NOTES: Final[dict[str, Callable[[Incoming], None]]] = {
    "createAccount": _account,
    "createEndUser": _user,
    "createOrAddTelephoneNumberToAccount": _numbers,
    "createDevice": _line,
    "addPlan": _plan,
}
