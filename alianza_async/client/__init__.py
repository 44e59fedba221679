"""A client of one carrier's API: its life, its request pipeline, its views. Knows no carrier by name.

Public: `Client`, `ClientSettings`, `UnsettledCall`.
"""

from __future__ import annotations

from alianza_async.client.client import Client
from alianza_async.client.in_flight import UnsettledCall
from alianza_async.client.settings import ClientSettings

__all__ = ["Client", "ClientSettings", "UnsettledCall"]
