"""However much is wrong with a message, the answer names the first problem only."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest
from wyoming.event import Event

from compat_app.wyoming.protocol.frames import encode
from tests.compat.wyoming.talking import kinds, listening, talking
from tests.fake_services import FakeServices
from tests.fuzz.sockets import code_of, talk
from voiceproject.asgi import build_application

WRONG: dict[str, list[str]] = {f"wrong_field_{number}": [] for number in range(990)}
LONGEST_ANSWER = 2_000
FORM = "/v1/audio/transcriptions"


def problems_in(text: str) -> int:
    return sum(name in text for name in WRONG)


@pytest.mark.parametrize(
    ("path", "known"),
    [
        ("/tts", {"text": 3, "voice": 3, "speed": "x", "format": "x", "llm": "x"}),
        ("/v1/audio/speech", {"input": 3, "voice": 3, "speed": "x", "model": 3}),
        ("/v1/speak", {"text": 3}),
        ("/v1/listen", {"url": 3}),
        (FORM, {"input_audio": {"data": "AAAA"}, "temperature": "x", "stream": "x"}),
    ],
)
async def test_a_request_is_told_of_few(
    path: str, known: dict[str, Any], client: httpx.AsyncClient
) -> None:
    answer = await client.post(path, json={**WRONG, **known})
    assert 400 <= answer.status_code < 500
    assert problems_in(answer.text) <= 10
    assert len(answer.text) < LONGEST_ANSWER


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/ws/stt", {"type": "configure", **WRONG, "language": 3}),
        ("/v1/realtime", {"type": "session.update", "session": WRONG}),
        ("/v1/listen", {"type": "Configure", **WRONG, "keyterms": 3}),
        (
            "/v2/listen?model=flux-general-en",
            {"type": "Configure", **WRONG, "thresholds": 3},
        ),
        ("/v1/speak", {"type": "Speak", **WRONG, "text": 3}),
        ("/ws/monitor", {"type": "x", **WRONG}),
    ],
)
async def test_a_socket_is_told_of_few(
    path: str, message: dict[str, Any], services: FakeServices
) -> None:
    # Without spaces it fits the shortest limit of a text message or is refused whole.
    text = json.dumps(message, separators=(",", ":"))
    answers, _ = await talk(build_application(services), path, [text])
    errors = [json.dumps(each) for each in answers if code_of(each)]
    assert len(errors) == 1
    assert problems_in(errors[0]) <= 10
    assert len(errors[0]) < LONGEST_ANSWER


async def test_wyoming_tells_of_few() -> None:
    async with talking(listening()) as client:
        await client.write_event(Event("transcribe", {**WRONG, "language": 3}))
        await client.send("audio-start", {**WRONG, "rate": "x"})
        events = await asyncio.wait_for(client.rest(), 10)
    assert kinds(events) == ["error"]
    assert problems_in(encode(events[0]).decode()) <= 10
