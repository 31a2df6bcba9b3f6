"""Text to speech over Wyoming: audio of one format, and an end after every error."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from wyoming.audio import AudioChunk
from wyoming.event import Event
from wyoming.tts import (
    Synthesize,
    SynthesizeChunk,
    SynthesizeStart,
    SynthesizeStop,
    SynthesizeTextFormat,
    SynthesizeVoice,
)

from common.errors import EngineFailed
from tests.compat.wyoming.talking import Talk, kinds, serving, talking
from tests.fake_services import FakeServices, fake_services
from tests.fakes import FakeTts
from tests.waiting import until
from tts_app.core.engine import SynthesisRequest, VoiceInfo

TEXT = "The library closes at nine, but come back later."
FORMAT = {"rate": FakeTts.RATE_HZ, "width": 2, "channels": 1}


class ManyVoices(FakeTts):
    """Several languages, and a voice with two speakers."""

    def voices(self) -> list[VoiceInfo]:
        return [
            VoiceInfo("en_US-fake-medium", "en_US", "medium", self.RATE_HZ),
            VoiceInfo("en_GB-fake-low", "en_GB", "low", 16_000, ("ada", "bob")),
            VoiceInfo("de_DE-fake-high", "de_DE", "high", self.RATE_HZ),
        ]


class BrittleTts(FakeTts):
    """Its second clause breaks it."""

    def synthesize(self, request: SynthesisRequest, urgency: Any) -> Any:
        if self.said:
            raise EngineFailed("It broke.")
        return super().synthesize(request, urgency)


def speaking(**changes: Any) -> FakeServices:
    return fake_services(**changes)


async def spoken(client: Talk, last: str = "audio-stop") -> list[Event]:
    """The events of one answer, of which the audio is checked."""
    events = await client.until(last)
    at_ms = 0
    for event in events:
        if event.type == "audio-chunk":
            chunk = AudioChunk.from_event(event)
            assert {**FORMAT, "timestamp": chunk.timestamp} == event.data
            assert chunk.timestamp == pytest.approx(at_ms, abs=2)
            assert 0 < chunk.seconds <= 0.1
            at_ms += round(chunk.seconds * 1000)
    return events


def streamed(*pieces: str, **start: Any) -> list[Any]:
    """As Home Assistant sends a text, with the whole of it for older servers."""
    return [
        SynthesizeStart(**start),
        *map(SynthesizeChunk, pieces),
        Synthesize("".join(pieces)),
        SynthesizeStop(),
    ]


def outline(events: list[Event]) -> list[str]:
    """The kinds of events, with the audio in between as one."""
    found = kinds(events)
    return [
        kind
        for kind, before in zip(found, ["", *found], strict=False)
        if kind != before or kind != "audio-chunk"
    ]


async def test_it_speaks_a_text_with_one_start_and_one_stop() -> None:
    services = speaking()
    async with talking(services) as client:
        await client.say(Synthesize(TEXT))
        events = await spoken(client)
        assert outline(events) == ["audio-start", "audio-chunk", "audio-stop"]
        assert events[0].data == {**FORMAT, "timestamp": 0}
        seconds = sum(AudioChunk.from_event(e).seconds for e in events[1:-1])
        assert events[-1].data["timestamp"] == pytest.approx(seconds * 1000, abs=2)
        assert seconds > 2
    # It is spoken as it is: Home Assistant has its own language model.
    assert services.llm.asked == []


async def test_it_speaks_a_streamed_text_once() -> None:
    services = speaking()
    async with talking(services) as client:
        await client.say(*streamed(*[f"{word} " for word in TEXT.split()]))
        events = await spoken(client, "synthesize-stopped")
        expected = ["audio-start", "audio-chunk", "audio-stop", "synthesize-stopped"]
        assert outline(events) == expected
        await client.send("ping", {"text": "still here"})
        assert (await client.next()).type == "pong"
    said = " ".join(request.text for request in services.tts.said)
    assert said == TEXT


async def test_it_speaks_while_the_text_is_still_being_written() -> None:
    async with talking(speaking()) as client:
        await client.say(SynthesizeStart(), SynthesizeChunk("The library closes at "))
        await client.say(SynthesizeChunk("nine, but come "))
        assert kinds(await client.until("audio-chunk"))[0] == "audio-start"
        await client.say(SynthesizeChunk("back later."), SynthesizeStop())
        events = await spoken_rest(client)
        assert "audio-start" not in kinds(events)
        assert kinds(events)[-2:] == ["audio-stop", "synthesize-stopped"]


async def spoken_rest(client: Talk) -> list[Event]:
    return await client.until("synthesize-stopped")


async def test_a_text_that_has_not_begun_takes_no_place() -> None:
    services = speaking(tts_max_concurrent=1, tts_queue_limit=0)
    async with serving(services) as server, Talk(server.port) as waiting:
        await waiting.say(SynthesizeStart(), SynthesizeChunk(" "))
        async with Talk(server.port) as other:
            await other.say(Synthesize("Hello there."))
            assert kinds(await other.until("audio-stop"))[0] == "audio-start"
        await waiting.say(SynthesizeChunk("Hello."), SynthesizeStop())
        assert kinds(await spoken_rest(waiting))[0] == "audio-start"


async def test_the_requests_of_a_connection_are_answered_in_order() -> None:
    services = speaking()
    async with talking(services) as client:
        await client.say(Synthesize("One."), *streamed("Two."), Synthesize("Three."))
        endings = [await client.until("audio-stop") for _ in range(3)]
        assert all("audio-start" in kinds(events) for events in endings)
    assert [request.text for request in services.tts.said] == ["One.", "Two.", "Three."]


@pytest.mark.parametrize(
    ("voice", "name", "speaker"),
    [
        (None, "en_US-fake-medium", None),
        (SynthesizeVoice(name="de_DE-fake-high"), "de_DE-fake-high", None),
        (SynthesizeVoice(name="en_GB-fake-low", speaker="bob"), "en_GB-fake-low", 1),
        (SynthesizeVoice(name="en_GB-fake-low", speaker="0"), "en_GB-fake-low", 0),
        (SynthesizeVoice(language="de"), "de_DE-fake-high", None),
        (SynthesizeVoice(language="en-GB"), "en_GB-fake-low", None),
        (SynthesizeVoice(language="en_AU"), "en_US-fake-medium", None),
        (SynthesizeVoice(), "en_US-fake-medium", None),
    ],
)
async def test_it_takes_the_voice_that_the_client_chose(
    voice: SynthesizeVoice | None, name: str, speaker: int | None
) -> None:
    services = speaking(tts=ManyVoices())
    async with talking(services) as client:
        await client.say(Synthesize("Hello.", voice))
        await client.until("audio-stop")
        await client.say(*streamed("Hello.", voice=voice))
        await client.until("synthesize-stopped")
    chosen = {
        (each.settings.voice, each.settings.speaker) for each in services.tts.said
    }
    assert chosen == {(name, speaker)}


async def test_it_reads_ssml() -> None:
    services = speaking()
    document = '<speak>One. <prosody rate="50%">Two.</prosody></speak>'
    async with talking(services) as client:
        for text in (
            [Synthesize(document, text_format=SynthesizeTextFormat.SSML)],
            streamed(document[:20], document[20:], text_format="ssml"),
        ):
            await client.say(*text)
            assert "error" not in kinds(await client.until("audio-stop"))
    said = [(each.text, each.settings.speed) for each in services.tts.said]
    assert said == [("One.", 1), ("Two.", 0.5)] * 2


UNKNOWN = SynthesizeVoice(name="xx_XX-none-low")


@pytest.mark.parametrize(
    ("text", "voice", "code"),
    [
        ("", None, "no_speakable_text"),
        (" ", None, "no_speakable_text"),
        ("***", None, "no_speakable_text"),
        ("Hello. " * 20, None, "too_large"),
        ("Hello.", UNKNOWN, "unknown_voice"),
        ("Hello.", SynthesizeVoice(language="tlh"), "bad_value"),
        (
            "Hello.",
            SynthesizeVoice(name="en_US-fake-medium", speaker="eve"),
            "bad_value",
        ),
    ],
)
async def test_an_error_is_followed_by_what_ends_the_audio(
    text: str, voice: SynthesizeVoice | None, code: str
) -> None:
    """The text-to-speech of Home Assistant does not read errors: it would wait."""
    async with talking(speaking(tts_max_text_length=100)) as client:
        await client.say(Synthesize(text, voice))
        events = [e for e in await client.until("audio-stop") if "audio-" not in e.type]
        assert [event.data["code"] for event in events] == [code]
        await client.say(*streamed(text, voice=voice))
        events = await client.until("synthesize-stopped")
        assert [e.data["code"] for e in events if e.type == "error"] == [code]
        assert events[-2].type == "audio-stop"
        # The connection is as good as before.
        await client.say(Synthesize("Hello."))
        assert kinds(await client.until("audio-stop"))[0] == "audio-start"


async def test_a_failure_in_the_middle_ends_the_audio() -> None:
    async with talking(speaking(tts=BrittleTts())) as client:
        await client.say(*streamed(TEXT))
        events = await spoken(client, "synthesize-stopped")
        assert outline(events) == [
            *("audio-start", "audio-chunk", "error"),
            *("audio-stop", "synthesize-stopped"),
        ]


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("synthesize", {}),
        ("synthesize", {"text": 5}),
        ("synthesize", {"text": "Hello.", "voice": "joe"}),
        ("synthesize", {"text": "Hello.", "text_format": "pdf"}),
        ("synthesize-start", {"voice": {"name": 5}}),
        ("synthesize-chunk", {"text": None}),
    ],
)
async def test_it_says_what_is_wrong_with_an_event(
    kind: str, data: dict[str, Any]
) -> None:
    async with talking(speaking()) as client:
        await client.send(kind, data)
        (error,) = await client.rest()
        assert error.data["code"] == "bad_value"


async def test_a_text_that_ends_too_early_is_no_error_of_the_connection() -> None:
    async with talking(speaking()) as client:
        await client.say(SynthesizeStop(), SynthesizeChunk("lost"))
        await client.say(SynthesizeStart(), SynthesizeChunk("Hello."))
        await client.say(*streamed("A new one."))
        first = await client.until("synthesize-stopped")
        second = await client.until("synthesize-stopped")
        assert kinds(first)[0] == kinds(second)[0] == "audio-start"


async def test_a_client_that_leaves_stops_the_work() -> None:
    services = speaking(tts=FakeTts(seconds=0.02))
    async with serving(services) as server:
        async with Talk(server.port) as client:
            await client.say(Synthesize(f"{TEXT} " * 50))
            await client.until("audio-chunk")
        await until(lambda: not services.sessions.counts())
    (record,) = services.history.records
    assert record.status == "cancelled"
    assert len(services.tts.said) < 50


async def test_its_speech_goes_to_the_history() -> None:
    services = speaking()
    async with talking(services) as client:
        await client.say(*streamed("Hello ", "there."))
        await client.until("synthesize-stopped")
    (record,) = services.history.records
    assert (record.text_in, record.text_out) == ("Hello there.", "Hello there.")
    assert (record.client, record.principal) == ("127.0.0.1", "anonymous")
    assert (record.status, record.model) == ("ok", "")


async def test_speech_and_listening_share_a_connection() -> None:
    services = speaking()
    async with talking(services) as client:
        await client.say(Synthesize("Hello."))
        await client.listen_to(language="en")
        await client.stop()
        events = await asyncio.wait_for(client.until("transcript-stop"), 5)
        assert kinds(events)[0] == "audio-start"
        assert kinds(events)[-2:] == ["transcript", "transcript-stop"]
