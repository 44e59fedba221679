from __future__ import annotations

import inspect
import pydoc
import subprocess
import sys
from typing import TYPE_CHECKING, Protocol, cast, get_type_hints
from unittest.mock import create_autospec

import httpx
import pytest
from fastapi import Depends, FastAPI

from alianza_async import Account, AccountCreate, Session
from alianza_async.errors import SessionStateError
from alianza_async.resources.accounts import Accounts

if TYPE_CHECKING:
    from collections.abc import Callable

CREATE = "(account: 'AccountCreate', *, partition_id: 'str | None' = None) -> 'Account'"


class Function(Protocol):
    """What the tests read of an operation."""

    __name__: str
    __qualname__: str

    def __call__(self, *args: object) -> object:
        """Be a callable, as far as `inspect` asks."""
        ...


def signature(of: object) -> str:
    """Return a signature as it is shown."""
    return str(inspect.signature(cast("Function", of)))


@pytest.fixture
def session() -> Session:
    """Return a session that is not open."""
    return Session(auth_token="t", environment="beta")


def test_help_prints_the_declaration(session: Session) -> None:
    """`help(session.accounts.create)` prints name, parameters, answer and the operation's own text."""
    shown = pydoc.plain(pydoc.render_doc(session.accounts.create))

    assert f"async create{CREATE}\n    Create an account.\n" in shown
    assert "in module alianza_async.resources.accounts" in shown
    assert "AlreadyExistsError: The number is taken" in shown
    assert "args" not in shown


def test_signatures_are_those_declared(session: Session) -> None:
    """Calls and raw calls, also of pages, have the declared parameters; on the class there is `self` too."""
    shown = {
        "create": signature(session.accounts.create),
        "called": signature(session.accounts.create.__call__),
        "raw": signature(session.accounts.create.raw),
        "pages": signature(session.edge_nodes.list),
        "a page": signature(session.edge_nodes.list.raw),
        "of the class": signature(Accounts.create),
    }

    assert shown["create"] == shown["called"] == CREATE
    assert shown["raw"] == CREATE.replace("'Account'", "'Reply[Account]'")
    assert shown["of the class"] == CREATE.replace("(", "(self, ", 1)
    assert shown["pages"].startswith("(*, partition_id: 'str | None' = None, default: ")
    assert shown["pages"].endswith("page_num: 'int | None' = None) -> 'Pages[EdgeNodePage]'")
    assert shown["a page"] == shown["pages"].replace("Pages[", "Reply[")


def test_an_operation_has_what_a_function_has(session: Session) -> None:
    """Names, module, text, hints and source are those of the declaration, bound or not, paged or not."""
    operations: list[tuple[object, str, str]] = [
        (session.accounts.create, "Accounts.create", "alianza_async.resources.accounts"),
        (Accounts.create, "Accounts.create", "alianza_async.resources.accounts"),
        (session.edge_nodes.list, "EdgeNodes.list", "alianza_async.resources.edge_nodes"),
    ]
    for each, name, module in operations:
        operation = cast("Function", each)
        declared = inspect.unwrap(operation)
        assert (operation.__qualname__, operation.__module__) == (name, module)
        assert operation.__name__ == name.partition(".")[2]
        assert inspect.getdoc(operation) == inspect.getdoc(declared)
        assert "async def" in inspect.getsource(declared)

    assert get_type_hints(session.accounts.create) == {
        "account": AccountCreate,
        "partition_id": str | None,
        "return": Account,
    }
    assert inspect.iscoroutinefunction(session.accounts.create)
    assert not inspect.iscoroutinefunction(session.edge_nodes.list)
    assert not hasattr(session.accounts.create, "created")
    assert not hasattr(Accounts.create, "created")


def test_an_operation_stays_bound_in_a_class(session: Session) -> None:
    """Kept as an attribute of a class, an operation is the same operation."""

    class Service:
        create = session.accounts.create

    assert Service().create.client is session


