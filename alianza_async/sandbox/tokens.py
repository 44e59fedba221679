"""Login tokens: issued, expiring, revocable."""

from __future__ import annotations

import secrets
import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Login:
    """Who holds a token, and until when.

    Attributes:
        username: The name that logged in.
        partition_id: The partition the token opens.
        expires_at: Monotonic time of its end.
        life_s: Seconds it was issued for.
    """

    username: str
    partition_id: str
    expires_at: float
    life_s: float


# Names of users are no secret, but a stable id per name is what a caller sees of the real API.
_USER_IDS: Final = uuid.UUID("6f1c1c0e-6a43-4b0e-9d6d-8a1c4b9d7c11")

NOBODY: Final = Login("", "", 0, 0)
"""Whoever calls an operation that needs no token."""


def user_id_of(username: str) -> str:
    """Answer the id of whoever logs in with this name."""
    return str(uuid.uuid5(_USER_IDS, username))


class TokenBook:
    """Every live token of one sandbox.

    Args:
        clock: Monotonic clock, in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._live: dict[str, Login] = {}
        self.issued = 0

    def issue(self, username: str, partition_id: str, life_s: float) -> tuple[str, Login]:
        """Issue a new token and answer it with what it stands for; count the login."""
        now = self._clock()
        # Ends here rather than in a timer: the book stays as small as the tokens that still live.
        self._live = {token: login for token, login in self._live.items() if login.expires_at > now}
        token = secrets.token_urlsafe(32)
        login = self._live[token] = Login(username, partition_id, now + life_s, life_s)
        self.issued += 1
        return token, login

    def find(self, token: str) -> Login | None:
        """Answer who holds a live token; None where it is unknown, revoked or expired."""
        login = self._live.get(token)
        if login is None or login.expires_at <= self._clock():
            return None
        return login

    def revoke(self, token: str) -> None:
        """End one token; an unknown one is no error."""
        self._live.pop(token, None)

    def revoke_all(self) -> int:
        """End every token and answer how many there were."""
        count = len(self._live)
        self._live = {}
        return count
