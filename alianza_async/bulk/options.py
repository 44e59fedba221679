"""The options of a bulk job."""

from __future__ import annotations

import inspect
import math
import os
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, TypedDict, TypeVar, cast, get_args

from alianza_async.bulk.budget import FailureBudget
from alianza_async.bulk.engine.context import OnExists
from alianza_async.bulk.engine.outage import OUTAGE_LIMIT_S
from alianza_async.bulk.input.file_options import AS_IT_IS, FileOptions
from alianza_async.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import ForwardRef

    from pydantic import JsonValue

__all__ = ["JobOptions", "JobSettings", "Via", "takes_job_options"]

F = TypeVar("F", bound="Callable[..., object]")

_MOST = 10_000
_BATCH = 500

Via = Literal["calls", "server"]
"""Which way rows go: each as calls of its own, or many of them as one of the server's own jobs."""


class JobOptions(TypedDict, total=False):
    """The options every bulk job takes.

    Attributes:
        concurrency: `"auto"` (what the rate and the latency need) or a number of items under way.
        ensure: Look every item up before it is created, for inputs that may have been run before.
        max_failures: `N` in all, `"P%"` of at least 200 sent, `"off"`; by default a job stops after 50
            failures in a row or when over half of at least 200 rows failed. Invalid rows never count.
        results: Path of a result file, CSV or JSON Lines by its suffix; fed back as a source it goes on where
            it ended.
        force: Whether the result file may replace a file that is there; never a journal, the input or a plan.
            A job that is resumed replaces its own result file without it.
        journal: Path of a journal, so that a job that is killed can be resumed with nothing lost and nothing
            made twice. None (the default) keeps none.
        job_id: The job's own name, such as `nightly-2026-11-22`: with it a journal that is there already, of
            the same job, is gone on with instead of refused.
        on_exists: What becomes of a row whose object is there already: `skip` leaves it (equal is `exists`,
            different is `failed`), `update` sends what differs, `fail` makes the row `failed`.
        settle_s: Seconds until what was sent and not answered is looked up, see `RetryPolicy.settle_s`.
        canary: Create so many first, read them back and compare them field by field; stop where they differ.
        grace_s: Seconds that what is under way has after `stop()`; None (the default) is as long as it takes.
        via: `calls` (the default) sends each row as calls of its own; `server` hands users or telephone
            numbers to the API's own bulk operations, many rows a job.
        batch: Rows in one of the server's jobs at the most, for `via="server"`; None (the default) is 500.
        outage_limit_s: Seconds that the job waits for a server that cannot be reached, before it stops with
            the rows named as not sent.
        file: How the input is read, where it is a file that does not say so itself: what its columns mean,
            its header's row, sheet and encoding. A resume reads it in the same way.
        strict: Refuse a value that would be read otherwise than it stands in the input, such as a telephone
            number with dashes, instead of reading it.
    """

    concurrency: int | Literal["auto"]
    ensure: bool
    max_failures: int | str | None
    results: str | os.PathLike[str] | None
    force: bool
    journal: str | os.PathLike[str] | None
    job_id: str | None
    on_exists: OnExists
    settle_s: float | None
    canary: int
    grace_s: float | None
    via: Via
    batch: int | None
    outage_limit_s: float
    file: FileOptions
    strict: bool


def takes_job_options(function: F) -> F:
    """Name the options of `JobOptions` one by one in the text of a function that takes them.

    Args:
        function: One whose text says `See `JobOptions``.
    """
    attributes = inspect.cleandoc(JobOptions.__doc__ or "").partition("Attributes:\n")[2].rstrip()
    lines = (function.__doc__ or "").splitlines(keepends=True)
    for number, line in enumerate(lines):
        if line.strip().startswith("**") and line.rstrip().endswith("See `JobOptions`."):
            indent = " " * (len(line) - len(line.lstrip()) - 4)
            lines[number] = "".join(f"{indent}{each}\n" for each in attributes.splitlines())
    if lines:
        function.__doc__ = "".join(lines)
    cast("Any", function).__wrapped__ = _SignatureOfOptions(function)
    return function


class _Kept:
    """Shown as the default of an option that stays as it is."""

    def __repr__(self) -> str:
        return "..."


