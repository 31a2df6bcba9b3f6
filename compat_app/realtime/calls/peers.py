"""The other end of a call, as the rest of this package sees it."""

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
    """Of this machine; empty means all that are not loopback."""
    announced: Sequence[str] = ()
    """Addresses that callers are told in place of these."""
    ports: range = field(default_factory=lambda: range(1))
    """UDP ports to listen on; 0 is any free one."""
    lost_seconds: float = 15.0
    """How long nothing may come from a caller."""
    ice_servers: Sequence[str] = ()
    """`stun:` and `turn:` addresses; without any, nothing is asked."""
    ice_username: str = ""
    ice_password: str = ""


class PeerListener(Protocol):
    """What happens on a call."""

    def connected(self) -> None:
        """Audio and events can be exchanged."""

    def heard(self, pcm: bytes) -> None:
        """Mono PCM16 at 48 kHz. It must not wait."""

    def told(self, text: str) -> None:
        """An event from the data channel. It must not wait."""

    def lost(self) -> None:
        """The other side has gone, or does not answer any more."""


class Peer(Protocol):
    """One peer connection."""

    async def answer(self, offer: str) -> str:
        """The SDP that answers the offer, with all candidates. Raises BadValue."""

    def send(self, text: str) -> None:
        """Send an event; it is kept until the data channel is open. Raises SlowReader
        when the other side does not read, and TooLarge when it takes no event of this
        size."""

    async def flush(self) -> None:
        """Wait a moment for what was sent to leave."""

    async def close(self) -> None:
        """End the connection."""


class PeerFactory(Protocol):
    def __call__(
        self, network: Network, playback: Playback, listener: PeerListener
    ) -> Peer: ...
