"""Who may come in: origin x cookie x key, over HTTP and WebSocket."""

from __future__ import annotations

from typing import Any

import pytest

from common.errors import TooMany, Unauthorized
from gateway_app.access.authentication import AccessControl
from gateway_app.access.counters import Counters
from gateway_app.access.principals import Principal
from tests.fake_services import loaded_config
from tests.gateway.endpoints import OpenEndpoint
from voiceproject.routes.table import ROUTES

KEY = "a-long-key"
OWN = "http://localhost"
ELSEWHERE = "https://app.example"


class Endpoint(OpenEndpoint):
    async def opened(self) -> None:
        who = self.principal
        await self.send_message({"kind": who.kind, "name": who.name})


def header_list(**headers: str) -> list[tuple[bytes, bytes]]:
    return [(k.replace("_", "-").encode(), v.encode()) for k, v in headers.items() if v]


async def knock(socket: Any) -> str:
    """Who the socket took us for, or the code of its error."""
    answer = await socket.receive_json_from()
    if answer.get("type") != "error":
        return str(answer["kind"])
    closed = await socket.receive_output()
    assert closed["type"] == "websocket.close"
    return f"{answer['code']} {closed['code']}"


UNAUTHORIZED, FORBIDDEN = "unauthorized 4401", "forbidden 4403"

# keys configured, origin, signed in, key sent -> who we are, or the refusal
SOCKETS = [
    (False, "", False, "", "anonymous"),
    (False, OWN, False, "", "anonymous"),
    (False, ELSEWHERE, False, "", "anonymous"),
    (False, "http://evil.example", False, "", FORBIDDEN),
    (False, "http://localhost:9999", False, "", FORBIDDEN),
    (False, "https://localhost", False, "", FORBIDDEN),
    (False, "null", False, "", FORBIDDEN),
    (False, "", False, "wrong", "anonymous"),
    (True, "", False, "", UNAUTHORIZED),
    (True, OWN, False, "", UNAUTHORIZED),
    (True, "", False, "wrong", UNAUTHORIZED),
    (True, "", False, KEY, "key"),
    (True, OWN, False, KEY, "key"),
    (True, ELSEWHERE, False, KEY, "key"),
    (True, "http://evil.example", False, KEY, FORBIDDEN),
    (True, OWN, True, "", "user"),
    (True, "", True, "", FORBIDDEN),
    (True, "null", True, "", FORBIDDEN),
    (True, "http://evil.example", True, "", FORBIDDEN),
    (True, "http://localhost:9999", True, "", FORBIDDEN),
    (True, OWN, True, "wrong", UNAUTHORIZED),
]


@pytest.mark.parametrize(("keys", "origin", "signed_in", "key", "expected"), SOCKETS)
async def test_it_lets_sockets_in_by_origin_cookie_and_key(
    keys, origin, signed_in, key, expected, make_services, socket_to, session_cookie
):
    services = make_services(
        api_keys=[KEY] if keys else [], cors_allowed_origins=[ELSEWHERE]
    )
    headers = header_list(
        origin=origin,
        cookie=f"sessionid={session_cookie}" if signed_in else "",
        authorization=f"Bearer {key}" if key else "",
    )
    async with socket_to(Endpoint, services, headers) as socket:
        assert await knock(socket) == expected


# method, origin, signed in, key sent -> status of a request for speech or health
REQUESTS = [
    ("GET", "", False, "", 401),
    ("GET", "", False, "wrong", 401),
    ("GET", "", False, KEY, 200),
    ("GET", "", True, "", 200),
    ("GET", ELSEWHERE, False, KEY, 200),
    ("POST", "", False, "", 401),
    ("POST", "", False, KEY, 405),
    ("POST", ELSEWHERE, False, KEY, 405),
    ("POST", "", True, "", 403),
    ("POST", "http://evil.example", True, "", 403),
]


@pytest.mark.parametrize(("method", "origin", "signed_in", "key", "status"), REQUESTS)
async def test_it_lets_requests_in_by_method_cookie_and_key(
    method, origin, signed_in, key, status, client_for, session_cookie
):
    headers = {"Origin": origin, "X-API-Key": key}
    if signed_in:
        headers["Cookie"] = f"sessionid={session_cookie}"
    async with client_for(api_keys=[KEY]) as client:
        answer = await client.request(
            method, "/health", headers={k: v for k, v in headers.items() if v}
        )
        assert answer.status_code == status
        if status == 401:
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")
            assert answer.json()["error"]["code"] == "unauthorized"


async def test_it_takes_a_cookie_with_its_csrf_token(client_for, session_cookie):
    token = "a" * 32
    async with client_for(api_keys=[KEY]) as client:
        answer = await client.post(
            "/health",
            headers={
                "Cookie": f"sessionid={session_cookie}; csrftoken={token}",
                "X-CSRFToken": token,
                "Origin": OWN,
            },
        )
        assert (
            answer.status_code == 405
        )  # past access control; the route takes GET only


