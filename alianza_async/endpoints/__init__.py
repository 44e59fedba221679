"""Declared operations: a declaration becomes a call, and its answer a value.

Public: `declare` (the decorators), `endpoint` (`Resource`, `Endpoint`), `ensure` and `paging`. The other
modules are for the library itself.
"""
