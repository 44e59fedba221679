"""Calling plan products: the calling plans a partition sells, with their rates."""

# ruff: noqa: PIE790  (the `...` of a declaration tells pyright that its answer comes from elsewhere)
from __future__ import annotations

from alianza_async.calls.files import Download, UploadSource
from alianza_async.endpoints import declare
from alianza_async.endpoints.endpoint import Resource
from alianza_async.models.calling_plan_products import CallingPlanProduct, CallingPlanProductCreate
from alianza_async.models.shared_jobs import FileImportError

__all__ = ["CallingPlanProducts"]

_PRODUCTS = "/v2/partition/{partition_id}/callingplanproduct"
_PRODUCT = _PRODUCTS + "/{cpp_id}"
_RATES = _PRODUCT + "/callingplanproductdefinition"


class CallingPlanProducts(Resource):
    """The calling plans a partition sells, with their rates."""

    tag = "Calling Plan Product"

    @declare.post(_PRODUCTS, operation_id="add_2")
    async def create(
        self, product: CallingPlanProductCreate, *, partition_id: str | None = None
    ) -> CallingPlanProduct:
        """Create a calling plan product.

        `POST /v2/partition/{partitionId}/callingplanproduct`.
        """
        ...

    @declare.post(_PRODUCTS + "/import", operation_id="add_1")
    async def import_(self, file: UploadSource, *, partition_id: str | None = None) -> CallingPlanProduct:
        """Create a calling plan product of a file.

        `POST /v2/partition/{partitionId}/callingplanproduct/import`.
        """
        ...

    @declare.get(_PRODUCT, operation_id="get_3")
    async def get(self, cpp_id: str, *, partition_id: str | None = None) -> CallingPlanProduct:
        """Return one calling plan product.

        `GET /v2/partition/{partitionId}/callingplanproduct/{cppId}`.
        """
        ...

    @declare.patch(_PRODUCT, operation_id="patch_5")
    async def patch(
        self,
        cpp_id: str,
        product: CallingPlanProduct | CallingPlanProductCreate,
        *,
        partition_id: str | None = None,
    ) -> CallingPlanProduct:
        """Change the given fields of a calling plan product.

        `PATCH /v2/partition/{partitionId}/callingplanproduct/{cppId}`.
        """
        ...

    @declare.put(_PRODUCT, operation_id="update_5")
    async def update(
        self,
        cpp_id: str,
        product: CallingPlanProduct | CallingPlanProductCreate,
        *,
        partition_id: str | None = None,
    ) -> CallingPlanProduct:
        """Put a calling plan product in the place of one.

        `PUT /v2/partition/{partitionId}/callingplanproduct/{cppId}`.
        """
        ...

    @declare.delete(_PRODUCT + "/archive-callingplan", operation_id="archive")
    async def archive(self, cpp_id: str, *, partition_id: str | None = None) -> None:
        """Take a calling plan product out of sale; who has it keeps it.

        `DELETE /v2/partition/{partitionId}/callingplanproduct/{cppId}/archive-callingplan`.
        """
        ...

    @declare.get(_RATES, operation_id="telephoneNumberCSVReport_1")
    async def download_rates(self, cpp_id: str, *, partition_id: str | None = None) -> Download:
        """Download the rates of a calling plan product as CSV.

        `GET /v2/partition/{partitionId}/callingplanproduct/{cppId}/callingplanproductdefinition`.
        """
        ...

    @declare.post(_RATES, operation_id="add_3")
    async def upload_rates(
        self, cpp_id: str, file: UploadSource, *, partition_id: str | None = None
    ) -> list[FileImportError]:
        """Add the rates of a CSV file to a calling plan product, and return its faulty lines.

        `POST /v2/partition/{partitionId}/callingplanproduct/{cppId}/callingplanproductdefinition`.
        """
        ...

    # Last, because from here on `list` is this operation.
    @declare.get(_PRODUCTS, operation_id="retrieveCallingPlanProductList")
    async def list(
        self, *, include_archived: bool | None = None, partition_id: str | None = None
    ) -> list[CallingPlanProduct]:
        """Return every calling plan product of the partition.

        `GET /v2/partition/{partitionId}/callingplanproduct`.
        """
        ...
