"""Where speech is in the audio: what the segmenter finds, as events.

Places are samples at 16 kHz, counted from the start of the stream.
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
    """It was as long as an utterance may be. Speech goes on in the next one."""
    FLUSH = "flush"
    """The client asked for its text, or the stream has ended."""


@dataclass(frozen=True)
class SpeechCandidate:
    """The first frame that may hold speech; it may be a click as well."""

    utterance_id: int
    start_sample: int
    """Where the utterance will start: some audio from before the frame belongs to it."""
    voiced_sample: int
    """Where the frame itself starts."""


@dataclass(frozen=True)
class SpeechConfirmed:
    """Somebody has spoken for `speech_confirm_seconds`: it is speech."""

    utterance_id: int
    start_sample: int
    voiced_sample: int


@dataclass(frozen=True)
class SpeechContinued:
    """The utterance before was cut, and this one goes on. Nobody began to speak."""

    utterance_id: int
    start_sample: int
    voiced_sample: int


@dataclass(frozen=True)
class PauseBegun:
    """Nobody speaks any more in an utterance that is worth a text; it may be the end."""

    utterance_id: int
    speech_end_sample: int
    prepare_at_sample: int | None
    """From here on its text is prepared, in case it is; None: it is not."""


@dataclass(frozen=True)
class SpeechResumed:
    """The pause was not the end."""

    utterance_id: int
    resumed_sample: int


@dataclass(frozen=True)
class CandidateDropped:
    """What began was too short to be speech. Its number is given to the next one."""

    utterance_id: int
    start_sample: int
    speech_end_sample: int


@dataclass(frozen=True, eq=False)
class UtteranceEnded:
    """A finished utterance. No sample is in two of them."""

    utterance_id: int
    samples: Samples
    """Mono float32 at 16 kHz, from -1 to 1, shape (n,)."""
    start_sample: int
    speech_end_sample: int
    """Where the last speech ended; a pause follows."""
    reason: EndReason
    voice_probability: float = 1.0
    """Mean probability of speech, 0 to 1, over the frames that were taken for it."""

    @property
    def end_sample(self) -> int:
        return self.start_sample + len(self.samples)


class AudioHeard(NamedTuple):
    """How far the audio has come. It follows the events of each portion.

    A tuple, because there is one for each frame of a client.
    """

    position_sample: int
    """Where the audio ends that was looked at."""
    settled_sample: int
    """No utterance that is still to end begins before."""
    unbroken_samples: int
    """How long speech has gone on without a pause that ended an utterance."""


EndpointEvent = (
    SpeechCandidate
    | SpeechConfirmed
    | SpeechContinued
    | PauseBegun
    | SpeechResumed
    | CandidateDropped
    | UtteranceEnded
    | AudioHeard
)
