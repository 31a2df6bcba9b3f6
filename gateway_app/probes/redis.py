"""Whether Redis answers."""

from __future__ import annotations

from common.engine import PartHealth, PartState
from common.redis_clients import REDIS_ERRORS, RedisClients
from gateway_app.probes.probe import Probe


def redis_probe(url: str) -> Probe:
    clients = RedisClients(url)

    async def ask() -> PartHealth:
        try:
            await clients.client.ping()
        except REDIS_ERRORS as error:
            reason = type(error).__name__
            return PartHealth(PartState.DOWN, f"Redis does not answer ({reason})")
        finally:
            await clients.close()
        return PartHealth(PartState.READY, "Redis, ready")

    return Probe("Redis server", ask)
