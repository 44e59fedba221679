"""A plan on disk: what was planned of which file, so that a run can refuse another one."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self, cast

from alianza_async.bulk.input.fingerprints import Fingerprint, RowDigest
from alianza_async.bulk.output.place import refuse_place
from alianza_async.bulk.planning.plan_report import row_json
from alianza_async.calls.hosts import is_same_place
from alianza_async.calls.output_files import OutputFile
from alianza_async.errors import ConfigurationError, InputChangedError, ResultFileError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from pydantic import BaseModel

    from alianza_async.bulk.planning.plan_report import NearRow, Plan, PlannedRow

__all__ = ["PlanFacts", "PlanFile", "check_plan", "read_facts"]

VERSION: Final = 1
READING: Final = "reading_of_the_file"
"""The option that says how the input was read."""
_PLAIN: Final = frozenset({"valid", "create"})
_END: Final = "]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanFacts:
    """What a plan was made of.

    Attributes:
        kind: What a row becomes.
        input: The input's path.
        sha256: SHA-256 of the input's bytes, as hexadecimal digits.
        size: How many bytes it has.
        blocks: Its digests in blocks, as `Fingerprint` packs them; None in an older release's plan.
        options: Options of the run that was planned.
        made_at: When the plan was made, ISO 8601.
        base_url: Where rows were looked up; None where they were not.
        partition_id: In which partition.
    """

    kind: str
    input: str
    sha256: str
    size: int
    blocks: str | None
    options: Mapping[str, object]
    made_at: str
    base_url: str | None = None
    partition_id: str | None = None


class PlanFile:
    """Writes a plan as it is made, a line a row, and moves it to its place in one step at its end.

    It is one JSON object. Its first line holds what the plan was made of; `rows` then has each row that is
    not plainly to be created, and `near_duplicates`, `counts` and the costs follow. Only the owner may read
    it (mode 0600). It holds keys, field names and values that differ, and of a row's other values a digest
    alone; where a field may hold an address or a secret, its name alone.

    Args:
        path: Where it is to be.
        source: The input file.
        kind: What a row becomes.
        options: Options of the run that is planned.
        force: Whether a file that is there may be replaced: an older plan, or any other but a journal and
            the input.
        base_url: Where rows are looked up; None where they are not.
        partition_id: In which partition.

    Raises:
        ResultFileError: The place cannot be written, or holds what may not be replaced.
        SourceError: The input cannot be read.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        source: str,
        *,
        kind: str,
        options: Mapping[str, object],
        force: bool = False,
        base_url: str | None = None,
        partition_id: str | None = None,
    ) -> None:
        self.path = refuse_place(path, what="plan", force=force, inputs=[source], over_plan=True)
        self._source = source
        salt = secrets.token_bytes(16)
        self._row_digest = RowDigest(salt)
        self._before = Fingerprint.of(source)
        facts = {
            "version": VERSION,
            "kind": kind,
            "input": os.path.realpath(source),
            **self._before.to_json(),
            "options": dict(options),
            "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "base_url": base_url,
            "partition_id": partition_id,
            "salt": salt.hex(),
        }
        try:
            self._output = OutputFile(self.path, over=force)
        except OSError as error:
            raise self._unwritable(error) from error
        self._rows = 0
        self._write(f'{json.dumps(facts)[:-1]}, "rows": [\n')

    def row(
        self, row: PlannedRow, values: Mapping[str, object] | BaseModel, near: NearRow | None = None
    ) -> None:
        """Write a row, unless it is plainly to be created and destroys nothing.

        Raises:
            ResultFileError: The disk is full, or the file cannot be written.
        """
        if row.verdict in _PLAIN and near is None and not row.destroys:
            return
        facts = row_json(row) | {"digest": self._row_digest(values).hex()}
        if near is not None:
            facts |= {"near": near.like, "near_by": near.by}
        self._write(f"{',' if self._rows else ''}{json.dumps(facts)}\n")
        self._rows += 1

    def finish(self, plan: Plan) -> None:
        """Write the sums and move the file to its place.

        Raises:
            InputChangedError: The input changed while the plan was made.
            ResultFileError: The file cannot be written.
        """
        if Fingerprint.of(self._source) != self._before:
            raise InputChangedError(f"{self._source} changed while its plan was made: make the plan again")
        facts = {name: value for name, value in plan.to_json().items() if name in _SUMS}
        self._write(f"], {json.dumps(facts | {'row_count': plan.rows})[1:]}\n")
        try:
            self._output.finish()
        except OSError as error:
            raise self._unwritable(error) from error
        plan.saved = self.path

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Leave nothing behind of a plan that was not finished."""
        self._output.drop()

    def _write(self, text: str) -> None:
        try:
            self._output.handle.write(text.encode("ascii"))  # JSON as `dumps` writes it
        except OSError as error:
            raise self._unwritable(error) from error

    def _unwritable(self, error: OSError) -> ResultFileError:
        reason = error.strerror or type(error).__name__
        return ResultFileError(f"the plan {self.path} cannot be written ({reason}): name another place")


_SUMS: Final = frozenset(
    {
        *("checked", "counts", "can_run", "invalid", "changed", "doubtful", "near_duplicates"),
        *("calls", "rate", "seconds", "stopped"),
    }
)


def read_facts(path: str | os.PathLike[str]) -> PlanFacts:
    """Return what a plan was made of; its rows are not read.

    Raises:
        ConfigurationError: There is no such plan, it is none, or a newer release's.
    """
    try:
        with Path(path).open(encoding="utf-8") as handle:
            first = handle.readline()
            try:
                facts = cast("object", json.loads(first.rstrip() + _END))
            except ValueError:  # it was rewritten with other line ends
                facts = cast("object", json.loads(first + handle.read()))
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ConfigurationError(f"the plan {path} cannot be read ({reason}): check the path") from error
    except ValueError as error:
        raise ConfigurationError(f"{path} is no plan: make one with `alianza bulk plan --save`") from error
    if not isinstance(facts, dict) or "sha256" not in facts or "version" not in facts:
        raise ConfigurationError(f"{path} is no plan: make one with `alianza bulk plan --save`")
    told = cast("dict[str, object]", facts)
    if told["version"] != VERSION:
        raise ConfigurationError(f"the plan {path} is another release's: make it again with this one")
    return PlanFacts(**{name: told.get(name) for name in PlanFacts.__slots__})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def check_plan(
    path: str | os.PathLike[str],
    file: str | os.PathLike[str],
    *,
    kind: str | None = None,
    partition_id: str | None = None,
    base_url: str | None = None,
    options: Mapping[str, object] | None = None,
) -> Fingerprint:
    """Make sure that a run is the one that was planned; what is None is not compared.

    The input is read once, and its fingerprint returned: a run that is held to it (`expected=` of
    `open_source`, or `Source.expect`) sends rows of the bytes that were planned, whatever happens to the file
    between this check and the reading.

    Args:
        path: The plan.
        file: The input of the run.
        kind: What a row becomes.
        partition_id: The partition; compared where the plan was checked in one.
        base_url: Where the run sends; compared likewise.
        options: Options of the run; those that the plan names too must be the same.

    Returns:
        The fingerprint of the input that was planned.

    Raises:
        InputChangedError: The input is not the one that was planned.
        ConfigurationError: The plan is another kind's, partition's or place's, or cannot be read.
    """
    facts = read_facts(path)
    if kind is not None and kind != facts.kind:
        raise ConfigurationError(f"the plan {path} is for {facts.kind}, not for {kind}: make another one")
    for name, ours, theirs in (
        ("partition", partition_id, facts.partition_id),
        ("base URL", base_url, facts.base_url),
    ):
        if ours is not None and theirs is not None and not is_same_place(ours, theirs):
            raise ConfigurationError(
                f"the plan {path} was checked in {name} {theirs}, this run is for {ours}: make another one"
            )
    for option, value in (options or {}).items():
        if option in facts.options and facts.options[option] != value:
            raise ConfigurationError(
                f"the plan {path} was made with another {option.replace('_', ' ')}: make another one"
            )
    found = Fingerprint.of(file)
    if found.sha256 != facts.sha256:
        raise InputChangedError(
            f"{file} is not as it was when the plan {path} was made ({facts.made_at}): make the plan again"
        )
    return found
