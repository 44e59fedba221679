"""Kinds of bulk job by name: what `--kind` takes, and what a journal is resumed with."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, TypeVar, cast

from alianza_async import registry
from alianza_async.bulk.creates import CreateKind
from alianza_async.bulk.provisioning.kind_table import WORKFLOWS
from alianza_async.bulk.reconciling.evidence import HistoryHook
from alianza_async.bulk.workflows.workflow import WorkflowKind
from alianza_async.errors import ConfigurationError, InvalidInputError
from alianza_async.operations import BoundEndpoint

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import JsonValue

    from alianza_async.bulk.journal import JobFacts
    from alianza_async.bulk.options import JobSettings
    from alianza_async.bulk.work import Kind
    from alianza_async.bulk.workflows.workflow import Workflow
    from alianza_async.models.base import WriteModel
    from alianza_async.session import Session

__all__ = [
    "KINDS",
    "choices_of",
    "create_kind",
    "destroys",
    "ids_of",
    "kept_kind",
    "kept_kind_options",
    "kind_options",
    "make_kind",
    "workflow_kind",
]

R = TypeVar("R")
W = TypeVar("W", bound="WriteModel")

_CREATES: Final = ("accounts", "users")
KINDS: Final[tuple[str, ...]] = (*_CREATES, *WORKFLOWS)
"""The names a job's kind has on the command line."""

_NOT_BY_SERVER: Final = (
    "via='server' goes with users and telephone-numbers, which the API creates in bulk itself, not with {}"
)


def make_kind(
    session: Session, name: str, settings: JobSettings, told: Mapping[str, JsonValue]
) -> Kind[object]:
    """Return a kind by its name.

    Args:
        session: Where items are sent.
        name: One of `KINDS`, or the operation id of a create with a natural key.
        settings: The job's options.
        told: The kind's own options, as `kind_options` returns them.

    Raises:
        ConfigurationError: There is no such kind, or an option does not go with it.
    """
    ids, choices = ids_of(told), choices_of(told)
    if name in WORKFLOWS:
        if ids:
            raise ConfigurationError(f"{', '.join(ids)} does not go with {name}: each row names its own")
        return workflow_kind(session, WORKFLOWS[name], settings, choices)
    if choices:
        raise ConfigurationError(
            f"{name} leaves nothing to be decided: {', '.join(choices)} cannot be chosen"
        )
    if name == "accounts":
        if ids:
            raise ConfigurationError(f"{', '.join(ids)} goes with users alone; leave it out")
        return create_kind(session, session.accounts.create, settings, name=name)
    if name == "users":
        return create_kind(session, session.users.create, settings, ids, name=name)
    try:
        endpoint = registry.find(name).endpoint
    except InvalidInputError:
        raise ConfigurationError(
            f"there is no kind {name!r}; there are {', '.join(KINDS)}; a workflow of your own is given to "
            "`session.bulk.workflow` and `session.bulk.resume`"
        ) from None
    return create_kind(session, BoundEndpoint(endpoint, session), settings, ids)


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
) -> Kind[object]:
    """Return what a row of a journal's job becomes.

    Args:
        session: Where items are sent.
        facts: The job.
        settings: Its options.
        workflow: Its workflow, where it is one of the caller's own.

    Raises:
        ConfigurationError: There is no such kind, or an option does not go with it.
    """
    told = kept_kind_options(facts.options)
    if workflow is None:
        return make_kind(session, facts.kind, settings, told)
    return workflow_kind(session, workflow, settings, choices_of(told))


def create_kind(
    session: Session,
    create: BoundEndpoint[..., R],
    settings: JobSettings,
    ids: Mapping[str, str] | None = None,
    *,
    name: str | None = None,
) -> CreateKind[R]:
    """Return the kind of a declared create.

    Raises:
        ConfigurationError: It cannot run in bulk, or not with these options.
    """
    if settings.via == "server":
        if name != "users":
            raise ConfigurationError(_NOT_BY_SERVER.format(name or create.operation.operation_id))
        from alianza_async.bulk.server_side.via_server import UsersViaServer

        return UsersViaServer(session, create, settings, ids)
    since = settings.since or datetime.now(UTC)
    return CreateKind(
        session,
        create,
        ids,
        name=name,
        on_exists=settings.on_exists,
        ensure=settings.ensure,
        under_way=HistoryHook(session, since=since),
    )


def workflow_kind(
    session: Session,
    workflow: Workflow[W],
    settings: JobSettings,
    choices: Mapping[str, str] | None = None,
) -> WorkflowKind[W]:
    """Return the kind of a workflow.

    Raises:
        ConfigurationError: A choice cannot be meant, or an option does not go with workflows.
    """
    if settings.on_exists != "skip":
        raise ConfigurationError(
            f"on_exists={settings.on_exists!r} goes with accounts and users; leave it out for {workflow.name}"
        )
    if settings.canary:
        raise ConfigurationError(f"canary goes with accounts and users; leave it out for {workflow.name}")
    if settings.via == "server":
        if workflow is not WORKFLOWS["telephone-numbers"]:
            raise ConfigurationError(_NOT_BY_SERVER.format(workflow.name))
        from alianza_async.bulk.server_side.via_server_numbers import NumbersViaServer

        # The workflow is the one of its rows, which the type checkers cannot see.
        return cast("WorkflowKind[W]", NumbersViaServer(session, settings, choices))
    return WorkflowKind(session, workflow, choices, ensure=settings.ensure)


def kind_options(
    *, ids: Mapping[str, str] | None = None, choices: Mapping[str, str] | None = None
) -> dict[str, JsonValue]:
    """Return a kind's own options as a journal keeps them."""
    return {"ids": {**(ids or {})}, "choices": {**(choices or {})}}


def kept_kind_options(options: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Return a kind's own options out of those that a journal keeps."""
    kept = options.get("kind")
    return kept if isinstance(kept, dict) else {}


def ids_of(told: Mapping[str, JsonValue]) -> dict[str, str]:
    """Return the ids that are the same for every row."""
    return _texts(told.get("ids"))


def choices_of(told: Mapping[str, JsonValue]) -> dict[str, str]:
    """Return what a workflow leaves to be decided."""
    return _texts(told.get("choices"))


def _texts(value: JsonValue) -> dict[str, str]:
    return {name: str(text) for name, text in value.items()} if isinstance(value, dict) else {}
