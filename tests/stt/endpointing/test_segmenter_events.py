"""What the segmenter tells while somebody speaks, event by event."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from common.audio import SPEECH_RATE_HZ
from common.config.speech import ListeningSettings
from stt_app.core.endpointing.events import (
    AudioHeard,
    CandidateDropped,
    EndReason,
    PauseBegun,
    SpeechCandidate,
    SpeechConfirmed,
    SpeechContinued,
    SpeechResumed,
    UtteranceEnded,
)
from stt_app.core.endpointing.frontend import AudioFrontend
from stt_app.core.endpointing.segmenter import Segmenter
from tests.stt.endpointing.test_segmenter import FRAME_SECONDS, events_of, push_all
from tests.stt.sounds import LoudnessVad, pcm, sound


def seconds(sample: int) -> float:
    return sample / SPEECH_RATE_HZ


def only(events: list[Any], kind: type[Any]) -> list[Any]:
    return [event for event in events if isinstance(event, kind)]


def test_it_tells_the_whole_life_of_an_utterance() -> None:
    events = events_of(sound(-1, 1, -0.3, 1, -1))
    assert [type(event) for event in events] == [
        SpeechCandidate,
        SpeechConfirmed,
        PauseBegun,
        SpeechResumed,
        PauseBegun,
        UtteranceEnded,
    ]
    assert {event.utterance_id for event in events} == {1}


def test_a_candidate_is_told_with_the_first_voiced_frame() -> None:
    segmenter = Segmenter(ListeningSettings())
    frame = np.full(512, 0.5, np.float32)
    for _ in range(20):
        assert segmenter.push(frame, 0.1) == []
    (candidate,) = segmenter.push(frame, 0.9)
    assert candidate == SpeechCandidate(1, 20 * 512 - 4_800, 20 * 512)


@pytest.mark.parametrize(
    ("settings", "confirmed_after"),
    [
        ({}, 0.35),
        ({"min_utterance_seconds": 0.5}, 0.5),
        ({"speech_confirm_seconds": 0.096}, 0.096),
        ({"speech_confirm_seconds": 0}, 0),
    ],
)
def test_speech_is_confirmed_when_it_is_as_long_as_it_must_be(
    settings: dict[str, Any], confirmed_after: float
) -> None:
    segmenter = Segmenter(ListeningSettings(**settings))
    frame = np.full(512, 0.5, np.float32)
    frames = 0
    while not only(segmenter.push(frame, 0.9), SpeechConfirmed):
        frames += 1
    heard = (frames + 1) * FRAME_SECONDS
    assert confirmed_after <= heard <= max(confirmed_after, FRAME_SECONDS) + 0.033
    assert not only(segmenter.push(frame, 0.9), SpeechConfirmed), "once"


def test_speech_may_be_confirmed_and_yet_too_short_for_a_text() -> None:
    events = events_of(
        sound(-1, 0.2, -1), speech_confirm_seconds=0.096, min_utterance_seconds=0.35
    )
    kinds = [type(event) for event in events]
    assert kinds == [SpeechCandidate, SpeechConfirmed, CandidateDropped]


def test_a_click_is_dropped_and_gives_its_number_to_the_next() -> None:
    events = events_of(sound(-1, 0.06, -1, 1, -1))
    candidates = only(events, SpeechCandidate)
    (dropped,) = only(events, CandidateDropped)
    assert [each.utterance_id for each in candidates] == [1, 1]
    assert dropped.utterance_id == 1
    assert seconds(dropped.start_sample) == pytest.approx(0.7, abs=0.033)
    assert seconds(dropped.speech_end_sample) == pytest.approx(1.06, abs=0.033)


def test_it_numbers_utterances_from_where_it_is_told() -> None:
    segmenter = Segmenter(ListeningSettings(), first_id=7)
    events = push_all(segmenter, sound(*[-1, 1] * 3, -1))
    assert [each.utterance_id for each in only(events, UtteranceEnded)] == [7, 8, 9]


def test_a_pause_says_from_when_the_text_is_prepared() -> None:
    (pause,) = only(events_of(sound(-1, 1, -0.5)), PauseBegun)
    assert seconds(pause.speech_end_sample) == pytest.approx(2, abs=0.033)
    prepared_after = pause.prepare_at_sample - pause.speech_end_sample
    assert seconds(prepared_after) == pytest.approx(0.12)


def test_a_pause_prepares_nothing_when_that_is_turned_off() -> None:
    (pause,) = only(events_of(sound(1, -0.5), speculative_pause_seconds=0), PauseBegun)
    assert pause.prepare_at_sample is None


def test_a_pause_after_a_click_is_not_told() -> None:
    assert only(events_of(sound(-1, 0.06, -1)), PauseBegun) == []


def test_it_says_where_speech_goes_on_after_a_pause() -> None:
    (resumed,) = only(events_of(sound(1, -0.4, 1, -1)), SpeechResumed)
    assert seconds(resumed.resumed_sample) == pytest.approx(1.4, abs=0.033)


def test_what_goes_on_after_a_cut_is_no_new_candidate() -> None:
    events = events_of(sound(-1, 8, -1), max_utterance_seconds=3)
    cuts = [
        each for each in only(events, UtteranceEnded) if each.reason is EndReason.LIMIT
    ]
    continued = only(events, SpeechContinued)
    assert len(only(events, SpeechCandidate)) == 1
    assert len(only(events, SpeechConfirmed)) == 1
    assert len(cuts) == len(continued) >= 2
    for cut, after in zip(cuts, continued, strict=True):
        assert after.start_sample == cut.end_sample
        assert after.utterance_id == cut.utterance_id + 1


def test_it_hands_out_a_copy_of_what_is_being_said() -> None:
    segmenter = Segmenter(ListeningSettings())
    assert segmenter.open_utterance() is None
    push_all(segmenter, sound(-1, 1))
    utterance = segmenter.open_utterance()
    assert utterance.utterance_id == 1
    assert seconds(len(utterance.samples)) == pytest.approx(1.3, abs=0.033)
    assert seconds(utterance.speech_end_sample) == pytest.approx(2, abs=0.033)
    before = utterance.samples.copy()
    push_all(segmenter, sound(0.5))
    assert np.array_equal(utterance.samples, before)
    push_all(segmenter, sound(-1))
    assert segmenter.open_utterance() is None


def test_it_says_from_where_audio_is_still_needed() -> None:
    segmenter = Segmenter(ListeningSettings())
    push_all(segmenter, sound(-5))
    assert seconds(segmenter.heard().settled_sample) == pytest.approx(4.7, abs=0.07)
    push_all(segmenter, sound(3))
    assert seconds(segmenter.heard().settled_sample) == pytest.approx(4.7, abs=0.07)
    push_all(segmenter, sound(-1))
    assert seconds(segmenter.heard().settled_sample) == pytest.approx(8.7, abs=0.1)


def test_it_says_how_long_nobody_has_paused() -> None:
    segmenter = Segmenter(ListeningSettings())
    push_all(segmenter, sound(-1, 30))
    assert seconds(segmenter.heard().unbroken_samples) == pytest.approx(30.3, abs=0.1)
    push_all(segmenter, sound(-1))
    assert segmenter.heard().unbroken_samples == 0


def test_each_portion_of_audio_ends_with_how_far_it_has_come() -> None:
    frontend = AudioFrontend(ListeningSettings(), LoudnessVad(), 10.0)
    for audio in (pcm(-0.5), pcm(1), b"", pcm(-1)):
        *_, last = frontend.hear(audio)
        assert isinstance(last, AudioHeard)
    assert seconds(last.position_sample) == pytest.approx(12.5, abs=0.033)
    assert isinstance(frontend.flush()[-1], AudioHeard)
