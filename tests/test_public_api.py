"""docs/public-api.txt lists the public names as they are, so that a change to them is seen in review."""

from __future__ import annotations

import pytest

pytest.importorskip("griffe", reason="griffe is a developer's tool")

from tools import public_api


def test_the_listing_is_current() -> None:
    """The listing is what `make docs` writes of these sources."""
    assert public_api.PAGE.read_text("utf-8") == public_api.Api().page(), "run `make docs`"


def test_the_listing_has_what_users_call() -> None:
    """Packages, classes with their methods and inherited names, and operations are there, with types."""
    text = public_api.PAGE.read_text("utf-8")

    for line in (
        "Session = alianza_async.session.Session",
        "    accounts: Lazy[Accounts]",
        "    async def get_by_number(self, account_number: str) -> Account",
        "    previously_settled: int",
        "class AccountCreate",
    ):
        assert f"\n{line}\n" in text
    assert "0x" not in text
