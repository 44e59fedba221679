"""The environment of a child that coverage does not measure: where no file may grow, it cannot."""

from __future__ import annotations

import os


def unmeasured() -> dict[str, str]:
    """Return this process's environment without what makes coverage measure a child."""
    return {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
