"""What tools/resources.py cannot read from the description: names of arguments and constants, a few types."""

from __future__ import annotations

# Published names that run their words together, or say too little where the call is read.
ARGUMENTS = {
    "accountnumber": "account_number",
    "macaddress": "mac_address",
    "sipusername": "sip_username",
    "accountid": "account_id",
    "userid": "user_id",
    "partitionid": "partition_id",
    "lineno": "line_number",
    "functiontype": "function_type",
    "distanceunit": "distance_unit",
    "searchterm": "search_term",
    "usertype": "user_type",
    "mediatype": "media_type",
    "npa-nxx": "npa_nxx",
    "X-AUTH-REDIRECT-OVERRIDE": "redirect_override",
    "Accept": "accept",
    "type": "kind",
    "format": "encoding",
    "filter": "filter_value",
}
IDS = {
    "documents": "document_id",
    "business_line_hunt_groups": "forwarding_id",
    "management_users": "user_id",
    "media": "media_id",
    "reference_data": "type_id",
    "virtual_fax_lines": "line_id",
}
"""What a placeholder that is published as `{id}` is the id of."""

WORDS = {
    "telephonenumber": "number",
    "tn-requests": "order",
    "deviceline": "line",
    "accountuser": "user",
    "managementuser": "user",
    "voicemailbox": "box",
    "voicemailmessage": "message",
    "callingplanproduct": "product",
    "callingplan": "plan",
    "callpark": "spot",
    "grouppaging": "group",
    "grouppickup": "group",
    "deviceinventory": "inventory",
    "inboundrateplanproduct": "plan",
    "ratecenter": "rate_center",
    "siptrunk_2": "trunk",
    "siptrunkgroup": "group",
    "sipcredentials": "credentials",
    "security": "role",
    "brand-settings": "brand",
    "localprefixes": "prefixes",
    "business-line-hunt-group": "hunt_group",
    "forward-configuration": "forwarding",
    "failover-action": "failover",
    "callingplanproductdefinition": "rates",
    "deviceprovisioning": "provisioning",
    "deviceinventory_2": "inventory",
    "cdrsearch": "search",
    "cymbus": "cymbus",
    "devicetype": "device_type",
    "sidecartype": "side_car_type",
    "usergroups": "user_groups",
    "holdmusic": "hold_music",
    "media": "media",
    "media_2": "file",
    "inventoryplan": "old_inventory_plan",
    "inventoryplan_2": "inventory_plan",
    "reordernotification": "reorder_emails",
    "callerid": "number",
    "fromnumber": "from_number",
    "settings": "settings",
    "sip-credentials": "sip_credentials",
    "emergency-notifications": "notifications",
    "macaddress": "device",
    "911-address": "e911_address",
    "vfax": "line",
    "cid": "caller_id",
}
"""What a constant calls a segment of a path."""

# What the description does not say, or says less of than the models know. tests/test_conformance.py has the
# reasons.
ANSWERS = {
    "retrieveBusinessLineVoicemailBoxes": "list[BusinessLineVoicemailBox]",
    "retrieveBusinessLineVoicemailBoxesExpandedView": "list[BusinessLineVoicemailBoxDetails]",
    "retrieveBusinessLineVoicemailMessages": "list[BusinessLineVoicemailMessage]",
    "findLoa": "Download",
    "multipleActivation": "dict[str, object]",
    "uploadAccountMedia": "Media | Job",
    "getUserGroups": "UserGroupSettings | None",
}
BODIES = {"setNotificationEmails": "emails", "deleteMultiple": "message_ids", "loginWithJWT": "token"}
PLAIN = {"get": "safe", "put": "idempotent", "delete": "idempotent", "post": "action", "patch": "action"}

# Files that would pass 400 lines: part of a resource is a base class in a file of its own.
