"""`WS /v1/listen`: parameters, encodings, channels, and bad input."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import numpy as np
import pytest

from common.audio import Audio, float_to_pcm16, wav_bytes
from tests.compat.deepgram.sockets import LINEAR, connected, hearing
from tests.stt.recordings import recorded
from tests.stt.sounds import pcm, sound


def telephone(encoding: str) -> bytes:
    """A second of speech, made by FFmpeg."""
    samples = sound(1, rate_hz=8_000)
    return recorded(samples, encoding, f"pcm_{encoding}", rate_hz=8_000)


async def heard_with(
    query: str, audio: bytes | None = None, frame: int = 3_200, **changes: Any
) -> Any:
    """The engine's request for an utterance that is sent with these parameters."""
    services = hearing(**changes)
    async with connected(services, f"/v1/listen?{query}") as client:
        await client.send_audio(pcm(1) if audio is None else audio, frame)
        await client.tell("CloseStream")
        messages, code = await client.until_closed()
    assert code == 1000, messages
    (request,) = services.stt.heard
    return request


@pytest.mark.parametrize(
    ("query", "language"),
    [
        ("", "auto"),
        ("language=en-US", "en"),
        ("language=en", "en"),
        ("language=multi", "auto"),
        ("language=pt_BR", "pt"),
        ("language=zh-HK", "yue"),
        ("language=zh-Hant-TW", "zh"),
        ("language=", "auto"),
    ],
)
async def test_a_language_tag_means_its_language(query: str, language: str) -> None:
    assert (await heard_with(f"{LINEAR}&{query}")).language == language


@pytest.mark.parametrize(
    ("query", "hotwords"),
    [
        ("keyterm=Dashwood&keyterm=Mr%20Gregson", "Dashwood, Mr Gregson"),
        ("keywords=Dashwood:2.5&keywords=Gregson", "Dashwood, Gregson"),
        ("keyterm=one&keywords=two:-1", "one, two"),
        ("", ""),
    ],
)
async def test_key_terms_are_the_words_to_expect(query: str, hotwords: str) -> None:
    assert (await heard_with(f"{LINEAR}&{query}")).hotwords == hotwords


@pytest.mark.parametrize("model", ["nova-3", "nova-2-phonecall", "", "enhanced"])
async def test_any_model_name_is_taken(model: str) -> None:
    assert (await heard_with(f"{LINEAR}&model={model}")).model == ""


async def test_an_own_model_is_used_by_its_name() -> None:
    assert (await heard_with(f"{LINEAR}&model=fake-whisper")).model == "fake-whisper"


async def test_parameters_without_a_meaning_here_are_ignored() -> None:
    many = {
        "smart_format": "true",
        "punctuate": "True",
        "diarize": "true",
        "numerals": "true",
        "profanity_filter": "false",
        "tag": "a",
        "extra": "k:v",
        "mip_opt_out": "true",
        "no_delay": "true",
        "version": "latest",
        "redact": "false",
        "multichannel": "true",
        "callback": "",
    }
    assert await heard_with(f"{LINEAR}&{urlencode(many)}")


@pytest.mark.parametrize(
    ("query", "audio"),
    [
        ("encoding=linear16&sample_rate=8000", pcm(1, rate_hz=8_000)),
        ("encoding=linear16&sample_rate=48000", pcm(1, rate_hz=48_000)),
        ("encoding=linear16", pcm(1)),
        ("encoding=linear32&sample_rate=16000", sound(1).astype("<f4").tobytes()),
        ("encoding=mulaw&sample_rate=8000", telephone("mulaw")),
        ("encoding=mulaw", telephone("mulaw")),
        ("encoding=alaw", telephone("alaw")),
        ("", wav_bytes(Audio(sound(1, rate_hz=22_050), 22_050))),
        ("model=nova-3", wav_bytes(Audio(sound(1), 16_000))),
    ],
    ids=lambda value: value if isinstance(value, str) else "audio",
)
@pytest.mark.parametrize("frame", [3_200, 333])
async def test_it_reads_the_encodings(query: str, audio: bytes, frame: int) -> None:
    request = await heard_with(query, audio, frame)
    assert request.seconds == pytest.approx(1.0, abs=0.1)
    assert np.abs(request.samples).max() == pytest.approx(0.3, abs=0.05)


def stereo(left: Any, right: Any) -> bytes:
    return float_to_pcm16(np.stack([left, right], axis=1).reshape(-1))


@pytest.mark.parametrize("frame", [3_200, 333])
async def test_channels_are_mixed(frame: int) -> None:
    audio = stereo(sound(1), sound(-1))
    request = await heard_with(f"{LINEAR}&channels=2", audio, frame)
    assert request.seconds == pytest.approx(1.0, abs=0.1)
    assert np.abs(request.samples).max() == pytest.approx(0.15, abs=0.02)


