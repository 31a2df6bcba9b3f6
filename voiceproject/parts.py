"""Engines as the parts of the server that health, metrics and the monitor report on."""

from __future__ import annotations

from typing import Any

from common.engine import Engine, EngineStats, PartHealth


class EnginePart:
    """Reads the figures of an engine that does not declare `stats` yet."""

    def __init__(self, engine: Engine) -> None:
        self._engine: Any = engine

    def health(self) -> PartHealth:
        health: PartHealth = self._engine.health()
        return health

    def stats(self) -> EngineStats:
        engine = self._engine
        if hasattr(engine, "stats"):
            stats: EngineStats = engine.stats()
            return stats
        return EngineStats(
            queued=getattr(engine, "queued", 0),
            processes=tuple(getattr(engine, "processes", ())),
            memory_mb=tuple(getattr(engine, "memory_mb", ())),
        )
