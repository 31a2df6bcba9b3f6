"""One connection: its events become requests, one after the other."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from wyoming.asr import Transcript
from wyoming.error import Error
from wyoming.ping import Pong

from common.errors import VoiceError
from compat_app.wyoming.info import InfoSource
from compat_app.wyoming.listening.transcription import Transcription
from compat_app.wyoming.protocol.client import Client
from compat_app.wyoming.protocol.frames import (
    HEADER_BYTES,
    Frame,
    decode,
    encode,
    read_frame,
)
from compat_app.wyoming.protocol.messages import (
    AudioChunk,
    AudioFormat,
    AudioStart,
    AudioStop,
    Describe,
    Message,
    Ping,
    Synthesize,
    SynthesizeChunk,
    SynthesizeStart,
    SynthesizeStop,
    Transcribe,
    read,
)
from compat_app.wyoming.protocol.transport import TcpTransport
from compat_app.wyoming.requests import RequestFactory
from compat_app.wyoming.speaking.synthesis import Synthesis
from gateway_app.access.principals import Principal
from gateway_app.sockets.connection import Connection
from gateway_app.sockets.limits import SocketLimits
from gateway_app.sockets.sessions import SessionRegistry

KIND = "wyoming"
_ANY_SLICE = 1 << 20


class WyomingSession:
    """A Handler. Requests of one connection are answered in order; an error ends a
    transcription together with the connection, because older versions of Home
    Assistant take nothing else for an end.
    """

    def __init__(
        self, requests: RequestFactory, info: InfoSource, transport: TcpTransport
    ) -> None:
        self.connection = Connection(KIND, self, transport, requests.clock)
        self._requests = requests
        self._info = info
        self._transport = transport
        self._client = Client(self.connection)
        self._wanted = Transcribe()
        """How to transcribe the next audio."""
        self._transcription: Transcription | None = None
        self._synthesis: Synthesis | None = None
        self._text_is_streaming = False
        """Whether a streamed text has not ended; then a `synthesize` repeats it."""
        self._payload_is_audio = False
        self._running: asyncio.Task[None] | None = None

    async def serve(
        self,
        reader: asyncio.StreamReader,
        sessions: SessionRegistry,
        address: str,
        admit: Callable[[], Awaitable[Principal]],
    ) -> None:
        """Until either side closes the connection."""
        connection = self.connection
        try:
            async with connection.running():
                await connection.open(sessions, self._limits(), address, admit)
                while not connection.closing:
                    frame = await self._next_frame(reader)
                    if frame is None:
                        break
                    await connection.receive(frame.text)
                    if frame.payload:
                        await connection.receive(frame.payload)
                    # Neither has to wait for anything, nor the reader while its
                    # buffer is full: thousands of small events would hold the loop.
                    await asyncio.sleep(0)
        finally:
            await self._transport.ended()

    async def opened(self) -> None:
        """See Handler. The client speaks first."""

    async def on_text(self, text: str) -> None:
        """The JSON of an event; the payload follows in `on_audio`."""
        received = decode(text)
        self._client.version = received.version or self._client.version
        message = read(received.event)
        self._payload_is_audio = isinstance(message, AudioChunk)
        if message is not None:
            await self._take(message)

    def on_audio(self, frame: bytes) -> None:
        """The payload of an event: PCM at the rate that the event names. Raises
        UnsupportedAudio."""
        if self._payload_is_audio and self._transcription is not None:
            self._transcription.feed(frame)

    @property
    def slice_bytes(self) -> int:
        transcription = self._transcription
        return transcription.slice_bytes if transcription else _ANY_SLICE

    async def wait_for_capacity(self) -> None:
        """See Handler."""
        if self._transcription is not None:
            await self._transcription.wait_for_capacity()

    async def finish(self, reason: str) -> None:
        """Answer what was asked so far."""
        await self._finish_running()

    def warn(self, seconds: float) -> None:
        """See Handler. The protocol has no such event."""

    async def closed(self) -> None:
        """See Handler."""
        if self._transcription is not None:
            await self._transcription.close()

    def encode_error(self, error: VoiceError) -> bytes:
        """The error as an `error` event."""
        return encode(Error(error.message, error.code).event())

    async def _take(self, message: Message) -> None:
        match message:
            case AudioChunk():
                await self._expect_audio(message)
            case AudioStart():
                await self._transcribe(message)
            case AudioStop():
                await self._stop_audio()
            case Transcribe():
                await self._prepare(message)
            case Synthesize():
                await self._speak(message)
            case SynthesizeStart():
                await self._begin_text(message)
            case SynthesizeChunk():
                self._add_text(message.text)
            case SynthesizeStop():
                self._end_text()
            case Describe():
                await self._client.send(await self._info.current())
            case Ping():
                await self._client.send(Pong(message.text))

    async def _prepare(self, message: Transcribe) -> None:
        self._requests.check(message)
        await self._finish_running()
        self._wanted = message

    async def _transcribe(self, audio: AudioFormat) -> None:
        await self._finish_running()
        transcription = await self._requests.transcription(
            self._wanted, audio, self._client
        )
        self._transcription = transcription
        self._running = self.connection.accompany(transcription.run)

    async def _expect_audio(self, audio: AudioFormat) -> None:
        """Some clients send no `audio-start`."""
        if self._transcription is None:
            await self._transcribe(audio)
        else:
            self._transcription.use(audio)

    async def _stop_audio(self) -> None:
        if self._transcription is None:  # there was none
            await self._client.send(Transcript(""))
        self._end_audio()

    def _end_audio(self) -> None:
        if self._transcription is not None:
            self._transcription.end()

    async def _speak(self, message: Synthesize) -> None:
        """A whole text. While one is streaming it is the same text again, for older
        servers."""
        if self._text_is_streaming:
            return
        await self._synthesize(message, streamed=False)
        self._add_text(message.text)
        self._end_text()

    async def _begin_text(self, message: SynthesizeStart) -> None:
        await self._synthesize(message, streamed=True)
        self._text_is_streaming = True

    def _add_text(self, text: str) -> None:
        if self._synthesis is not None:
            self._synthesis.text.add(text)

    def _end_text(self) -> None:
        self._text_is_streaming = False
        if self._synthesis is not None:
            self._synthesis.end()

    async def _synthesize(self, message: SynthesizeStart, *, streamed: bool) -> None:
        await self._finish_running()
        synthesis = self._requests.synthesis(message, self._client, streamed=streamed)
        self._synthesis = synthesis
        self._running = self.connection.accompany(synthesis.run)

    async def _finish_running(self) -> None:
        """Wait for the answer to the request before; its input ends here."""
        self._end_audio()
        self._end_text()
        if self._running is not None:
            await asyncio.wait({self._running})
        self._transcription = self._synthesis = self._running = None

    async def _next_frame(self, reader: asyncio.StreamReader) -> Frame | None:
        try:
            return await read_frame(reader, self._most_bytes)
        except VoiceError as error:
            await self.connection.fail(error)
            return None

    def _limits(self) -> SocketLimits:
        config = self._requests.config
        whole = HEADER_BYTES + self._most_bytes
        return SocketLimits(
            max_sessions=config.wyoming_max_sessions,
            max_message_bytes=whole,
            max_text_bytes=whole,
            idle_seconds=config.wyoming_idle_seconds,
            session_seconds=config.stt_session_seconds,
            messages_per_second=config.max_messages_per_second,
            max_strikes=1,
            carrier="Wyoming",
        )

    @property
    def _most_bytes(self) -> int:
        return self._requests.config.wyoming_max_event_kb * 1024
