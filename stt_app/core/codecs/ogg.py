"""Ogg, taken apart while it arrives: pages in, the packets of its Opus stream out.

Pages are as in RFC 3533, Opus in them as in RFC 7845.
"""

from __future__ import annotations

import struct

from common.errors import UnsupportedAudio
from stt_app.core.codecs.opus_packets import OPUS_HEAD, opus_head
from stt_app.core.codecs.packets import MOST_PACKET_BYTES, Head, Packet

OGG_MAGIC = b"OggS"

_HEADER_BYTES = 27
_CONTINUED, _FIRST = 1, 2
_WHOLE_SEGMENT = 255
_MOST_SEARCHED_BYTES = 256 * 1024


class OggDemuxer:
    """One stream of pages; a new Opus stream may follow the first."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._lost_bytes = 0
        self._serial: int | None = None
        self._packets_seen = 0
        self._open = bytearray()

    def push(self, data: bytes) -> list[Head | Packet]:
        """Heads and Opus packets that these bytes complete. Raises UnsupportedAudio."""
        self._buffer += data
        found: list[Head | Packet] = []
        while (page := self._next_page()) is not None:
            found += self._read(page)
        return found

    def _next_page(self) -> bytes | None:
        """The next complete page; skips other bytes."""
        if not self._synchronised():
            return None
        if len(self._buffer) < _HEADER_BYTES:
            return None
        header = _HEADER_BYTES + self._buffer[26]
        if len(self._buffer) < header:
            return None
        size = header + sum(self._buffer[_HEADER_BYTES:header])
        if len(self._buffer) < size:
            return None
        page = bytes(self._buffer[:size])
        del self._buffer[:size]
        self._lost_bytes = 0
        return page

    def _synchronised(self) -> bool:
        if self._buffer.startswith(OGG_MAGIC):
            return True
        at = self._buffer.find(OGG_MAGIC)
        # The magic may be split, so keep its first bytes.
        skip = at if at >= 0 else max(0, len(self._buffer) - len(OGG_MAGIC) + 1)
        self._lost_bytes += skip
        del self._buffer[:skip]
        if self._lost_bytes > _MOST_SEARCHED_BYTES:
            raise UnsupportedAudio("The Ogg stream is damaged.", field="encoding")
        return at >= 0

    def _read(self, page: bytes) -> list[Head | Packet]:
        flags, serial, segments = (
            page[5],
            struct.unpack_from("<I", page, 14)[0],
            page[26],
        )
        lengths = page[_HEADER_BYTES : _HEADER_BYTES + segments]
        body = page[_HEADER_BYTES + segments :]
        if flags & _FIRST and body.startswith(OPUS_HEAD):
            self._serial, self._packets_seen = serial, 0
            self._open.clear()
        if self._serial is None and not flags & _FIRST:
            raise UnsupportedAudio(
                "The Ogg stream contains no Opus track.", field="encoding"
            )
        if serial != self._serial:
            return []
        if not flags & _CONTINUED:
            self._open.clear()
        return self._packets(lengths, body)

    def _packets(self, lengths: bytes, body: bytes) -> list[Head | Packet]:
        found: list[Head | Packet] = []
        at = 0
        for length in lengths:
            # Cover pictures are large; an audio packet never is.
            if len(self._open) <= MOST_PACKET_BYTES:
                self._open += body[at : at + length]
            at += length
            if length < _WHOLE_SEGMENT:
                found += self._finished(bytes(self._open))
                self._open.clear()
        return found

    def _finished(self, packet: bytes) -> list[Head | Packet]:
        self._packets_seen += 1
        if self._packets_seen == 1:
            return [opus_head(packet)]
        # The second packet holds tags.
        return [packet] if self._packets_seen > 2 else []
