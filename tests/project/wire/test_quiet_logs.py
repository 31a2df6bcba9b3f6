"""What people say and hear is in no line of the log."""

from __future__ import annotations

import logging
from typing import Any

import httpx

from tests.fake_services import fake_services
from tests.fakes import FakeStt
from tests.stt.sockets import connected, next_message, say
from tests.stt.sounds import LoudnessVad

CANARY = "xylophone quagmire"


async def test_no_text_that_is_spoken_or_heard_is_in_the_log(
    client: httpx.AsyncClient, caplog: Any
) -> None:
    caplog.set_level(logging.INFO)
    spoken = await client.post("/tts", json={"text": CANARY, "llm": False})
    refused = await client.post("/tts", json={"text": CANARY, "nonsense": CANARY})
    assert (spoken.status_code, refused.status_code) == (200, 400)
    stt = FakeStt([CANARY])
    services = fake_services(stt=stt, vad=LoudnessVad(), speculative_pause_seconds=0)
    async with connected(services) as socket:
        await say(socket, 0.5, -1.5)
        await socket.send_json_to({"type": "flush"})
        assert (await next_message(socket))["text"] == CANARY
    assert stt.heard
    lines = [str(record.msg) + record.getMessage() for record in caplog.records]
    assert lines
    assert not [line for line in lines if CANARY in line]
