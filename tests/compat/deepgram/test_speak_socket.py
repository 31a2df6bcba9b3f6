"""`WS /v1/speak`: texts in pieces, audio as it is made, clearing and closing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from common.errors import EngineFailed
from common.workers import Urgency
from gateway_app.history.records import SynthesisRecord
from tests.compat.deepgram.sockets import Client, connected
from tests.fake_services import fake_services
from tests.fakes import FakeTts
from tts_app.core.engine import SpeechPart, SynthesisRequest

TEXT = "Hello over there, my friend. "
RATE_BYTES = 48_000


async def audio_until(client: Client, *types: str) -> tuple[bytes, dict[str, Any]]:
    """All audio up to a message of one of these types."""
    audio = b""
    while (message := await client.next())["type"] == "audio":
        audio += message["audio"]
    assert message["type"] in types, message
    return audio, message


async def test_it_speaks_a_text_and_says_when_it_is_done() -> None:
    services = fake_services()
    path = "/v1/speak?model=aura-2-thalia-en&encoding=linear16"
    async with connected(services, path) as client:
        metadata = await client.next()
        assert (metadata["type"], metadata["model_name"]) == (
            *("Metadata",),
            "en_US-fake-medium",
        )
        for count in range(2):
            await client.tell("Speak", text=TEXT)
            await client.tell("Flush")
            audio, flushed = await audio_until(client, "Flushed")
            assert flushed["sequence_id"] == count
            assert len(audio) / RATE_BYTES == pytest.approx(len(TEXT) * 0.05, abs=0.5)
    records = services.history.records
    assert all(isinstance(each, SynthesisRecord) for each in records)
    assert [each.text_in.strip() for each in records] == [TEXT.strip()] * 2
    assert [each.audio_format for each in records] == ["linear16"] * 2
    assert {each.request_id for each in records} == {
        f"{metadata['request_id']}-1",
        f"{metadata['request_id']}-2",
    }


async def test_speech_begins_before_the_flush() -> None:
    async with connected(fake_services(), "/v1/speak") as client:
        await client.next_of("Metadata")
        for word in (TEXT + "And now the second sentence goes on").split():
            await client.tell("Speak", text=f"{word} ")
        assert (await client.next())["type"] == "audio"
        await client.tell("Flush")
        await audio_until(client, "Flushed")


@pytest.mark.parametrize(
    ("query", "bytes_a_second"),
    [
        ("", 48_000),
        ("encoding=linear16&sample_rate=8000", 16_000),
        ("encoding=mulaw", 8_000),
        ("encoding=alaw&sample_rate=16000", 16_000),
        ("encoding=linear16&container=none&speed=1.0", 48_000),
    ],
)
async def test_audio_has_the_encoding_of_the_address(
    query: str, bytes_a_second: int
) -> None:
    async with connected(fake_services(), f"/v1/speak?{query}") as client:
        await client.next_of("Metadata")
        await client.tell("Speak", text=TEXT)
        await client.tell("Flush")
        audio, _ = await audio_until(client, "Flushed")
    seconds = len(audio) / bytes_a_second
    assert seconds == pytest.approx(len(TEXT) * 0.05, abs=0.5)


async def test_a_flush_without_text_is_answered() -> None:
    async with connected(fake_services(), "/v1/speak") as client:
        await client.next_of("Metadata")
        await client.tell("Speak", text="")
        await client.tell("Flush")
        audio, flushed = await audio_until(client, "Flushed")
        assert (audio, flushed["sequence_id"]) == (b"", 0)


async def test_closing_speaks_the_rest() -> None:
    async with connected(fake_services(), "/v1/speak") as client:
        await client.next_of("Metadata")
        await client.tell("Speak", text=TEXT)
        await client.tell("Close")
        audio, closed = await audio_until(client, "close")
    assert closed["code"] == 1000
    assert len(audio) > RATE_BYTES


class PatientTts(FakeTts):
    """Speaks the first part of a text, and the rest when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.go_on = asyncio.Event()

    async def synthesize(
        self, request: SynthesisRequest, urgency: Urgency
    ) -> AsyncIterator[SpeechPart]:
        async for part in super().synthesize(request, urgency):
            yield part
            await self.go_on.wait()


async def test_clear_stops_the_speech_and_drops_what_waits() -> None:
    tts = PatientTts()
    services = fake_services(tts=tts)
    async with connected(services, "/v1/speak") as client:
        await client.next_of("Metadata")
        await client.tell("Speak", text=TEXT)
        await client.tell("Flush")
        await client.tell("Speak", text="Never spoken.")
        assert (await client.next())["type"] == "audio"
        await client.tell("Clear")
        _, cleared = await audio_until(client, "Cleared")
        assert cleared["sequence_id"] == 0
        tts.go_on.set()
        await client.tell("Speak", text="Spoken after that.")
        await client.tell("Flush")
        audio, flushed = await audio_until(client, "Flushed")
        assert audio
        assert flushed["sequence_id"] == 1
    statuses = [(each.text_in, each.status) for each in services.history.records]
    assert statuses[0][1] == "cancelled"
    assert statuses[1:] == [("Spoken after that.", "ok")]


