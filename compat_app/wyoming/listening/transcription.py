"""A `transcribe` request: its audio goes in, and exactly one `transcript` comes out."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from wyoming.asr import Transcript, TranscriptChunk, TranscriptStart, TranscriptStop

from common.audio import PCM16_BYTES
from compat_app.wyoming.listening.audio import Mono, check_format
from compat_app.wyoming.listening.turn import Turn
from compat_app.wyoming.protocol.client import Client
from compat_app.wyoming.protocol.messages import AudioStart
from stt_app.core.session.options import Options
from stt_app.service import LiveSession

RECORDING_SECONDS = 2.0
"""Audio that is so far ahead of the clock is a recording, which has many pauses."""


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
        audio: AudioStart,
        client: Client,
        ending: Ending,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.audio = audio
        self._live = live
        self._client = client
        self._ending = ending
        self._clock = clock
        self._mono = Mono(audio.channels)
        self._turn = Turn()
        self._began = clock()
        self._seconds = 0.0
        """The audio so far."""
        self._ends_itself = ending.by_server
        self._ended = False
        self._closed = False
        self._streaming = False

    @property
    def slice_bytes(self) -> int:
        """The most bytes to feed at once."""
        return self._live.slice_bytes * self.audio.channels

    def use(self, audio: AudioStart) -> None:
        """The audio that follows has this format. Raises UnsupportedAudio."""
        if audio == self.audio:
            return
        check_format(audio)
        self.audio, self._mono = audio, Mono(audio.channels)
        self._live.configure(Options(sample_rate=audio.rate))

    def feed(self, data: bytes) -> None:
        """Audio in the current format, in pieces of any length."""
        if self._ended:
            return
        frame_bytes = PCM16_BYTES * self.audio.channels
        self._seconds += len(data) / frame_bytes / self.audio.rate
        self._live.feed(self._mono.mix(data))
        if self._ends_itself:
            self._watch_time()

    async def wait_for_capacity(self) -> None:
        """Return when there is room for more audio."""
        await self._live.wait_for_capacity()

    def end(self) -> None:
        """The audio has ended: the transcript is all that was said."""
        self._ended, self._ends_itself = True, False
        self._live.finish()

    async def close(self) -> None:
        """Nobody waits for the transcript any more. Safe to call twice."""
        if not self._closed:
            self._closed = self._ended = True
            await self._live.close()

    async def run(self) -> None:
        """Send the transcript once it is known. Raises what kept it from that."""
        try:
            await self._listen()
            await self._answer()
        finally:
            await self.close()

    async def _listen(self) -> None:
        """Until the command is over."""
        events: Any = self._live.events()
        async with aclosing(events):
            async for event in events:
                if piece := self._turn.take(event):
                    await self._stream(piece)
                if self._ends_itself and self._turn.is_over:
                    return

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

    def _watch_time(self) -> None:
        ending = self._ending
        if self._seconds - (self._clock() - self._began) > RECORDING_SECONDS:
            self._ends_itself = False
        elif self._seconds >= ending.longest_seconds or (
            self._seconds >= ending.no_speech_seconds and self._turn.is_quiet
        ):
            self.end()
