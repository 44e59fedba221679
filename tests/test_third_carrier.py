"""What the core gives a carrier of which it knows nothing: examples/third_carrier.py, called in process."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from starlette.responses import HTMLResponse, JSONResponse

from alianza_async import (
    AlreadyExistsError,
    AuthenticationError,
    ClientError,
    ConfigurationError,
    ConflictError,
    FieldError,
    InProcessTransport,
    PermissionDeniedError,
    RateLimitError,
    RequestRejectedError,
    ResponseShapeError,
    RetryPolicy,
    UnknownOutcomeError,
)
from alianza_async.client import Client, ClientSettings
from examples.third_carrier import DIALTONE, BearerLogin, Dialtone, NumberOrder
from tests.conftest import FAST_RETRY, UNLIMITED
from tests.third_service import Dialtone as Service, problem
from tests.virtual_time import now, run_virtual, use_clock

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from starlette.responses import Response

    from alianza_async import Reply
    from alianza_async.calls.carrier import Carrier

SECRET = "a-made-up-secret"
ORDER = NumberOrder(phone_number="+13135550100", city="Detroit")


def client_of(
    service: Service,
    *,
    carrier: Carrier = DIALTONE,
    secret: str = SECRET,
    retry: RetryPolicy = FAST_RETRY,
) -> Client:
    """Return a client of the service, in process."""
    settings = ClientSettings(
        base_url="http://localhost",
        transport=InProcessTransport(service.app),
        retry=retry,
        limit=UNLIMITED,
    )
    return Client(carrier, BearerLogin("me", secret), settings)


@pytest.fixture
def service() -> Service:
    """A Dialtone with five calls and no numbers."""
    return Service()


@pytest.fixture
async def client(service: Service) -> AsyncGenerator[Client]:
    """An open client of it."""
    async with client_of(service) as opened:
        yield opened


@pytest.fixture
def dialtone(client: Client) -> Dialtone:
    """Its operations."""
    return Dialtone(client)


# --- the login ----------------------------------------------------------------------------------------


async def test_one_login_serves_many_calls(service: Service, dialtone: Dialtone) -> None:
    """Fifty calls at once wait for one login, and each carries its token."""
    pages = await asyncio.gather(*(dialtone.numbers() for _ in range(50)))

    assert [page.data for page in pages] == [[]] * 50
    assert service.requests.count("POST /v1/token") == 1
    assert len(service.requests) == 51


async def test_a_refused_token_is_renewed(service: Service, dialtone: Dialtone) -> None:
    """A 401 brings one new login for everybody who met it, and an order that was refused is sent again."""
    await dialtone.numbers()
    service.tokens.clear()
    orders = [NumberOrder(phone_number=f"+1313555010{digit}", city="Detroit") for digit in range(9)]

    await asyncio.gather(*(dialtone.order(order) for order in orders))

    assert service.requests.count("POST /v1/token") == 2
    assert len(service.numbers) == 9


def test_a_token_is_renewed_before_it_ends(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """`expires_in` is heeded: at its end a new token is there, and no call met a 401."""
    use_clock(monkeypatch)

    async def main() -> None:
        async with client_of(service) as client:
            for _ in range(5):
                await Dialtone(client).numbers()
                await asyncio.sleep(240)

    run_virtual(main())
    assert service.requests.count("POST /v1/token") == 3  # in 960 s, each renewed in the last 300 of its 600
    assert len(service.tokens) + service.requests.count("GET /v1/numbers?per_page=100") == 3 + 5


async def test_a_refused_login_is_told_without_the_secret(service: Service) -> None:
    """Wrong credentials are one error for every call, and one request."""
    async with client_of(service, secret="a-wrong-secret") as client:
        with pytest.raises(AuthenticationError):
            await Dialtone(client).numbers()
        with pytest.raises(AuthenticationError, match="no such client") as caught:
            await Dialtone(client).numbers()

    error = caught.value
    assert (error.login_refused, error.carrier, error.code) == (True, "dialtone", "bad_client")
    assert "wrong-secret" not in f"{error!r} {error}"
    assert service.requests == ["POST /v1/token"]


# --- errors -------------------------------------------------------------------------------------------


async def test_an_error_is_one_of_ours(dialtone: Dialtone) -> None:
    """Message, code and field of JSON:API's first error come with the class the status says."""
    with pytest.raises(RequestRejectedError) as caught:
        await dialtone.order(NumberOrder(phone_number="3135550100", city="Detroit"))

    error = caught.value
    assert isinstance(error, ClientError)
    assert (error.carrier, error.status, error.code) == ("dialtone", 422, "invalid")
    assert error.fields == (FieldError("phone_number", "must begin with +"),)
    assert error.message == "answered 422: must begin with +"
    assert (error.operation_id, error.path_template) == ("orderNumber", "/v1/numbers")