class BrokenTts(FakeTts):
    """Cannot speak one text."""

    async def synthesize(
        self, request: SynthesisRequest, urgency: Urgency
    ) -> AsyncIterator[SpeechPart]:
        if "break" in request.text:
            raise EngineFailed("It broke.")
        async for part in super().synthesize(request, urgency):
            yield part


async def test_what_cannot_be_spoken_is_a_warning() -> None:
    services = fake_services(tts=BrokenTts())
    async with connected(services, "/v1/speak") as client:
        await client.next_of("Metadata")
        await client.tell("Speak", text="Please break.")
        await client.tell("Flush")
        _, warning = await audio_until(client, "Warning")
        assert (warning["code"], warning["description"]) == (
            *("ENGINE_FAILED",),
            "It broke.",
        )
        assert (await client.next())["type"] == "Flushed"
        await client.tell("Speak", text=TEXT)
        await client.tell("Flush")
        audio, _ = await audio_until(client, "Flushed")
        assert audio


async def test_a_text_that_is_too_long_is_cut_with_a_warning() -> None:
    services = fake_services(tts_max_text_length=40)
    async with connected(services, "/v1/speak") as client:
        await client.next_of("Metadata")
        await client.tell("Speak", text=TEXT)
        await client.tell("Speak", text=TEXT)
        while (message := await client.next())["type"] == "audio":
            pass
        assert (message["type"], message["code"]) == ("Warning", "TOO_LARGE")
        await client.tell("Flush")
        await audio_until(client, "Flushed")
    assert [each.text_in.strip() for each in services.history.records] == [TEXT.strip()]


async def test_texts_that_wait_are_bounded() -> None:
    services = fake_services(tts=PatientTts())
    async with connected(services, "/v1/speak") as client:
        await client.next_of("Metadata")
        for _ in range(60):
            await client.tell("Speak", text=TEXT)
            await client.tell("Flush")
        while (message := await client.next())["type"] != "Warning":
            assert message["type"] == "audio"
        assert message["code"] == "TOO_MANY_REQUESTS"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("encoding=mp3", "encoding"),
        ("encoding=linear16&container=wav", "container"),
        ("sample_rate=96000", "sample_rate"),
        ("speed=0", "speed"),
    ],
)
async def test_it_says_what_is_wrong_with_an_address(query: str, field: str) -> None:
    async with connected(fake_services(), f"/v1/speak?{query}") as client:
        (error,), code = await client.until_closed()
    assert (error["type"], error["code"], code) == ("Error", "BAD_VALUE", 4400)
    assert field in error["description"]


@pytest.mark.parametrize(
    "text",
    ["hello", "{}", '{"type": "Speak"}', '{"type": "Speak", "text": 3}', "[]"],
)
async def test_a_bad_message_is_explained_and_the_connection_stays(text: str) -> None:
    async with connected(fake_services(), "/v1/speak") as client:
        await client.next_of("Metadata")
        await client.socket.send_to(text_data=text)
        assert (await client.next())["type"] == "Error"
        await client.tell("Speak", text=TEXT)
        await client.tell("Flush")
        audio, _ = await audio_until(client, "Flushed")
        assert audio


async def test_audio_from_the_client_is_refused() -> None:
    async with connected(fake_services(), "/v1/speak") as client:
        await client.next_of("Metadata")
        await client.socket.send_to(bytes_data=b"\0\0")
        (error,), code = await client.until_closed()
    assert (error["code"], code) == ("BAD_REQUEST", 4400)


async def test_connections_are_limited() -> None:
    services = fake_services(deepgram_speak_max_sessions=1)
    async with connected(services, "/v1/speak") as first:
        await first.next_of("Metadata")
        async with connected(services, "/v1/speak") as second:
            (error,), code = await second.until_closed()
    assert (error["code"], code) == ("OVERLOADED", 4503)
    assert services.sessions.count("speak") == 0


async def test_the_server_drains_when_the_text_is_spoken() -> None:
    services = fake_services()
    async with connected(services, "/v1/speak") as client:
        await client.next_of("Metadata")
        await client.tell("Speak", text=TEXT)
        await client.next_of("audio")
        draining = asyncio.create_task(services.sessions.drain(5))
        messages, code = await client.until_closed()
    await draining
    assert code == 4512
    assert messages[-1]["code"] == "RESTARTING"
    assert services.history.records[0].status == "ok"
