"""Recordings in containers, as browsers and encoders write them."""

from __future__ import annotations

import io
from typing import Any

import av
import numpy as np

from common.audio import Samples

RATE_HZ = 48_000


_FRAGMENTED = {
    "movflags": "empty_moov+default_base_moof",
    "frag_duration": "250000",
}
"""Of a quarter of a second each, as MediaRecorder writes them with a time slice."""


class _Pipe(io.RawIOBase):
    """Cannot seek, as a recorder cannot; so sizes stay unknown."""

    def __init__(self) -> None:
        self.written = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.written += data
        return len(data)


def recorded(
    samples: Samples,
    container: str,
    codec: str = "libopus",
    *,
    rate_hz: int = RATE_HZ,
    layout: str = "mono",
    seekable: bool = False,
    **options: str,
) -> bytes:
    """The samples, which are at `rate_hz`, as a file."""
    pipe: Any = io.BytesIO() if seekable else _Pipe()
    fragments = container == "mp4" and not seekable
    file: Any = av.open(
        pipe, "w", format=container, options=_FRAGMENTED if fragments else {}
    )
    stream: Any = file.add_stream(codec, rate=rate_hz, options=options)
    stream.codec_context.layout = layout
    if codec.startswith("wma"):
        stream.bit_rate = 128_000
    wanted = stream.codec_context.format.name
    resampler = av.AudioResampler(wanted, layout, rate_hz, frame_size=960)
    frame = av.AudioFrame.from_ndarray(
        np.ascontiguousarray(samples.reshape(1, -1)), format="flt", layout="mono"
    )
    frame.sample_rate, frame.pts = rate_hz, 0
    for piece in [*resampler.resample(frame), *resampler.resample(None)]:
        for packet in stream.encode(piece):
            file.mux(packet)
    for packet in stream.encode(None):
        file.mux(packet)
    file.close()
    return pipe.getvalue() if seekable else bytes(pipe.written)


def with_tracks(*tracks: Samples) -> bytes:
    """A Matroska file with these audio tracks, which are at 48 kHz."""
    written = io.BytesIO()
    file: Any = av.open(written, "w", format="matroska")
    streams: list[Any] = [
        file.add_stream("pcm_s16le", rate=RATE_HZ, layout="mono") for _ in tracks
    ]
    for stream, samples in zip(streams, tracks, strict=True):
        mux_pcm16(file, stream, samples, "mono")
    file.close()
    return written.getvalue()


def mux_pcm16(file: Any, stream: Any, samples: Samples, layout: str) -> None:
    """Write float samples at 48 kHz, those of several channels interleaved."""
    whole = (samples * 32_767).astype(np.int16).reshape(1, -1)
    frame = av.AudioFrame.from_ndarray(whole, format="s16", layout=layout)
    frame.sample_rate, frame.pts = RATE_HZ, 0
    for packet in [*stream.encode(frame), *stream.encode(None)]:
        file.mux(packet)
