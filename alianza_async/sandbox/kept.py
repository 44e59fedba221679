"""What imports leave behind that has no life of its own: the device inventory, the rate center plan."""

from __future__ import annotations

from typing import Literal

Kind = Literal["devices", "rate centers"]


class KeptRows:
    """Imported rows, by what they are and whose they are, each under a key."""

    def __init__(self) -> None:
        self._rows: dict[tuple[Kind, str], dict[str, dict[str, str]]] = {}

    def put(self, kind: Kind, partition_id: str, key: str, values: dict[str, str]) -> None:
        """Keep a row, in place of one with the same key."""
        self._rows.setdefault((kind, partition_id), {})[key] = values

    def drop(self, kind: Kind, partition_id: str, key: str) -> bool:
        """Forget a row; answer False where there is none with this key."""
        return self._rows.get((kind, partition_id), {}).pop(key, None) is not None

    def rows(self, kind: Kind, partition_id: str) -> list[dict[str, str]]:
        """List a partition's rows in the order they first came in."""
        return list(self._rows.get((kind, partition_id), {}).values())
