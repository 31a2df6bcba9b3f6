"""`WS /v1/listen`: results, finalizing, speech events, and the end."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Any

import pytest

from common.errors import EngineFailed
from gateway_app.history.records import TranscriptRecord
from tests.compat.deepgram.sockets import LINEAR, Client, connected, hearing
from tests.fake_services import NO_INTERIM
from tests.stt.sounds import pcm

PATH = f"/v1/listen?{LINEAR}&model=nova-3"


def said(message: dict[str, Any]) -> str:
    text: str = message["channel"]["alternatives"][0]["transcript"]
    return text


async def results(client: Client) -> list[dict[str, Any]]:
    """The results until the server closes."""
    messages, code = await client.until_closed()
    assert code == 1000
    return [each for each in messages if each["type"] == "Results"]


async def test_a_final_result_has_words_with_times_and_confidences() -> None:
    services = hearing(["Hello, Mr Dashwood!"])
    async with connected(services, PATH) as client:
        await client.say(-1, 1.2, -1)
        final = await client.next_of("Results")
    assert (final["is_final"], final["speech_final"]) == (True, True)
    assert (final["from_finalize"], final["channel_index"]) == (False, [0, 1])
    assert final["start"] == pytest.approx(0.7, abs=0.1)
    assert final["duration"] == pytest.approx(1.8, abs=0.1)
    (alternative,) = final["channel"]["alternatives"]
    assert alternative["transcript"] == "Hello, Mr Dashwood!"
    assert alternative["confidence"] == 0.9
    words = alternative["words"]
    assert [each["word"] for each in words] == ["hello", "mr", "dashwood"]
    assert [each["punctuated_word"] for each in words] == ["Hello,", "Mr", "Dashwood!"]
    assert [each["confidence"] for each in words] == [0.9] * 3
    assert words[0]["start"] == pytest.approx(final["start"], abs=0.01)
    assert words[2]["end"] == pytest.approx(final["start"] + final["duration"], abs=0.1)
    model = final["metadata"]["model_info"]
    assert (model["name"], model["arch"]) == ("fake-whisper", "whisper")


async def test_closing_the_stream_sends_the_rest_and_the_metadata() -> None:
    audio = pcm(1, -1, 1)
    async with connected(hearing(["one", "two"]), PATH) as client:
        await client.send_audio(audio)
        await client.tell("CloseStream")
        messages, code = await client.until_closed()
    assert code == 1000
    kinds = [each["type"] for each in messages]
    assert kinds == ["Results", "Results", "Metadata"]
    assert [said(each) for each in messages[:2]] == ["one", "two"]
    metadata = messages[-1]
    assert metadata["sha256"] == hashlib.sha256(audio).hexdigest()
    assert (metadata["duration"], metadata["channels"]) == (3.0, 1)
    assert metadata["request_id"] == messages[0]["metadata"]["request_id"]
    assert list(metadata["model_info"]) == metadata["models"]
    assert metadata["models"] == [messages[0]["metadata"]["model_uuid"]]


async def test_an_empty_binary_message_closes_the_stream() -> None:
    async with connected(hearing(["all of it"]), PATH) as client:
        await client.say(1)
        await client.send_empty("bytes")
        assert [said(each) for each in await results(client)] == ["all of it"]


async def test_finalize_returns_the_text_so_far_and_the_stream_goes_on() -> None:
    async with connected(hearing(["half", "the rest"]), PATH) as client:
        await client.say(1)
        await client.tell("Finalize")
        first = await client.next_of("Results")
        assert (said(first), first["from_finalize"], first["is_final"]) == (
            *("half", True),
            True,
        )
        await client.say(1)
        await client.tell("CloseStream")
        (rest,) = await results(client)
        assert (said(rest), rest["from_finalize"]) == ("the rest", False)


async def test_every_finalize_is_answered_also_in_silence() -> None:
    async with connected(hearing(["one"]), PATH) as client:
        for _ in range(2):
            await client.tell("Finalize")
            empty = await client.next_of("Results")
            assert (said(empty), empty["from_finalize"]) == ("", True)
        await client.say(1, -1)
        assert said(await client.next_of("Results")) == "one"
        await client.tell("Finalize", channel=0)
        assert (await client.next_of("Results"))["from_finalize"]


async def test_interim_results_come_before_the_final_one() -> None:
    services = hearing(["and so my", "and so my fellow", "And so, my fellow."])
    async with connected(services, f"{PATH}&interim_results=true") as client:
        await client.say(1)
        interim = await client.next_of("Results")
        assert (interim["is_final"], interim["speech_final"]) == (False, False)
        assert said(interim) == "and so my"
        (alternative,) = interim["channel"]["alternatives"]
        assert (alternative["words"], alternative["confidence"]) == ([], 0.9)
        assert interim["duration"] > 0.3
        await client.tell("CloseStream")
        assert (await results(client))[-1]["is_final"]


async def test_without_interim_results_there_are_none() -> None:
    async with connected(hearing(), PATH) as client:
        await client.say(3)
        await client.tell("CloseStream")
        assert [each["is_final"] for each in await results(client)] == [True]


async def test_speech_events_tell_where_speech_starts() -> None:
    async with connected(hearing(), f"{PATH}&vad_events=true") as client:
        await client.say(-1, 1, -1)
        started = await client.next()
        assert started["type"] == "SpeechStarted"
        assert started["timestamp"] == pytest.approx(1.0, abs=0.1)
        assert (await client.next())["type"] == "Results"


async def test_utterance_end_follows_the_last_word_after_the_pause() -> None:
    query = "&interim_results=true&utterance_end_ms=1000"
    services = hearing(["one two"] * 9, **NO_INTERIM)
    async with connected(services, PATH + query) as client:
        await client.say(1, -0.9)
        final = await client.next_of("Results")
        last_word = final["channel"]["alternatives"][0]["words"][-1]
        await client.say(-1)
        ended = await client.next()
        assert ended["type"] == "UtteranceEnd"
        assert ended["last_word_end"] == pytest.approx(last_word["end"], abs=0.01)
        await client.say(-5)
        await client.tell("CloseStream")
        messages, _ = await client.until_closed()
        assert [each["type"] for each in messages] == ["Metadata"]


async def test_speech_in_the_pause_takes_the_utterance_end_back() -> None:
    query = "&interim_results=true&utterance_end_ms=1200"
    services = hearing(**NO_INTERIM)
    async with connected(services, PATH + query) as client:
        await client.say(1, -0.9)
        await client.next_of("Results")
        await client.say(2, -0.9)
        await client.next_of("Results")
        await client.tell("CloseStream")
        messages, _ = await client.until_closed()
    assert [each["type"] for each in messages] == ["Metadata"]


async def test_without_endpointing_no_result_ends_the_speech() -> None:
    async with connected(hearing(), f"{PATH}&endpointing=false") as client:
        await client.say(1, -1)
        final = await client.next_of("Results")
        assert (final["is_final"], final["speech_final"]) == (True, False)


@pytest.mark.parametrize(
    ("endpointing", "pause", "texts"),
    [
        ("500", 0.6, 2),
        ("1500", 0.6, 1),
        ("10", 0.2, 1),
        ("10", 0.4, 2),
        ("true", 0.8, 2),
    ],
)
async def test_endpointing_sets_the_pause_down_to_the_shortest_one(
    endpointing: str, pause: float, texts: int
) -> None:
    async with connected(hearing(), f"{PATH}&endpointing={endpointing}") as client:
        await client.say(1, -pause, 1)
        await client.tell("CloseStream")
        assert len(await results(client)) == texts


async def test_a_failure_is_an_error_and_the_stream_goes_on() -> None:
    services = hearing([EngineFailed("It broke."), "well"])
    async with connected(services, PATH) as client:
        await client.say(1, -1)
        error = await client.next()
        assert (error["type"], error["variant"]) == ("Error", "EngineFailed")
        assert error["description"] == error["message"] == "It broke."
        await client.say(1, -1)
        assert said(await client.next_of("Results")) == "well"


async def test_it_is_in_the_history_and_counts_as_a_session() -> None:
    services = hearing(["hello", "world"])
    async with connected(services, PATH) as client:
        await client.say(1, -1, 1)
        final = await client.next_of("Results")
        assert services.sessions.count("stt") == 1
        await client.tell("CloseStream")
        await client.until_closed()
    first, second = services.history.records
    assert isinstance(first, TranscriptRecord)
    assert (first.text, second.text) == ("hello", "world")
    assert first.session_id == final["metadata"]["request_id"]
    assert services.sessions.count("stt") == 0


async def test_keep_alive_is_not_answered() -> None:
    async with connected(hearing(), PATH) as client:
        await client.tell("KeepAlive")
        await client.tell("CloseStream")
        messages, _ = await client.until_closed()
        assert [each["type"] for each in messages] == ["Metadata"]


async def test_configure_replaces_the_key_terms() -> None:
    services = hearing()
    async with connected(services, f"{PATH}&keyterm=Marlow") as client:
        await client.say(1, -1)
        await client.next_of("Results")
        await client.tell("Configure", keyterms=["Dashwood", "Gregson"], features=None)
        assert (await client.next())["keyterms"] == ["Dashwood", "Gregson"]
        await client.say(1, -1)
        await client.next_of("Results")
        await client.tell("Configure", keyterms=["x" * 801])
        failure = await client.next()
        assert failure["type"] == "ConfigureFailure"
        assert failure["code"] == "CONFIGURE_KEYTERM_LIMIT_EXCEEDED"
        await client.tell("Configure", keyterms=[])
        await client.next_of("ConfigureSuccess")
        await client.say(1, -1)
        await client.next_of("Results")
    heard = [each.hotwords for each in services.stt.heard]
    assert heard == ["Marlow", "Dashwood, Gregson", ""]


async def test_the_server_drains_with_the_results_it_owes() -> None:
    services = hearing(["last words"])
    async with connected(services, f"{PATH}&vad_events=true") as client:
        await client.say(1)
        await client.next_of("SpeechStarted")
        draining = asyncio.create_task(services.sessions.drain(5))
        messages, code = await client.until_closed()
    await draining
    assert code == 4512
    assert [each["type"] for each in messages] == ["Results", "Metadata", "Error"]
    assert messages[-1]["variant"] == "Restarting"
