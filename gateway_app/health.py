"""The health of the server, from the real state of every component."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from common.config import Config
from common.engine import EngineStats, PartHealth, PartState
from common.product import VERSION
from gateway_app.probes.probe import CACHE_SECONDS, Probe
from gateway_app.sockets.sessions import SessionRegistry

OLLAMA = "ollama"
DISK = "disk"
SPEECH_PARTS = ("whisper", "piper")


class Part(Protocol):
    """A component that health, metrics and the monitor report on."""

    def health(self) -> PartHealth:
        """Its state right now, without waiting."""

    def stats(self) -> EngineStats:
        """The current load. Does not block."""


@dataclass(frozen=True)
class HealthReport:
    """The components of this process, and the overall state."""

    parts: dict[str, PartHealth]
    failing: list[str]
    """Required components that do not work."""
    draining: bool
    ollama: bool = False
    """Whether an Ollama server answers, even if another back end is in use."""
    starting: bool = False
    """Whether the server has not finished its start."""

    @property
    def http_status(self) -> int:
        return 503 if self.failing or self.starting else 200

    @property
    def status(self) -> str:
        """The overall state in one word, as `GET /health` says it."""
        if self.starting:
            return "loading"
        return "degraded" if self.failing else "ok"

    @property
    def readiness(self) -> str:
        """The same as `GET /health/ready` says it."""
        if self.ready:
            return "ready"
        if self.draining:
            return "draining"
        return "loading" if self.starting else "not ready"

    @property
    def ready(self) -> bool:
        """Readiness: engines are loaded and no shutdown is in progress."""
        loading = any(p.state is PartState.LOADING for p in self.parts.values())
        speech = [self.parts[name] for name in SPEECH_PARTS if name in self.parts]
        busy = self.draining or self.starting or loading
        return not busy and all(part.ok for part in speech)


class ServerHealth:
    """The health of this process: its engines and their dependencies.

    `parts` are `whisper`, `piper` and `llm`, as far as they run here; `probes` check
    the database, Redis and `ollama`, which is reported but not counted.
    """

    def __init__(
        self,
        config: Config,
        sessions: SessionRegistry,
        parts: Mapping[str, Part],
        probes: Mapping[str, Probe],
    ) -> None:
        self._config = config
        self._sessions = sessions
        self._parts = parts
        self._probes = probes
        self._needed = _needed(config)

    def has(self, part: str) -> bool:
        """Whether this component runs in this process."""
        return part in self._parts

    def parts(self) -> dict[str, PartHealth]:
        """The current state of each engine. Does not block."""
        return {name: part.health() for name, part in self._parts.items()}

    def at_a_glance(self) -> HealthReport:
        """The engines alone, without asking anything outside of the process: cheap
        enough for anybody, as often as they like."""
        return self._report(self.parts())

    async def examine(self, max_age_seconds: float = CACHE_SECONDS) -> HealthReport:
        """The state of every component. Takes at most about a second.

        Probes that answered within `max_age_seconds` are not asked again.
        """
        asked = (probe.health(max_age_seconds) for probe in self._probes.values())
        answers = await asyncio.gather(*asked)
        probed = dict(zip(self._probes, answers, strict=True))
        ollama = probed.pop(OLLAMA, None)
        return self._report({**self.parts(), **probed}, ollama)

    def _report(
        self, parts: dict[str, PartHealth], ollama: PartHealth | None = None
    ) -> HealthReport:
        starting = self._sessions.loading
        failing = [
            name
            for name, part in parts.items()
            if name in self._needed and not _works(part, starting)
        ]
        return HealthReport(
            parts,
            failing,
            self._sessions.draining,
            ollama is not None and ollama.ok,
            starting,
        )

    def body(self, report: HealthReport) -> dict[str, Any]:
        """The body of `GET /health`."""
        whisper = report.parts.get("whisper")
        return {
            "status": report.status,
            "failing": report.failing,
            "whisper_loaded": whisper is not None and whisper.ok,
            "ollama": report.ollama,
            "environment": self._config.environment,
            "version": VERSION,
            "parts": {name: part.as_dict() for name, part in report.parts.items()},
        }


def _works(part: PartHealth, starting: bool) -> bool:
    """Whether it does its work; during the start it may still be loading."""
    return part.ok or (starting and part.state is PartState.LOADING)


def _needed(config: Config) -> set[str]:
    """Redis holds live figures and conversations; everything else works without it."""
    needed = {*SPEECH_PARTS, DISK}
    if config.tts_use_llm:
        needed.add("llm")
    if config.store_history:
        needed.add("database")
    return needed
