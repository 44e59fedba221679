"""Text that is sent as it is and shown to nobody: a token in a header, a password on its way to a login.

Error reporters such as Sentry, and rich, print the local variables of every frame of a traceback by their
reprs. pydantic's `SecretStr` guards settings and models, but cannot be put into a header. This can: it is the
text itself, and only its repr is not.
"""

from __future__ import annotations

import re
from typing import Final, SupportsIndex

from pydantic import SecretStr

from alianza_async.calls.redaction import MASK

__all__ = ["HiddenText", "HiddenUrl", "hidden", "shown_url"]

_USER: Final = re.compile(r"^(\w+://)?.*@", re.DOTALL)
_QUERY: Final = re.compile(r"\?.*", re.DOTALL)


class HiddenText(str):
    """A secret text: equal to it, sent as it, and masked wherever its repr is shown.

    A part of it is hidden too: reporters that shorten a long text show its beginning.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        """Return the mask."""
        return repr(MASK)

    def __getitem__(self, key: SupportsIndex | slice) -> HiddenText:
        """Return a part of it, hidden as well."""
        return HiddenText(super().__getitem__(key))


class HiddenUrl(HiddenText):
    """A URL that may hold a password, such as a proxy's: its repr shows where it leads alone."""

    __slots__ = ()

    def __repr__(self) -> str:
        """Return it without user, password and query."""
        return repr(shown_url(str(self)))


def hidden(text: str | SecretStr) -> HiddenText:
    """Return a secret as text that is hidden; a wrapped one is taken out of its wrapper."""
    return HiddenText(text.get_secret_value() if isinstance(text, SecretStr) else text)


def shown_url(url: str) -> str:
    """Return a URL as it may be shown: without a user, and without the query, which may be a signature."""
    return _QUERY.sub(f"?{MASK}", _USER.sub(rf"\g<1>{MASK}@", url, count=1), count=1)
