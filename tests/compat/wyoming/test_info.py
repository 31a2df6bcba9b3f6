"""What `describe` tells: every field that Home Assistant reads."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from wyoming.info import Describe, Info

from compat_app.wyoming.info import InfoSource
from tests.compat.wyoming.talking import Talk, listening, talking
from tests.fake_services import FakeServices, fake_services
from tests.fakes import FakeStt, FakeTts
from tts_app.core.engine import VoiceInfo
from tts_app.voices.selector import AvailableVoices

HOME_ASSISTANT_WAITS_SECONDS = 1.0
"""data.py: _INFO_TIMEOUT"""


class EnglishStt(FakeStt):
    model_name = "tiny.en"


class ManyVoices(FakeTts):
    def voices(self) -> list[VoiceInfo]:
        return [
            VoiceInfo("en_US-joe-medium", "en_US", "medium", 22_050),
            VoiceInfo("en_GB-some_body-low", "en_GB", "low", 16_000, ("ada", "bob")),
            VoiceInfo("my own voice", "de_DE", "medium", 22_050),
        ]


async def info_of(client: Talk) -> Info:
    await client.say(Describe())
    event = await client.next()
    assert event.type == "info"
    return Info.from_event(event)


def source_of(services: FakeServices, speech: Any = None) -> InfoSource:
    return InfoSource(services.config, services.listening, speech or services.speech)


async def test_it_describes_speech_to_text() -> None:
    async with talking(listening()) as client:
        (program,) = (await info_of(client)).asr
    assert program.installed
    assert program.name and program.description and program.version
    assert program.attribution.name == "SYSTRAN"
    assert program.attribution.url.startswith("https://")
    assert program.supports_transcript_streaming
    assert program.requires_external_vad is False
    assert program.prefers_auto_gain_enabled is True
    assert program.prefers_noise_reduction_enabled is False
    (model,) = program.models
    assert (model.name, model.installed) == ("fake-whisper", True)
    assert {"en", "de", "zh"} < set(model.languages)
    assert len(model.languages) > 90


async def test_it_describes_text_to_speech() -> None:
    async with talking(fake_services(tts=ManyVoices())) as client:
        (program,) = (await info_of(client)).tts
    assert program.installed
    assert program.attribution.name == "OHF-Voice"
    assert program.supports_synthesize_streaming
    assert all(voice.installed for voice in program.voices)
    shown = [
        (
            voice.name,
            voice.description,
            voice.languages,
            [speaker.name for speaker in voice.speakers or []],
        )
        for voice in program.voices
    ]
    assert shown == [
        ("en_US-joe-medium", "joe (medium)", ["en_US"], []),
        ("en_GB-some_body-low", "some body (low)", ["en_GB"], ["ada", "bob"]),
        ("my own voice", "my own voice", ["de_DE"], []),
    ]


async def test_a_model_of_one_language_is_offered_for_this_one() -> None:
    async with talking(listening(stt=EnglishStt())) as client:
        (program,) = (await info_of(client)).asr
    assert program.models[0].languages == ["en"]


async def test_a_server_that_leaves_the_end_to_its_clients_says_so() -> None:
    async with talking(listening(wyoming_endpointing=False)) as client:
        (program,) = (await info_of(client)).asr
    assert program.requires_external_vad is True


async def test_an_engine_of_your_own_is_named_as_it_is() -> None:
    services = fake_services(stt_engine="own.engines:Stt", tts_engine="own:Tts")
    info = await source_of(services).current()
    assert info.asr[0].attribution.name == "own.engines:Stt"
    assert info.tts[0].attribution.name == "own:Tts"


@pytest.mark.parametrize("role", ["stt", "tts"])
async def test_a_process_describes_only_what_runs_in_it(role: str) -> None:
    async with talking(fake_services(roles=[role])) as client:
        info = await info_of(client)
    assert (bool(info.asr), bool(info.tts)) == (role == "stt", role == "tts")


async def test_without_voices_there_is_no_text_to_speech() -> None:
    info = await source_of(fake_services(tts=FakeTts(voices=[]))).current()
    assert info.tts[0].installed is False


async def test_it_answers_soon() -> None:
    async with talking(fake_services()) as client:
        async with asyncio.timeout(HOME_ASSISTANT_WAITS_SECONDS):
            await info_of(client)


class SlowDatabase:
    """A SpeechService whose voices are known only when the gate opens."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.names = ["first"]

    async def available_voices(self) -> AvailableVoices:
        await self.gate.wait()
        voices = [VoiceInfo(name, "en_US", "", 22_050) for name in self.names]
        return AvailableVoices(voices, self.names[0])


async def test_a_slow_database_does_not_keep_anybody_waiting() -> None:
    speech = SlowDatabase()
    speech.gate.set()
    source = source_of(fake_services(), speech)
    assert [voice.name for voice in (await source.current()).tts[0].voices] == ["first"]
    speech.gate.clear()
    speech.names.append("second")
    async with asyncio.timeout(HOME_ASSISTANT_WAITS_SECONDS):
        old = await source.current()
    assert len(old.tts[0].voices) == 1
    speech.gate.set()
    assert len((await source.current()).tts[0].voices) == 2
