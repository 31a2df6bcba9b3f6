"""Repetition in a text: what was really said again and again, and what was made up.

Whisper loops on what it has just written, and people repeat themselves too. Both look
the same in the text, so a repetition is believed only where the times of its words are
those of speech, and only for a few times: the audio after it is decoded anew, by a
model that no longer sees the repetition.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from statistics import median

import numpy as np

from common.audio import SPEECH_RATE_HZ, Samples
from stt_app.core.engine import Word
from stt_app.core.whisper.hallucinations.segments import TextPiece

LONGEST_PHRASE_WORDS = 12
MOST_REPEATS = 3
"""More in a row may be a loop."""
_MOST_ROUNDS = 8
_LEAST_SHARE = 0.4
"""Of the usual time of a phrase; made-up ones are squeezed into what is left."""
_MOST_LETTERS_A_SECOND = 30.0
_FRAME_SAMPLES = SPEECH_RATE_HZ // 50
_QUIET = 0.1
"""Of the loudness of the loud frames."""
_LEAST_SOUND_FRAMES = 12
"""A quarter of a second: no sentence is shorter."""


@dataclass(frozen=True)
class Repetition:
    """A phrase of `length` words that comes `times` times in a row."""

    first: int
    length: int
    times: int

    @property
    def end(self) -> int:
        return self.first + self.length * self.times


def find_repetition(words: Sequence[str], start: int = 0) -> Repetition | None:
    """The first phrase from there on that comes more often than MOST_REPEATS in a row."""
    plain = [word.strip(" .,!?;:…-").casefold() for word in words]
    for first in range(start, len(plain)):
        for length in range(1, LONGEST_PHRASE_WORDS + 1):
            times = _times(plain, first, length)
            if times > MOST_REPEATS:
                return Repetition(first, length, times)
    return None


def _times(words: Sequence[str], first: int, length: int) -> int:
    phrase, count, at = words[first : first + length], 0, first
    while phrase and words[at : at + length] == phrase:
        at, count = at + length, count + 1
    return count


@dataclass(frozen=True)
class Belief:
    """How far a text can be believed."""

    words: int
    """How many of its words, from the first, need not be decoded again."""
    is_made_up: bool = False
    """Whether what follows them was not said: it took no time."""


def belief(words: Sequence[Word]) -> Belief:
    """How far this text can be believed."""
    texts, start = [word.word for word in words], 0
    while (found := find_repetition(texts, start)) is not None:
        said = _said_times(words, found)
        if said < found.times or not _goes_on(texts, found):
            kept = found.first + found.length * min(said, MOST_REPEATS)
            return Belief(kept, said < MOST_REPEATS)
        start = found.end
    return Belief(len(words))


def _said_times(words: Sequence[Word], found: Repetition) -> int:
    """How many of the repetitions take the time of speech; at least one."""
    starts = range(found.first, found.end, found.length)
    spans = [words[at : at + found.length] for at in starts]
    seconds = [span[-1].end - span[0].start for span in spans]
    usual = median(seconds[:MOST_REPEATS])
    letters = sum(len(word.word) for word in spans[0])
    least = max(_LEAST_SHARE * usual, letters / _MOST_LETTERS_A_SECOND)
    short = (number for number, each in enumerate(seconds) if each < least)
    return max(1, next(short, found.times))


def _goes_on(words: Sequence[str], found: Repetition) -> bool:
    """Whether the text leaves the repetition; a loop ends only where it is cut off."""
    phrase = words[found.first : found.first + found.length]
    rest = words[found.end :]
    return bool(rest) and rest != phrase[: len(rest)]


def without_made_up(
    pieces: Sequence[TextPiece],
    samples: Samples,
    decode: Callable[[float], Sequence[TextPiece]],
) -> list[TextPiece]:
    """The pieces without made-up repetition, and with all that was said after it.

    The pieces have words. `decode` gives those of the audio from a second of `samples`
    on, mono float32 at 16 kHz, with times from the start.
    """
    kept: list[TextPiece] = []
    was_made_up = False
    for _ in range(_MOST_ROUNDS):
        words = [word for piece in pieces for word in piece.words]
        believed = belief(words)
        count = believed.words
        if count == len(words):
            return [*kept, *pieces]
        if believed.is_made_up and was_made_up:
            # It loops on whatever it hears: noise, music, or a language unknown to it.
            return kept
        was_made_up = believed.is_made_up
        kept += first_words(pieces, count)
        # Times of words are rough, and pauses between phrases are short.
        at = (words[count - 1].end + max(words[count - 1].end, words[count].start)) / 2
        if not holds_sound(samples, at):
            return kept
        pieces = decode(at)
    return kept


def first_words(pieces: Sequence[TextPiece], count: int) -> list[TextPiece]:
    """The pieces up to that many of their words."""
    kept = []
    for piece in pieces:
        if count <= 0:
            break
        kept.append(piece if len(piece.words) <= count else _cut(piece, count))
        count -= len(piece.words)
    return kept


def _cut(piece: TextPiece, count: int) -> TextPiece:
    words = piece.words[:count]
    room, at = sum(len(word.word) for word in words), 0
    while room > 0 and at < len(piece.text):
        room -= not piece.text[at].isspace()
        at += 1
    return replace(piece, text=piece.text[:at], words=words, end_seconds=words[-1].end)


def holds_sound(samples: Samples, seconds: float) -> bool:
    """Whether anything as loud as the rest is heard from there on.

    `samples` are mono float32 at 16 kHz, shape (n,).
    """
    frames = len(samples) // _FRAME_SAMPLES
    if not frames:
        return False
    blocks = samples[: frames * _FRAME_SAMPLES].reshape(frames, _FRAME_SAMPLES)
    loudness = np.sqrt(np.square(blocks, dtype=np.float64).mean(axis=1))
    loud = _QUIET * np.quantile(loudness, 0.9)
    rest = loudness[int(seconds * SPEECH_RATE_HZ) // _FRAME_SAMPLES :]
    return int((rest > loud).sum()) >= _LEAST_SOUND_FRAMES
