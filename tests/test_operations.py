# ruff: noqa: PIE790  (the `...` of a declaration tells pyright that its answer comes from elsewhere)
from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, cast
from urllib.parse import unquote, urlsplit
from uuid import UUID

import pytest
from hypothesis import given, strategies as st

from alianza_async.calls.call import Call, NaturalKey, Operation, OperationClass
from alianza_async.calls.carrier import Carrier
from alianza_async.endpoints import declare
from alianza_async.endpoints.endpoint import BoundEndpoint, Endpoint, Resource
from alianza_async.endpoints.paths import PathTemplate, quote_segment
from alianza_async.errors import InvalidInputError
from alianza_async.models.accounts import Account, AccountCreate
from alianza_async.resources.accounts import Accounts
from alianza_async.resources.authorize import Authorize
from alianza_async.resources.users import Users

if TYPE_CHECKING:
    from alianza_async.calls.call import Found, Reply

NAME = NaturalKey("thingName", "/v2/thing/{key}")


class Things(Resource):
    """What these tests declare."""

    @declare.get("/v2/partition/{partition_id}/thing/{thing_id}/part/{part_id}", operation_id="getPart")
    async def get(
        self,
        thing_id: str,
        part_id: str = "main",
        *,
        with_all_parts: bool | None = None,
        max_results: int = 10,
        partition_id: str | None = None,
    ) -> dict[str, object]:
        """Return a part."""
        ...

    @declare.post("/v2/thing", operation_id="createThing", key=NAME)
    async def create(self, thing: object) -> dict[str, object]:
        """Create a thing."""
        ...

    @declare.post("/v2/thing/search", operation_id="searchThings", operation_class=OperationClass.SAFE)
    async def search(self, query: dict[str, object]) -> list[dict[str, object]]:
        """Search by POST."""
        ...

    @declare.patch("/v2/thing/{thing_id}", operation_id="patchThing")
    async def patch(self, thing_id: str, changes: dict[str, object]) -> None:
        """Change a thing."""
        ...

    @declare.put("/v2/thing/{thing_id}/count", operation_id="count", operation_class=OperationClass.ACTION)
    async def count(self, thing_id: str) -> int:
        """Count up."""
        ...


class Nowhere:
    """A client whose calls end in a list."""

    deadline: float | None = None

    def __init__(self) -> None:
        self.calls: list[Call] = []

    async def send(self, call: Call) -> Reply[object]:
        """Keep the call."""
        self.calls.append(call)
        raise AssertionError("these tests send nothing")

    async def find(self, call: Call) -> Found | None:
        """Find nothing."""
        self.calls.append(call)
        return None

    @property
    def carrier(self) -> Carrier:
        """Name the carrier of nobody."""
        return Carrier(name="nowhere")

    @property
    def base_url(self) -> str:
        """Call nobody."""
        return "https://nowhere.example"

    def known_default(self, _name: str, /) -> str | None:
        """No value is known without asking."""
        return None

    async def default(self, name: str, /) -> str:
        """Answer a partition with a blank in it."""
        assert name == "partition_id"
        return "my part"


THINGS = Things(Nowhere())


async def test_arguments_find_their_place() -> None:
    """Path names fill the path, other keywords the query in camelCase; None is left out."""
    call = await THINGS.get.prepare("t/1")
    assert call.target == "/v2/partition/my%20part/thing/t%2F1/part/main?maxResults=10"
    assert call.path_values == {"partition_id": "my part", "thing_id": "t/1", "part_id": "main"}
    assert call.body is None


async def test_a_given_partition_wins() -> None:
    """The session is not asked for a partition that is given."""
    call = await THINGS.get.prepare("t", "p", partition_id="given", with_all_parts=True, max_results=3)
    assert call.target == "/v2/partition/given/thing/t/part/p?withAllParts=true&maxResults=3"


async def test_booleans_are_words() -> None:
    """True and False go as `true` and `false`."""
    assert (await THINGS.get.prepare("t", with_all_parts=False)).target.endswith(
        "withAllParts=false&maxResults=10"
    )


