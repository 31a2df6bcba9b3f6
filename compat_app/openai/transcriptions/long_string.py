"""JSON with base64 audio in it: the audio goes to a file as it comes.

Parsing such a body as a whole would hold the interpreter, and all of it in memory.
"""

from __future__ import annotations

import binascii
from typing import IO

from common.errors import BadRequest, BadValue, TooLarge

FIELD = "input_audio.data"
LONG_BYTES = 32 * 1_024
"""A string that is longer than this is taken for the audio."""
MOST_OTHER_BYTES = 256 * 1_024
"""The most that the body may hold besides the audio."""
_QUOTE = b'"'
_QUANTUM = 4
"""Base64 decodes so many characters to three bytes."""


class Base64Writer:
    """Decodes base64 that comes in pieces, as a JSON string or a data URL holds it."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._escape = b""
        """A backslash whose other half has not come yet."""
        self._rest = b""
        """Characters too few to decode."""
        self._begun = False

    def write(self, text: bytes) -> None:
        """The next piece. Raises BadValue."""
        text = self._rest + self._unescaped(self._escape + text)
        if not self._begun:
            self._begun = True
            text = _without_prefix(text)
        usable = len(text) // _QUANTUM * _QUANTUM
        self._rest = text[usable:]
        self._decode(text[:usable])

    def end(self) -> None:
        """Nothing follows. Raises BadValue."""
        missing = -len(self._rest) % _QUANTUM
        self._decode(self._rest + b"=" * missing)
        self._file.flush()

    def _unescaped(self, text: bytes) -> bytes:
        self._escape = text[-1:] if text.endswith(b"\\") else b""
        text = text.removesuffix(self._escape)
        if b"\\" not in text:
            return text
        return text.replace(b"\\/", b"/").replace(b"\\n", b"").replace(b"\\r", b"")

    def _decode(self, text: bytes) -> None:
        try:
            self._file.write(binascii.a2b_base64(text, strict_mode=True))
        except binascii.Error as error:
            raise BadValue(f"`{FIELD}` is not valid base64.", field=FIELD) from error


class LongStringCutter:
    """Takes the one long string out of a JSON text, which comes in pieces of bytes."""

    def __init__(self, audio: Base64Writer) -> None:
        self._audio = audio
        self._text = bytearray()
        self._inside = False
        self.cut = False
        """Whether there was a long string; in the text it is empty."""

    def take(self, piece: bytes) -> None:
        """The next piece. Raises TooLarge or BadValue."""
        while piece:
            piece = self._inside_string(piece) if self._inside else self._outside(piece)
        if len(self._text) > MOST_OTHER_BYTES:
            raise TooLarge(
                f"Besides `{FIELD}` a JSON body may have at most "
                f"{MOST_OTHER_BYTES // 1_024} KB."
            )

    def text(self) -> str:
        """All but the long string. Raises BadRequest."""
        try:
            return self._text.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise BadRequest("The body is not UTF-8.") from error

    def _inside_string(self, piece: bytes) -> bytes:
        """What is left of the piece after the string."""
        content, end, rest = piece.partition(_QUOTE)
        self._audio.write(content)
        self._inside = not end
        self._text += end
        return rest

    def _outside(self, piece: bytes) -> bytes:
        self._text += piece
        begin = self._text.rfind(_QUOTE) + 1
        if begin and len(self._text) - begin > LONG_BYTES:
            if self.cut:
                raise TooLarge(f"Only `{FIELD}` may be a long string.")
            self._audio.write(bytes(self._text[begin:]))
            del self._text[begin:]
            self._inside = self.cut = True
        return b""


def _without_prefix(text: bytes) -> bytes:
    """Of a data URL only the data."""
    return text.partition(b",")[2] if text.startswith(b"data:") else text
