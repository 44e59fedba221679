"""What the API accepts in an account or a user: a table of its own, independent of the client's models."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from alianza_async.sandbox.answers import ApiError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from alianza_async.sandbox.options import Json

# C0, DEL and C1: nothing a person types into a name.
_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f]")
_UUID: Final = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)

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


def _text(low: int = 0, high: int | None = None) -> Callable[[object], str | None]:
    """Build a rule: a string of low..high characters without control characters."""

    def rule(value: object) -> str | None:
        if not isinstance(value, str):
            return "must be a string"
        if high is not None and not low <= len(value) <= high:
            return f"size must be between {low} and {high}"
        if _CONTROL.search(value):
            return "must not contain control characters"
        return None

    return rule


def _integer(low: int, high: int) -> Callable[[object], str | None]:
    """Build a rule: a whole number of low..high."""

    def rule(value: object) -> str | None:
        if not isinstance(value, int) or isinstance(value, bool):
            return "must be an integer"
        if value < low:
            return f"must be greater than or equal to {low}"
        if value > high:
            return f"must be less than or equal to {high}"
        return None

    return rule


def _one_of(*allowed: str) -> Callable[[object], str | None]:
    """Build a rule: one of these words, exactly."""
    words = frozenset(allowed)

    def rule(value: object) -> str | None:
        if isinstance(value, str) and value in words:
            return None
        return f"must be one of {', '.join(sorted(words))}"

    return rule


def _uuid(value: object) -> str | None:
    """Require a UUID written with hyphens."""
    if isinstance(value, str) and _UUID.fullmatch(value):
        return None
    return "must be a UUID"


def _boolean(value: object) -> str | None:
    """Require true or false."""
    return None if isinstance(value, bool) else "must be a boolean"


def _object(value: object) -> str | None:
    """Require a JSON object."""
    return None if isinstance(value, dict) else "must be an object"


_NAME = _text(3, 256)
_WORDS = _text()
_TIME_ZONE = _one_of(*TIME_ZONES)

ACCOUNT_RULES: Final[Mapping[str, Callable[[object], str | None]]] = {
    "accountNumber": _NAME,
    "accountName": _NAME,
    "accountType": _one_of("SIMPLE", "ADVANCED"),
    "timeZone": _TIME_ZONE,
    "billingCycleDay": _integer(1, 28),
    "extensionLength": _integer(3, 6),
    "customField": _NAME,
    "languageTag": _WORDS,
    "platformType": _one_of("V2_0", "V2_1", "CPE1", "CPE2"),
    "inboundRatePlanProductId": _WORDS,
    "dialingBehaviorType": _one_of(
        "SEVEN_DIGIT",
        "TEN_DIGIT",
        "OPEN_DIAL_PLAN",
        "DIAL_NINE_SEVEN_DIGIT",
        "DIAL_NINE_TEN_DIGIT",
        "OPEN_DIAL_PLAN_TEN_DIGIT",
    ),
    "routePlanId": _uuid,
    "callScreeningSettings": _object,
    "holdMusicMediaId": _WORDS,
    "holdTimeoutSeconds": _integer(30, 600),
    "allowDangerousExtensions": _boolean,
    "domain": _WORDS,
    "sendWelcomeEmail": _boolean,
    "regulatoryType": _one_of("RESIDENTIAL", "COMMERCIAL", "GOVERNMENT"),
    "status": _one_of("ACTIVE", "DISABLED", "DELETED", "DELETE_PENDING", "SUSPENDED", "PENDING"),
    "customHoldMusicMediaId": _WORDS,
}
ACCOUNT_REQUIRED: Final = ("accountNumber", "accountName", "accountType", "timeZone", "billingCycleDay")

USER_RULES: Final[Mapping[str, Callable[[object], str | None]]] = {
    "username": _NAME,
    "firstName": _NAME,
    "lastName": _NAME,
    "emailAddress": _NAME,
    "mustChangePassword": _boolean,
    "languageTag": _WORDS,
    "timeZone": _TIME_ZONE,
    "extension": _WORDS,
    "newCppId": _WORDS,
    "voicemailBoxId": _WORDS,
    "endUserType": _one_of(
        "ADMIN", "ADVANCED_ADMIN", "BASIC_ADMIN", "STANDARD", "STANDARD_ADMIN", "SUPER_ADMIN"
    ),
    "userProductPlan": _one_of("STANDARD", "ADVANCED", "PROFESSIONAL"),
    "softphoneClientType": _one_of("STRETTO", "CYMBUS"),
    "pinLockedOut": _boolean,
    "blockEmail": _boolean,
    "allowPortalAccess": _boolean,
    "tags": _WORDS,
    "callScreeningSettings": _object,
    "callerIdConfig": _object,
    "callHandlingSettings": _object,
    "mediaFriends": _object,
    "group": _object,
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
    return _checked(body, ACCOUNT_RULES, required)


def check_user(body: Json) -> Json:
    """Answer a user body that the API would accept, without its null fields.

    Raises:
        ApiError: 400 with one message for each field that does not fit.
    """
    return _checked(body, USER_RULES, USER_REQUIRED)


def _checked(
    body: Json, rules: Mapping[str, Callable[[object], str | None]], required: tuple[str, ...]
) -> Json:
    """Run the rules over a body; fields without a rule pass as they are."""
    messages = list(_complaints(body, rules, required))
    if messages:
        raise ApiError(400, tuple(messages))
    return {name: value for name, value in body.items() if value is not None or name not in rules}


def _complaints(
    body: Json, rules: Mapping[str, Callable[[object], str | None]], required: tuple[str, ...]
) -> Iterator[str]:
    """Yield what is wrong: the missing fields first, then the fields in the order they were sent."""
    for name in required:
        if body.get(name) is None:
            yield f"{name} must not be null"
    for name, value in body.items():
        rule = rules.get(name)
        if rule is not None and value is not None:
            complaint = rule(value)
            if complaint is not None:
                yield f"{name} {complaint}"
