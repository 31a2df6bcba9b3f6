"""The recordings that the programs play, and what they have in common."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.flags import QUICK_CLIPS, Flags
from common.audio import SPEECH_RATE_HZ, Audio, Samples, read_wav
from tests.word_errors import Recording, count_errors, recordings

SHORT_SECONDS = 12.0
LEFT_OUT = "{name}: left out, SPEECH_CORPUS names no folder of recordings.\n"


def spoken(flags: Flags) -> list[Recording]:
    """Recordings with words in them; a few when it shall be quick."""
    return _some([clip for clip in recordings() if clip.reference], flags)


def short_english(flags: Flags, *kinds: str) -> list[Recording]:
    """English recordings of about one utterance, of the kinds named (or all)."""
    clips = [
        clip
        for clip in recordings()
        if is_short_english(clip) and (not kinds or clip.kind in kinds)
    ]
    return _some(clips, flags)


def is_short_english(clip: Recording) -> bool:
    """Whether `short_english` takes it."""
    return (
        clip.language == "en" and bool(clip.reference) and clip.seconds < SHORT_SECONDS
    )


def without_speech() -> list[Recording]:
    return [clip for clip in recordings() if clip.kind == "nonspeech"]


def samples_of(clip: Recording) -> Samples:
    """Mono samples at 16 kHz."""
    return audio_of(clip).samples


def audio_of(clip: Recording) -> Audio:
    return read_wav(clip.path).resampled(SPEECH_RATE_HZ)


def error_percent(clips: Sequence[Recording], texts: Sequence[str]) -> float:
    """Word error rate over all of them; characters count where words have no spaces."""
    errors = words = 0
    for clip, text in zip(clips, texts, strict=True):
        found = count_errors([(clip.reference, text)], clip.language)
        errors, words = errors + found[0], words + found[1]
    return 100 * errors / words


def _some(clips: list[Recording], flags: Flags) -> list[Recording]:
    if not flags.quick:
        return clips
    short = [clip for clip in clips if clip.seconds < SHORT_SECONDS]
    step = max(1, len(short) // QUICK_CLIPS)
    return short[::step][:QUICK_CLIPS]
