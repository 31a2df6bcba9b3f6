"""The real voice through OpenAI's SDK, heard back by Whisper."""

from __future__ import annotations

import openai
import pytest

from tests.clients import transcribe_over_socket
from tests.server_process import RunningServer
from tests.tts.audio_files import pcm
from tests.word_errors import word_error_rate

pytestmark = [pytest.mark.model, pytest.mark.server]

SENTENCE = "The library closes at nine, but you can return books at any time."
MOST_ERRORS = 0.2
"""Two words of the sentence."""
SECONDS = (2.5, 6.0)
"""Nobody says this sentence faster or more slowly; at a wrong rate it would be."""


async def test_pcm_at_24_khz_is_heard_back_word_for_word(server: RunningServer) -> None:
    async with openai.AsyncOpenAI(base_url=f"{server.url}/v1", api_key="any") as sdk:
        speech = await sdk.audio.speech.create(
            model="tts-1", voice="alloy", input=SENTENCE, response_format="pcm"
        )
    audio = pcm(speech.content, 24_000)
    assert SECONDS[0] < audio.seconds < SECONDS[1]
    heard = await transcribe_over_socket(
        server.url, audio, real_time=False, tail_seconds=1.0
    )
    assert word_error_rate([(SENTENCE, heard.text)]) <= MOST_ERRORS, heard.text
