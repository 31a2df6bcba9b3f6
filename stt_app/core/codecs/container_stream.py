"""Decodes a browser's recording as it arrives: Opus in WebM or Ogg, AAC or Opus in MP4.

The demuxers are written in Python, and only validated packets reach the native decoder:
a stream cannot name files or addresses, needs no probing, and cannot contain more audio
than its packets declare. This takes about as long as voice activity detection, so it
runs on the event loop; `slice_bytes` bounds the work per call.
"""

from __future__ import annotations

from common.audio import Audio
from common.errors import UnsupportedAudio
from stt_app.core.codecs.mp4 import Mp4Demuxer, is_mp4
from stt_app.core.codecs.ogg import OGG_MAGIC, OggDemuxer
from stt_app.core.codecs.packet_decoder import PacketDecoder
from stt_app.core.codecs.packets import Demuxer, Head, Packet
from stt_app.core.codecs.webm import WEBM_MAGIC, WebmDemuxer

_SPARE_SECONDS = 10.0
_LEAST_BYTES_A_SECOND = 50
"""Even silence that Opus does not transmit needs more bytes than this in a
container."""
_SNIFFED_BYTES = 8


class ContainerStream:
    """A stream of one or more files of one kind, one after the other."""

    def __init__(self) -> None:
        self._start = b""
        self._demuxer: Demuxer | None = None
        self._decoder: PacketDecoder | None = None
        self._spare_seconds = _SPARE_SECONDS

    def push(self, data: bytes) -> list[Audio]:
        """The audio in it, piece by piece. Raises UnsupportedAudio."""
        earned = len(data) / _LEAST_BYTES_A_SECOND
        most = max(_SPARE_SECONDS, earned)
        self._spare_seconds = min(self._spare_seconds + earned, most)
        if self._demuxer is None:
            self._start += data
            if len(self._start) < _SNIFFED_BYTES:
                return []
            self._demuxer, data = _sniffed(self._start), self._start
            self._start = b""
        found = [self._decoded(part) for part in self._demuxer.push(data)]
        return [each for each in found if each is not None and len(each.samples)]

    def _decoded(self, part: Head | Packet) -> Audio | None:
        if isinstance(part, Head):
            self._decoder = PacketDecoder(part)
            return None
        assert self._decoder is not None  # noqa: S101 - a head always comes first
        self._spare_seconds -= self._decoder.declared_seconds(part)
        if self._spare_seconds < 0:
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
    if is_mp4(start):
        return Mp4Demuxer()
    raise UnsupportedAudio(
        "The audio is neither WebM, Ogg nor MP4. Record with MediaRecorder as "
        "`audio/webm;codecs=opus` or `audio/mp4`, or send `pcm_s16le`.",
        field="encoding",
    )
