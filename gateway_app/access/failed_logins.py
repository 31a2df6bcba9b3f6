"""How often an address may try a wrong key or password."""

from __future__ import annotations

import ipaddress
import time

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from common.errors import TooMany

ATTEMPTS = RateLimitItemPerMinute(10)
MAX_ADDRESSES = 10_000
"""Addresses remembered at once; beyond them all newcomers share one count."""


class FailedLogins:
    """Counts failures by address, in memory, and only for a minute."""

    def __init__(self) -> None:
        self._storage = MemoryStorage()
        self._limiter = FixedWindowRateLimiter(self._storage)

    def check(self, address: str) -> None:
        """Raises TooMany for an address that has failed too often."""
        key = self._key(address)
        if not self._limiter.test(ATTEMPTS, key):
            reset_time = self._limiter.get_window_stats(ATTEMPTS, key).reset_time
            raise TooMany(
                "Too many failed attempts from this address.",
                retry_after_seconds=max(1.0, round(reset_time - time.time())),
            )

    def count(self, address: str) -> None:
        """One more failure."""
        self._limiter.hit(ATTEMPTS, self._key(address))

    def _key(self, address: str) -> str:
        network = _network(address)
        known = ATTEMPTS.key_for(network) in self._storage.storage
        full = len(self._storage.storage) >= MAX_ADDRESSES
        return network if known or not full else "others"


def _network(address: str) -> str:
    """One household is one IPv4 address or one IPv6 /64."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    bits = 64 if parsed.version == 6 else 32
    return str(ipaddress.ip_network(f"{parsed}/{bits}", strict=False))
