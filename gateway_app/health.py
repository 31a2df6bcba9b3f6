"""One answer to "does it work?", made of the real state of every part."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from common.config import Config
from common.engine import PartHealth, PartState
from common.version import VERSION
from gateway_app.probes import Probe, database_probe, redis_probe

ENGINE_PARTS = {"whisper": "stt", "piper": "tts", "llm": "llm"}
"""Part -> its engine in `services`."""


@dataclass(frozen=True)
class HealthReport:
    """The parts of this process, and what follows from them."""

    parts: dict[str, PartHealth]
    failing: list[str]
    """Parts that this server needs and that cannot work now."""
    draining: bool

    @property
    def http_status(self) -> int:
        return 503 if self.failing else 200

    @property
    def ready(self) -> bool:
        """Whether new work may be sent here: engines loaded, and no end in sight."""
        loading = any(p.state is PartState.LOADING for p in self.parts.values())
        speech = [self.parts[n] for n in ("whisper", "piper") if n in self.parts]
        return not (self.draining or loading) and all(part.ok for part in speech)


def engine_parts(services: dict[str, Any]) -> dict[str, PartHealth]:
    """The engines' states right now, without waiting."""
    return {
        part: services[service].health()
        for part, service in ENGINE_PARTS.items()
        if service in services
    }


async def examine(services: dict[str, Any]) -> HealthReport:
    """Every part's state. Takes about a second at worst."""
    probes = _probes(services)
    answers = await asyncio.gather(*(probe.health() for probe in probes.values()))
    parts = {**engine_parts(services), **dict(zip(probes, answers, strict=True))}
    needed = _needed(services["loaded"].config)
    failing = [name for name, part in parts.items() if name in needed and not part.ok]
    return HealthReport(parts, failing, services["sessions"].draining)


def health_body(services: dict[str, Any], report: HealthReport) -> dict[str, Any]:
    """The body of `GET /health`."""
    whisper = report.parts.get("whisper")
    return {
        "status": "degraded" if report.failing else "ok",
        "failing": report.failing,
        "whisper_loaded": whisper is not None and whisper.ok,
        "ollama": _ollama_answers(services, report),
        "environment": services["loaded"].config.environment,
        "version": VERSION,
        "parts": {name: part.as_dict() for name, part in report.parts.items()},
    }


def _needed(config: Config) -> set[str]:
    """Redis carries live figures and conversations; all other speech goes on without it."""
    needed = {"whisper", "piper"}
    if config.tts_use_llm:
        needed.add("llm")
    if config.store_history:
        needed.add("database")
    return needed


def _ollama_answers(services: dict[str, Any], report: HealthReport) -> bool:
    llm = report.parts.get("llm")
    if llm is None:
        return False
    serves = services["llm"].backend == "ollama" and llm.ok
    return bool(llm.details.get("ollama", serves))


def _probes(services: dict[str, Any]) -> dict[str, Probe]:
    """This process's probes; they remember answers, so there is one set of them."""
    if "probes" not in services:
        url = services["loaded"].config.redis_url
        probes = {"database": database_probe()}
        if url:
            probes["redis"] = redis_probe(url)
        services["probes"] = probes
    kept: dict[str, Probe] = services["probes"]
    return kept
