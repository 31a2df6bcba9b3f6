"""The private interfaces of aiortc and aioice that this package uses.

A new version may change any of it without notice, so the requirements pin both to a minor
version, and tests/compat/realtime/calls/test_internals.py checks that they exist.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from aioice.candidate import Candidate
from aioice.ice import Connection, StunProtocol
from aiortc import RTCPeerConnection, RTCRtpReceiver

PINNED = {"aiortc": "1.16", "aioice": "0.13"}
"""The versions whose source was read for this."""
JITTER_BUFFER = "_RTCRtpReceiver__jitter_buffer"
"""Of an RTCRtpReceiver: `add(packet)` returns whether a key frame is needed, and the frame
to decode."""

Gather = Callable[..., Awaitable[list[Candidate]]]


def ice_connections(pc: RTCPeerConnection) -> list[Connection]:
    """The ICE connections of all media, shared or not; RTCIceGatherer keeps them private."""
    found = {each.receiver.transport.transport for each in pc.getTransceivers()}
    if pc.sctp is not None:
        found.add(pc.sctp.transport.transport)
    return [each.iceGatherer._connection for each in found]


def gather_with(connection: Connection, gather: Callable[..., Any]) -> Gather:
    """Replace its method that gathers candidates by `gather`, which takes the same arguments;
    returns the method before."""
    before: Gather = connection.get_component_candidates
    connection.get_component_candidates = gather  # type: ignore[method-assign]
    return before


def add_protocols(connection: Connection, protocols: list[StunProtocol]) -> None:
    """Make it receive and send through these, and close them when it ends."""
    connection._protocols += protocols


def replace_jitter_buffer(receiver: RTCRtpReceiver, buffer: object) -> bool:
    """Returns whether there is one to replace."""
    if not hasattr(receiver, JITTER_BUFFER):
        return False
    setattr(receiver, JITTER_BUFFER, buffer)
    return True


def window_left(pc: RTCPeerConnection) -> int:
    """How many bytes of messages that are not complete the other side may still send.

    aiortc accepts more than that: a negative number means a peer that ignores the window.
    """
    return 0 if pc.sctp is None else pc.sctp._advertised_rwnd
