"""A streaming MP4 demuxer: boxes in, the packets of the audio track out.

Safari's MediaRecorder writes MP4: fragments while it records with a time slice, and
one file with its index at the end without. Structure as in ISO/IEC 14496-12.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from common.errors import UnsupportedAudio
from stt_app.core.codecs.mp4_index import Place, Track, read_fragment, read_movie
from stt_app.core.codecs.packets import MOST_PACKET_BYTES, Head, Packet

_MOST_INDEX_BYTES = 2_000_000
_MOST_HELD_BYTES = 4_000_000
"""Of media that comes before its index: four minutes at 128 kbit/s."""
_MOST_PLACES = 200_000
"""An hour of AAC at 48 kHz."""
_INDEX = (b"moov", b"moof")
_ENDLESS = 1 << 62
_HEADER_BYTES, _LARGE_HEADER_BYTES = 8, 16


def is_mp4(start: bytes) -> bool:
    """Whether the first eight bytes are those of an MP4 file."""
    return start[4:8] == b"ftyp" and int.from_bytes(start[:4], "big") < 256


class Mp4Demuxer:
    """One stream of boxes; another file may follow the first."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._first = 0
        """Where the buffer begins; places count from the start of the file."""
        self._box_at = 0
        self._held_from: int | None = None
        """The start of media without an index."""
        self._track: Track | None = None
        self._due: deque[Place] = deque()

    def push(self, data: bytes) -> list[Head | Packet]:
        """Heads and packets that these bytes complete. Raises UnsupportedAudio."""
        self._buffer += data
        found: list[Head | Packet] = []
        while (size := self._box(found)) is not None:
            self._box_at += size
        found += self._packets()
        self._forget()
        return found

    @property
    def _end(self) -> int:
        return self._first + len(self._buffer)

    def _bytes(self, at: int, count: int) -> bytes:
        return bytes(self._buffer[at - self._first : at - self._first + count])

    def _box(self, found: list[Head | Packet]) -> int | None:
        """Read the box that is next. Its size; None until enough of it has come."""
        at = self._box_at
        if (header := self._header(at)) is None:
            return None
        kind, length, size = header
        if kind == b"ftyp" and at:
            found += self._packets()
            self._begin_file()
            return 0
        if kind in _INDEX:
            if size > _MOST_INDEX_BYTES:
                raise _damaged()
            if at + size > self._end:
                return None
            found += self._packets()
            found += self._index(kind, self._bytes(at + length, size - length))
        elif kind == b"mdat" and self._track is None and self._held_from is None:
            self._held_from = at
        return size

    def _header(self, at: int) -> tuple[bytes, int, int] | None:
        """The kind of the box there, the length of its header, and its whole size."""
        head = self._bytes(at, _LARGE_HEADER_BYTES) if at < self._end else b""
        if len(head) < _HEADER_BYTES:
            return None
        size, kind, length = int.from_bytes(head[:4], "big"), head[4:8], _HEADER_BYTES
        if size == 1:
            if len(head) < _LARGE_HEADER_BYTES:
                return None
            size, length = int.from_bytes(head[8:], "big"), _LARGE_HEADER_BYTES
        if not size and kind == b"mdat":
            size = _ENDLESS
        if size < length:
            raise _damaged()
        return kind, length, size

    def _begin_file(self) -> None:
        """Another file: its places count from its own start."""
        del self._buffer[: self._box_at - self._first]
        self._first = self._box_at = 0
        self._held_from = self._track = None
        self._due.clear()

    def _index(self, kind: bytes, body: bytes) -> Iterable[Head]:
        if kind == b"moov":
            self._track = read_movie(body)
            self._add(self._track.places)
            self._held_from = None
            return [self._track.head]
        if self._track is None:
            raise _damaged()
        self._add(read_fragment(body, self._box_at, self._track))
        return []

    def _add(self, places: Iterable[Place]) -> None:
        self._due.extend(places)
        if len(self._due) > _MOST_PLACES:
            raise _damaged()

    def _packets(self) -> Iterable[Packet]:
        while self._due and self._due[0].end <= self._end:
            place = self._due.popleft()
            if place.start < self._first or place.size > MOST_PACKET_BYTES:
                raise _damaged()
            yield self._bytes(place.start, place.size)

    def _forget(self) -> None:
        """Drop what is read; only what is needed is kept."""
        keep = min(self._box_at, self._end)
        if self._due:
            keep = min(keep, self._due[0].start)
        if self._held_from is not None:
            keep = min(keep, self._held_from)
        if self._end - keep > _MOST_HELD_BYTES:
            raise UnsupportedAudio(
                "The MP4 has its index at the end, too far from its start: record "
                "with a time slice, such as `recorder.start(250)`.",
                field="encoding",
            )
        del self._buffer[: max(0, keep - self._first)]
        self._first = max(self._first, keep)


def _damaged() -> UnsupportedAudio:
    return UnsupportedAudio("The MP4 stream is damaged.", field="encoding")
