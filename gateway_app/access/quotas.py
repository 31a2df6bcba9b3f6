"""Limits failed authentication by address, and requests by principal."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol

from limits import RateLimitItemPerMinute

from common.config import Config
from common.errors import TooMany
from common.workers.turns import Caller
from gateway_app.access.counters import Counters
from gateway_app.access.principals import ANONYMOUS, Limits, Principal

FAILURES = RateLimitItemPerMinute(10, namespace="FAILURES")


@dataclass(frozen=True)
class Allowance:
    """The requests of one principal in the current minute."""

    limit: int
    remaining: int
    reset_seconds: float
    """Until all of them are available again."""


class OverQuota(TooMany):
    """A principal has used up its requests of this minute."""

    def __init__(self, limit: int, reset_seconds: float) -> None:
        super().__init__(
            f"At most {limit} requests a minute are allowed.",
            retry_after_seconds=reset_seconds,
        )
        self.allowance = Allowance(limit, 0, reset_seconds)


class Kind(StrEnum):
    """What was wrong."""

    KEY = "key"
    PASSWORD = "password"  # noqa: S105 - not one


class FailureListener(Protocol):
    """Whoever is told of each failed attempt."""

    def failed(self, kind: Kind, address: str, account: str = "") -> None:
        """Somebody presented a wrong key or password. Returns at once, never raises."""


class NobodyListens:
    """The listener that forgets."""

    def failed(self, kind: Kind, address: str, account: str = "") -> None:
        """See FailureListener."""


class FailedLogins:
    """Counts wrong keys and passwords, by address, and tells `listener` of them."""

    def __init__(
        self, counters: Counters, listener: FailureListener | None = None
    ) -> None:
        self._counters = counters
        self.listener = listener or NobodyListens()

    async def count(self, address: str) -> None:
        """Count an attempt. Raises TooMany after ten in a minute.

        A password is counted before it is checked, so that simultaneous attempts cannot
        all pass before the first one counts.
        """
        seconds = await self._counters.hit(FAILURES, network(address))
        if seconds:
            raise TooMany(
                "Too many failed attempts from this address.",
                retry_after_seconds=seconds,
            )

    async def forgive(self, address: str) -> None:
        """Undo the last count: the attempt did not fail."""
        await self._counters.hit(FAILURES, network(address), cost=-1)


class Quotas:
    """Limits requests by principal, and anonymous ones by address."""

    def __init__(self, config: Config, counters: Counters) -> None:
        self._counters = counters
        self._default = Limits(
            requests_per_minute=config.principal_requests_per_minute or None,
            sessions=config.principal_max_sessions or None,
        )

    def limited(self, principal: Principal) -> Principal:
        """The principal, with the configured limits where it has none of its own."""
        own = principal.limits
        limits = Limits(
            requests_per_minute=own.requests_per_minute
            or self._default.requests_per_minute,
            sessions=own.sessions or self._default.sessions,
        )
        return replace(principal, limits=limits)

    async def count_request(self, principal: Principal, address: str) -> None:
        """Count a request or a socket. Raises OverQuota past the limit."""
        most = principal.limits.requests_per_minute
        if most is None:
            return
        seconds = await self._counters.hit(_requests(most), holder(principal, address))
        if seconds:
            raise OverQuota(most, seconds)

    async def allowance(self, principal: Principal, address: str) -> Allowance | None:
        """What is left of this minute's requests; None without a limit."""
        most = principal.limits.requests_per_minute
        if most is None:
            return None
        return Allowance(
            most,
            *await self._counters.left(_requests(most), holder(principal, address)),
        )


def _requests(most: int) -> RateLimitItemPerMinute:
    return RateLimitItemPerMinute(most, namespace="REQUESTS")


def holder(principal: Principal, address: str) -> str:
    """Whose a counter, a slot, a conversation or a text is: the principal's, or an
    anonymous client's address's."""
    return holder_of(principal.id, address)


def holder_of(principal_id: str, address: str) -> str:
    """The same for a record, which has the principal's id."""
    if principal_id == ANONYMOUS.id:
        return f"{principal_id} {network(address)}"
    return principal_id


def caller_of(principal: Principal, address: str) -> Caller:
    """For whom the work of a request or a socket is done."""
    return Caller(principal.id, network(address))


def network(address: str) -> str:
    """One household is one IPv4 address or one IPv6 /64."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is None:
            return str(ipaddress.ip_network(f"{parsed}/64", strict=False))
        parsed = parsed.ipv4_mapped
    return str(parsed)
