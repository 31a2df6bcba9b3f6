"""One call: a connection of the gateway over a peer connection."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import structlog

from common.errors import SlowReader, TimedOut, TooLarge, TooMany, VoiceError
from compat_app.realtime.calls.conversation import CallConversation
from compat_app.realtime.calls.inbox import Inbox, InboxFull
from compat_app.realtime.calls.peers import Network, Peer, PeerFactory
from compat_app.realtime.conversation.carriers import Carrier
from compat_app.realtime.conversation.conversation import RealtimeConversation
from compat_app.realtime.shared.errors import Refused, error_event
from gateway_app.access.principals import Principal
from gateway_app.sockets.connection import Connection
from gateway_app.sockets.limits import SocketLimits
from gateway_app.sockets.sessions import SessionRegistry

log = structlog.get_logger(__name__)

KIND = "call"
CONNECT_SECONDS = 20.0
"""Time after the answer for the first packet of the caller to arrive."""

OpenConversation = Callable[
    [Principal, str, str, Carrier], Awaitable[RealtimeConversation]
]
"""Opens a conversation for a principal, an address and a session id, over a carrier.
Raises VoiceError."""


class Call:
    """One call: the Handler and the Transport of its connection, and the listener of its
    peer."""

    def __init__(
        self,
        offer: str,
        peers: PeerFactory,
        network: Network,
        open_conversation: OpenConversation,
    ) -> None:
        self.connection = Connection(KIND, self, self)
        self.connection.opened_by_request = True
        self.id = f"rtc_{self.connection.session_id}"
        self.answered: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        """The SDP of the answer, or the error for which there is none."""
        self._offer = offer
        self._open_conversation = open_conversation
        self._session = CallConversation()
        self._conversation: RealtimeConversation | None = None
        self._make_peer = partial(peers, network, self._session.playback, self)
        self._peer: Peer | None = None
        self._inbox = Inbox()
        self._audio = b""
        self._connected = asyncio.Event()
        self._over = asyncio.Event()

    async def run(
        self,
        sessions: SessionRegistry,
        limits: SocketLimits,
        client: str,
        admit: Callable[[], Awaitable[Principal]],
    ) -> None:
        """Run the whole call, from its admission until it is over."""
        try:
            async with self.connection.running():
                await self.connection.open(sessions, limits, client, admit)
                if not self.connection.closing:
                    await self._over.wait()
        finally:
            if not self.answered.done():
                self.answered.cancel()
            if self._peer is not None:
                await self._peer.close()

    async def end(self) -> None:
        """End the call from this side."""
        await self.connection.close()

    # As Handler

    @property
    def slice_bytes(self) -> int:
        """The conversation slices the audio itself."""
        return 1 << 30

    async def opened(self) -> None:
        """Raises what opening the conversation raises, and BadValue for the offer."""
        connection = self.connection
        conversation = self._conversation = await self._open_conversation(
            connection.principal,
            connection.client,
            connection.session_id,
            self._session.carrier,
        )
        self._session.begin(conversation)
        peer = self._peer = self._make_peer()
        answer = await peer.answer(self._offer)
        connection.accompany(self._process)
        connection.accompany(self._expect_caller)
        connection.accompany(self._tell_playback)
        connection.pump(self._session.events(), self._send)
        if not self.answered.done():
            self.answered.set_result(answer)

    def on_audio(self, frame: bytes) -> None:
        """`wait_for_capacity` passes it on."""
        self._audio += frame

    async def wait_for_capacity(self) -> None:
        audio, self._audio = self._audio, b""
        if self._conversation is not None:
            await self._conversation.hear(audio)

    async def on_text(self, text: str) -> None:
        try:
            await self._session.handle(text)
        except Refused as refusal:
            # Not raised: a client may send as many of these as it likes.
            await self.connection.tell(refusal)

    async def finish(self, reason: str) -> None:
        if self._conversation is not None:
            await self._conversation.finish(reason)

    def warn(self, seconds: float) -> None:
        if self._conversation is not None:
            self._conversation.warn(seconds)

    async def closed(self) -> None:
        """`opened` may have failed on the way."""
        if self._conversation is not None:
            await self._conversation.close()

    def encode_error(self, error: VoiceError) -> str:
        if not self.answered.done():
            self.answered.set_exception(error)
        return json.dumps(error_event(error).wire(), allow_nan=False)

    # As Transport

    async def transmit(self, message: str | bytes) -> None:
        """Raises OSError if the caller does not read its events."""
        if self._peer is None:  # the HTTP response reports the error
            return
        text = message if isinstance(message, str) else message.decode()
        try:
            _send_or_leave_out(self._peer, text)
        except SlowReader as error:
            log.info("call ended: its events are not read")
            self._over.set()
            raise OSError(error.message) from error

    async def hang_up(self, code: int) -> None:
        is_open = self._connected.is_set() and not self._over.is_set()
        if self._peer is not None and is_open:
            await self._peer.flush()
        self._over.set()

    # As PeerListener

    def connected(self) -> None:
        self._connected.set()

    def heard(self, pcm: bytes) -> None:
        self._inbox.put_audio(pcm)

    def received(self, text: str) -> None:
        try:
            self._inbox.put_event(text)
        except InboxFull:
            self.connection.accompany(self._refuse_flood)

    def lost(self) -> None:
        self._over.set()

    async def _send(self, event: dict[str, Any]) -> None:
        await self.connection.send(json.dumps(event, allow_nan=False))

    async def _tell_playback(self) -> None:
        async for event in self._session.playback_events():
            await self._send(event)

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


def _send_or_leave_out(peer: Peer, text: str) -> None:
    """Raises SlowReader."""
    try:
        peer.send(text)
    except TooLarge as error:
        peer.send(_left_out(text, error))


def _left_out(text: str, why: TooLarge) -> str:
    """The error that replaces an event that is too large: this API cannot split events."""
    told = TooLarge(
        f"An event `{json.loads(text)['type']}` was left out: {why.message}"
    )
    return json.dumps(error_event(told).wire())
