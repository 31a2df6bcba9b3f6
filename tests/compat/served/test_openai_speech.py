"""OpenAI's own SDK for Python against the served application: speech and lists."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import openai
import pytest

from gateway_app.pages.client_settings import ServerAddress, client_settings
from tests.fake_services import loaded_config
from tests.server_process import RunningServer
from tests.tts.audio_files import decoded, pcm, pitch_hz

pytestmark = pytest.mark.server

TEXT = "Hello over there. This is a second sentence."
SECONDS = 2.2
TONE_HZ = 440


@pytest.fixture
def sdk(server: RunningServer) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{server.url}/v1", api_key="any") as client:
        yield client


@pytest.fixture
async def async_sdk(server: RunningServer) -> AsyncIterator[openai.AsyncOpenAI]:
    url = f"{server.url}/v1"
    async with openai.AsyncOpenAI(base_url=url, api_key="any") as client:
        yield client


def test_create_gives_an_mp3(sdk: openai.OpenAI) -> None:
    speech = sdk.audio.speech.create(model="tts-1", voice="alloy", input=TEXT)
    assert speech.response.headers["content-type"] == "audio/mpeg"
    audio = decoded(speech.content)
    assert audio.seconds == pytest.approx(SECONDS, abs=0.4)
    assert pitch_hz(audio) == pytest.approx(TONE_HZ, abs=3)


def test_a_streamed_answer_goes_into_a_file(sdk: openai.OpenAI, tmp_path: Path) -> None:
    file = tmp_path / "speech.flac"
    with sdk.audio.speech.with_streaming_response.create(
        model="gpt-4o-mini-tts",
        voice={"id": "marin"},
        input=TEXT,
        response_format="flac",
        instructions="Cheerful.",
        speed=2.0,
    ) as speech:
        speech.stream_to_file(file)
    assert decoded(file.read_bytes()).seconds == pytest.approx(SECONDS / 2, abs=0.4)


async def test_pcm_arrives_in_pieces(async_sdk: openai.AsyncOpenAI) -> None:
    body = b""
    async with async_sdk.audio.speech.with_streaming_response.create(
        model="tts-1-hd", voice="onyx", input=TEXT, response_format="pcm"
    ) as speech:
        assert speech.request_id
        async for piece in speech.iter_bytes(4_096):
            body += piece
    audio = pcm(body, 24_000)
    assert audio.seconds == pytest.approx(SECONDS, abs=0.4)
    assert pitch_hz(audio) == pytest.approx(TONE_HZ, abs=3)


async def test_events_are_read_line_by_line(async_sdk: openai.AsyncOpenAI) -> None:
    """As LiveKit's plugin reads them (openai/tts.py of livekit-agents 1.7.0)."""
    audio, done = b"", {}
    async with async_sdk.audio.speech.with_streaming_response.create(
        model="gpt-4o-mini-tts", voice="ash", input=TEXT, stream_format="sse"
    ) as speech:
        assert speech.headers["content-type"] == "text/event-stream"
        async for line in speech.iter_lines():
            if not line.startswith("data: "):
                continue
            event = json.loads(line[6:])
            if event["type"] == "speech.audio.delta":
                audio += base64.b64decode(event["audio"])
            else:
                done = event
    assert decoded(audio).seconds == pytest.approx(SECONDS, abs=0.4)
    assert done["type"] == "speech.audio.done"
    assert done["usage"]["output_tokens"] > 0


def test_it_raises_the_error_of_an_unknown_voice(sdk: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as caught:
        sdk.audio.speech.create(model="tts-1", voice="nobody", input=TEXT)
    assert (caught.value.code, caught.value.param) == ("unknown_voice", "voice")
    assert "en_US-fake-medium" in caught.value.message
    assert caught.value.request_id


def test_it_raises_the_error_of_a_bad_value(sdk: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        sdk.audio.speech.create(model="tts-1", voice="alloy", input=TEXT, speed=9)
    assert caught.value.param == "speed"
    assert caught.value.type == "invalid_request_error"


def test_it_lists_and_shows_models(sdk: openai.OpenAI) -> None:
    names = [model.id for model in sdk.models.list()]
    assert {"tts-1", "whisper-1", "fake-whisper", "en_US-fake-medium"} <= set(names)
    assert sdk.models.retrieve("tts-1").id == "tts-1"
    with pytest.raises(openai.NotFoundError) as caught:
        sdk.models.retrieve("org/nothing")
    assert caught.value.code == "model_not_found"


def test_the_program_on_the_api_page_runs(
    server: RunningServer, tmp_path: Path
) -> None:
    here = ServerAddress(server.url, server.url, needs_key=False, wyoming_port=1)
    (program,) = (
        each.text
        for each in client_settings(here, loaded_config().config)
        if each.name == "OpenAI SDK for Python"
    )
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=True)
    assert decoded((tmp_path / "hello.mp3").read_bytes()).seconds > 0.3
