"""A voice's audio comes in parts, and nobody can hear where they meet."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from common.audio import Samples
from common.config import LoadedConfig
from common.errors import EngineFailed
from common.models.files import VoiceFiles, find_voices
from tests.small_voice import small_voice
from tts_app.core.engine import VoiceSettings
from tts_app.core.piper.loading import load_voice
from tts_app.core.piper.onnx_graph import graph_facts, with_output
from tts_app.core.piper.voice import (
    FIRST_FRAMES,
    LEVEL,
    OVERLAPS,
    TEST_TEXT,
    Voice,
)

pytestmark = pytest.mark.model

TEXT = (
    "We walked along the old harbour wall until the lights of the last ferry were gone "
    "behind the hills, and then we turned back."
)
BY_CHANCE = VoiceSettings()
STEADY = VoiceSettings(noise_scale=0.0, noise_w=0.0)
HOP_SAMPLES = 256
INAUDIBLE = 2e-4


@pytest.fixture(scope="module")
def files(real_config: LoadedConfig) -> VoiceFiles:
    return find_voices(real_config.config)[0]


@pytest.fixture(scope="module")
def voice(files: VoiceFiles) -> Voice:
    return load_voice(str(files.onnx), str(files.config), threads=1)


@pytest.fixture(scope="module")
def whole_voice(files: VoiceFiles, tmp_path_factory: pytest.TempPathFactory) -> Voice:
    """The same voice in a file that cannot be cut in two."""
    model = files.onnx.read_bytes()
    path = tmp_path_factory.mktemp("whole") / "whole.onnx"
    path.write_bytes(with_output(model, graph_facts(model).durations))
    return load_voice(str(path), str(files.config), threads=1)


def parts_of(
    voice: Voice, text: str, settings: VoiceSettings = STEADY, *, early: bool = True
) -> list[Samples]:
    (phonemes,) = voice.phonemize(text)
    parts = list(voice.say(phonemes, settings, early=early).parts)
    assert [part.is_last for part in parts] == [False] * (len(parts) - 1) + [True]
    return [part.samples for part in parts]


def test_its_first_part_is_short(voice: Voice) -> None:
    first, *rest = parts_of(voice, TEXT)
    assert len(first) == FIRST_FRAMES * HOP_SAMPLES
    assert sum(map(len, rest)) > 10 * len(first)


def test_nobody_who_does_not_wait_gets_short_parts(voice: Voice) -> None:
    assert len(parts_of(voice, TEST_TEXT, early=False)) == 1


def test_its_parts_make_exactly_what_it_makes_at_once(
    voice: Voice, whole_voice: Voice
) -> None:
    assert voice.is_early and not whole_voice.is_early
    in_parts = np.concatenate(parts_of(voice, TEXT))
    (at_once,) = parts_of(whole_voice, TEXT)
    assert len(in_parts) == len(at_once)
    assert np.abs(in_parts - at_once).max() < INAUDIBLE


@pytest.mark.parametrize("text", ["Yes.", "Ready when you are.", TEXT])
def test_no_sentence_is_too_loud_or_too_soft(voice: Voice, text: str) -> None:
    sound = np.concatenate(parts_of(voice, text, BY_CHANCE))
    assert 0.3 < np.abs(sound).max() < 1.0


def test_the_test_text_is_at_the_wanted_level(voice: Voice) -> None:
    loudest = np.abs(np.concatenate(parts_of(voice, TEST_TEXT))).max()
    assert LEVEL - 0.05 < loudest <= LEVEL


def test_its_volume_is_a_factor(voice: Voice) -> None:
    usual = np.concatenate(parts_of(voice, TEXT))
    settings = VoiceSettings(noise_scale=0.0, noise_w=0.0, volume=0.25)
    soft = np.concatenate(parts_of(voice, TEXT, settings))
    assert np.allclose(soft, usual * 0.25, atol=INAUDIBLE)


def test_its_sounds_are_as_long_as_its_audio(voice: Voice, whole_voice: Voice) -> None:
    (phonemes,) = voice.phonemize(TEXT)
    for each in (voice, whole_voice):
        sentence = each.say(phonemes, STEADY)
        audio = sum(len(part.samples) for part in sentence.parts)
        assert [sound for sound, _ in sentence.sounds[1:-1]] == phonemes
        assert sum(length for _, length in sentence.sounds) == audio


def test_a_phoneme_that_it_does_not_know_has_no_length(voice: Voice) -> None:
    (phonemes,) = voice.phonemize("Yes.")
    sentence = voice.say(["☃", *phonemes], STEADY)
    assert sentence.sounds[1] == ("☃", 0)
    assert sum(length for _, length in sentence.sounds) > 0


def loaded_small_voice(folder: Path, usual: VoiceFiles, model: bytes, **more: Any):
    """A small voice that knows the usual one's phonemes."""
    config = json.loads(usual.config.read_text("utf-8"))
    onnx, written = folder / "small.onnx", folder / "small.onnx.json"
    onnx.write_bytes(model)
    written.write_text(json.dumps({**config, **more}))
    return load_voice(str(onnx), str(written), threads=1)


def test_each_of_its_speakers_is_at_the_wanted_level(
    files: VoiceFiles, tmp_path: Path
) -> None:
    voice = loaded_small_voice(tmp_path, files, small_voice(3), num_speakers=3)
    assert voice.is_early
    sounds = [
        np.concatenate(parts_of(voice, TEST_TEXT, replace(STEADY, speaker=number)))
        for number in (2, 0, 1)
    ]
    for sound in sounds:
        assert LEVEL - 0.1 < np.abs(sound).max() <= LEVEL
    assert not np.allclose(sounds[0], sounds[1], atol=0.01)


def test_a_voice_that_cannot_be_made_in_stretches_is_heard_whole(
    files: VoiceFiles, tmp_path: Path
) -> None:
    looks_far = small_voice(dilation=max(OVERLAPS) // 2)
    voice = loaded_small_voice(tmp_path, files, looks_far)
    assert not voice.is_early
    (whole,) = parts_of(voice, TEXT)
    assert len(whole) > FIRST_FRAMES


def test_a_file_that_is_no_voice_is_refused(files: VoiceFiles, tmp_path: Path) -> None:
    path = tmp_path / "broken.onnx"
    path.write_bytes(b"no model")
    with pytest.raises(EngineFailed, match=r"broken\.onnx"):
        load_voice(str(path), str(files.config), threads=1)
