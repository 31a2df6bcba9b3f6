"""A language model that fails before its answer, and in the middle of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from common.errors import LlmUnavailable
from llm.resilience.fallback import FallbackEngine
from llm.servers.ollama import OllamaEngine
from tests.fake_services import FakeServices
from tests.fakes import FakeLlm, FakeTts
from tests.llm.helpers import LONG_SECONDS, quick, started
from tests.servers import ollama as answers
from tests.servers.ollama import OllamaServer
from tests.waiting import until
from tts_app.speech_request import SpeechRequest
from voiceproject.asgi import build_application

GONE = LlmUnavailable("Ollama at http://host closed the connection. It was asked once.")

PIECES = ["Once there was a ship. ", "It sailed far away. ", "And then the"]


async def post(services: FakeServices, **body: Any) -> httpx.Response:
    transport = httpx.ASGITransport(build_application(services))
    async with httpx.AsyncClient(
        transport=transport, base_url="http://localhost"
    ) as client:
        body = {"text": "A story.", "format": "pcm", **body}
        return await client.post("/tts", json=body)


pytestmark = pytest.mark.django_db(transaction=True)


async def test_it_answers_503_with_what_was_tried_when_nothing_was_said(
    make_services: Callable[..., FakeServices],
) -> None:
    services = make_services(llm=FakeLlm([GONE]))
    answer = await post(services)
    assert answer.status_code == 503
    assert answer.json()["error"]["code"] == "llm_unavailable"
    assert answer.json()["error"]["message"] == GONE.message
    assert services.history.records[-1].status == "error"


async def test_it_ends_the_audio_behind_the_last_whole_clause_and_records_why(
    make_services: Callable[..., FakeServices],
) -> None:
    tts = FakeTts()
    services = make_services(llm=FakeLlm([*PIECES, GONE]), tts=tts)
    answer = await post(services)
    assert answer.status_code == 200
    said = " ".join(request.text for request in tts.said)
    assert "Once there was a ship" in said
    assert "And then" not in said
    assert len(answer.content) % 2 == 0
    record = services.history.records[-1]
    assert (record.status, record.error) == ("error", GONE.message)
    assert record.text_out == "".join(PIECES)


async def test_it_tells_a_reader_of_events_why_the_answer_broke_off(
    make_services: Callable[..., FakeServices],
) -> None:
    services = make_services(llm=FakeLlm([*PIECES, GONE]))
    answer = await post(services, stream_format="sse")
    events = [
        json.loads(line.removeprefix("data: "))
        for line in answer.text.splitlines()
        if line.startswith("data: ")
    ]
    texts = [e["text"] for e in events if e["type"] == "speech.text.delta"]
    assert texts == PIECES
    (error,) = [e for e in events if e["type"] == "error"]
    assert (error["code"], error["message"]) == ("llm_unavailable", GONE.message)
    assert events[-1]["type"] == "speech.audio.done"


async def test_hanging_up_stops_the_model_at_its_server(
    make_services: Callable[..., FakeServices],
) -> None:
    with OllamaServer() as server:
        server.usual = answers.endless()
        config = quick(ollama_url=server.url, ollama_timeout=LONG_SECONDS)
        async with started(OllamaEngine(config)) as llm:
            speech = make_services(llm=llm).speech
            answer = await speech.open(SpeechRequest("A story."))
            answer.close()
            await until(lambda: server.chats[0].left_at is not None)
            await until(lambda: speech.running == 0)


async def test_it_speaks_the_answer_of_the_model_that_stands_by(
    make_services: Callable[..., FakeServices],
) -> None:
    tts = FakeTts()
    with OllamaServer() as server:
        ollama = OllamaEngine(quick(ollama_url=server.url))
        chain = FallbackEngine([ollama, FakeLlm(["The spare speaks."])])
        async with started(chain):
            server.usual = answers.cut_off()
            services = make_services(llm=chain, tts=tts)
            answer = await post(services)
    assert answer.status_code == 200
    assert [request.text for request in tts.said] == ["The spare speaks."]
