"""Devices that tests may write to: nodes of their own where the tests run as root.

Root can rename a file over `/dev/null`, so a fault in what is tested would harm the machine. Who is not root
cannot, and cannot make a node either.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

import pytest

_MINORS: Final = {"null": 3, "full": 7}


def device(folder: Path, name: str) -> Path:
    """Return a device: as root a node in a folder of the test, else the system's; skips where there is none.

    Args:
        folder: Where a node of its own goes.
        name: `null` or `full`.
    """
    system = Path("/dev") / name
    if not system.is_char_device():
        pytest.skip(f"there is no {system}")
    if os.geteuid() != 0:
        return system
    own = folder / f"{name}-device"
    try:
        os.mknod(own, stat.S_IFCHR | 0o666, os.makedev(1, _MINORS[name]))
        own.open("wb").close()
    except OSError as error:
        pytest.skip(f"no device can be made here ({error.strerror})")
    return own
