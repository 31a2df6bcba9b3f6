"""Live audio on its way to the session: a WAV header is read."""

from __future__ import annotations

from common.errors import BadValue, UnsupportedAudio
from compat_app.deepgram.wav import RIFF, read_wav_header
from stt_app.core.codecs.decoders import RAW_ENCODINGS, Encoding
from stt_app.core.session.options import MAX_CHANNELS, Options

_MOST_HEADER_BYTES = 4_096


class AudioInput:
    """One stream. It may be WAV, also where the client names a raw encoding: then the
    header is believed."""

    def __init__(self, encoding: Encoding | None, channels: int) -> None:
        self.channels = channels
        """As the client sends them."""
        self.found: Options | None = None
        """New options of the session, before the audio of the latest `push`."""
        self._may_be_wav = encoding is None or encoding in RAW_ENCODINGS
        self._start = b""

    def push(self, data: bytes) -> bytes:
        """Audio for the session, perhaps none, in the client's encoding and rate.

        Raises UnsupportedAudio and BadValue.
        """
        self.found = None
        return self._after_header(data) if self._may_be_wav else data

    def _after_header(self, data: bytes) -> bytes:
        self._start += data
        if len(self._start) < len(RIFF):
            return b""
        if not self._start.startswith(RIFF):
            return self._started()
        header = read_wav_header(self._start)
        if header is None:
            if len(self._start) > _MOST_HEADER_BYTES:
                raise UnsupportedAudio("The WAV header is too long.", field="encoding")
            return b""
        wav, size = header
        if not 1 <= wav.channels <= MAX_CHANNELS:
            raise BadValue("The WAV header names too many channels.", field="channels")
        self.channels = wav.channels
        self.found = Options(
            encoding=wav.encoding, sample_rate=wav.rate_hz, channels=wav.channels
        )
        return self._started()[size:]

    def _started(self) -> bytes:
        self._may_be_wav = False
        start, self._start = self._start, b""
        return start
