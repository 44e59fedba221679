"""The one lazy boundary: `session.<resource>` loads its module, and its models, when first touched."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from alianza_async.bulk import Bulk
    from alianza_async.resources.accounts import Accounts
    from alianza_async.resources.authorize import Authorize
    from alianza_async.resources.users import Users
    from alianza_async.session import Session

__all__ = ["Namespace"]


class Namespace:
    """What hangs under a session. `Session` is the only class to inherit it."""

    @cached_property
    def accounts(self) -> Accounts:
        """Accounts of the partition."""
        from alianza_async.resources.accounts import Accounts

        return Accounts(cast("Session", self))

    @cached_property
    def authorize(self) -> Authorize:
        """Logging in and out, and who is logged in."""
        from alianza_async.resources.authorize import Authorize

        return Authorize(cast("Session", self))

    @cached_property
    def users(self) -> Users:
        """End users of an account."""
        from alianza_async.resources.users import Users

        return Users(cast("Session", self))

    @cached_property
    def bulk(self) -> Bulk:
        """Many items at once, one result each."""
        from alianza_async.bulk import Bulk

        return Bulk(cast("Session", self))
