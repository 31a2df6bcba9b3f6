"""The services of an application on fakes, with short names for what tests look at."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from common.config import Config, LoadedConfig, load_config
from common.services import Services
from gateway_app.access.keys import ConfigKeys
from gateway_app.history.records import Record
from gateway_app.history.storage import WaitingRow
from gateway_app.monitor.monitor import Monitor
from gateway_app.services import GatewayServices
from gateway_app.sockets.sessions import SessionRegistry
from gateway_app.usage.meter import Meter
from stt_app.service import ListeningService
from stt_app.services import ListeningServices
from tests.fakes import FakeLlm, FakeStt, FakeTts
from tts_app.service import SpeechService
from tts_app.services import SpeechServices
from voiceproject.services import ROLES, Engines, assemble

NO_INTERIM: dict[str, Any] = {
    "partial_first_seconds": 1_000,
    "partial_interval_seconds": 1_000,
}
"""Settings without interim results, which would take lines from a script. The first one
keeps them away until a pause shares its text; from then on the interval counts."""


class KeptHistory:
    """A HistoryWriter that keeps the records in a list."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.rows: list[WaitingRow] = []
        """Of other packages."""

    def record(self, record: Record) -> None:
        self.records.append(record)

    def keep(self, row: WaitingRow) -> None:
        self.rows.append(row)


class FakeServices(Services):
    """What the application finds, as the fakes that it is made of."""

    def change(self, kind: type[Any], **fields: Any) -> None:
        """Replace services of a package, before or after the application is built."""
        self._services[kind] = replace(self[kind], **fields)

    def remove(self, kind: type[Any]) -> None:
        """Remove the services of a package, as in a process with another role."""
        del self._services[kind]

    @property
    def loaded(self) -> LoadedConfig:
        return self[GatewayServices].loaded

    @property
    def config(self) -> Config:
        return self.loaded.config

    @property
    def sessions(self) -> SessionRegistry:
        return self[GatewayServices].sessions

    @property
    def monitor(self) -> Monitor:
        return self[GatewayServices].monitor

    @property
    def meter(self) -> Meter:
        return self[GatewayServices].meter

    @property
    def history(self) -> Any:
        """The KeptHistory, unless the test brought its own."""
        return self[GatewayServices].history

    @property
    def stt(self) -> Any:
        """The FakeStt, unless the test brought its own engine."""
        return self[ListeningServices].engine

    @property
    def tts(self) -> Any:
        """The FakeTts, unless the test brought its own engine."""
        return self[SpeechServices].engine

    @property
    def llm(self) -> Any:
        """The FakeLlm, unless the test brought its own engine."""
        return self[SpeechServices].llm

    @property
    def listening(self) -> ListeningService:
        return self[ListeningServices].listening

    @property
    def speech(self) -> SpeechService:
        return self[SpeechServices].speech


def loaded_config(**changes: Any) -> LoadedConfig:
    """The default configuration with some values changed; no file, no environment."""
    loaded = load_config({})
    return replace(loaded, config=loaded.config.model_copy(update=changes))


def fake_services(
    stt: Any = None,
    tts: Any = None,
    llm: Any = None,
    roles: Collection[str] = ROLES,
    vad: Any = None,
    turns: Any = None,
    **changes: Any,
) -> FakeServices:
    """Services on fakes that have started; keywords that are settings change those."""
    stt, tts, llm = stt or FakeStt(), tts or FakeTts(), llm or FakeLlm()
    for engine in (stt, tts, llm, *([turns] if turns else [])):
        engine.started = True
    speaks = "tts" in roles
    engines = Engines(
        stt=stt if "stt" in roles else None,
        tts=tts if speaks else None,
        llm=llm if speaks else None,
        turns=turns if "stt" in roles else None,
    )
    built = assemble(
        loaded_config(**changes), engines, KeptHistory(), vad, keys=ConfigKeys([])
    )
    return FakeServices(*built.services)
