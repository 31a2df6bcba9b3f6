"""What the real server says is understood by Whisper, in every format."""

from __future__ import annotations

import pytest

from tests.clients import speak, transcribe_over_socket
from tests.server_process import RunningServer
from tests.tts.audio_files import decoded
from tests.word_errors import word_error_rate

pytestmark = [pytest.mark.model, pytest.mark.server]

SENTENCE = "The library closes at nine, but you can return books at any time."
FORMATS = ("wav", "mp3", "opus", "aac", "flac")
MOST_ERRORS = 0.2
"""Two words of the sentence."""
MOST_FIRST_BYTE_SECONDS = 4.0


@pytest.mark.parametrize("audio_format", FORMATS)
async def test_it_is_heard_back_word_for_word(
    server: RunningServer, audio_format: str
) -> None:
    answer = await speak(server.url, text=SENTENCE, llm=False, format=audio_format)
    assert answer.status == 200
    heard = await transcribe_over_socket(
        server.url, decoded(answer.body), real_time=False, tail_seconds=1.0
    )
    assert word_error_rate([(SENTENCE, heard.text)]) <= MOST_ERRORS, heard.text


async def test_it_answers_a_prompt_with_the_embedded_model(
    server: RunningServer,
) -> None:
    # A sampled answer may be a word or nothing; this one is always the same.
    answer = await speak(
        server.url, text="Say hello to a guest.", format="wav", temperature=0, seed=7
    )
    assert answer.status == 200
    assert answer.headers["x-voice"] == "en_US-joe-medium"
    assert decoded(answer.body).seconds > 0.5


async def test_its_first_sound_does_not_wait_for_a_long_text(
    server: RunningServer,
) -> None:
    # All are different, or most would come from the cache.
    longer = SENTENCE.replace("nine", "{0}").replace("books", "{0} books")
    long_text = " ".join(longer.format(number) for number in range(12))
    answer = await speak(server.url, text=long_text, llm=False, format="pcm")
    assert answer.status == 200
    assert answer.first_byte_seconds < MOST_FIRST_BYTE_SECONDS
    assert answer.first_byte_seconds < answer.total_seconds / 3
