"""`GET /usage`: what a caller is told of its own usage, and of nobody else's."""

from __future__ import annotations

from typing import Any

from channels.db import database_sync_to_async

from gateway_app.access.keys import key_principal
from gateway_app.usage.accounts import Resource
from gateway_app.usage.models import UsageDay
from tests.fake_services import FakeServices

KEY, OTHER = "a-long-key", "another-long-key"
LIMITS = {
    "principal_requests_per_minute": 5,
    "principal_max_sessions": 2,
    "principal_audio_in_seconds_per_day": 60,
}


async def told(client: Any, key: str) -> dict[str, Any]:
    answer = await client.get("/usage", headers={"X-API-Key": key})
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


async def test_it_tells_what_was_used_and_what_is_left(
    client_for: Any, make_services: Any
) -> None:
    services: FakeServices = make_services(api_keys=[KEY, OTHER], **LIMITS)
    day, mine = services.meter.quotas.today, key_principal(KEY)
    account = services.meter.account(mine, "192.0.2.1")
    async with client_for(services) as client:
        row = UsageDay(day=day, principal=mine.id, requests=7, audio_in_seconds=20)
        await database_sync_to_async(row.save)()
        account.spend(Resource.AUDIO_IN, 12.5)
        found, other = await told(client, KEY), await told(client, OTHER)
    assert found["day"] == str(day)
    assert 0 < found["resets_in_seconds"] <= 86_400
    assert found["used"] == {
        "requests": 8,
        "errors": 0,
        "sessions": 0,
        "audio_in_seconds": 32.5,
        "audio_out_seconds": 0,
        "llm_tokens_in": 0,
        "llm_tokens_out": 0,
    }
    assert found["limits"] == {
        "sessions": 2,
        "requests_per_minute": 5,
        "audio_in_seconds_per_day": 60,
        "audio_out_seconds_per_day": None,
        "llm_tokens_per_day": None,
    }
    assert found["left"] == {
        "requests_per_minute": 4,
        "audio_in_seconds_per_day": 47,
        "audio_out_seconds_per_day": None,
        "llm_tokens_per_day": None,
    }
    assert other["used"]["requests"] == 1
    assert other["left"]["audio_in_seconds_per_day"] == 60


async def test_it_is_refused_without_a_key(client_for: Any) -> None:
    async with client_for(api_keys=[KEY]) as client:
        assert (await client.get("/usage")).status_code == 401