async def test_channels_of_a_wav_are_mixed() -> None:
    mono = bytearray(wav_bytes(Audio(sound(1), 16_000)))
    header, both = mono[:44], stereo(sound(1), sound(1))
    header[22] = 2
    request = await heard_with("", bytes(header) + both)
    assert request.seconds == pytest.approx(1.0, abs=0.1)


async def test_a_wav_header_is_believed_also_with_an_encoding() -> None:
    audio = wav_bytes(Audio(sound(1, rate_hz=8_000), 8_000))
    request = await heard_with(LINEAR, audio)
    assert request.seconds == pytest.approx(1.0, abs=0.1)


BAD_ADDRESSES = [
    ("encoding=flac", "encoding"),
    ("encoding=g729", "encoding"),
    ("encoding=linear16&sample_rate=4000", "sample_rate"),
    ("encoding=linear16&sample_rate=fast", "sample_rate"),
    ("encoding=linear16&channels=0", "channels"),
    ("encoding=linear16&channels=9", "channels"),
    ("encoding=linear16&channels=2&multichannel=true", "multichannel"),
    ("language=klingon", "language"),
    ("endpointing=soon", "endpointing"),
    ("interim_results=perhaps", "interim_results"),
    ("utterance_end_ms=1000", "utterance_end_ms"),
    ("interim_results=true&utterance_end_ms=-1", "utterance_end_ms"),
    ("keyterm=" + "x" * 900, "keyterm"),
    ("callback=https://example.org/", "callback"),
    ("redact=pci", "redact"),
    ("language=%ff%fe", "language"),
]


@pytest.mark.parametrize(("query", "field"), BAD_ADDRESSES)
async def test_it_says_what_is_wrong_with_an_address(query: str, field: str) -> None:
    async with connected(hearing(), f"/v1/listen?{query}") as client:
        (error,), code = await client.until_closed()
    assert (error["type"], code) == ("Error", 4400)
    assert error["variant"] == "SchemaError"
    assert field in error["description"]


async def test_strict_model_names_refuse_an_unknown_model() -> None:
    services = hearing(strict_model_names=True)
    async with connected(services, f"/v1/listen?{LINEAR}&model=nova-9") as client:
        (error,), code = await client.until_closed()
    assert (error["variant"], code) == ("ModelNotFound", 4404)


@pytest.mark.parametrize(
    "text",
    [
        "hello",
        "[]",
        "null",
        "{}",
        '{"type": "Shout"}',
        '{"type": 1}',
        '{"type": "Configure", "keyterms": "one"}',
        '{"type": "Configure", "keyterms": [1]}',
        '{"type": "\\ud800"}',
        "[" * 10_000,
    ],
)
async def test_a_bad_message_is_explained_and_the_stream_goes_on(text: str) -> None:
    async with connected(hearing(["still here"]), f"/v1/listen?{LINEAR}") as client:
        await client.socket.send_to(text_data=text)
        error = await client.next()
        assert (error["type"], error["variant"]) == ("Error", "SchemaError")
        await client.say(1, -1)
        final = await client.next_of("Results")
        assert final["channel"]["alternatives"][0]["transcript"] == "still here"


async def test_key_terms_with_half_a_character_are_refused_and_the_stream_goes_on() -> (
    None
):
    async with connected(hearing(["still here"]), f"/v1/listen?{LINEAR}") as client:
        text = r'{"type": "Configure", "keyterms": ["\ud800"]}'
        await client.socket.send_to(text_data=text)
        await client.next_of("ConfigureFailure")
        await client.say(1, -1)
        final = await client.next_of("Results")
        assert final["channel"]["alternatives"][0]["transcript"] == "still here"


async def test_an_empty_text_is_a_bad_message() -> None:
    async with connected(hearing(), f"/v1/listen?{LINEAR}") as client:
        await client.send_empty("text")
        assert (await client.next())["variant"] == "SchemaError"


@pytest.mark.parametrize(
    ("start", "sentence"),
    [
        (b"\0" * 64, "neither WebM, Ogg nor MP4"),
        (b"RIFF\0\0\0\0WAVEdata\x10\0\0\0", "no format"),
        (b"RIFF\0\0\0\0WAVE" + b"junk\xff\0\0\0" * 600, "too long"),
        (wav_bytes(Audio(sound(0.1), 96_000)), "96000 Hz"),
        (b"RIFF" + json.dumps({}).encode() * 4_000, "too long"),
    ],
)
async def test_audio_that_cannot_be_read_is_refused(
    start: bytes, sentence: str
) -> None:
    async with connected(hearing(), "/v1/listen") as client:
        await client.send_audio(start)
        messages, code = await client.until_closed()
    assert (messages[-1]["variant"], code) == ("UnsupportedAudio", 4415)
    assert sentence in messages[-1]["description"]
