"""`/ws/voice` in the real application, on fakes."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from common.errors import LlmUnavailable
from llm.engine import ToolCall
from tests.chat.services import ANSWER as SAYS, Talk, talk_services
from tests.chat.sockets import VoiceClient, kinds, of, talking
from tests.fakes import FakeLlm, FakeTts, FakeTurns
from tests.waiting import until


@pytest.fixture
def talk() -> Talk:
    """Makes services whose speech to text follows a script."""
    return talk_services


async def question(client: VoiceClient) -> list[dict[str, Any]]:
    """Ask something; everything up to the first clause of the reply."""
    await client.say(1.0, -2.0)
    return await client.until("x.output.clause")


async def test_it_answers_a_question_aloud(talk: Talk) -> None:
    async with talking(talk()) as client:
        events = await question(client)
        events += await client.until("x.metrics")
    extras = ("x.turn.probability", "x.caption")
    names = [kind for kind in kinds(events) if kind not in extras]
    assert names[:8] == [
        "input_audio_buffer.speech_started",
        "input_audio_buffer.speech_stopped",
        "input_audio_buffer.committed",
        "conversation.item.added",
        "conversation.item.done",
        "conversation.item.input_audio_transcription.completed",
        "response.created",
        "response.output_item.added",
    ]
    assert names[-6:] == [
        "response.output_audio.done",
        "response.output_audio_transcript.done",
        "response.output_item.done",
        "conversation.item.done",
        "response.done",
        "x.metrics",
    ]
    (heard,) = of(events, "conversation.item.input_audio_transcription.completed")
    assert heard["transcript"] == "what time is it"
    (done,) = of(events, "response.done")
    assert done["response"]["status"] == "completed"
    deltas = of(events, "response.output_audio_transcript.delta")
    assert "".join(each["delta"] for each in deltas) == SAYS
    assert {"committed", "first_audio", "first_sent"} <= events[-1]["stages_ms"].keys()


async def test_its_audio_is_complete_and_carries_its_position(talk: Talk) -> None:
    services = talk()
    async with talking(services) as client:
        await question(client)
        await client.until("x.metrics")
    samples, rate = 0, FakeTts.RATE_HZ
    for _clause, number, start_ms, audio in client.audio:
        assert number == 1
        assert abs(start_ms - samples / rate * 1000) <= 1
        samples += len(audio) // 2
    spoken = len(SAYS) * FakeTts.SECONDS_PER_CHARACTER
    assert samples / rate == pytest.approx(spoken, abs=0.5)


async def test_a_response_that_only_calls_a_function_says_nothing(talk: Talk) -> None:
    call = ToolCall("call_1", "weather", '{"city": "Paris"}')
    services = talk(llm=FakeLlm([call]))
    async with talking(services) as client:
        await client.say(1.0, -2.0)
        events = await client.until("response.done")
    names = kinds(events)
    assert names[names.index("response.created") :] == [
        "response.created",
        "response.output_item.added",
        "conversation.item.added",
        "response.function_call_arguments.delta",
        "response.function_call_arguments.done",
        "response.output_item.done",
        "conversation.item.done",
        "response.done",
    ]
    (done,) = of(events, "response.function_call_arguments.done")
    assert done["name"] == "weather"
    response = events[-1]["response"]
    assert response["status"] == "completed"
    assert [each["type"] for each in response["output"]] == ["function_call"]
    assert client.audio == []


async def test_it_prepares_the_reply_before_the_turn_has_ended(talk: Talk) -> None:
    services = talk()
    async with talking(services) as client:
        # Silence ends the turn after half a second, and the text is ready earlier.
        await client.say(1.0, -0.3)
        await until(lambda: len(services.llm.asked) == 1)
        assert services.history.records == []
        await client.say(-1.0)
        events = await client.until("response.done")
        assert len(services.llm.asked) == 1
    assert of(events, "response.created")


async def test_it_forgets_what_it_prepared_when_the_speaker_goes_on(talk: Talk) -> None:
    services = talk(["what time", "what time is it"])
    async with talking(services) as client:
        await client.say(1.0, -0.3)
        await until(lambda: len(services.llm.asked) == 1)
        await client.say(1.0, -2.0)
        events = await client.until("response.done")
        assert len(of(events, "response.created")) == 1
    asked = [messages[-1].content for messages in services.llm.asked]
    assert asked == ["what time", "what time is it"]
    spoken = [each for each in services.history.records if hasattr(each, "voice")]
    assert len(spoken) == 1


async def test_an_interruption_keeps_what_was_heard(talk: Talk) -> None:
    pieces = ["This is the first sentence of a long reply. ", "And this is the second."]
    services = talk(["tell me all", "stop that now", "go on"], FakeLlm(pieces))
    async with talking(services) as client:
        events = await question(client)
        response = of(events, "response.created")[0]["response"]["id"]
        await asyncio.sleep(0.3)
        await client.send("x.played", response_id=response, ms=700)
        await asyncio.sleep(0)
        await client.say(0.5, -2.0)
        events = await client.until("x.metrics")
        # They count from the question, although the interruption has ended since.
        stages = events[-1]["stages_ms"]
        assert 0 <= stages["committed"] <= stages["first_sent"]
        done = of(events, "response.done")[0]["response"]
        assert (done["status"], done["status_details"]["reason"]) == (
            "cancelled",
            "turn_detected",
        )
        assert of(events, "x.output.pause")
        heard = done["output"][0]["content"][0]["transcript"]
        assert pieces[0].startswith(heard)
        assert len(heard.split()) >= 2
        await client.until("response.done")
    told = [each.content for each in services.llm.asked[-1]]
    assert told[-3:] == ["tell me all", heard, "stop that now"]


async def test_a_backchannel_lets_the_reply_go_on(talk: Talk) -> None:
    reply = "A reply that is still heard when the other one says something, 3 s later."
    services = talk(["tell me all", "uh-huh"], FakeLlm([reply]))
    async with talking(services) as client:
        await question(client)
        await asyncio.sleep(0.2)
        await client.say(0.4, -1.0)
        events = await client.until("response.done")
        dropped = of(events, "x.turn.dropped") or of(
            await client.until("x.turn.dropped"), "x.turn.dropped"
        )
    assert dropped[0]["reason"] == "backchannel"
    assert of(events, "response.done")[0]["response"]["status"] == "completed"
    assert len(of(events, "x.output.resume")) == 1


async def test_it_answers_what_was_typed(talk: Talk) -> None:
    services = talk()
    async with talking(services) as client:
        content = [{"type": "input_text", "text": "What is the capital?"}]
        item = {"type": "message", "role": "user", "content": content}
        await client.send("conversation.item.create", item=item)
        await client.until("conversation.item.done")
        await client.send("response.create")
        await client.send("response.create")
        events = await client.until("response.done")
    (refused,) = of(events, "error")
    assert "active response" in refused["error"]["message"]
    assert of(events, "response.done")[0]["response"]["status"] == "completed"
    assert services.llm.asked[-1][-1].content == "What is the capital?"


async def test_a_cancelled_reply_stops_the_language_model(talk: Talk) -> None:
    llm = FakeLlm(["Word "] * 100, seconds=0.05)
    services = talk(llm=llm)
    async with talking(services) as client:
        await question(client)
        await client.send("response.cancel")
        events = await client.until("response.done")
        await until(lambda: llm.stopped == 1)
        assert of(events, "response.done")[0]["response"]["status"] == "cancelled"
        await client.send("response.cancel")
        assert (await client.until("error"))[-1]["error"]["code"] == "bad_request"


async def test_a_reply_that_is_removed_while_it_is_made_stays_removed(
    talk: Talk,
) -> None:
    services = talk(llm=FakeLlm(["One sentence. ", "Another one."], seconds=0.1))
    async with talking(services) as client:
        events = await question(client)
        item = of(events, "response.output_item.added")[0]["item"]["id"]
        await client.send("conversation.item.delete", item_id=item)
        await client.until("response.done")
        await client.send("conversation.item.retrieve", item_id=item)
        error = (await client.until("error"))[-1]["error"]
    assert (error["code"], error["param"]) == ("bad_value", "item_id")


async def test_it_sends_little_more_than_a_second_ahead_of_the_loudspeaker(
    talk: Talk,
) -> None:
    services = talk(llm=FakeLlm(["a reply with quite a lot of words in it to say"]))
    async with talking(services) as client:
        began = time.monotonic()
        await question(client)
        await asyncio.sleep(0.5)
        await client.send("input_audio_buffer.clear")
        await client.until("input_audio_buffer.cleared")
        sent = sum(len(audio) for *_, audio in client.audio) / 2 / FakeTts.RATE_HZ
        # At once it would be 2.4 s.
        assert sent - (time.monotonic() - began) < 1.3


async def test_it_reports_why_there_is_no_reply_and_goes_on(talk: Talk) -> None:
    failure = LlmUnavailable("The model is away.")
    async with talking(talk(llm=FakeLlm([failure]))) as client:
        await client.say(1.0, -2.0)
        events = await client.until("response.done")
        assert of(events, "error")[0]["error"]["code"] == "llm_unavailable"
        assert of(events, "response.done")[0]["response"]["status"] == "failed"
        assert (await client.update(instructions="Be brief."))["instructions"]


async def test_the_client_may_commit_and_ask(talk: Talk) -> None:
    async with talking(talk()) as client:
        shown = await client.update(audio={"input": {"turn_detection": None}})
        assert shown["audio"]["input"]["turn_detection"] is None
        await client.say(1.0, -3.0)
        await client.send("input_audio_buffer.commit")
        events = await client.until("response.done")
    assert of(events, "input_audio_buffer.committed")


async def test_it_shows_the_eagerness_in_effect_and_takes_it_back(talk: Talk) -> None:
    def chosen(session: dict[str, Any]) -> Any:
        return session["audio"]["input"]["turn_detection"]["eagerness"]

    async with talking(talk(["tea and"] * 3)) as client:
        assert chosen(client.created) == "auto"
        for eagerness, delay_ms in (("low", 6_400), ("high", 1_600), ("auto", 1_600)):
            turns = {"type": "semantic_vad", "eagerness": eagerness}
            shown = await client.update(audio={"input": {"turn_detection": turns}})
            assert chosen(shown) == eagerness
            await client.say(1.0, -0.3)
            delays = await client.until("x.turn.probability")
            while delays[-1]["commit_in_ms"] == 500:
                delays = await client.until("x.turn.probability")
            assert delays[-1]["commit_in_ms"] == delay_ms
            await client.send("input_audio_buffer.clear")
            await client.until("input_audio_buffer.cleared")


async def test_it_takes_the_silence_that_the_client_chooses(talk: Talk) -> None:
    async with talking(talk()) as client:
        turns = {"type": "server_vad", "silence_duration_ms": 900}
        shown = await client.update(audio={"input": {"turn_detection": turns}})
        assert shown["audio"]["input"]["turn_detection"]["silence_duration_ms"] == 900
        await client.say(1.0, -0.7)
        await client.send("input_audio_buffer.clear")
        events = await client.until("x.turn.dropped")
    assert not of(events, "input_audio_buffer.committed")
    assert of(events, "x.turn.probability")[0]["commit_in_ms"] == 900


async def test_it_answers_as_the_model_that_is_chosen_if_that_is_allowed(
    talk: Talk,
) -> None:
    llm = FakeLlm(["Paris."])
    async with talking(talk(llm=llm)) as client:
        await client.send("session.update", session={"model": "gpt-5"})
        error = (await client.until("error", "session.updated"))[-1]
        assert error["error"]["param"] == "session.model"
        assert (await client.update(model="fake-llm"))["model"] == "fake-llm"
        await question(client)
    assert {options.model for options in llm.options} == {"fake-llm"}


async def test_it_names_a_wrong_field_and_stays_open(talk: Talk) -> None:
    async with talking(talk()) as client:
        await client.send("session.update", event_id="a", session={"voice": "joe"})
        error = (await client.until("error"))[-1]["error"]
        assert (error["code"], error["param"]) == ("bad_value", "session.voice")
        assert error["event_id"] == "a"
        output = {"output": {"voice": "nobody"}}
        await client.send("session.update", session={"audio": output})
        error = (await client.until("error", "close"))[-1]
        assert error["error"]["param"] == "session.audio.output.voice"
        await client.send("conversation.item.delete", event_id="b", item_id="item_none")
        error = (await client.until("error"))[-1]["error"]
        assert (error["param"], error["event_id"]) == ("item_id", "b")


async def test_no_item_can_have_the_id_root(talk: Talk) -> None:
    async with talking(talk()) as client:
        content = [{"type": "input_text", "text": "Hello."}]
        item = {"type": "message", "role": "user", "id": "root", "content": content}
        await client.send("conversation.item.create", event_id="a", item=item)
        error = (await client.until("error", "conversation.item.done"))[-1]["error"]
    assert (error["param"], error["event_id"]) == ("item.id", "a")


async def test_it_says_which_model_is_not_ready(talk: Talk) -> None:
    services = talk()
    services.llm.started = False
    async with talking(services) as client:
        assert list(client.created["x.not_ready"]) == ["llm"]


async def test_it_leaves_nothing_behind(talk: Talk) -> None:
    llm = FakeLlm(["Word "] * 100, seconds=0.05)
    services = talk(llm=llm)
    async with talking(services) as client:
        await question(client)
    assert llm.stopped == 1
    assert services.sessions.count("voice") == 0


async def test_it_asks_the_turn_model_once_in_each_pause(talk: Talk) -> None:
    model = FakeTurns([0.05, 0.9])
    services = talk(["what time", "what time is it"], turns=model)
    async with talking(services) as client:
        assert model.is_warm
        await client.say(1.0, -0.4)
        first = (await client.until("x.turn.probability"))[-1]
        rated = (await client.until("x.turn.probability"))[-1]
        await client.say(1.0, -0.4)
        await client.until("x.turn.probability")
        complete = (await client.until("x.turn.probability"))[-1]
        await client.say(-1.0)
        await client.until("response.done")
    assert (first["commit_in_ms"], rated["commit_in_ms"]) == (500, 880)
    assert (rated["p"], complete["p"]) == (0.05, 0.9)
    assert complete["commit_in_ms"] == 288
    assert len(model.heard) == 2
