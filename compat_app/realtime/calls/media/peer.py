"""A peer connection by aiortc."""

from __future__ import annotations

import asyncio
from collections import deque

import structlog
from aioice.ice import Connection
from aiortc import (
    RTCConfiguration,
    RTCDataChannel,
    RTCIceServer,
    RTCPeerConnection,
    RTCRtpSender,
    RTCRtpTransceiver,
    RTCSessionDescription,
)
from aiortc.mediastreams import MediaStreamTrack

from common.errors import BadValue, SlowReader, TooLarge
from compat_app.realtime.calls.media.candidates import restrict
from compat_app.realtime.calls.media.hearing import hear
from compat_app.realtime.calls.media.internals import (
    ice_connections,
    replace_jitter_buffer,
)
from compat_app.realtime.calls.media.output import OutputTrack
from compat_app.realtime.calls.media.packets import PromptBuffer
from compat_app.realtime.calls.media.presence import until_gone
from compat_app.realtime.calls.offers import USUAL_MESSAGE_BYTES, largest_message
from compat_app.realtime.calls.peers import CHANNEL, Network, PeerListener
from compat_app.realtime.calls.playback import Playback

log = structlog.get_logger(__name__)

ANSWER_SECONDS = 15.0
MOST_UNSENT_BYTES = 1 << 20
"""A client that reads its events no faster gets no more."""
EARLY_EVENTS = 256
"""Events that are kept until the data channel is open."""
FLUSH_SECONDS = 0.5
_STEP_SECONDS = 0.02
_GONE = ("failed", "closed")


class AiortcPeer:
    """See `compat_app.realtime.calls.peers.Peer`."""

    def __init__(
        self, network: Network, playback: Playback, listener: PeerListener
    ) -> None:
        self._network = network
        self._listener = listener
        self._channel: RTCDataChannel | None = None
        self._early: deque[str] = deque(maxlen=EARLY_EVENTS)
        self._largest = USUAL_MESSAGE_BYTES
        self._hearing: asyncio.Task[None] | None = None
        self._watching: asyncio.Task[None] | None = None
        # A configuration without servers means those of Google to aiortc.
        servers = [_server(each, network) for each in network.ice_servers]
        self._ice: list[Connection] = []
        self._pc = RTCPeerConnection(RTCConfiguration(iceServers=servers))
        self._pc.on("track", self._take_track)
        self._pc.on("datachannel", self._take_channel)
        self._pc.on("connectionstatechange", self._look_at_state)
        self._audio = self._pc.addTransceiver(OutputTrack(playback), "sendrecv")
        capabilities = RTCRtpSender.getCapabilities("audio")
        opus = [each for each in capabilities.codecs if each.mimeType == "audio/opus"]
        self._audio.setCodecPreferences(opus)

    async def answer(self, offer: str) -> str:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await self._answered(offer)
        # The parser raises any kind of exception for a faulty line.
        except Exception as error:
            log.info("offer refused", reason=repr(error)[:200])
            raise BadValue(
                "The SDP offer cannot be answered. It needs an audio track with Opus, "
                f"and a data channel `{CHANNEL}` for events.",
                field="sdp",
            ) from error

    async def _answered(self, offer: str) -> str:
        pc = self._pc
        self._largest = largest_message(offer)
        await pc.setRemoteDescription(RTCSessionDescription(offer, "offer"))
        for transceiver in pc.getTransceivers():
            if transceiver is not self._audio:
                transceiver.direction = "inactive"
        _hurry(self._audio)
        self._ice = ice_connections(pc)
        for connection in self._ice:
            restrict(connection, self._network)
        await pc.setLocalDescription(await pc.createAnswer())
        return str(pc.localDescription.sdp)

    def send(self, text: str) -> None:
        size = len(text.encode())
        if self._largest and size > self._largest:
            raise TooLarge(f"{size} bytes are more than the caller takes.")
        channel = self._channel
        if channel is None or channel.readyState == "connecting":
            self._early.append(text)
        elif channel.readyState == "open":
            if channel.bufferedAmount > MOST_UNSENT_BYTES:
                raise SlowReader("The events of the data channel are not read.")
            channel.send(text)

    async def flush(self) -> None:
        loop = asyncio.get_running_loop()
        ends = loop.time() + FLUSH_SECONDS
        # What has just been sent is counted with the next turn of the loop.
        await asyncio.sleep(_STEP_SECONDS)
        while self._channel is not None and loop.time() < ends:
            if not self._channel.bufferedAmount:
                break
            await asyncio.sleep(_STEP_SECONDS)

    async def close(self) -> None:
        self._pc.remove_all_listeners()
        for task in (self._hearing, self._watching):
            if task is not None:
                task.cancel()
        try:
            await self._pc.close()
        # aiortc fails on media that a refused offer left without a transport.
        except AttributeError as error:
            log.info("connection closed piece by piece", reason=repr(error)[:200])
            for connection in self._ice:
                await connection.close()

    def _take_track(self, track: MediaStreamTrack) -> None:
        if track.kind == "audio" and self._hearing is None:
            self._hearing = asyncio.create_task(hear(track, self._listener))

    def _take_channel(self, channel: RTCDataChannel) -> None:
        if channel.label != CHANNEL or self._channel is not None:
            return
        self._channel = channel
        channel.on("message", self._take_message)
        while self._early:
            channel.send(self._early.popleft())

    def _take_message(self, message: str | bytes) -> None:
        if isinstance(message, bytes):
            message = message.decode("utf-8", "replace")
        self._listener.received(message)

    def _look_at_state(self) -> None:
        state = self._pc.connectionState
        if state == "connected":
            self._listener.connected()
            if self._watching is None:
                self._watching = asyncio.create_task(self._watch())
        elif state in _GONE:
            self._listener.lost()

    async def _watch(self) -> None:
        await until_gone(self._pc, self._audio.receiver, self._network.lost_seconds)
        self._listener.lost()


def _server(url: str, network: Network) -> RTCIceServer:
    if url.startswith("stun"):
        return RTCIceServer(url)
    return RTCIceServer(
        url, username=network.ice_username, credential=network.ice_password
    )


def _hurry(audio: RTCRtpTransceiver) -> None:
    """Decode the packets of the caller as they come."""
    if not replace_jitter_buffer(audio.receiver, PromptBuffer()):
        log.warning("aiortc has no jitter buffer to replace")
