"""While the models are being loaded everything answers: with how far it is, or later."""

from __future__ import annotations

import pytest

from common.engine import PartHealth, PartState
from tests.fakes import FakeStt

HTML = {"Accept": "text/html,*/*;q=0.8"}


class LoadingStt(FakeStt):
    def health(self) -> PartHealth:
        return PartHealth(PartState.LOADING, "Whisper base is loading.")


@pytest.fixture
def loading(make_services):
    services = make_services(stt=LoadingStt(), api_keys=["a-long-key"])
    services.sessions.loading = True
    return services


async def test_health_says_that_it_loads(loading, client_for):
    async with client_for(loading) as client:
        client.headers["X-API-Key"] = "a-long-key"
        whole = await client.get("/health")
        assert whole.status_code == 503
        assert (whole.json()["status"], whole.json()["failing"]) == ("loading", [])
        assert whole.json()["parts"]["whisper"]["state"] == "loading"
        assert whole.json()["parts"]["piper"]["state"] == "ready"
        ready = await client.get("/health/ready")
        assert (ready.status_code, ready.json()) == (503, {"status": "loading"})
        assert (await client.get("/health/live")).status_code == 200
        assert (await client.get("/metrics")).status_code == 200


async def test_a_browser_sees_how_far_it_is_wherever_it_goes(loading, client_for):
    async with client_for(loading) as client:
        for path in ("/", "/speak/", "/admin/", "/no/such/page"):
            page = await client.get(path, headers=HTML)
            assert page.status_code == 503
            assert page.headers["Retry-After"] == "2"
            assert page.headers["Cache-Control"] == "no-store"
            assert "default-src 'self'" in page.headers["Content-Security-Policy"]
            for words in ("Loading the models", "Speech to text", "Text to speech"):
                assert words in page.text
        assert (await client.get("/static/js/loading.js")).status_code == 200
        assert (await client.get("/static/css/site.css")).status_code == 200


async def test_a_program_is_told_to_come_back_in_the_shape_of_its_protocol(
    loading, client_for
):
    body = {"text": "Hello", "input": "Hello", "model": "tts-1", "voice": "alloy"}
    async with client_for(loading) as client:
        own = await client.post("/tts", json=body)
        openai = await client.post("/v1/audio/speech", json=body)
        deepgram = await client.post("/v1/speak", json=body)
    for answer in (own, openai, deepgram):
        assert answer.status_code == 503
        assert answer.headers["Retry-After"] == "2"
    assert own.json()["error"]["code"] == "loading"
    assert openai.json()["error"]["code"] == "loading"
    assert "loading" in deepgram.json()["err_msg"]


async def test_a_socket_is_told_to_come_back_and_works_once_all_is_loaded(services, ws):
    services.sessions.loading = True
    async with ws("/ws/stt") as socket:
        event = await socket.receive_json_from()
        assert (event["code"], event["retry_after"]) == ("loading", 2.0)
        assert (await socket.receive_output())["code"] == 4503
    services.sessions.loading = False
    async with ws("/ws/stt") as socket:
        assert (await socket.receive_json_from())["type"] == "ready"


async def test_pages_open_once_all_is_loaded(loading, client_for):
    async with client_for(loading) as client:
        loading.sessions.loading = False
        page = await client.get("/speak/", headers=HTML)
        assert "Loading the models" not in page.text
