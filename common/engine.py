"""What all engines have in common: start, stop and health."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Protocol, TypeAlias

from common.errors import EngineFailed


class PartState(StrEnum):
    """The state of one component of the server."""

    LOADING = "loading"
    READY = "ready"
    DEGRADED = "degraded"
    DOWN = "down"


@dataclass(frozen=True)
class PartHealth:
    """The state of one component, for people."""

    state: PartState
    summary: str
    """One plain sentence: "Whisper base on 2 CPU threads, ready"."""
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether the component works, perhaps degraded."""
        return self.state in (PartState.READY, PartState.DEGRADED)

    def as_dict(self) -> dict[str, Any]:
        plain = asdict(self)
        details = plain.pop("details")
        return {**details, "state": self.state.value, "summary": self.summary}


@dataclass(frozen=True)
class EngineStats:
    """The current load of an engine; fields that it does not know stay empty."""

    queued: int = 0
    """Requests in the queue."""
    processes: tuple[int, ...] = ()
    """Process ids of its living workers."""
    memory_mb: tuple[float, ...] = ()
    """Resident memory of each of these processes, in the same order."""
    offers: tuple[str, ...] = ()
    """The names that a request may choose: models or voices."""
    oldest_job_seconds: float = 0.0
    """The longest time that a running request has produced nothing."""
    real_time_factor: float | None = None
    """Processing time divided by audio time of the latest request."""


class Engine(Protocol):
    """The constructor is cheap; `start` loads, `stop` frees everything."""

    async def start(self) -> None:
        """Load. Raises EngineFailed with a sentence that says how to fix it."""

    async def stop(self) -> None:
        """Stop and free everything. Safe to call twice, or without `start`."""

    def health(self) -> PartHealth:
        """The current state. Does not block."""

    def stats(self) -> EngineStats:
        """The current load. Does not block."""


EngineOptions: TypeAlias = Mapping[str, Any]
"""The options of an engine, such as `stt_engine_options`."""


@dataclass(frozen=True)
class EngineSlot:
    """A kind of engine that the configuration can select."""

    setting: str
    """The setting that names the engine: `stt_engine`."""
    options_setting: str
    built_in: Mapping[str, str]
    """The dotted path of each engine that comes with the server, by its name."""
    taking_options: frozenset[str] = frozenset()
    """The names of those in `built_in` that take options."""

    def build(self, name: str, config: object, options: EngineOptions) -> Any:
        """The engine of this name, or at this dotted path; not started.

        It is called with `config`, which is its section of the configuration. A custom
        engine, and one that takes options, gets `options` too.

        Raises EngineFailed for an unknown name, a path that cannot be imported or
        called so, and for options that the engine does not take.
        """
        path = self.built_in.get(name, name)
        if ":" not in path:
            known = ", ".join(f"`{each}`" for each in self.built_in)
            raise EngineFailed(
                f"`{self.setting}` is `{name}`: use {known} or a dotted path "
                "`package.module:Class`."
            )
        try:
            build = load_by_path(path)
        except ImportError as error:
            raise EngineFailed(
                f"`{self.setting}` names `{name}`, which cannot be imported: {error}."
            ) from error
        if name not in self.built_in:
            return self._build_own(name, build, config, options)
        if name in self.taking_options:
            return build(config, options)
        self._check_unused(name, options)
        return build(config)

    def _check_unused(self, name: str, options: EngineOptions) -> None:
        """Raises EngineFailed when there are options."""
        if not options:
            return
        given = ", ".join(f"`{key}`" for key in options)
        takers = [f"`{each}`" for each in sorted(self.taking_options)]
        takers.append("an engine of your own")
        raise EngineFailed(
            f"`{self.options_setting}` has {given}, but `{name}` takes no options; "
            f"they are for {' or '.join(takers)}."
        )

    def _build_own(
        self, name: str, build: Any, config: object, options: EngineOptions
    ) -> Any:
        try:
            inspect.signature(build).bind(config, options)
        except TypeError as error:
            raise EngineFailed(
                f"`{self.setting}` names `{name}`, which must be callable with two "
                f"arguments, `config` and `options`: {error}."
            ) from error
        return build(config, options)


def load_by_path(path: str) -> Any:
    """The object that `package.module:Name` names. Raises ImportError."""
    module_name, _, attribute = path.partition(":")
    try:
        return getattr(importlib.import_module(module_name), attribute)
    except AttributeError as error:
        raise ImportError(f"{module_name} has no {attribute!r}") from error
