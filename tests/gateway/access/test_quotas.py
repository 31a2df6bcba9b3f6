"""How often an address may fail to get in, and how much a principal may ask for."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from typing import Any

import pytest
from channels.db import database_sync_to_async
from django.contrib.auth.models import User
from structlog.testing import capture_logs

from common.errors import TooMany
from gateway_app.access.authentication import AccessControl
from gateway_app.access.counters import MAX_NAMES, Counters
from gateway_app.access.principals import Limits, Principal
from gateway_app.access.quotas import (
    Allowance,
    FailedLogins,
    OverQuota,
    Quotas,
    network,
)
from gateway_app.consumers import MonitorConsumer
from tests.clocks import StoppedClock
from tests.fake_services import loaded_config

KEY = "a-long-key"


@pytest.fixture
def quick_passwords(settings: Any) -> None:
    """The usual hash takes a second of processor time for each password."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


async def test_it_stops_an_address_that_keeps_guessing(client_for):
    async with client_for(api_keys=[KEY]) as client:
        guess = {"X-API-Key": "guess"}
        codes = [
            (await client.get("/voices", headers=guess)).status_code for _ in range(11)
        ]
        assert codes == [401] * 10 + [429]
        blocked = await client.get("/voices", headers=guess)
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


async def test_it_stops_an_address_that_guesses_passwords(client_for, quick_passwords):
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


async def test_sixty_passwords_at_once_are_counted_before_they_are_looked_at(
    client_for, quick_passwords
):
    async with client_for() as client:
        await client.get("/admin/login/")
        guess = {"username": "alice", "password": "guess"}
        headers = {"X-CSRFToken": client.cookies["csrftoken"]}
        answers = await asyncio.gather(
            *(
                client.post("/admin/login/", data=guess, headers=headers)
                for _ in range(60)
            )
        )
    assert Counter(answer.status_code for answer in answers) == {200: 10, 429: 50}


async def test_a_password_that_is_right_does_not_count(client_for, quick_passwords):
    await database_sync_to_async(User.objects.create_superuser)("ada", password="right")
    async with client_for() as client:
        for _ in range(15):
            await client.get("/admin/login/")
            answer = await client.post(
                "/admin/login/",
                data={"username": "ada", "password": "right"},
                headers={"X-CSRFToken": client.cookies["csrftoken"]},
            )
            assert answer.status_code == 302
            client.cookies.delete("sessionid")


async def test_a_neighbour_who_guesses_locks_out_no_valid_key(client_for):
    async with client_for(api_keys=[KEY]) as client:
        for _ in range(20):
            await client.get("/voices", headers={"X-API-Key": "guess"})
        valid = await client.get("/voices", headers={"X-API-Key": KEY})
        assert valid.status_code == 200


async def test_it_bounds_what_it_remembers_of_guesses():
    counters = Counters()
    failures = FailedLogins(counters)
    with contextlib.suppress(TooMany):
        for number in range(MAX_NAMES):
            await failures.count(f"2001:db8:{number >> 16:x}:{number & 0xFFFF:x}::1")
    for number in range(11):
        with contextlib.suppress(TooMany):
            await failures.count(f"10.0.0.{number}")
    with pytest.raises(TooMany):
        await failures.count("10.0.0.99")  # newcomers share one count
    await failures.count("2001:db8:0:1::1")  # who is known keeps a count of his own


@pytest.mark.parametrize(
    ("address", "household"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:0:1:ffff::1", "2001:db8:0:1::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("unknown", "unknown"),
    ],
)
def test_it_takes_an_ipv6_network_for_one_household(address: str, household: str):
    assert network(address) == household


async def test_it_bounds_the_requests_of_each_key(client_for):
    settings = {"api_keys": [KEY, "other"], "principal_requests_per_minute": 3}
    async with client_for(**settings) as client:
        codes = [
            (await client.get("/voices", headers={"X-API-Key": KEY})).status_code
            for _ in range(4)
        ]
        assert codes == [200, 200, 200, 429]
        other = await client.get("/voices", headers={"X-API-Key": "other"})
        assert other.status_code == 200
        refused = await client.get("/voices", headers={"X-API-Key": KEY})
        assert 0 < int(refused.headers["Retry-After"]) <= 60
        assert refused.json()["error"]["code"] == "too_many_requests"


