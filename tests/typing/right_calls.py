"""What type checkers must read out of declarations: nothing here runs."""
# ruff: noqa: PIE790  (the `...` of a declaration tells pyright that its answer comes from elsewhere)

from __future__ import annotations

from typing import TYPE_CHECKING, assert_type

from alianza_async import (
    Account,
    AccountCreate,
    AccountSummary,
    Ensured,
    LoginInfo,
    NaturalKey,
    Reply,
    Session,
    UnknownOutcomeError,
    User,
    UserCreate,
)
from alianza_async.calls.files import Download, Upload
from alianza_async.endpoints import Incomplete, declare
from alianza_async.endpoints.endpoint import Resource
from alianza_async.endpoints.models import ReadModel
from alianza_async.errors import Answer
from alianza_async.models.cdrs import CallDetailRecord
from alianza_async.models.edge_nodes import EdgeNodePage
from alianza_async.models.media import Media as MediaFile
from alianza_async.models.shared_jobs import Job
from alianza_async.models.shared_numbers import TelephoneNumber
from alianza_async.models.user_groups import UserGroupSettings
from alianza_async.resources.accounts import Accounts
from alianza_async.resources.page_styles import BY_INDEX, BY_NUMBER

if TYPE_CHECKING:
    from alianza_async.endpoints.endpoint import BoundEndpoint, Endpoint
    from alianza_async.endpoints.paging import PagedEndpoint


async def calls(session: Session, account: AccountCreate, user: UserCreate) -> None:
    """Calls, raw calls, ensure, and both forms of `session.call`."""
    assert_type(await session.accounts.create(account), Account)
    assert_type(await session.accounts.create(account, partition_id="p"), Account)
    assert_type(await session.accounts.get("a1", account_id_type="AccountNumber"), Account)
    assert_type(await session.accounts.search(q="acme"), list[AccountSummary])
    assert_type(await session.accounts.list(), list[Account])
    assert_type(await session.accounts.update(Account()), Account)
    await session.accounts.delete("a1")
    assert_type(await session.accounts.delete.raw("a1"), Reply[None])
    assert_type(await session.accounts.create.raw(account), Reply[Account])
    assert_type((await session.accounts.create.raw(account)).value, Account)
    assert_type((await session.accounts.create.raw(account)).adopted, bool)
    assert_type(await session.accounts.ensure(account), Ensured[Account])
    assert_type((await session.users.ensure("a1", user)).value, User)
    assert_type(await session.users.create("a1", user), User)
    assert_type(await session.users.list("a1", limited_data=True), list[User])
    assert_type(await session.authorize.user_info(), LoginInfo)
    assert_type(await session.call(session.accounts.get, "a1", account_id_type="Id"), Account)
    assert_type(await session.call(Accounts.get, "a1"), Account)
    key = NaturalKey("name", "/v2/x/{key}")
    assert_type(await session.call("POST", "/v2/x", body={"name": "n"}, key=key), Reply[object])
    assert_type(await session.with_options(timeout=3).accounts.get("a1"), Account)


async def resources(session: Session) -> None:
    """Every resource hangs under the session: models, files, jobs, and lists that page."""
    assert_type(await session.telephone_numbers.search(q="801"), list[TelephoneNumber])
    assert_type(await session.telephone_numbers.download_inventory(), Download)
    assert_type(await session.reports.accounts(), Job)
    assert_type(await session.sip_trunks.validate("a1", ip="192.0.2.1", port="5060"), bool)
    assert_type(await session.user_groups.list(account_id="a1"), UserGroupSettings | None)
    assert_type(await session.media.upload("a1", Upload(b"")), MediaFile | Job)
    assert_type(await session.edge_nodes.list(), EdgeNodePage)
    async for record in session.cdrs.search("a1", start_date="2026-01-01", end_date="2026-01-31"):
        assert_type(record, CallDetailRecord)


def declarations(session: Session) -> None:
    """On the class a declaration, on an instance a call."""
    listed: Endpoint[..., list[Account]] = Accounts.list
    bound: BoundEndpoint[..., Account] = session.accounts.create
    assert_type(listed.operation.path, str)
    assert_type(bound.operation.method, str)


async def errors(error: UnknownOutcomeError) -> None:
    """An unknown outcome resolves to a reply, or to nothing."""
    assert_type(await error.resolve(), Answer | None)
    assert_type(error.attempts, int)
    assert_type(error.status, int | None)


class _Things(ReadModel):
    total_records: int | None = None
    results: list[Account] | None = None


class _Parts(ReadModel):
    count: int | None = None
    entities: list[User] | None = None


class _Lists(Resource):
    @declare.get_pages("/v2/thing", operation_id="listThings", style=BY_INDEX)
    async def things(
        self, *, first_result_index: int | None = None, max_result: int | None = None
    ) -> _Things:
        """List things."""
        ...

    @declare.get_pages("/v2/thing/{thing_id}/part", operation_id="listParts", style=BY_NUMBER)
    async def parts(self, thing_id: str, *, page_num: int | None = None) -> _Parts:
        """List parts."""
        ...

    @declare.put("/v2/thing/{thing_id}/file", operation_id="putFile")
    async def put(self, thing_id: str, file: Upload) -> Download:
        """Send a file, and bring one."""
        ...


async def lists(session: Session, file: Upload) -> None:
    """A list that pages: `await` gives a page, `async for` an item; a file comes as a `Download`."""
    resource = _Lists(session)
    assert_type(await resource.things(max_result=3), _Things)
    assert_type(await resource.things.raw(), Reply[_Things])
    async for thing in resource.things():
        assert_type(thing, Account)
    assert_type(await resource.parts("t1"), _Parts)
    assert_type([part async for part in resource.parts("t1", page_num=2)], list[User])
    assert_type([part async for part in resource.parts("t1").items(strict=True)], list[User])
    assert_type(resource.parts("t1").incomplete, Incomplete | None)
    declared: PagedEndpoint[..., _Parts] = _Lists.parts
    assert_type(declared.operation.path, str)
    saved = await resource.put("t1", file)
    assert_type(saved, Download)
    assert_type([piece async for piece in saved], list[bytes])
