"""The audio of a response in the client's format."""

from __future__ import annotations

import base64

import numpy as np

from common.audio import Resampler, Samples, float_to_pcm16
from compat_app.companding import Companding
from compat_app.realtime.shared.session import AudioFormat

_COMPANDED = {"audio/pcmu": "mulaw", "audio/pcma": "alaw"}
_NOTHING = np.zeros(0, np.float32)


class OutputAudio:
    """Encodes the audio of one response."""

    def __init__(self, audio_format: AudioFormat) -> None:
        self._format = audio_format
        self._resampler: Resampler | None = None
        encoding = _COMPANDED.get(audio_format.type)
        rate_hz = audio_format.rate_hz
        self._companding = Companding(encoding, rate_hz) if encoding else None

    def push(self, samples: Samples, rate_hz: int) -> str:
        """Base64, which may be empty; the samples are mono float32 in [-1, 1], shape (n,)."""
        if self._resampler is None:
            self._resampler = Resampler(rate_hz, self._format.rate_hz)
        return self._encoded(self._resampler.push(samples))

    def finish(self) -> str:
        """The rest of the audio in base64, which may be empty."""
        if self._resampler is None:
            return ""
        return self._encoded(self._resampler.push(_NOTHING, last=True))

    def _encoded(self, samples: Samples) -> str:
        audio = float_to_pcm16(samples)
        if self._companding is not None:
            audio = self._companding.push(audio)
        return base64.b64encode(audio).decode("ascii")
