"""Turns bytes of any encoding, rate and length into utterances: decode, detect,
segment."""

from __future__ import annotations

from common.audio import SPEECH_RATE_HZ, Samples
from common.config.speech import ListeningSettings
from stt_app.core.codecs.decoders import (
    PCM16,
    RAW_ENCODINGS,
    Encoding,
    build_decoder,
)
from stt_app.core.endpointing.events import EndpointEvent
from stt_app.core.endpointing.frames import Framer
from stt_app.core.endpointing.segmenter import Segmenter
from stt_app.core.endpointing.speech_search import SpeechSearch
from stt_app.core.endpointing.utterance import OpenUtterance
from stt_app.core.endpointing.vad import FRAME_SAMPLES, VadModel


class AudioFrontend:
    """One stream. The split of the bytes into frames makes no difference.

    The events of each call end with one AudioHeard.
    """

    def __init__(
        self,
        settings: ListeningSettings,
        vad: VadModel,
        start_seconds: float = 0.0,
        *,
        encoding: Encoding = PCM16,
        channels: int = 1,
        first_id: int = 1,
        resumed: bool = False,
    ) -> None:
        self._detector = vad.detector(settings.silence_rms_threshold)
        self._framer = Framer(FRAME_SAMPLES)
        self._decoder = build_decoder(encoding, settings.sample_rate, channels)
        self._seconds_before = start_seconds
        self._probability = 0.0
        self.sample_rate = settings.sample_rate
        self.encoding: Encoding = encoding
        self.channels = channels
        start_sample = round(start_seconds * SPEECH_RATE_HZ)
        self._search = SpeechSearch(found=resumed)
        self._segmenter = Segmenter(
            settings, start_sample, first_id=first_id, resumed=resumed
        )

    @property
    def audio_seconds(self) -> float:
        """The position of the end of the received audio."""
        return self._seconds_before + self._decoder.audio_seconds

    @property
    def is_raw(self) -> bool:
        """Whether the client says the rate; a container tells its own."""
        return self.encoding in RAW_ENCODINGS

    @property
    def slice_bytes(self) -> int:
        """The most bytes to pass to `hear` at once: more would block the event loop."""
        return self._decoder.slice_bytes

    def hear(self, data: bytes) -> list[EndpointEvent]:
        """The events of these bytes, in the stream's encoding, rate and channels.

        Raises UnsupportedAudio.
        """
        events = self._detect(self._decoder.decode(data))
        events.append(self._segmenter.heard())
        return events

    def flush(self) -> list[EndpointEvent]:
        """End the open utterance with all received audio."""
        events = self._detect(self._decoder.flush())
        rest = self._framer.rest()
        if len(rest):
            # Too short for the detector, so it counts like the previous frame.
            events += self._segmenter.push(rest, self._probability)
        return [*events, *self._segmenter.flush(), self._segmenter.heard()]

    def discard(self, *, restarts: bool = False) -> list[EndpointEvent]:
        """Drop the open utterance and the audio that is not in a frame yet; with
        `restarts` the utterance alone, whose end is the pre-roll of the next one."""
        if restarts:
            return [*self._segmenter.restart(), self._segmenter.heard()]
        skipped = len(self._decoder.flush()) + len(self._framer.rest())
        return [*self._segmenter.discard(skipped), self._segmenter.heard()]

    def use(
        self, settings: ListeningSettings, encoding: Encoding, channels: int = 1
    ) -> list[EndpointEvent]:
        """Change the form or segmentation of the following audio."""
        self._segmenter.use(settings)
        events: list[EndpointEvent] = []
        form = settings.sample_rate, encoding, channels
        if form != (self.sample_rate, self.encoding, self.channels):
            events += self._detect(self._decoder.flush())
            self._seconds_before = self.audio_seconds
            self._decoder = build_decoder(encoding, settings.sample_rate, channels)
            self.sample_rate, self.encoding, self.channels = form
        return [*events, self._segmenter.heard()]

    def wait_for_silence(self, seconds: float) -> None:
        """Set the pause that ends the open utterance and later ones."""
        self._segmenter.wait_for_silence(seconds)

    @property
    def voiced_seconds(self) -> float:
        """The duration of the open utterance's speech frames; 0 in silence."""
        return self._segmenter.voiced_seconds

    def open_utterance(self) -> OpenUtterance | None:
        """A copy of the open utterance; None in silence."""
        return self._segmenter.open_utterance()

    def _detect(self, samples: Samples) -> list[EndpointEvent]:
        events: list[EndpointEvent] = []
        for frame in self._framer.push(samples):
            self._probability = self._detector.probability(frame)
            found = self._segmenter.push(frame, self._probability)
            events += [*found, *self._search.push(frame, found)]
        return events
