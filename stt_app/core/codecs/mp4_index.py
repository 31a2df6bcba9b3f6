"""Reads the boxes of an MP4 that say where the packets of its audio are."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from common.errors import UnsupportedAudio
from stt_app.core.codecs.mp4_codecs import CODECS, codec_head
from stt_app.core.codecs.packets import Head

_MOST_PACKETS = 200_000
_BASE_IS_GIVEN, _BASE_IS_MOOF = 0x01, 0x020000
_DESCRIPTION, _DURATION, _SIZE, _FLAGS = 0x02, 0x08, 0x10, 0x20
_RUN_OFFSET, _RUN_FLAGS = 0x01, 0x04
_RUN_FIELDS = (0x100, 0x200, 0x400, 0x800)
"""Duration, size, flags and composition time of each packet, four bytes each."""
_RUN_SIZE = 0x200


@dataclass(frozen=True)
class Place:
    """Where in the file a packet is."""

    start: int
    size: int

    @property
    def end(self) -> int:
        return self.start + self.size


@dataclass(frozen=True)
class Track:
    """The audio track."""

    number: int
    head: Head
    packet_bytes: int = 0
    """The default size of its packets in fragments."""
    places: list[Place] = field(default_factory=list)
    """Of the packets outside of fragments."""


def read_movie(body: bytes) -> Track:
    """The audio track of a `moov` box. Raises UnsupportedAudio."""
    try:
        return _movie(body)
    except (struct.error, IndexError) as error:
        raise _damaged() from error


def read_fragment(body: bytes, start: int, track: Track) -> list[Place]:
    """The track's packets in a `moof` box that begins there. Raises UnsupportedAudio."""
    try:
        return [
            place
            for kind, part in boxes(body)
            if kind == b"traf"
            for place in _track_fragment(part, start, track)
        ]
    except (struct.error, IndexError) as error:
        raise _damaged() from error


def boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The kind and content of each box. Raises UnsupportedAudio."""
    at = 0
    while at + 8 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        if not 8 <= size <= len(data) - at:
            raise _damaged()
        yield data[at + 4 : at + 8], data[at + 8 : at + size]
        at += size


def _inside(data: bytes, *path: bytes) -> bytes:
    """The content of the box on that path; empty if there is none."""
    for wanted in path:
        data = next((part for kind, part in boxes(data) if kind == wanted), b"")
    return data


def _movie(body: bytes) -> Track:
    held: list[str] = []
    for kind, trak in boxes(body):
        if kind != b"trak":
            continue
        table = _inside(trak, b"mdia", b"minf", b"stbl")
        codec, entry = _description(_inside(table, b"stsd"))
        held.append(codec.decode("ascii", "replace"))
        if codec in CODECS:
            header = _inside(trak, b"tkhd")
            number = _number(header, 20 if header[0] else 12)
            size = _default_size(_inside(body, b"mvex"), number)
            return Track(number, codec_head(codec, entry), size, _table_places(table))
    names = ", ".join(held) or "nothing"
    raise UnsupportedAudio(
        f"The MP4 stream holds {names}, but no AAC or Opus track.", field="encoding"
    )


def _number(data: bytes, at: int) -> int:
    return int(struct.unpack_from(">I", data, at)[0])


def _description(stsd: bytes) -> tuple[bytes, bytes]:
    """The codec of a track and what is said about it."""
    return next(boxes(stsd[8:]), (b"", b""))


def _default_size(extends: bytes, track: int) -> int:
    for kind, part in boxes(extends):
        if kind == b"trex" and _number(part, 4) == track:
            return _number(part, 16)
    return 0


def _table_places(table: bytes) -> list[Place]:
    sizes = _sizes(_inside(table, b"stsz"))
    chunks = _chunk_starts(table)
    counts = _packets_by_chunk(_inside(table, b"stsc"), len(chunks))
    places: list[Place] = []
    for at, count in zip(chunks, counts, strict=True):
        for size in sizes[len(places) : len(places) + count]:
            places.append(Place(at, size))
            at += size
    return places


def _sizes(stsz: bytes) -> list[int]:
    if not stsz:
        return []
    _, same, count = struct.unpack_from(">III", stsz)
    if count > _MOST_PACKETS:
        raise _damaged()
    return [same] * count if same else list(struct.unpack_from(f">{count}I", stsz, 12))


def _chunk_starts(table: bytes) -> list[int]:
    for kind, letter in ((b"stco", "I"), (b"co64", "Q")):
        if part := _inside(table, kind):
            count = _number(part, 4)
            if count > _MOST_PACKETS:
                raise _damaged()
            return list(struct.unpack_from(f">{count}{letter}", part, 8))
    return []


def _packets_by_chunk(stsc: bytes, chunks: int) -> list[int]:
    """Each entry holds from its chunk on, counted from 1, until the next one."""
    count = _number(stsc, 4) if stsc else 0
    if count > _MOST_PACKETS:
        raise _damaged()
    entries = [struct.unpack_from(">II", stsc, 8 + 12 * each) for each in range(count)]
    counts = [0] * chunks
    for (first, many), (following, _) in pairwise([*entries, (chunks + 1, 0)]):
        last = min(following - 1, chunks)
        counts[first - 1 : last] = [many] * max(0, last - first + 1)
    if len(counts) != chunks:
        raise _damaged()
    return counts


def _track_fragment(traf: bytes, moof: int, track: Track) -> Iterator[Place]:
    header = _inside(traf, b"tfhd")
    flags = _number(header, 0) & 0xFFFFFF
    if _number(header, 4) != track.number:
        return
    at, base, size = 8, moof, track.packet_bytes
    if flags & _BASE_IS_GIVEN:
        base = int(struct.unpack_from(">Q", header, at)[0])
        at += 8
    at += 4 * bool(flags & _DESCRIPTION) + 4 * bool(flags & _DURATION)
    if flags & _SIZE:
        size = _number(header, at)
    following = base
    for kind, run in boxes(traf):
        if kind == b"trun":
            for place in _run(run, base, following, size):
                yield place
                following = place.end


def _run(trun: bytes, base: int, following: int, size: int) -> Iterator[Place]:
    flags, count = _number(trun, 0) & 0xFFFFFF, _number(trun, 4)
    if count > _MOST_PACKETS:
        raise _damaged()
    at, start = 8, following
    if flags & _RUN_OFFSET:
        start = base + int(struct.unpack_from(">i", trun, at)[0])
        at += 4
    at += 4 * bool(flags & _RUN_FLAGS)
    width = 4 * sum(bool(flags & each) for each in _RUN_FIELDS)
    before = 4 * bool(flags & _RUN_FIELDS[0])
    for _ in range(count):
        taken = _number(trun, at + before) if flags & _RUN_SIZE else size
        yield Place(start, taken)
        start, at = start + taken, at + width


def _damaged() -> UnsupportedAudio:
    return UnsupportedAudio("The MP4 stream is damaged.", field="encoding")
