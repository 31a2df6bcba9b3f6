"""Voice names of other services: which installed voice, and which speaker, they mean."""

from __future__ import annotations

from typing import Any

import pytest

from compat_app.voice_names import OPENAI_VOICES, named_voice
from tests.fake_services import loaded_config
from tts_app.core.engine import VoiceInfo, VoiceSettings
from tts_app.voices.selector import AvailableVoices


def voice(name: str, *speakers: str) -> VoiceInfo:
    return VoiceInfo(name, name[:5], "medium", 22_050, speakers)


JOE, AMY, ALAN = (
    voice("en_US-joe-medium"),
    voice("en_US-amy-medium"),
    voice("en_GB-alan-medium"),
)
VCTK = voice("en_GB-vctk-medium", "p239", "p236", "p264")
KERSTIN = voice("de_DE-kerstin-low")
ALONE = AvailableVoices([JOE], JOE.name)
SEVERAL = AvailableVoices([KERSTIN, JOE, VCTK], JOE.name)


Meant = tuple[Any, ...]


def meant(name: str, available: AvailableVoices, **settings: object) -> Meant:
    found = named_voice(name, available, loaded_config(**settings).config)
    return (found.voice, found.speaker) if found else ()


@pytest.mark.parametrize("name", [*OPENAI_VOICES, "Alloy", "af_bella", "zm_yunxi"])
def test_with_one_voice_every_known_name_means_it(name: str) -> None:
    assert meant(name, ALONE) == (JOE.name, None)


def test_the_openai_names_take_turns_over_voices_and_then_speakers() -> None:
    found = [meant(name, SEVERAL) for name in OPENAI_VOICES]
    turn = [(JOE.name, None), (VCTK.name, None), (VCTK.name, 1), (VCTK.name, 2)]
    assert found == (turn * 4)[: len(OPENAI_VOICES)]


def test_no_openai_name_means_a_voice_of_another_language() -> None:
    assert KERSTIN.name not in {meant(name, SEVERAL)[0] for name in OPENAI_VOICES}
    german = AvailableVoices([JOE, KERSTIN], KERSTIN.name)
    assert {meant(name, german)[0] for name in OPENAI_VOICES} == {KERSTIN.name}


def test_a_configured_speaker_is_not_counted_twice() -> None:
    only = AvailableVoices([VCTK], VCTK.name)
    found = [meant(name, only, piper_speaker_id=1) for name in OPENAI_VOICES[:3]]
    assert found == [(VCTK.name, None), (VCTK.name, 0), (VCTK.name, 2)]


@pytest.mark.parametrize(
    ("name", "voices"),
    [
        ("af_bella", {JOE.name, AMY.name}),
        ("am_adam", {JOE.name, AMY.name}),
        ("bf_emma", {ALAN.name}),
        ("bm_george(2)+af_sky(1)", {ALAN.name}),
        ("ff_siwis", {JOE.name, AMY.name, ALAN.name}),
    ],
)
def test_a_kokoro_name_means_a_voice_of_its_language(
    name: str, voices: set[str]
) -> None:
    available = AvailableVoices([JOE, AMY, ALAN], JOE.name)
    found = [meant(name, available) for _ in range(3)]
    assert found[0][0] in voices
    assert len(set(found)) == 1


def test_different_kokoro_names_mean_different_voices() -> None:
    available = AvailableVoices([JOE, AMY], JOE.name)
    names = ("af_heart", "af_bella", "af_sky", "am_adam", "am_onyx", "af_nova")
    assert {meant(name, available)[0] for name in names} == {JOE.name, AMY.name}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (KERSTIN.name, (KERSTIN.name, None)),
        (f"{VCTK.name}:p264", (VCTK.name, "p264")),
        ("auto", ("auto", None)),
        ("default", ("", None)),
        ("", ("", None)),
    ],
)
def test_our_own_names_mean_themselves(name: str, expected: Meant) -> None:
    assert meant(name, SEVERAL) == expected


@pytest.mark.parametrize(
    "name",
    [
        "nobody",
        "en_US-joe",
        f"{JOE.name}:",
        "no-voice:1",
        "xf_bella",
        "alloy2",
        "kokoro",
    ],
)
def test_other_names_are_unknown(name: str) -> None:
    assert meant(name, SEVERAL) == ()


def test_a_configured_alias_wins() -> None:
    aliases = {"alloy": KERSTIN.name, "narrator": f"{VCTK.name}:p236", "nova": "echo"}
    assert meant("alloy", SEVERAL, voice_aliases=aliases) == (KERSTIN.name, None)
    assert meant("narrator", SEVERAL, voice_aliases=aliases) == (VCTK.name, "p236")
    assert meant("nova", SEVERAL, voice_aliases=aliases) == meant("echo", SEVERAL)


def test_an_alias_for_a_voice_that_is_gone_is_unknown() -> None:
    assert meant("alloy", ALONE, voice_aliases={"alloy": KERSTIN.name}) == ()


def test_a_name_carries_no_other_settings() -> None:
    found = named_voice("alloy", ALONE, loaded_config().config)
    assert found == VoiceSettings(voice=JOE.name)
