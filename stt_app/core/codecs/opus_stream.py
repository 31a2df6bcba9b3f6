"""Decodes Opus from a browser's recording as it arrives.

The demuxers are written in Python, and only validated packets reach the native decoder:
a stream cannot name files or addresses, needs no probing, and cannot contain more audio
than its packets declare. This takes about as long as voice activity detection, so it
runs on the event loop; `slice_bytes` bounds the work per call.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from common.audio import Samples
from common.errors import UnsupportedAudio
from stt_app.core.codecs.ogg import OGG_MAGIC, OggDemuxer
from stt_app.core.codecs.opus_packets import OpusHead, Packet, packet_samples
from stt_app.core.codecs.webm import WEBM_MAGIC, WebmDemuxer

OPUS_RATE_HZ = 48_000
_NOTHING = np.zeros(0, np.float32)
_SPARE_SECONDS = 10.0
_LEAST_BYTES_A_SECOND = 50
"""Even silence that Opus does not transmit needs more bytes than this in a
container."""
_MOST_DAMAGED = 50


class Demuxer(Protocol):
    """Demuxes a container."""

    def push(self, data: bytes) -> list[OpusHead | Packet]:
        """What has come to its end: first a head, then its packets.

        `data` are the container's bytes, split anywhere. Raises UnsupportedAudio.
        """


class OpusStream:
    """A stream of one or more WebM or Ogg files, one after the other."""

    def __init__(self) -> None:
        self._start = b""
        self._demuxer: Demuxer | None = None
        self._decoder: OpusPacketDecoder | None = None
        self._spare_samples = _SPARE_SECONDS * OPUS_RATE_HZ

    def push(self, data: bytes) -> Samples:
        """The samples in it: mono float32 at 48 kHz in [-1, 1], shape (n,).

        Raises UnsupportedAudio.
        """
        earned = len(data) / _LEAST_BYTES_A_SECOND
        most = max(_SPARE_SECONDS, earned) * OPUS_RATE_HZ
        self._spare_samples = min(self._spare_samples + earned * OPUS_RATE_HZ, most)
        if self._demuxer is None:
            self._start += data
            if len(self._start) < len(WEBM_MAGIC):
                return _NOTHING
            self._demuxer, data = _sniffed(self._start), self._start
            self._start = b""
        found = [self._decoded(part) for part in self._demuxer.push(data)]
        samples = np.concatenate([_NOTHING, *found])
        # A damaged packet may decode to anything.
        sane: Samples = np.clip(np.nan_to_num(samples), -1.0, 1.0)
        return sane

    def _decoded(self, part: OpusHead | Packet) -> Samples:
        if isinstance(part, OpusHead):
            self._decoder = OpusPacketDecoder(part)
            return _NOTHING
        assert self._decoder is not None  # noqa: S101 - a head always comes first
        self._spare_samples -= packet_samples(part)
        if self._spare_samples < 0:
            raise UnsupportedAudio(
                "The stream declares more audio than it has bytes for.",
                field="encoding",
            )
        return self._decoder.decode(part)


def _sniffed(start: bytes) -> Demuxer:
    if start.startswith(WEBM_MAGIC):
        return WebmDemuxer()
    if start.startswith(OGG_MAGIC):
        return OggDemuxer()
    raise UnsupportedAudio(
        "The audio is neither WebM nor Ogg. Record with MediaRecorder as "
        "`audio/webm;codecs=opus` or `audio/ogg;codecs=opus`, or send `pcm_s16le`.",
        field="encoding",
    )


class OpusPacketDecoder:
    """Packets to mono samples, without the padding that the head announces."""

    def __init__(self, head: OpusHead) -> None:
        import av

        self._av = av
        self._codec: Any = av.CodecContext.create("opus", "r")
        self._codec.extradata = head.data
        self._damaged = 0

    def decode(self, packet: Packet) -> Samples:
        """Its samples: mono float32 at 48 kHz, shape (n,); none for a damaged packet.

        Raises UnsupportedAudio when too many in a row are damaged.
        """
        if not packet_samples(packet):
            return self._refused()
        try:
            frames = self._codec.decode(self._av.Packet(packet))
        except self._av.FFmpegError:
            return self._refused()
        self._damaged = 0
        pieces = [_mono(frame.to_ndarray()) for frame in frames]
        return pieces[0] if len(pieces) == 1 else np.concatenate([_NOTHING, *pieces])

    def _refused(self) -> Samples:
        self._damaged += 1
        if self._damaged > _MOST_DAMAGED:
            raise UnsupportedAudio(
                f"{_MOST_DAMAGED} Opus packets in a row are damaged.", field="encoding"
            )
        return _NOTHING


def _mono(planes: Samples) -> Samples:
    mono: Samples = planes[0] if len(planes) == 1 else planes.mean(axis=0)
    return mono
