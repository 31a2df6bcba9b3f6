"""What other software sends to speak, and to find models and voices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.compat.clients.recorded import (
    Recorded,
    at,
    audio_of,
    events_of,
    recordings,
)
from tests.fake_services import FakeServices
from tests.fakes import FakeTts
from tests.tts.audio_files import pitch_hz

RECORDINGS = recordings("*_speech*.json")
CLIENTS = {
    "Open WebUI",
    "SillyTavern",
    "LibreChat",
    "AnythingLLM",
    "LobeChat",
    "pipecat",
    "LiveKit Agents",
    "wyoming_openai",
    "n8n",
}
ELSEWHERE = "https://chat.example"
TONE_HZ = 440


@pytest.fixture
def services(make_services: Callable[..., FakeServices], settings: Any) -> FakeServices:
    settings.CORS_ALLOWED_ORIGINS = [ELSEWHERE]
    voices = ("en_US-fake-medium", "en_US-other-medium")
    return make_services(tts=FakeTts(voices), cors_allowed_origins=[ELSEWHERE])


def test_every_client_is_recorded() -> None:
    assert {each.client for each in RECORDINGS} == CLIENTS
    assert all(each.version and each.source for each in RECORDINGS)


@pytest.mark.parametrize("recorded", RECORDINGS, ids=lambda each: each.name)
async def test_it_answers_what_the_client_reads(
    client: httpx.AsyncClient, recorded: Recorded
) -> None:
    answer = await recorded.send(client)
    expects = recorded.expects
    assert answer.status_code == expects["status"], answer.text
    content_type = answer.headers.get("content-type", "").split(";")[0]
    assert content_type == expects.get("content_type", content_type)
    for name, value in expects.get("headers", {}).items():
        assert answer.headers[name] == value
    for path in expects.get("json_has", ()):
        assert at(path, answer.json())
    if "events" in expects:
        found = [event["type"] for event in events_of(answer)]
        assert list(dict.fromkeys(found)) == expects["events"]
    if "audio" in expects:
        audio = audio_of(answer, expects)
        assert audio.rate_hz == expects.get("rate_hz", audio.rate_hz)
        assert pitch_hz(audio) == pytest.approx(TONE_HZ, abs=3)
