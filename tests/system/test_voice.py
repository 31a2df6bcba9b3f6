"""A spoken conversation with the real models, in real time."""

from __future__ import annotations

import asyncio

import pytest

from common.audio import Audio, read_wav
from tests.chat.talker import Talker, talker
from tests.clients import speak
from tests.server_process import RunningServer
from tests.word_errors import word_error_rate

pytestmark = [pytest.mark.model, pytest.mark.server]

QUESTION = "Please tell me a very long story about the harbour."
INTERRUPTION = "Wait, what about the lighthouse keeper?"
HEARD = "conversation.item.input_audio_transcription.completed"
MOST_ERRORS = 0.35


async def voice(url: str, text: str) -> Audio:
    answer = await speak(url, text=text, llm=False, format="wav")
    return read_wav(answer.body)


async def interrupt(talking: Talker, clip: Audio) -> tuple[str, int]:
    """Speak into the first reply: what the conversation keeps, and its milliseconds."""
    await talking.wait_until_audible(1)
    await asyncio.sleep(1.2)
    await talking.say(clip)
    done = (await talking.wait_for("response.done"))["response"]
    assert (done["status"], done["status_details"]["reason"]) == (
        "cancelled",
        "turn_detected",
    )
    truncated = await talking.wait_for("conversation.item.truncated")
    return done["output"][0]["content"][0]["transcript"], truncated["audio_end_ms"]


async def test_it_answers_aloud_and_keeps_what_was_heard(server: RunningServer) -> None:
    question = await voice(server.url, QUESTION)
    interruption = await voice(server.url, INTERRUPTION)
    async with talker(server.ws_url) as talking:
        await talking.say(question)
        heard, heard_ms = await interrupt(talking, interruption)
        sent_ms = 1000 * talking.spoken(1).seconds
        assert 500 <= heard_ms <= round(sent_ms)
        # The server sends a second more than is heard, not the whole story.
        assert sent_ms - heard_ms <= 3_000
        assert 2 <= len(heard.split()) <= 30
        await talking.wait_until_audible(2)
        turns = [each for each in talking.events if each["type"] == HEARD]
    texts = [each["transcript"] for each in turns]
    assert word_error_rate([(QUESTION, texts[0])]) <= MOST_ERRORS
    assert word_error_rate([(INTERRUPTION, texts[1])]) <= MOST_ERRORS
    assert talking.spoken(1).samples.any()
