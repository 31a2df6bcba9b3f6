"""Notices files and containers that are sent as raw samples."""

from __future__ import annotations

from common.errors import UnsupportedAudio

_CONTAINERS: tuple[tuple[int, bytes, str, str], ...] = (
    (0, b"\x1a\x45\xdf\xa3", "WebM", "webm"),
    (0, b"OggS\x00", "Ogg", "opus"),
    (4, b"ftyp", "MP4", "mp4"),
    (8, b"WAVE", "a WAV file", ""),
    (0, b"fLaC", "FLAC", ""),
    (0, b"ID3\x02\x00", "MP3", ""),
    (0, b"ID3\x03\x00", "MP3", ""),
    (0, b"ID3\x04\x00", "MP3", ""),
)
"""Where each begins with what, its name, and the encoding to ask for. An MP3 without a
tag is not among them: quiet samples begin as its frames do."""
_READ_BYTES = 12


class StartCheck:
    """Checks the first bytes of a stream in a raw encoding."""

    def __init__(self, encoding: str) -> None:
        self._encoding = encoding
        self._start = b""

    def check(self, data: bytes) -> None:
        """The next bytes of the stream. Raises UnsupportedAudio for a container."""
        if len(self._start) >= _READ_BYTES:
            return
        self._start += data[: _READ_BYTES - len(self._start)]
        for at, magic, name, wanted in _CONTAINERS:
            if self._start.startswith(magic, at):
                raise UnsupportedAudio(
                    f"The audio is {name}, but `encoding` is `{self._encoding}`. "
                    f"{_advice(wanted)}",
                    field="encoding",
                )


def _advice(wanted: str) -> str:
    if wanted:
        return f"Connect with `encoding={wanted}`."
    return (
        "Send its samples without a header, decoded to `pcm_s16le`, or upload the file "
        "to `POST /v1/audio/transcriptions`."
    )
