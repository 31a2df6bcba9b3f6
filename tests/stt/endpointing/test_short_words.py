"""Words of one syllable are speech; clicks and coughs as short as they are not.

The probabilities are Silero's for recordings of single words.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from common.config.speech import ListeningSettings
from stt_app.core.endpointing.events import (
    CandidateDropped,
    PauseBegun,
    SpeechCandidate,
    SpeechConfirmed,
    UtteranceEnded,
)
from stt_app.core.endpointing.segmenter import Segmenter
from stt_app.core.endpointing.vad import FRAME_SAMPLES
from tests.stt.endpointing.test_segmenter import FRAME_SECONDS

WORDS = {
    "go": [0.17, 0.52, 0.74, 0.77, 0.79, 0.78, 0.83, 0.83, 0.85, 0.64],
    "no": [0.09, 0.66, 0.67, 0.79, 0.89, 0.89, 0.9, 0.9, 0.92, 0.91, 0.9],
    "two": [0.01, 0.53, 0.84, 0.83, 0.83, 0.8, 0.86, 0.86, 0.86],
    "up": [0.03, 0.12, 0.61, 0.71, 0.76, 0.79, 0.69, 0.5],
}
SILENCE = [0.0] * 30


def heard(probabilities: list[float], **settings: Any) -> list[Any]:
    segmenter = Segmenter(ListeningSettings(**settings))
    frame = np.full(FRAME_SAMPLES, 0.1, np.float32)
    return [event for each in probabilities for event in segmenter.push(frame, each)]


def ended(probabilities: list[float], **settings: Any) -> list[UtteranceEnded]:
    events = heard(probabilities, **settings)
    return [event for event in events if isinstance(event, UtteranceEnded)]


@pytest.mark.parametrize("word", WORDS)
def test_a_word_of_one_syllable_is_an_utterance(word: str) -> None:
    (found,) = ended(SILENCE + WORDS[word] + SILENCE)
    frames = sum(each >= 0.5 for each in WORDS[word])
    assert found.voiced_seconds == pytest.approx(frames * FRAME_SECONDS)


@pytest.mark.parametrize(
    "probabilities",
    [
        pytest.param([0.9, 0.9], id="a click"),
        pytest.param([0.9, *[0.1] * 12, 0.9], id="two clicks with a pause"),
        pytest.param([0.55, 0.6, 0.62, 0.6, 0.5, 0.4], id="a doubtful sound"),
    ],
)
def test_a_sound_that_is_no_word_is_dropped(probabilities: list[float]) -> None:
    kinds = [type(event) for event in heard([*probabilities, *SILENCE])]
    assert kinds == [SpeechCandidate, CandidateDropped]


def test_speech_that_lasts_need_not_be_certain() -> None:
    (found,) = ended([*[0.55] * 12, *SILENCE])
    assert found.voice_probability == pytest.approx(0.55)


def test_certainty_follows_the_threshold() -> None:
    said = [0.4, 0.45, 0.52, 0.5, 0.45, *SILENCE]
    assert len(ended(said, vad_threshold=0.35)) == 1
    assert ended([*WORDS["up"], *SILENCE], vad_threshold=0.7) == []


def test_a_minimum_that_somebody_has_set_holds_for_words_too() -> None:
    assert ended(WORDS["no"] + SILENCE, min_utterance_seconds=0.35) == []


def test_speech_that_was_detected_elsewhere_is_never_too_short() -> None:
    assert len(ended([0.1, *SILENCE], vad_threshold=0.05, min_utterance_seconds=0)) == 1


def test_a_short_word_is_confirmed_when_it_ends() -> None:
    kinds = [type(event) for event in heard(WORDS["no"] + SILENCE)]
    assert kinds == [SpeechCandidate, SpeechConfirmed, PauseBegun, UtteranceEnded]


def test_a_short_word_is_confirmed_only_as_configured() -> None:
    kinds = [type(e) for e in heard(WORDS["no"] + SILENCE, speech_confirm_seconds=1)]
    assert kinds == [SpeechCandidate, PauseBegun, UtteranceEnded]
