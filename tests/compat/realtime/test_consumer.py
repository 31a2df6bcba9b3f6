"""`/v1/realtime` through the real application, with an engine that has no model."""

from __future__ import annotations

import asyncio
import time

import pytest

from common.errors import EngineFailed
from gateway_app.history.records import TranscriptRecord
from tests.compat.realtime.conftest import Listening
from tests.compat.realtime.sockets import (
    NO_TURNS,
    connected,
    of,
    opened,
    told,
    transcripts,
)
from tests.stt.sounds import pcm

ADDRESSES = [
    "?intent=transcription",
    "?intent=transcription&model=whisper-1",
    "?intent=transcription&model=no-such-model",
    "?intent=transcription&model=gpt-realtime",
    "?model=gpt-4o-transcribe&intent=",
    "?model=fake-whisper&other=1",
    "?model=%ff%fe&intent=transcription",
    "",
]


@pytest.mark.parametrize("query", ADDRESSES)
async def test_these_addresses_open_a_session_that_transcribes(
    listening: Listening, query: str
) -> None:
    async with opened(listening(["hello"]), query) as client:
        created = await client.next()
        assert created["type"] == "session.created"
        session = created["session"]
        assert session["type"] == "transcription"
        assert session["object"] == "realtime.transcription_session"
        assert session["id"].startswith("sess_")
        assert session["expires_at"] == pytest.approx(time.time() + 3_600, abs=60)
        updated = await client.update(
            audio={"input": {"transcription": {"language": "en"}}}
        )
        assert updated["id"] == session["id"]
        await client.say(1, -1)
        assert transcripts(await client.completed()) == ["hello"]


@pytest.mark.parametrize(
    ("query", "model"),
    [
        ("?model=gpt-4o-transcribe", "gpt-4o-transcribe"),
        ("?intent=transcription&model=gpt-realtime", "fake-whisper"),
        ("", "fake-whisper"),
    ],
)
async def test_the_address_names_the_transcription_model(
    listening: Listening, query: str, model: str
) -> None:
    async with opened(listening(), query) as client:
        session = (await client.next())["session"]
        assert session["audio"]["input"]["transcription"]["model"] == model


async def test_a_turn_is_told_from_start_to_transcript(listening: Listening) -> None:
    async with connected(listening(["hello"])) as client:
        await client.say(-0.5, 1, -1)
        events = await client.completed()
    assert [each["type"] for each in events] == [
        "input_audio_buffer.speech_started",
        "input_audio_buffer.speech_stopped",
        "input_audio_buffer.committed",
        "conversation.item.added",
        "conversation.item.done",
        "conversation.item.input_audio_transcription.delta",
        "conversation.item.input_audio_transcription.completed",
    ]
    started, stopped = events[:2]
    assert started["audio_start_ms"] == pytest.approx(200, abs=40)
    assert stopped["audio_end_ms"] == pytest.approx(1_800, abs=70)
    assert events[-1]["usage"]["seconds"] == pytest.approx(1.6, abs=0.1)


async def test_interim_results_are_deltas(listening: Listening) -> None:
    script = ["one two", "one two three", *["one two three four"] * 100]
    services = listening(
        script, partial_first_seconds=0.35, partial_interval_seconds=0.1
    )
    async with connected(services) as client:
        while len(services.stt.heard) < 2:
            await client.say(0.2)
            await asyncio.sleep(0.05)
        (*before, delta) = await client.until(
            "conversation.item.input_audio_transcription.delta"
        )
        assert [each["type"] for each in before] == [
            "input_audio_buffer.speech_started"
        ]
        assert delta["delta"] == "one"
        await client.say(-1)
        events = [*before, delta, *await client.completed()]
    (completed,) = of(events, ".completed")
    assert told(events, completed["item_id"]).startswith("one two")


SQUARE_WAVES = {
    "audio/pcm": pcm(1, rate_hz=24_000),
    "audio/pcmu": (b"\x10" * 20 + b"\x90" * 20) * 200,
    "audio/pcma": (b"\x20" * 20 + b"\xa0" * 20) * 200,
}


@pytest.mark.parametrize(("kind", "audio"), SQUARE_WAVES.items(), ids=SQUARE_WAVES)
async def test_it_takes_each_format(
    listening: Listening, kind: str, audio: bytes
) -> None:
    services = listening(["heard"])
    given = {"format": {"type": kind}, "turn_detection": None}
    async with connected(services, audio={"input": given}) as client:
        await client.append(audio)
        await client.commit()
        (completed,) = of(await client.completed(), ".completed")
    assert completed["transcript"] == "heard"
    assert completed["usage"]["seconds"] == 1.0
    assert services.stt.heard[-1].seconds == pytest.approx(1, abs=0.1)


