"""`/v1/live/sessions` in the real application, on fakes."""

from __future__ import annotations

import asyncio
import base64
import time
from typing import Any

import pytest

from common.errors import LlmUnavailable
from compat_app.companding import Companding
from compat_app.realtime.live.opening import AHEAD_SECONDS
from gateway_app.access.principals import Scope
from tests.chat.services import ANSWER, Talk, talk_services
from tests.compat.realtime.conversations.test_kinds import KEY, token
from tests.compat.realtime.live.sockets import opened, text_of
from tests.fakes import FakeLlm, FakeTts
from tests.stt.sounds import pcm

HEARD = "session.input_transcript.delta"
SPOKEN = "session.output_transcript.delta"
AUDIO = "session.output_audio.delta"
CLIENT_ANSWERS = {"delegation": {"type": "client"}}


@pytest.fixture
def live() -> Talk:
    """Makes services whose speech to text follows a script."""
    return talk_services


def audio_of(events: list[dict[str, Any]]) -> bytes:
    return b"".join(
        base64.b64decode(each["delta"]) for each in events if each["type"] == AUDIO
    )


async def test_the_language_model_answers_aloud(live: Talk) -> None:
    async with opened(live()) as client:
        await client.start()
        await client.say(1.0, -2.0)
        events = await client.until(AUDIO)
    assert text_of(events, HEARD) == "what time is it"
    assert text_of(events, SPOKEN) == ANSWER
    heard = next(each for each in events if each["type"] == HEARD)
    assert heard["start_ms"] == pytest.approx(0, abs=100)
    assert heard["end_ms"] == pytest.approx(1_000, abs=150)


async def test_the_session_shows_what_is_in_effect(live: Talk) -> None:
    async with opened(live(), key="") as client:
        session = await client.start(
            instructions="Be brief.",
            audio={"format": {"type": "audio/pcm", "rate": 16_000}},
            safety_identifier="somebody",
        )
    assert session["id"].startswith("live_")
    assert session["status"] == "active"
    assert session["model"] == "gpt-live-1"
    assert session["instructions"] == "Be brief."
    assert session["audio"]["format"] == {"type": "audio/pcm", "rate": 16_000}


async def test_the_instructions_and_earlier_messages_reach_the_model(
    live: Talk,
) -> None:
    services = live()
    async with opened(services) as client:
        await client.start(
            instructions="Be brief.",
            delegation={
                "type": "responses",
                "responses": {"model": "gpt-5.5", "instructions": "Be kind."},
            },
            input=[
                {"role": "user", "content": [{"type": "input_text", "text": "Hi"}]},
                {
                    "role": "assistant",
                    "content": [{"type": "output_text", "text": "Hello"}],
                },
            ],
        )
        await client.say(1.0, -2.0)
        await client.until(AUDIO)
    said = [(each.role, each.content) for each in services.llm.asked[-1]]
    assert said == [
        ("system", "Be brief.\n\nBe kind."),
        ("user", "Hi"),
        ("assistant", "Hello"),
        ("user", "what time is it"),
    ]


@pytest.mark.parametrize(
    ("given", "bytes_per_second"),
    [
        ({"type": "audio/pcm", "rate": 16_000}, 32_000),
        ({"type": "audio/pcm", "rate": 24_000}, 48_000),
        ({"type": "audio/pcmu", "rate": 8_000}, 8_000),
    ],
)
async def test_its_audio_has_the_format_of_the_session(
    live: Talk, given: dict[str, Any], bytes_per_second: int
) -> None:
    async with opened(live()) as client:
        await client.start(audio={"format": given}, **CLIENT_ANSWERS)
        await client.send("session.commentary.append", content=ANSWER)
        events = await client.until(AUDIO)
        await client.send("session.commentary.append", content="Again.")
        events += await client.until(SPOKEN)
        # The second text begins when the first was sent to its end.
        while text_of(events, SPOKEN) != f"{ANSWER} Again.":
            events += await client.until(SPOKEN)
    seconds = len(audio_of(events)) / bytes_per_second
    spoken = len(ANSWER) * FakeTts.SECONDS_PER_CHARACTER
    assert seconds == pytest.approx(spoken, abs=0.5)


async def test_telephone_audio_is_heard(live: Talk) -> None:
    async with opened(live()) as client:
        await client.start(audio={"format": {"type": "audio/pcmu", "rate": 8_000}})
        audio = Companding("mulaw", 8_000).push(pcm(1.0, -2.0, rate_hz=8_000))
        for start in range(0, len(audio), 400):
            await client.append(audio[start : start + 400])
        events = await client.until(SPOKEN)
    assert text_of(events, HEARD) == "what time is it"


async def test_a_client_that_answers_gets_a_delegation_for_each_turn(
    live: Talk,
) -> None:
    services = live()
    async with opened(services) as client:
        await client.start(**CLIENT_ANSWERS)
        await client.say(1.0, -2.0)
        events = await client.until("session.delegation.created")
        assert text_of(events, HEARD) == "what time is it"
        delegation = events[-1]["delegation"]
        assert delegation["target"] == "client"
        await client.send(
            "session.commentary.append",
            content="It is noon.",
            delegation_id=delegation["id"],
            event_id="mine",
        )
        events = await client.until(AUDIO)
    appended = next(
        each for each in events if each["type"] == "session.commentary.appended"
    )
    assert appended["client_event_id"] == "mine"
    assert text_of(events, SPOKEN) == "It is noon."
    assert services.llm.asked == []


async def test_commentary_is_spoken_one_text_after_another(live: Talk) -> None:
    async with opened(live()) as client:
        await client.start(**CLIENT_ANSWERS)
        for text in ("One.", "Two.", "Three."):
            await client.send("session.commentary.append", content=text)
        events: list[dict[str, Any]] = []
        while text_of(events, SPOKEN) != "One. Two. Three.":
            events += await client.until(SPOKEN)


