"""What was read otherwise than it stands in the input, counted by field and rule, with the first examples."""

from __future__ import annotations

from dataclasses import dataclass, field as data_field
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alianza_async.bulk.input.rows import Row

__all__ = ["ChangeExample", "ChangeGroup", "ChangeTally"]

_EXAMPLES: Final = 3


class ChangeExample(NamedTuple):
    """One value that was read otherwise.

    Attributes:
        row: The number of its row.
        old: The text in the input; None where it may be an address.
        new: What it is read as; None likewise.
    """

    row: int
    old: str | None
    new: str | None


@dataclass(slots=True)
class ChangeGroup:
    """The values of one field that one rule changed, or doubted.

    Attributes:
        field: Our name of the field.
        rule: The rule, such as `telephone number`.
        is_doubt: Whether the values are sent as they stand, and somebody should look at them.
        count: How many there are.
        examples: The first of them.
    """

    field: str
    rule: str
    is_doubt: bool
    count: int = 0
    examples: list[ChangeExample] = data_field(default_factory=list[ChangeExample])

    def to_json(self) -> dict[str, object]:
        """Return it as JSON; values that may be an address are left out."""
        return {
            "field": self.field,
            "rule": self.rule,
            "count": self.count,
            "examples": [
                {"row": one.row} if one.old is None else {"row": one.row, "from": one.old, "to": one.new}
                for one in self.examples
            ],
        }


@dataclass(slots=True)
class ChangeTally:
    """Counts the changes of rows; its size does not grow with the input.

    Attributes:
        changed: How many values were changed.
        doubtful: How many are sent as they stand and may not be meant so.
    """

    changed: int = 0
    doubtful: int = 0
    _groups: dict[tuple[str, str, bool], ChangeGroup] = data_field(
        default_factory=dict[tuple[str, str, bool], ChangeGroup]
    )

    def add(self, row: Row) -> None:
        """Count what was read otherwise in a row."""
        for change in row.changes:
            is_doubt = change.is_doubt
            if is_doubt:
                self.doubtful += 1
            else:
                self.changed += 1
            key = (change.field, change.rule, is_doubt)
            group = self._groups.get(key)
            if group is None:
                group = self._groups.setdefault(key, ChangeGroup(*key))
            group.count += 1
            if len(group.examples) < _EXAMPLES:
                hidden = change.is_private
                example = (None, None) if hidden else (change.old, change.new)
                group.examples.append(ChangeExample(row.number, *example))

    def groups(self, *, doubts: bool = False) -> list[ChangeGroup]:
        """Return the groups of changed values, or of doubtful ones, field by field, the largest first."""
        found = [group for group in self._groups.values() if group.is_doubt is doubts]
        return sorted(found, key=lambda group: (-group.count, group.field, group.rule))

    def to_json(self) -> dict[str, object]:
        """Return it as JSON."""
        return {
            "changed": {"count": self.changed, "groups": list(self._json(doubts=False))},
            "doubtful": {"count": self.doubtful, "groups": list(self._json(doubts=True))},
        }

    def _json(self, *, doubts: bool) -> Iterator[dict[str, object]]:
        return (group.to_json() for group in self.groups(doubts=doubts))
