"""The server under a proxy's path: requests come with it or without, links have it."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import get_resolver, set_script_prefix
from pydantic import ValidationError

from common.config import Config
from common.config.server import OWN_PATHS
from gateway_app.access.root_path import below, placed
from tests.patient_socket import PatientSocket
from voiceproject.asgi import build_application
from voiceproject.routes.body_limits import BodyLimits
from voiceproject.server.message_limits import MessageLimits

ROOT = "/voice"


@pytest.mark.parametrize(
    ("path", "inside"),
    [
        ("/voice/tts", "/tts"),
        ("/tts", "/tts"),
        ("/voice", "/"),
        ("/voice/", "/"),
        ("/voices", "/voices"),
        ("/voice/voice", "/voice"),
    ],
)
def test_a_path_is_the_same_whether_the_proxy_removes_the_root_or_not(
    path: str, inside: str
) -> None:
    assert below(path, ROOT) == inside
    scope = placed({"type": "http", "path": path}, ROOT)
    assert (scope["path"], scope["root_path"]) == (ROOT + inside, ROOT)


def test_without_a_root_nothing_changes() -> None:
    scope = {"type": "http", "path": "/voice/tts", "root_path": "/from/the/server"}
    assert placed(scope, "") is scope
    assert below("/voice/tts", "") == "/voice/tts"


@pytest.mark.parametrize(
    ("given", "kept"),
    [("", ""), ("/", ""), ("/voice/", "/voice"), ("/a/b-c", "/a/b-c")],
)
def test_a_root_is_a_path_without_a_slash_at_its_end(given: str, kept: str) -> None:
    assert Config(root_path=given).root_path == kept


@pytest.mark.parametrize(
    "given",
    ["voice", "/vo ice", "/a//b", "/../a", "http://host/voice", "/v1", "/api/x"],
)
def test_a_root_that_cannot_work_is_refused(given: str) -> None:
    with pytest.raises(ValidationError, match="such as `/voice`"):
        Config(root_path=given)


def test_every_address_of_the_server_is_known_as_its_own() -> None:
    first_parts = {
        str(each.pattern).strip("^").split("/")[0]
        for pattern in get_resolver().url_patterns
        for each in getattr(pattern, "url_patterns", [pattern])
        if str(pattern.pattern) in ("", str(each.pattern))
    }
    assert {part for part in first_parts if part} <= OWN_PATHS


@pytest.mark.parametrize("root", ["", ROOT])
def test_limits_depend_on_the_path_below_the_root(root: str) -> None:
    bodies, plain = BodyLimits(Config(root_path=root)), BodyLimits(Config())
    target = f"{root}/v1/audio/transcriptions?x=1".encode()
    assert bodies.of(b"POST", target) == plain.of(b"POST", b"/v1/audio/transcriptions")
    messages = MessageLimits(Config(root_path=root))
    assert messages.of(f"{root}/v1/realtime") > messages.of(f"{root}/ws/stt")


@pytest.fixture
def usual_prefix() -> Any:
    yield
    set_script_prefix("/")


@pytest.mark.parametrize("prefix", ["", ROOT])
async def test_links_and_redirects_have_the_root(
    prefix: str, client_for: Any, usual_prefix: None
) -> None:
    html = {"Accept": "text/html"}
    async with client_for(root_path=ROOT, api_keys=["a-long-key"]) as client:
        login = await client.get(f"{prefix}/speak/?a=b", headers=html)
        assert login.headers["Location"] == (
            "/voice/admin/login/?next=/voice/speak/%3Fa%3Db"
        )
        client.headers["X-API-Key"] = "a-long-key"
        page = await client.get(f"{prefix}/api/", headers=html)
        for link in ('href="/voice/speak/"', "http://localhost/voice/v1"):
            assert link in page.text
        openapi = (await client.get(f"{prefix}/api/openapi.json")).json()
        assert openapi["servers"] == [{"url": ROOT}]
        assert "/tts" in openapi["paths"]
        unknown = await client.get(f"{prefix}/v1/audio/nothing")
        assert unknown.json()["error"]["message"].startswith("There is nothing at /v1/")


async def test_sockets_are_found_below_the_root(make_services: Any) -> None:
    application = build_application(make_services(root_path=ROOT))
    for path in ("/ws/stt", "/voice/ws/stt"):
        headers = [(b"host", b"localhost")]
        socket = PatientSocket(application, path, headers=headers)
        assert (await socket.connect())[0]
        assert (await socket.receive_json_from())["type"] == "ready"
        await socket.disconnect()
