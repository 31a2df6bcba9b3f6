"""What this package uses of aiortc and aioice beneath their public interfaces.

A new version may change any of it without notice, so the requirements pin both to a minor
version. tests/compat/realtime/calls/test_internals.py says what is missing in another one.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from aioice.candidate import Candidate
from aioice.ice import Connection, StunProtocol
from aiortc import RTCPeerConnection, RTCRtpReceiver

PINNED = {"aiortc": "1.16", "aioice": "0.13"}
"""The versions that all of this was read in."""
JITTER_BUFFER = "_RTCRtpReceiver__jitter_buffer"
"""Of an RTCRtpReceiver: `add(packet)` returns whether a key frame is needed, and the frame
to decode."""

Gather = Callable[..., Awaitable[list[Candidate]]]


def ice_connections(pc: RTCPeerConnection) -> list[Connection]:
    """Those that the media share, or have each: RTCIceGatherer keeps it private."""
    found = {each.receiver.transport.transport for each in pc.getTransceivers()}
    if pc.sctp is not None:
        found.add(pc.sctp.transport.transport)
    return [each.iceGatherer._connection for each in found]


def gather_with(connection: Connection, gather: Callable[..., Any]) -> Gather:
    """Have it gather its candidates by `gather`, which gets the same arguments; returns
    what did so before."""
    before: Gather = connection.get_component_candidates
    connection.get_component_candidates = gather  # type: ignore[method-assign]
    return before


def add_protocols(connection: Connection, protocols: list[StunProtocol]) -> None:
    """Have it receive and send by these, and close them at its end."""
    connection._protocols += protocols


def replace_jitter_buffer(receiver: RTCRtpReceiver, buffer: object) -> bool:
    """Returns whether there is one to replace."""
    if not hasattr(receiver, JITTER_BUFFER):
        return False
    setattr(receiver, JITTER_BUFFER, buffer)
    return True


def window_left(pc: RTCPeerConnection) -> int:
    """How many bytes of messages that are not complete the other side may still send.

    aiortc takes more without complaint: less than 0 is a peer that ignores the window.
    """
    return 0 if pc.sctp is None else pc.sctp._advertised_rwnd
