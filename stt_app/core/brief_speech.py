"""Texts that are longer than what can be said in so little speech.

Given a cough or a mumbled word, Whisper writes what it learnt from subtitles ("Thanks
for watching!"). Nobody says that in a third of a second.
"""

from __future__ import annotations

_BRIEF_SECONDS = 0.5
"""In longer speech with noise, voice activity detection misses too much to tell."""
_MOST_LETTERS_PER_SECOND = 40.0
"""Twice as fast as anyone reads aloud. A word is voiced for less time than it takes."""


def can_be_said(text: str, voiced_seconds: float | None) -> bool:
    """Whether the text can be what was said. `voiced_seconds` is the duration of the
    speech frames; None if it is unknown, and then any text can.
    """
    if voiced_seconds is None or voiced_seconds >= _BRIEF_SECONDS:
        return True
    letters = sum(map(str.isalnum, text))
    return letters <= _MOST_LETTERS_PER_SECOND * voiced_seconds
