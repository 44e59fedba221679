"""The kinds of bulk job, by their names on the command line; each is loaded when it is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Final, cast

if TYPE_CHECKING:
    from alianza_async.bulk.engine.workflow import Workflow
    from alianza_async.endpoints.models import WriteModel

__all__ = ["WORKFLOWS"]

_PLACES: Final = {
    "accounts": ("creates", "ACCOUNTS"),
    "users": ("creates", "USERS"),
    "subscribers": ("subscribers", "SUBSCRIBERS"),
    "telephone-numbers": ("numbers", "TELEPHONE_NUMBERS"),
    "device-lines": ("lines", "DEVICE_LINES"),
    "calling-plans": ("calling_plans", "CALLING_PLANS"),
    "delete-accounts": ("removals", "DELETE_ACCOUNTS"),
    "suspend-accounts": ("removals", "SUSPEND_ACCOUNTS"),
}


class _Workflows(Mapping[str, "Workflow[WriteModel]"]):
    """The table: its names are known at once, a workflow loads its models when it is taken out."""

    def __getitem__(self, name: str) -> Workflow[WriteModel]:
        module, constant = _PLACES[name]
        found: object = getattr(import_module(f"alianza_async.bulk.kinds.{module}"), constant)
        return cast("Workflow[WriteModel]", found)

    def __iter__(self) -> Iterator[str]:
        return iter(_PLACES)

    def __len__(self) -> int:
        return len(_PLACES)

    def __contains__(self, name: object) -> bool:
        return name in _PLACES  # without loading it


WORKFLOWS: Final[Mapping[str, Workflow[WriteModel]]] = _Workflows()
"""Workflow by name, such as `subscribers`."""