class _SignatureOfOptions:
    """What the signature of a function that takes `JobOptions` is read from, as its `__wrapped__`."""

    def __init__(self, function: Callable[..., object]) -> None:
        self._function = function

    @cached_property
    def __signature__(self) -> inspect.Signature:
        signature = inspect.signature(self._function, follow_wrapped=False)
        *parameters, last = signature.parameters.values()
        hints = cast("dict[str, ForwardRef]", JobOptions.__annotations__)
        defaults: dict[str, object] = {field.name: field.default for field in fields(JobSettings)}
        defaults |= {"concurrency": "auto", "batch": None}
        if last.name == "changes":
            defaults = dict.fromkeys(hints, _Kept())
        options = (
            inspect.Parameter(
                name, last.KEYWORD_ONLY, default=defaults[name], annotation=hint.__forward_arg__
            )
            for name, hint in hints.items()
        )
        return signature.replace(parameters=[*parameters, *options])


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSettings:
    """A job's options, checked.

    Attributes:
        concurrency: Items under way, or None for as many as are useful.
        ensure: As in `JobOptions`, likewise those that follow.
        max_failures: As in `JobOptions`.
        results: As in `JobOptions`.
        force: As in `JobOptions`.
        journal: As in `JobOptions`.
        job_id: As in `JobOptions`.
        on_exists: As in `JobOptions`.
        settle_s: As in `JobOptions`; None is the session's own.
        canary: As in `JobOptions`.
        grace_s: As in `JobOptions`.
        via: As in `JobOptions`.
        batch: As in `JobOptions`.
        outage_limit_s: As in `JobOptions`.
        file: As in `JobOptions`.
        strict: As in `JobOptions`.
    """

    concurrency: int | None = None
    ensure: bool = False
    max_failures: int | str | None = None
    results: str | None = None
    force: bool = False
    journal: str | None = None
    job_id: str | None = None
    on_exists: OnExists = "skip"
    settle_s: float | None = None
    canary: int = 0
    grace_s: float | None = None
    via: Via = "calls"
    batch: int = _BATCH
    outage_limit_s: float = OUTAGE_LIMIT_S
    file: FileOptions = AS_IT_IS
    strict: bool = False

    @classmethod
    def of(cls, options: JobOptions, before: JobSettings | None = None) -> JobSettings:
        """Check options; callers may be untyped.

        Args:
            options: The options given.
            before: What holds where an option is not given.

        Raises:
            ConfigurationError: One is invalid.
        """
        unknown = set(options) - set(JobOptions.__annotations__)
        if unknown:
            raise ConfigurationError(f"unknown option {', '.join(sorted(unknown))} of a bulk job")
        values: dict[str, object] = {**options}
        if "concurrency" in options:
            values["concurrency"] = _concurrency(options["concurrency"])
        if "batch" in options:
            values["batch"] = _batch(options["batch"])
        if "results" in options:
            values["results"] = _path(options["results"])
        if "journal" in options:
            values["journal"] = _path(options["journal"])
        given = replace(before or cls(), **values)  # type: ignore[arg-type]  # checked here and below
        FailureBudget.parse(given.max_failures)
        if given.on_exists not in get_args(OnExists):
            raise ConfigurationError(
                f"on_exists is {given.on_exists!r}; give one of {', '.join(get_args(OnExists))}"
            )
        _check_way(given)
        if not isinstance(given.file, FileOptions):  # pyright: ignore[reportUnnecessaryIsInstance] - untyped
            raise ConfigurationError("file is no FileOptions; give file=FileOptions(...)")
        for name in ("settle_s", "canary", "grace_s", "outage_limit_s"):
            value: float | None = getattr(given, name)
            if value is not None and not 0 <= value < math.inf:
                raise ConfigurationError(f"{name} is {value!r}; give a number, 0 or more")
        return given

    def to_json(self) -> dict[str, JsonValue]:
        """Return what a journal keeps of them, so that a job goes on as it began."""
        return {
            "concurrency": self.concurrency,
            "ensure": self.ensure,
            "max_failures": self.max_failures,
            "results": None if self.results is None else os.path.realpath(self.results),
            "on_exists": self.on_exists,
            "settle_s": self.settle_s,
            "canary": self.canary,
            "grace_s": self.grace_s,
            "via": self.via,
            "batch": self.batch,
            "outage_limit_s": self.outage_limit_s,
            "file": self.file.to_json(),
            "strict": self.strict,
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, JsonValue]) -> JobSettings:
        """Return the options that a journal keeps."""
        names = cls().to_json().keys()
        values: dict[str, object] = {name: value for name, value in kept.items() if name in names}
        values["file"] = FileOptions.from_json(values.get("file"))
        return replace(cls(), **values)  # type: ignore[arg-type]  # as `to_json` wrote them


def _path(value: str | os.PathLike[str] | None) -> str | None:
    return None if value is None else os.fspath(value)


def _concurrency(given: object) -> int | None:
    """Return a number of items under way, or None for "auto"."""
    if given == "auto":
        return None
    if isinstance(given, int) and not isinstance(given, bool) and 1 <= given <= _MOST:
        return given
    raise ConfigurationError(f"concurrency is {given!r}; give a number from 1 to {_MOST}, or 'auto'")


def _batch(given: object) -> int:
    """Return a number of rows in one of the server's jobs."""
    if given is None:
        return _BATCH
    if isinstance(given, int) and not isinstance(given, bool) and 1 <= given <= _MOST:
        return given
    raise ConfigurationError(f"batch is {given!r}; give a number from 1 to {_MOST}")


def _check_way(given: JobSettings) -> None:
    """Refuse a way that there is not, and options that do not go with it.

    Raises:
        ConfigurationError: One is invalid.
    """
    if given.via not in get_args(Via):
        raise ConfigurationError(f"via is {given.via!r}; give one of {', '.join(get_args(Via))}")
    if given.via == "calls" and given.batch != _BATCH:
        raise ConfigurationError("batch goes with via='server': elsewhere each row is sent by itself")
    if given.via == "server" and given.concurrency is not None:
        raise ConfigurationError(
            "concurrency does not go with via='server': set how many rows go at once by batch="
        )
