"""The `Date` header: the server's clock, to the second."""

from __future__ import annotations

from email.utils import formatdate


class DateHeader:
    """Writes the header once a second, however many answers carry it."""

    def __init__(self) -> None:
        self._second = -1
        self._header = (b"date", b"")

    def at(self, moment: float) -> tuple[bytes, bytes]:
        """Answer the header of a Unix time."""
        second = int(moment)
        if second != self._second:
            self._second = second
            self._header = (b"date", formatdate(second, usegmt=True).encode("ascii"))
        return self._header
