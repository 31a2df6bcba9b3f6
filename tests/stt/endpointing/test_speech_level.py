"""Quiet speech is raised to an ordinary level before it is detected."""

from __future__ import annotations

import pytest

from stt_app.core.endpointing.speech_level import SpeechLevel

FRAME_SECONDS = 0.032


def after(seconds: float, rms: float, probability: float = 0.9) -> SpeechLevel:
    """The level after speech of that loudness, or noise of that probability."""
    level = SpeechLevel(0.0, FRAME_SECONDS)
    hear(level, seconds, rms, probability)
    return level


def hear(level: SpeechLevel, seconds: float, rms: float, probability: float) -> None:
    for _ in range(round(seconds / FRAME_SECONDS)):
        level.hear(rms, probability)


@pytest.mark.parametrize("rms", [0.05, 0.005, 0.001])
def test_speech_of_any_level_reaches_the_detector_at_one(rms: float) -> None:
    assert rms * after(2, rms).gain(rms) == pytest.approx(0.05)


def test_loud_speech_stays_as_it_is() -> None:
    assert after(2, 0.3).gain(0.3) == 1


def test_the_rounding_noise_of_a_dead_microphone_is_hardly_raised() -> None:
    assert after(2, 1e-9).gain(0.0) == 100
    assert SpeechLevel(0.0, FRAME_SECONDS).gain(0.0) == 10


def test_a_loud_sound_after_quiet_speech_is_not_raised_beyond_it() -> None:
    assert after(2, 0.001).gain(0.5) == 1


def test_noise_does_not_change_the_level_of_the_speech() -> None:
    level = after(2, 0.01)
    hear(level, 60, 0.2, probability=0.1)
    assert level.gain(0.01) == pytest.approx(5)


def test_before_any_speech_the_gain_allows_for_the_loudest_sound() -> None:
    level = after(1, 0.02, probability=0.0)
    assert level.gain(0.001) == pytest.approx(2.5, rel=0.1)
    hear(level, 5, 0.001, probability=0.0)
    assert level.gain(0.001) == 10


def test_the_echo_of_speech_is_silence_and_a_quieter_speaker_is_not() -> None:
    level = after(2, 0.1)
    assert level.too_quiet(0.001)
    assert not level.too_quiet(0.003)
    hear(level, 1, 0.0, probability=0.0)
    assert not level.too_quiet(0.001)


def test_it_follows_a_speaker_who_moves_away() -> None:
    level = after(2, 0.1)
    hear(level, 6, 0.002, probability=0.8)
    assert level.gain(0.002) == pytest.approx(25, rel=0.1)


def test_a_level_that_somebody_has_set_is_absolute() -> None:
    level = SpeechLevel(0.002, FRAME_SECONDS)
    assert level.too_quiet(0.0019)
    assert not level.too_quiet(0.0021)


def test_digital_silence_is_never_speech() -> None:
    assert SpeechLevel(0.0, FRAME_SECONDS).too_quiet(0.0)
