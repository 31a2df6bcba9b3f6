"""The formats of a client's audio, and mono PCM16 out of them."""

from __future__ import annotations

import numpy as np

from common.audio import PCM16_BYTES
from common.errors import UnsupportedAudio
from compat_app.wyoming.protocol.messages import AudioFormat

LEAST_HZ, MOST_HZ = 8_000, 48_000


def check_format(audio: AudioFormat) -> None:
    """Raises UnsupportedAudio."""
    if audio.width != PCM16_BYTES:
        raise UnsupportedAudio(
            f"The audio has {audio.width} bytes a sample; only 2 are supported (16 bits).",
            field="width",
        )
    if audio.channels not in (1, 2):
        raise UnsupportedAudio(
            f"The audio has {audio.channels} channels; 1 or 2 are supported.",
            field="channels",
        )
    if not LEAST_HZ <= audio.rate <= MOST_HZ:
        raise UnsupportedAudio(
            f"The audio has {audio.rate} Hz; {LEAST_HZ} to {MOST_HZ} are supported.",
            field="rate",
        )


class Mono:
    """PCM16 of one or two channels to mono PCM16, whatever pieces it comes in."""

    def __init__(self, channels: int) -> None:
        self._channels = channels
        self._rest = b""

    def mix(self, data: bytes) -> bytes:
        """Both channels averaged; an incomplete pair of samples waits for its rest."""
        if self._channels == 1:
            return data
        joined = self._rest + data
        whole = len(joined) - len(joined) % (self._channels * PCM16_BYTES)
        self._rest = joined[whole:]
        pairs = np.frombuffer(joined[:whole], "<i2").reshape(-1, self._channels)
        return bytes(pairs.mean(axis=1).round().astype("<i2").tobytes())
