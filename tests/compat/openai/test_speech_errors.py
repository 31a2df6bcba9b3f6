"""`POST /v1/audio/speech`: what it refuses, each in the shape of OpenAI's errors."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from common.errors import EngineFailed
from common.workers import Urgency
from tests.fake_services import FakeServices
from tests.fakes import FakeTts
from tts_app.core.engine import SpeechPart, SynthesisRequest
from tts_app.speech_request import SpeechRequest
from voiceproject.asgi import build_application

PATH = "/v1/audio/speech"
TEXT = "Hello over there."


def error_of(response: httpx.Response) -> dict[str, Any]:
    """The error object, which has OpenAI's fields and no others."""
    assert list(response.json()) == ["error"]
    error: dict[str, Any] = response.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert error["message"].endswith((".", "?"))
    assert response.headers["x-request-id"]
    return error


BAD_FIELDS = [
    ({"input": None}, "input"),
    ({"input": 3}, "input"),
    ({"input": ["a"]}, "input"),
    ({"input": ""}, "input"),
    ({"input": "  \n"}, "input"),
    ({"input": "x" * 5_001}, "input"),
    ({"response_format": "ogg"}, "response_format"),
    ({"response_format": 1}, "response_format"),
    ({"stream_format": "ndjson"}, "stream_format"),
    ({"speed": 0.2}, "speed"),
    ({"speed": 4.1}, "speed"),
    ({"speed": "fast"}, "speed"),
    ({"voice": 7}, "voice"),
    ({"voice": ["alloy"]}, "voice"),
    ({"voice": {"id": 7}}, "voice"),
    ({"voice": "x" * 201}, "voice"),
    ({"model": 7}, "model"),
    ({"instructions": 7}, "instructions"),
]


@pytest.mark.parametrize(("body", "param"), BAD_FIELDS)
async def test_it_names_the_field_that_is_wrong(
    client: httpx.AsyncClient, body: dict[str, Any], param: str
) -> None:
    response = await client.post(PATH, json={"input": TEXT, **body})
    error = error_of(response)
    assert (response.status_code, error["param"]) == (400, param)
    assert error["type"] == "invalid_request_error"
    assert "`text`" not in error["message"]


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"\xff\xfe", b"[]", b"null", b'"hello"', b"{}", b"[" * 50_000],
    ids=["none", "half", "binary", "list", "null", "text", "no input", "deep"],
)
async def test_it_refuses_a_body_that_is_no_request(
    client: httpx.AsyncClient, body: bytes
) -> None:
    headers = {"Content-Type": "application/json"}
    response = await client.post(PATH, content=body, headers=headers)
    assert response.status_code == 400
    assert error_of(response)["type"] == "invalid_request_error"


async def test_it_takes_json_only(client: httpx.AsyncClient) -> None:
    response = await client.post(PATH, data={"input": TEXT})
    assert response.status_code == 400
    assert "application/json" in error_of(response)["message"]


async def test_an_unknown_voice_is_a_404_that_lists_the_known(
    client: httpx.AsyncClient,
) -> None:
    body = {"input": TEXT, "voice": "en-US-AvaNeural"}
    response = await client.post(PATH, json=body)
    error = error_of(response)
    assert (response.status_code, error["param"]) == (404, "voice")
    assert error["code"] == "unknown_voice"
    assert "en_US-fake-medium" in error["message"]


async def test_a_speaker_that_the_voice_has_not_is_a_400(
    client: httpx.AsyncClient,
) -> None:
    body = {"input": TEXT, "voice": "en_US-fake-medium:nobody"}
    response = await client.post(PATH, json=body)
    assert response.status_code == 400
    assert "nobody" in error_of(response)["message"]


Make = Callable[..., FakeServices]


async def post(services: FakeServices, **body: Any) -> httpx.Response:
    return await send(services, json={"input": TEXT, **body})


async def send(services: FakeServices, **content: Any) -> httpx.Response:
    transport = httpx.ASGITransport(build_application(services))
    async with httpx.AsyncClient(
        transport=transport, base_url="http://localhost"
    ) as client:
        return await client.post(PATH, **content)


@pytest.mark.parametrize(
    ("model", "status"),
    [("tts-1", 200), ("kokoro", 200), ("alloy", 200), ("mine", 200), ("other", 404)],
)
async def test_strict_names_refuse_an_unknown_model(
    make_services: Make, transactional_db: None, model: str, status: int
) -> None:
    aliases = {"mine": "en_US-fake-medium"}
    services = make_services(strict_model_names=True, model_aliases=aliases)
    response = await post(services, model=model)
    assert response.status_code == status
    if status == 404:
        error = error_of(response)
        assert (error["code"], error["param"]) == ("model_not_found", "model")


async def test_it_says_that_all_places_are_taken(
    make_services: Make, transactional_db: None
) -> None:
    services = make_services(tts_max_concurrent=1, tts_queue_limit=0)
    # More than the 8 s that wait for a reader, so that it keeps its place.
    unread = await services.speech.open(SpeechRequest(f"{TEXT} " * 60, llm=False))
    response = await post(services)
    unread.close()
    assert response.status_code == 429
    assert error_of(response)["type"] == "rate_limit_error"
    assert int(response.headers["Retry-After"]) > 0


async def test_it_says_that_the_engine_is_down(
    make_services: Make, transactional_db: None
) -> None:
    services = make_services()
    services.tts.started = False
    response = await post(services)
    assert response.status_code == 503
    assert error_of(response)["type"] == "server_error"


@pytest.mark.parametrize(
    "content", [{"json": {"input": TEXT}}, {"data": {"input": TEXT}}, {}]
)
async def test_it_is_gone_while_the_api_is_switched_off(
    make_services: Make, transactional_db: None, content: dict[str, Any]
) -> None:
    response = await send(make_services(openai_api=False), **content)
    assert response.status_code == 404
    assert "openai_api" in error_of(response)["message"]


async def test_a_server_without_speech_says_so(
    make_services: Make, transactional_db: None
) -> None:
    response = await post(make_services(roles=("stt",)))
    assert response.status_code == 404
    assert "text to speech" in error_of(response)["message"]


class FailsLater(FakeTts):
    """The second clause fails."""

    async def synthesize(
        self, request: SynthesisRequest, urgency: Urgency
    ) -> AsyncIterator[SpeechPart]:
        if self.said:
            raise EngineFailed("The voice has gone.")
        async for part in super().synthesize(request, urgency):
            yield part


async def test_a_failure_in_the_middle_is_the_last_event(
    make_services: Make, transactional_db: None
) -> None:
    services = make_services(tts=FailsLater())
    text = "This is the first sentence. This is the second one."
    response = await post(services, input=text, stream_format="sse")
    lines = [line[6:] for line in response.text.splitlines() if line]
    found = [json.loads(line) for line in lines]
    assert found[0]["type"] == "speech.audio.delta"
    assert found[-1]["type"] == "error"
    assert found[-1]["error"]["message"] == "The voice has gone."
    assert "speech.audio.done" not in {event["type"] for event in found}
