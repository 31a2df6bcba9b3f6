"""Several channels of PCM as one."""

from __future__ import annotations

from common.audio import PCM16_BYTES, float_to_pcm16, pcm16_to_float


class Mixdown:
    """Interleaved PCM16 of several channels as mono, with their mean."""

    def __init__(self, channels: int) -> None:
        self._channels = channels
        self._rest = b""

    def push(self, data: bytes) -> bytes:
        """Mono PCM16 (signed 16-bit little-endian) at the same rate.

        `data` is of any length; an incomplete frame waits for its rest.
        """
        if self._channels == 1:
            return data
        joined = self._rest + data
        whole = len(joined) - len(joined) % (PCM16_BYTES * self._channels)
        self._rest = joined[whole:]
        samples = pcm16_to_float(joined[:whole]).reshape(-1, self._channels)
        return float_to_pcm16(samples.mean(axis=1))
