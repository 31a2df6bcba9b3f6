"""Short mono WAV files of 16-bit PCM, which need no FFmpeg and so no process of their own.

Programs send them: one utterance, for whose text somebody waits.
"""

from __future__ import annotations

import io
import wave
from pathlib import Path

from common.audio import SPEECH_RATE_HZ, Samples, read_wav
from stt_app.core.files.media_reader import HIGHEST_HZ, LOWEST_HZ

MOST_BYTES = 3_000_000
"""A minute and a half at 16 kHz."""
_MARK = slice(8, 12)


def read_short_wav(path: Path) -> Samples | None:
    """All of it: mono float32 at 16 kHz in [-1, 1], shape (n,), n > 0.

    None for any other file, also a damaged one. Raises OSError.
    """
    with path.open("rb") as file:
        data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES or data[_MARK] != b"WAVE":
        return None
    try:
        with wave.open(io.BytesIO(data)) as header:
            channels = header.getnchannels()
        audio = read_wav(data)
    except (ValueError, EOFError, RuntimeError, wave.Error):
        return None
    if channels != 1:  # FFmpeg mixes by its own rules
        return None
    if not LOWEST_HZ <= audio.rate_hz <= HIGHEST_HZ or not len(audio.samples):
        return None
    return audio.resampled(SPEECH_RATE_HZ).samples
