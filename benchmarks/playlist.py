"""Streams of speech with pauses, such as many people at once would send."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from common.audio import SPEECH_RATE_HZ, Samples

PAUSE_SECONDS = 1.2
"""Between recordings: more than the silence that ends an utterance."""


def playlists(clips: Sequence[Samples], streams: int, seconds: float) -> list[Samples]:
    """A playlist for each of so many streams."""
    return [playlist(clips, (streams, each), seconds) for each in range(streams)]


def playlist(
    clips: Sequence[Samples], seed: tuple[int, ...], seconds: float
) -> Samples:
    """Recordings in an order of its own, with pauses between.

    It begins with a pause of its own length, so that streams do not speak in
    chorus. It ends after a whole recording and a pause, at `seconds` or later.
    """
    random = np.random.default_rng(seed)
    parts = [_silence(random.uniform(0.2, 2 * PAUSE_SECONDS))]
    missing = seconds * SPEECH_RATE_HZ - len(parts[0])
    while missing > 0:
        clip = clips[int(random.integers(len(clips)))]
        parts += [clip, _silence(PAUSE_SECONDS)]
        missing -= len(clip) + len(parts[-1])
    return np.concatenate(parts)


def _silence(seconds: float) -> Samples:
    return np.zeros(round(seconds * SPEECH_RATE_HZ), np.float32)