async def test_it_refuses_a_foreign_page_even_without_keys(client_for):
    async with client_for() as client:
        answer = await client.post("/health", headers={"Origin": "http://evil.example"})
        assert answer.status_code == 403
        assert answer.json()["error"]["code"] == "forbidden"


@pytest.mark.parametrize("path", ["/health", "/usage", "/metrics", "/voices"])
async def test_it_guards_every_endpoint(path, client_for):
    async with client_for(api_keys=[KEY]) as client:
        assert (await client.get(path)).status_code == 401
        allowed = await client.get(path, headers={"X-API-Key": KEY})
        assert allowed.status_code in (200, 503)


@pytest.mark.parametrize("path", ["/health/live", "/health/ready", "/admin/login/"])
async def test_it_leaves_the_probes_and_the_login_open(path, client_for):
    async with client_for(api_keys=[KEY]) as client:
        assert (await client.get(path)).status_code == 200
        assert (await client.head(path)).status_code == 200


@pytest.mark.parametrize("path", ["/", "/speak/", "/api/docs"])
async def test_it_sends_a_person_to_the_login(path, client_for):
    async with client_for(api_keys=[KEY]) as client:
        answer = await client.get(path, headers={"Accept": "text/html"})
        assert answer.status_code == 302
        assert answer.headers["Location"] == f"/admin/login/?next={path}"


async def test_it_says_the_same_about_a_wrong_and_an_unknown_key(client_for):
    async with client_for(api_keys=[KEY]) as client:
        bodies = []
        for key in (KEY[:-1], KEY + "x", "unknown"):
            answer = await client.get("/voices", headers={"X-API-Key": key})
            error = answer.json()["error"]
            bodies.append((answer.status_code, error["code"], error["message"]))
        assert len(set(bodies)) == 1


async def test_it_takes_no_key_from_the_address(client_for):
    async with client_for(api_keys=[KEY]) as client:
        answer = await client.get(f"/voices?api_key={KEY}&token={KEY}")
        assert answer.status_code == 401


async def test_it_never_answers_with_the_key_as_subprotocol(make_services, socket_to):
    services = make_services(api_keys=[KEY])
    offered = [f"openai-insecure-api-key.{KEY}", "voice.v1"]
    async with socket_to(Endpoint, services, subprotocols=offered) as socket:
        assert socket.subprotocol == "voice.v1"
        assert await knock(socket) == "key"
    async with socket_to(Endpoint, services, subprotocols=offered[:1]) as socket:
        assert socket.subprotocol is None
        assert await knock(socket) == "key"


async def test_it_asks_further_places_for_keys():
    class Known:
        async def in_use(self) -> bool:
            return True

        async def principal(self, key: str) -> Principal | None:
            return Principal("7", "key", "the kitchen") if key == "k" else None

        async def named(self, principal_id: str, credential: str) -> Principal | None:
            return None

    access = AccessControl(loaded_config().config, Counters(), [Known()])
    principal = await access.authenticate({"headers": [(b"x-api-key", b"k")]})
    assert principal == Principal("7", "key", "the kitchen")
    with pytest.raises(Unauthorized):
        await access.authenticate({"headers": []})


# Before a large body is read

UPLOAD = "/admin/tts_app/voice/upload/part/"


async def may_send(
    path: str, keys: list[str], *, root: str = "", **headers: str
) -> bool:
    config = loaded_config(api_keys=keys, root_path=root).config
    access = AccessControl(config, Counters(), routes=ROUTES)
    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "client": ("10.0.0.1", 4_000),
        "headers": header_list(**headers),
    }
    try:
        await access.admit_body(scope)
    except Unauthorized:
        return False
    return True


async def test_a_large_body_needs_a_valid_key_where_keys_are_in_use(
    transactional_db: None,
) -> None:
    recording = "/v1/audio/transcriptions"
    assert await may_send(recording, [])
    assert not await may_send(recording, [KEY])
    assert not await may_send(recording, [KEY], x_api_key="wrong")
    assert not await may_send(recording, [KEY], cookie="sessionid=invented")
    assert await may_send(recording, [KEY], x_api_key=KEY)


async def test_a_session_may_send_one_too_and_only_staff_to_the_admin(
    session_cookie: str,
) -> None:
    cookie = f"sessionid={session_cookie}"
    assert await may_send("/v1/audio/transcriptions", [KEY], cookie=cookie)
    assert not await may_send(UPLOAD, [KEY], cookie=cookie), "she is not staff"
    assert not await may_send(UPLOAD, [], x_api_key=KEY)
    below = f"/voice{UPLOAD}"
    assert not await may_send(below, [KEY], root="/voice", x_api_key=KEY)


async def test_a_wrong_key_counts_when_its_body_is_refused() -> None:
    access = AccessControl(loaded_config(api_keys=[KEY]).config, Counters())
    headers = header_list(x_api_key="guess")
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/v1/listen",
        "client": ("10.0.0.1", 1),
        "headers": headers,
    }
    for _ in range(10):
        with pytest.raises(Unauthorized):
            await access.admit_body(scope)
    with pytest.raises(TooMany):
        await access.admit_body(scope)
