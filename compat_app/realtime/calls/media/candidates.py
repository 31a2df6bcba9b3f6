"""The addresses and ports of this machine that a call uses."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import structlog
from aioice.candidate import Candidate, candidate_foundation, candidate_priority
from aioice.ice import (
    Connection,
    StunProtocol,
    get_host_addresses,
    server_reflexive_candidate,
)

from compat_app.realtime.calls.peers import Network

log = structlog.get_logger(__name__)

SERVER_SECONDS = 5.0
"""For the answer of a STUN server."""


def restrict(connection: Connection, network: Network) -> None:
    """Make the connection gather only what the network allows.

    aioice always takes any port of every address, so its method is replaced.
    """
    usual = connection.get_component_candidates
    replaced: Any = partial(_candidates, connection, network, usual)
    connection.get_component_candidates = replaced  # type: ignore[method-assign]


async def _candidates(
    connection: Connection,
    network: Network,
    usual: Callable[..., Awaitable[list[Candidate]]],
    component: int,
    addresses: list[str],
    timeout: int = 5,
) -> list[Candidate]:
    protocols = []
    for address in _addresses(network):
        protocol = await _listen(connection, component, address, network)
        if protocol is not None:
            protocols.append(protocol)
    connection._protocols += protocols
    found = [each.local_candidate for each in protocols]
    found += await _reflexive(connection, protocols)
    # Without addresses that is only a TURN server's.
    return found + await usual(component=component, addresses=[], timeout=timeout)


def _addresses(network: Network) -> list[str]:
    """Those to listen on; only those of its kind if another one is announced."""
    chosen = [*network.addresses] or _usual_addresses()
    if not network.announced:
        return chosen
    is_ipv6 = ":" in network.announced
    return [address for address in chosen if (":" in address) == is_ipv6]


def _usual_addresses() -> list[str]:
    """Loopback only on a machine that has nothing else."""
    return get_host_addresses(use_ipv4=True, use_ipv6=True) or ["127.0.0.1"]


async def _listen(
    connection: Connection, component: int, address: str, network: Network
) -> StunProtocol | None:
    ports = network.ports
    loop = asyncio.get_running_loop()
    for port in random.sample(ports, len(ports)):
        try:
            _, protocol = await loop.create_datagram_endpoint(
                lambda: StunProtocol(connection), local_addr=(address, port)
            )
        except OSError:
            continue
        bound = protocol.transport.get_extra_info("sockname")[1]
        host = network.announced or address
        protocol.local_candidate = Candidate(
            foundation=candidate_foundation("host", "udp", host),
            component=component,
            transport="udp",
            priority=candidate_priority(component, "host"),
            host=host,
            port=bound,
            type="host",
        )
        return protocol
    log.warning("no free port for a call", address=address, ports=str(ports))
    return None


async def _reflexive(
    connection: Connection, protocols: list[StunProtocol]
) -> list[Candidate]:
    """As a STUN server sees us, if there is one."""
    server = connection.stun_server
    if server is None:
        return []
    asked = [
        asyncio.create_task(server_reflexive_candidate(each, server))
        for each in protocols
        if ":" not in each.local_candidate.host  # aioice asks by IPv4 only
    ]
    if not asked:
        return []
    done, late = await asyncio.wait(asked, timeout=SERVER_SECONDS)
    for task in late:
        task.cancel()
    return [task.result()[0] for task in done if task.exception() is None]
