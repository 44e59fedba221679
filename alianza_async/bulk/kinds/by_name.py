"""Kinds of bulk job by name: what `--kind` takes, and what a journal is resumed with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

from alianza_async.bulk.engine.kind import Kind
from alianza_async.bulk.kinds.kind_table import WORKFLOWS
from alianza_async.errors import ConfigurationError, InvalidInputError
from alianza_async.resources import registry

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import JsonValue

    from alianza_async.bulk.engine.kind import AnyKind
    from alianza_async.bulk.engine.workflow import Workflow
    from alianza_async.bulk.journal.store import JobFacts
    from alianza_async.bulk.options import JobSettings
    from alianza_async.endpoints.models import WriteModel
    from alianza_async.session import Session

__all__ = [
    "KINDS",
    "choices_of",
    "destroys",
    "ids_of",
    "kept_kind",
    "kept_kind_options",
    "kind_named",
    "kind_of",
    "kind_options",
    "workflow_named",
]

W = TypeVar("W", bound="WriteModel")

KINDS: Final[tuple[str, ...]] = tuple(WORKFLOWS)
"""The names of kinds on the command line."""


def workflow_named(name: str) -> Workflow[WriteModel]:
    """Return a kind's workflow by its name.

    Args:
        name: One of `KINDS`, or the operation id of a create with a natural key.

    Raises:
        ConfigurationError: There is no such kind.
    """
    if name in WORKFLOWS:
        return WORKFLOWS[name]
    from alianza_async.bulk.kinds.creates import create_workflow

    try:
        endpoint = registry.find(name).endpoint
    except InvalidInputError:
        raise ConfigurationError(
            f"there is no kind {name!r}; there are {', '.join(KINDS)}; a workflow of your own is given to "
            "`session.bulk.workflow` and `session.bulk.resume`"
        ) from None
    return create_workflow(endpoint)


def kind_named(
    session: Session, name: str, settings: JobSettings, options: Mapping[str, JsonValue]
) -> AnyKind:
    """Return a kind by its name.

    Args:
        session: Where requests go.
        name: One of `KINDS`, or the operation id of a create with a natural key.
        settings: The job's options.
        options: The kind's own options, as `kind_options` returns them.

    Raises:
        ConfigurationError: There is no such kind, or an option does not go with it.
    """
    return kind_of(session, workflow_named(name), settings, options)


def kind_of(
    session: Session, workflow: Workflow[W], settings: JobSettings, options: Mapping[str, JsonValue]
) -> Kind[W]:
    """Return a workflow on a session.

    Raises:
        ConfigurationError: An option does not go with it.
    """
    ids = ids_of(options)
    wrong = [name for name in ids if name not in workflow.shape.path_ids]
    if wrong:
        raise ConfigurationError(f"{', '.join(wrong)} does not go with {workflow.name}: leave it out")
    if settings.via == "server":
        from alianza_async.bulk.server_side.variants import via_server

        workflow = via_server(session, workflow, settings)
    return Kind(
        session,
        workflow,
        choices_of(options),
        ids=ids,
        on_exists=settings.on_exists,
        ensure=settings.ensure,
    )


def destroys(name: str, choices: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """Return what a job of a kind destroys, as sentences; empty where it destroys nothing.

    Args:
        name: The kind's name; of a workflow of your own nothing is known.
        choices: What is chosen, by name.

    Raises:
        ConfigurationError: There is no such choice.
    """
    return WORKFLOWS[name].destroys(choices) if name in WORKFLOWS else ()


def kept_kind(
    session: Session, facts: JobFacts, settings: JobSettings, workflow: Workflow[W] | None = None
) -> AnyKind:
    """Return the kind of a journal's job.

    Args:
        session: Where requests go.
        facts: The job.
        settings: Its options.
        workflow: Its workflow, where it is one of the caller's own.

    Raises:
        ConfigurationError: There is no such kind, an option does not go with it, or the workflow is another.
    """
    options = kept_kind_options(facts.options)
    if workflow is None:
        return kind_named(session, facts.kind, settings, options)
    if workflow.name != facts.kind:
        raise ConfigurationError(f"the journal is of a job of {facts.kind}, not of {workflow.name}")
    return kind_of(session, workflow, settings, options)


def kind_options(
    *, ids: Mapping[str, str] | None = None, choices: Mapping[str, str] | None = None
) -> dict[str, JsonValue]:
    """Return a kind's own options as a journal keeps them."""
    return {"ids": {**(ids or {})}, "choices": {**(choices or {})}}


def kept_kind_options(options: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Return a kind's own options out of those that a journal keeps."""
    kept = options.get("kind")
    return kept if isinstance(kept, dict) else {}


def ids_of(options: Mapping[str, JsonValue]) -> dict[str, str]:
    """Return the ids that are the same for every row."""
    return _texts(options.get("ids"))


def choices_of(options: Mapping[str, JsonValue]) -> dict[str, str]:
    """Return the values chosen for a workflow."""
    return _texts(options.get("choices"))


def _texts(value: JsonValue) -> dict[str, str]:
    return {name: str(text) for name, text in value.items()} if isinstance(value, dict) else {}
