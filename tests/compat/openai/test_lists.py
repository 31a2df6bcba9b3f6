"""The lists of models and voices, in the shapes of the clients that read them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from compat_app.model_names import SPEECH_MODELS, TRANSCRIPTION_MODELS
from tests.fake_services import FakeServices
from tests.fakes import FakeTts
from voiceproject.asgi import build_application

VOICES = ("en_US-fake-medium", "de_DE-fake-medium")
LISTS = ("/v1/models", "/v1/models/tts-1", "/v1/audio/models", "/v1/audio/voices")

Make = Callable[..., FakeServices]


@pytest.fixture
def services(make_services: Make) -> FakeServices:
    return make_services(
        tts=FakeTts(VOICES),
        model_aliases={"mine": "fake-whisper"},
        voice_aliases={"narrator": VOICES[1], "gone": "no-such-voice"},
    )


async def get(services: FakeServices, path: str) -> httpx.Response:
    transport = httpx.ASGITransport(build_application(services))
    async with httpx.AsyncClient(
        transport=transport, base_url="http://localhost"
    ) as client:
        return await client.get(path)


async def test_it_lists_models_voices_and_aliases(client: httpx.AsyncClient) -> None:
    answer = (await client.get("/v1/models")).json()
    assert answer["object"] == "list"
    for model in answer["data"]:
        assert set(model) == {"id", "object", "created", "owned_by"}
        assert model["object"] == "model"
        assert isinstance(model["created"], int)
    names = [model["id"] for model in answer["data"]]
    assert names[:3] == ["fake-whisper", *VOICES]
    assert {*TRANSCRIPTION_MODELS, *SPEECH_MODELS, "mine"} <= set(names)
    assert len(names) == len(set(names))


async def test_it_tells_our_models_from_aliases(client: httpx.AsyncClient) -> None:
    data = (await client.get("/v1/models")).json()["data"]
    owners = {model["id"]: model["owned_by"] for model in data}
    assert owners["fake-whisper"] == owners[VOICES[0]] == "local"
    assert owners["whisper-1"] == owners["mine"] == "local-alias"


@pytest.mark.parametrize("name", ["fake-whisper", "whisper-1", VOICES[1], "mine"])
async def test_it_shows_one_model(client: httpx.AsyncClient, name: str) -> None:
    answer = await client.get(f"/v1/models/{name}")
    assert answer.status_code == 200
    assert set(answer.json()) == {"id", "object", "created", "owned_by"}
    assert answer.json()["id"] == name


async def test_a_model_for_speech_has_its_voices(client: httpx.AsyncClient) -> None:
    """As speaches does it; wyoming_openai with TTS_BACKEND=SPEACHES reads the names
    (compatibility.py of 0.4.1, _list_speaches_voices).
    """
    answer = (await client.get("/v1/models/tts-1")).json()
    assert [voice["name"] for voice in answer["voices"]] == list(VOICES)
    assert answer["voices"][1]["language"] == "de_DE"


@pytest.mark.parametrize("name", ["nothing", "org/model", "a/b/c", "x" * 3_000])
async def test_an_unknown_model_is_a_404(client: httpx.AsyncClient, name: str) -> None:
    answer = await client.get(f"/v1/models/{name}")
    assert answer.status_code == 404
    error = answer.json()["error"]
    assert (error["code"], error["param"]) == ("model_not_found", "model")


async def test_open_webui_finds_its_models(client: httpx.AsyncClient) -> None:
    answer = (await client.get("/v1/audio/models")).json()
    assert [model["id"] for model in answer["models"]] == list(SPEECH_MODELS)
    assert answer["data"] == answer["models"]


async def test_open_webui_finds_its_voices(client: httpx.AsyncClient) -> None:
    answer = (await client.get("/v1/audio/voices")).json()
    found = {voice["id"]: voice["name"] for voice in answer["voices"]}
    assert list(found) == [*VOICES, "narrator"]
    assert answer["voices"][2]["language"] == "de_DE"


async def test_names_alone_are_a_list_of_texts(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/audio/voices", params={"format": "names"})
    assert answer.json() == {"voices": [*VOICES, "narrator"]}


async def test_it_names_a_format_that_is_not_one(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/audio/voices", params={"format": "xml"})
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == "format"


async def test_without_a_voice_the_lists_stay_readable(
    make_services: Make, transactional_db: None
) -> None:
    services = make_services(tts=FakeTts([]))
    assert (await get(services, "/v1/audio/voices")).json() == {"voices": []}
    names = (await get(services, "/v1/models")).json()["data"]
    assert "fake-whisper" in {model["id"] for model in names}


@pytest.mark.parametrize(
    ("role", "listed", "missing"),
    [("stt", "whisper-1", "tts-1"), ("tts", "tts-1", "whisper-1")],
)
async def test_a_service_of_its_own_lists_what_it_has(
    make_services: Make, transactional_db: None, role: str, listed: str, missing: str
) -> None:
    services = make_services(roles=(role,))
    data = (await get(services, "/v1/models")).json()["data"]
    names = {model["id"] for model in data}
    assert listed in names
    assert missing not in names


@pytest.mark.parametrize("path", ["/v1/audio/models", "/v1/audio/voices"])
async def test_a_server_without_speech_says_so(
    make_services: Make, transactional_db: None, path: str
) -> None:
    answer = await get(make_services(roles=("stt",)), path)
    assert answer.status_code == 404
    assert "text to speech" in answer.json()["error"]["message"]


@pytest.mark.parametrize("path", LISTS)
async def test_they_are_gone_while_the_api_is_switched_off(
    make_services: Make, transactional_db: None, path: str
) -> None:
    answer = await get(make_services(openai_api=False), path)
    assert answer.status_code == 404
    error: dict[str, Any] = answer.json()["error"]
    assert error["type"] == "invalid_request_error"
    assert "openai_api" in error["message"]
