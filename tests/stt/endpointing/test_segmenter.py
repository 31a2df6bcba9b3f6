"""Where utterances begin and end, as tables of sound."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from common.audio import SPEECH_RATE_HZ, Samples
from common.config.speech import ListeningSettings
from stt_app.core.endpointing.events import (
    EndReason,
    UtteranceEnded,
)
from stt_app.core.endpointing.frames import Framer
from stt_app.core.endpointing.segmenter import Segmenter
from stt_app.core.endpointing.vad import FRAME_SAMPLES
from tests.stt.sounds import LoudnessDetector, sound

FRAME_SECONDS = FRAME_SAMPLES / SPEECH_RATE_HZ
SILENCE, LIMIT, FLUSH = EndReason.SILENCE, EndReason.LIMIT, EndReason.FLUSH


def push_all(segmenter: Segmenter, samples: Samples) -> list[Any]:
    framer, detector = Framer(FRAME_SAMPLES), LoudnessDetector()
    return [
        event
        for frame in framer.push(samples)
        for event in segmenter.push(frame, detector.probability(frame))
    ]


def events_of(samples: Samples, **settings: Any) -> list[Any]:
    """All events, with a flush at the end."""
    segmenter = Segmenter(ListeningSettings(**settings))
    return push_all(segmenter, samples) + segmenter.flush()


def utterances(events: list[Any]) -> list[UtteranceEnded]:
    return [event for event in events if isinstance(event, UtteranceEnded)]


@pytest.mark.parametrize(
    ("parts", "settings", "expected"),
    [
        pytest.param([-2], {}, [], id="silence"),
        pytest.param([-1, 1, -1], {}, [(0.7, 2.3, SILENCE)], id="one utterance"),
        pytest.param(
            [1, -1], {}, [(0, 1.3, SILENCE)], id="speech from the first frame"
        ),
        pytest.param([-1, 1], {}, [(0.7, 2, FLUSH)], id="flushed while speaking"),
        pytest.param([-1, 1, -0.2], {}, [(0.7, 2.2, FLUSH)], id="flushed in the pause"),
        pytest.param(
            [-1, 1, -0.5, 1, -1], {}, [(0.7, 3.8, SILENCE)], id="a short pause joins"
        ),
        pytest.param(
            [-1, 1, -1.5, 1, -1],
            {},
            [(0.7, 2.3, SILENCE), (3.2, 4.8, SILENCE)],
            id="a long pause parts",
        ),
        pytest.param(
            [-1, 1, -0.8, 1, -1],
            {},
            [(0.7, 2.3, SILENCE), (2.5, 4.1, SILENCE)],
            id="pre-roll and tail share a pause",
        ),
        pytest.param(
            [-1, 1, -0.5, 1, -1],
            {"silence_max_seconds": 0.3},
            [(0.7, 2.15, SILENCE), (2.2, 3.65, SILENCE)],
            id="an impatient endpoint",
        ),
        pytest.param(
            [-1, 1, -1], {"preroll_seconds": 0}, [(1, 2.3, SILENCE)], id="no pre-roll"
        ),
        pytest.param([-1, 0.06, -1], {}, [], id="too short to be speech"),
        pytest.param([-1, 0.2, -1], {}, [(0.7, 1.5, SILENCE)], id="a short word"),
        pytest.param(
            [-1, 0.06, -1],
            {"min_utterance_seconds": 0.03},
            [(0.7, 1.36, SILENCE)],
            id="shorter speech that is allowed",
        ),
        pytest.param([-1, 0.06], {}, [], id="too short, flushed"),
        pytest.param(
            [-1, 0.2, -0.4, 0.2, -1],
            {},
            [(0.7, 2.1, SILENCE)],
            id="short sounds that belong together",
        ),
    ],
)
def test_it_finds_utterances(
    parts: list[float], settings: dict[str, Any], expected: list[Any]
) -> None:
    found = utterances(events_of(sound(*parts), **settings))
    assert [each.reason for each in found] == [reason for *_, reason in expected]
    for each, (start, end, _) in zip(found, expected, strict=True):
        # A frame's decision covers 32 ms, so edges may be that far off.
        assert each.start_sample / SPEECH_RATE_HZ == pytest.approx(start, abs=0.033)
        assert each.end_sample / SPEECH_RATE_HZ == pytest.approx(end, abs=0.066)


def test_a_pause_may_be_made_to_end_sooner_or_later() -> None:
    segmenter = Segmenter(ListeningSettings())
    push_all(segmenter, sound(1))
    segmenter.wait_for_silence(2)
    assert not utterances(push_all(segmenter, sound(-1.5)))
    segmenter.wait_for_silence(0.3)
    (found,) = utterances(push_all(segmenter, sound(-0.1)))
    assert found.reason is SILENCE


def test_a_resumed_stream_goes_on_where_it_was() -> None:
    samples = sound(-0.2, 0.2, -1)
    segmenter = Segmenter(ListeningSettings(), start_sample=160_000, resumed=True)
    (found,) = utterances(push_all(segmenter, samples))
    assert found.start_sample == 160_000
    assert found.speech_end_sample / SPEECH_RATE_HZ == pytest.approx(10.4, abs=0.05)


def test_it_says_where_the_speech_itself_ended() -> None:
    (found,) = utterances(events_of(sound(-1, 1, -1)))
    assert found.speech_end_sample / SPEECH_RATE_HZ == pytest.approx(2, abs=0.033)


@pytest.mark.parametrize("seconds", [5, 12, 12.1, 31.7, 60])
def test_it_cuts_long_speech_without_losing_a_sample(seconds: float) -> None:
    samples = sound(seconds)
    samples *= np.random.default_rng(1).uniform(0.9, 1.0, len(samples)).astype("f4")
    segmenter = Segmenter(ListeningSettings(max_utterance_seconds=12))
    events = push_all(segmenter, samples) + segmenter.flush()
    heard = len(samples) - len(samples) % FRAME_SAMPLES
    joined = np.concatenate([each.samples for each in utterances(events)])
    np.testing.assert_array_equal(joined, samples[:heard])
    longest = max(len(each.samples) for each in utterances(events))
    assert longest <= 12 * SPEECH_RATE_HZ + FRAME_SAMPLES


def test_it_cuts_at_the_quietest_late_point() -> None:
    samples = sound(14)
    quiet_at = int(11.3 * SPEECH_RATE_HZ)
    samples[quiet_at - 1_000 : quiet_at + 1_000] *= 0.2
    first, second = utterances(events_of(samples, max_utterance_seconds=12))
    assert first.reason is LIMIT
    assert first.end_sample == second.start_sample
    assert abs(first.end_sample - quiet_at) < 1_000


def test_it_never_cuts_early_in_an_utterance() -> None:
    samples = sound(14)
    samples[16_000:17_000] = 0
    first, *_ = utterances(events_of(samples, max_utterance_seconds=12))
    assert first.end_sample > 6 * SPEECH_RATE_HZ


def test_what_follows_a_cut_is_never_too_short() -> None:
    found = utterances(events_of(sound(12.1, -1), max_utterance_seconds=12))
    assert len(found) == 2
    assert found[1].start_sample == found[0].end_sample


def test_silence_after_a_cut_is_not_an_utterance() -> None:
    events = events_of(
        sound(11.7, -3), silence_max_seconds=1.5, max_utterance_seconds=12
    )
    assert len(utterances(events)) == 1


def test_a_flush_between_utterances_does_nothing() -> None:
    segmenter = Segmenter(ListeningSettings())
    assert segmenter.flush() == []
    push_all(segmenter, sound(-1, 1, -2))
    assert segmenter.flush() == []


def test_speech_goes_on_after_a_flush() -> None:
    segmenter = Segmenter(ListeningSettings())
    samples = sound(3)
    cut = 100 * FRAME_SAMPLES - 50 * FRAME_SAMPLES
    events = push_all(segmenter, samples[:cut]) + segmenter.flush()
    events += push_all(segmenter, samples[cut:]) + segmenter.flush()
    first, second = utterances(events)
    assert first.end_sample == second.start_sample


def test_its_memory_is_bounded_in_endless_silence() -> None:
    segmenter = Segmenter(ListeningSettings())
    push_all(segmenter, sound(-600))
    assert len(segmenter._preroll) < SPEECH_RATE_HZ


def test_it_knows_how_sure_the_detector_was() -> None:
    segmenter = Segmenter(ListeningSettings(min_utterance_seconds=0.05))
    frame = np.ones(FRAME_SAMPLES, np.float32)
    for probability in [0.6, 0.8, 0.1, 0.4]:
        segmenter.push(frame, probability)
    utterance = segmenter.open_utterance()
    assert utterance.voice_probability == pytest.approx(0.6)
    (found,) = utterances(push_all(segmenter, sound(-1)))
    assert found.voice_probability == pytest.approx(0.6)
