"""Limits failed authentication by address, and requests by principal and address."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from typing import Literal, Protocol

from limits import RateLimitItemPerMinute

from common.config.quotas import QuotaSettings
from common.errors import TooMany
from common.metrics import QUOTA_REFUSALS
from common.workers.turns import Caller
from gateway_app.access.counters import Counters
from gateway_app.access.principals import ANONYMOUS, LIMIT_NAMES, Limits, Principal

FAILURES = RateLimitItemPerMinute(10, namespace="FAILURES")

BoundOf = Literal["principal", "address"]


@dataclass(frozen=True)
class Allowance:
    """What is left of a limit."""

    limit: int
    remaining: int
    reset_seconds: float
    """Until all of it is available again."""


@dataclass(frozen=True)
class Bound:
    """A limit, and whose it is."""

    name: str
    """The name of the counter."""
    most: int
    of: BoundOf = "principal"

    @property
    def words(self) -> str:
        """The end of a sentence about the limit."""
        return "" if self.of == "principal" else " from this address"


class OverQuota(TooMany):
    """The requests of this minute are used up."""

    def __init__(
        self, bound: Bound, reset_seconds: float, principal: Principal
    ) -> None:
        super().__init__(
            f"At most {bound.most} requests a minute are allowed{bound.words}.",
            retry_after_seconds=reset_seconds,
        )
        self.allowance = Allowance(bound.most, 0, reset_seconds)
        self.principal = principal
        """Whose request it was."""
        QUOTA_REFUSALS.labels("requests", bound.of).inc()


class Kind(StrEnum):
    """What was wrong."""

    KEY = "key"
    PASSWORD = "password"  # noqa: S105 - not one


class FailureListener(Protocol):
    """Called with each failed attempt to authenticate."""

    def failed(self, kind: Kind, address: str, account: str = "") -> None:
        """Somebody presented a wrong key or password. Returns at once, never raises."""


class NobodyListens:
    """The default listener: does nothing."""

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
    """Limits requests by principal (anonymous ones by address), and by address."""

    def __init__(self, config: QuotaSettings, counters: Counters) -> None:
        self._counters = counters
        self._default = principal_limits(config)
        self._address = address_limits(config)

    def limited(self, principal: Principal) -> Principal:
        """The principal, with the configured limits where it has none of its own."""
        own, default = principal.limits, self._default
        limits = {
            name: _either(getattr(own, name), getattr(default, name))
            for name in LIMIT_NAMES
        }
        return replace(principal, limits=Limits(**limits))

    async def count_request(self, principal: Principal, address: str) -> None:
        """Count a request or a socket. Raises OverQuota past a limit."""
        for bound in self._requests(principal, address):
            seconds = await self._counters.hit(_per_minute(bound), bound.name)
            if seconds:
                raise OverQuota(bound, seconds, principal)

    async def allowance(self, principal: Principal, address: str) -> Allowance | None:
        """What is left of this minute's requests, by the limit that is reached first;
        None without a limit."""
        found = [
            Allowance(
                bound.most, *await self._counters.left(_per_minute(bound), bound.name)
            )
            for bound in self._requests(principal, address)
        ]
        return min(found, key=lambda each: each.remaining, default=None)

    def _requests(self, principal: Principal, address: str) -> list[Bound]:
        own, all_keys = principal.limits, self._address
        return bounds_of(
            own.requests_per_minute, all_keys.requests_per_minute, principal, address
        )


def principal_limits(config: QuotaSettings) -> Limits:
    """The limits of a principal that has none of its own; None is no limit."""
    return Limits(
        requests_per_minute=config.principal_requests_per_minute or None,
        sessions=config.principal_max_sessions or None,
        audio_in_seconds_per_day=config.principal_audio_in_seconds_per_day or None,
        audio_out_seconds_per_day=config.principal_audio_out_seconds_per_day or None,
        llm_tokens_per_day=config.principal_llm_tokens_per_day or None,
    )


def address_limits(config: QuotaSettings) -> Limits:
    """The limits of an address, whatever keys it shows; None is no limit."""
    return Limits(
        requests_per_minute=config.address_requests_per_minute or None,
        sessions=config.address_max_sessions or None,
        audio_in_seconds_per_day=config.address_audio_in_seconds_per_day or None,
        audio_out_seconds_per_day=config.address_audio_out_seconds_per_day or None,
        llm_tokens_per_day=config.address_llm_tokens_per_day or None,
    )


def bounds_of(
    own: int | None, all_keys: int | None, principal: Principal, address: str
) -> list[Bound]:
    """The limits that apply: that of the principal, and that of its address."""
    found = []
    if own is not None:
        found.append(Bound(holder(principal, address), own))
    if all_keys is not None:
        found.append(Bound(address_holder(address), all_keys, "address"))
    return found


def _either(own: int | None, default: int | None) -> int | None:
    return default if own is None else own or None


def _per_minute(bound: Bound) -> RateLimitItemPerMinute:
    return RateLimitItemPerMinute(bound.most, namespace="REQUESTS")


def address_holder(address: str) -> str:
    """Whose a counter of an address is, whatever keys it shows."""
    return f"address {network(address)}"


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


@lru_cache(maxsize=4_096)  # asked for each frame of audio
def network(address: str) -> str:
    """The network that counts as one client: an IPv4 address, or an IPv6 /64."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is None:
            return str(ipaddress.ip_network(f"{parsed}/64", strict=False))
        parsed = parsed.ipv4_mapped
    return str(parsed)
