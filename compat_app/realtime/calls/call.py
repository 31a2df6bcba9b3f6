"""One call: a connection of the gateway, carried by a peer connection."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Protocol

import structlog

from common.errors import SlowReader, TimedOut, TooMany, VoiceError
from compat_app.realtime.calls.inbox import Inbox, InboxFull
from compat_app.realtime.calls.peers import Network, Peer, PeerFactory
from compat_app.realtime.calls.playback import Playback, PlaybackEvent
from gateway_app.access.principals import Principal
from gateway_app.sockets.connection import Connection
from gateway_app.sockets.limits import SocketLimits
from gateway_app.sockets.sessions import SessionRegistry

log = structlog.get_logger(__name__)

KIND = "call"
CONNECT_SECONDS = 20.0
"""For the caller's packets to arrive after the answer."""


class CallConversation(Protocol):
    """What is talked about on a call. It knows nothing of the peer connection."""

    @property
    def slice_bytes(self) -> int:
        """The most bytes to feed at once."""

    def feed(self, pcm: bytes) -> None:
        """Mono PCM16 at 48 kHz. It must not wait."""

    async def wait_for_capacity(self) -> None:
        """Return when there is room for another frame."""

    async def take(self, text: str) -> None:
        """An event of the client. Raises BadRequest."""

    def happened(self, event: PlaybackEvent) -> None:
        """Something happened to the audio of a reply."""

    def events(self) -> AsyncIterator[dict[str, Any]]:
        """What the client is sent, until the end."""

    def warn(self, seconds: float) -> None:
        """The call reaches its time limit in this many seconds."""

    async def finish(self, reason: str) -> None:
        """Send what is left: see gateway_app.sockets.door.Handler."""

    async def close(self) -> None:
        """The call has ended. Called once if it was opened."""

    def error(self, error: VoiceError) -> dict[str, Any]:
        """The error as an event."""


class Opening(Protocol):
    """Opens the conversation of an admitted call. Raises VoiceError."""

    def __call__(
        self, call: Call, playback: Playback
    ) -> Awaitable[CallConversation]: ...


class Call:
    """The handler, the transport and the peer's listener of one call in one."""

    def __init__(
        self, offer: str, peers: PeerFactory, network: Network, open_talk: Opening
    ) -> None:
        self.connection = Connection(KIND, self, self)
        self.id = f"rtc_{self.connection.session_id}"
        self.answered: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        """The SDP of the answer, or the error for which there is none."""
        self._offer = offer
        self._open_talk = open_talk
        self._playback = Playback(self._play_event)
        self._peer: Peer = peers(network, self._playback, self)
        self._talk: CallConversation | None = None
        self._inbox = Inbox()
        self._connected = asyncio.Event()
        self._over = asyncio.Event()

    async def run(
        self,
        sessions: SessionRegistry,
        limits: SocketLimits,
        client: str,
        admit: Callable[[], Awaitable[Principal]],
    ) -> None:
        """The whole call, from its admission until it is over."""
        try:
            async with self.connection.running():
                await self.connection.open(sessions, limits, client, admit)
                if not self.connection.closing:
                    await self._over.wait()
        finally:
            if not self.answered.done():
                self.answered.cancel()
            await self._peer.close()

    async def end(self) -> None:
        """Hang up from this side."""
        await self.connection.close()

    # As Handler

    @property
    def slice_bytes(self) -> int:
        return self._talk.slice_bytes if self._talk else 1 << 20

    async def opened(self) -> None:
        talk = self._talk = await self._open_talk(self, self._playback)
        answer = await self._peer.answer(self._offer)
        self.connection.accompany(self._process)
        self.connection.accompany(self._expect_caller)
        self.connection.pump(talk.events(), self._send)
        if not self.answered.done():
            self.answered.set_result(answer)

    def on_audio(self, frame: bytes) -> None:
        if self._talk is not None:
            self._talk.feed(frame)

    async def wait_for_capacity(self) -> None:
        if self._talk is not None:
            await self._talk.wait_for_capacity()

    async def on_text(self, text: str) -> None:
        if self._talk is not None:
            await self._talk.take(text)

    async def finish(self, reason: str) -> None:
        if self._talk is not None:
            await self._talk.finish(reason)

    def warn(self, seconds: float) -> None:
        if self._talk is not None:
            self._talk.warn(seconds)

    async def closed(self) -> None:
        if self._talk is not None:
            await self._talk.close()

    def encode_error(self, error: VoiceError) -> str:
        if not self.answered.done():
            self.answered.set_exception(error)
        event = self._talk.error(error) if self._talk else error.event()
        return json.dumps(event, allow_nan=False)

    # As Transport

    async def transmit(self, message: str | bytes) -> None:
        """Raises OSError if the caller is gone or does not read."""
        try:
            self._peer.send(message if isinstance(message, str) else message.decode())
        except SlowReader as error:
            log.info("call ended: its events are not read")
            self._over.set()
            raise OSError(error.message) from error

    async def hang_up(self, code: int) -> None:
        if self._connected.is_set() and not self._over.is_set():
            await self._peer.flush()
        self._over.set()

    # As PeerListener

    def connected(self) -> None:
        self._connected.set()

    def heard(self, pcm: bytes) -> None:
        self._inbox.put_audio(pcm)

    def told(self, text: str) -> None:
        try:
            self._inbox.put_event(text)
        except InboxFull:
            self.connection.accompany(self._refuse_flood)

    def lost(self) -> None:
        self._over.set()

    def _play_event(self, event: PlaybackEvent) -> None:
        if self._talk is not None:
            self._talk.happened(event)

    async def _send(self, event: dict[str, Any]) -> None:
        await self.connection.send(json.dumps(event, allow_nan=False))

    async def _process(self) -> None:
        while True:
            await self.connection.receive(await self._inbox.next())

    async def _expect_caller(self) -> None:
        try:
            await asyncio.wait_for(self._connected.wait(), CONNECT_SECONDS)
        except TimeoutError:
            raise TimedOut(
                f"No packet of the caller came within {CONNECT_SECONDS:g} s."
            ) from None

    async def _refuse_flood(self) -> None:
        raise TooMany("More events were sent than the server takes.")
