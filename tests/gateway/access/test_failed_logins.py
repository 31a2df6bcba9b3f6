"""How often an address may try a wrong key or password."""

from __future__ import annotations

from typing import Any

import pytest

from common.errors import TooMany
from gateway_app.access.failed_logins import MAX_ADDRESSES, FailedLogins

KEY = "a-long-key"


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
