"""A `synthesize` request, whole or in pieces: its text goes in, audio comes out."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import aclosing
from typing import Any

import structlog
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.tts import SynthesizeStopped

from common.audio import PCM16_BYTES, float_to_pcm16
from common.errors import INTERNAL, VoiceError
from compat_app.wyoming.protocol.client import Client
from compat_app.wyoming.protocol.messages import SynthesizeStart
from compat_app.wyoming.speaking.growing_text import GrowingText
from compat_app.wyoming.speaking.voices import voice_settings
from tts_app.core.events import PcmAudio, SpeechFinished
from tts_app.service import SpeechService
from tts_app.speech_request import SpeechRequest
from tts_app.speech_stream import SpeechStream

log = structlog.get_logger(__name__)

CHUNK_SECONDS = 0.1


class Synthesis:
    """Speaks a text. Whatever happens, the client gets the events that end the audio:
    Home Assistant waits for them, and does not read errors.
    """

    def __init__(
        self,
        speech: SpeechService,
        client: Client,
        wanted: SynthesizeStart,
        text: GrowingText,
        *,
        streamed: bool,
    ) -> None:
        """`streamed`: the text comes in events of its own, and the answer ends with
        `synthesize-stopped`."""
        self.text = text
        self._speech = speech
        self._client = client
        self._wanted = wanted
        self._streamed = streamed
        self._sent_samples = 0
        self._rate_hz = 0

    def end(self) -> None:
        """The text has ended."""
        self.text.end()

    async def run(self) -> None:
        """Speak until the text has ended."""
        try:
            await self._send_audio(await self._open())
        except VoiceError as error:
            await self._client.tell(error)
        except Exception:
            log.exception("synthesis failed")
            await self._client.tell(VoiceError(INTERNAL))
        self.text.drop()
        await self._client.send(AudioStop(timestamp=self._sent_ms))
        if self._streamed:
            await self._client.send(SynthesizeStopped())

    async def _open(self) -> SpeechStream:
        voice = await voice_settings(self._wanted.voice, self._speech)
        # A request takes one of a few places: not before there is something to say.
        await self.text.begun()
        request = SpeechRequest(
            "",
            voice=voice,
            input=self._wanted.text_format or "text",
            request_id=uuid.uuid4().hex,
        )
        return await self._speech.open(
            request,
            pieces=self.text.pieces(),
            principal=self._client.principal,
            client=self._client.address,
        )

    async def _send_audio(self, stream: SpeechStream) -> None:
        self._rate_hz = stream.rate_hz
        start = AudioStart(stream.rate_hz, PCM16_BYTES, 1, timestamp=0)
        await self._client.send(start)
        events: Any = aiter(stream)
        async with aclosing(events):
            async for event in events:
                if self._client.is_gone:
                    return
                if isinstance(event, PcmAudio):
                    for chunk in self._chunks(event):
                        await self._client.send(chunk)
                elif isinstance(event, SpeechFinished) and event.error is not None:
                    raise event.error

    def _chunks(self, audio: PcmAudio) -> Iterator[AudioChunk]:
        step = int(CHUNK_SECONDS * audio.rate_hz)
        for begin in range(0, len(audio.samples), step):
            samples = audio.samples[begin : begin + step]
            pcm, at_ms = float_to_pcm16(samples), self._sent_ms
            self._sent_samples += len(samples)
            yield AudioChunk(audio.rate_hz, PCM16_BYTES, 1, pcm, timestamp=at_ms)

    @property
    def _sent_ms(self) -> int:
        """The end of the audio so far."""
        return self._sent_samples * 1000 // self._rate_hz if self._rate_hz else 0