async def test_an_interruption_drops_what_waits_to_be_spoken(live: Talk) -> None:
    async with opened(live(["stop", "go on"])) as client:
        await client.start(**CLIENT_ANSWERS)
        long = "This is a long story about a very old house on a hill. " * 6
        await client.send("session.commentary.append", content=long)
        await client.send("session.commentary.append", content="Never heard.")
        await client.until(AUDIO)
        await client.say(1.5, -2.0)
        await client.until("session.delegation.created")
        await client.send("session.commentary.append", content="Yes?")
        events: list[dict[str, Any]] = []
        while "Yes?" not in text_of(events, SPOKEN):
            events += await client.until(SPOKEN)
    assert "Never heard" not in text_of(events, SPOKEN)


async def test_instructions_before_anything_was_said_are_a_greeting(
    live: Talk,
) -> None:
    services = live()
    async with opened(services) as client:
        await client.start()
        await client.send("session.instructions.append", content="Greet the caller.")
        events = await client.until(AUDIO)
        assert "session.instructions.appended" in {each["type"] for each in events}
        assert text_of(events, SPOKEN) == ANSWER
        await client.send("session.instructions.append", content="Be formal.")
        await client.until("session.instructions.appended")
    assert len(services.llm.asked) == 1


async def test_thinking_is_known_and_not_spoken(live: Talk) -> None:
    services = live()
    async with opened(services) as client:
        await client.start()
        await client.send("session.thinking.append", content="The shop is closed.")
        assert (await client.next())["type"] == "session.thinking.appended"
        await client.say(1.0, -2.0)
        await client.until(AUDIO)
    assert "The shop is closed." in [each.content for each in services.llm.asked[-1]]


async def test_muted_input_is_not_heard(live: Talk) -> None:
    async with opened(live()) as client:
        await client.start()
        await client.send("session.input_audio.mute", event_id="m")
        muted = await client.next()
        assert muted["type"] == "session.input_audio.muted"
        assert muted["client_event_id"] == "m"
        await client.say(1.0, -2.0)
        await client.send("session.input_audio.unmute")
        assert (await client.next())["type"] == "session.input_audio.unmuted"
        await client.say(1.0, -2.0)
        events = await client.until(HEARD)
    assert events[-1]["start_ms"] > 2_900


async def test_closing_it_is_confirmed_with_the_usage(live: Talk) -> None:
    async with opened(live()) as client:
        await client.start()
        await client.send("session.close")
        events, code = await client.until_closed()
    assert events[-1]["type"] == "session.closed"
    assert events[-1]["reason"] == "close_requested"
    assert events[-1]["usage"]["seconds"] >= 0
    assert code == 1_000


async def test_an_answer_that_fails_is_told_and_the_session_goes_on(live: Talk) -> None:
    services = live(llm=FakeLlm([LlmUnavailable("No model.")]))
    async with opened(services) as client:
        await client.start()
        await client.say(1.0, -2.0)
        events = await client.until("error")
        assert events[-1]["error"]["message"] == "No model."
        await client.send("session.close")
        assert (await client.until_closed())[1] == 1_000


async def test_the_delegation_cannot_change_its_type(live: Talk) -> None:
    async with opened(live()) as client:
        await client.start(**CLIENT_ANSWERS)
        update = {"delegation": {"type": "client", "acknowledgement_delay_ms": 50}}
        await client.send("session.update", session=update)
        updated = await client.next()
        assert updated["session"]["delegation"]["acknowledgement_delay_ms"] == 50
        other = {"delegation": {"type": "responses", "responses": {"model": "x"}}}
        await client.send("session.update", session=other, event_id="mine")
        error = await client.error()
    assert error["param"] == "session.delegation.type"
    assert error["client_event_id"] == "mine"


async def test_it_can_be_turned_off(live: Talk) -> None:
    async with opened(live(live_api=False)) as client:
        events, code = await client.until_closed()
    assert events[0]["error"]["code"] == "not_found"
    assert code == 4_404


async def test_its_audio_is_sent_in_real_time(live: Talk) -> None:
    async with opened(live()) as client:
        await client.start(**CLIENT_ANSWERS)
        await client.send("session.commentary.append", content="A long story. " * 20)
        events = await client.until(AUDIO)
        began = time.monotonic()
        while (passed := time.monotonic() - began) < 1.0:
            events.append(await client.next())
    seconds = len(audio_of(events)) / 48_000
    # All of it would be 14 seconds. A busy machine may be late with either end.
    assert seconds == pytest.approx(passed + AHEAD_SECONDS, abs=1.0)


async def test_a_restart_ends_it_with_its_last_event(live: Talk) -> None:
    services = live()
    async with opened(services) as client:
        await client.start()
        draining = asyncio.create_task(services.sessions.drain(5))
        events, code = await client.until_closed()
        await client.socket.disconnect()
        assert await draining
    assert [each["reason"] for each in events] == ["connection_lost"]
    assert code == 1_000


async def test_it_says_that_its_time_is_over(live: Talk) -> None:
    async with opened(live(realtime_session_seconds=0.5)) as client:
        session = await client.start()
        assert session["expires_at"] == pytest.approx(time.time(), abs=5)
        events, code = await client.until_closed()
    assert [each["reason"] for each in events] == ["expired"]
    assert code == 1_000


async def test_a_token_needs_the_scope_chat(live: Talk) -> None:
    services = live(api_keys=[KEY])
    key = await token(services, Scope.LISTEN)
    async with opened(services, key=key) as client:
        events, code = await client.until_closed()
    assert (events[0]["error"]["code"], code) == ("forbidden", 4_403)
