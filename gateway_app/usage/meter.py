"""Counts what callers use, and holds them to the quotas of a day."""

from __future__ import annotations

from common.config.quotas import QuotaSettings
from common.errors import QuotaExceeded
from common.metrics import QUOTA_REFUSALS
from gateway_app.access.principals import ANONYMOUS, Limits, Principal
from gateway_app.access.quotas import (
    Allowance,
    Bound,
    address_holder,
    address_limits,
    bounds_of,
    holder,
    network,
)
from gateway_app.usage.accounts import Quota, Resource
from gateway_app.usage.days import DayQuotas
from gateway_app.usage.ledger import ADDRESS, Ledger
from gateway_app.usage.storage import Line

FIELDS = {
    Quota.AUDIO_IN: "audio_in_seconds_per_day",
    Quota.AUDIO_OUT: "audio_out_seconds_per_day",
    Quota.LLM_TOKENS: "llm_tokens_per_day",
}
"""The fields of Limits."""
QUOTAS = {
    Resource.AUDIO_IN: Quota.AUDIO_IN,
    Resource.AUDIO_OUT: Quota.AUDIO_OUT,
    Resource.LLM_IN: Quota.LLM_TOKENS,
    Resource.LLM_OUT: Quota.LLM_TOKENS,
}
WORDS = {
    Quota.AUDIO_IN: "seconds of audio to transcribe",
    Quota.AUDIO_OUT: "seconds of speech",
    Quota.LLM_TOKENS: "tokens of the language model",
}


class Meter:
    """The accounts of all callers of this process."""

    def __init__(
        self, config: QuotaSettings, quotas: DayQuotas, ledger: Ledger
    ) -> None:
        self.quotas = quotas
        self.ledger = ledger
        self.address_limits = address_limits(config)

    def account(self, principal: Principal, client: str) -> CallerAccount:
        """The account of an admitted principal at this address."""
        return CallerAccount(self, principal, client)


class CallerAccount:
    """An Account whose amounts count for the principal, and for the address where
    addresses have a limit."""

    def __init__(self, meter: Meter, principal: Principal, client: str) -> None:
        self._meter = meter
        self._principal = principal
        self._client = client
        self._holder = holder(principal, client)
        self._place = network(client) if principal.id == ANONYMOUS.id else ""
        self._day = meter.quotas.today
        self._spent: dict[Resource, float] = {}
        """What this account has counted on that day."""

    @property
    def line(self) -> Line:
        """The row of its usage today."""
        return Line(self._meter.quotas.today, self._principal.id, self._place)

    def spend(self, resource: Resource, amount: float = 1) -> None:
        meter, amount = self._meter, self._countable(resource, amount)
        meter.ledger.add(self._principal.id, self._place, resource, amount)
        quota = QUOTAS.get(resource)
        if quota is None:
            return
        meter.quotas.spend(quota, self._holder, amount)
        if _limit(meter.address_limits, quota) is not None:
            meter.ledger.add(ADDRESS, network(self._client), resource, amount)
            meter.quotas.spend(quota, address_holder(self._client), amount)

    def _countable(self, resource: Resource, amount: float) -> float:
        """The amount; what was counted on an earlier day cannot be taken back from
        this one."""
        if (today := self._meter.quotas.today) != self._day:
            self._day, self._spent = today, {}
        spent = self._spent.get(resource, 0.0)
        self._spent[resource] = max(0.0, spent + amount)
        return max(amount, -spent)

    def check(self, quota: Quota) -> None:
        for bound in self._bounds(quota):
            if self._meter.quotas.used(quota, bound.name) >= bound.most:
                raise self._exceeded(quota, bound)

    async def admit(self, quota: Quota, amount: float = 0) -> None:
        for bound in self._bounds(quota):
            used = await self._meter.quotas.newest(quota, bound.name)
            if used >= bound.most:
                raise self._exceeded(quota, bound)
            if used + amount > bound.most:
                raise self._exceeded(quota, bound, asked=amount, left=bound.most - used)

    async def allowance(self, quota: Quota) -> Allowance | None:
        """What is left of the day's quota; None without a limit."""
        quotas, found = self._meter.quotas, []
        for bound in self._bounds(quota):
            left = bound.most - await quotas.newest(quota, bound.name)
            found.append(
                Allowance(bound.most, max(0, int(left)), quotas.seconds_left())
            )
        return min(found, key=lambda each: each.remaining, default=None)

    def _bounds(self, quota: Quota) -> list[Bound]:
        own = _limit(self._principal.limits, quota)
        every = _limit(self._meter.address_limits, quota)
        return bounds_of(own, every, self._principal, self._client)

    def _exceeded(
        self, quota: Quota, bound: Bound, asked: float = 0, left: float = 0
    ) -> QuotaExceeded:
        QUOTA_REFUSALS.labels(quota.value, bound.of).inc()
        allowed = f"{bound.most} {WORDS[quota]} a day are allowed{bound.words}"
        if asked:
            state = f"{left:.0f} are left, and this takes {asked:.0f}"
        else:
            state = "they are used up"
        return QuotaExceeded(
            f"{allowed}; {state}. The next day begins at midnight UTC.",
            retry_after_seconds=round(self._meter.quotas.seconds_left()),
        )


def _limit(limits: Limits, quota: Quota) -> int | None:
    limit: int | None = getattr(limits, FIELDS[quota])
    return limit
