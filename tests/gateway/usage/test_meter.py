"""What a day allows, by a clock on the wall: for a principal, and for an address."""

from __future__ import annotations

import pytest

from common.errors import QuotaExceeded
from common.metrics import REGISTRY
from gateway_app.access.principals import ANONYMOUS
from gateway_app.usage.accounts import Quota, Resource
from tests.gateway.usage.metering import (
    ELSEWHERE,
    HOME,
    WallClock,
    caller,
    meter_of,
)


@pytest.fixture
def clock() -> WallClock:
    return WallClock()


def refusals(limit: str, of: str) -> float:
    labels = {"limit": limit, "of": of}
    return REGISTRY.get_sample_value("voice_quota_refusals_total", labels) or 0.0


async def test_it_allows_exactly_what_the_limit_says(clock: WallClock) -> None:
    account = meter_of(clock).account(caller(audio_in_seconds_per_day=10), HOME)
    for _ in range(10):
        await account.admit(Quota.AUDIO_IN, 1)
        account.check(Quota.AUDIO_IN)
        account.spend(Resource.AUDIO_IN, 1)
    before = refusals("audio_in", "principal")
    with pytest.raises(
        QuotaExceeded, match=r"10 seconds of audio .* used up"
    ) as caught:
        account.check(Quota.AUDIO_IN)
    assert caught.value.retry_after_seconds == 300
    with pytest.raises(QuotaExceeded):
        await account.admit(Quota.AUDIO_IN)
    assert refusals("audio_in", "principal") == before + 2
    await account.admit(Quota.AUDIO_OUT)


async def test_what_takes_more_than_is_left_is_refused(clock: WallClock) -> None:
    account = meter_of(clock).account(caller(audio_in_seconds_per_day=10), HOME)
    account.spend(Resource.AUDIO_IN, 4)
    await account.admit(Quota.AUDIO_IN, 6)
    with pytest.raises(QuotaExceeded, match="6 are left, and this takes 7"):
        await account.admit(Quota.AUDIO_IN, 7)
    account.spend(Resource.AUDIO_IN, -1)
    await account.admit(Quota.AUDIO_IN, 7)


async def test_midnight_in_utc_begins_a_new_day(clock: WallClock) -> None:
    account = meter_of(clock).account(caller(llm_tokens_per_day=5), HOME)
    account.spend(Resource.LLM_IN, 3)
    account.spend(Resource.LLM_OUT, 2)
    clock.move_on(minutes=4, seconds=59)
    with pytest.raises(QuotaExceeded, match="5 tokens"):
        account.check(Quota.LLM_TOKENS)
    clock.move_on(seconds=1)
    account.check(Quota.LLM_TOKENS)


async def test_a_new_day_owes_nothing_for_what_is_taken_back_of_the_day_before(
    clock: WallClock,
) -> None:
    meter = meter_of(clock)
    account = meter.account(caller(audio_in_seconds_per_day=10), HOME)
    account.spend(Resource.AUDIO_IN, 9)  # a file says how long it is
    clock.move_on(minutes=5)
    account.spend(Resource.AUDIO_IN, -8)  # and is cancelled after a second
    assert meter.ledger.waiting(account.line) == {Resource.AUDIO_IN: 0}
    with pytest.raises(QuotaExceeded, match="10 are left, and this takes 11"):
        await account.admit(Quota.AUDIO_IN, 11)


async def test_an_address_has_a_limit_whatever_key_it_shows(clock: WallClock) -> None:
    meter = meter_of(clock, address_audio_out_seconds_per_day=5)
    meter.account(caller(), HOME).spend(Resource.AUDIO_OUT, 5)
    with pytest.raises(QuotaExceeded, match="allowed from this address"):
        await meter.account(ANONYMOUS, HOME).admit(Quota.AUDIO_OUT)
    await meter.account(caller(), ELSEWHERE).admit(Quota.AUDIO_OUT)


async def test_anonymous_callers_have_a_quota_for_each_address(
    clock: WallClock,
) -> None:
    meter, anonymous = meter_of(clock), caller(audio_in_seconds_per_day=1)
    anonymous = type(ANONYMOUS)("anonymous", "anonymous", limits=anonymous.limits)
    meter.account(anonymous, HOME).spend(Resource.AUDIO_IN, 1)
    with pytest.raises(QuotaExceeded):
        meter.account(anonymous, HOME).check(Quota.AUDIO_IN)
    meter.account(anonymous, ELSEWHERE).check(Quota.AUDIO_IN)


async def test_it_tells_what_is_left(clock: WallClock) -> None:
    meter = meter_of(clock, address_llm_tokens_per_day=100)
    account = meter.account(caller(llm_tokens_per_day=150), HOME)
    account.spend(Resource.LLM_OUT, 60)
    left = await account.allowance(Quota.LLM_TOKENS)
    assert left is not None
    assert (left.limit, left.remaining, left.reset_seconds) == (100, 40, 300)
    assert await account.allowance(Quota.AUDIO_IN) is None
