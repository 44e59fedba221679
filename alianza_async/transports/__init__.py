"""What carries requests: one over httpx, one over aiohttp, and the protocol for one of your own.

Public: `base` (`Transport`) and `httpx` (`HttpxTransport`, `InProcessTransport`). The other modules are for
the library itself. httpx and aiohttp are imported here alone, and none of their types leaves.
"""