async def test_a_gateways_page_is_read_too(service: Service, dialtone: Dialtone) -> None:
    """What is no JSON:API is read as every carrier's."""
    service.before.append(HTMLResponse("<title>Not from here</title>", 403))

    with pytest.raises(PermissionDeniedError, match="Not from here") as caught:
        await dialtone.numbers()

    assert (caught.value.code, caught.value.fields) == (None, ())


async def test_what_a_carriers_decoder_read_is_one_line(service: Service, dialtone: Dialtone) -> None:
    """Line ends, control characters and secrets reach no log, whoever decoded the body."""
    service.before.append(
        problem(422, "in\nvalid", f"no\x1b[31m {SECRET}\r\n", source={"parameter": "city\nname"})
    )

    with pytest.raises(RequestRejectedError) as caught:
        await dialtone.order(ORDER)

    error = caught.value
    assert (error.code, error.fields) == ("in valid", (FieldError("city name", "no [31m ***"),))
    assert error.messages == ("no [31m ***",)


async def test_plain_http_is_refused_for_every_carrier() -> None:
    """A token never travels in clear."""
    with pytest.raises(ConfigurationError, match="plain http"):
        ClientSettings(base_url="http://dialtone.example")


# --- waits --------------------------------------------------------------------------------------------


def throttled(seconds: object) -> Response:
    """Answer a 429 that asks for a wait in its body."""
    return problem(429, "slow_down", "too many requests", meta={"retry_after": seconds})


