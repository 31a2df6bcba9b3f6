"""No turn model, as `turn_model: none` asks for it."""

from __future__ import annotations

from common.audio import Samples
from common.config.models import ModelSettings
from common.engine import EngineStats, PartHealth, PartState
from common.errors import EngineFailed
from common.workers import Urgency

_SUMMARY = "Off (`turn_model: none`): a pause of one length ends a turn."


class NoTurnModel:
    """A TurnModel that is never available."""

    available = False

    def __init__(self, _models: ModelSettings | None = None) -> None:
        pass

    async def start(self) -> None:
        """There is nothing to load."""

    async def stop(self) -> None:
        """There is nothing to stop."""

    def warm_up(self) -> None:
        """There is nothing to load."""

    async def end_of_turn(self, samples: Samples, urgency: Urgency) -> float:
        """Raises EngineFailed."""
        raise EngineFailed("There is no turn model: `turn_model` is `none`.")

    def health(self) -> PartHealth:
        """That it is off."""
        return PartHealth(PartState.READY, _SUMMARY)

    def stats(self) -> EngineStats:
        """Nothing is ever queued."""
        return EngineStats()


NO_TURN_MODEL = NoTurnModel()
