from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from alianza_async.bulk.engine.steps import Item, Made, create, find_created, step
from alianza_async.bulk.engine.workflow import Workflow
from alianza_async.endpoints.models import WriteModel
from alianza_async.errors import (
    AlianzaError,
    AuthenticationError,
    ConfigurationError,
    InvalidInputError,
    RequestRejectedError,
    UnknownOutcomeError,
)
from alianza_async.models.accounts import AccountCreate
from alianza_async.sandbox import Fault, SandboxOptions
from tests.bulk.engine import account
from tests.bulk.workflow.driver import KillableStore
from tests.bulk.workflow.places import a_sandbox, carried_out, requests, statuses

if TYPE_CHECKING:
    from collections.abc import Callable

ItemOf = Item["Named"]


class Named(WriteModel):
    """A row with nothing but its name."""

    name: str


def body(item: ItemOf) -> AccountCreate:
    """Return the account that a row's step makes."""
    return AccountCreate.model_validate(account(f"{item.row.name}-{item.step}"))


async def make(item: ItemOf) -> Made:
    """Make the step's account."""
    return await create(item.session.accounts.create, {}, body(item))


async def look(item: ItemOf) -> Made | None:
    """Look for the step's account."""
    return await find_created(item.session.accounts.create, {}, body(item))


async def patch(item: ItemOf) -> str:
    """Change the account of the step `one`: an operation that nothing looks up."""
    await item.session.telephone_numbers.reserve(f"1801555{item.row.name[-4:]}")
    return item.id_of("one")


def raises(error: Exception) -> Callable[[ItemOf], object]:
    """Return a step's function that raises."""

    async def do(_item: ItemOf) -> Made:
        raise error

    return do


def chain(*steps: object, **options: object) -> Workflow[Named]:
    """Return a workflow of some steps."""
    return Workflow("chain", *steps, fields=Named, key="name", **options)  # type: ignore[arg-type]


ROW = {"name": "row-0001"}


def test_independent_steps_go_on_where_one_failed() -> None:
    """A failed step takes those with it that need it, directly or not; the others are done."""
    store = KillableStore()
    workflow = chain(
        step("one", make, find=look),
        step("two", raises(AlianzaError("it is Sunday")), after="one"),  # type: ignore[arg-type]
        step("three", make, after="two"),
        step("four", make, after="three"),
        step("five", make, find=look, after="one"),
    )

    (ended,) = carried_out(a_sandbox(), [ROW], store, workflow=workflow)

    assert (ended.status, str(ended.error)) == ("failed", "its two: it is Sunday")
    assert store.statuses() == {
        "one": "created",
        "two": "failed",
        "three": "skipped",
        "four": "skipped",
        "five": "created",
    }
    assert store.step(1, "four").error == "not done: its two failed"


def test_a_lost_answer_that_nothing_can_look_up_is_unknown() -> None:
    """Without `find` nobody can tell what became of a lost answer: the step is unknown, never guessed."""
    sandbox, store = a_sandbox(["18015550001"]), KillableStore()
    sandbox.faults.add(Fault(kind="cut_after", operation="reserve"))
    workflow = chain(step("one", make), step("two", patch, after="one"), step("three", make, after="two"))

    (ended,) = carried_out(sandbox, [ROW], store, workflow=workflow)

    assert (ended.status, type(ended.error)) == ("unknown", UnknownOutcomeError)
    assert store.statuses() == {"one": "created", "two": "unknown", "three": "skipped"}
    assert store.step(1, "three").error == "not done: its two is unknown"
    assert requests(sandbox)["reserve"] == 1


def test_a_look_up_that_fails_leaves_the_step_unknown_until_it_can_be_made() -> None:
    """Where the look-up fails too it is unknown; a resume finds it, and nothing proves who made it."""
    sandbox, store = a_sandbox(unique=False), KillableStore()
    sandbox.faults.add(
        Fault(kind="cut_after", operation="createAccount"),
        Fault(kind="status_before", operation="retrieveAccount", times=None),
    )
    workflow = chain(step("one", make, find=look))

    (first,) = carried_out(sandbox, [ROW], store, workflow=workflow)
    sandbox.faults.clear()
    (second,) = carried_out(sandbox, [ROW], store, workflow=workflow)

    assert (first.status, second.status, second.adopted) == ("unknown", "exists", True)
    assert (second.evidence, store.step(1, "one").evidence) == ("none", "none")
    assert sandbox.truth().created_accounts == 1


def test_a_step_is_tried_as_often_as_a_call() -> None:
    """An answer lost each time is tried as often as the retry policy says, then the step is failed."""
    sandbox, store = a_sandbox(), KillableStore(settle_s=1)
    sandbox.faults.add(Fault(kind="cut_before", operation="createAccount", times=None))

    (ended,) = carried_out(sandbox, [ROW], store, workflow=chain(step("one", make, find=look)))

    assert (ended.status, requests(sandbox)["createAccount"]) == ("failed", 6)
    assert store.step(1, "one").attempts == 6


@pytest.mark.parametrize(("equal", "status"), [(True, "exists"), (False, "failed")])
def test_a_refusal_is_looked_up(*, equal: bool, status: str) -> None:
    """A refused step that can be looked up is `exists` where it is there and equal, else failed."""
    sandbox = a_sandbox()

    async def refused(item: ItemOf) -> Made:
        await item.session.call("POST", "/v2/partition/{partition_id}/account", body={})
        return Made()

    async def there(_item: ItemOf) -> Made | None:
        return Made("the-id") if equal else None

    (ended,) = carried_out(sandbox, [ROW], workflow=chain(step("one", refused, find=there)))

    assert ended.status == status
    assert isinstance(ended.error, RequestRejectedError) != equal