async def test_a_query_value_is_quoted() -> None:
    """What would end a query parameter is quoted."""
    call = await Accounts(Nowhere()).search.prepare(q="a&b=c#d é")
    assert call.target.partition("?")[2] == "q=a%26b%3Dc%23d+%C3%A9"


@pytest.mark.parametrize(
    ("args", "kwargs", "message"),
    [
        ((), {}, "missing required argument: 'thing_id'"),
        (("a", "b", "c"), {}, "takes 2 positional arguments but 3 were given"),
        (("a",), {"thing_id": "b"}, "multiple values for argument 'thing_id'"),
        (("a",), {"colour": "red"}, "unexpected keyword argument 'colour'"),
    ],
)
async def test_arguments_that_do_not_fit_are_type_errors(
    args: tuple[str, ...], kwargs: dict[str, str], message: str
) -> None:
    """Wrong arguments are told as Python itself would tell them."""
    with pytest.raises(TypeError, match=message):
        await THINGS.get.prepare(*args, **kwargs)  # type: ignore[arg-type]  # pyright: ignore[reportCallIssue, reportArgumentType]


async def test_an_id_may_be_any_value_but_none() -> None:
    """A UUID is an id; None, which an unset field is, never becomes the path `/None`."""
    number = UUID(int=7)
    call = await THINGS.get.prepare(number, partition_id="p")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    assert f"/thing/{number}/" in call.target
    with pytest.raises(InvalidInputError, match="thing_id is None"):
        await THINGS.get.prepare(None)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


async def test_a_body_is_json_with_its_key() -> None:
    """The other positional argument is the body; its natural key is read of a model and of a mapping."""
    call = await THINGS.create.prepare({"thingName": "N 1", "a": None})
    assert (call.body, call.key_value) == (b'{"thingName":"N 1","a":null}', "N 1")
    account = AccountCreate(
        account_number="  ACME-1 ",
        account_name="Acme",
        account_type="SIMPLE",
        time_zone="America/Detroit",
        billing_cycle_day=1,
    )
    call = await Accounts(Nowhere()).create.prepare(account)
    assert call.key_value == "ACME-1"
    assert call.body is not None
    assert b'"timeZone":"US/Eastern"' in call.body


@pytest.mark.parametrize("body", [{"other": 1}, {"thingName": None}, [], None, "text"])
async def test_a_create_without_its_key_is_an_action(body: object) -> None:
    """A body in which no key is found makes the call an action, which is never sent twice."""
    call = await THINGS.create.prepare(body)
    assert (call.key_value, call.operation_class) == (None, OperationClass.ACTION)


@pytest.mark.parametrize("key", ["..", ".", "", " ", "a\x00b", "\ud800"])
async def test_a_key_that_cannot_be_looked_up_is_not_sent(key: str) -> None:
    """A create whose key could never be looked up is refused before it is sent."""
    with pytest.raises(InvalidInputError):
        await THINGS.create.prepare({"thingName": key})


@pytest.mark.parametrize("value", [object(), len, "\ud800"])
async def test_what_json_cannot_hold_is_refused(value: object) -> None:
    """A body that cannot be written as JSON is our own error, and nothing is sent."""
    with pytest.raises(InvalidInputError, match="JSON cannot"):
        await THINGS.patch.prepare("t", {"a": value})


async def test_prepared_by_name() -> None:
    """A call can be made of ids by placeholder and a body; one without a body takes the ids alone."""
    call = await THINGS.patch.prepare_with({"thing_id": "t"}, {"a": 1})
    assert (call.target, call.body) == ("/v2/thing/t", b'{"a":1}')
    assert (await THINGS.count.prepare_with({"thing_id": "t"}, None)).body is None


def test_the_class_is_the_verbs_unless_said() -> None:
    """GET is safe, PUT and DELETE idempotent, PATCH and POST actions, a POST with a key a create."""
    classes = {
        name: getattr(Things, name).operation.operation_class
        for name in ("get", "create", "search", "patch", "count")
    }
    assert classes == {
        "get": OperationClass.SAFE,
        "create": OperationClass.CREATE,
        "search": OperationClass.SAFE,
        "patch": OperationClass.ACTION,
        "count": OperationClass.ACTION,
    }
    assert Accounts.replace.operation.operation_class is OperationClass.IDEMPOTENT
    assert Accounts.delete.operation.operation_class is OperationClass.IDEMPOTENT


