"""A streaming WebM demuxer: elements in, the packets of the Opus track out.

A recorder writes segments and clusters of unknown size, so elements are read as
one flat sequence: those that hold others are entered, those that matter are
read, and the rest is skipped without being kept. Elements are as in RFC 8794 (EBML),
their numbers as in RFC 9559 (Matroska).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from common.errors import UnsupportedAudio
from stt_app.core.codecs.opus_packets import opus_head
from stt_app.core.codecs.packets import MOST_PACKET_BYTES, Head, Packet

WEBM_MAGIC = b"\x1a\x45\xdf\xa3"

_EBML = 0x1A45DFA3
_SEGMENT, _CLUSTER, _BLOCK_GROUP = 0x18538067, 0x1F43B675, 0xA0
_TRACKS, _TRACK_ENTRY = 0x1654AE6B, 0xAE
_TRACK_NUMBER, _CODEC_ID, _CODEC_PRIVATE = 0xD7, 0x86, 0x63A2
_SIMPLE_BLOCK, _BLOCK = 0xA3, 0xA1

_ENTERED = {_SEGMENT, _CLUSTER, _BLOCK_GROUP, _TRACKS, _TRACK_ENTRY}
_READ = {_TRACK_NUMBER, _CODEC_ID, _CODEC_PRIVATE, _SIMPLE_BLOCK, _BLOCK}
_LACING = 0x06
_UNKNOWN_SIZE = -1


@dataclass
class _Track:
    number: int = 0
    codec: str = ""
    private: bytes = b""


@dataclass
class _Tracks:
    """The tracks of the current file."""

    all: list[_Track] = field(default_factory=list)
    chosen: _Track | None = None


class WebmDemuxer:
    """One stream of elements; another file may follow the first."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._skip_bytes = 0
        self._tracks = _Tracks()

    def push(self, data: bytes) -> list[Head | Packet]:
        """Heads and Opus packets that these bytes complete. Raises UnsupportedAudio."""
        self._buffer += data
        found: list[Head | Packet] = []
        at = 0
        while True:
            at = self._skipped(at)
            step = self._element(at, found)
            if step == 0:
                break
            at += step
        del self._buffer[:at]
        return found

    def _skipped(self, at: int) -> int:
        skip = min(self._skip_bytes, len(self._buffer) - at)
        self._skip_bytes -= skip
        return at + skip

    def _element(self, at: int, found: list[Head | Packet]) -> int:
        """Read the element there; how many bytes that took, 0 when some are missing."""
        identity, id_length = _identity(self._buffer, at)
        size, size_length = _size(self._buffer, at + id_length) if id_length else (0, 0)
        head = id_length + size_length
        if not size_length:
            return 0
        if identity == _EBML:
            self._tracks = _Tracks()
        if identity in _ENTERED:
            self._enter(identity)
            return head
        if size == _UNKNOWN_SIZE:
            raise _damaged()
        if identity not in _READ:
            self._skip_bytes = size
            return head
        if size > MOST_PACKET_BYTES:
            raise _damaged()
        if len(self._buffer) < at + head + size:
            return 0
        body = bytes(self._buffer[at + head : at + head + size])
        found += self._value(identity, body)
        return head + size

    def _enter(self, identity: int) -> None:
        if identity == _TRACK_ENTRY:
            self._tracks.all.append(_Track())

    def _value(self, identity: int, body: bytes) -> list[Head | Packet]:
        if identity in (_SIMPLE_BLOCK, _BLOCK):
            return self._block(body)
        if not self._tracks.all:
            raise _damaged()
        track = self._tracks.all[-1]
        if identity == _TRACK_NUMBER:
            track.number = int.from_bytes(body, "big")
        elif identity == _CODEC_ID:
            track.codec = body.rstrip(b"\0").decode("ascii", "replace")
        else:
            track.private = body
        return []

    def _block(self, body: bytes) -> list[Head | Packet]:
        head = [] if self._tracks.chosen else [self._choose()]
        number, length = _size(body, 0)
        flags = length + 2
        if not length or len(body) <= flags:
            raise _damaged()
        chosen = self._tracks.chosen
        if chosen is None or number != chosen.number:
            return [*head]
        if body[flags] & _LACING:
            raise UnsupportedAudio(
                "WebM with several packets in one block is not supported.",
                field="encoding",
            )
        return [*head, body[flags + 1 :]]

    def _choose(self) -> Head:
        tracks = self._tracks
        for track in tracks.all:
            if track.codec == "A_OPUS":
                tracks.chosen = track
                return opus_head(track.private)
        names = ", ".join(track.codec[:20] for track in tracks.all) or "nothing"
        raise UnsupportedAudio(
            f"The WebM stream holds {names}, but no Opus track.", field="encoding"
        )


def _identity(data: bytearray, at: int) -> tuple[int, int]:
    """An element's name and the bytes it takes, 0 when some are missing."""
    if at >= len(data):
        return 0, 0
    length = 9 - data[at].bit_length()
    if length > 4:
        raise _damaged()
    if at + length > len(data):
        return 0, 0
    return int.from_bytes(data[at : at + length], "big"), length


def _size(data: bytes | bytearray, at: int) -> tuple[int, int]:
    """A number of variable length and the bytes it takes, 0 when some are missing."""
    if at >= len(data):
        return 0, 0
    length = 9 - data[at].bit_length()
    if length > 8:
        raise _damaged()
    if at + length > len(data):
        return 0, 0
    value = int.from_bytes(data[at : at + length], "big") & ((1 << 7 * length) - 1)
    return (_UNKNOWN_SIZE if value == (1 << 7 * length) - 1 else value), length


def _damaged() -> UnsupportedAudio:
    return UnsupportedAudio("The WebM stream is damaged.", field="encoding")
