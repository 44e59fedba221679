"""Addresses: suggestions while typing, parsing and validation of postal addresses."""

# ruff: noqa: PIE790  (the `...` of a declaration tells pyright that its answer comes from elsewhere)
from __future__ import annotations

from typing import Literal

from alianza_async.endpoints import declare
from alianza_async.endpoints.endpoint import Resource
from alianza_async.models.addresses import AddressValidation, ZipCode

__all__ = ["Addresses"]

_ADDRES = "/v2/address"


class Addresses(Resource):
    """Postal addresses: suggestions while typing, parsing and validation."""

    tag = "Address"

    @declare.get(_ADDRES + "/state/{state}/city/{city}/zipcode", operation_id="getZipCodeByCityAndState")
    async def zip_codes(self, state: str, city: str) -> list[ZipCode]:
        """Return the ZIP codes of a city in the United States.

        `GET /v2/address/state/{state}/city/{city}/zipcode`.
        """
        ...

    @declare.get(_ADDRES + "/typeahead", operation_id="typeAhead")
    async def suggest(
        self, *, address: str, country: Literal["USA", "CAN", "UNK"], postal_code: str | None = None
    ) -> list[str]:
        """Return addresses that begin like a text.

        `GET /v2/address/typeahead`.
        """
        ...

    @declare.get(_ADDRES + "/validate", operation_id="validateAddress")
    async def validate(
        self, *, address: str, country: Literal["USA", "CAN", "UNK"], postal_code: str
    ) -> AddressValidation:
        """Take an address apart, and tell whether it exists.

        `GET /v2/address/validate`.
        """
        ...
