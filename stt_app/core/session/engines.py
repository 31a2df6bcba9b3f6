"""The models that a session listens with."""

from __future__ import annotations

from dataclasses import dataclass

from stt_app.core.endpointing.vad import VadModel
from stt_app.core.engine import SttEngine
from stt_app.core.engine_load import EngineLoad
from stt_app.core.turns.engine import TurnModel
from stt_app.core.turns.none import NO_TURN_MODEL


@dataclass(frozen=True)
class SessionEngines:
    """The models of a process, which its sessions share."""

    stt: SttEngine
    vad: VadModel
    turn_model: TurnModel = NO_TURN_MODEL
    load: EngineLoad | None = None
    """That of `stt`; None for a session that measures its own."""
