"""Speech to text over Wyoming: one transcript a request, at the end of the speech."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from wyoming.asr import Transcribe
from wyoming.audio import AudioChunk, AudioStart, AudioStop

from common.errors import EngineFailed
from gateway_app.sockets.clock import SYSTEM_CLOCK
from tests.clocks import TurnedClock
from tests.compat.wyoming.talking import (
    Talk,
    kinds,
    listening,
    serving,
    talking,
)
from tests.fakes import FakeStt
from tests.stt.sounds import pcm
from tests.waiting import until

STREAMED = ["transcript-start", "transcript-chunk", "transcript", "transcript-stop"]


class EnglishStt(FakeStt):
    """A model that understands English only."""

    model_name = "tiny.en"


async def test_the_transcript_comes_at_the_end_of_speech_before_the_audio_ends() -> (
    None
):
    services = listening(["turn on the light"])
    async with talking(services) as client:
        await client.listen_to(1, -0.8, language="en")
        events = [await client.next() for _ in STREAMED]
        assert kinds(events) == STREAMED
        assert events[0].data == {"language": "en"}
        assert events[1].data == {"text": "turn on the light"}
        assert events[2].data == {"text": "turn on the light", "language": "en"}


async def test_what_is_said_after_the_transcript_is_ignored() -> None:
    services = listening(["first", "second", "third"])
    async with talking(services) as client:
        await client.listen_to(1, -0.8)
        await client.until("transcript-stop")
        await client.hear(1, -1)
        await client.stop()
        await client.listen_to(1, -0.8)
        assert await client.transcript() == "second"
    assert len(services.stt.heard) == 2


async def test_what_is_said_before_the_audio_ends_comes_with_its_end() -> None:
    async with talking(listening(["half a sentence"])) as client:
        await client.listen_to(1)
        await client.stop()
        assert await client.transcript() == "half a sentence"


@pytest.mark.parametrize("parts", [(), (-1,), (0.05, -0.5)])
async def test_without_speech_the_transcript_is_empty(parts: Any) -> None:
    services = listening()
    async with talking(services) as client:
        await client.listen_to(*parts)
        await client.stop()
        events = await client.until("transcript-stop")
        assert kinds(events) == ["transcript-start", "transcript", "transcript-stop"]
        assert events[1].data["text"] == ""
    assert services.stt.heard == []


async def test_an_end_without_any_audio_gets_an_empty_transcript() -> None:
    async with talking(listening()) as client:
        await client.say(Transcribe(language="en"), AudioStop())
        assert await client.transcript() == ""


async def test_noise_without_words_does_not_end_a_command() -> None:
    async with talking(listening(["", "hello"])) as client:
        await client.listen_to(0.5, -0.8)
        assert kinds(await client.settled()) == ["pong"]
        await client.hear(0.5, -0.8)
        assert await client.transcript() == "hello"


async def test_a_recording_is_transcribed_as_a_whole() -> None:
    """It comes faster than it could be spoken, so its pauses end nothing."""
    services = listening(["one", "two", "three"])
    async with talking(services, SYSTEM_CLOCK) as client:
        await client.listen_to(*[1, -1.5] * 3)
        await client.stop()
        events = await client.until("transcript")
        assert kinds(events).count("transcript-chunk") == 3
        assert events[-1].data["text"] == "one two three"


async def test_a_burst_of_audio_is_answered_when_nothing_follows() -> None:
    clock = TurnedClock()
    async with talking(listening(["hello"]), clock) as client:
        await client.listen_to(1, -1)
        assert "transcript" not in kinds(await client.settled())
        await clock.turn(0.6)
        assert await client.transcript() == "hello"


@pytest.mark.parametrize(("version", "kind"), [("1.5.4", "transcript"), ("1.9.0", "")])
async def test_an_older_client_finds_the_end_itself(version: str, kind: str) -> None:
    """Home Assistant with a Wyoming library before 1.10 does not know that a server
    may end a command, and with one before 1.7 knows no streamed transcripts."""
    services = listening(["turn on", "the light"])
    async with talking(services) as client:
        await client.write_raw("transcribe", {"language": "en"}, version)
        await client.write_raw(
            "audio-start", {"rate": 16_000, "width": 2, "channels": 1}, version
        )
        format_ = {"rate": 16_000, "width": 2, "channels": 1}
        await client.write_raw("audio-chunk", format_, version, pcm(0.6, -0.8, 0.5))
        await until(lambda: len(services.stt.heard) == 1)
        await client.write_raw("audio-stop", {}, version)
        events = await client.until("transcript")
        assert events[-1].data["text"] == "turn on the light"
        assert events[0].type == (kind or "transcript-start")


async def test_the_server_can_leave_the_end_to_its_clients() -> None:
    services = listening(["turn on", "the light"], wyoming_endpointing=False)
    async with talking(services) as client:
        await client.listen_to(0.6, -0.8)
        await client.hear(0.5)
        await client.stop()
        assert await client.transcript() == "turn on the light"


@pytest.mark.parametrize(
    ("sensitivity", "pause_seconds", "texts"),
    [
        ("aggressive", 0.4, ["one", "two"]),
        ("default", 0.4, ["one two"]),
        (None, 0.4, ["one two"]),
        ("some day", 0.4, ["one two"]),
        ("relaxed", 1.0, ["one two"]),
        ("default", 1.0, ["one", "two"]),
    ],
)
async def test_its_patience_is_what_the_client_chose(
    sensitivity: str | None, pause_seconds: float, texts: list[str]
) -> None:
    """The pauses of Home Assistant: 0.25, 0.7 and 1.25 seconds."""
    # An utterance that was not cut in two has one text.
    script = texts if len(texts) == 2 else ["one two"]
    services = listening(script)
    async with talking(services) as client:
        await client.listen_to(0.5, -pause_seconds, vad_sensitivity=sensitivity)
        if len(texts) == 1:
            await client.hear(0.5)
            await client.stop()
        assert await client.transcript() == texts[0]


async def test_silence_alone_ends_after_a_while() -> None:
    """Without it, Home Assistant would listen for ever after a false wake word."""
    async with talking(listening(wyoming_no_speech_seconds=1.0)) as client:
        await client.listen_to(-1.1)
        assert await client.transcript() == ""


async def test_endless_speech_ends_after_a_while() -> None:
    services = listening(["on and on"], wyoming_max_command_seconds=1.5)
    async with talking(services) as client:
        await client.listen_to(1.6)
        assert await client.transcript() == "on and on"


async def test_a_long_command_is_transcribed_in_parts_and_answered_once() -> None:
    services = listening(["a long", "story"], max_utterance_seconds=2.0)
    async with talking(services) as client:
        await client.listen_to(2.5, -0.8)
        events = await client.until("transcript")
        assert kinds(events).count("transcript-chunk") == 2
        assert events[-1].data["text"] == "a long story"


@pytest.mark.parametrize("rate_hz", [8_000, 22_050, 48_000])
@pytest.mark.parametrize("channels", [1, 2])
async def test_it_takes_any_usual_format(rate_hz: int, channels: int) -> None:
    services = listening(["fine"])
    mono = np.frombuffer(pcm(1, -0.8, rate_hz=rate_hz), "<i2")
    audio = np.repeat(mono, channels).tobytes()
    async with talking(services) as client:
        await client.say(AudioStart(rate_hz, 2, channels))
        for start in range(0, len(audio), 3_001):  # splits samples and pairs
            piece = audio[start : start + 3_001]
            await client.say(AudioChunk(rate_hz, 2, channels, piece))
        assert await client.transcript() == "fine"
    assert services.stt.heard[0].seconds == pytest.approx(1.3, abs=0.1)


async def test_it_takes_audio_without_a_start_and_a_change_of_format() -> None:
    services = listening(["fine"])
    async with talking(services) as client:
        await client.hear(0.5)
        await client.hear(0.5, -0.8, rate_hz=8_000)
        assert await client.transcript() == "fine"
    assert services.stt.heard[0].seconds == pytest.approx(1.3, abs=0.1)


@pytest.mark.parametrize(
    ("language", "heard"),
    [
        ("de", "de"),
        ("de-AT", "de"),
        ("pt_BR", "pt"),
        ("EN-us", "en"),
        ("nb", "no"),
        ("auto", "auto"),
        ("", "auto"),
        (None, "auto"),
    ],
)
async def test_it_listens_for_the_language_of_the_client(
    language: str | None, heard: str
) -> None:
    services = listening()
    async with talking(services) as client:
        await client.listen_to(1, -0.8, language=language)
        await client.transcript()
    assert services.stt.heard[0].language == heard


async def test_names_and_terms_are_likely_words_names_first() -> None:
    services = listening()
    async with talking(services) as client:
        names, terms = ["Kitchen light", "Zoë's fan"], ["lumen", "x" * 900, "last"]
        await client.listen_to(1, -0.8, transcript_names=names, transcript_terms=terms)
        await client.transcript()
    assert services.stt.heard[0].hotwords == "Kitchen light, Zoë's fan, lumen"


@pytest.mark.parametrize(
    ("name", "model"), [("fake-whisper", "fake-whisper"), ("whisper-1", ""), (None, "")]
)
async def test_it_takes_the_model_that_the_client_names(
    name: str | None, model: str
) -> None:
    services = listening()
    async with talking(services) as client:
        await client.listen_to(1, -0.8, name=name)
        await client.transcript()
    assert services.stt.heard[0].model == model


FORMAT = {"rate": 16_000, "width": 2, "channels": 1}


@pytest.mark.parametrize(
    ("kind", "data", "code", "sentence"),
    [
        ("transcribe", {"language": "klingon"}, "bad_value", "`klingon`"),
        ("transcribe", {"language": 5}, "bad_value", "`language`"),
        ("transcribe", {"transcript_names": "one"}, "bad_value", "`transcript_names`"),
        ("transcribe", {"name": "x"}, "model_not_found", "`fake-whisper`"),
        ("audio-start", {**FORMAT, "width": 4}, "unsupported_audio", "4 bytes"),
        ("audio-start", {**FORMAT, "width": 0}, "unsupported_audio", "0 bytes"),
        ("audio-start", {**FORMAT, "channels": 6}, "unsupported_audio", "6 channels"),
        ("audio-start", {**FORMAT, "rate": 96_000}, "unsupported_audio", "96000"),
        ("audio-start", {**FORMAT, "rate": "fast"}, "bad_value", "`rate`"),
        ("audio-start", {}, "bad_value", "`rate`"),
        ("audio-chunk", {**FORMAT, "width": 1}, "unsupported_audio", "1 bytes"),
    ],
)
async def test_what_it_cannot_transcribe_is_said_and_ends_the_connection(
    kind: str, data: dict[str, Any], code: str, sentence: str
) -> None:
    """Home Assistant takes an `error` for the end since 2026.5; before that it only
    took the end of the connection."""
    async with talking(listening(strict_model_names=True)) as client:
        await client.send(kind, data)
        (error,) = await client.rest()
        assert (error.type, error.data["code"]) == ("error", code)
        assert sentence in error.data["text"]


async def test_a_language_that_the_model_lacks_is_said() -> None:
    async with talking(listening(stt=EnglishStt())) as client:
        await client.listen_to(language="de")
        (error,) = await client.rest()
        assert "does not know the language `de`. It knows: en." in error.data["text"]


async def test_a_failure_of_the_engine_is_said_and_ends_the_connection() -> None:
    services = listening([EngineFailed("It broke.")])
    async with talking(services) as client:
        await client.listen_to(1, -0.8)
        (error,) = await client.rest()
        assert error.data == {"text": "It broke.", "code": "engine_failed"}
    await until(lambda: bool(services.history.records))
    assert services.history.records[0].status == "error"


async def test_a_mistake_of_the_server_is_not_explained() -> None:
    async with talking(listening([ZeroDivisionError("secret")])) as client:
        await client.listen_to(1, -0.8)
        (error,) = await client.rest()
        assert error.data["code"] == "internal_error"
        assert "secret" not in error.data["text"]


async def test_its_transcripts_go_to_the_history() -> None:
    services = listening(["one", "two"])
    async with talking(services) as client:
        for _ in range(2):
            await client.listen_to(1, -0.8)
            await client.until("transcript-stop")
    await until(lambda: len(services.history.records) == 2)
    first, second = services.history.records
    assert (first.text, first.client, first.principal) == (
        *("one", "127.0.0.1"),
        "anonymous",
    )
    assert first.request_id != second.request_id


async def test_a_client_that_leaves_early_leaves_nothing_behind() -> None:
    services = listening(["last words"])
    async with serving(services) as server:
        async with Talk(server.port) as client:
            await client.listen_to(1)
        await until(lambda: not services.sessions.counts())
    assert [each.text for each in services.history.records] == ["last words"]
