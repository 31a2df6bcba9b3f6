"""Recordings that are played into a conversation."""

from __future__ import annotations

from pathlib import Path

from common.audio import SPEECH_RATE_HZ, Audio
from common.errors import VoiceError
from stt_app.core.files.media_reader import MediaReader

LONGEST_SECONDS = 3_600
"""It is said in real time."""


def read_recording(path: Path, longest_seconds: int = LONGEST_SECONDS) -> Audio:
    """The first audio track of a file of any format that the server transcribes.

    Raises OSError, and ValueError for a file without audio, a damaged one and one that
    is longer than that.
    """
    most = longest_seconds * SPEECH_RATE_HZ
    try:
        reader = MediaReader(path)
        try:
            samples = reader.read(most + 1)
        finally:
            reader.close()
    except VoiceError as error:
        raise ValueError(error.message) from error
    if not len(samples):
        raise ValueError("There is no audio in it.")
    if len(samples) > most:
        raise ValueError(
            f"It lasts more than {longest_seconds} seconds, and would be said in real time."
        )
    return Audio(samples, SPEECH_RATE_HZ)
