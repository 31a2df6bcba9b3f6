"""Two real server processes, one conversation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.server_process import RunningServer, running_server
from tests.servers import ollama as answers
from tests.servers.ollama import OllamaServer

pytestmark = pytest.mark.server

FAKES: dict[str, Any] = {
    "stt_engine": "tests.project.fake_engines:Stt",
    "tts_engine": "tests.project.fake_engines:Tts",
    "llm_backend": "ollama",
    "ollama_warm_up": False,
}


def say(server: RunningServer, text: str) -> int:
    body = {"text": text, "conversation_id": "kitchen", "format": "pcm"}
    return httpx.post(f"{server.url}/tts", json=body, timeout=30).status_code


def test_it_goes_on_in_another_process_and_is_forgotten_by_all(
    tmp_path: Path,
) -> None:
    with OllamaServer() as ollama:
        ollama.usual = answers.answer("I am here.")
        shared = {**FAKES, "ollama_url": ollama.url, "data_dir": tmp_path}

        def told() -> list[str]:
            messages = ollama.chats[-1].json["messages"]
            return [message["content"] for message in messages[1:]]

        with running_server(**shared) as one, running_server(**shared) as two:
            assert f"Ollama at {ollama.url} serves llama3.2." in one.log
            assert say(one, "Where are you?") == 200
            assert say(two, "And now?") == 200
            assert told() == ["Where are you?", "I am here.", "And now?"]
            address = "/tts/conversations/kitchen"
            assert httpx.delete(f"{two.url}{address}").status_code == 204
            assert httpx.delete(f"{one.url}{address}").status_code == 404
            assert say(one, "Hello?") == 200
            assert told() == ["Hello?"]