def test_a_refused_login_ends_the_job() -> None:
    """A login that is refused is not this row's fault: it is raised, and nothing is left as an intent."""
    sandbox, store = a_sandbox(), KillableStore()
    sandbox.options = SandboxOptions(login_status=401)

    with pytest.raises(ExceptionGroup) as raised:
        carried_out(sandbox, [ROW], store, workflow=chain(step("one", make, find=look)))

    assert raised.value.subgroup(AuthenticationError) is not None
    assert store.statuses() == {"one": "skipped"}


def test_a_surprise_in_a_step_is_told_without_its_words() -> None:
    """An exception nobody thought of fails its row alone; its words may hold anything, and stay out."""
    workflow = chain(step("one", raises(ValueError("12 Main St"))))  # type: ignore[arg-type]

    (ended,) = carried_out(a_sandbox(), [ROW], workflow=workflow)

    assert str(ended.error) == "an unexpected ValueError; please report it"


def test_what_a_step_reads_is_read_again_where_it_is_needed() -> None:
    """A step that only reads runs again in a run in which a step that needs it is still to be done."""
    reads: list[str] = []

    async def read(item: ItemOf) -> Made:
        reads.append(item.row.name)
        return Made(value="in memory alone")

    async def use(item: ItemOf) -> Made:
        if len(reads) == 1:
            raise AlianzaError("not yet")
        return Made(detail=str(item.made["read"].value))

    store = KillableStore()
    workflow = chain(step("read", read, writes=False), step("use", use, after="read"))

    ends = [carried_out(a_sandbox(), [ROW], store, workflow=workflow)[0].status for _ in range(3)]

    assert (ends, len(reads)) == (["failed", "created", "created"], 2)
    assert store.step(1, "use").detail == "in memory alone"


def test_a_key_that_is_taken_is_chosen_anew_and_journaled() -> None:
    """A step that says `again` has its key chosen anew: each is journaled before it is used."""
    tried: list[str | None] = []

    async def choose(item: ItemOf) -> str:
        for key in "abcdef":
            if await item.claim(key):
                return key
        raise AssertionError("there are enough")

    async def do(item: ItemOf) -> Made:
        tried.append(item.key)
        if item.key in {"a", "b"}:
            raise item.again()
        return Made(item.key)

    store = KillableStore()
    workflow = chain(step("one", do, key=choose, elsewhere=True))

    ends = carried_out(a_sandbox(), [ROW, {"name": "row-0002"}], store, workflow=workflow, workers=1)

    assert (tried, [ended.id for ended in ends]) == (["a", "b", "c", "d"], ["c", "d"])
    assert store.writes[:4] == ["1 one intent", "1 one intent", "1 one intent", "1 one created"]


def test_a_waiting_step_goes_on_in_its_next_turn() -> None:
    """A step that asks to be asked again keeps its intent, and is called again without being looked up."""
    seen: list[int] = []

    async def wait(item: ItemOf) -> Made:
        seen.append(item.looks)
        if item.looks < 3:
            raise item.later(initial=1, maximum=2)
        return Made("done")

    async def never(_item: ItemOf) -> Made | None:
        raise AssertionError("it was not lost")

    store = KillableStore()

    (ended,) = carried_out(a_sandbox(), [ROW], store, workflow=chain(step("one", wait, find=never)))

    assert (ended.id, seen, store.writes) == ("done", [0, 1, 2, 3], ["1 one intent", "1 one created"])


def test_steps_that_change_what_there_is_are_updated() -> None:
    """A row whose steps changed something that was there is `updated`; `created` outweighs it."""
    one, two = step("one", make, makes="updated"), step("two", make)

    ends = [
        *carried_out(a_sandbox(), [ROW], workflow=chain(one)),
        *carried_out(a_sandbox(), [ROW], workflow=chain(one, two)),
    ]

    assert statuses(ends) == ["updated", "created"]


@pytest.mark.parametrize(
    ("steps", "options", "told"),
    [
        ((step("one", make), step("one", make)), {}, "two steps one"),
        ((step("one", make, after="two"),), {}, "one is after two"),
        ((step("one", make, key="colour"),), {}, "no field colour"),
        ((step("one", make),), {"unique": ("colour",)}, "no field colour"),
        ((step("one", make, writes=False),), {}, "no step that writes"),
        ((step("one", make, undo=make),), {}, r"one is called as undo\(item, made\)"),  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    ],
)
def test_a_workflow_that_cannot_be_meant_is_refused(
    steps: tuple[object, ...], options: dict[str, object], told: str
) -> None:
    """A workflow is checked as it is declared, before any row."""
    with pytest.raises(ConfigurationError, match=told):
        chain(*steps, **options)


def test_undoing_does_not_ask_for_the_row() -> None:
    """What undoes a step works from the journal alone: asking for the row is told as a mistake."""
    with pytest.raises(ConfigurationError, match="may not use the row"):
        _ = Item[Named](None, None, {}).row  # type: ignore[arg-type]


def test_an_id_that_is_not_there_is_told() -> None:
    """Asking for the id of a step that made none is an error that names the step."""
    item = Item[Named](None, Named(name="row-0001"), {})  # type: ignore[arg-type]

    with pytest.raises(AlianzaError, match="no id of its account"):
        item.id_of("account")


def test_an_invalid_row_error_keeps_its_fields() -> None:
    """A step that finds a field wrong fails its row with that field."""
    workflow = chain(step("one", make), step("two", raises(InvalidInputError("name: is odd"))))  # type: ignore[arg-type]

    (ended,) = carried_out(a_sandbox(), [ROW], workflow=workflow)

    assert (ended.status, str(ended.error)) == ("failed", "its two: name: is odd")
