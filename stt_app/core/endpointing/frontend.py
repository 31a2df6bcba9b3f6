"""From bytes of any encoding, rate and length to utterances: decode, detect, cut."""

from __future__ import annotations

from common.audio import SPEECH_RATE_HZ, Samples
from common.config.speech import ListeningSettings
from stt_app.core.codecs.decoders import PCM16, Encoding, build_decoder
from stt_app.core.endpointing.frames import Framer
from stt_app.core.endpointing.segmenter import Event, Segmenter
from stt_app.core.endpointing.vad import FRAME_SAMPLES, VadModel


class AudioFrontend:
    """One stream. How the bytes are split into frames makes no difference."""

    def __init__(
        self,
        settings: ListeningSettings,
        vad: VadModel,
        start_seconds: float = 0.0,
        *,
        encoding: Encoding = PCM16,
        resumed: bool = False,
    ) -> None:
        self._detector = vad.detector(settings.silence_rms_threshold)
        self._framer = Framer(FRAME_SAMPLES)
        self._decoder = build_decoder(encoding, settings.sample_rate)
        self._seconds_before = start_seconds
        self._probability = 0.0
        self.sample_rate = settings.sample_rate
        self.encoding: Encoding = encoding
        start_sample = round(start_seconds * SPEECH_RATE_HZ)
        self.segmenter = Segmenter(settings, start_sample, resumed=resumed)

    @property
    def audio_seconds(self) -> float:
        """Where in its stream the audio received so far ends."""
        return self._seconds_before + self._decoder.audio_seconds

    @property
    def slice_bytes(self) -> int:
        """Who must not wait long hears no more bytes than these at a time."""
        return self._decoder.slice_bytes

    def hear(self, data: bytes) -> list[Event]:
        """What these bytes cause. Raises UnsupportedAudio."""
        return self._detect(self._decoder.decode(data))

    def flush(self) -> list[Event]:
        """End the open utterance, with everything that was received."""
        events = self._detect(self._decoder.flush())
        rest = self._framer.rest()
        if len(rest):
            # Too short to ask the detector, so it is taken for what came before.
            events += self.segmenter.push(rest, self._probability)
        return events + self.segmenter.flush()

    def use(self, settings: ListeningSettings, encoding: Encoding) -> list[Event]:
        """The audio that follows has another rate or encoding, or is cut otherwise."""
        self.segmenter.use(settings)
        if (settings.sample_rate, encoding) == (self.sample_rate, self.encoding):
            return []
        events = self._detect(self._decoder.flush())
        self._seconds_before = self.audio_seconds
        self._decoder = build_decoder(encoding, settings.sample_rate)
        self.sample_rate, self.encoding = settings.sample_rate, encoding
        return events

    def _detect(self, samples: Samples) -> list[Event]:
        events = []
        for frame in self._framer.push(samples):
            self._probability = self._detector.probability(frame)
            events += self.segmenter.push(frame, self._probability)
        return events
