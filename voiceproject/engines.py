"""What serves the requests: every service of a process, built, started and stopped."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Collection, Mapping
from typing import Any

import structlog

from common.config import Config, LoadedConfig
from common.engine import load_by_path
from common.errors import EngineFailed, VoiceError
from gateway_app.history_writer import DatabaseHistory
from gateway_app.monitor import Monitor
from gateway_app.sessions import SessionRegistry
from stt_app.core.engine import SttEngine
from stt_app.core.languages import check_configured
from stt_app.services import stt_services
from tts_app.core.llm.factory import build_llm
from tts_app.core.voice_downloads import VoiceDownloads
from tts_app.services import SpeechService

log = structlog.get_logger(__name__)

ROLES = ("stt", "tts")
NEEDED = ("stt", "tts", "speech")
"""Services without which the server does not start; the others may come up later."""
ENGINES = ("stt", "tts", "llm")
LAST = "history"
"""Stopped when all others have ended, so that their last records are written."""
STOP_SECONDS = 3.0
HISTORY_STOP_SECONDS = 6.0
"""A little more than it takes itself, see `LONGEST_FLUSH_SECONDS`."""

STT_ENGINES = {"whisper": "stt_app.core.whisper:WhisperEngine"}
TTS_ENGINES = {"piper": "tts_app.core.piper:PiperEngine"}


def build_services(
    loaded: LoadedConfig, roles: Collection[str] = ROLES
) -> dict[str, Any]:
    """Everything that views and consumers find in scope["state"]; nothing is started."""
    config = loaded.config
    services: dict[str, Any] = {
        "loaded": loaded,
        "sessions": SessionRegistry(),
    }
    monitor = Monitor(services)
    services["history"] = DatabaseHistory(config, monitor)
    if "stt" in roles:
        check_configured(config.whisper_lang)
        services["stt"] = build_stt(config)
        services.update(stt_services(config, services["history"]))
    if "tts" in roles:
        services["tts"] = _engine("tts_engine", config.tts_engine, TTS_ENGINES, config)
        services["llm"] = build_llm(config)
        services["speech"] = speech = SpeechService(services)
        services["voice_downloads"] = VoiceDownloads(config, speech.sync_voices)
    services["monitor"] = monitor
    return services


def build_stt(config: Config) -> SttEngine:
    """The configured speech-to-text engine, not started. Raises EngineFailed."""
    engine: SttEngine = _engine("stt_engine", config.stt_engine, STT_ENGINES, config)
    return engine


def _engine(setting: str, name: str, known: Mapping[str, str], config: Any) -> Any:
    path = known.get(name, name)
    if ":" not in path:
        names = ", ".join(f"`{each}`" for each in known)
        raise EngineFailed(
            f"`{setting}` is `{name}`: use {names} or a dotted path `package.module:Class`."
        )
    try:
        return load_by_path(path)(config)
    except ImportError as error:
        raise EngineFailed(
            f"`{setting}` names `{name}`, which cannot be imported: {error}."
        ) from error


async def start_services(services: Mapping[str, Any]) -> None:
    """Start all in parallel. Raises EngineFailed with everything that is missing."""
    startable = {n: s for n, s in services.items() if hasattr(s, "start")}
    results = await asyncio.gather(
        *(_call(service.start) for service in startable.values()),
        return_exceptions=True,
    )
    missing = []
    for name, result in zip(startable, results, strict=True):
        if isinstance(result, VoiceError) and name in NEEDED:
            missing.append(result.message)
        elif isinstance(result, VoiceError):
            log.warning("service not available", service=name, reason=result.message)
        elif isinstance(result, BaseException):
            raise result
    if missing:
        raise EngineFailed("\n".join(missing))


async def stop_services(
    services: Mapping[str, Any], within_seconds: float = STOP_SECONDS
) -> None:
    """Stop all side by side, the history last; what hangs is left behind."""
    others = [name for name in services if name != LAST]
    await _stop(services, others, within_seconds)
    await _stop(services, [LAST], HISTORY_STOP_SECONDS)


async def stop_engines(services: Mapping[str, Any]) -> None:
    """Stop what works for the sessions: whatever they wait for has failed."""
    await _stop(services, ENGINES, STOP_SECONDS)


async def _stop(
    services: Mapping[str, Any], names: Collection[str], within_seconds: float
) -> None:
    tasks = {
        asyncio.ensure_future(_call(services[name].stop)): name
        for name in names
        if hasattr(services.get(name), "stop")
    }
    if not tasks:
        return
    ended, hanging = await asyncio.wait(tasks, timeout=within_seconds)
    for task in ended:
        if not task.cancelled() and (error := task.exception()):
            log.error("service did not stop", service=tasks[task], exc_info=error)
    for task in hanging:
        log.error("service hangs", service=tasks[task], after_seconds=within_seconds)
        task.cancel()


async def _call(method: Any) -> None:
    result = method()
    if inspect.isawaitable(result):
        await result
