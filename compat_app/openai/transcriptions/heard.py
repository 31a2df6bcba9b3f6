"""What was heard in a recording, as its events come."""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass, field

from compat_app.spoken_languages import main_language
from stt_app.core.events import Progress, SpokenSegment, UtteranceTranscribed
from stt_app.core.files.file_transcriber import FileEvent, SilentTrack
from stt_app.core.scripts import joined, space_between

_LEAST_PROBABILITY = 1e-10


@dataclass
class Heard:
    """The utterances so far, and how much of the recording is done."""

    utterances: list[UtteranceTranscribed] = field(default_factory=list)
    seconds: float = 0.0
    """In the end, the length of the recording."""
    hint: str = ""
    """What the client should know about the recording."""

    def take(self, event: FileEvent) -> None:
        if isinstance(event, UtteranceTranscribed):
            self.utterances.append(event)
        elif isinstance(event, Progress):
            self.seconds = event.audio_seconds
        elif isinstance(event, SilentTrack):
            self.hint = event.hint

    @property
    def text(self) -> str:
        return joined(each.text for each in self.utterances)

    def delta(self) -> str:
        """The text of the latest utterance, with the space before it."""
        *earlier, latest = self.utterances
        before = earlier[-1].text if earlier else ""
        return space_between(before, latest.text) + latest.text

    @property
    def languages(self) -> list[str]:
        """The codes of the languages that were spoken, each once."""
        spoken = (each.language for each in self.utterances if each.language)
        return list(dict.fromkeys(spoken))

    @property
    def main_language(self) -> str:
        """The one that was spoken longest; empty if nothing was said."""
        return main_language(self.utterances)


def segments_of(utterance: UtteranceTranscribed) -> tuple[SpokenSegment, ...]:
    """Its segments; for an engine that tells none, the utterance as one."""
    return utterance.segments or (_as_segment(utterance),)


def _as_segment(utterance: UtteranceTranscribed) -> SpokenSegment:
    plain = utterance.text.encode()
    return SpokenSegment(
        utterance.text,
        utterance.start_seconds,
        utterance.end_seconds,
        tokens=(),
        temperature=0.0,
        average_log_probability=log_probability(utterance.confidence),
        compression_ratio=len(plain) / max(1, len(zlib.compress(plain))),
        no_speech_probability=0.0,
    )


def log_probability(probability: float) -> float:
    """The natural logarithm, and a very low number for 0."""
    return math.log(max(probability, _LEAST_PROBABILITY))
