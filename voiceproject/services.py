"""Builds the engines and services of a process, without starting them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from common.config import (
    Config,
    LoadedConfig,
    SttEngineSettings,
    TtsEngineSettings,
    project_dir,
)
from common.config.models import ModelSettings
from common.engine import EngineSlot
from common.services import Services
from compat_app.wyoming.server import WyomingServer
from gateway_app.access.keys import KeySource
from gateway_app.health import DISK, OLLAMA, Part, ServerHealth
from gateway_app.history.records import HistoryWriter
from gateway_app.history.writer import DatabaseHistory
from gateway_app.monitor.figures import Figures
from gateway_app.monitor.messages import RunningFile
from gateway_app.monitor.monitor import Monitor
from gateway_app.monitor.recent import RecentPast
from gateway_app.probes.database import database_probe
from gateway_app.probes.disk import disk_probe
from gateway_app.probes.probe import Probe
from gateway_app.probes.redis import redis_probe
from gateway_app.retention.job import Forget, RetentionJob
from gateway_app.services import GatewayServices
from gateway_app.sockets.sessions import SessionRegistry
from gateway_app.usage.meter import Meter
from llm.engine import LlmEngine
from llm.factory import build_llm
from llm.servers.ollama_probe import ask_ollama
from stt_app.core.endpointing.vad import VadModel
from stt_app.core.engine import SttEngine
from stt_app.core.languages import check_configured
from stt_app.core.turns.engine import TurnModel
from stt_app.core.turns.none import NoTurnModel
from stt_app.core.turns.smart_turn import SmartTurn
from stt_app.services import ListeningServices, build_listening
from tts_app.core.engine import TtsEngine
from tts_app.core.voices.downloads import VoiceDownloads
from tts_app.service import SpeechService
from tts_app.services import SpeechServices
from tts_app.voice_admin.installed import downloaded_for
from voiceproject.assembly.admission import Admission, build_admission
from voiceproject.assembly.metering import build_metering
from voiceproject.assembly.talking import build_talking
from voiceproject.error_shapes import ERROR_SHAPES
from voiceproject.lifecycle import Managed, ServerProcess
from voiceproject.storage.kinds import kept_data

ROLES = ("stt", "tts")

STT_ENGINES = EngineSlot(
    "stt_engine",
    "stt_engine_options",
    {
        "whisper": "stt_app.services:whisper_engine",
        "http": "stt_app.core.remote.engine:RemoteStt",
    },
    taking_options=frozenset(["http"]),
)
TTS_ENGINES = EngineSlot(
    "tts_engine",
    "tts_engine_options",
    {
        "piper": "tts_app.core.piper.engine:PiperEngine",
        "http": "tts_app.core.remote.engine:RemoteTts",
    },
    taking_options=frozenset(["http"]),
)
TURN_MODELS: Mapping[str, Callable[[ModelSettings], TurnModel]] = {
    "smart-turn": SmartTurn,
    "none": NoTurnModel,
}


@dataclass(frozen=True)
class Engines:
    """The engines of a process; None means that the role does not run here."""

    stt: SttEngine | None = None
    tts: TtsEngine | None = None
    llm: LlmEngine | None = None
    turns: TurnModel | None = None

    def parts(self) -> dict[str, Part]:
        """The engines that run here, by the names that health calls them."""
        engines: dict[str, Part | None] = {
            "whisper": self.stt,
            "piper": self.tts,
            "llm": self.llm,
            "turn_model": self.turns,
        }
        return {name: engine for name, engine in engines.items() if engine}


def build_services(
    loaded: LoadedConfig, roles: Collection[str] = ROLES, host: str = ""
) -> ServerProcess:
    """The configured server. Raises EngineFailed when an engine cannot be found.

    `host` is the address that its other ports listen on; empty is the configured one.
    """
    return assemble(loaded, build_engines(loaded.config, roles), host=host)


def build_engines(config: Config, roles: Collection[str] = ROLES) -> Engines:
    """The configured engines of these roles. Raises EngineFailed."""
    speaks = "tts" in roles
    return Engines(
        stt=build_stt(config) if "stt" in roles else None,
        tts=build_tts(config) if speaks else None,
        llm=build_llm(config) if speaks else None,
        turns=TURN_MODELS[config.turn_model](config) if "stt" in roles else None,
    )


def build_stt(config: Config) -> SttEngine:
    """The configured speech-to-text engine, not started. Raises EngineFailed."""
    check_configured(config.whisper_lang)
    section = SttEngineSettings.part_of(config)
    options = config.stt_engine_options
    engine: SttEngine = STT_ENGINES.build(config.stt_engine, section, options)
    return engine


def build_tts(config: Config) -> TtsEngine:
    """The configured text-to-speech engine, not started. Raises EngineFailed."""
    section = TtsEngineSettings.part_of(config)
    options = config.tts_engine_options
    engine: TtsEngine = TTS_ENGINES.build(config.tts_engine, section, options)
    return engine


def assemble(
    loaded: LoadedConfig,
    engines: Engines,
    history: HistoryWriter | None = None,
    vad: VadModel | None = None,
    host: str = "",
    keys: KeySource | None = None,
) -> ServerProcess:
    """The server with these engines; `history` and `keys` default to the database."""
    config = loaded.config
    metering = build_metering(config)
    counters, meter, sessions = metering.counters, metering.meter, metering.sessions
    recent = RecentPast(show_texts=config.store_history)
    database = DatabaseHistory(config, recent)
    records = history or database
    services: list[object] = []
    managed = [Managed("history", database.start, database.stop, stops_last=True)]
    queues: dict[str, Callable[[], int]] = {}
    files: Callable[[], list[RunningFile]] = list
    told: list[Forget] = [database.forget, recent.forget, metering.forget]
    if engines.stt is not None:
        listening = build_listening(
            config, engines.stt, records, vad, engines.turns, accounts=meter
        )
        files = listening.listening.files.now
        told.append(listening.listening.forget)
        services.append(listening)
        managed += _managed_listening(listening)
    if engines.tts is not None and engines.llm is not None:
        speech = _speech(config, engines.tts, engines.llm, sessions, records, meter)
        services.append(speech)
        managed += _managed_speech(speech)
        queues["tts"] = lambda: speech.speech.waiting
    talking = build_talking(config, Services(*services), meter, records, sessions)
    services += talking.services
    managed += talking.managed
    told += talking.told
    admission = build_admission(config, counters, sessions, keys)
    figures = Figures(
        sessions, engines.parts(), queues, files, lambda: database.pending
    )
    gateway = _gateway(
        loaded, engines.parts(), figures, sessions, records, recent, admission, meter
    )
    managed.append(Managed("monitor", gateway.monitor.start, gateway.monitor.stop))
    retention = RetentionJob(kept_data(config), told)
    managed.append(Managed("retention", retention.start, retention.stop))
    managed += admission.managed()
    managed += metering.managed()
    if wyoming := _wyoming(Services(gateway, *services), host):
        services.append(wyoming)
        managed.append(_managed_wyoming(wyoming))
    return ServerProcess(Services(gateway, *services), tuple(managed))


def _gateway(
    loaded: LoadedConfig,
    parts: Mapping[str, Part],
    figures: Figures,
    sessions: SessionRegistry,
    history: HistoryWriter,
    recent: RecentPast,
    admission: Admission,
    meter: Meter,
) -> GatewayServices:
    config = loaded.config
    probes = _probes(config, asks_llm="llm" in parts)
    health = ServerHealth(config, sessions, parts, probes)
    return GatewayServices(
        loaded=loaded,
        access=admission.access,
        stored_keys=admission.stored_keys,
        sessions=sessions,
        history=history,
        health=health,
        figures=figures,
        monitor=Monitor(health, figures, recent),
        meter=meter,
        error_shapes=ERROR_SHAPES,
    )


def _probes(config: Config, *, asks_llm: bool) -> dict[str, Probe]:
    folder = project_dir() / Path(config.data_dir).expanduser()
    probes = {
        "database": database_probe(),
        DISK: disk_probe(folder, config.disk_min_free_mb),
    }
    if asks_llm:
        probes[OLLAMA] = Probe("Ollama server", lambda: ask_ollama(config))
    if config.redis_url:
        probes["redis"] = redis_probe(config.redis_url)
    return probes


def _speech(
    config: Config,
    engine: TtsEngine,
    llm: LlmEngine,
    sessions: SessionRegistry,
    history: HistoryWriter,
    meter: Meter,
) -> SpeechServices:
    speech = SpeechService(
        config, engine, llm, sessions=sessions, history=history, accounts=meter
    )
    downloads = VoiceDownloads(config, downloaded_for(speech))
    return SpeechServices(engine, llm, speech, downloads)


def _wyoming(services: Services, host: str) -> WyomingServer | None:
    """None when its port is 0."""
    gateway = services[GatewayServices]
    listening, speech = services.get(ListeningServices), services.get(SpeechServices)
    config = gateway.config
    port = config.wyoming_port if listening else config.wyoming_tts_port
    if not port:
        return None
    usual_host = config.tts_host if speech else config.stt_host
    return WyomingServer(
        gateway,
        listening.listening if listening else None,
        speech.speech if speech else None,
        host=config.wyoming_host or host or usual_host,
        port=port,
    )


def _managed_wyoming(wyoming: WyomingServer) -> Managed:
    return Managed(
        "wyoming",
        wyoming.start,
        wyoming.stop,
        starts_last=True,
        stop_accepting=wyoming.stop_accepting,
    )


def _managed_listening(listening: ListeningServices) -> list[Managed]:
    engine, service = listening.engine, listening.listening
    return [
        Managed("stt", engine.start, engine.stop, needed=True, is_engine=True),
        Managed("turn_model", listening.turn_model.start, listening.turn_model.stop),
        Managed("listening", service.start, service.stop),
    ]


def _managed_speech(speech: SpeechServices) -> list[Managed]:
    engine, llm, service = speech.engine, speech.llm, speech.speech
    return [
        Managed("tts", engine.start, engine.stop, needed=True, is_engine=True),
        Managed("llm", llm.start, llm.stop, is_engine=True),
        Managed("speech", service.start, service.stop, needed=True),
        Managed("voice_downloads", stop=speech.downloads.stop),
    ]
