"""A stream that sounds but never speaks is told once."""

from __future__ import annotations

from typing import Any

import numpy as np

from common.audio import float_to_pcm16
from common.config.speech import ListeningSettings
from stt_app.core.endpointing.events import NoSpeechHeard
from stt_app.core.endpointing.frontend import AudioFrontend
from tests.stt.sounds import LoudnessVad, pcm


def hiss(seconds: float, level: float = 0.01) -> bytes:
    """Noise that LoudnessVad does not take for speech."""
    noise = np.random.default_rng(0).standard_normal(round(seconds * 16_000))
    return float_to_pcm16(noise * level)


def hints(*audio: bytes, **options: Any) -> list[NoSpeechHeard]:
    frontend = AudioFrontend(ListeningSettings(), LoudnessVad(), **options)
    events = [event for each in audio for event in frontend.hear(each)]
    return [event for event in events if isinstance(event, NoSpeechHeard)]


def test_ten_seconds_of_sound_without_speech_are_told_once() -> None:
    assert hints(hiss(9.9)) == []
    (hint,) = hints(hiss(60))
    assert 10 <= hint.sounding_seconds < 10.04


def test_silence_is_not_sound() -> None:
    assert hints(pcm(-30), hiss(30, level=0.001)) == []
    assert len(hints(hiss(6), pcm(-30), hiss(6))) == 1


def test_nothing_is_told_after_speech() -> None:
    assert hints(hiss(5), pcm(1), hiss(60)) == []
    assert hints(hiss(60), resumed=True) == []


def test_a_click_is_not_speech() -> None:
    assert len(hints(hiss(5), pcm(0.03), hiss(6))) == 1
