"""When bytes are taken for Windows-1252, and when they are left for somebody to look at."""

from __future__ import annotations

from io import BytesIO

import pytest

from alianza_async.bulk.input.encodings import is_windows_1252

MIB = 1 << 20


@pytest.mark.parametrize(
    ("content", "is_guessed"),
    [
        (b"", False),
        (b"plain ASCII", False),
        ("Zürich, 12 €".encode(), False),
        ("\ufeffplain".encode(), False),
        ("Zürich, 12 €".encode("cp1252"), True),
        (b"caf\xe9", True),
        (b"caf\xe9 and " + "café".encode(), False),
        ("café".encode() + b" and caf\xe9", False),
        (b"caf\xe9 \x81", False),
        (b"\x9d", False),
        (b"x" * MIB + b"caf\xe9", True),
        (b"caf\xe9" + b"x" * MIB, True),
        (b"x" * (MIB - 1) + "é".encode() + b"x", False),
        (b"x" * (MIB - 2) + "€".encode() + b"caf\xe9", False),
        (b"x" * (MIB - 1) + b"\xc3", True),
        (b"x" * (MIB - 1) + b"\xc3" + b"x" * MIB, True),
        (b"caf\xe9" + b"x" * MIB + "é".encode(), False),
    ],
)
def test_a_guess_needs_every_sign(content: bytes, is_guessed: bool) -> None:
    """No UTF-8, no character of several UTF-8 bytes, no byte without a meaning; wherever a block ends."""
    assert is_windows_1252(BytesIO(content)) is is_guessed
