"""What the API accepts in an account or a user: a table of its own, independent of the client's models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from alianza_async.sandbox.rules import boolean, checked, integer, json_object, one_of, text, uuid_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alianza_async.sandbox.options import Json
    from alianza_async.sandbox.rules import Rule

TIME_ZONES: Final = frozenset(
    {
        "US/Samoa",
        "US/Hawaii",
        "US/Alaska",
        "US/Pacific",
        "US/Arizona",
        "US/Mountain",
        "US/Central",
        "US/Eastern",
        "America/St_Thomas",
        "Canada/Pacific",
        "Canada/Mountain",
        "Canada/Central",
        "Canada/Eastern",
        "Canada/Atlantic",
        "Canada/Newfoundland",
    }
)


_NAME = text(3, 256)
_WORDS = text()
_TIME_ZONE = one_of(*TIME_ZONES)

ACCOUNT_RULES: Final[Mapping[str, Rule]] = {
    "accountNumber": _NAME,
    "accountName": _NAME,
    "accountType": one_of("SIMPLE", "ADVANCED"),
    "timeZone": _TIME_ZONE,
    "billingCycleDay": integer(1, 28),
    "extensionLength": integer(3, 6),
    "customField": _NAME,
    "languageTag": _WORDS,
    "platformType": one_of("V2_0", "V2_1", "CPE1", "CPE2"),
    "inboundRatePlanProductId": _WORDS,
    "dialingBehaviorType": one_of(
        "SEVEN_DIGIT",
        "TEN_DIGIT",
        "OPEN_DIAL_PLAN",
        "DIAL_NINE_SEVEN_DIGIT",
        "DIAL_NINE_TEN_DIGIT",
        "OPEN_DIAL_PLAN_TEN_DIGIT",
    ),
    "routePlanId": uuid_text,
    "callScreeningSettings": json_object,
    "holdMusicMediaId": _WORDS,
    "holdTimeoutSeconds": integer(30, 600),
    "allowDangerousExtensions": boolean,
    "domain": _WORDS,
    "sendWelcomeEmail": boolean,
    "regulatoryType": one_of("RESIDENTIAL", "COMMERCIAL", "GOVERNMENT"),
    "status": one_of("ACTIVE", "DISABLED", "DELETED", "DELETE_PENDING", "SUSPENDED", "PENDING"),
    "customHoldMusicMediaId": _WORDS,
}
ACCOUNT_REQUIRED: Final = ("accountNumber", "accountName", "accountType", "timeZone", "billingCycleDay")

USER_RULES: Final[Mapping[str, Rule]] = {
    "username": _NAME,
    "firstName": _NAME,
    "lastName": _NAME,
    "emailAddress": _NAME,
    "mustChangePassword": boolean,
    "languageTag": _WORDS,
    "timeZone": _TIME_ZONE,
    "extension": _WORDS,
    "newCppId": _WORDS,
    "voicemailBoxId": _WORDS,
    "endUserType": one_of(
        "ADMIN", "ADVANCED_ADMIN", "BASIC_ADMIN", "STANDARD", "STANDARD_ADMIN", "SUPER_ADMIN"
    ),
    "userProductPlan": one_of("STANDARD", "ADVANCED", "PROFESSIONAL"),
    "softphoneClientType": one_of("STRETTO", "CYMBUS"),
    "pinLockedOut": boolean,
    "blockEmail": boolean,
    "allowPortalAccess": boolean,
    "tags": _WORDS,
    "callScreeningSettings": json_object,
    "callerIdConfig": json_object,
    "callHandlingSettings": json_object,
    "mediaFriends": json_object,
    "group": json_object,
}
USER_REQUIRED: Final = ("timeZone", "username")


def check_account(body: Json) -> Json:
    """Answer an account body that the API would accept, without its null fields.

    Raises:
        ApiError: 400 with one message for each field that does not fit.
    """
    required: tuple[str, ...] = ACCOUNT_REQUIRED
    if body.get("accountType") == "ADVANCED":
        required = (*required, "extensionLength")
    return checked(body, ACCOUNT_RULES, required)


def check_user(body: Json) -> Json:
    """Answer a user body that the API would accept, without its null fields.

    Raises:
        ApiError: 400 with one message for each field that does not fit.
    """
    return checked(body, USER_RULES, USER_REQUIRED)