async def test_without_keys_each_address_has_its_own_quota(client_for):
    settings = {"trusted_proxies": ["127.0.0.1"], "principal_requests_per_minute": 2}
    async with client_for(**settings) as client:

        async def ask(address: str) -> int:
            headers = {"X-Forwarded-For": address}
            return int((await client.get("/voices", headers=headers)).status_code)

        assert [await ask("192.0.2.1") for _ in range(3)] == [200, 200, 429]
        assert await ask("192.0.2.2") == 200


async def test_a_principal_with_bounds_of_its_own_has_those():
    config = loaded_config(principal_requests_per_minute=1).config
    quotas = Quotas(config, Counters())
    generous = Principal("key:7", "key", limits=Limits(requests_per_minute=2))
    principal = quotas.limited(generous)
    await quotas.count_request(principal, "192.0.2.1")
    await quotas.count_request(principal, "192.0.2.1")
    with pytest.raises(TooMany, match="2 requests a minute"):
        await quotas.count_request(principal, "192.0.2.1")


async def test_it_tells_what_is_left_of_a_quota():
    quotas = Quotas(loaded_config(principal_requests_per_minute=2).config, Counters())
    principal = quotas.limited(Principal("key:7", "key"))
    assert await quotas.allowance(principal, "") == Allowance(2, 2, 0.0)
    for left in (1, 0):
        await quotas.count_request(principal, "")
        allowance = await quotas.allowance(principal, "")
        assert (allowance.limit, allowance.remaining) == (2, left)
        assert 0 < allowance.reset_seconds <= 60
    with pytest.raises(OverQuota) as caught:
        await quotas.count_request(principal, "")
    assert caught.value.allowance.remaining == 0
    assert caught.value.allowance.reset_seconds == caught.value.retry_after_seconds


async def test_without_a_limit_nothing_is_left_to_tell():
    quotas = Quotas(loaded_config().config, Counters())
    assert await quotas.allowance(Principal("key:7", "key"), "") is None


async def test_it_bounds_the_sockets_of_each_principal(make_services, socket_to):
    services = make_services(api_keys=[KEY, "other"], principal_max_sessions=1)

    def connect(key: str) -> Any:
        return socket_to(MonitorConsumer, services, [(b"x-api-key", key.encode())])

    async with connect(KEY) as first, connect(KEY) as second, connect("other") as third:
        assert (await first.receive_json_from())["type"] == "history"
        assert (await second.receive_json_from())["code"] == "too_many_requests"
        assert (await second.receive_output())["code"] == 4429
        assert (await third.receive_json_from())["type"] == "history"
    async with connect(KEY) as again:
        assert (await again.receive_json_from())["type"] == "history"


async def test_without_redis_limits_are_counted_in_the_process(client_for):
    settings = {
        "redis_url": "redis://127.0.0.1:1/0",
        "principal_requests_per_minute": 2,
    }
    with capture_logs() as logs:
        async with client_for(**settings) as client:
            codes = [(await client.get("/voices")).status_code for _ in range(3)]
    assert codes == [200, 200, 429]
    warnings = [line for line in logs if "this process only" in line["event"]]
    assert len(warnings) == 1


async def test_a_protocol_without_keys_has_the_quota_of_its_address():
    config = loaded_config(api_keys=[KEY], principal_requests_per_minute=1).config
    access = AccessControl(config, Counters())
    principal = await access.admit_without_key("192.0.2.1")
    assert (principal.kind, principal.limits.requests_per_minute) == ("anonymous", 1)
    with pytest.raises(TooMany):
        await access.admit_without_key("192.0.2.1")
    await access.admit_without_key("192.0.2.2")


async def test_a_window_ends_whatever_happens_to_the_clock_on_the_wall() -> None:
    clock = StoppedClock()
    failures = FailedLogins(Counters(clock=clock))
    for _ in range(10):
        await failures.count("1.2.3.4")
    with pytest.raises(TooMany) as refused:
        await failures.count("1.2.3.4")
    assert refused.value.retry_after_seconds == 60
    clock.move_on(61)
    await failures.count("1.2.3.4")