async def test_a_format_other_than_24_khz_needs_no_strict_client(
    listening: Listening,
) -> None:
    services = listening(["heard"])
    async with opened(services) as client:
        await client.next()
        given = {"type": "audio/pcm", "rate": 16_000}
        audio = {"input": {"format": given, "turn_detection": None}}
        await client.send("session.update", session={"audio": audio})
        updated = await client.socket.receive_json_from()
        assert updated["session"]["audio"]["input"]["format"] == given
        await client.append(pcm(1))
        await client.commit()
        await client.completed()
    assert services.stt.heard[-1].seconds == pytest.approx(1, abs=0.1)


async def test_the_configuration_reaches_the_engine(listening: Listening) -> None:
    services = listening()
    transcription = {
        "model": "fake-whisper",
        "language": "de-AT",
        "prompt": "Boats.",
        "keywords": ["Dashwood", "Gregson"],
    }
    include = ["item.input_audio_transcription.logprobs"]
    async with connected(
        services, audio={"input": {"transcription": transcription}}, include=include
    ) as client:
        await client.say(1, -1)
        (completed,) = of(await client.completed(), ".completed")
    heard = services.stt.heard[-1]
    assert (heard.model, heard.language) == ("fake-whisper", "de")
    assert (heard.prompt, heard.hotwords) == ("Boats.", "Dashwood, Gregson")
    assert completed["languages"] == [{"code": "de"}]
    assert [each["token"] for each in completed["logprobs"]] == ["fake"]


async def test_turn_detection_takes_the_clients_numbers(listening: Listening) -> None:
    services = listening()
    turns = {"type": "server_vad", "silence_duration_ms": 200, "prefix_padding_ms": 600}
    async with connected(
        services, audio={"input": {"turn_detection": turns}}
    ) as client:
        await client.say(-1, 0.5, -0.3)
        (started, *_) = await client.completed()
    assert started["audio_start_ms"] == pytest.approx(400, abs=40)


async def test_a_client_that_commits_gets_one_transcript_for_each_commit(
    listening: Listening,
) -> None:
    services = listening(["one", "two", "three", "four"])
    async with connected(services, **NO_TURNS) as client:
        await client.say(-1, 0.5, -3, 0.5, -3, 0.15)
        await client.commit()
        first = await client.completed()
        await client.say(0.5)
        await client.commit()
        second = await client.completed()
    assert transcripts(first) == ["one two three"]
    assert transcripts(second) == ["four"]
    assert of(first, "speech_started") == of(first, "speech_stopped") == []
    (completed,) = of(first, ".completed")
    assert completed["usage"]["seconds"] == pytest.approx(8.15, abs=0.01)
    assert told(first, completed["item_id"]) == "one two three"
    assert of(second, "committed")[0]["previous_item_id"] == completed["item_id"]


async def test_a_long_commit_is_one_transcript(listening: Listening) -> None:
    services = listening([str(number) for number in range(10)], max_utterance_seconds=5)
    async with connected(services, **NO_TURNS) as client:
        await client.append(pcm(12, rate_hz=24_000))
        await client.commit()
        events = await client.completed()
    assert transcripts(events) == ["0 1 2"]
    heard = sum(each.seconds for each in services.stt.heard)
    assert heard == pytest.approx(12, abs=0.1)


async def test_audio_is_committed_when_the_server_takes_the_turns_over(
    listening: Listening,
) -> None:
    services = listening(["one", "two"])
    async with connected(services, **NO_TURNS) as client:
        await client.say(0.5)
        turns = {"audio": {"input": {"turn_detection": {"type": "server_vad"}}}}
        await client.send("session.update", session=turns)
        *committed, _ = await client.until("session.updated")
        await client.say(-0.2, 0.5, -1)
        events = [*committed, *await client.completed(2)]
    assert transcripts(events) == ["one", "two"]
    assert len(of(events, "speech_started")) == 1


async def test_a_turn_goes_on_when_the_client_takes_the_turns_over(
    listening: Listening,
) -> None:
    services = listening(["one"])
    async with connected(services) as client:
        await client.say(0.5)
        await client.send("session.update", session=NO_TURNS)
        started, _ = await client.until("session.updated")
        await client.say(0.5, -1)
        await client.commit()
        (completed,) = of(await client.completed(), ".completed")
    assert completed["item_id"] == started["item_id"]
    assert completed["transcript"] == "one"


