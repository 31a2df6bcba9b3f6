"""What was used of each day's quotas: in this process, and in Redis for all of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from limits import RateLimitItemPerDay

from gateway_app.access.counters import MAX_NAMES, Counters
from gateway_app.usage.accounts import Quota

SHARE_SECONDS = 1.0
"""What was used is added to Redis this often."""
PARTS = 1_000
"""Redis counts whole numbers: milliseconds, and thousandths of tokens."""


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass
class _Used:
    """How much one holder has used today."""

    total: float = 0.0
    """As far as this process knows."""
    unshared: float = 0.0
    """What of it Redis does not know."""


class DayQuotas:
    """Counts at once in memory, so that nobody who streams audio waits for a count. With
    Redis the counts of all processes are exchanged every second, and a caller who asks
    gets the newest. While Redis is down each process goes on from what it knows, and
    adds what it counted when Redis is back.
    """

    def __init__(
        self, counters: Counters, now: Callable[[], datetime] = utc_now
    ) -> None:
        self._counters = counters
        self._now = now
        self._day = now().date()
        self._used: dict[tuple[Quota, str], _Used] = {}
        self._sharing: asyncio.Task[None] | None = None

    @property
    def shared(self) -> bool:
        """Whether the counts survive this process, in Redis."""
        return self._counters.shared

    @property
    def today(self) -> date:
        """The day in UTC."""
        return self._now().date()

    def seconds_left(self) -> float:
        """Until the next day begins, in UTC."""
        now = self._now()
        midnight = datetime.combine(now.date() + timedelta(days=1), time.min, UTC)
        return max(1.0, (midnight - now).total_seconds())

    def spend(self, quota: Quota, holder: str, amount: float) -> None:
        """Count it; a negative amount takes back."""
        used = self._of(quota, holder)
        used.total += amount
        if self._counters.shared:
            used.unshared += amount
            self._share_soon()

    def used(self, quota: Quota, holder: str) -> float:
        """As far as this process knows."""
        return self._of(quota, holder).total

    async def newest(self, quota: Quota, holder: str) -> float:
        """After asking Redis, where it is configured."""
        if self._counters.shared:
            await self._share(quota, holder, self._of(quota, holder))
        return self.used(quota, holder)

    def restore(self, day: date, used: Iterable[tuple[Quota, str, float]]) -> None:
        """Add what was used before this process began."""
        if day == self.today:
            for quota, holder, amount in used:
                self._of(quota, holder).total += amount

    async def close(self) -> None:
        """Tell Redis the rest."""
        if self._sharing is not None:
            self._sharing.cancel()
        await self._share_all()

    def _of(self, quota: Quota, holder: str) -> _Used:
        if self._day != self.today:
            self._day = self.today
            self._used = {}
        if len(self._used) >= MAX_NAMES and (quota, holder) not in self._used:
            holder = "others"
        return self._used.setdefault((quota, holder), _Used())

    def _share_soon(self) -> None:
        if self._sharing is None or self._sharing.done():
            self._sharing = asyncio.create_task(self._share_later())

    async def _share_later(self) -> None:
        while any(abs(used.unshared) * PARTS >= 1 for used in self._used.values()):
            await asyncio.sleep(SHARE_SECONDS)
            await self._share_all()

    async def _share_all(self) -> None:
        for (quota, holder), used in list(self._used.items()):
            if abs(used.unshared) * PARTS >= 1:
                await self._share(quota, holder, used)

    async def _share(self, quota: Quota, holder: str, used: _Used) -> None:
        parts = int(used.unshared * PARTS)
        used.unshared -= parts / PARTS
        item = RateLimitItemPerDay(1, namespace=quota.value.upper())
        total = None
        try:
            total = await self._counters.add(item, f"{holder} {self._day}", parts)
        finally:
            if total is None:
                used.unshared += parts / PARTS
        if total is not None:
            used.total = total / PARTS + used.unshared
