"""The addresses and ports of this machine that a call uses."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from functools import partial

import structlog
from aioice.candidate import Candidate, candidate_foundation, candidate_priority
from aioice.ice import (
    Connection,
    StunProtocol,
    get_host_addresses,
    server_reflexive_candidate,
)

from compat_app.realtime.calls.media.internals import (
    Gather,
    add_protocols,
    gather_with,
)
from compat_app.realtime.calls.peers import Network

log = structlog.get_logger(__name__)

SERVER_SECONDS = 5.0
"""How long to wait for a STUN server."""


def restrict(connection: Connection, network: Network) -> None:
    """Make the connection gather only the candidates that the network settings allow.

    aioice always listens on any port of every address, so its method is replaced.
    """
    usual = connection.get_component_candidates
    gather_with(connection, partial(_candidates, connection, network, usual))


async def _candidates(
    connection: Connection,
    network: Network,
    usual: Gather,
    component: int,
    addresses: list[str],
    timeout: int = 5,
) -> list[Candidate]:
    protocols = []
    for address in _addresses(network):
        protocol = await _listen(connection, component, address, network.ports)
        if protocol is not None:
            protocols.append(protocol)
    add_protocols(connection, protocols)
    found = [told for each in protocols for told in _announced(each, network.announced)]
    found += await _reflexive(connection, protocols)
    # Without addresses this gathers only the candidate of a TURN server.
    return found + await usual(component=component, addresses=[], timeout=timeout)


def _addresses(network: Network) -> list[str]:
    """The addresses to listen on: only of the IP versions that are announced, if any are."""
    chosen = [*network.addresses] or _usual_addresses()
    if not network.announced:
        return chosen
    kinds = {_is_ipv6(address) for address in network.announced}
    return [address for address in chosen if _is_ipv6(address) in kinds]


def _usual_addresses() -> list[str]:
    """All addresses of this machine; loopback if it has no other."""
    return get_host_addresses(use_ipv4=True, use_ipv6=True) or ["127.0.0.1"]


def _is_ipv6(address: str) -> bool:
    return ":" in address


def _announced(protocol: StunProtocol, announced: Sequence[str]) -> list[Candidate]:
    """The candidates of a socket: its own address, or the announced ones in its place."""
    own = protocol.local_candidate
    if not announced:
        return [own]
    alike = [each for each in announced if _is_ipv6(each) == _is_ipv6(own.host)]
    return [_host_candidate(each, own.port, own.component) for each in alike]


async def _listen(
    connection: Connection, component: int, address: str, ports: range
) -> StunProtocol | None:
    loop = asyncio.get_running_loop()
    for port in random.sample(ports, len(ports)):
        try:
            _, protocol = await loop.create_datagram_endpoint(
                lambda: StunProtocol(connection), local_addr=(address, port)
            )
        except OSError:
            continue
        bound = protocol.transport.get_extra_info("sockname")[1]
        protocol.local_candidate = _host_candidate(address, bound, component)
        return protocol
    log.warning("no free port for a call", address=address, ports=str(ports))
    return None


def _host_candidate(host: str, port: int, component: int) -> Candidate:
    return Candidate(
        foundation=candidate_foundation("host", "udp", host),
        component=component,
        transport="udp",
        priority=candidate_priority(component, "host"),
        host=host,
        port=port,
        type="host",
    )


async def _reflexive(
    connection: Connection, protocols: list[StunProtocol]
) -> list[Candidate]:
    """The server-reflexive candidates, if a STUN server is configured."""
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