def test_a_create_has_a_key_and_nothing_else_has() -> None:
    """An operation that contradicts itself is refused where it is declared."""
    with pytest.raises(ValueError, match="natural key"):
        Operation("x", "POST", "/v2/x", OperationClass.CREATE)
    with pytest.raises(ValueError, match="natural key"):
        Operation("x", "POST", "/v2/x", OperationClass.ACTION, key=NAME)


def test_a_declaration_is_data_on_the_class_and_a_call_on_an_instance() -> None:
    """On the class it is an `Endpoint`, on an instance a `BoundEndpoint`; both say what they are."""
    assert isinstance(Things.get, Endpoint)
    assert isinstance(THINGS.get, BoundEndpoint)
    assert Things.get.__doc__ == "Return a part."
    assert repr(Things.patch) == "<Endpoint Things.patch PATCH /v2/thing/{thing_id} action>"
    assert repr(THINGS.patch) == "<BoundEndpoint Things.patch PATCH /v2/thing/{thing_id} action>"
    assert THINGS.patch.operation is Things.patch.operation
    assert Things.patch.path_names == ("thing_id",)
    assert (Things.patch.body_name, Things.get.body_name) == ("changes", None)
    assert (Accounts.create.body_model, Things.patch.body_model, Things.get.body_model) == (
        AccountCreate,
        None,
        None,
    )


def test_an_answer_of_nothing_reads_nothing() -> None:
    """An operation that answers nothing does not look at the body; another parses its model."""
    assert Things.patch.parse(b"not json") is None
    assert Accounts.get.parse(b'{"id": "a"}') == Account(id="a")


@pytest.mark.parametrize("resource", [Accounts, Authorize, Users])
def test_every_declaration_is_whole(resource: type[Resource]) -> None:
    """Each operation has an id, a path under `/v2`, a docstring with verb and path, and an answer type."""
    endpoints = [
        cast("Endpoint[..., object]", value)
        for value in vars(resource).values()
        if isinstance(value, Endpoint)
    ]
    assert len(endpoints) >= 3
    for endpoint in endpoints:
        operation = endpoint.operation
        assert operation.path.startswith("/v2/")
        assert operation.operation_id.isidentifier()
        assert f"`{operation.method} /v2/" in (endpoint.__doc__ or "")
        assert callable(endpoint.parse)
        if operation.key is not None:
            names = set(PathTemplate(operation.key.lookup_path).names)
            assert names - {"key"} <= set(endpoint.path_names)


ALLOWED = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1).filter(
    lambda text: text not in {".", ".."} and not text.isspace()
)


@given(ALLOWED)
def test_an_id_is_exactly_one_segment(value: str) -> None:
    """Whatever an id holds, it is one segment of the path, and decodes to itself."""
    path = PathTemplate("/v2/a/{id}/b").fill({"id": value})
    assert urlsplit(path).path == path
    _, version, before, segment, after = path.split("/")
    assert (version, before, unquote(segment), after) == ("v2", "a", value, "b")


@given(st.text())
def test_an_id_is_quoted_or_refused(value: str) -> None:
    """No text at all breaks the quoting: it is one segment, or our own error."""
    quoted = ""
    with contextlib.suppress(InvalidInputError):
        quoted = quote_segment(value, name="account_id")
    assert unquote(quoted) in {value, ""}
    assert not set(quoted) & set("/?#\\ \r\n")


@pytest.mark.parametrize("value", ["", " ", "\t", ".", "..", "a\x00", "a\nb", "\x7f", "\x85", "\ud800"])
def test_an_id_that_would_be_another_path_is_refused(value: str) -> None:
    """Empty, dot segments, control characters and broken Unicode are refused by name."""
    with pytest.raises(InvalidInputError, match="account_id"):
        quote_segment(value, name="account_id")
