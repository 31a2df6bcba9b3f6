"""Encodes the audio of an answer as one file."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from typing import Protocol

from common.audio import Samples
from tts_app.core.events import (
    ClauseStarted,
    PcmAudio,
    SpeechEvent,
    SpeechFinished,
    WordsTimed,
)
from tts_app.core.speech.encoding import make_encoder

SLICE_SECONDS = 0.25
"""The slice to encode at once, so that the event loop is never blocked for long: the
slowest codec takes a few milliseconds."""


@dataclass(frozen=True)
class AudioBytes:
    """The next bytes of the file; never empty."""

    data: bytes


class SpeechEvents(Protocol):
    """An answer with events that can be read once."""

    @property
    def rate_hz(self) -> int:
        """Of its PCM."""

    def __aiter__(self) -> AsyncIterator[SpeechEvent]: ...


class EncodedSpeech:
    """An answer's events, with AudioBytes instead of PCM. Timestamps match
    playback of the file: they include the codec's leading silence, and the closing
    silence is shortened as much.
    """

    def __init__(
        self, speech: SpeechEvents, audio_format: str, rate_hz: int | None = None
    ) -> None:
        """`audio_format` is one of FORMATS. Raises BadValue for a rate that it does not
        support."""
        self._speech = speech
        self._encoder = make_encoder(audio_format, speech.rate_hz, rate_hz)

    @property
    def content_type(self) -> str:
        return self._encoder.content_type

    @property
    def rate_hz(self) -> int:
        """The sample rate that a player sees."""
        return self._encoder.rate_hz

    async def __aiter__(self) -> AsyncIterator[SpeechEvent | AudioBytes]:
        try:
            async for event in self._speech:
                if isinstance(event, PcmAudio):
                    for data in self._encode(event):
                        yield AudioBytes(data)
                        await asyncio.sleep(0)
                    continue
                if isinstance(event, SpeechFinished) and (
                    rest := self._encoder.finish()
                ):
                    yield AudioBytes(rest)
                yield self._as_played(event)
        finally:
            self._encoder.close()

    def _as_played(self, event: SpeechEvent) -> SpeechEvent:
        delay_seconds = self._encoder.delay_seconds
        if isinstance(event, ClauseStarted):
            delay = round(delay_seconds * event.rate_hz)
            return replace(event, start_sample=event.start_sample + delay)
        if not isinstance(event, WordsTimed):
            return event
        return replace(event, words=tuple(w.later(delay_seconds) for w in event.words))

    def _encode(self, audio: PcmAudio) -> Iterator[bytes]:
        """The bytes of the samples, a slice at a time."""
        samples = audio.samples
        if audio.is_closing_silence:
            samples = self._shortened(samples, audio.rate_hz)
        step = int(SLICE_SECONDS * audio.rate_hz)
        for begin in range(0, len(samples), step):
            if data := self._encoder.encode(samples[begin : begin + step]):
                yield data

    def _shortened(self, silence: Samples, rate_hz: int) -> Samples:
        added = round(self._encoder.delay_seconds * rate_hz)
        return silence[: max(0, len(silence) - added)]
