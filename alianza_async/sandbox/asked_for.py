"""Creates that have arrived and are not carried out yet, as account history tells of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from alianza_async.sandbox.history import ACCOUNT, USER

if TYPE_CHECKING:
    from collections.abc import Callable

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
    account = incoming.store.accounts.get(incoming.params["accountId"])
    username = incoming.body.get("username")
    if account is not None and account["partitionId"] == incoming.partition and isinstance(username, str):
        number, account_id = str(account["accountNumber"]), str(account["id"])
        incoming.store.history.ask(incoming.partition, number, USER, username, account_id)


_NOTES: Final[dict[str, Callable[[Incoming], None]]] = {"createAccount": _account, "createEndUser": _user}
