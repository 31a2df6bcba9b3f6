"""`POST /api/token`, and the socket that a token opens."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from channels.db import database_sync_to_async
from django.contrib.auth.models import User

from tests.gateway.endpoints import OpenEndpoint

KEY, OTHER_KEY = "a-long-key", "another-long-key"
AUTHORISED = {"X-API-Key": KEY}
ORIGIN = [(b"origin", b"http://localhost")]


class Endpoint(OpenEndpoint):
    async def opened(self) -> None:
        who = self.principal
        scopes = sorted(scope.value for scope in who.scopes)
        await self.send_message({"id": who.id, "scopes": scopes})


async def token(client: httpx.AsyncClient, **wish: Any) -> str:
    answer = await client.post("/api/token", json=wish, headers=AUTHORISED)
    assert answer.status_code == 200
    return str(answer.json()["token"])


async def knock(socket: Any) -> dict[str, Any]:
    """Who the socket took us for, or its error with the close code."""
    answer: dict[str, Any] = await socket.receive_json_from()
    if answer.get("type") == "error":
        answer["close"] = (await socket.receive_output())["code"]
    return answer


async def test_it_gives_a_token_that_no_cache_keeps(client_for: Any) -> None:
    async with client_for(api_keys=[KEY]) as client:
        answer = await client.post("/api/token", headers=AUTHORISED)
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "no-store"
        body = answer.json()
        assert body["token"].startswith("ek_")
        assert body["scopes"] == ["stt", "tts", "chat"]
        left = datetime.fromisoformat(body["expires_at"]) - datetime.now(UTC)
        assert 50 < left.total_seconds() <= 60


@pytest.mark.parametrize(
    ("wish", "status", "field"),
    [
        ({"seconds": 61}, 400, "seconds"),
        ({"seconds": 0}, 400, "seconds"),
        ({"scopes": ["sing"]}, 400, "scopes.0"),
        ({"scopes": ["voices:write"]}, 400, "scopes"),
        ({"scope": ["stt"]}, 400, "scope"),
        ({"scopes": ["history:read"]}, 403, None),
    ],
)
async def test_it_refuses_what_it_cannot_give(
    client_for: Any, wish: dict[str, Any], status: int, field: str | None
) -> None:
    async with client_for(api_keys=[KEY]) as client:
        answer = await client.post("/api/token", json=wish, headers=AUTHORISED)
        assert answer.status_code == status
        assert answer.json()["error"].get("field") == field


async def test_it_asks_for_a_key_and_of_a_session_for_its_csrf_token(
    client_for: Any, session_cookie: str
) -> None:
    async with client_for(api_keys=[KEY]) as client:
        assert (await client.post("/api/token")).status_code == 401
        client.cookies.set("sessionid", session_cookie)
        assert (await client.post("/api/token")).status_code == 403
        client.cookies.set("csrftoken", "t" * 32)
        headers = {"X-CSRFToken": "t" * 32, "Origin": "http://localhost"}
        answer = await client.post("/api/token", headers=headers)
        assert answer.status_code == 200


async def test_a_token_opens_one_socket_as_its_caller(
    client_for: Any, socket_to: Any, make_services: Any
) -> None:
    services = make_services(api_keys=[OTHER_KEY, KEY])
    async with client_for(services) as client:
        given = await token(client, scopes=["stt"])
    offered = {"subprotocols": ["token", given]}
    async with socket_to(Endpoint, services, ORIGIN, **offered) as socket:
        assert socket.subprotocol == "token"
        found = await knock(socket)
        assert found["scopes"] == ["stt"]
        assert found["id"].startswith("key:")
    async with socket_to(Endpoint, services, ORIGIN, **offered) as socket:
        refused = await knock(socket)
        assert (refused["code"], refused["close"]) == ("unauthorized", 4401)
        assert "has been used" in refused["message"]


@pytest.mark.parametrize(
    "how", ["bearer", ["realtime", "openai-insecure-api-key.{}"], ["bearer", "{}"]]
)
async def test_it_takes_a_token_wherever_it_takes_a_key(
    client_for: Any, socket_to: Any, make_services: Any, how: Any
) -> None:
    services = make_services(api_keys=[KEY])
    async with client_for(services) as client:
        given = await token(client)
    headers, offered = [], {}
    if how == "bearer":
        headers = [(b"authorization", f"Bearer {given}".encode())]
    else:
        offered["subprotocols"] = [name.format(given) for name in how]
    async with socket_to(Endpoint, services, headers, **offered) as socket:
        assert given not in str(socket.subprotocol)
        assert "id" in await knock(socket)


async def test_requests_take_no_token(client_for: Any) -> None:
    async with client_for(api_keys=[KEY]) as client:
        given = await token(client)
        headers = {"Authorization": f"Bearer {given}"}
        answer = await client.get("/voices", headers=headers)
        assert answer.status_code == 401
        assert "A token opens a WebSocket" in answer.json()["error"]["message"]


async def test_a_token_is_worth_nothing_without_its_caller(
    client_for: Any, socket_to: Any, make_services: Any
) -> None:
    async with client_for(api_keys=[KEY]) as client:
        given = await token(client)
    services = make_services(api_keys=[OTHER_KEY])
    async with socket_to(
        Endpoint, services, ORIGIN, subprotocols=["token", given]
    ) as socket:
        assert "lost access" in (await knock(socket))["message"]


async def test_nor_without_the_account_of_its_caller(
    client_for: Any, socket_to: Any, make_services: Any, session_cookie: str
) -> None:
    services = make_services(api_keys=[KEY])
    async with client_for(services) as client:
        client.cookies.set("sessionid", session_cookie)
        client.cookies.set("csrftoken", "t" * 32)
        headers = {"X-CSRFToken": "t" * 32, "Origin": "http://localhost"}
        given = [
            (await client.post("/api/token", headers=headers)).json()["token"]
            for _ in range(2)
        ]
    offered = {"subprotocols": ["token", given[0]]}
    async with socket_to(Endpoint, services, **offered) as socket:
        assert (await knock(socket))["id"].startswith("user:")
    await database_sync_to_async(User.objects.update)(is_active=False)
    offered = {"subprotocols": ["token", given[1]]}
    async with socket_to(Endpoint, services, **offered) as socket:
        assert "lost access" in (await knock(socket))["message"]


async def test_without_keys_it_gives_tokens_all_the_same(
    client_for: Any, socket_to: Any, make_services: Any
) -> None:
    services = make_services()
    async with client_for(services) as client:
        given = (await client.post("/api/token")).json()["token"]
    offered = {"subprotocols": ["token", given]}
    async with socket_to(Endpoint, services, **offered) as socket:
        assert (await knock(socket))["id"] == "anonymous"
