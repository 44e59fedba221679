"""The answer of a call, which travels back through the request pipeline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alianza_async.calls.files import Spool

__all__ = ["Reply"]

R_co = TypeVar("R_co", covariant=True)


@dataclass(slots=True)
class Reply(Generic[R_co]):
    """One answer, raw beside parsed.

    Attributes:
        status: HTTP status.
        headers: Header fields, names in lower case; repeated fields joined by `, `.
        body: The decoded body's bytes.
        elapsed: Seconds from sending the request to its last byte.
        request_id: Our id of the request that brought it.
        value: The parsed answer.
        attempts: Requests the call sent, look-ups not counted.
        adopted: True where an earlier attempt's answer was lost and a look-up found what it had created.
        file: The body of an answer that is a file, read to its end; `body` is then empty.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    elapsed: float
    request_id: str
    value: R_co
    attempts: int = 1
    adopted: bool = False
    file: Spool | None = None

    @property
    def object_id(self) -> str | None:
        """The id of the object that was answered, as text, where it has one."""
        found: object = getattr(self.value, "id", None)
        return None if found is None else str(found)

    def __repr__(self) -> str:
        """Return a text without the body and the headers, which may hold what is nobody's business."""
        return f"<Reply {self.status} {len(self.body)} bytes {self.request_id}>"
