"""What every engine is: something that starts, stops and says how it is."""

from __future__ import annotations

import importlib
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Protocol


class PartState(StrEnum):
    """How one part of the server is."""

    LOADING = "loading"
    READY = "ready"
    DEGRADED = "degraded"
    DOWN = "down"


@dataclass(frozen=True)
class PartHealth:
    """The state of one part, in words that a person understands."""

    state: PartState
    summary: str
    """One plain sentence: "Whisper base on 2 CPU threads, ready"."""
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether the part can do its work, perhaps less well than it should."""
        return self.state in (PartState.READY, PartState.DEGRADED)

    def as_dict(self) -> dict[str, Any]:
        plain = asdict(self)
        details = plain.pop("details")
        return {**details, "state": self.state.value, "summary": self.summary}


@dataclass(frozen=True)
class EngineStats:
    """What an engine is doing right now; an engine that cannot tell leaves it out."""

    queued: int = 0
    """Requests that wait for a worker."""
    processes: tuple[int, ...] = ()
    """Ids of its worker processes that are alive."""
    memory_mb: tuple[float, ...] = ()
    """Resident memory of each of these processes, in the same order."""
    offers: tuple[str, ...] = ()
    """Names that a request may choose from: models, or voices."""
    real_time_factor: float | None = None
    """Seconds of work for a second of audio, of the latest request."""


class Engine(Protocol):
    """Constructing an engine is cheap; `start` loads, `stop` frees all of it."""

    async def start(self) -> None:
        """Load. Raises EngineFailed with a sentence that names what mends it."""

    async def stop(self) -> None:
        """Stop and free everything. Safe to call twice, or without `start`."""

    def health(self) -> PartHealth:
        """The state right now, without waiting."""


def load_by_path(path: str) -> Any:
    """The object that `package.module:Name` names. Raises ImportError."""
    module_name, _, attribute = path.partition(":")
    try:
        return getattr(importlib.import_module(module_name), attribute)
    except AttributeError as error:
        raise ImportError(f"{module_name} has no {attribute!r}") from error