async def test_commits_are_answered_before_their_transcripts(
    listening: Listening,
) -> None:
    services = listening(["one", "two"], seconds=0.1)
    async with connected(services, **NO_TURNS) as client:
        for _ in range(2):
            await client.say(0.5)
            await client.commit()
        events = await client.completed(2)
    names = [each["type"].rpartition(".")[2] for each in events]
    assert names.index("completed") > 5
    assert transcripts(events) == ["one", "two"]


async def test_a_commit_without_audio_is_an_error(listening: Listening) -> None:
    async with connected(listening(["still here"]), **NO_TURNS) as client:
        await client.send("input_audio_buffer.commit", event_id="mine")
        error = await client.error()
        assert error["code"] == "input_audio_buffer_commit_empty"
        assert (error["type"], error["event_id"]) == ("invalid_request_error", "mine")
        await client.say(0.5)
        await client.commit()
        assert transcripts(await client.completed()) == ["still here"]
        await client.commit()
        assert (await client.error())["code"] == "input_audio_buffer_commit_empty"


async def test_a_commit_of_less_than_a_tenth_of_a_second_is_an_error(
    listening: Listening,
) -> None:
    async with connected(listening(), **NO_TURNS) as client:
        await client.append(pcm(-0.06, rate_hz=24_000))
        await client.commit()
        error = await client.error()
        assert error["code"] == "input_audio_buffer_commit_empty"
        assert "60 ms" in error["message"]
        # The audio is kept for the next commit.
        for _ in range(4):
            await client.append(pcm(-0.01, rate_hz=24_000))
        await client.commit()
        (completed,) = of(await client.completed(), ".completed")
    assert completed["usage"]["seconds"] == pytest.approx(0.1)


async def test_clear_drops_the_audio(listening: Listening) -> None:
    services = listening(["after"])
    async with connected(services, **NO_TURNS) as client:
        await client.say(1)
        await client.send("input_audio_buffer.clear")
        assert (await client.next())["type"] == "input_audio_buffer.cleared"
        await client.commit()
        assert (await client.error())["code"] == "input_audio_buffer_commit_empty"
        await client.say(0.5)
        await client.commit()
        assert transcripts(await client.completed()) == ["after"]
    (heard,) = services.stt.heard
    assert heard.seconds == pytest.approx(0.5, abs=0.05)


async def test_audio_may_come_in_pieces_of_any_size(listening: Listening) -> None:
    services = listening()
    audio = pcm(0.05, rate_hz=24_000)
    async with connected(services, **NO_TURNS) as client:
        await client.append(b"")
        for start in range(0, len(audio), 7):
            await client.append(audio[start : start + 7])
        await client.append(pcm(15, rate_hz=24_000))
        await client.commit()
        await client.completed()
    heard = sum(each.seconds for each in services.stt.heard)
    assert heard == pytest.approx(15.05, abs=0.1)


async def test_an_utterance_that_fails_is_told_and_the_session_goes_on(
    listening: Listening,
) -> None:
    services = listening([EngineFailed("It broke."), "fine"])
    async with connected(services) as client:
        await client.say(1, -1, 1, -1)
        events = await client.completed()
    (failed,) = of(events, ".failed")
    assert failed["error"]["message"] == "It broke."
    assert transcripts(events) == ["fine"]


async def test_a_bug_in_the_engine_is_a_server_error(listening: Listening) -> None:
    async with connected(listening([ZeroDivisionError("bug")])) as client:
        await client.say(1, -1)
        (*_, error), code = await client.until_closed()
    assert (error["error"]["type"], code) == ("server_error", 4500)
    assert "bug" not in error["error"]["message"]


async def test_transcripts_go_to_the_history(listening: Listening) -> None:
    services = listening(["hello", "last words"], seconds=0.02)
    async with connected(services) as client:
        assert services.sessions.count("realtime") == 1
        await client.say(1, -1)
        await client.completed()
        await client.say(1)
    first, last = services.history.records
    assert isinstance(first, TranscriptRecord)
    assert (first.text, last.text) == ("hello", "last words")
    assert first.session_id == last.session_id
    assert services.sessions.count("realtime") == 0


@pytest.mark.parametrize("session", [{}, NO_TURNS], ids=["turns", "commits"])
async def test_a_restart_sends_the_last_words_and_then_closes(
    listening: Listening, session
) -> None:
    services = listening(["half a sen"], seconds=0.05)
    async with connected(services, **session) as client:
        await client.say(1)
        await client.send("session.update", session={})
        await client.until("session.updated")
        draining = asyncio.create_task(services.sessions.drain(5))
        events, code = await client.until_closed()
        await client.socket.disconnect()
        assert await draining
    assert transcripts(events) == ["half a sen"]
    assert code == 4512
    assert of(events, "error") == [], "after an error LiveKit does not reconnect"
