"""One turn: its texts, its pause, and how it ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from common.audio import SPEECH_RATE_HZ
from compat_app.deepgram.flux.messages import Trigger, Word
from stt_app.core.events import (
    InterimResult,
    SpeculativeFinal,
    SpokenWord,
    UtteranceTranscribed,
)


@dataclass(frozen=True)
class Said:
    """A text with its words."""

    text: str = ""
    words: tuple[Word, ...] = ()


@dataclass
class Turn:
    """One turn. A long one has several utterances; each has a text, by its number."""

    start_seconds: float
    said: dict[int, Said] = field(default_factory=dict)
    pending: set[int] = field(default_factory=set)
    """Utterances that have ended and whose final text has not come."""
    prepared: SpeculativeFinal | None = None
    """The text of a pause, which may be the end."""
    pause_from_seconds: float | None = None
    rated: float | None = None
    """The confidence of the turn model in the end of the pause."""
    eager: Said | None = None
    """What was told as `EagerEndOfTurn`."""
    trigger: Trigger | None = None
    """Why it has ended."""
    language: str = ""

    @property
    def is_done(self) -> bool:
        """Whether it has ended and has all of its texts."""
        return self.trigger is not None and not self.pending

    def hear_interim(self, event: InterimResult) -> None:
        """Replace the text of the open utterance, unless its final is there."""
        words = tuple(
            Word(word=word, confidence=round(event.confidence, 4))
            for word in event.text.split()
        )
        self.said[event.utterance_id] = Said(event.text, words)

    def hear_final(self, event: UtteranceTranscribed) -> None:
        """The final text of one of its utterances."""
        self.pending.discard(event.utterance_id)
        self.said[event.utterance_id] = Said(event.text, timed(event.words or ()))
        self.language = event.language or self.language

    def so_far(self) -> Said:
        """The text of the whole turn."""
        parts = [self.said[number] for number in sorted(self.said)]
        return _joined(parts)

    def if_it_ends(self) -> Said | None:
        """The text of the whole turn, if the pause is its end; None if not known."""
        event = self.prepared
        if event is None or self.pending:
            return None
        start = event.start_sample / SPEECH_RATE_HZ
        found = event.transcript
        words = [
            SpokenWord(
                each.word.strip(),
                start + each.start,
                start + each.end,
                each.probability,
            )
            for each in found.words
        ]
        last = Said(found.text, timed(words))
        earlier = [
            self.said[number]
            for number in sorted(self.said)
            if number < event.utterance_id
        ]
        return _joined([*earlier, last])

    def resume(self) -> bool:
        """Speech goes on. Returns whether that takes an `EagerEndOfTurn` back."""
        was_eager = self.eager is not None
        self.eager = self.prepared = self.pause_from_seconds = self.rated = None
        return was_eager


def timed(words: Sequence[SpokenWord]) -> tuple[Word, ...]:
    """The words with their times and probabilities."""
    return tuple(
        Word(
            word=each.word,
            confidence=round(each.probability, 4),
            start=round(each.start_seconds, 3),
            end=round(each.end_seconds, 3),
        )
        for each in words
    )


def _joined(parts: Sequence[Said]) -> Said:
    words = [word for part in parts for word in part.words]
    return Said(" ".join(part.text for part in parts if part.text), tuple(words))
