"""The release, and how it introduces itself to servers."""

from __future__ import annotations

from importlib.metadata import version

__all__ = ["USER_AGENT", "__version__"]

__version__ = version("alianza-async")
USER_AGENT = f"alianza-async/{__version__}"
