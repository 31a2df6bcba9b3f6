"""From PCM frames of any rate and length to utterances: decode, resample, detect, cut."""

from __future__ import annotations

import numpy as np

from common.audio import SPEECH_RATE_HZ, Pcm16Decoder, Resampler, Samples
from common.config.speech import ListeningSettings
from stt_app.core.frames import Framer
from stt_app.core.segmenter import Event, Segmenter
from stt_app.core.vad import FRAME_SAMPLES, VadModel

_NOTHING = np.zeros(0, np.float32)


class Hearing:
    """One stream. How the bytes are split into frames makes no difference."""

    def __init__(
        self,
        settings: ListeningSettings,
        vad: VadModel,
        sample_rate: int,
        start_seconds: float = 0.0,
        *,
        resumed: bool = False,
    ) -> None:
        self._detector = vad.detector(settings.silence_rms_threshold)
        self._framer = Framer(FRAME_SAMPLES)
        self._decoder = Pcm16Decoder()
        self._resampler = Resampler(sample_rate, SPEECH_RATE_HZ)
        self._probability = 0.0
        self.sample_rate = sample_rate
        start_sample = round(start_seconds * SPEECH_RATE_HZ)
        self.segmenter = Segmenter(settings, start_sample, resumed=resumed)
        self.audio_seconds = start_seconds
        """Where in its stream the audio received so far ends."""

    def hear(self, pcm: bytes) -> list[Event]:
        """What these bytes cause."""
        samples = self._decoder.decode(pcm)
        self.audio_seconds += len(samples) / self.sample_rate
        return self._detect(self._resampler.push(samples))

    def flush(self) -> list[Event]:
        """End the open utterance, with everything that was received."""
        events = self._detect(self._drained_resampler())
        rest = self._framer.rest()
        if len(rest):
            # Too short to ask the detector, so it is taken for what came before.
            events += self.segmenter.push(rest, self._probability)
        return events + self.segmenter.flush()

    def use_rate(self, sample_rate: int) -> list[Event]:
        """The audio that follows has another rate."""
        if sample_rate == self.sample_rate:
            return []
        events = self._detect(self._drained_resampler())
        self.sample_rate = sample_rate
        self._decoder = Pcm16Decoder()
        self._resampler = Resampler(sample_rate, SPEECH_RATE_HZ)
        return events

    def _drained_resampler(self) -> Samples:
        """What the resampler still holds back; it starts anew."""
        samples = self._resampler.push(_NOTHING, last=True)
        self._resampler = Resampler(self.sample_rate, SPEECH_RATE_HZ)
        return samples

    def _detect(self, samples: Samples) -> list[Event]:
        events = []
        for frame in self._framer.push(samples):
            self._probability = self._detector.probability(frame)
            events += self.segmenter.push(frame, self._probability)
        return events
