"""A `transcribe` request: its audio goes in, and exactly one `transcript` comes out."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from wyoming.asr import Transcript, TranscriptChunk, TranscriptStart, TranscriptStop

from common.audio import PCM16_BYTES
from compat_app.wyoming.listening.audio import check_format
from compat_app.wyoming.listening.pace import Pace
from compat_app.wyoming.listening.turn import Turn
from compat_app.wyoming.protocol.client import Client
from compat_app.wyoming.protocol.messages import AudioFormat
from gateway_app.sockets.clock import Clock
from gateway_app.sockets.sessions import Seat
from stt_app.core.session.options import Options
from stt_app.live_session import LiveSession

_MARGIN_SECONDS = 0.01


@dataclass(frozen=True)
class Ending:
    """When the server ends a voice command itself. A recording, or the audio of a
    client that does this, lasts until `audio-stop`.
    """

    by_server: bool
    no_speech_seconds: float
    longest_seconds: float


class Transcription:
    """Listens until the command is over; then further audio is ignored."""

    def __init__(
        self,
        live: LiveSession,
        audio: AudioFormat,
        client: Client,
        ending: Ending,
        *,
        seat: Seat,
        clock: Clock,
    ) -> None:
        """`seat` is given back at the end."""
        self.audio = audio
        self._live = live
        self._client = client
        self._ending = ending
        self._seat = seat
        self._clock = clock
        self._pace = Pace(clock)
        self._turn = Turn()
        self._over = asyncio.Event()
        """Set once a pause might have ended the command."""
        self._seconds = 0.0
        """The audio so far."""
        self._ended = False
        self._closed = False
        self._streaming = False

    @property
    def slice_bytes(self) -> int:
        """The most bytes to feed at once."""
        return self._live.slice_bytes

    def use(self, audio: AudioFormat) -> None:
        """The audio that follows has this format. Raises UnsupportedAudio."""
        if audio.is_like(self.audio):
            return
        check_format(audio)
        self.audio = audio
        self._live.configure(Options(sample_rate=audio.rate, channels=audio.channels))

    def feed(self, data: bytes) -> None:
        """PCM16 at the rate and with the channels of `audio`, in pieces of any length."""
        if self._ended:
            return
        frame_bytes = PCM16_BYTES * self.audio.channels
        seconds = len(data) / frame_bytes / self.audio.rate
        self._seconds += seconds
        self._pace.add(seconds)
        self._live.feed(data)
        if self._is_enough():
            self.end()

    async def wait_for_capacity(self) -> None:
        """Return when there is room for more audio."""
        await self._live.wait_for_capacity()

    def end(self) -> None:
        """The audio has ended: the transcript is all that was said."""
        self._ended = True
        self._live.finish()

    async def close(self) -> None:
        """Nobody waits for the transcript any more. Safe to call twice."""
        if not self._closed:
            self._closed = self._ended = True
            try:
                await self._live.close()
            finally:
                self._seat.close()

    async def run(self) -> None:
        """Send the transcript once it is known. Raises what kept it from that."""
        doubting = asyncio.create_task(self._resolve_doubts())
        try:
            await self._listen()
            await self._answer()
        finally:
            doubting.cancel()
            await self.close()

    async def _listen(self) -> None:
        """Until the command is over."""
        events: Any = self._live.events()
        async with aclosing(events):
            async for event in events:
                if piece := self._turn.take(event):
                    await self._stream(piece)
                if self._ending.by_server and self._turn.is_over:
                    self._over.set()
                    if self._ends_itself:
                        return

    async def _resolve_doubts(self) -> None:
        """Audio that came in a burst is no recording when nothing follows it."""
        while not self._ended:
            await self._over.wait()
            self._over.clear()
            while self._turn.is_over and not self._ended:
                await self._clock.sleep(self._pace.doubt_seconds + _MARGIN_SECONDS)
                if self._is_enough():
                    self.end()

    async def _answer(self) -> None:
        self._ended = True
        transcript = Transcript(self._turn.text, language=self._turn.language or None)
        if not self._client.streams_text:
            await self._client.send(transcript)
            return
        await self._begin_stream()
        await self._client.send(transcript)
        await self._client.send(TranscriptStop())

    async def _stream(self, piece: str) -> None:
        """Send a part of the text ahead, to a client that knows the event."""
        if self._client.streams_text:
            await self._begin_stream()
            await self._client.send(TranscriptChunk(piece))

    async def _begin_stream(self) -> None:
        if not self._streaming:
            self._streaming = True
            language = self._turn.language or None
            await self._client.send(TranscriptStart(language=language))

    @property
    def _ends_itself(self) -> bool:
        """Whether a pause or a limit ends the command now."""
        return (
            self._ending.by_server and not self._ended and not self._pace.is_a_recording
        )

    def _is_enough(self) -> bool:
        """Whether the command ends before its speaker comes to an end."""
        turn, ending = self._turn, self._ending
        too_quiet = turn.is_quiet and self._seconds >= ending.no_speech_seconds
        too_long = self._seconds >= ending.longest_seconds
        return self._ends_itself and (turn.is_over or too_quiet or too_long)
