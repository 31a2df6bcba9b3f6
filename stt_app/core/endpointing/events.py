"""The segmenter's events: where speech is in the audio.

Positions are samples at 16 kHz from the start of the stream.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from common.audio import Samples


class EndReason(StrEnum):
    """Why an utterance ended."""

    SILENCE = "silence"
    LIMIT = "limit"
    """It reached the maximum length. Speech continues in the next one."""
    FLUSH = "flush"
    """The client sent a flush, or the stream has ended."""


@dataclass(frozen=True)
class SpeechCandidate:
    """The first frame that may contain speech, or a click."""

    utterance_id: int
    start_sample: int
    """The start of the utterance, which includes some audio before the frame."""
    voiced_sample: int
    """The start of the frame."""


@dataclass(frozen=True)
class SpeechConfirmed:
    """Confirmed speech: it has lasted `speech_confirm_seconds`."""

    utterance_id: int
    start_sample: int
    voiced_sample: int


@dataclass(frozen=True)
class SpeechContinued:
    """The previous utterance was cut, and this one continues it."""

    utterance_id: int
    start_sample: int
    voiced_sample: int


@dataclass(frozen=True)
class PauseBegun:
    """A pause in an utterance that is long enough to transcribe; it may be the end."""

    utterance_id: int
    speech_end_sample: int
    prepare_at_sample: int | None
    """When to start the speculative final; None means not at all."""


@dataclass(frozen=True)
class SpeechResumed:
    """The pause was not the end."""

    utterance_id: int
    resumed_sample: int


@dataclass(frozen=True)
class TurnRated:
    """What the turn model says of a pause. Once more if the text shows that it hangs."""

    utterance_id: int
    speech_end_sample: int
    """The end of the speech before the pause."""
    probability: float
    """Of a complete turn, 0 to 1."""
    hangs: bool = False
    """Whether the last word leaves the sentence open."""


@dataclass(frozen=True)
class CandidateDropped:
    """The candidate was too short to be speech. The next one gets its number."""

    utterance_id: int
    start_sample: int
    speech_end_sample: int


@dataclass(frozen=True, eq=False)
class UtteranceEnded:
    """A complete utterance. Utterances do not overlap."""

    utterance_id: int
    samples: Samples
    """Mono float32 at 16 kHz, from -1 to 1, shape (n,)."""
    start_sample: int
    speech_end_sample: int
    """The end of the last speech; a pause follows."""
    reason: EndReason
    voice_probability: float = 1.0
    """Mean probability of speech, 0 to 1, over the speech frames."""
    voiced_seconds: float | None = None
    """The duration of the speech frames; None after a cut."""

    @property
    def end_sample(self) -> int:
        return self.start_sample + len(self.samples)


@dataclass(frozen=True)
class NoSpeechHeard:
    """The stream has sound, but no speech so far. Told once."""

    sounding_seconds: float


class AudioHeard(NamedTuple):
    """The position in the audio, after the events of each chunk. A tuple, because there
    is one for each frame of a client.
    """

    position_sample: int
    """The end of the processed audio."""
    settled_sample: int
    """No open utterance starts before this position."""
    unbroken_samples: int
    """The duration of speech since the last endpoint."""


EndpointEvent = (
    SpeechCandidate
    | SpeechConfirmed
    | SpeechContinued
    | PauseBegun
    | SpeechResumed
    | CandidateDropped
    | UtteranceEnded
    | NoSpeechHeard
    | AudioHeard
)
