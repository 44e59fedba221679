"""Reference data: what the server supports: device types, languages, time zones, permissions."""

# ruff: noqa: PIE790  (the `...` of a declaration tells pyright that its answer comes from elsewhere)
from __future__ import annotations

from typing import Annotated

from alianza_async.calls.files import Download
from alianza_async.endpoints import declare
from alianza_async.endpoints.endpoint import Resource
from alianza_async.models.enums import UserType
from alianza_async.models.reference_data import Language, PermissionDefaults, SystemDefaultMedia
from alianza_async.models.shared_device_types import DeviceType, SideCarType

__all__ = ["ReferenceData"]

_REF = "/v2/ref"
_DEVICE_TYPES = _REF + "/devicetype"
_SIDE_CAR_TYPES = _REF + "/sidecartype"


class ReferenceData(Resource):
    """What the server supports: device types, languages, time zones, permissions."""

    tag = "Reference Resources"

    @declare.get(_DEVICE_TYPES, operation_id="getDeviceTypes")
    async def device_types(
        self, *, partition_id: Annotated[str | None, declare.Named("partitionid")] = None
    ) -> list[DeviceType]:
        """Return the device types, all or those of one partition.

        `GET /v2/ref/devicetype`.
        """
        ...

    @declare.get(_DEVICE_TYPES + "/{type_id}", operation_id="getDeviceTypeById")
    async def device_type(self, type_id: Annotated[str, declare.Named("id")]) -> DeviceType:
        """Return one device type.

        `GET /v2/ref/devicetype/{id}`.
        """
        ...

    @declare.get(_REF + "/dialplan/actiontypes", operation_id="getDialPlanActions")
    async def dial_plan_actions(self, *, include_restricted: bool | None = None) -> dict[str, list[str]]:
        """Return what a rule of a dial plan can do.

        `GET /v2/ref/dialplan/actiontypes`.
        """
        ...

    @declare.get(_REF + "/language", operation_id="getLanguages")
    async def languages(self) -> list[Language]:
        """Return the languages there are.

        `GET /v2/ref/language`.
        """
        ...

    @declare.get(_REF + "/permissions", operation_id="getPermissions")
    async def permissions(
        self, *, user_type: Annotated[UserType | None, declare.Named("usertype")] = None
    ) -> list[PermissionDefaults]:
        """Return the permissions there are, with what each kind of user has at first.

        `GET /v2/ref/permissions`.
        """
        ...

    @declare.get(_REF + "/routeplan-definition-template", operation_id="getRoutePlanDefinitionTemplate")
    async def route_plan_template(self) -> Download:
        """Download the form of the file that defines a route plan.

        `GET /v2/ref/routeplan-definition-template`.
        """
        ...

    @declare.get(_REF + "/secondary-location-types", operation_id="getSecondaryLocations")
    async def secondary_location_types(self) -> dict[str, list[str]]:
        """Return the kinds of place within an address, such as a floor.

        `GET /v2/ref/secondary-location-types`.
        """
        ...

    @declare.get(_SIDE_CAR_TYPES, operation_id="getSideCarTypes")
    async def side_car_types(self) -> list[SideCarType]:
        """Return the types of key extension there are.

        `GET /v2/ref/sidecartype`.
        """
        ...

    @declare.get(_SIDE_CAR_TYPES + "/{type_id}", operation_id="getSideCarTypeById")
    async def side_car_type(self, type_id: Annotated[str, declare.Named("id")]) -> SideCarType:
        """Return one type of key extension.

        `GET /v2/ref/sidecartype/{id}`.
        """
        ...

    @declare.get(_REF + "/system-default-media/{kind}", operation_id="listDefaultMedia")
    async def default_media(self, kind: Annotated[str, declare.Named("type")]) -> list[SystemDefaultMedia]:
        """Return the sounds that the system brings along, of one kind.

        `GET /v2/ref/system-default-media/{type}`.
        """
        ...

    @declare.get(_REF + "/timezones", operation_id="getTimeZones")
    async def time_zones(self) -> dict[str, list[str]]:
        """Return the time zones that the API knows.

        `GET /v2/ref/timezones`.
        """
        ...
