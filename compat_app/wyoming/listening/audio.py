"""The formats of a client's audio that can be converted."""

from __future__ import annotations

from common.audio import PCM16_BYTES
from common.errors import UnsupportedAudio
from compat_app.wyoming.protocol.messages import AudioFormat

LEAST_HZ, MOST_HZ = 8_000, 48_000


def check_format(audio: AudioFormat) -> None:
    """Raises UnsupportedAudio."""
    if audio.width != PCM16_BYTES:
        raise UnsupportedAudio(
            f"The audio has {audio.width} bytes a sample; only 2 are supported (16 bits).",
            field="width",
        )
    if audio.channels not in (1, 2):
        raise UnsupportedAudio(
            f"The audio has {audio.channels} channels; 1 or 2 are supported.",
            field="channels",
        )
    if not LEAST_HZ <= audio.rate <= MOST_HZ:
        raise UnsupportedAudio(
            f"The audio has {audio.rate} Hz; {LEAST_HZ} to {MOST_HZ} are supported.",
            field="rate",
        )
