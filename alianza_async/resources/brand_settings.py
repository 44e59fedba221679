"""Brand settings: how the apps of a partition are branded."""

# ruff: noqa: PIE790  (the `...` of a declaration tells pyright that its answer comes from elsewhere)
from __future__ import annotations

from alianza_async.endpoints import declare
from alianza_async.endpoints.endpoint import Resource
from alianza_async.models.brand_settings import (
    BrandSettings as Brand,
    BrandSettingsCreate,
    BrandSettingsWrite,
)

__all__ = ["BrandSettings"]

_BRANDS = "/v2/app-branding/brand-settings"
_BRAND = _BRANDS + "/{brand_id}"


class BrandSettings(Resource):
    """How the apps of a partition are branded."""

    tag = "Brand Settings"

    @declare.post(_BRANDS, operation_id="createBrandByPartitionId", probe="brand_settings.list")
    async def create(self, settings: BrandSettingsCreate) -> Brand:
        """Create a brand.

        `POST /v2/app-branding/brand-settings`.
        """
        ...

    @declare.get(_BRAND, operation_id="getBrandSettingsById")
    async def get(self, brand_id: str) -> Brand:
        """Return one brand.

        `GET /v2/app-branding/brand-settings/{brandId}`.
        """
        ...

    @declare.put(_BRAND, operation_id="updateBrandSettingsById")
    async def update(self, brand_id: str, settings: Brand | BrandSettingsWrite) -> Brand:
        """Put a brand in the place of one.

        `PUT /v2/app-branding/brand-settings/{brandId}`.
        """
        ...

    # Last, because from here on `list` is this operation.
    @declare.get(_BRANDS, operation_id="getBrandSettingsByPartitionId")
    async def list(self, *, partition: str | None = None) -> list[Brand]:
        """Return every brand of a partition.

        `GET /v2/app-branding/brand-settings`.
        """
        ...
