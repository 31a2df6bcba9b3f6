"""The `http` text-to-speech engine: its contract, and what it sends and reads."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from typing import Any

import numpy as np
import pytest

from common.audio import Audio, float_to_pcm16, wav_bytes
from common.engine import PartState
from common.errors import BadValue, EngineFailed, Expired, UnknownVoice
from common.workers import Priority, Urgency
from tests.contracts.tts import SENTENCE, TtsContract, seconds, spoken
from tests.servers.audio import (
    RATE_HZ,
    SECONDS_PER_CHARACTER,
    AudioServer,
    error,
    hangs,
    raw,
    stalls,
    tone,
)
from tests.tts.remote.remote_speaking import fresh, joined, say, started
from tests.waiting import until
from tts_app.core.engine import SynthesisRequest, VoiceSettings
from tts_app.core.remote.engine import RemoteTts
from tts_app.core.remote.voice_list import language_of

EXPECTED_SECONDS = len(SENTENCE) * SECONDS_PER_CHARACTER


@pytest.fixture
def server() -> Iterator[AudioServer]:
    with AudioServer() as running:
        yield running


class TestRemote(TtsContract):
    @pytest.fixture
    async def tts(self, server: AudioServer) -> AsyncIterator[RemoteTts]:
        async with started(server.url) as engine:
            yield engine

    @pytest.fixture
    def fresh_tts(self, server: AudioServer) -> RemoteTts:
        return fresh(server.url)


async def test_it_sends_the_clause_with_its_voice_and_speed(
    server: AudioServer,
) -> None:
    settings = VoiceSettings(voice="ben", speed=1.5)
    options = {"model": "kokoro", "extra": {"instructions": "Whisper."}}
    async with started(server.url, **options) as engine:
        await spoken(engine, SynthesisRequest("Hi there.", settings))
        await say(engine, "Hi.")
    first, second = (request.json for request in server.audio_requests)
    assert first == {
        "model": "kokoro",
        "input": "Hi there.",
        "voice": "ben",
        "response_format": "pcm",
        "speed": 1.5,
        "instructions": "Whisper.",
    }
    assert second["voice"] == "anna"
    assert "speed" not in second


async def test_it_says_how_urgent_the_request_is(server: AudioServer) -> None:
    async with started(server.url) as engine:
        for priority in (Priority.FIRST_CLAUSE, Priority.LATER_CLAUSE):
            await say(engine, urgency=priority)
    sent = [each.headers["x-priority"] for each in server.audio_requests]
    assert sent == ["first_clause", "later_clause"]
    assert len({request.connection for request in server.audio_requests}) == 1


async def test_it_gives_the_audio_unchanged(server: AudioServer) -> None:
    async with started(server.url) as engine:
        for priority in (Priority.FIRST_CLAUSE, Priority.LATER_CLAUSE):
            heard = joined(await say(engine, urgency=priority))
            sent = tone(EXPECTED_SECONDS).samples
            assert len(heard) == len(sent)
            assert np.allclose(heard, sent, atol=1e-4)


async def test_it_gives_audio_before_the_server_has_finished(
    server: AudioServer,
) -> None:
    pcm = float_to_pcm16(tone(0.3).samples)
    server.script = [stalls(pcm, content_type="audio/pcm")]
    async with started(server.url) as engine:
        urgency = Urgency(Priority.FIRST_CLAUSE)
        parts: Any = engine.synthesize(SynthesisRequest(SENTENCE), urgency)
        async with aclosing(parts):
            first = await anext(parts)
        assert first.seconds == pytest.approx(0.1)
        assert not first.is_last
        await until(lambda: server.audio_requests[0].left_at is not None)


async def test_giving_up_closes_the_request(server: AudioServer) -> None:
    server.script = [hangs]
    urgency = Urgency(Priority.SPECULATIVE)
    async with started(server.url) as engine:
        asked = asyncio.create_task(say(engine, urgency=urgency))
        await until(lambda: bool(server.audio_requests))
        assert engine.stats().queued == 1
        urgency.give_up()
        with pytest.raises(Expired):
            await asked
        await until(lambda: server.audio_requests[0].left_at is not None)


@pytest.mark.parametrize("rate_hz", [16_000, 22_050, 24_000, 44_100])
async def test_it_resamples_wav_files_to_the_rate_of_its_voices(
    server: AudioServer, rate_hz: int
) -> None:
    server.script = [raw(wav_bytes(tone(1.0, rate_hz)), content_type="audio/wav")]
    async with started(server.url, format="wav") as engine:
        parts = await say(engine)
        assert {part.rate_hz for part in parts} == {RATE_HZ}
        assert seconds(parts) == pytest.approx(1.0, abs=0.01)
        assert pitch_hz(Audio(joined(parts), RATE_HZ)) == pytest.approx(440, abs=2)


@pytest.mark.parametrize(
    ("content_type", "options"),
    [
        ("audio/pcm;rate=16000;channels=1", {}),
        ("audio/pcm", {"sample_rate": 16_000}),
        ("application/octet-stream", {"sample_rate": 16_000}),
        ("", {"sample_rate": 16_000}),
    ],
)
async def test_pcm_of_another_rate_keeps_its_pitch(
    server: AudioServer, content_type: str, options: dict[str, Any]
) -> None:
    pcm = float_to_pcm16(tone(1.0, 16_000).samples)
    server.script = [raw(pcm, content_type=content_type)]
    async with started(server.url, **options) as engine:
        (voice, *_) = engine.voices()
        parts = await say(engine)
        assert {part.rate_hz for part in parts} == {voice.sample_rate}
        heard = Audio(joined(parts), voice.sample_rate)
        assert heard.seconds == pytest.approx(1.0, abs=0.01)
        assert pitch_hz(heard) == pytest.approx(440, abs=2)


def pitch_hz(audio: Audio) -> float:
    """The loudest frequency."""
    spectrum = np.abs(np.fft.rfft(audio.samples))
    return float(spectrum.argmax() / audio.seconds)


async def test_it_mixes_channels_and_bears_any_cut(server: AudioServer) -> None:
    left = tone(0.5).samples
    both = np.stack([left, np.zeros_like(left)], axis=1).reshape(-1)
    file = wav_bytes(Audio(both, RATE_HZ))
    # The header counts channels at byte 22, and other chunks may come before the data.
    file = file[:22] + b"\x02\x00" + file[24:36] + b"LIST\x03\0\0\0abc\0" + file[36:]
    file += b"LIST\x04\0\0\0tail"
    pieces = [file[start : start + 997] for start in range(0, len(file), 997)]
    server.script = [raw(*pieces, content_type="audio/wav")]
    async with started(server.url) as engine:
        heard = joined(await say(engine))
    assert np.allclose(heard, left / 2, atol=1e-4)


async def test_it_refuses_phonemes_which_no_such_server_takes(
    server: AudioServer,
) -> None:
    async with started(server.url) as engine:
        with pytest.raises(BadValue, match="phonemes") as refused:
            await say(engine, "Say [[h@loU]].")
        assert refused.value.field == "input"
    assert server.audio_requests == []


@pytest.mark.parametrize(
    ("listed", "names"),
    [
        (("anna", "ben", "anna"), ["anna", "ben"]),
        ([{"id": "a1", "name": "Anna"}, {"name": "Ben"}], ["a1", "Ben"]),
        ({"voices": ["anna", 5, None, {}, {"id": ""}]}, ["anna"]),
        ({"voices": {}}, ["alloy"]),
        (None, ["alloy"]),
    ],
)
async def test_it_offers_the_voices_that_the_server_lists(
    listed: Any, names: list[str]
) -> None:
    with AudioServer(voices=listed) as server:
        async with started(server.url) as engine:
            assert [voice.name for voice in engine.voices()] == names
            assert engine.health().state is PartState.READY
            assert {voice.source for voice in engine.voices()} == {f"{server.url}/v1"}


async def test_a_server_whose_list_is_empty_cannot_speak_yet() -> None:
    with AudioServer(voices=[]) as server:
        async with started(server.url, check_seconds=0.05) as engine:
            assert engine.health().state is PartState.DOWN
            assert "lists no voices" in engine.health().summary
            server.voices = ["anna"]
            await until(lambda: engine.health().state is PartState.READY)
            assert [voice.name for voice in engine.voices()] == ["anna"]


async def test_voices_can_be_configured_and_mapped(server: AudioServer) -> None:
    mapping = {"en_US-joe-medium": "af_bella", "de_DE-anna-high": "anna"}
    async with started(server.url, voices=mapping, voice="de_DE-anna-high") as engine:
        voices = engine.voices()
        assert [voice.name for voice in voices] == [*reversed(mapping)]
        assert [voice.language for voice in voices] == ["de_DE", "en_US"]
        assert voices[1].quality == "medium"
        for voice in voices:
            settings = VoiceSettings(voice=voice.name)
            await spoken(engine, SynthesisRequest("Hi.", settings))
    sent = [request.json["voice"] for request in server.audio_requests]
    assert sent == ["anna", "af_bella"]
    assert server.asked("/v1/audio/voices") == []


async def test_it_refuses_a_voice_that_nobody_has(server: AudioServer) -> None:
    settings = VoiceSettings(voice="carl")
    async with started(server.url) as engine:
        with pytest.raises(UnknownVoice, match="anna, ben"):
            await spoken(engine, SynthesisRequest("Hi.", settings))
        server.script = [error(404, "No voice `ben`.", "voice")]
        settings = VoiceSettings(voice="ben")
        with pytest.raises(UnknownVoice, match="No voice `ben`"):
            await spoken(engine, SynthesisRequest("Hi.", settings))


async def test_without_a_server_it_has_only_configured_voices() -> None:
    async with started("http://127.0.0.1:9") as engine:
        assert engine.voices() == []
        with pytest.raises(EngineFailed, match="cannot be reached"):
            await say(engine)
    async with started("http://127.0.0.1:9", voices=["anna"]) as engine:
        assert [voice.name for voice in engine.voices()] == ["anna"]
        with pytest.raises(EngineFailed, match="cannot be reached"):
            await say(engine)


async def test_a_list_may_say_which_language_a_voice_speaks() -> None:
    voices = [
        {"id": "anna", "language": "de-de"},
        {"id": "ben", "language": "en_GB"},
        {"id": "carl", "language": "fr"},
        {"id": "dora", "language": "whatever it is"},
        {"id": "emil", "language": 5},
    ]
    with AudioServer(voices=voices) as server:
        async with started(server.url) as engine:
            found = [voice.language for voice in engine.voices()]
    assert found == ["de_DE", "en_GB", "fr", "en_US", "en_US"]


@pytest.mark.parametrize(
    ("name", "language"),
    [
        ("en_GB-alan-low", "en_GB"),
        ("af_bella", "en_US"),
        ("jm_kumo", "ja_JP"),
        ("de-DE-KatjaNeural", "de_DE"),
        ("alloy", "en_US"),
    ],
)
def test_it_tells_a_voices_language_by_its_name(name: str, language: str) -> None:
    assert language_of(name) == language


async def test_it_measures_its_speed(server: AudioServer) -> None:
    async with started(server.url) as engine:
        assert engine.stats().real_time_factor is None
        await say(engine)
        factor = engine.stats().real_time_factor
        assert factor is not None
        assert 0 < factor < 10
