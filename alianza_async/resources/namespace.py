"""What hangs under a session: every resource, each loaded with its models when first touched, and `bulk`."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from alianza_async.endpoints.lazy import Lazy

if TYPE_CHECKING:
    from alianza_async.bulk import Bulk
    from alianza_async.resources.account_devices import AccountDevices
    from alianza_async.resources.account_users import AccountUsers
    from alianza_async.resources.accounts import Accounts
    from alianza_async.resources.addresses import Addresses
    from alianza_async.resources.authorize import Authorize
    from alianza_async.resources.brand_settings import BrandSettings
    from alianza_async.resources.bulk_operation_collections import BulkOperationCollections
    from alianza_async.resources.bulk_operation_jobs import BulkOperationJobs
    from alianza_async.resources.business_line_hunt_groups import BusinessLineHuntGroups
    from alianza_async.resources.business_lines import BusinessLines
    from alianza_async.resources.call_groups import CallGroups
    from alianza_async.resources.call_parking_spots import CallParkingSpots
    from alianza_async.resources.calling_plan_products import CallingPlanProducts
    from alianza_async.resources.calling_plans import CallingPlans
    from alianza_async.resources.cdrs import Cdrs
    from alianza_async.resources.cymbus_products import CymbusProducts
    from alianza_async.resources.device_inventory import DeviceInventory
    from alianza_async.resources.device_lines import DeviceLines
    from alianza_async.resources.devices import Devices
    from alianza_async.resources.documents import Documents
    from alianza_async.resources.dynamic_inventory import DynamicInventory
    from alianza_async.resources.edge_nodes import EdgeNodes
    from alianza_async.resources.emergency_notifications import EmergencyNotifications
    from alianza_async.resources.inbound_rate_plans import InboundRatePlans
    from alianza_async.resources.ivrs import Ivrs
    from alianza_async.resources.jobs import Jobs
    from alianza_async.resources.languages import Languages
    from alianza_async.resources.local_calling_areas import LocalCallingAreas
    from alianza_async.resources.management_users import ManagementUsers
    from alianza_async.resources.media import Media
    from alianza_async.resources.paging_groups import PagingGroups
    from alianza_async.resources.partitions import Partitions
    from alianza_async.resources.pickup_groups import PickupGroups
    from alianza_async.resources.ports import Ports
    from alianza_async.resources.prevalidations import Prevalidations
    from alianza_async.resources.rate_centers import RateCenters
    from alianza_async.resources.reference_data import ReferenceData
    from alianza_async.resources.reports import Reports
    from alianza_async.resources.security_roles import SecurityRoles
    from alianza_async.resources.service_activations import ServiceActivations
    from alianza_async.resources.single_sign_on import SingleSignOn
    from alianza_async.resources.sip_trunk_caller_ids import SipTrunkCallerIds
    from alianza_async.resources.sip_trunk_groups import SipTrunkGroups
    from alianza_async.resources.sip_trunks import SipTrunks
    from alianza_async.resources.specialty_lines import SpecialtyLines
    from alianza_async.resources.sso_configurations import SsoConfigurations
    from alianza_async.resources.sso_exemptions import SsoExemptions
    from alianza_async.resources.sso_logins import SsoLogins
    from alianza_async.resources.supported_rate_centers import SupportedRateCenters
    from alianza_async.resources.telephone_numbers import TelephoneNumbers
    from alianza_async.resources.user_devices import UserDevices
    from alianza_async.resources.user_groups import UserGroups
    from alianza_async.resources.users import Users
    from alianza_async.resources.virtual_fax import VirtualFax
    from alianza_async.resources.virtual_fax_lines import VirtualFaxLines
    from alianza_async.resources.voicemail_boxes import VoicemailBoxes
    from alianza_async.resources.voicemail_messages import VoicemailMessages

__all__ = ["Namespace"]


class Namespace:
    """What hangs under a session. `Session` is the only class to inherit it."""

    resources_in: ClassVar[str] = "alianza_async.resources"

    account_devices: Lazy[AccountDevices] = Lazy()
    """An account's physical phones and adapters, each known by its MAC address."""
    account_users: Lazy[AccountUsers] = Lazy()
    """Administrators of one account."""
    accounts: Lazy[Accounts] = Lazy()
    """Customers of the partition: their settings, status and history."""
    addresses: Lazy[Addresses] = Lazy()
    """Postal addresses: suggestions while typing, parsing and validation."""
    authorize: Lazy[Authorize] = Lazy()
    """Logging in and out, the own password, and who is logged in."""
    brand_settings: Lazy[BrandSettings] = Lazy()
    """How the apps of a partition are branded."""
    bulk_operation_collections: Lazy[BulkOperationCollections] = Lazy()
    """Rows that a server-side bulk operation reads or has written."""
    bulk_operation_jobs: Lazy[BulkOperationJobs] = Lazy()
    """Server-side bulk operations on users and telephone numbers."""
    business_line_hunt_groups: Lazy[BusinessLineHuntGroups] = Lazy()
    """Groups of business lines that ring by a scheme, with failover and forwarding."""
    business_lines: Lazy[BusinessLines] = Lazy()
    """Lines without a user: port, SIP login, call handling and voicemail."""
    call_groups: Lazy[CallGroups] = Lazy()
    """Users and devices that ring together."""
    call_parking_spots: Lazy[CallParkingSpots] = Lazy()
    """Places where a call waits until somebody picks it up."""
    calling_plan_products: Lazy[CallingPlanProducts] = Lazy()
    """The calling plans a partition sells, with their rates."""
    calling_plans: Lazy[CallingPlans] = Lazy()
    """Calling plans that an account, user, trunk or line has."""
    cdrs: Lazy[Cdrs] = Lazy()
    """Records of an account's calls."""
    cymbus_products: Lazy[CymbusProducts] = Lazy()
    """Cymbus softphones: groups of partitions and accounts, SIP logins of users."""
    device_inventory: Lazy[DeviceInventory] = Lazy()
    """The partition's stock of devices, as files."""
    device_lines: Lazy[DeviceLines] = Lazy()
    """Lines of an account's devices: what rings where, and how it is provisioned."""
    devices: Lazy[Devices] = Lazy()
    """What is known of a physical device and the numbers that ring it."""
    documents: Lazy[Documents] = Lazy()
    """Versions of stored documents and their content."""
    dynamic_inventory: Lazy[DynamicInventory] = Lazy()
    """Telephone numbers that a carrier offers and delivers on order."""
    edge_nodes: Lazy[EdgeNodes] = Lazy()
    """Edge nodes of a partition and the devices behind them."""
    emergency_notifications: Lazy[EmergencyNotifications] = Lazy()
    """Who is told of an emergency call, and the calls there were."""
    inbound_rate_plans: Lazy[InboundRatePlans] = Lazy()
    """Rate plans for incoming calls."""
    ivrs: Lazy[Ivrs] = Lazy()
    """Voice menus of an account."""
    jobs: Lazy[Jobs] = Lazy()
    """Work that outlives its request: input, progress and output."""
    languages: Lazy[Languages] = Lazy()
    """The language the server takes a caller to prefer."""
    local_calling_areas: Lazy[LocalCallingAreas] = Lazy()
    """Prefixes that count as local calls, as files."""
    management_users: Lazy[ManagementUsers] = Lazy()
    """Administrators of a partition."""
    media: Lazy[Media] = Lazy()
    """Hold music and menu prompts of an account."""
    paging_groups: Lazy[PagingGroups] = Lazy()
    """Phones that play one announcement together."""
    partitions: Lazy[Partitions] = Lazy()
    """The partition itself: settings, carriers, history of its data."""
    pickup_groups: Lazy[PickupGroups] = Lazy()
    """Users who may answer each other's calls."""
    ports: Lazy[Ports] = Lazy()
    """Telephone numbers on their way from another carrier."""
    prevalidations: Lazy[Prevalidations] = Lazy()
    """Checks of an address, a telephone number or a product before it is put on an account."""
    rate_centers: Lazy[RateCenters] = Lazy()
    """Rate centres, how many numbers each shall have in stock, and who is told."""
    reference_data: Lazy[ReferenceData] = Lazy()
    """What the server supports: device types, languages, time zones, permissions."""
    reports: Lazy[Reports] = Lazy()
    """Reports on the partition, most of them written as a file by a job."""
    security_roles: Lazy[SecurityRoles] = Lazy()
    """Roles: named sets of permissions."""
    service_activations: Lazy[ServiceActivations] = Lazy()
    """How far the activation of a service on an account has come."""
    single_sign_on: Lazy[SingleSignOn] = Lazy()
    """What a login page needs, and the exchange of its code for a token."""
    sip_trunk_caller_ids: Lazy[SipTrunkCallerIds] = Lazy()
    """Caller ids of SIP trunks and the calling numbers they replace."""
    sip_trunk_groups: Lazy[SipTrunkGroups] = Lazy()
    """SIP trunks that share their forwarding rules."""
    sip_trunks: Lazy[SipTrunks] = Lazy()
    """SIP trunks of an account."""
    specialty_lines: Lazy[SpecialtyLines] = Lazy()
    """Lines for lifts, alarms, door phones and the like."""
    sso_configurations: Lazy[SsoConfigurations] = Lazy()
    """Identity providers of accounts, and those a partition enforces."""
    sso_exemptions: Lazy[SsoExemptions] = Lazy()
    """Who may log in without the identity provider."""
    sso_logins: Lazy[SsoLogins] = Lazy()
    """Logging in by way of an identity provider, and the links of users to it."""
    supported_rate_centers: Lazy[SupportedRateCenters] = Lazy()
    """Rate centres that a carrier serves, nearest first."""
    telephone_numbers: Lazy[TelephoneNumbers] = Lazy()
    """Telephone numbers: stock, search, reservation, activation, orders, emergency addresses."""
    user_devices: Lazy[UserDevices] = Lazy()
    """Device lines of one user, the older way; use device_lines."""
    user_groups: Lazy[UserGroups] = Lazy()
    """Named groups of an account's users."""
    users: Lazy[Users] = Lazy()
    """People of an account who make and take calls."""
    virtual_fax: Lazy[VirtualFax] = Lazy()
    """Outgoing faxes of an account."""
    virtual_fax_lines: Lazy[VirtualFaxLines] = Lazy()
    """Fax numbers that deliver by e-mail."""
    voicemail_boxes: Lazy[VoicemailBoxes] = Lazy()
    """Voicemail boxes, their greetings and PINs."""
    voicemail_messages: Lazy[VoicemailMessages] = Lazy()
    """Messages in a voicemail box."""

    bulk: Lazy[Bulk] = Lazy("alianza_async.bulk")
    """Many items at once, one result each."""
