"""Limits the connections and the bodies of each address."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from common.config import Config
from common.errors import Overloaded, TooMany, VoiceError
from gateway_app.access.proxies import behind_proxy, client_address, is_proxy
from gateway_app.access.quotas import network

HEALTH_RESERVE = 16
"""Connections above the limit, for requests to `/health` only."""
HEALTH = "/health"
_RETRY_SECONDS = 5.0


class OpenConnections:
    """The open connections, by the address of the other side."""

    def __init__(self, config: Config) -> None:
        self._limit = config.max_connections
        self._limit_each = config.max_connections_per_address
        self._proxies = config.trusted_proxies
        self._networks: dict[Any, str] = {}
        self._counts: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._networks)

    def __iter__(self) -> Iterator[Any]:
        return iter(list(self._networks))

    def add(self, transport: Any) -> None:
        if transport not in self._networks:
            name = network(getattr(transport.getPeer(), "host", ""))
            self._networks[transport] = name
            self._counts[name] += 1

    def discard(self, transport: Any) -> None:
        name = self._networks.pop(transport, None)
        if name is not None:
            self._counts[name] -= 1
            if not self._counts[name]:
                del self._counts[name]

    @property
    def only_health(self) -> bool:
        """Whether a new connection may only ask for the health."""
        return len(self) >= self._limit

    def refusal(self, address: str) -> VoiceError | None:
        """Why a new connection from there is refused. A trusted proxy has the
        connections of many clients."""
        if len(self) >= self._limit + HEALTH_RESERVE:
            return too_many_connections()
        is_full = self._counts[network(address)] >= self._limit_each
        if is_full and not is_proxy(address, self._proxies):
            return TooMany(
                f"At most {self._limit_each} connections from one address are allowed "
                "(`max_connections_per_address`).",
                retry_after_seconds=_RETRY_SECONDS,
            )
        return None


class BodiesInProgress:
    """The bodies that are on their way, by the address of the client."""

    def __init__(self, config: Config) -> None:
        self._limit_each = config.max_bodies_per_address
        self._proxies = config.trusted_proxies
        self._counts: Counter[str] = Counter()

    def begin(self, scope: dict[str, Any]) -> str:
        """Count one; returns the name for `end`. Raises TooMany."""
        name = network(client_address(behind_proxy(scope, self._proxies)))
        if self._counts[name] >= self._limit_each:
            raise TooMany(
                f"At most {self._limit_each} bodies at a time may come from one address "
                "(`max_bodies_per_address`).",
                retry_after_seconds=_RETRY_SECONDS,
            )
        self._counts[name] += 1
        return name

    def end(self, name: str) -> None:
        self._counts[name] -= 1
        if not self._counts[name]:
            del self._counts[name]


def too_many_connections() -> Overloaded:
    """The error for a connection over the limit of the whole server."""
    return Overloaded(
        "Too many connections are open.", retry_after_seconds=_RETRY_SECONDS
    )
