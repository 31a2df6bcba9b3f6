"""What fewer clients use: silence that is answered, limits, formats, probabilities."""

from __future__ import annotations

from typing import Any

import pytest

from chat_app.core.dialogue import NOTHING_SAID
from tests.chat.services import ANSWER, Talk
from tests.compat.realtime.conversations.talking import (
    DONE,
    QUICK,
    audio_of,
    kinds,
    one,
    talking,
    typed,
)
from tests.fakes import FakeLlm, FakeTts
from tests.stt.sounds import pcm


def listening(**turns: Any) -> dict[str, Any]:
    return {"audio": {"input": {"turn_detection": {**QUICK, **turns}}}}


async def test_silence_after_a_response_is_answered_too(talk: Talk) -> None:
    services = talk(llm=FakeLlm(["Hi."]))
    async with talking(services, **listening(idle_timeout_ms=300)) as client:
        await client.append(pcm(-2.0))
        await client.write("Hello.")
        await client.ask()
        events = await client.until(DONE)
    assert [name for name in kinds(events) if not name.startswith("response.")] == [
        "input_audio_buffer.timeout_triggered",
        "input_audio_buffer.committed",
        "conversation.item.added",
        "conversation.item.done",
        "conversation.item.input_audio_transcription.completed",
        "conversation.item.added",
        "conversation.item.done",
    ]
    timeout, committed = events[0], events[1]
    assert timeout["item_id"] == committed["item_id"]
    assert timeout["audio_end_ms"] == 1_333
    assert timeout["audio_end_ms"] - timeout["audio_start_ms"] >= 300
    assert events[-1]["response"]["status"] == "completed"
    assert services.llm.asked[-1][-1].content == NOTHING_SAID


async def test_the_session_shows_the_idle_timeout_only_if_there_is_one(
    talk: Talk,
) -> None:
    async with talking(talk()) as client:
        for given in (5_000, None):
            session = await client.update(**listening(idle_timeout_ms=given))
            shown = session["audio"]["input"]["turn_detection"]
            assert shown.get("idle_timeout_ms") == given


async def test_a_caller_with_a_quota_is_told_what_is_left_of_it(talk: Talk) -> None:
    async with talking(talk(principal_llm_tokens_per_day=1_000)) as client:
        await client.write("Hello.")
        events = await client.ask()
        limits = await client.next()
    assert events[-1]["type"] == DONE
    (tokens,) = limits["rate_limits"]
    assert (limits["type"], tokens["name"]) == ("rate_limits.updated", "tokens")
    assert tokens["limit"] == 1_000
    assert 0 < tokens["remaining"] < 1_000
    assert 0 < tokens["reset_seconds"] <= 86_400


@pytest.mark.parametrize(
    ("kind", "bytes_per_second"), [("pcm", 48_000), ("pcmu", 8_000)]
)
async def test_a_response_may_have_a_format_of_its_own(
    talk: Talk, kind: str, bytes_per_second: int
) -> None:
    output = {"format": {"type": "audio/pcma"}}
    chosen: dict[str, Any] = {"format": {"type": f"audio/{kind}"}, "voice": "marin"}
    async with talking(talk(), audio={"output": output}) as client:
        await client.write("Hello.")
        events = await client.ask(audio={"output": chosen}, max_output_tokens=9)
        usual = await client.ask()
    seconds = len(ANSWER) * FakeTts.SECONDS_PER_CHARACTER
    heard = len(audio_of(events)) / bytes_per_second
    assert heard == pytest.approx(seconds, abs=0.3)
    response = one(events, "response.created")["response"]
    assert response["audio"]["output"]["format"]["type"] == f"audio/{kind}"
    assert response["audio"]["output"]["voice"] == "marin"
    assert response["max_output_tokens"] == 9
    assert len(audio_of(usual)) / 8_000 == pytest.approx(seconds, abs=0.3)


async def test_the_probabilities_of_the_words_come_if_they_are_wanted(
    talk: Talk,
) -> None:
    wanted = ["item.input_audio_transcription.logprobs"]
    services = talk(["what time is it"] * 2)
    async with talking(services, **listening(), include=wanted) as client:
        await client.say(1.0, -1.5)
        with_them = await client.until(DONE)
        await client.update(include=None)
        await client.say(1.0, -1.5)
        without = await client.until(DONE)
    name = "conversation.item.input_audio_transcription.completed"
    tokens = one(with_them, name)["logprobs"]
    assert "".join(each["token"] for each in tokens) == "what time is it"
    assert all(each["logprob"] <= 0 for each in tokens)
    (plain,) = typed(without, name)
    assert "logprobs" not in plain
