"""A client of another carrier's API, made with the library's core alone: Dialtone, which is made up.

python -m tests.third_service       # a Dialtone in memory, on 127.0.0.1:8099; then, in a second shell
DIALTONE_SECRET=a-made-up-secret python examples/third_carrier.py
"""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, cast

from pydantic import AliasPath, Field, NonNegativeFloat, ValidationError

from alianza_async import AnswerError, FieldError, NaturalKey, OperationClass
from alianza_async.calls import Carrier, ErrorDetails, decode_error, parse_retry_after
from alianza_async.client import Client, ClientSettings
from alianza_async.endpoints import LinkStyle, ReadModel, Resource, WriteModel, declare
from alianza_async.policies import Identity, Token

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alianza_async import Reply
    from alianza_async.policies import Next


# What is sent and answered. Without the alias generator, names on the wire are as they are here.
class IssuedToken(ReadModel, alias_generator=None):
    access_token: str = Field(repr=False)
    expires_in: float | None = None


class NumberOrder(WriteModel, alias_generator=None):
    phone_number: str
    city: str


class Number(ReadModel, alias_generator=None):
    phone_number: str


class Links(ReadModel):
    next: str | None = None


class NumberPage(ReadModel):
    data: list[Number]
    links: Links


class PhoneCall(ReadModel):
    seconds: int


class PhoneCallPage(ReadModel):
    next: str | None = None
    results: list[PhoneCall]


BY_NUMBER = NaturalKey("phone_number", "/v1/numbers", (("phone_number", "{key}"),), lookup_items="data")
LOGIN = OperationClass.IDEMPOTENT  # a second login only makes a second token


class Dialtone(Resource):
    """The operations: each declaration is the implementation, and says what may be sent again."""

    @declare.post("/v1/token", operation_id="issueToken", operation_class=LOGIN, authenticated=False)
    async def issue_token(self, credentials: dict[str, str]) -> IssuedToken: ...

    @declare.post("/v1/numbers", operation_id="orderNumber", key=BY_NUMBER)
    async def order(self, order: NumberOrder) -> Number: ...

    @declare.get_pages("/v1/numbers", operation_id="listNumbers", style=LinkStyle("data", "links.next"))
    async def numbers(self, *, per_page: Annotated[int, declare.Named("per_page")] = 100) -> NumberPage: ...

    @declare.get_pages("/v1/calls", operation_id="listCalls", style=LinkStyle("results", "next"))
    async def calls(self, *, per_page: Annotated[int, declare.Named("per_page")] = 100) -> PhoneCallPage: ...


class BearerLogin:
    """Logs in with a client's id and secret; requests carry `Authorization: Bearer`."""

    can_log_in = True
    how_to_log_in = "set DIALTONE_ID and DIALTONE_SECRET"

    def __init__(self, client_id: str, client_secret: str) -> None:
        self._body = {"client_id": client_id, "client_secret": client_secret}
        self.credential, self.secrets = f"{client_id} {client_secret}", (client_secret,)

    async def log_in(self, send: Next, /) -> Token:
        reply = cast("Reply[IssuedToken]", await send(Dialtone.issue_token.prepare((self._body,), {}, {})))
        return Token(reply.value.access_token, reply.value.expires_in)

    async def identify(self, _send: Next, /) -> Identity:
        return Identity()  # no path of this API names who is logged in

    def stamp(self, token: str, headers: dict[str, str]) -> None:
        headers["Authorization"] = f"Bearer {token}"


class Problem(ReadModel):
    """The first of JSON:API's errors."""

    field: str | None = Field(default=None, validation_alias=AliasPath("errors", 0, "source", "parameter"))
    wait: NonNegativeFloat = Field(default=0, validation_alias=AliasPath("errors", 0, "meta", "retry_after"))

    @classmethod
    def of(cls, body: bytes) -> Problem:
        try:
            return cls.model_validate_json(body)
        except ValidationError:  # no JSON:API: a gateway's page, say
            return cls()


def decode(status: int, headers: Mapping[str, str], body: bytes) -> ErrorDetails:
    """Add the field, which JSON:API hides in `source`, to what the library finds by itself."""
    found, field = decode_error(status, headers, body), Problem.of(body).field
    return replace(found, field_errors=(FieldError(field, found.message),)) if field else found


def asked_wait(reply: Reply[object], now: float) -> float | None:
    """Return the wait that the body asks for, or else the headers."""
    return Problem.of(reply.body).wait or parse_retry_after(reply.headers, now=now)


DIALTONE = Carrier(name="dialtone", decode_error=decode, retry_after=asked_wait)


async def main() -> None:
    login = BearerLogin(os.environ.get("DIALTONE_ID", "me"), os.environ["DIALTONE_SECRET"])
    settings = ClientSettings(base_url=os.environ.get("DIALTONE_URL", "http://127.0.0.1:8099"))
    async with Client(DIALTONE, login, settings) as client:
        dialtone = Dialtone(client)
        for number in ("+13135550100", "+16025550101", "4165550102"):
            try:
                await dialtone.order(NumberOrder(phone_number=number, city="Detroit"))
            except AnswerError as error:
                print(number, error.code or error.message, *error.fields)
        print(*[number.phone_number async for number in dialtone.numbers(per_page=1)])
        print(sum([call.seconds async for call in dialtone.calls(per_page=2)]), "seconds")


if __name__ == "__main__":
    asyncio.run(main())
