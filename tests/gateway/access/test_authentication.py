"""Who may come in: origin x cookie x key, over HTTP and WebSocket."""

from __future__ import annotations

import contextlib
import hashlib
import re
from typing import Any

import pytest

from common.errors import Forbidden, TooMany, Unauthorized
from gateway_app.access.authentication import (
    AccessControl,
    ConfigKeys,
    KeyOwner,
    presented_key,
)
from gateway_app.access.failed_logins import MAX_ADDRESSES, FailedLogins
from gateway_app.voice_consumer import VoiceConsumer
from tests.fake_services import loaded_config

KEY = "a-long-key"
OWN = "http://localhost"
ELSEWHERE = "https://app.example"


class Door(VoiceConsumer):
    async def opened(self) -> None:
        caller = self.caller
        await self.send_message({"kind": caller.kind, "name": caller.name})


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
    async with socket_to(Door, services, headers) as socket:
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
            method, "/health/ready", headers={k: v for k, v in headers.items() if v}
        )
        assert answer.status_code == status
        if status == 401:
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")
            assert answer.json()["error"]["code"] == "unauthorized"


async def test_it_takes_a_cookie_with_its_csrf_token(client_for, session_cookie):
    token = "a" * 32
    async with client_for(api_keys=[KEY]) as client:
        answer = await client.post(
            "/health/ready",
            headers={
                "Cookie": f"sessionid={session_cookie}; csrftoken={token}",
                "X-CSRFToken": token,
                "Origin": OWN,
            },
        )
        assert answer.status_code == 405  # past the door; the route takes GET only


async def test_it_refuses_a_foreign_page_even_without_keys(client_for):
    async with client_for() as client:
        answer = await client.post(
            "/health/ready", headers={"Origin": "http://evil.example"}
        )
        assert answer.status_code == 403
        assert answer.json()["error"]["code"] == "forbidden"


@pytest.mark.parametrize("path", ["/health", "/health/ready", "/metrics", "/voices"])
async def test_it_guards_every_door(path, client_for):
    async with client_for(api_keys=[KEY]) as client:
        assert (await client.get(path)).status_code == 401
        allowed = await client.get(path, headers={"X-API-Key": KEY})
        assert allowed.status_code in (200, 503)


@pytest.mark.parametrize("path", ["/health/live", "/admin/login/"])
async def test_it_leaves_liveness_and_the_login_open(path, client_for):
    async with client_for(api_keys=[KEY]) as client:
        assert (await client.get(path)).status_code == 200


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


@pytest.mark.parametrize(
    ("scope", "key"),
    [
        ({"headers": [(b"authorization", b"Bearer k")]}, "k"),
        ({"headers": [(b"authorization", b"bearer  k ")]}, "k"),
        ({"headers": [(b"authorization", b"Token k")]}, "k"),
        ({"headers": [(b"authorization", b"Basic k")]}, ""),
        ({"headers": [(b"authorization", b"Bearer")]}, ""),
        ({"headers": [(b"x-api-key", b"k")]}, "k"),
        ({"subprotocols": ["realtime", "openai-insecure-api-key.k"]}, "k"),
        ({"headers": []}, ""),
    ],
)
def test_it_finds_the_key_wherever_it_was_put(scope, key):
    assert presented_key(scope) == key


async def test_it_never_answers_with_the_key_as_subprotocol(make_services, socket_to):
    services = make_services(api_keys=[KEY])
    offered = [f"openai-insecure-api-key.{KEY}", "voice.v1"]
    async with socket_to(Door, services, subprotocols=offered) as socket:
        assert socket.subprotocol == "voice.v1"
        assert await knock(socket) == "key"
    async with socket_to(Door, services, subprotocols=offered[:1]) as socket:
        assert socket.subprotocol is None
        assert await knock(socket) == "key"


async def test_it_asks_further_places_for_keys():
    class Known:
        async def in_use(self) -> bool:
            return True

        async def owner(self, key: str) -> KeyOwner | None:
            return KeyOwner("7", "the kitchen") if key == "k" else None

    access = AccessControl(loaded_config().config, [Known()])
    caller = await access.authenticate({"headers": [(b"x-api-key", b"k")]})
    assert (caller.kind, caller.id, caller.name) == ("key", "7", "the kitchen")
    with pytest.raises(Unauthorized):
        await access.authenticate({"headers": []})


async def test_it_keeps_no_key_in_memory_as_text():
    keys = ConfigKeys([KEY])
    assert KEY not in str(vars(keys))
    assert await keys.owner(KEY) is not None
    assert await keys.owner("schlüssel ☃") is None


async def test_a_key_keeps_its_owner_wherever_it_stands_in_the_setting():
    first = await ConfigKeys(["one", "two", "three"]).owner("two")
    assert first is not None
    for keys in (["three", "two", "one"], ["two", "three"], ["two"], ["two", "two"]):
        assert await ConfigKeys(keys).owner("two") == first
    assert await ConfigKeys(["one", "three"]).owner("two") is None


