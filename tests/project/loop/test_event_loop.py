"""No request and no message holds the event loop, whatever is in it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from pydantic import BaseModel, ConfigDict, ValidationError

from tests.fake_services import FakeServices, fake_services
from tests.patient_socket import PatientSocket
from tests.project.loop.holds import allowed_seconds, least_hold
from tests.project.routes.test_body_limits import TAKES_ANY_FIELD
from tests.test_error_shape import ROUTES
from voiceproject.asgi import build_application
from voiceproject.routes.body_limits import NOTHING_BYTES, BodyLimits

MOST_BYTES = 8_000_000
"""Larger recordings take the same path in more pieces."""
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=X"
_PART = '--X\r\nContent-Disposition: form-data; name="a"\r\n'
BODIES: dict[str, tuple[str, Callable[[int], bytes]]] = {}
"""By name, the content type, and a body of about so many bytes."""
TEXTS = {
    "money": "£1,234.56 ",
    "signs without a sound": "漢",
    "brackets": "(",
    "marks": "*_`[",
    "one word": "a",
    "versions": "1.2.3-4/",
}


def filled(unit: str, head: str = "", tail: str = "") -> Callable[[int], bytes]:
    def body(size: int) -> bytes:
        count = (size - len(head) - len(tail)) // len(unit.encode())
        return (head + unit * count + tail).encode()

    return body


def wide(size: int) -> bytes:
    names = (f'"k{number}":1' for number in range(size // 16))
    return ("{" + ",".join(names) + "}").encode()


BODIES |= {
    "a wide object": (JSON, wide),
    "empty objects": (JSON, filled("{},", "[", "1]")),
    "deep lists": (JSON, filled("[")),
    "one number": (JSON, filled("9")),
    "escapes": (JSON, filled("\\ud83d", '{"text":"', '"}')),
    "a form of fields": (FORM, filled("a=1&")),
    "a form of escapes": (FORM, filled("%41", "a=")),
    "parts": (MULTIPART, filled(f"{_PART}\r\n1\r\n", "", "--X--\r\n")),
    "one part": (MULTIPART, filled("x", f"{_PART}\r\n", "\r\n--X--\r\n")),
    "headers of a part": (MULTIPART, filled("a: b\r\n", _PART, "\r\n\r\n--X--\r\n")),
    "boundaries": (MULTIPART, filled("--X\r\n", "", "--X--\r\n")),
    "rubbish": ("audio/wav", filled("R")),
}


@pytest.fixture
def services() -> FakeServices:
    return fake_services(engine_isolation="thread")


@pytest.mark.parametrize("name", BODIES)
async def test_no_body_holds_the_loop(
    name: str, services: FakeServices, client: httpx.AsyncClient
) -> None:
    content_type, make = BODIES[name]
    limits, held = BodyLimits(services.config), {}
    for path in (*ROUTES, "/admin/login/"):
        limit = limits.of(b"POST", path.encode())
        if limit <= NOTHING_BYTES:
            continue
        body = make(min(limit, MOST_BYTES))

        async def ask(path: str = path, body: bytes = body) -> None:
            headers = {"Content-Type": content_type}
            answer = await client.post(path, content=body, headers=headers)
            lowest = 200 if path in TAKES_ANY_FIELD else 400
            assert lowest <= answer.status_code < 500

        held[path] = await least_hold(ask)
    assert {"/tts", "/v1/audio/transcriptions", "/admin/login/"} <= set(held)
    assert {path: s for path, s in held.items() if s > allowed_seconds()} == {}


@pytest.mark.parametrize("name", TEXTS)
async def test_no_text_holds_the_loop(
    name: str, services: FakeServices, client: httpx.AsyncClient
) -> None:
    longest = services.config.tts_max_text_length
    text = (TEXTS[name] * longest)[:longest]
    ssml = f"<speak>{text}</speak>"[:longest].replace("&", "")
    asked: list[dict[str, Any]] = [
        {"text": text, "llm": False, "format": "pcm"},
        {"text": ssml, "llm": False, "format": "pcm", "input": "ssml"},
    ]
    for body in asked:
        # It is spoken until the client leaves: the work is in reading the text.
        async def ask(body: dict[str, Any] = body) -> None:
            asking = asyncio.create_task(client.post("/tts", json=body))
            await asyncio.wait([asking], timeout=0.3)
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)

        assert await least_hold(ask) <= allowed_seconds(), body


def messages() -> Iterator[tuple[str, str | bytes]]:
    """The largest of each socket, and what is in them."""
    kilobyte = 1_024
    for path, size in (("/ws/stt", 16), ("/v1/speak", 64), ("/v1/realtime", 1_024)):
        for unit in ('{"a":', "[", "{},", '"\\ud83d",', "9", '"a":1,'):
            yield path, "[" + unit * (size * kilobyte // len(unit) - 1)
    yield "/v1/speak", json.dumps({"type": "Speak", "text": "漢" * 10_000})
    yield "/v1/speak", json.dumps({"type": "Speak", "text": "£1,234.56 " * 6_000})
    audio = "A" * (1_000 * kilobyte)
    yield (
        "/v1/realtime",
        json.dumps({"type": "input_audio_buffer.append", "audio": audio}),
    )
    listen = "?encoding=linear16&sample_rate=8000"
    for path in ("/ws/stt", f"/v1/listen{listen}", f"/v2/listen{listen}&model=flux"):
        yield path, bytes(64 * kilobyte)


@pytest.mark.parametrize(("path", "message"), list(messages()))
async def test_no_message_holds_the_loop(
    path: str, message: str | bytes, services: FakeServices, transactional_db: None
) -> None:
    application = build_application(services)
    field = "text" if isinstance(message, str) else "bytes"

    async def talk() -> None:
        headers = [(b"host", b"localhost")]
        socket = PatientSocket(application, path, headers=headers)
        assert (await socket.connect(10))[0]
        await socket.send_input({"type": "websocket.receive", field: message})
        while not await socket.receive_nothing(timeout=0.05, interval=0.01):
            await socket.receive_output(10)
        await socket.disconnect()

    assert await least_hold(talk) <= allowed_seconds()


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


async def test_it_would_see_json_that_is_parsed_on_the_loop() -> None:
    body = wide(1_000_000)

    async def parse() -> None:
        await asyncio.sleep(0)
        with pytest.raises(ValidationError) as refused:
            Strict.model_validate(json.loads(body))
        assert len(refused.value.errors()) > 10_000

    assert await least_hold(parse) > allowed_seconds()