@pytest.mark.parametrize(
    "mocked",
    [
        lambda: create_autospec(Session, instance=True).accounts,
        lambda: create_autospec(Accounts, instance=True),
        lambda: create_autospec(Session(auth_token="t", environment="beta").accounts),
    ],
    ids=["session", "class of a resource", "resource"],
)
async def test_a_mock_checks_arguments(mocked: Callable[[], Accounts]) -> None:
    """An autospecced operation is awaited, raw too, and refuses arguments that fit no declaration."""
    accounts = mocked()
    account = AccountCreate(
        account_number="ACME",
        account_name="Acme",
        account_type="SIMPLE",
        time_zone="America/Detroit",
        billing_cycle_day=1,
    )

    assert await accounts.create(account) is not None
    assert await accounts.create.raw(account, partition_id="p") is not None
    assert accounts.history_by_number(account_number="ACME-1") is not None
    assert await accounts.ensure(account) is not None
    for wrong in (accounts.create, accounts.create.raw, accounts.history_by_number, accounts.ensure):
        with pytest.raises(TypeError, match="missing"):
            wrong()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    with pytest.raises(AttributeError):
        accounts.created  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]  # noqa: B018


def test_a_mock_has_the_bulk_jobs_too() -> None:
    """An autospecced session checks what bulk jobs are given."""
    session = create_autospec(Session, instance=True)

    assert session.bulk.create_accounts("accounts.csv", journal="job.db") is not None
    with pytest.raises(TypeError, match="source"):
        session.bulk.create_accounts()


async def test_a_call_on_the_class_says_what_to_do() -> None:
    """An operation reached on a class cannot be called, and the error says where it can."""
    template: Accounts = Session.accounts  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]

    with pytest.raises(SessionStateError, match="call it on an open session"):
        await template.get("a1")
    assert repr(template.client) == "no client"


def test_looking_at_the_class_loads_no_resource() -> None:
    """What tools ask of every object, such as its names and its `repr`, loads no resource and no model."""
    script = (
        "import sys, inspect; from alianza_async import Session;"
        "from unittest.mock import create_autospec;"
        "create_autospec(Session, instance=True); inspect.getmembers(Session); repr(Session.accounts);"
        "print([n for n in ('accounts', 'users') if f'alianza_async.resources.{n}' in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)  # noqa: S603  (our own)
    assert done.stdout.strip() == "[]"


def test_completion_lists_what_there_is(session: Session) -> None:
    """`dir` of a session lists resources, of a resource its operations, on the class too."""
    assert {"accounts", "users", "bulk", "call"} <= set(dir(session))
    assert {"create", "get", "search"} <= set(dir(session.accounts)) & set(dir(Session.accounts))


def test_reprs_are_one_line(session: Session) -> None:
    """Each says what it is, and nothing of who is logged in."""
    path = "/v2/partition/{partition_id}/account"
    assert repr(session) == "<Session https://api.b2.alianza.com closed>"
    assert repr(session.accounts) == f"<Accounts of {session!r}>"
    assert repr(session.accounts.create) == f"<BoundEndpoint Accounts.create POST {path} create>"
    assert repr(Accounts.create) == f"<Endpoint Accounts.create POST {path} create>"
    assert repr(session.edge_nodes.list).startswith("<BoundPages EdgeNodes.list GET /v2/")
    assert repr(type(session.edge_nodes).list).startswith("<PagedEndpoint EdgeNodes.list GET /v2/")


async def test_a_session_can_be_a_dependency(session: Session) -> None:
    """FastAPI's `Depends` hands a handler the session, or a mock of it in a test."""
    app = FastAPI()
    mock = create_autospec(Session, instance=True)
    mock.accounts.get.return_value = Account(account_number="ACME-1")

    def opened() -> Session:
        return session

    @app.get("/")
    async def show(given: Session = Depends(opened)) -> str | None:  # noqa: B008, FAST002
        return (await given.accounts.get("a1")).account_number

    app.dependency_overrides[opened] = lambda: mock
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://app") as client:
        assert (await client.get("/")).json() == "ACME-1"


async def test_an_operation_can_be_a_dependency(session: Session) -> None:
    """FastAPI's `Depends` takes an operation's parameters from the request, and awaits it."""
    app = FastAPI()

    @app.get("/{account_id}")  # noqa: FAST003  (the operation takes it)
    async def show(found: object = Depends(session.accounts.get)) -> None:  # noqa: FAST002
        raise NotImplementedError(found)

    parameters = app.openapi()["paths"]["/{account_id}"]["get"]["parameters"]
    assert [each["name"] for each in parameters] == ["account_id", "account_id_type", "partition_id"]
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://app") as client:
        with pytest.raises(SessionStateError):  # it was awaited: the session is not open
            await client.get("/a1")