@pytest.mark.parametrize(
    ("answer", "wait"),
    [
        (throttled(30), 30),
        (throttled(0.5), 0.5),
        (JSONResponse({}, 429, {"Retry-After": "7"}), 7),
        (throttled(-5), 1),  # no wait that can be meant: the default
        (throttled("soon"), 1),
    ],
    ids=["30 s", "half a second", "in the header", "negative", "no number"],
)
def test_a_429_waits_as_long_as_its_body_says(
    answer: Response, wait: float, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`meta.retry_after` holds everybody back for as long, in virtual time; then the call goes on."""
    use_clock(monkeypatch)
    service.before.append(answer)

    async def main() -> float:
        async with client_of(service) as client:
            started = now()
            await asyncio.gather(Dialtone(client).numbers(), asyncio.sleep(0.1))
            await Dialtone(client).numbers()
            return now() - started

    assert run_virtual(main()) == pytest.approx(wait, abs=0.2)
    assert len(service.requests) == 4  # the login, the 429, and two that were answered


@pytest.mark.parametrize("wait", [float("nan"), float("inf"), -1e300])
async def test_a_wait_that_is_none_is_not_believed(wait: float, service: Service) -> None:
    """A reader of waits hands on what a server says: what is no wait says nothing, and breaks nothing."""

    def reads(_reply: Reply[object], _now: float) -> float:
        return wait

    odd = replace(DIALTONE, retry_after=reads)
    service.before.append(throttled(1))
    async with client_of(service, carrier=odd, retry=replace(FAST_RETRY, attempts=1)) as client:
        with pytest.raises(RateLimitError, match="too many requests") as caught:
            await Dialtone(client).numbers()

    assert (caught.value.retry_after, caught.value.retry_at) == (None, None)


async def test_a_429_that_asks_for_too_long_is_told(service: Service, dialtone: Dialtone) -> None:
    """A wait over `max_retry_after` is the caller's to decide: the error says how long."""
    service.before.append(throttled(86_400))

    with pytest.raises(RateLimitError) as caught:
        await dialtone.numbers()

    assert (caught.value.retry_after, caught.value.carrier) == (86_400, "dialtone")


# --- lists --------------------------------------------------------------------------------------------


async def test_a_list_with_links_next_is_read_lazily(service: Service, dialtone: Dialtone) -> None:
    """Every item of every page comes, and a page is asked for when it is needed."""
    service.numbers = [{"phone_number": f"+{number}"} for number in range(5)]
    found: list[str] = []
    async for number in dialtone.numbers(per_page=2):
        found.append(number.phone_number)
        assert len(service.requests) == 1 + (len(found) + 1) // 2

    assert found == ["+0", "+1", "+2", "+3", "+4"]
    assert service.requests[1:] == [
        "GET /v1/numbers?per_page=2",
        "GET /v1/numbers?per_page=2&page=2",
        "GET /v1/numbers?per_page=2&page=3",
    ]


async def test_a_list_with_next_beside_results_is_read_lazily(service: Service, dialtone: Dialtone) -> None:
    """The other style: `count`, `next`, `previous` and `results`."""
    seconds: list[int] = []
    async for call in dialtone.calls(per_page=3):
        seconds.append(call.seconds)
        assert service.requests[-1].endswith("page=2") == (len(seconds) > 3)

    assert seconds == [60, 120, 180, 240, 300]
    assert service.requests[1:] == ["GET /v1/calls?per_page=3", "GET /v1/calls?per_page=3&page=2"]


async def test_a_list_is_awaited_for_its_first_page(service: Service, dialtone: Dialtone) -> None:
    """`await` brings one page as it was answered, unknown fields kept."""
    page = await dialtone.calls(per_page=3)

    assert ([call.seconds for call in page.results], (page.model_extra or {})["count"]) == ([60, 120, 180], 5)
    assert len(service.requests) == 2


async def test_a_foreign_link_is_refused(service: Service, dialtone: Dialtone) -> None:
    """A next link to another host is not followed: the token stays with the API it is for."""
    link = "https://dialtone.example/v1/numbers?page=2"
    service.before.append(JSONResponse({"data": [{"phone_number": "+1"}], "links": {"next": link}}))
    numbers = aiter(dialtone.numbers())
    first = await anext(numbers)

    with pytest.raises(ResponseShapeError, match="leads away from base_url") as caught:
        await anext(numbers)

    assert (first.phone_number, caught.value.carrier, len(service.requests)) == ("+1", "dialtone", 2)


# --- at most once -------------------------------------------------------------------------------------

GATEWAY = HTMLResponse("<title>Bad gateway</title>", 502)


async def test_a_lost_order_is_looked_up(service: Service, client: Client) -> None:
    """An order whose answer a gateway lost is found by its number, and not sent again."""
    service.after.append(GATEWAY)

    reply = await Dialtone(client).order.raw(ORDER)

    assert (reply.adopted, reply.value.phone_number, reply.attempts) == (True, "+13135550100", 1)
    assert service.requests[1:] == ["POST /v1/numbers", "GET /v1/numbers?phone_number=%2B13135550100"]
    assert len(service.numbers) == 1


async def test_a_lost_order_that_never_arrived_is_sent_again(service: Service, dialtone: Dialtone) -> None:
    """Where the look-up finds nothing, the order goes out once more."""
    service.before.append(GATEWAY)

    number = await dialtone.order(ORDER)

    assert number.phone_number == "+13135550100"
    assert [line.partition(" ")[0] for line in service.requests[1:]] == ["POST", "GET", "POST"]


async def test_a_lost_order_that_cannot_be_looked_up_is_unknown(service: Service, dialtone: Dialtone) -> None:
    """Where the look-up fails, nothing is sent again; `resolve` looks once more."""
    service.after.extend([GATEWAY, problem(403, "forbidden", "no listing today")])

    with pytest.raises(UnknownOutcomeError) as caught:
        await dialtone.order(ORDER)
    found = await caught.value.resolve()

    assert found is not None
    assert (found.object_id, len(service.numbers)) == ("1", 1)
    assert [line.partition(" ")[0] for line in service.requests[1:]] == ["POST", "GET", "GET"]


async def test_a_number_that_is_taken_is_a_conflict(service: Service, dialtone: Dialtone) -> None:
    """A refusal is compared with what is there: equal, or different in a field that is named."""
    await dialtone.order(ORDER)

    with pytest.raises(AlreadyExistsError):
        await dialtone.order(ORDER)
    with pytest.raises(ConflictError, match="differs in city") as caught:
        await dialtone.order(ORDER.model_copy(update={"city": "Phoenix"}))

    assert (caught.value.carrier, caught.value.existing_id) == ("dialtone", "1")
    assert len(service.numbers) == 1


async def test_a_view_shares_the_login(service: Service, client: Client) -> None:
    """`with_options` changes what it says, over the same login."""
    await Dialtone(client).numbers()
    view = client.with_options(timeout=3)
    await view.call(Dialtone.order, ORDER)

    assert view.carrier is DIALTONE
    assert service.requests.count("POST /v1/token") == 1
