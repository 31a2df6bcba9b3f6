"""A web page's token at the real server: it opens one socket, and only for a while."""

from __future__ import annotations

import json
import re
import time
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosedError
from websockets.sync.client import connect
from websockets.typing import Origin, Subprotocol

from common.config import project_dir
from tests.server_process import POLL_SECONDS, RunningServer, started_server

pytestmark = pytest.mark.server

KEY = "a-key-for-the-backend"
AUTHORISED = {"Authorization": f"Bearer {KEY}"}
FAKES: dict[str, Any] = {
    "stt_engine": "tests.project.fake_engines:Stt",
    "tts_engine": "tests.project.fake_engines:Tts",
    "llm_backend": "none",
}
PAGE = Origin("http://localhost:5173")


def test_a_token_opens_one_socket_and_expires() -> None:
    with started_server(**FAKES, api_keys=KEY, cors_allowed_origins=PAGE) as server:
        wait_until_ready(server)
        token = issued(server, {"scopes": ["stt"]})
        with connect(
            f"{server.ws_url}/ws/stt", subprotocols=offering(token), origin=PAGE
        ) as socket:
            assert socket.subprotocol == "token"
            assert json.loads(socket.recv())["type"] == "ready"
        assert "has been used" in refusal(server, token)
        short = issued(server, {"seconds": 1})
        time.sleep(2.1)
        assert "has expired" in refusal(server, short)
        assert token not in server.log and short not in server.log
        listens_only = issued(server, {"scopes": ["stt"]})
        assert "`monitor`" in refusal(server, listens_only, "/ws/monitor", 4403)
        check_documented_backend(server)


def wait_until_ready(server: RunningServer) -> None:
    """As `running_server` does it, with the key."""
    server.wait_until_answering()
    end = time.monotonic() + 60
    while httpx.get(f"{server.url}/voices", headers=AUTHORISED).status_code != 200:
        assert time.monotonic() < end, server.log
        time.sleep(POLL_SECONDS)


def offering(token: str) -> list[Subprotocol]:
    return [Subprotocol("token"), Subprotocol(token)]


def issued(server: RunningServer, wish: dict[str, Any]) -> str:
    answer = httpx.post(f"{server.url}/api/token", json=wish, headers=AUTHORISED)
    return str(answer.raise_for_status().json()["token"])


def refusal(
    server: RunningServer, token: str, path: str = "/ws/stt", code: int = 4401
) -> str:
    """What the server says before it closes with this code."""
    with connect(
        f"{server.ws_url}{path}", subprotocols=offering(token), origin=PAGE
    ) as socket:
        error = json.loads(socket.recv())
        assert error["type"] == "error"
        with pytest.raises(ConnectionClosedError):
            socket.recv()
        assert socket.close_code == code
        return str(error["message"])


def check_documented_backend(server: RunningServer) -> None:
    """The backend of docs/browser-tokens.md gets a token as it stands."""
    page = (project_dir() / "docs" / "browser-tokens.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```$", page, re.M | re.S)
    (block,) = [each for each in blocks if "def token()" in each]
    names: dict[str, Any] = {}
    block = block.replace("http://127.0.0.1:8000", server.url)
    exec(compile(block.replace("YOUR-KEY", KEY), "backend", "exec"), names)  # noqa: S102 - our own page
    given = json.loads(names["token"]())
    assert given["scopes"] == ["stt"]
