"""Bulk jobs with a journal, where the library keeps one."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, cast

from alianza_async import Session
from benchmarks.stub import StubTransport

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable

    from alianza_async import BulkJob

__all__ = ["create_accounts", "journal_file", "no_journal"]


@cache
def no_journal() -> str | None:
    """Return why nothing can be journaled, or None.

    It is found out by asking for one: options that are passed on as `**options` stand in no signature.
    """
    session = Session(auth_token="t", base_url="http://localhost", transport=StubTransport())  # noqa: S106
    with journal_file() as path:
        try:
            create_accounts(session, [], journal=path)
        except TypeError:
            return "bulk jobs take no `journal=` yet"
    return None


def create_accounts(
    session: Session, rows: Iterable[object], *, concurrency: int | str = "auto", journal: str | None = None
) -> BulkJob[object]:
    """Return a job, with a journal where one is named."""
    make = cast("Callable[..., BulkJob[object]]", session.bulk.create_accounts)
    options: dict[str, object] = {"concurrency": concurrency}
    if journal is not None:
        options["journal"] = journal
    return make(rows, **options)


@contextmanager
def journal_file() -> Generator[str]:
    """Yield a path where there is no file yet; it goes with all that is put beside it."""
    with tempfile.TemporaryDirectory(prefix="alianza-bench-") as folder:
        yield str(Path(folder) / "job.db")
