"""Builds the meters of usage, and the limits on it."""

from __future__ import annotations

from dataclasses import dataclass

from common.config import Config
from gateway_app.access.counters import Counters
from gateway_app.retention.people import Person
from gateway_app.sockets.leases import Leases
from gateway_app.sockets.sessions import SessionRegistry
from gateway_app.usage.days import DayQuotas
from gateway_app.usage.ledger import Ledger
from gateway_app.usage.meter import Meter
from voiceproject.lifecycle import Managed


@dataclass(frozen=True)
class Metering:
    """All counters of a process."""

    counters: Counters
    meter: Meter
    sessions: SessionRegistry

    def managed(self) -> list[Managed]:
        """What is started before, and stopped after, the requests that it counts."""
        ledger = self.meter.ledger
        return [
            Managed("limits", stop=self._stop, stops_last=True),
            Managed("usage", ledger.start, ledger.stop, stops_last=True),
        ]

    def forget(self, person: Person) -> None:
        """Drop what waits to be written of this person."""
        self.meter.ledger.forget(person.owns)

    async def _stop(self) -> None:
        await self.sessions.stop()
        await self.meter.quotas.close()
        await self.counters.close()


def build_metering(config: Config) -> Metering:
    """In Redis where it is configured, otherwise in this process."""
    counters = Counters(config.redis_url)
    quotas = DayQuotas(counters)
    meter = Meter(config, quotas, Ledger(quotas))
    leases = Leases(config.redis_url) if config.redis_url else None
    limit = config.address_max_sessions or None
    sessions = SessionRegistry(meter, leases, address_limit=limit)
    return Metering(counters, meter, sessions)
