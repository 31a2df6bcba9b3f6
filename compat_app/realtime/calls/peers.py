"""The interface of a peer connection, without the library that implements it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from compat_app.realtime.calls.playback import Playback

CHANNEL = "oai-events"
"""The label of the data channel for events."""


@dataclass(frozen=True)
class Network:
    """Where the packets of calls may come from and go to."""

    addresses: Sequence[str] = ()
    """Addresses of this machine to listen on; empty means all but loopback."""
    announced: Sequence[str] = ()
    """Addresses to announce to callers in place of those."""
    ports: range = field(default_factory=lambda: range(1))
    """UDP ports to listen on; 0 is any free one."""
    lost_seconds: float = 15.0
    """A call ends after so long without a packet from the caller."""
    ice_servers: Sequence[str] = ()
    """`stun:` and `turn:` URLs of servers to use; none by default."""
    ice_username: str = ""
    ice_password: str = ""


class PeerListener(Protocol):
    """Called with what happens on a call. No method may block."""

    def connected(self) -> None:
        """Audio and events can be exchanged."""

    def heard(self, pcm: bytes) -> None:
        """The caller's audio: mono PCM16 at 48 kHz."""

    def received(self, text: str) -> None:
        """An event from the data channel."""

    def lost(self) -> None:
        """The caller has left, or no longer answers."""


class Peer(Protocol):
    """One peer connection."""

    async def answer(self, offer: str) -> str:
        """The SDP that answers the offer, with all candidates. Raises BadValue."""

    def send(self, text: str) -> None:
        """Send an event, or keep it until the data channel is open. Raises SlowReader if
        the caller does not read its events, and TooLarge if it accepts none of this size."""

    async def flush(self) -> None:
        """Wait briefly until what was sent has left."""

    async def close(self) -> None:
        """End the connection."""


class PeerFactory(Protocol):
    def __call__(
        self, network: Network, playback: Playback, listener: PeerListener
    ) -> Peer: ...
