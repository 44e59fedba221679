"""The sorts of values that a field may hold; a type that is annotated with one says how its text is read."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Sort"]


class Sort(StrEnum):
    """What a field holds, and so how its text is read."""

    TEXT = "text"
    """Free text, such as a street or a remark."""

    NAME = "name"
    """What somebody or something is called."""

    IDENTIFIER = "identifier"
    """What tells one thing from another: compared letter by letter."""

    VALUE = "value"
    """One of a list, or a date: anything with a type that checks itself."""

    WHOLE_NUMBER = "whole number"
    YES_NO = "yes or no"
    TELEPHONE_NUMBER = "telephone number"
    AREA_CODE = "area code"
    MAC = "MAC address"
    STATE = "state"
    COUNTRY = "country"
    POSTAL_CODE = "postal code"
    TIME_ZONE = "time zone"

    SECRET = "secret"  # noqa: S105  (the name of a sort)
    """A password or PIN: taken as it is, letter by letter."""
