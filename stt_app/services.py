"""The services of speech to text in a process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from common.config import Config, SttEngineSettings
from common.errors import NotFound
from common.services import Services
from gateway_app.history.records import HistoryWriter
from gateway_app.usage.accounts import UNMETERED, Accounts
from stt_app.core.endpointing.vad import SileroVad, VadModel
from stt_app.core.engine import SttEngine
from stt_app.core.files.media_decoder import MediaDecoder
from stt_app.core.session.engines import SessionEngines
from stt_app.core.turns.engine import TurnModel
from stt_app.core.turns.none import NoTurnModel
from stt_app.core.whisper.engine import WhisperEngine
from stt_app.resume.streams import Streams
from stt_app.service import ListeningService


@dataclass(frozen=True)
class ListeningServices:
    """The speech to text services; absent in a process with only text to speech."""

    engine: SttEngine
    listening: ListeningService
    turn_model: TurnModel


def listening_services(scope: Mapping[str, Any]) -> ListeningServices:
    """The speech to text services. Raises NotFound if they do not run here."""
    services: Services = scope["state"]
    found = services.get(ListeningServices)
    if found is None:
        raise NotFound(
            "This process has no speech to text: it runs only text to speech."
        )
    return found


def build_listening(
    config: Config,
    engine: SttEngine,
    history: HistoryWriter,
    vad: VadModel | None = None,
    turn_model: TurnModel | None = None,
    accounts: Accounts = UNMETERED,
) -> ListeningServices:
    """The services with that engine, not started.

    The default `vad` is Silero, and by default there is no turn model.
    """
    turn_model = turn_model or NoTurnModel()
    listening = ListeningService(
        config,
        SessionEngines(engine, vad or SileroVad(), turn_model),
        streams=Streams(config, history, redis_url=config.redis_url),
        media=MediaDecoder(
            config.file_max_seconds,
            isolation=config.engine_isolation,
            processes=config.file_decoders,
            queue_limit=config.file_queue_limit,
        ),
        history=history,
        accounts=accounts,
    )
    return ListeningServices(engine, listening, turn_model)


def whisper_engine(config: SttEngineSettings) -> WhisperEngine:
    """The engine that `stt_engine: whisper` names, not started."""
    return WhisperEngine(config, config)
