"""`session.bulk`: many items at once, one result each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeVar

from alianza_async.bulk.budget import FailureBudget
from alianza_async.bulk.job import BulkJob
from alianza_async.bulk.kinds import Kind
from alianza_async.bulk.sources import open_source
from alianza_async.errors import ConfigurationError

if TYPE_CHECKING:
    import os
    from collections.abc import AsyncIterable, Iterable, Mapping

    from alianza_async.models.accounts import Account, AccountCreate
    from alianza_async.models.users import User, UserCreate
    from alianza_async.operations import BoundEndpoint
    from alianza_async.session import Session

__all__ = ["Bulk"]

R = TypeVar("R")
_MOST = 10_000


class Bulk:
    """Bulk jobs of a session.

    Every job takes the same options:

    * `concurrency`: `"auto"` (what the rate and the latency need) or a number of items under way.
    * `ensure`: look every item up before it is created, for inputs that may have been run before.
    * `max_failures`: `N` in all, `"P%"` of at least 200 sent, `"off"`; by default a job stops after 50
      failures in a row or when over half of at least 200 items failed. Invalid rows never count.
    * `results`: path of a result file, CSV or JSON Lines by its suffix; fed back as a source it goes on where
      it ended.

    Args:
        session: Where items are sent.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    def create_accounts(
        self,
        source: str
        | os.PathLike[str]
        | Iterable[AccountCreate | Mapping[str, object]]
        | AsyncIterable[AccountCreate | Mapping[str, object]],
        *,
        concurrency: int | Literal["auto"] = "auto",
        ensure: bool = False,
        max_failures: int | str | None = None,
        results: str | os.PathLike[str] | None = None,
    ) -> BulkJob[Account]:
        """Create an account a row.

        Args:
            source: A CSV or JSON Lines file, or an iterable or async iterable of models or mappings.
            concurrency: See the class.
            ensure: See the class.
            max_failures: See the class.
            results: See the class.

        Raises:
            SourceError: The file cannot be read, or lacks a column.
            ConfigurationError: An option cannot be meant.
        """
        return self.create(
            self._session.accounts.create,
            source,
            concurrency=concurrency,
            ensure=ensure,
            max_failures=max_failures,
            results=results,
        )

    def create_users(
        self,
        source: str
        | os.PathLike[str]
        | Iterable[UserCreate | Mapping[str, object]]
        | AsyncIterable[UserCreate | Mapping[str, object]],
        *,
        account_id: str | None = None,
        concurrency: int | Literal["auto"] = "auto",
        ensure: bool = False,
        max_failures: int | str | None = None,
        results: str | os.PathLike[str] | None = None,
    ) -> BulkJob[User]:
        """Create a user a row.

        A row names its account by `account_id`, or by `account_number`, which is looked up once and
        remembered; `account_id=` names it for all of them.

        Args:
            source: A CSV or JSON Lines file, or an iterable or async iterable of models or mappings.
            account_id: The account of every row.
            concurrency: See the class.
            ensure: See the class.
            max_failures: See the class.
            results: See the class.

        Raises:
            SourceError: The file cannot be read, or lacks a column.
            ConfigurationError: An option cannot be meant.
        """
        return self.create(
            self._session.users.create,
            source,
            ids=None if account_id is None else {"account_id": account_id},
            concurrency=concurrency,
            ensure=ensure,
            max_failures=max_failures,
            results=results,
        )

    def create(
        self,
        create: BoundEndpoint[..., R],
        source: str | os.PathLike[str] | Iterable[object] | AsyncIterable[object],
        *,
        ids: Mapping[str, str] | None = None,
        concurrency: int | Literal["auto"] = "auto",
        ensure: bool = False,
        max_failures: int | str | None = None,
        results: str | os.PathLike[str] | None = None,
    ) -> BulkJob[R]:
        """Run any declared create that has a natural key.

        Args:
            create: Such as `session.accounts.create`.
            source: A CSV or JSON Lines file, or an iterable or async iterable of models or mappings.
            ids: Ids of the path that are the same for every row.
            concurrency: See the class.
            ensure: See the class.
            max_failures: See the class.
            results: See the class.

        Raises:
            SourceError: The file cannot be read, or lacks a column.
            ConfigurationError: The operation cannot run in bulk, or an option cannot be meant.
        """
        kind = Kind(create, ids)
        return BulkJob(
            self._session,
            kind,
            open_source(source, fields=kind.fields, required=kind.required, key_field=kind.key_field),
            concurrency=_checked(concurrency),
            budget=FailureBudget.parse(max_failures),
            ensure=ensure,
            results=results,
        )


def _checked(concurrency: object) -> int | None:
    """Return a number of items under way, or None for "auto"; callers may be untyped."""
    if concurrency == "auto":
        return None
    if isinstance(concurrency, int) and not isinstance(concurrency, bool) and 1 <= concurrency <= _MOST:
        return concurrency
    raise ConfigurationError(f"concurrency is {concurrency!r}; give a number from 1 to {_MOST}, or 'auto'")
