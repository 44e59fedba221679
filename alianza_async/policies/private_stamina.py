"""A stamina of our own: loaded a second time, under a name that only this module knows.

stamina keeps its switches and its hooks in one place for the whole process. A program that calls
`stamina.set_testing` in its tests, or `stamina.set_active(False)`, would take our waits and attempts away,
and a lost create that is sent again too early makes two accounts. Its hooks would report our retries once
more, on standard output where structlog is installed. The switches of this copy are out of everybody's reach
and it has no hooks; those of the program stay as they are.
"""

from __future__ import annotations

import sys
from importlib.util import module_from_spec, spec_from_file_location
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from types import ModuleType

    from stamina import retry_context as _retry_context


__all__ = ["retry_context"]

_NAME: Final = f"{__name__}.stamina"


def _loaded_again(library: str) -> ModuleType:
    """Load a package under a name of our own; its modules import each other relatively and so come along."""
    # Asked of the finders: a stand-in that a program's tests put into `sys.modules` is none of ours.
    specs = (finder.find_spec(library, None) for finder in sys.meta_path)
    found = next((spec for spec in specs if spec is not None), None)
    if found is None or found.origin is None:
        raise ModuleNotFoundError(f"No module named {library!r}", name=library)
    spec = spec_from_file_location(
        _NAME, found.origin, submodule_search_locations=list(found.submodule_search_locations or ())
    )
    if spec is None or spec.loader is None:
        raise ImportError(f"{library} cannot be loaded from {found.origin}", name=library)
    module = module_from_spec(spec)
    sys.modules[_NAME] = module
    spec.loader.exec_module(module)
    return module


_ours = _loaded_again("stamina")
_ours.instrumentation.set_on_retry_hooks(())

if TYPE_CHECKING:
    retry_context = _retry_context
else:
    retry_context = _ours.retry_context
