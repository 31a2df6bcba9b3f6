"""The timeline of an answer: the engine's parts in, events with positions out."""

from __future__ import annotations

from collections.abc import Iterator

from common.audio import Samples
from tts_app.core.engine import SpeechPart, WordTime
from tts_app.core.events import (
    ClauseEnded,
    ClauseStarted,
    PcmAudio,
    SpeechEvent,
    WordsTimed,
)
from tts_app.core.speech.joining import Joined, Joiner


class Timeline:
    """Joins the parts of clauses and counts their samples."""

    def __init__(self, rate_hz: int, joiner: Joiner) -> None:
        self._rate_hz = rate_hz
        self._joiner = joiner
        self._samples = 0
        self._clause = 0
        self._text = ""
        self._has_sound = False
        """Whether the current clause has produced sound."""
        self._words_due: tuple[WordTime, ...] = ()
        """The words of a sentence without sound so far."""

    @property
    def seconds(self) -> float:
        """The duration of the audio so far."""
        return self._samples / self._rate_hz

    def begin_clause(self, text: str) -> None:
        """The parts that follow are those of this clause."""
        self._text, self._has_sound = text, False

    def add(self, part: SpeechPart) -> Iterator[SpeechEvent]:
        """What is known now of the clause, in the order in which it is heard.

        The part is mono float32 in [-1, 1] at the voice's rate, and so is the audio.
        """
        joined = self._joiner.add(part.samples, is_last=part.is_last)
        if joined.shift_seconds is not None and not self._has_sound:
            self._has_sound = True
            start = self._samples + joined.pause_samples
            yield ClauseStarted(self._clause, self._text, start, self._rate_hz)
        if words := self._words(part, joined):
            yield WordsTimed(words, self._clause)
        yield from self._audio(joined.samples)

    def end_clause(self) -> Iterator[SpeechEvent]:
        """All parts of the clause were added."""
        self._joiner.end_clause(self._text)
        if self._has_sound:
            yield ClauseEnded(self._clause, self._samples, self._rate_hz)
            self._clause += 1
            self._has_sound = False

    def pause(self, seconds: float) -> None:
        """Silence of exactly this length comes next."""
        self._joiner.pause(seconds)

    def finish(self) -> Iterator[SpeechEvent]:
        """The end of an interrupted clause, and the closing silence."""
        rest, silence = self._joiner.finish()
        yield from self._audio(rest)
        if not self._has_sound:
            self._clause = max(0, self._clause - 1)
        yield from self._audio(silence, is_closing_silence=True)

    def _audio(
        self, samples: Samples, *, is_closing_silence: bool = False
    ) -> Iterator[PcmAudio]:
        if len(samples):
            yield PcmAudio(
                samples,
                self._rate_hz,
                clause=self._clause,
                start_sample=self._samples,
                is_closing_silence=is_closing_silence,
            )
            self._samples += len(samples)

    def _words(self, part: SpeechPart, joined: Joined) -> tuple[WordTime, ...]:
        """The sentence's words, once its first sound fixes its start."""
        words = part.words or self._words_due
        self._words_due = ()
        if joined.shift_seconds is None:
            self._words_due = () if part.is_last else words
            return ()
        later = self.seconds + joined.shift_seconds
        return tuple(each.later(later) for each in words)
