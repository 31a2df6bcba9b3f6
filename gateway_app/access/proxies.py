"""The client behind a proxy; its headers count only when the proxy is configured."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

_MAPPED_BITS = 96
"""What stands before an IPv4 address in its IPv6 form, `::ffff:192.0.2.1`."""

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def header(scope: dict[str, Any], name: bytes) -> str:
    """A header of the request, or an empty string."""
    return next(_values(scope, name), "")


def _values(scope: dict[str, Any], name: bytes) -> Iterator[str]:
    """The values of a header that may be repeated."""
    for key, value in scope.get("headers", ()):
        if key.lower() == name:
            yield bytes(value).decode("latin-1").strip()


def behind_proxy(scope: dict[str, Any], trusted: Sequence[str]) -> dict[str, Any]:
    """The scope with the client and scheme that a trusted proxy reports."""
    peer = (scope.get("client") or ("", 0))[0]
    if not is_proxy(peer, trusted):
        return scope
    changed = dict(scope)
    # A proxy may add a line of its own after the client's: together they are one list.
    forwarded = ",".join(_values(scope, b"x-forwarded-for"))
    if client := _client(forwarded, tuple(trusted)):
        changed["client"] = (client, 0)
    if header(scope, b"x-forwarded-proto").lower() in ("https", "wss"):
        changed["scheme"] = "wss" if scope["type"] == "websocket" else "https"
    return changed


def is_proxy(address: str, trusted: Sequence[str]) -> bool:
    """Whether this is one of the trusted proxies."""
    return bool(trusted) and _is_trusted(address, tuple(trusted))


def is_within(address: str, networks: Sequence[str]) -> bool:
    """Whether the address lies in one of the networks."""
    return _is_trusted(address, tuple(networks))


def client_address(scope: dict[str, Any]) -> str:
    """The address of the client, as it appears in logs, records and limits."""
    client = scope.get("client")
    return str(client[0]) if client else "unknown"


def _client(forwarded: str, trusted: tuple[str, ...]) -> str:
    """The last address that none of our proxies added; earlier ones may be forged."""
    for hop in reversed([part.strip() for part in forwarded.split(",")]):
        try:
            ipaddress.ip_address(hop)
        except ValueError:
            return ""
        if not _is_trusted(hop, trusted):
            return hop
    return ""


def _is_trusted(address: str, trusted: tuple[str, ...]) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped:
        # How a socket that listens on `::` names IPv4 clients.
        parsed = parsed.ipv4_mapped
    return any(parsed in network for network in _networks(trusted))


@lru_cache(maxsize=256)
def _networks(trusted: tuple[str, ...]) -> list[Network]:
    return [_network(entry) for entry in trusted]


def _network(entry: str) -> Network:
    found = ipaddress.ip_network(entry, strict=False)
    mapped = getattr(found.network_address, "ipv4_mapped", None)
    if mapped is None or found.prefixlen < _MAPPED_BITS:
        return found
    return ipaddress.ip_network(f"{mapped}/{found.prefixlen - _MAPPED_BITS}")
