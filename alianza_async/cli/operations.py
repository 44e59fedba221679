"""`alianza operations`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from alianza_async.cli.exits import Exit
from alianza_async.errors import InvalidInputError
from alianza_async.resources.registry import operations

if TYPE_CHECKING:
    from alianza_async.cli.screen import Screen
    from alianza_async.resources.registry import Declared

__all__ = ["run_operations"]


def run_operations(tag: str | None, screen: Screen) -> int:
    """List the operations, all or those of one tag, and return the exit code.

    Args:
        tag: A tag of the API, such as `Telephone Number`, or our name of it, such as `telephone_numbers`.
        screen: Where it is told.

    Raises:
        InvalidInputError: There is no such tag.
    """
    found = [each for each in operations() if tag is None or _plain(tag) in _names(each)]
    if not found:
        tags = ", ".join(sorted({each.tag for each in operations()}))
        raise InvalidInputError(f"there is no tag {tag!r}; the tags are {tags}")
    if screen.as_json:
        screen.json([_facts(each) for each in found])
        return Exit.DONE
    width = max(len(each.python) for each in found)
    for each in found:
        operation = each.operation
        gone = "  (deprecated)" if operation.deprecated else ""
        screen.line(
            f"{each.python:{width}}  {operation.operation_class:10}  {operation.method:6}  {each.path}{gone}"
        )
    return Exit.DONE


def _facts(each: Declared) -> dict[str, object]:
    operation = each.operation
    return {
        "operation_id": operation.operation_id,
        "method": operation.method,
        "path": each.path,
        "python": each.python,
        "class": str(operation.operation_class),
        "deprecated": operation.deprecated is not None,
    }


def _names(each: Declared) -> set[str]:
    return {_plain(each.tag), _plain(each.resource)}


def _plain(text: str) -> str:
    return re.sub(r"\W+|_", " ", text).strip().casefold()
