"""A meter by a clock on the wall that is set by the test."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from gateway_app.access.counters import Counters
from gateway_app.access.principals import Limits, Principal
from gateway_app.usage.days import DayQuotas
from gateway_app.usage.ledger import Ledger
from gateway_app.usage.meter import Meter
from tests.fake_services import loaded_config

HOME, ELSEWHERE = "192.0.2.1", "192.0.2.2"


class WallClock:
    """Five minutes before midnight in UTC, until it is moved on."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 28, 23, 55, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def move_on(self, **how_far: float) -> None:
        self.now += timedelta(**how_far)


def meter_of(clock: WallClock, redis_url: str = "", **settings: Any) -> Meter:
    quotas = DayQuotas(Counters(redis_url), now=clock)
    config = loaded_config(**settings).config
    return Meter(config, quotas, Ledger(quotas, now=clock))


def caller(**limits: int | None) -> Principal:
    """A key whose limits are known."""
    return Principal("key:1", "key", limits=Limits(**limits))
