"""Keys, preflights and quotas of the OpenAI API."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from tests.fake_services import FakeServices
from voiceproject.asgi import build_application

KEY = "a-long-key"
SPEECH = "/v1/audio/speech"
LISTS = ("/v1/models", "/v1/models/tts-1", "/v1/audio/models", "/v1/audio/voices")
BODY = {"input": "Hello."}
ELSEWHERE = "https://chat.example"

Clients = Callable[..., Any]


@pytest.fixture
def client_for(
    make_services: Callable[..., FakeServices], transactional_db: None
) -> Clients:
    """`async with client_for(api_keys=["k"]) as client`: the application so configured."""

    @contextlib.asynccontextmanager
    async def build(**changes: Any) -> AsyncIterator[httpx.AsyncClient]:
        transport = httpx.ASGITransport(build_application(make_services(**changes)))
        async with httpx.AsyncClient(
            transport=transport, base_url="http://localhost"
        ) as client:
            yield client

    return build


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


@pytest.mark.parametrize("key", ["", "anything"])
async def test_where_no_key_is_required_any_will_do(
    client_for: Clients, key: str
) -> None:
    async with client_for() as client:
        spoken = await client.post(SPEECH, json=BODY, headers=bearer(key))
        assert spoken.status_code == 200
        assert (await client.get(LISTS[0], headers=bearer(key))).status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [(bearer(KEY), 200), ({"X-API-Key": KEY}, 200), (bearer(""), 401), ({}, 401)],
)
async def test_speech_needs_the_key(
    client_for: Clients, headers: dict[str, str], status: int
) -> None:
    async with client_for(api_keys=[KEY]) as client:
        answer = await client.post(SPEECH, json=BODY, headers=headers)
    assert answer.status_code == status
    if status == 401:
        assert answer.json()["error"]["type"] == "authentication_error"
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize(
    ("settings", "open_to_all"),
    [
        ({}, True),
        ({"public_lists": True}, True),
        ({"public_lists": False}, False),
        ({"environment": "production"}, False),
        ({"environment": "production", "public_lists": True}, True),
    ],
)
async def test_the_lists_are_public_where_the_setting_says_so(
    client_for: Clients, path: str, settings: dict[str, Any], open_to_all: bool
) -> None:
    async with client_for(api_keys=[KEY], **settings) as client:
        for headers in ({}, bearer("")):
            answer = await client.get(path, headers=headers)
            assert answer.status_code == (200 if open_to_all else 401)
        assert (await client.get(path, headers=bearer(KEY))).status_code == 200
        assert (await client.get(path, headers=bearer("no"))).status_code == 401


@pytest.mark.parametrize("path", LISTS)
async def test_only_reading_a_list_is_public(client_for: Clients, path: str) -> None:
    async with client_for(api_keys=[KEY]) as client:
        assert (await client.post(path, json={})).status_code == 401


@pytest.mark.parametrize("path", ["/voices", "/metrics", "/v1", "/v1/audio", "/v1/x"])
async def test_nothing_else_became_public(client_for: Clients, path: str) -> None:
    async with client_for(api_keys=[KEY]) as client:
        assert (await client.get(path)).status_code == 401


SDK_HEADERS = (
    "authorization,content-type,x-stainless-arch,x-stainless-lang,x-stainless-os,"
    "x-stainless-package-version,x-stainless-retry-count,x-stainless-runtime,"
    "x-stainless-runtime-version,x-stainless-timeout,openai-organization,openai-project"
)


@pytest.fixture
def cors(settings: Any) -> None:
    settings.CORS_ALLOWED_ORIGINS = [ELSEWHERE]


async def preflight(
    client: httpx.AsyncClient, path: str, origin: str, method: str
) -> httpx.Response:
    asks = {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": SDK_HEADERS,
        "Access-Control-Request-Private-Network": "true",
    }
    return await client.options(path, headers=asks)


@pytest.mark.parametrize(("path", "method"), [(SPEECH, "POST"), (LISTS[0], "GET")])
async def test_a_preflight_needs_no_key_and_allows_the_sdks_headers(
    client_for: Clients, cors: None, path: str, method: str
) -> None:
    async with client_for(api_keys=[KEY], cors_allowed_origins=[ELSEWHERE]) as client:
        answer = await preflight(client, path, ELSEWHERE, method)
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == ELSEWHERE
    assert method in answer.headers["Access-Control-Allow-Methods"].split(", ")
    allowed = set(answer.headers["Access-Control-Allow-Headers"].split(", "))
    assert set(SDK_HEADERS.split(",")) <= allowed
    assert answer.headers["Access-Control-Allow-Private-Network"] == "true"


async def test_a_preflight_of_another_page_gets_nothing(
    client_for: Clients, cors: None
) -> None:
    async with client_for(cors_allowed_origins=[ELSEWHERE]) as client:
        answer = await preflight(client, SPEECH, "https://evil.example", "POST")
    assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize("keys", [[], [KEY]])
async def test_an_allowed_page_may_speak_and_read_the_headers(
    client_for: Clients, cors: None, keys: list[str]
) -> None:
    async with client_for(api_keys=keys, cors_allowed_origins=[ELSEWHERE]) as client:
        headers = {"Origin": ELSEWHERE, **bearer(KEY)}
        answer = await client.post(SPEECH, json=BODY, headers=headers)
        assert answer.status_code == 200
        assert answer.headers["Access-Control-Allow-Origin"] == ELSEWHERE
        exposed = answer.headers["Access-Control-Expose-Headers"].lower()
        assert {"x-request-id", "retry-after"} <= set(exposed.split(", "))


async def test_it_says_how_many_requests_are_left(client_for: Clients) -> None:
    async with client_for(principal_requests_per_minute=3) as client:
        answers = [await client.post(SPEECH, json=BODY) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    left = [answer.headers["x-ratelimit-remaining-requests"] for answer in answers]
    assert left == ["2", "1", "0", "0"]
    for answer in answers:
        assert answer.headers["x-ratelimit-limit-requests"] == "3"
        assert 0 < int(answer.headers["x-ratelimit-reset-requests"][:-1]) <= 60
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 60
    assert answers[-1].json()["error"]["type"] == "rate_limit_error"


async def test_an_error_counts_as_a_request(client_for: Clients) -> None:
    async with client_for(principal_requests_per_minute=3) as client:
        answer = await client.post(SPEECH, json={})
    assert answer.status_code == 400
    assert answer.headers["x-ratelimit-remaining-requests"] == "2"


@pytest.mark.parametrize(("path", "limit"), [("/voices", 3), (LISTS[0], 0)])
async def test_it_says_nothing_elsewhere_or_without_a_limit(
    client_for: Clients, path: str, limit: int
) -> None:
    async with client_for(principal_requests_per_minute=limit) as client:
        answer = await client.get(path)
    assert answer.status_code == 200
    assert not [name for name in answer.headers if name.startswith("x-ratelimit")]


async def test_public_readers_are_counted_by_address(client_for: Clients) -> None:
    limits = {"principal_requests_per_minute": 2}
    async with client_for(api_keys=[KEY], **limits) as client:
        answers = [await client.get(LISTS[0]) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert (await client.get(LISTS[0], headers=bearer(KEY))).status_code == 200
