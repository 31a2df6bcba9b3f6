"""Settings for other software on the API page: complete, and with the right addresses."""

from __future__ import annotations

import ast
import html
import re
from typing import Any

import pytest
import yaml

from gateway_app.pages.client_settings import ServerAddress, client_settings
from tests.fake_services import loaded_config

HERE = ServerAddress(
    "http://localhost:8000",
    "http://localhost:8000",
    needs_key=True,
    wyoming_port=10_300,
)
SPLIT = ServerAddress(
    "https://voice.example:8010",
    "https://voice.example:8000",
    needs_key=False,
    wyoming_port=10_300,
)
PROMISED = {
    "Open WebUI",
    "Home Assistant",
    "SillyTavern",
    "LibreChat",
    "AnythingLLM",
    "LobeChat",
    "pipecat",
    "LiveKit Agents",
    "n8n",
    "OpenAI SDK for Python",
    "OpenAI SDK for JavaScript",
    "Deepgram SDK for Python",
}


def texts(address: ServerAddress = HERE, **changes: Any) -> dict[str, str]:
    config = loaded_config(**changes).config
    return {each.name: each.text for each in client_settings(address, config)}


def test_it_has_every_client() -> None:
    assert set(texts()) == PROMISED


def test_each_has_its_own_anchor() -> None:
    found = client_settings(HERE, loaded_config().config)
    anchors = {each.anchor for each in found}
    assert len(anchors) == len(found)
    assert all(re.fullmatch(r"[a-z][a-z0-9-]*", anchor) for anchor in anchors)


@pytest.mark.parametrize("name", sorted(PROMISED - {"Home Assistant"}))
def test_each_names_this_server_and_a_key(name: str) -> None:
    assert "localhost:8000" in texts()[name]
    assert "YOUR_KEY" in texts()[name]
    assert "YOUR_KEY" not in texts(SPLIT)[name]
    assert "$" not in texts()[name]


def test_split_services_keep_their_own_ports() -> None:
    lines = texts(SPLIT)["Open WebUI"].splitlines()
    assert "AUDIO_STT_OPENAI_API_BASE_URL=https://voice.example:8010/v1" in lines
    assert "AUDIO_TTS_OPENAI_API_BASE_URL=https://voice.example:8000/v1" in lines
    assert "wss://voice.example:8010" in texts(SPLIT)["Deepgram SDK for Python"]
    assert "Host: voice.example" in texts(SPLIT)["Home Assistant"]


@pytest.mark.parametrize("name", sorted(each for each in PROMISED if "Python" in each))
def test_python_programs_can_be_read(name: str) -> None:
    assert ast.parse(texts()[name]).body


@pytest.mark.parametrize("name", ["pipecat", "LiveKit Agents"])
def test_so_can_those_of_frameworks(name: str) -> None:
    assert ast.parse(texts()[name]).body


def test_librechats_file_can_be_read() -> None:
    speech = yaml.safe_load(texts()["LibreChat"])["speech"]
    assert speech["tts"]["openai"]["url"].endswith(":8000/v1/audio/speech")
    assert speech["stt"]["allowedAddresses"] == ["localhost:8000"]


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({"wyoming_port": 0}, {"Home Assistant"}),
        ({"deepgram_api": False}, {"Deepgram SDK for Python"}),
        (
            {"openai_api": False},
            PROMISED - {"Home Assistant", "Deepgram SDK for Python"},
        ),
    ],
)
def test_what_is_switched_off_is_not_offered(
    changes: dict[str, Any], missing: set[str]
) -> None:
    assert set(texts(**changes)) == PROMISED - missing


async def test_the_page_shows_them(client: Any) -> None:
    page = html.unescape((await client.get("/api/")).text)
    assert "http://localhost/v1" in page
    assert "No key is required" in page
    for name in PROMISED:
        assert f"Copy the settings for {name}" in page
    for path in ("/v1/audio/speech", "/v1/models", "/v1/audio/voices"):
        assert path in page


async def test_the_page_says_when_a_key_is_needed(client_for: Any) -> None:
    async with client_for(api_keys=["k"]) as client:
        headers = {"X-API-Key": "k"}
        page = (await client.get("/api/", headers=headers)).text
    assert "one of your API keys" in page
    assert "Needs no key." in page
    assert "YOUR_KEY" in page


async def test_the_page_offers_nothing_that_is_off(client_for: Any) -> None:
    async with client_for(openai_api=False) as client:
        page = (await client.get("/api/")).text
    assert "switched off" in page
    assert "/v1/audio/speech" not in page
