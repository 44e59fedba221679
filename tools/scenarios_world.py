"""What is really there at a sandbox, and whether anything that was there before was harmed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alianza_async.sandbox import Store

Json = dict[str, object]
Identity = tuple[str, ...]

_COUNTED: Final = frozenset({"endUserCount"})


@dataclass(frozen=True, slots=True)
class World:
    """Everything there is at one moment.

    Attributes:
        objects: The facts of each object, by what identifies it.
    """

    objects: Mapping[Identity, str]

    @classmethod
    def of(cls, store: Store) -> World:
        """Take everything down."""
        objects: dict[Identity, str] = {}
        for sort, things in (
            ("account", store.accounts),
            ("user", store.users),
            ("number", store.numbers.active),
            ("line", store.lines.lines),
        ):
            objects |= {(sort, name): _facts(thing) for name, thing in things.items()}
        for plan in store.plans.everything():
            # A plan that is given back is bought anew: it has another id and is the same plan.
            identity = ("plan", plan.owner.id, plan.product_id)
            objects[identity] = f"{objects.get(identity, '')}1"
        return cls(objects)

    def harmed_since(self, before: World) -> list[str]:
        """Name what was there before, and is gone or another now."""
        return [
            f"{'/'.join(identity)} {'is gone' if identity not in self.objects else 'was changed'}"
            for identity, facts in before.objects.items()
            if self.objects.get(identity) != facts
        ]

    def new_since(self, before: World) -> set[Identity]:
        """Return what identifies the objects that were not there before."""
        return set(self.objects.keys() - before.objects.keys())


def _facts(thing: Json) -> str:
    """Write an object's facts, what the server counts aside."""
    return json.dumps({name: thing[name] for name in sorted(thing) if name not in _COUNTED})
