"""Detects the container of a file from its first bytes.

The demuxer is then named to FFmpeg, which guesses nothing. Formats that name
other files or addresses (playlists, SDP, concatenation scripts, image
sequences) are not among them.
"""

from __future__ import annotations

from common.errors import UnsupportedAudio

SNIFFED_BYTES = 1_024
_TRANSPORT_PACKET = 188

_MAGIC: tuple[tuple[int, bytes, str], ...] = (
    (0, b"OggS", "ogg"),
    (0, b"fLaC", "flac"),
    (0, b"\x1a\x45\xdf\xa3", "matroska"),
    (8, b"WAVE", "wav"),
    (8, b"AIFF", "aiff"),
    (8, b"AIFC", "aiff"),
    (8, b"AVI ", "avi"),
    (0, b"riff\x2e\x91\xcf\x11", "w64"),
    (4, b"ftyp", "mov"),
    (4, b"moov", "mov"),
    (4, b"mdat", "mov"),
    (4, b"wide", "mov"),
    (4, b"free", "mov"),
    (4, b"skip", "mov"),
    (0, b"caff", "caf"),
    (0, b".snd", "au"),
    (0, b"#!AMR", "amr"),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "asf"),
    (0, b"FLV\x01", "flv"),
    (0, b"wvpk", "wv"),
    (0, b"MAC ", "ape"),
    (0, b"TTA1", "tta"),
    (0, b"DSD ", "dsf"),
    (0, b"Creative Voice File", "voc"),
    (0, b".RMF", "rm"),
    (0, b"MPCK", "mpc8"),
    (0, b"MP+", "mpc"),
    (0, b"ADIF", "aac"),
    (0, b"\x0b\x77", "ac3"),
    (0, b"\x7f\xfe\x80\x01", "dts"),
    (0, b"\x00\x00\x01\xba", "mpeg"),
    (0, b"\x06\x0e\x2b\x34\x02\x05\x01\x01\x0d\x01\x02", "mxf"),
)

KNOWN = (
    "WAV, FLAC, MP3, AAC, M4A, MP4, MOV, Ogg, WebM, Matroska, AIFF, AVI, WMA, AMR, "
    "CAF, AU, FLV, MPEG"
)


def sniffed_format(start: bytes) -> str:
    """FFmpeg's name for the format with these first bytes. Raises UnsupportedAudio."""
    if not start:
        raise UnsupportedAudio("The file is empty.")
    for at, magic, name in _MAGIC:
        if start.startswith(magic, at):
            return name
    if start.startswith(b"ID3"):
        return _after_tag(start)
    if start[0] == 0x47 and start[_TRANSPORT_PACKET : _TRANSPORT_PACKET + 1] == b"\x47":
        return "mpegts"
    if (found := _elementary(start)) is not None:
        return found
    raise UnsupportedAudio(
        f"The file is not audio or video in a known format: {KNOWN}."
    )


def _after_tag(start: bytes) -> str:
    """ID3 tags stand before MP3, seldom before others; their length is 28 bits."""
    size = 0
    for byte in start[6:10]:
        size = size << 7 | byte & 0x7F
    rest = start[10 + size :]
    if rest.startswith(b"fLaC"):
        return "flac"
    return _elementary(rest) or "mp3"


def _elementary(start: bytes) -> str | None:
    """MPEG frames without a container start with eleven or twelve set bits."""
    if len(start) < 2 or start[0] != 0xFF or start[1] & 0xE0 != 0xE0:
        return None
    layer = start[1] >> 1 & 3
    if layer == 0:
        return "aac" if start[1] & 0xF0 == 0xF0 else None
    return "mp3"
