"""Answers that lie: another object than was asked for, two where there is one, none where there is one."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Final, cast

from alianza_async.sandbox.answers import Answer, ApiError, encode
from alianza_async.sandbox.rules import as_object
from alianza_async.sandbox.sorts import SORTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from alianza_async.sandbox.options import Json
    from alianza_async.sandbox.routes import Incoming
    from alianza_async.sandbox.sorts import Sort
    from alianza_async.sandbox.store import Store

_KEYS: Final[dict[Sort, tuple[str, ...]]] = {
    "account": ("accountNumber",),
    "user": ("username",),
    "number": ("phoneNumber",),
    "added": ("phoneNumber",),
    "line": ("macAddress",),
    "plan": ("referenceId", "callingPlanProductId"),
    "stocked": ("phoneNumber",),
    "reservation": ("tn",),
}
_MOST: Final = 2
_OK: Final = 200
_MADE: Final = 201


def lie(kind: str, operation: str, incoming: Incoming, true: Answer | None) -> Answer:
    """Answer what a lying server does.

    Args:
        kind: Kind of the fault.
        operation: Operation id of the request.
        incoming: The request.
        true: The true answer; None where the request is not carried out.
    """
    value = None if true is None or not true.body else cast("object", json.loads(true.body))
    if kind == "absent":
        return _absent(value)
    if kind == "twice":
        return _twice(operation, incoming, value)
    return _another(operation, incoming, value)


def _absent(value: object) -> Answer:
    """Answer as though there were nothing."""
    if isinstance(value, list):
        return Answer(_OK, encode([]))
    if _is_page(value):
        return Answer(_OK, encode({"totalRecords": 0, "results": []}))
    return ApiError(404, ("Resource not found",)).answer()


def _twice(operation: str, incoming: Incoming, value: object) -> Answer:
    """Answer as though there were two of it."""
    if isinstance(value, list):
        listed = (
            cast("list[object]", value)
            or list(_others(SORTS.get(operation), incoming, cast("object", value)))[:1]
        )
        return Answer(_OK, encode([*listed, *(_copied(item) for item in listed)]))
    if _is_page(value):
        page = cast("Json", value)
        results = cast("list[object]", page["results"])
        both = [*results, *(_copied(item) for item in results)]
        return Answer(_OK, encode({**page, "totalRecords": len(both), "results": both}))
    return ApiError(400, ("More than one has that key",)).answer()


def _another(operation: str, incoming: Incoming, value: object) -> Answer:
    """Answer with another object of the same sort, or with one that is made up where there is none."""
    sort = SORTS.get(operation)
    if _is_page(value):
        return Answer(_OK, encode(_page_of_others(operation, incoming)))
    if isinstance(value, list):
        listed = cast("list[object]", value)
        others = list(_others(sort, incoming, listed))[:1] or [_altered(each) for each in listed[:1]]
        return Answer(_OK, encode(others))
    found = next(_others(sort, incoming, value), None)
    if found is None:
        found = _altered({**incoming.body, **(as_object(value) or {})})
    return Answer(_MADE if operation == "createDevice" else _OK, encode(found))


def _page_of_others(operation: str, incoming: Incoming) -> Json:
    """Answer a page of history about other accounts; of anything else, an empty one."""
    results: list[Json] = []
    if operation.startswith("accountHistory"):
        asked = _asked(incoming)
        about = (entry.to_json() for entry in incoming.store.history.entries)
        results = [
            view
            for view in about
            if not {str(view.get(name)).casefold() for name in ("accountId", "accountNumber")} & asked
        ][:_MOST]
    return {"totalRecords": len(results), "results": results}


def _others(sort: Sort | None, incoming: Incoming, value: object) -> Iterator[Json]:
    """Yield the objects of a sort that are not the ones asked for."""
    if sort is None:
        return iter(())
    ours, asked, keys = _ids(value), _asked(incoming), _KEYS[sort]
    return (
        item
        for item in _ALL[sort](incoming.store)
        if str(item.get("id", "")) not in ours
        and not all(str(_field(item, key)).casefold() in asked for key in keys)
    )


def _field(item: Json, name: str) -> object:
    """Answer an object's field, or that of the first number it adds."""
    added = item.get("telephoneNumbers")
    return cast("list[Json]", added)[0][name] if isinstance(added, list) else item.get(name)


def _asked(incoming: Incoming) -> set[str]:
    """Answer every text that the request names, folded."""
    named: list[object] = [*incoming.params.values(), *incoming.query().values(), *incoming.body.values()]
    for item in cast("list[object]", incoming.body.get("telephoneNumbers") or []):
        named += (as_object(item) or {}).values()
    return {value.casefold() for value in named if isinstance(value, str)}


def _ids(value: object) -> set[str]:
    """Answer the ids of what a true answer holds."""
    if isinstance(value, list):
        return {text for item in cast("list[object]", value) for text in _ids(item)}
    facts = as_object(value)
    if facts is None:
        return set()
    return {str(facts.get("id", "")), *_ids(facts.get("telephoneNumbers"))} - {""}


def _copied(item: object) -> object:
    """Answer the same object under another id."""
    facts = as_object(item)
    return item if facts is None else {**facts, "id": str(uuid.uuid4())}


def _altered(item: object) -> Json:
    """Answer an object that nobody has: another id, other keys."""
    facts = dict(as_object(item) or {})
    facts["id"] = str(uuid.uuid4())
    for name, change in _CHANGES.items():
        if isinstance(facts.get(name), str):
            facts[name] = change(str(facts[name]))
    return facts


def _next(text: str) -> str:
    """Answer a text with another last digit."""
    return text[:-1] + ("0" if text[-1:] != "0" else "1")


_CHANGES: Final[dict[str, Callable[[str], str]]] = {
    "accountNumber": lambda text: f"{text}-other",
    "username": lambda text: f"other.{text}",
    "phoneNumber": _next,
    "tn": _next,
    "macAddress": _next,
    "referenceId": lambda _: str(uuid.uuid4()),
}


def _is_page(value: object) -> bool:
    """Say whether an answer is a page of results."""
    return isinstance(value, dict) and isinstance(cast("Json", value).get("results"), list)


def _added(store: Store) -> Iterable[Json]:
    """Yield each number as the answer that added it."""
    for number in store.numbers.active.values():
        whose = {name: number[name] for name in ("partitionId", "accountId")}
        yield {"id": str(uuid.uuid4()), **whose, "telephoneNumbers": [number]}


def _stocked(store: Store) -> Iterable[Json]:
    """Yield the numbers of the inventory."""
    return (stocked.to_json() for stocked in store.numbers.inventory.everything())


_ALL: Final[dict[Sort, Callable[[Store], Iterable[Json]]]] = {
    "account": lambda store: store.accounts.values(),
    "user": lambda store: store.users.values(),
    "number": lambda store: store.numbers.active.values(),
    "added": _added,
    "line": lambda store: store.lines.lines.values(),
    "plan": lambda store: (plan.to_json() for plan in store.plans.everything()),
    "stocked": _stocked,
    "reservation": lambda store: (stocked.reservation() for stocked in store.numbers.inventory.everything()),
}