async def test_no_two_keys_share_an_owner():
    numbered = [f"key {number}" for number in range(1_000)]
    keys = ConfigKeys(numbered)
    owners = [await keys.owner(key) for key in numbered]
    assert len({owner.id for owner in owners if owner}) == 1_000


async def test_the_owner_of_a_key_does_not_show_the_key():
    owner = await ConfigKeys([KEY]).owner(KEY)
    assert owner is not None
    assert re.fullmatch("key:[0-9a-f]{16}", owner.id)
    assert owner.name == f"key {owner.id[4:12]}"
    # A fingerprint without its context could be looked up in a table of digests.
    assert owner.id[4:] not in hashlib.sha256(KEY.encode()).hexdigest()


@pytest.mark.parametrize(
    ("scheme", "host", "origin", "allowed"),
    [
        ("ws", "example.org", "http://example.org", True),
        ("ws", "example.org:80", "http://example.org", True),
        ("wss", "example.org", "https://example.org:443", True),
        ("wss", "example.org", "http://example.org", False),
        ("ws", "example.org:8000", "http://example.org:8000", True),
        ("ws", "example.org:8000", "http://example.org", False),
        ("ws", "[::1]:8000", "http://[::1]:8000", True),
        ("ws", "example.org", "http://example.org.evil", False),
        ("ws", "example.org", "file://", False),
        ("ws", "example.org", "http://example.org:no", False),
        ("ws", "Example.org", "http://example.ORG", True),
        ("ws", "rebound.example", "http://rebound.example", False),
    ],
)
def test_it_compares_scheme_host_and_port(scheme, host, origin, allowed):
    config = loaded_config(allowed_hosts=["example.org", "[::1]"]).config
    scope = {"scheme": scheme, "headers": header_list(host=host, origin=origin)}
    with contextlib.nullcontext() if allowed else pytest.raises(Forbidden):
        AccessControl(config).check_origin(scope)


async def test_it_stops_an_address_that_keeps_guessing(client_for):
    async with client_for(api_keys=[KEY]) as client:
        guess = {"X-API-Key": "guess"}
        codes = [
            (await client.get("/voices", headers=guess)).status_code for _ in range(11)
        ]
        assert codes == [401] * 10 + [429]
        blocked = await client.get("/voices", headers={"X-API-Key": KEY})
        assert blocked.status_code == 429
        assert 0 < int(blocked.headers["Retry-After"]) <= 60


async def guess_from(client: Any, address: str) -> int:
    headers = {"X-API-Key": "guess", "X-Forwarded-For": address}
    return int((await client.get("/voices", headers=headers)).status_code)


async def test_it_counts_guesses_by_the_address_that_a_named_proxy_tells(client_for):
    async with client_for(api_keys=[KEY], trusted_proxies=["127.0.0.1"]) as client:
        codes = [await guess_from(client, "1.2.3.4") for _ in range(11)]
        assert codes[-1] == 429
        assert await guess_from(client, "5.6.7.8") == 401


async def test_it_is_not_fooled_by_an_address_that_the_client_tells(client_for):
    async with client_for(api_keys=[KEY]) as client:
        codes = [await guess_from(client, f"1.2.3.{n}") for n in range(11)]
        assert codes[-1] == 429


async def test_it_does_not_count_requests_without_a_key(client_for):
    async with client_for(api_keys=[KEY]) as client:
        for _ in range(15):
            assert (await client.get("/voices")).status_code == 401
        assert (
            await client.get("/voices", headers={"X-API-Key": KEY})
        ).status_code == 200


async def test_it_stops_an_address_that_guesses_passwords(client_for):
    async with client_for() as client:
        await client.get("/admin/login/")
        codes = []
        for _ in range(11):
            answer = await client.post(
                "/admin/login/",
                data={"username": "alice", "password": "guess"},
                headers={"X-CSRFToken": client.cookies["csrftoken"]},
            )
            codes.append(answer.status_code)
        assert codes == [200] * 10 + [429]


def test_it_bounds_what_it_remembers_of_guesses():
    attempts = FailedLogins()
    for number in range(MAX_ADDRESSES + 100):
        attempts.count(f"2001:db8:{number >> 16:x}:{number & 0xFFFF:x}::1")
    assert len(attempts._storage.storage) <= MAX_ADDRESSES + 1


def test_it_takes_an_ipv6_network_for_one_guesser():
    attempts = FailedLogins()
    for number in range(10):
        attempts.count(f"2001:db8:0:1::{number:x}")
    with pytest.raises(TooMany):
        attempts.check("2001:db8:0:1:ffff::1")
    attempts.check("2001:db8:0:2::1")
