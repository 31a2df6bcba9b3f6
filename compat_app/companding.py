"""The encodings of telephony, ITU-T G.711."""

from __future__ import annotations

from typing import Any

import numpy as np


class Companding:
    """PCM16 as mu-law or A-law, half as many bytes."""

    def __init__(self, encoding: str, rate_hz: int) -> None:
        """`encoding` is `mulaw` or `alaw`."""
        import av

        self._av = av
        self._rate_hz = rate_hz
        codec: Any = av.CodecContext.create(f"pcm_{encoding}", "w")
        codec.sample_rate, codec.layout, codec.format = rate_hz, "mono", "s16"
        self._codec = codec

    def push(self, pcm: bytes) -> bytes:
        """The same samples at the same rate, one byte each; `pcm` is mono PCM16 in whole
        samples."""
        if not pcm:
            return b""
        samples = np.frombuffer(pcm, "<i2").reshape(1, -1)
        frame = self._av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        frame.sample_rate = self._rate_hz
        return b"".join(bytes(packet) for packet in self._codec.encode(frame))
