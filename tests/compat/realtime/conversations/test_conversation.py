"""A conversation over `/v1/realtime`: the order of its events, turns and interruptions."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from common.errors import EngineFailed
from common.workers import Priority, Urgency
from stt_app.core.engine import Transcript, TranscriptionRequest
from tests.chat.services import ANSWER, Talk
from tests.compat.realtime.conversations.talking import (
    DONE,
    QUICK,
    audio_of,
    kinds,
    one,
    samples_of,
    talking,
    typed,
)
from tests.fake_services import fake_services
from tests.fakes import FakeLlm, FakeStt, FakeTts
from tests.stt.sounds import LoudnessVad

HEARD = "conversation.item.input_audio_transcription.completed"
TURNS: dict[str, Any] = {"audio": {"input": {"turn_detection": QUICK}}}
LONG = ["This is the first sentence of a long reply. ", "And this is the second."]
TURN = [
    "input_audio_buffer.speech_started",
    "input_audio_buffer.speech_stopped",
    "input_audio_buffer.committed",
    "conversation.item.added",
    "conversation.item.done",
    "conversation.item.input_audio_transcription.delta",
    "conversation.item.input_audio_transcription.completed",
]


async def test_a_turn_and_its_response_are_sent_in_order(talk: Talk) -> None:
    async with talking(talk(), **TURNS) as client:
        await client.say(1.0, -1.5)
        events = await client.until(DONE)
    names = kinds(events)
    assert names[:7] == TURN
    spoken = ["response.output_audio_transcript.delta", "response.output_audio.delta"]
    assert [name for name in names[7:] if name not in spoken] == [
        "response.created",
        "response.output_item.added",
        "conversation.item.added",
        "response.content_part.added",
        "response.output_audio.done",
        "response.output_audio_transcript.done",
        "response.content_part.done",
        "response.output_item.done",
        "conversation.item.done",
        DONE,
    ]
    user, assistant = typed(events, "conversation.item.added")
    assert user["previous_item_id"] is None
    assert assistant["previous_item_id"] == user["item"]["id"]
    transcripts = typed(events, spoken[0])
    assert "".join(each["delta"] for each in transcripts) == ANSWER
    response = events[-1]["response"]
    assert response["status"] == "completed"
    (item,) = response["output"]
    assert item["content"] == [{"type": "output_audio", "transcript": ANSWER}]
    assert item["id"] == assistant["item"]["id"]


async def test_its_audio_has_24_khz_and_comes_faster_than_it_plays(talk: Talk) -> None:
    services = talk(llm=FakeLlm([" ".join(LONG)]))
    async with talking(services) as client:
        await client.write("Hello.")
        began = time.monotonic()
        events = await client.ask()
        took = time.monotonic() - began
    seconds = len(samples_of(events)) / 24_000
    expected = len(" ".join(LONG)) * FakeTts.SECONDS_PER_CHARACTER
    assert seconds == pytest.approx(expected, rel=0.2)
    assert took < seconds


@pytest.mark.parametrize("kind", ["audio/pcmu", "audio/pcma"])
async def test_telephone_audio_works_in_both_directions(talk: Talk, kind: str) -> None:
    audio = {
        "input": {"format": {"type": kind}, "turn_detection": QUICK},
        "output": {"format": {"type": kind}},
    }
    services = talk()
    loud, quiet = (b"\x10" * 20 + b"\x90" * 20) * 200, b"\xff" * 12_000
    if kind == "audio/pcma":
        loud, quiet = (b"\x20" * 20 + b"\xa0" * 20) * 200, b"\xd5" * 12_000
    async with talking(services, audio=audio) as client:
        await client.append(loud)
        await client.append(quiet)
        events = await client.until(DONE)
    heard = one(events, "conversation.item.input_audio_transcription.completed")
    assert heard["transcript"] == "what time is it"
    seconds = len(audio_of(events)) / 8_000
    expected = len(ANSWER) * FakeTts.SECONDS_PER_CHARACTER
    assert seconds == pytest.approx(expected, abs=0.5)


async def test_the_user_interrupts_and_the_client_says_what_was_heard(
    talk: Talk,
) -> None:
    services = talk(["tell me all", "stop that now", "go on"], FakeLlm(LONG))
    async with talking(services, **TURNS) as client:
        await client.say(1.0, -1.0)
        events = await client.until(DONE)
        item = events[-1]["response"]["output"][0]["id"]
        await asyncio.sleep(0.8)
        await client.say(1.0, -1.0)
        await client.until("input_audio_buffer.speech_started")
        await client.send(
            "conversation.item.truncate",
            item_id=item,
            content_index=0,
            audio_end_ms=600,
        )
        cut = (await client.until("conversation.item.truncated"))[-1]
        await client.send("conversation.item.retrieve", item_id=item)
        kept = (await client.until("conversation.item.retrieved"))[-1]["item"]
    assert (cut["item_id"], cut["audio_end_ms"]) == (item, 600)
    (content,) = kept["content"]
    assert content["type"] == "output_audio"
    assert content["transcript"]
    assert LONG[0].startswith(content["transcript"])
    assert len(content["transcript"]) < len(LONG[0])


async def test_a_response_that_is_interrupted_is_cancelled(talk: Talk) -> None:
    # The second sentence comes so late that the response is not over before.
    slow = FakeLlm([LONG[0], LONG[1], " And a third one."], seconds=1.5)
    services = talk(["tell me all", "stop that now"], slow)
    async with talking(services, **TURNS) as client:
        await client.say(1.0, -1.0)
        begun = await client.until("response.output_audio.delta")
        await client.say(1.0, -1.0)
        events = await client.until(DONE)
    done = events[-1]["response"]
    assert done["id"] == one(begun, "response.created")["response"]["id"]
    assert done["status"] == "cancelled"
    assert done["status_details"]["reason"] == "turn_detected"
    assert done["output"][0]["status"] == "incomplete"
    names = kinds(events)
    assert names.index("response.output_audio.done") < names.index(DONE)


async def test_a_turn_without_create_response_is_not_answered(talk: Talk) -> None:
    turns = {**QUICK, "create_response": False}
    services = talk()
    async with talking(services, audio={"input": {"turn_detection": turns}}) as client:
        await client.say(1.0, -1.0)
        await client.until("conversation.item.input_audio_transcription.completed")
        await asyncio.sleep(0.2)
        assert services.llm.asked == []
        events = await client.ask()
    assert kinds(events)[0] == "response.created"
    assert services.llm.asked[-1][-1].content == "what time is it"


async def test_speech_does_not_interrupt_with_interrupt_response_off(
    talk: Talk,
) -> None:
    turns = {**QUICK, "interrupt_response": False, "create_response": False}
    # The later sentences take so long that the speech falls into the response.
    reply = [*LONG, " And a third one."]
    services = talk(["stop that now"], FakeLlm(reply, seconds=1.0))
    audio = {"input": {"turn_detection": turns}}
    async with talking(services, audio=audio) as client:
        await client.write("Hello.")
        await client.send("response.create")
        await client.until("response.output_audio.delta")
        await client.say(1.0, -1.0)
        events: list[dict[str, Any]] = []
        while not {HEARD, DONE} <= set(kinds(events)):
            events.append(await client.next())
    assert one(events, HEARD)["transcript"] == "stop that now"
    done = one(events, DONE)["response"]
    assert done["status"] == "completed"
    assert done["output"][0]["content"][0]["transcript"] == "".join(reply)


async def test_a_client_commits_and_asks_at_once(talk: Talk) -> None:
    services = talk(["yes"])
    async with talking(services, audio={"input": {"turn_detection": None}}) as client:
        await client.say(1.0)
        await client.commit()
        events = await client.ask()
    assert not typed(events, "input_audio_buffer.speech_started")
    assert kinds(events)[:4] == [
        "input_audio_buffer.committed",
        "conversation.item.added",
        "conversation.item.done",
        "conversation.item.input_audio_transcription.delta",
    ]
    assert services.llm.asked[-1][-1].content == "yes"


async def test_what_a_client_commits_is_a_turn_even_during_a_response(
    talk: Talk,
) -> None:
    services = talk(["yes"], FakeLlm(LONG))
    async with talking(services, audio={"input": {"turn_detection": None}}) as client:
        await client.write("Hello.")
        await client.ask()
        await client.say(0.6)
        await client.commit()
        events = await client.until(
            "conversation.item.input_audio_transcription.completed"
        )
    assert events[-1]["transcript"] == "yes"


async def test_a_commit_of_silence_is_an_empty_item(talk: Talk) -> None:
    async with talking(talk(), audio={"input": {"turn_detection": None}}) as client:
        await client.commit()
        assert (await client.error())["code"] == "input_audio_buffer_commit_empty"
        await client.append(bytes(2))
        await client.commit()
        assert (await client.error())["code"] == "input_audio_buffer_commit_empty"
        await client.say(-1)
        await client.commit()
        events = await client.until(
            "conversation.item.input_audio_transcription.completed"
        )
    assert kinds(events)[0] == "input_audio_buffer.committed"
    assert events[-1]["transcript"] == ""


async def test_cleared_audio_is_no_turn(talk: Talk) -> None:
    services = talk(["kept"])
    async with talking(services, audio={"input": {"turn_detection": None}}) as client:
        await client.say(1.0)
        await client.send("input_audio_buffer.clear")
        await client.until("input_audio_buffer.cleared")
        await client.commit()
        assert (await client.error())["code"] == "input_audio_buffer_commit_empty"
        await client.say(1.0)
        await client.commit()
        events = await client.until(
            "conversation.item.input_audio_transcription.completed"
        )
    assert events[-1]["transcript"] == "kept"


class OnlyInterim(FakeStt):
    """Fails at every final."""

    async def transcribe(
        self, request: TranscriptionRequest, urgency: Urgency
    ) -> Transcript:
        if urgency.priority is Priority.FINAL:
            raise EngineFailed("it broke")
        return await super().transcribe(request, urgency)


async def test_a_failure_withdraws_the_captions() -> None:
    stt = OnlyInterim(["one two", *["one two three"] * 100])
    services = fake_services(
        stt=stt,
        vad=LoudnessVad(),
        partial_first_seconds=0.3,
        partial_interval_seconds=0.1,
        speculative_pause_seconds=0,
    )
    async with talking(services, **TURNS) as client:
        while len(stt.heard) < 2:
            await client.say(0.3)
            await asyncio.sleep(0.05)
        delta = (
            await client.until("conversation.item.input_audio_transcription.delta")
        )[-1]
        await client.say(-1)
        events = await client.until(
            "conversation.item.input_audio_transcription.failed"
        )
    assert delta["delta"] == "one two"
    assert events[-1]["item_id"] == delta["item_id"]
    assert events[-1]["error"]["code"] == "engine_failed"
    assert not typed(events, "conversation.item.added")


async def test_without_transcription_no_transcripts_are_sent(talk: Talk) -> None:
    audio = {"input": {"transcription": None, "turn_detection": QUICK}}
    async with talking(talk(), audio=audio) as client:
        await client.say(1.0, -1.0)
        events = await client.until(DONE)
    assert not [each for each in events if "input_audio_transcription" in each["type"]]


async def test_the_end_of_the_session_is_announced(talk: Talk) -> None:
    services = talk(realtime_session_seconds=0.6)
    async with talking(services) as client:
        (warning, *_, error), code = await client.until_closed()
    assert warning["type"] == "session.updated"
    assert warning["session"]["expires_at"] <= time.time() + 2
    assert (error["error"]["code"], code) == ("session_expired", 4440)
